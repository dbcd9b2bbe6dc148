"""Charts: what a page may hold, what a reader who does not see them gets, and that they are drawn once."""

from __future__ import annotations

import re
import threading
from datetime import date, timedelta

import pytest
from flask import Flask

from helpdesk_wellbeing.pages.series import (
    Backlog,
    Distribution,
    Funnel,
    Heat,
    Limits,
    Line,
    Load,
    Loads,
    OverTime,
    Point,
    Queue,
)
from helpdesk_wellbeing.web import charts, language
from helpdesk_wellbeing.web.charts import looks, specs
from helpdesk_wellbeing.web.charts.drawing import Drawings

DAY = date(2026, 11, 2)
HOSTILE = '<script>alert(1)</script>" onload="x'
SHIFTS = OverTime(
    "active_h", "shift", tuple(Point(DAY + timedelta(n), 7.5 + n, 7.0 + n, 8.0 + n) for n in range(5)),
    (Line("limit", 10.0), Line("usual", 8.5)),
)  # fmt: skip


@pytest.fixture(scope="module")
def speaks():
    app = Flask("charts")
    language.prepare(app)
    return lambda code: app.test_request_context(f"/?lang={code}")


@pytest.fixture(scope="module")
def figures(speaks):
    days = tuple(DAY + timedelta(n) for n in range(4))
    with speaks("en"):
        return {
            "over time": charts.over_time(SHIFTS, title=HOSTILE),
            "loads": charts.loads(Loads("open_weight", (Load(HOSTILE, 9, 6), Load("Bo", 2, 5))), title="Loads"),
            "heat": charts.heat_map(Heat(((0.0,) * 9 + (1.0,) + (0.0,) * 14, *((0.0,) * 24,) * 6)), title="Hours"),
            "backlog": charts.backlog(Backlog(days, (3, None, 5, 6), (1, 0, 2, 3), (0, 0, 1, 1)), title="Queue"),
            "funnel": charts.funnel(
                Funnel(0.1, (Queue(HOSTILE, 100, 30, "alarm"), Queue("Care", 90, 9, "inside", is_own=True)),
                       (Limits(50, (0.02, 0.2), (0.0, 0.28)), Limits(100, (0.04, 0.17), (0.02, 0.22)))), title="Funnel",
            ),
            "distribution": charts.distribution(Distribution((None, 7)), [HOSTILE, "good"], title="Answers"),
        }  # fmt: skip


KINDS = ["over time", "loads", "heat", "backlog", "funnel", "distribution"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_drawing_holds_nothing_that_the_policy_of_the_pages_forbids(figures, kind):
    svg = figures[kind].drawing

    assert not re.search(r"<(script|style|foreignObject|image|a)\b", svg)
    assert not re.search(r"<[^>]*\s(style|on\w+|href|xlink:href)=", svg)
    assert "http" not in svg.replace("http://www.w3.org/", "")


@pytest.mark.parametrize("kind", KINDS)
def test_who_does_not_see_a_drawing_hears_what_it_says_and_has_the_table(figures, kind):
    figure = figures[kind]
    name = figure.name

    assert f'role="img" aria-labelledby="{name}-title {name}-text"' in figure.drawing
    assert re.search(rf'<desc id="{name}-text">[^<]+</desc>', figure.drawing)
    assert len(figure.table.rows) > 0
    assert all(len(row) == len(figure.table.head) for row in figure.table.rows)


def test_figures_of_one_page_share_no_element_ids(figures):
    ids = [id for figure in figures.values() for id in re.findall(r'\bid="([^"]+)"', figure.drawing)]

    assert len(ids) == len(set(ids))


def test_words_that_others_chose_are_text_and_never_elements(figures):
    assert "&lt;script&gt;" in figures["over time"].drawing
    assert all("<script" not in figure.drawing for figure in figures.values())


def test_numbers_and_dates_are_written_as_the_reader_does(speaks):
    with speaks("nl"):
        dutch = charts.over_time(SHIFTS, title="Diensten")
    with speaks("en"):
        english = charts.over_time(SHIFTS, title="Shifts")

    assert dutch.table.rows[0] == ("2 nov 2026", "7,5", "7", "8")
    assert english.table.rows[0] == ("2 Nov 2026", "7.5", "7", "8")


def test_great_numbers_of_a_table_are_written_as_on_its_axis(speaks):
    queues = Funnel(0.1, (Queue("Zorg", 1032, 103, "inside"),), (Limits(50, (0.02, 0.2), (0.0, 0.28)),))
    with speaks("nl"):
        assert charts.funnel(queues, title="Trechter").table.rows[0][:3] == ("Zorg", "1.032", "103")


def test_a_day_without_anything_seen_is_no_zero(figures):
    assert figures["backlog"].table.rows[1][1] == "–"
    assert figures["distribution"].table.rows[0][1] == "held back"


@pytest.mark.parametrize("colour", looks.COLOURS)
def test_every_colour_that_says_something_stands_out_from_paper(colour):
    assert contrast(colour, looks.PAPER) >= 3


def test_what_lies_beyond_a_line_has_another_shape_not_only_another_colour():
    spec = specs.over_time_spec(SHIFTS.points, SHIFTS.lines, "h", "above")
    dots = next(layer for layer in spec["layer"] if "shape" in layer["encoding"])

    assert len(set(dots["encoding"]["shape"]["scale"]["range"])) == 2
    assert [row["is"] for row in spec["datasets"]["rows"]] == ["in", "in", "in", "out", "out"]


def test_a_drawing_is_made_once_and_again_for_other_data():
    made = []

    def make(points):
        made.append(points)
        return specs.over_time_spec(points, (), "h", "above")

    drawings = Drawings()
    first = drawings.get(make, "en", SHIFTS.points)
    assert drawings.get(make, "en", SHIFTS.points) == first
    assert drawings.get(make, "en", SHIFTS.points[:2]) != first
    assert len(made) == 2


def test_drawings_that_are_kept_have_a_bound():
    drawings = Drawings(most_bytes=12_000)
    for n in range(1, 6):
        drawings.get(specs.over_time_spec, "en", SHIFTS.points[:n], (), "h", "above")

    assert 0 < drawings.kept_bytes <= 12_000


def test_threads_may_draw_at_the_same_time():
    drawings, found = Drawings(), []

    def draw(n):
        found.append((n, drawings.get(specs.over_time_spec, "en", SHIFTS.points[: n % 3 + 1], (), "h", "above")))

    threads = [threading.Thread(target=draw, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 6
    assert len({svg for _, svg in found}) == 3


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
