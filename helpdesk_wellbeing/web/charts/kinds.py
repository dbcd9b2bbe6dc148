"""The kinds of charts, with their words: what a page calls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from flask_babel import format_date, format_decimal, format_percent, get_locale

from helpdesk_wellbeing.pages.series import Backlog, Distribution, Funnel, Heat, Line, Loads, OverTime
from helpdesk_wellbeing.web.charts import specs
from helpdesk_wellbeing.web.charts.figure import Figure, Sign, figure, table
from helpdesk_wellbeing.web.measures import axis_of, name_of
from helpdesk_wellbeing.web.texts import gettext as _


def over_time(series: OverTime, *, title: str, caption: str = "", key: str = "") -> Figure:
    """One subject's own past: points, what they could be as well, limits and what is usual."""
    signs = _signs(series.lines)
    seen = [point for point in series.points if point.value is not None]
    values = [point.value for point in seen if point.value is not None]
    described = _("%(count)s values from %(start)s to %(end)s, lowest %(low)s, highest %(high)s.",
                  count=len(seen), start=_day(seen[0].at), end=_day(seen[-1].at), low=_number(min(values)),
                  high=_number(max(values))) if seen else _("Nothing was seen in this time.")  # fmt: skip
    has_band = any(point.low is not None for point in seen)
    head = (_each_word(series.each), name_of(series.measure), *((_("at least"), _("at most")) if has_band else ()))
    rows = [
        (_day(p.at), _number(p.value), *((_number(p.low), _number(p.high)) if has_band else ())) for p in series.points
    ]
    return figure(
        specs.over_time_spec, tuple(series.points), tuple(series.lines), axis_of(series.measure), series.side,
        title=title, description=" ".join([described, *(f"{sign.word}." for sign in signs)]), caption=caption,
        table=table(head, rows), signs=[*_dot_signs(series, has_band), *signs], key=key,
    )  # fmt: skip


def loads(shown: Loads, *, title: str, caption: str = "") -> Figure:
    """Open work of each holder before and after, in the order given (by name)."""
    before, after = _("before"), _("after")
    described = _("Open work of %(count)s people before and after.", count=len(shown.each))
    rows = [(one.name, _number(one.before), _number(one.after)) for one in shown.each]
    return figure(
        specs.loads_spec, tuple(shown.each), tuple(shown.lines), axis_of(shown.measure), title=title,
        description=described, caption=caption, table=table((_("who"), before, after), rows),
        signs=[Sign("ring", before), Sign("diamond", after), *_signs(shown.lines)],
    )  # fmt: skip


def heat_map(heat: Heat, *, title: str, caption: str = "") -> Figure:
    """When in the week a team works: the share of its hours in each of the 168."""
    days = tuple(str(get_locale().days["format"]["abbreviated"][day]) for day in range(7))
    long = [str(get_locale().days["format"]["wide"][day]) for day in range(7)]
    most = max(((share, day, hour) for day, row in enumerate(heat.shares) for hour, share in enumerate(row)))
    described = _("Most of it on %(day)s from %(hour)s:00: %(share)s.", day=long[most[1]], hour=most[2],
                  share=format_percent(most[0], "0.0%"))  # fmt: skip
    hours = [hour for hour in range(24) if any(row[hour] > 0 for row in heat.shares)]
    rows = [(f"{hour:02}:00", *(format_percent(row[hour], "0.0%") for row in heat.shares)) for hour in hours]
    return figure(
        specs.heat_spec, heat, (*days, _("hour of the day")), title=title, description=described, caption=caption,
        table=table((_("hour"), *days), rows),
    )  # fmt: skip


