"""Specifications: one function a kind of chart, from plain data to what vl-convert draws.

Altair makes the frame of a chart once for each shape of it (axes, colours, which lines there are); the data is put
beside it each time. Building a frame takes longer than drawing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from helpdesk_wellbeing.pages.series import Backlog, Distribution, Funnel, Heat, Line, Load, Point, Side
from helpdesk_wellbeing.web.charts.looks import (
    ACCENT,
    BAND,
    HEIGHT,
    INK,
    LIMIT,
    LINES,
    PAPER,
    QUIET,
    ROW,
    SECOND,
    WARNS,
    WIDTH,
    dressed,
)

Spec = dict[str, Any]
Words = tuple[str, ...]
_FRAMES = 256
_framed = lru_cache(maxsize=_FRAMES)
_DAY = "%-d %b"
MOST_DATES = 4  # below an axis


def over_time_spec(points: Sequence[Point], lines: Sequence[Line], axis: str, side: Side) -> Spec:
    """Points with their bands, and the lines they are held against. `axis`: what the y axis says."""
    held = [line.value for line in lines if line.word != "usual"]
    rows = [
        {"at": p.at.isoformat(), "v": p.value, "low": p.low, "high": p.high, "is": _place(p.value, held, side)}
        for p in points if p.value is not None
    ]  # fmt: skip
    has_band = any(p.low is not None for p in points)
    frame = _over_time_frame(axis, side, has_band, tuple(line.word for line in lines))
    return _filled(_dated(frame, [point.at for point in points]), rows=rows, **_lines(lines))


@_framed
def _over_time_frame(axis: str, side: Side, has_band: bool, lines: Words) -> Spec:
    import altair as alt

    x = alt.X("at:T", title=None, scale=alt.Scale(type="utc"), axis=_dates())
    y = alt.Y("v:Q", title=axis, scale=alt.Scale(zero=side == "above", nice=True), axis=_numbers())
    base = alt.Chart(alt.NamedData(name="rows"))
    domain = ["in", "out"]
    dots = base.mark_point(filled=True, opacity=1).encode(
        x=x, y=y,
        shape=alt.Shape("is:N", legend=None, scale=alt.Scale(domain=domain, range=["circle", "triangle-up"])),
        color=alt.Color("is:N", legend=None, scale=alt.Scale(domain=domain, range=[ACCENT, LIMIT])),
        size=alt.Size("is:N", legend=None, scale=alt.Scale(domain=domain, range=[30, 70])),
    )  # fmt: skip
    band = base.mark_rule(color=BAND, strokeWidth=2).encode(x=x, y=alt.Y("low:Q", title=axis), y2="high:Q")
    return dressed([*([band] if has_band else []), dots, *_ruled(lines)], HEIGHT)


def loads_spec(each: Sequence[Load], lines: Sequence[Line], axis: str) -> Spec:
    """A row a holder: hollow before, filled after. `axis`: what the x axis says."""
    rows = [
        {"name": load.name, "v": value, "when": when}
        for load in each for when, value in (("before", load.before), ("after", load.after))
    ]  # fmt: skip
    ways = [{"name": one.name, "from": one.before, "to": one.after} for one in each]
    frame = _loads_frame(axis, tuple(line.word for line in lines), len(each))
    return _filled(frame, rows=rows, ways=ways, **_lines(lines))


@_framed
def _loads_frame(axis: str, lines: Words, count: int) -> Spec:
    import altair as alt

    y = alt.Y("name:N", title=None, sort=None, axis=alt.Axis(labelLimit=WIDTH // 3, labelColor=INK))
    x = alt.X("v:Q", title=axis, axis=_numbers())
    way = (
        alt.Chart(alt.NamedData(name="ways"))
        .mark_rule(color=BAND, strokeWidth=4)
        .encode(x=alt.X("from:Q", title=axis), x2="to:Q", y=y)
    )
    domain = ["before", "after"]
    ends = (
        alt.Chart(alt.NamedData(name="rows"))
        .mark_point(filled=True, stroke=ACCENT, strokeWidth=2, opacity=1, size=110)
        .encode(
            x=x, y=y,
            fill=alt.Fill("when:N", legend=None, scale=alt.Scale(domain=domain, range=[PAPER, ACCENT])),
            shape=alt.Shape("when:N", legend=None, scale=alt.Scale(domain=domain, range=["circle", "diamond"])),
        )
    )  # fmt: skip
    return dressed([way, ends, *_ruled(lines, across=True)], 60 + ROW * max(count, 2))


def heat_spec(heat: Heat, words: Words) -> Spec:
    """A field for every hour of a week: the fuller and darker, the more. `words`: the seven days, then the x axis."""
    most = max((share for row in heat.shares for share in row), default=0.0) or 1.0
    rows = [
        {"day": words[day], "hour": hour, "v": round(share / most, 4)}
        for day, row in enumerate(heat.shares) for hour, share in enumerate(row) if share > 0
    ]  # fmt: skip
    return _filled(_heat_frame(words), rows=rows)


@_framed
def _heat_frame(words: Words) -> Spec:
    import altair as alt

    hours = alt.Axis(labelAngle=0, values=list(range(0, 24, 3)), grid=False)
    chart = (
        alt.Chart(alt.NamedData(name="rows"))
        .mark_square(filled=True, opacity=1)
        .encode(
            x=alt.X("hour:O", title=words[7], scale=alt.Scale(domain=list(range(24))), axis=hours),
            y=alt.Y("day:N", title=None, scale=alt.Scale(domain=list(words[:7])), axis=alt.Axis(labelColor=INK)),
            size=alt.Size("v:Q", legend=None, scale=alt.Scale(domain=[0, 1], range=[2, 220])),
            color=alt.Color("v:Q", legend=None, scale=alt.Scale(domain=[0, 1], range=[BAND, ACCENT])),
        )
    )
    return dressed([chart], HEIGHT)


def backlog_spec(queue: Backlog, axis: str) -> Spec:
    """Three lines, each of its own kind. `axis`: what the y axis says."""
    named = zip(_KINDS, (queue.open, queue.created, queue.solved), strict=True)
    rows = [
        {"at": day.isoformat(), "v": value, "what": word}
        for word, values in named for day, value in zip(queue.days, values, strict=True) if value is not None
    ]  # fmt: skip
    return _filled(_dated(_backlog_frame(axis), queue.days), rows=rows)


_KINDS = ("open", "created", "solved")


@_framed
def _backlog_frame(axis: str) -> Spec:
    import altair as alt

    def scale(*looks: Any) -> Any:
        return alt.Scale(domain=list(_KINDS), range=list(looks))

    chart = (
        alt.Chart(alt.NamedData(name="rows"))
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("at:T", title=None, scale=alt.Scale(type="utc"), axis=_dates()),
            y=alt.Y("v:Q", title=axis, axis=_numbers()),
            color=alt.Color("what:N", legend=None, scale=scale(INK, ACCENT, SECOND)),
            strokeDash=alt.StrokeDash("what:N", legend=None, scale=scale([1, 0], [6, 3], [2, 3])),
        )
    )
    return dressed([chart], HEIGHT)


def funnel_spec(funnel: Funnel, words: Words) -> Spec:
    """Queues between limits. `words`: x axis, y axis."""
    curves = [
        {"n": limit.tickets, "v": pair[end], "of": name, "line": f"{name}{end}"}
        for limit in funnel.limits for name, pair in (("a", limit.alert), ("b", limit.alarm)) for end in (0, 1)
    ]  # fmt: skip
    rows = [{"n": q.tickets, "v": q.rate, "place": q.place, "name": q.name} for q in funnel.queues]
    told = [row for row, q in zip(rows, funnel.queues, strict=True) if q.is_own or q.place == "alarm"]
    return _filled(_funnel_frame(words), curves=curves, rows=rows, told=told, line0=[{"v": funnel.pooled}])


@_framed
def _funnel_frame(words: Words) -> Spec:
    import altair as alt

    y = alt.Y("v:Q", title=words[1], axis=alt.Axis(format="%", tickCount=5))
    x = alt.X("n:Q", title=words[0], axis=_numbers())
    dash = alt.Scale(domain=["a", "b"], range=[[4, 3], [1, 0]])
    lines = (
        alt.Chart(alt.NamedData(name="curves"))
        .mark_line(color=QUIET)
        .encode(x=x, y=y, detail="line:N", strokeDash=alt.StrokeDash("of:N", legend=None, scale=dash))
    )
    domain = ["inside", "alert", "alarm"]
    shapes, colours = ["circle", "triangle-up", "diamond"], [ACCENT, WARNS, LIMIT]
    dots = (
        alt.Chart(alt.NamedData(name="rows"))
        .mark_point(filled=True, opacity=1, size=110, stroke=PAPER, strokeWidth=1)
        .encode(
            x=x, y=y,
            shape=alt.Shape("place:N", legend=None, scale=alt.Scale(domain=domain, range=shapes)),
            color=alt.Color("place:N", legend=None, scale=alt.Scale(domain=domain, range=colours)),
        )
    )  # fmt: skip
    names = (
        alt.Chart(alt.NamedData(name="told"))
        .mark_text(align="right", dx=-8, dy=-8, color=INK, fontSize=13, limit=WIDTH // 3)
        .encode(x=x, y=y, text="name:N")
    )
    return dressed([lines, *_ruled(("usual",)), dots, names], HEIGHT + 30)


def distribution_spec(counts: Distribution, words: Words) -> Spec:
    """A bar an answer, from the worst to the best, with its number. `words`: x axis, then one an answer."""
    rows = [
        {"answer": word, "v": count or 0, "said": "–" if count is None else str(count)}
        for word, count in zip(words[1:], counts.counts, strict=True)
    ]
    return _filled(_distribution_frame(words[0], len(rows)), rows=rows)


@_framed
def _distribution_frame(axis: str, count: int) -> Spec:
    import altair as alt

    y = alt.Y("answer:N", title=None, sort=None, axis=alt.Axis(labelColor=INK, labelLimit=WIDTH // 2))
    x = alt.X("v:Q", title=axis, axis=_numbers(whole=True))
    base = alt.Chart(alt.NamedData(name="rows")).encode(x=x, y=y)
    numbers = base.mark_text(align="left", dx=4, color=INK, fontSize=13).encode(text="said:N")
    return dressed([base.mark_bar(color=ACCENT, height=16), numbers], 60 + ROW * count)


def _filled(frame: Mapping[str, Any], **datasets: list[dict[str, Any]]) -> Spec:
    return {**frame, "datasets": datasets}


def _lines(lines: Sequence[Line]) -> dict[str, list[dict[str, Any]]]:
    return {f"line{number}": [{"v": line.value}] for number, line in enumerate(lines)}


def _ruled(lines: Words, *, across: bool = False) -> list[Any]:
    import altair as alt

    found = []
    for number, word in enumerate(lines):
        colour, dash = LINES[word]
        base = alt.Chart(alt.NamedData(name=f"line{number}"))
        rule = base.mark_rule(color=colour, strokeDash=list(dash), strokeWidth=1.5)
        found.append(rule.encode(x="v:Q") if across else rule.encode(y="v:Q"))
    return found


def _place(value: float, held: Sequence[float], side: Side) -> str:
    beyond = any(value >= bound if side == "above" else value < bound for bound in held)
    return "out" if beyond else "in"


def _dates() -> Any:
    import altair as alt

    return alt.Axis(format=_DAY, grid=False)


def _dated(frame: Spec, days: Sequence[date]) -> Spec:
    """With few enough dates below it that their words never touch, whatever letters the reader's machine has."""
    marks = {"values": [_milliseconds(day) for day in few(days)]}

    def layer(of: Spec) -> Spec:
        x = of.get("encoding", {}).get("x")
        if x is None or x.get("field") != "at":
            return of
        return {**of, "encoding": {**of["encoding"], "x": {**x, "axis": {**x["axis"], **marks}}}}

    return {**frame, "layer": [layer(one) for one in frame["layer"]]}


def few(days: Sequence[date]) -> list[date]:
    """At most four of the days from the first to the last, evenly apart: Mondays, where there are two of them."""
    if not days:
        return []
    first, last = min(days), max(days)
    every = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    mondays = [day for day in every if day.weekday() == 0]
    marked = mondays if len(mondays) > 1 else every
    return marked[:: -(-len(marked) // MOST_DATES)]


def _milliseconds(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp() * 1000)


def _numbers(*, whole: bool = False) -> Any:
    import altair as alt

    return alt.Axis(tickCount=5, tickMinStep=1) if whole else alt.Axis(tickCount=5)
