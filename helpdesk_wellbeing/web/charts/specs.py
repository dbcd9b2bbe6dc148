"""Specifications, made of plain data: one function a kind of chart, `(width, …) -> Altair chart`.

What they are given is plain (numbers, texts, tuples of these), because it names the drawing that is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from helpdesk_wellbeing.pages.series import Backlog, Distribution, Funnel, Heat, Line, Load, Point, Side
from helpdesk_wellbeing.web.charts.looks import (
    ACCENT,
    BAND,
    INK,
    LIMIT,
    LINES,
    PAPER,
    QUIET,
    SECOND,
    WARNS,
    dressed,
)

WIDE = 640  # from here on there is room for more than the outlines
_DAY = "%-d %b"
Words = tuple[str, ...]


def over_time_spec(width: int, points: Sequence[Point], lines: Sequence[Line], axis: str, side: Side) -> Any:
    """Points with their bands, and the lines they are held against. `axis`: what the y axis says."""
    import altair as alt

    held = [line.value for line in lines if line.word != "usual"]
    rows = [
        {"at": p.at.isoformat(), "v": p.value, "low": p.low, "high": p.high, "is": _place(p.value, held, side)}
        for p in points if p.value is not None
    ]  # fmt: skip
    x = alt.X("at:T", title=None, scale=alt.Scale(type="utc"), axis=_dates(width))
    y = alt.Y("v:Q", title=axis, scale=alt.Scale(zero=side == "above", nice=True), axis=_numbers())
    base = alt.Chart(alt.Data(values=rows))
    band = base.mark_rule(color=BAND, strokeWidth=_thick(width, len(rows)), strokeCap="round").encode(
        x=x, y=alt.Y("low:Q", title=axis), y2="high:Q"
    )
    dots = base.mark_point(filled=True, opacity=1, size=50).encode(
        x=x, y=y,
        shape=alt.Shape("is:N", legend=None, scale=alt.Scale(domain=["in", "out"], range=["circle", "triangle-up"])),
        color=alt.Color("is:N", legend=None, scale=alt.Scale(domain=["in", "out"], range=[ACCENT, LIMIT])),
        size=alt.Size("is:N", legend=None, scale=alt.Scale(domain=["in", "out"], range=[36, 90])),
    )  # fmt: skip
    parts = [band] if any(p.low is not None for p in points) else []
    return dressed(alt.layer(*parts, dots, *map(_ruled, lines)), width, _height(width))


def loads_spec(width: int, each: Sequence[Load], lines: Sequence[Line], axis: str) -> Any:
    """A row a holder: hollow before, filled after. `axis`: what the x axis says."""
    import altair as alt

    names = [load.name for load in each]
    rows = [
        {"name": load.name, "v": value, "when": when}
        for load in each for when, value in (("before", load.before), ("after", load.after))
    ]  # fmt: skip
    y = alt.Y("name:N", title=None, sort=names, axis=alt.Axis(labelLimit=width // 3, labelColor=INK))
    x = alt.X("v:Q", title=axis, axis=_numbers())
    base = alt.Chart(alt.Data(values=rows))
    way = (
        alt.Chart(alt.Data(values=[{"name": one.name, "from": one.before, "to": one.after} for one in each]))
        .mark_rule(color=BAND, strokeWidth=4)
        .encode(x=alt.X("from:Q", title=axis), x2="to:Q", y=y)
    )
    ends = base.mark_point(filled=True, stroke=ACCENT, strokeWidth=2, opacity=1, size=110).encode(
        x=x, y=y,
        fill=alt.Fill("when:N", legend=None, scale=alt.Scale(domain=["before", "after"], range=[PAPER, ACCENT])),
        shape=alt.Shape("when:N", legend=None, scale=alt.Scale(domain=["before", "after"], range=["circle", "diamond"])),
    )  # fmt: skip
    ruled = [_ruled(line, across=True) for line in lines]
    return dressed(alt.layer(*ruled, way, ends), width, 60 + 28 * max(len(each), 2))


def heat_spec(width: int, heat: Heat, words: Words) -> Any:
    """A field for every hour of a week: the fuller and darker, the more. `words`: the seven days, then the x axis."""
    import altair as alt

    most = max((share for row in heat.shares for share in row), default=0.0) or 1.0
    rows = [
        {"day": words[day], "hour": hour, "v": share / most}
        for day, row in enumerate(heat.shares) for hour, share in enumerate(row) if share > 0
    ]  # fmt: skip
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_square(filled=True, opacity=1)
        .encode(
            x=alt.X(
                "hour:O", title=words[7], scale=alt.Scale(domain=list(range(24))),
                axis=alt.Axis(labelAngle=0, values=list(range(0, 24, 3 if width >= WIDE else 6)), grid=False),
            ),
            y=alt.Y("day:N", title=None, scale=alt.Scale(domain=list(words[:7])), axis=alt.Axis(labelColor=INK)),
            size=alt.Size("v:Q", legend=None, scale=alt.Scale(domain=[0, 1], range=[2, 380 if width >= WIDE else 110])),
            color=alt.Color("v:Q", legend=None, scale=alt.Scale(domain=[0, 1], range=[BAND, ACCENT])),
        )
    )  # fmt: skip
    return dressed(chart, width, 220 if width >= WIDE else 170)


def backlog_spec(width: int, queue: Backlog, axis: str) -> Any:
    """Three lines, each of its own kind. `axis`: what the y axis says."""
    import altair as alt

    kinds = ("open", "created", "solved")
    named = zip(kinds, (queue.open, queue.created, queue.solved), strict=True)
    rows = [
        {"at": day.isoformat(), "v": value, "what": word}
        for word, values in named for day, value in zip(queue.days, values, strict=True) if value is not None
    ]  # fmt: skip
    scale = {"domain": list(kinds)}
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("at:T", title=None, scale=alt.Scale(type="utc"), axis=_dates(width)),
            y=alt.Y("v:Q", title=axis, axis=_numbers()),
            color=alt.Color("what:N", legend=None, scale=alt.Scale(**scale, range=[INK, ACCENT, SECOND])),
            strokeDash=alt.StrokeDash("what:N", legend=None, scale=alt.Scale(**scale, range=[[1, 0], [6, 3], [2, 3]])),
        )
    )
    return dressed(chart, width, _height(width))


def funnel_spec(width: int, funnel: Funnel, words: Words) -> Any:
    """Queues between limits. `words`: x axis, y axis."""
    import altair as alt

    curves = [
        {"n": limit.tickets, "v": pair[end], "of": name, "line": f"{name}{end}"}
        for limit in funnel.limits for name, pair in (("a", limit.alert), ("b", limit.alarm)) for end in (0, 1)
    ]  # fmt: skip
    y = alt.Y("v:Q", title=words[1], axis=alt.Axis(format="%", tickCount=5))
    x = alt.X("n:Q", title=words[0], axis=_numbers())
    lines = (
        alt.Chart(alt.Data(values=curves))
        .mark_line(color=QUIET)
        .encode(
            x=x, y=y, detail="line:N",
            strokeDash=alt.StrokeDash(
                "of:N", legend=None, scale=alt.Scale(domain=["a", "b"], range=[[4, 3], [1, 0]])
            ),
        )
    )  # fmt: skip
    rows = [
        {"n": q.tickets, "v": q.rate, "place": q.place, "name": q.name, "own": q.is_own} for q in funnel.queues
    ]
    domain = ["inside", "alert", "alarm"]
    dots = (
        alt.Chart(alt.Data(values=rows))
        .mark_point(filled=True, opacity=1, size=110, stroke=PAPER, strokeWidth=1)
        .encode(
            x=x, y=y,
            shape=alt.Shape("place:N", legend=None, scale=alt.Scale(domain=domain, range=["circle", "triangle-up", "diamond"])),
            color=alt.Color("place:N", legend=None, scale=alt.Scale(domain=domain, range=[ACCENT, WARNS, LIMIT])),
        )
    )  # fmt: skip
    told = [row for row, q in zip(rows, funnel.queues, strict=True) if q.is_own or q.place != "inside"]
    names = (
        alt.Chart(alt.Data(values=told))
        .mark_text(align="right", dx=-8, dy=-8, color=INK, fontSize=12, limit=width // 3)
        .encode(x=x, y=y, text="name:N")
    )
    shared = _ruled(Line("usual", funnel.pooled))
    return dressed(alt.layer(lines, shared, dots, names), width, _height(width) + 30)


def distribution_spec(width: int, counts: Distribution, words: Words) -> Any:
    """A bar an answer, from the worst to the best, with its number. `words`: x axis, then one an answer."""
    import altair as alt

    answers = words[1:]
    rows = [
        {"answer": word, "v": count or 0, "said": "–" if count is None else str(count)}
        for word, count in zip(answers, counts.counts, strict=True)
    ]
    y = alt.Y("answer:N", title=None, sort=list(answers), axis=alt.Axis(labelColor=INK, labelLimit=width // 2))
    base = alt.Chart(alt.Data(values=rows)).encode(x=alt.X("v:Q", title=words[0], axis=_numbers(whole=True)), y=y)
    bars = base.mark_bar(color=ACCENT, height=16)
    numbers = base.mark_text(align="left", dx=4, color=INK, fontSize=12).encode(text="said:N")
    return dressed(alt.layer(bars, numbers), width, 60 + 28 * len(rows))


def _ruled(line: Line, *, across: bool = False) -> Any:
    import altair as alt

    colour, dash = LINES[line.word]
    rule = alt.Chart(alt.Data(values=[{"v": line.value}])).mark_rule(
        color=colour, strokeDash=list(dash), strokeWidth=1.5
    )
    return rule.encode(x="v:Q") if across else rule.encode(y="v:Q")


def _place(value: float, held: Sequence[float], side: Side) -> str:
    beyond = any(value >= bound if side == "above" else value < bound for bound in held)
    return "out" if beyond else "in"


def _dates(width: int) -> Any:
    import altair as alt

    return alt.Axis(format=_DAY, tickCount=8 if width >= WIDE else 4, labelOverlap=True, grid=False)


def _numbers(*, whole: bool = False) -> Any:
    import altair as alt

    return alt.Axis(tickCount=5, tickMinStep=1) if whole else alt.Axis(tickCount=5)


def _height(width: int) -> int:
    return 220 if width >= WIDE else 200


def _thick(width: int, count: int) -> int:
    return max(2, min(10, width // (3 * max(count, 1))))