def backlog(queue: Backlog, *, title: str, caption: str = "") -> Figure:
    """Open tickets of a queue, and what came and went, day by day."""
    lines = (_("open at the end of the day"), _("new"), _("solved"))
    known = [(day, count) for day, count in zip(queue.days, queue.open, strict=True) if count is not None]
    described = _("From %(first)s open tickets on %(start)s to %(last)s on %(end)s.", start=_day(known[0][0]),
                  first=_count(known[0][1]), last=_count(known[-1][1]),
                  end=_day(known[-1][0])) if known else ""  # fmt: skip
    rows = [
        (_day(day), _count(open_), _count(created), _count(solved))
        for day, open_, created, solved in zip(queue.days, queue.open, queue.created, queue.solved, strict=True)
    ]
    return figure(
        specs.backlog_spec, queue, _("tickets"), title=title, description=described, caption=caption,
        table=table((_("day"), *lines), rows),
        signs=[Sign(looks, word) for looks, word in zip(("line-open", "line-new", "line-solved"), lines, strict=True)],
    )  # fmt: skip


def funnel(shown: Funnel, *, title: str, caption: str = "") -> Figure:
    """Queues of one tier: the share of tickets that became hard, and what chance alone would leave inside."""
    places = {"inside": _("what chance explains"), "alert": _("outside 95 %"), "alarm": _("outside 99.8 %")}
    shared = _("all of these: %(rate)s", rate=format_percent(shown.pooled, "0.0%"))
    words = (_("tickets with activity in four weeks"), _("became hard"))
    outside = [queue.name for queue in shown.queues if queue.place != "inside"]
    described = _("%(count)s queues; outside the limits: %(names)s.", count=len(shown.queues),
                  names=", ".join(outside) or _("none"))  # fmt: skip
    rows = [
        (q.name, _count(q.tickets), _count(q.hard), format_percent(q.rate, "0.0%"), places[q.place])
        for q in shown.queues
    ]
    head = (_("queue"), _("tickets"), _("became hard"), _("share"), _("place"))
    signs = [
        Sign(looks, word)
        for looks, word in zip(("dot", "triangle warns", "diamond limit"), places.values(), strict=True)
    ]
    return figure(
        specs.funnel_spec, shown, words, title=title, description=described, caption=caption, table=table(head, rows),
        signs=[*signs, Sign("line-usual", shared), Sign("line-alert", _("95 % of what chance does")),
               Sign("line-alarm", _("99.8 % of what chance does"))],
    )  # fmt: skip


def distribution(
    counts: Distribution, answers: Sequence[str], *, title: str, caption: str = "", in_percent: bool = False
) -> Figure:
    """How many gave each answer, or how many of a hundred; `answers` in words, from the worst to the best."""
    axis, head = (_("per cent of the answers"), _("per cent")) if in_percent else (_("answers"), _("how many"))
    said = [(word, _count(count, _("held back"))) for word, count in zip(answers, counts.counts, strict=True)]
    described = "; ".join(f"{word}: {count}" for word, count in said) + "."
    return figure(
        specs.distribution_spec, counts, (axis, *answers), title=title, description=described,
        caption=caption, table=table((_("answer"), head), said),
    )  # fmt: skip


def _signs(lines: Sequence[Line]) -> list[Sign]:
    return [Sign(f"line-{line.word}", _line_word(line.word, line.value)) for line in lines]


def _dot_signs(series: OverTime, has_band: bool) -> list[Sign]:
    signs = [Sign("dot", name_of(series.measure))]
    if has_band:
        signs.append(Sign("band", _("what it could be: gaps of up to 15 or up to 60 minutes count as work")))
    if any(line.word != "usual" for line in series.lines):
        signs.append(Sign("triangle limit", _("beyond a line")))
    return signs


def _line_word(word: str, value: float) -> str:
    number = _number(value)
    if word == "fair":
        return _("fair: %(number)s", number=number)
    if word == "usual":
        return _("your usual: %(number)s", number=number)
    return _("limit: %(number)s", number=number) if word == "limit" else _("flagged from: %(number)s", number=number)


def _each_word(each: str) -> str:
    return {"shift": _("shift of"), "day": _("day"), "week": _("week from"), "rest": _("rest before")}[each]


def _day(day: date) -> str:
    return str(format_date(day, "d MMM y"))


def _number(value: float | None) -> str:
    return "–" if value is None else str(format_decimal(round(value, 1)))


def _count(value: int | None, missing: str = "–") -> str:
    return missing if value is None else str(format_decimal(value))
