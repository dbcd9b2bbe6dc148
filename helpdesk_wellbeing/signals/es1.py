"""ES1, escalation-heavy queue: hard tickets among those with activity, against the other queues of the same
tier.

Judged every Monday over the 28 evaluation days before. Over-dispersion is looked at within a tier, because
that is where the reference comes from; the adjusted p-values are of one family over all tiers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from helpdesk_wellbeing.clock import day_number, micros
from helpdesk_wellbeing.signals.base import NO_INPUT, Facts, Signal
from helpdesk_wellbeing.signals.mondays import WINDOW_DAYS, at_four, last_monday, mondays
from helpdesk_wellbeing.signals.rounds import (
    evaluation_frame,
    instance_end,
    instance_value,
    known,
    no_evaluations,
    not_assessable,
)
from helpdesk_wellbeing.signals.worked_days import agent_rows
from helpdesk_wellbeing.statistics import (
    Z_95,
    all_hits_here,
    benjamini_hochberg,
    binomial_upper_tail,
    funnel_limits,
    normal_upper_tail,
    overdispersion,
    shrunk_rate,
    wilson,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

MINIMUM_TICKETS = 30
MINIMUM_HARD = 5
MINIMUM_OTHERS = 2
QUEUES_FOR_DISPERSION = 10
NO_TIER = 0
WEEKS_A_BATCH = 48  # weeks become bits of a 64-bit number
WINDOW_WEEKS = 0b1111  # four weeks, the last one being the highest bit
VALUES = ("x", "n", "rate", "p0", "wilson_low", "wilson_high", "shrunk", "ratio", "p_adjusted")


def rates(x: Floats, n: Floats, tier: Ints, minimum: int = MINIMUM_TICKETS) -> dict[str, Floats]:
    """The signal's numbers for queues with x hard of n tickets and their tiers (0: none).

    NaN for p0 and what follows from it where fewer than two other queues share the tier; p_adjusted also
    where n is under the minimum.
    """
    p0, others, other_n = _reference(x, n, tier)
    comparable = others >= MINIMUM_OTHERS
    p0 = np.where(comparable, p0, np.nan)
    dispersion = _dispersion(x, n, p0, tier)
    low, high = wilson(x, n, Z_95 * np.sqrt(dispersion))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (x / n - p0) / np.sqrt(dispersion * p0 * (1 - p0) / n)
        exact = np.where(p0 > 0, binomial_upper_tail(x, n, np.nan_to_num(p0)), all_hits_here(x, n, other_n))
        p = np.where((dispersion > 1) & (p0 > 0) & (p0 < 1), normal_upper_tail(z), exact)
        shrunk = shrunk_rate(x, n, p0)
        ratio = np.where(shrunk == 0, 0.0, shrunk / p0)
    return {
        "x": x,
        "n": n,
        "rate": x / n,
        "p0": p0,
        "wilson_low": low,
        "wilson_high": high,
        "shrunk": shrunk,
        "ratio": np.where(comparable, ratio, np.nan),
        "p_adjusted": benjamini_hochberg(np.where(comparable & (n >= minimum), p, np.nan)),
    }


def _reference(x: Floats, n: Floats, tier: Ints) -> tuple[Floats, Ints, Floats]:
    """Pooled rate of the other queues of the tier, how many those are, and their tickets."""
    _, member = np.unique(tier, return_inverse=True)
    other_x = np.bincount(member, weights=x)[member] - x
    other_n = np.bincount(member, weights=n)[member] - n
    others = np.bincount(member)[member] - 1
    return np.divide(other_x, other_n, out=np.full(len(x), np.nan), where=other_n > 0), others, other_n


def _dispersion(x: Floats, n: Floats, p0: Floats, tier: Ints) -> Floats:
    """The factor by which the variance exceeds chance, never below 1; known for tiers of ten queues or
    more.
    """
    factor = np.ones(len(x))
    for t in np.unique(tier):
        here = (tier == t) & (p0 > 0) & (p0 < 1)
        if np.count_nonzero(tier == t) >= QUEUES_FOR_DISPERSION and here.any():
            z = (x[here] / n[here] - p0[here]) / np.sqrt(p0[here] * (1 - p0[here]) / n[here])
            factor[tier == t] = max(1.0, overdispersion(z))
    return factor


def _counts(facts: Facts, days: list[date]) -> pl.DataFrame:
    """monday, group, n tickets with activity, x of them that became hard, over the four weeks before;
    sorted.
    """
    batches = [days[i : i + WEEKS_A_BATCH] for i in range(0, len(days), WEEKS_A_BATCH)]
    schema = {"monday": pl.Date(), "group": pl.String(), "n": pl.Int64(), "x": pl.Int64()}
    return pl.concat([pl.DataFrame(schema=schema), *(_counts_of_batch(facts, batch) for batch in batches)])


def _counts_of_batch(facts: Facts, days: list[date]) -> pl.DataFrame:
    """Every ticket's weeks in a group become the bits of one number, so that touches are gone through once."""
    first = days[0] - timedelta(days=WINDOW_DAYS)
    touches = facts.touches.filter(
        (pl.col("day") >= first) & (pl.col("day") < days[-1]) & pl.col("group").is_not_null()
    )
    if len(days) == 1:  # one window: every week of it is as good as another
        pairs = touches.select("group", "ticket").unique().with_columns(weeks=pl.lit(WINDOW_WEEKS, pl.Int64()))
    else:
        week = (pl.col("day") - first).dt.total_days() // 7
        bit = pl.lit(2, dtype=pl.Int64()).pow(week).cast(pl.Int64)
        by_ticket = touches.select("group", "ticket", bit=bit).group_by("group", "ticket")
        pairs = by_ticket.agg(weeks=pl.col("bit").bitwise_or())
    if pairs.is_empty():
        return pl.DataFrame(schema={"monday": pl.Date(), "group": pl.String(), "n": pl.Int64(), "x": pl.Int64()})
    names = pairs["group"].unique().sort()
    hard = pairs.join(facts.hard.select("ticket", "at"), on="ticket")
    hard_at = hard["at"]
    found: list[pl.DataFrame] = []
    for monday in days:
        window = WINDOW_WEEKS << ((monday - first).days // 7 - WINDOW_DAYS // 7)
        start = at_four(monday - timedelta(days=WINDOW_DAYS), facts.zone)
        became = (hard_at >= start) & (hard_at < at_four(monday, facts.zone))
        n = _by_group(pairs, names, window)
        x = _by_group(hard.filter(became), names, window)
        found.append(
            pl.DataFrame({"monday": [monday] * len(names), "group": names, "n": n, "x": x}).filter(pl.col("n") > 0)
        )
    return pl.concat(found)


def _by_group(pairs: pl.DataFrame, names: pl.Series, window: int) -> Ints:
    """How many tickets of each group were active in a week of the window."""
    active = pairs.filter((pl.col("weeks") & window) != 0)["group"]
    return np.bincount(agent_rows(active, names.to_list()), minlength=len(names))


def _hard_between(facts: Facts, start: datetime, end: datetime) -> pl.DataFrame:
    return facts.hard.filter((pl.col("at") >= start) & (pl.col("at") < end))


def _tiers(facts: Facts, groups: pl.Series) -> Ints:
    told = dict(facts.directory.groups.select("group", "tier").iter_rows())
    return np.array([told.get(g) or NO_TIER for g in groups], dtype=np.int64)


def _minimum(facts: Facts) -> int:
    return MINIMUM_TICKETS * (2 if facts.grade_b_changes else 1)


def _numbers(counts: pl.DataFrame) -> tuple[Floats, Floats]:
    return counts["x"].cast(pl.Float64).to_numpy(), counts["n"].cast(pl.Float64).to_numpy()


def evaluate(facts: Facts) -> pl.DataFrame:
    """A row a Monday of every queue with activity and two queues to compare it with."""
    if not facts.hard_possible:
        return no_evaluations(VALUES)
    counts = _counts(facts, mondays(facts)).partition_by("monday", maintain_order=True)
    found = [_evaluate_on(facts, of_one["monday"][0], of_one) for of_one in counts]
    return pl.concat([no_evaluations(VALUES), *found]).sort("subject", "at")


def _evaluate_on(facts: Facts, monday: date, counts: pl.DataFrame) -> pl.DataFrame:
    x, n = _numbers(counts)
    values = rates(x, n, _tiers(facts, counts["group"]), _minimum(facts))
    rows = counts.height
    end = micros(at_four(monday, facts.zone))
    start = micros(at_four(monday - timedelta(days=WINDOW_DAYS), facts.zone))
    enough = n >= _minimum(facts)
    return evaluation_frame(
        subject=counts["group"],
        at=np.full(rows, end),
        date=np.full(rows, day_number(monday)),
        raises=enough & (x >= MINIMUM_HARD),
        falls=enough,
        grade_b=np.full(rows, facts.grade_b_changes),
        window_start=np.full(rows, start),
        window_end=np.full(rows, end),
        values=values,
    ).filter(pl.col("p0").is_not_nan())


def assess(facts: Facts) -> pl.DataFrame:
    """Queues about which nothing can be said at the latest Monday."""
    listed = [group for group in facts.directory.groups["group"] if group is not None]
    reasons: dict[str, str | None] = dict.fromkeys(listed, "no events in window")
    sizes = _at_least(facts, last_monday(facts, facts.until), _minimum(facts))
    one_each = np.ones(sizes.height)
    _, others, _ = _reference(one_each, one_each, _tiers(facts, sizes["group"]))
    for group, tickets, compared in zip(sizes["group"], sizes["n"], others, strict=True):
        if tickets < _minimum(facts):
            reasons[group] = "too few tickets"
        else:
            reasons[group] = "too few comparisons" if compared < MINIMUM_OTHERS else None
    if not facts.hard_possible:
        reasons = dict.fromkeys(reasons, NO_INPUT)
    return not_assessable(reasons)


def _at_least(facts: Facts, monday: date, enough: int) -> pl.DataFrame:
    """group and n, its tickets with activity in the window; where one day already shows enough, that day's number."""
    first = monday - timedelta(days=WINDOW_DAYS)
    inside = (pl.col("day") >= first) & (pl.col("day") < monday) & pl.col("group").is_not_null()
    touches = facts.touches.lazy().filter(inside)
    daily = touches.group_by("group", "day").len("n").collect()
    busiest = daily.group_by("group").agg(pl.col("n").max().cast(pl.Int64))
    clear = busiest.filter(pl.col("n") >= enough)
    if clear.height == busiest.height:
        return clear.sort("group")
    small = touches.filter(~pl.col("group").is_in(clear["group"].implode()))
    counted = small.group_by("group").agg(n=pl.col("ticket").n_unique().cast(pl.Int64)).collect()
    return pl.concat([clear, counted]).sort("group")


def explain(facts: Facts, subject: str, instance: Mapping[str, Any]) -> list[dict[str, Any]]:
    """x of n, the interval, the reference, the place in the funnel and what made the tickets hard."""
    monday = last_monday(facts, instance_end(instance, facts.until))
    shown = {name: known(instance_value(instance, name), 6) for name in VALUES}
    evidence: list[dict[str, Any]] = [{"what": "tickets that became hard among those with activity", **shown}]
    counts = _counts(facts, [monday])
    x, n = _numbers(counts)
    tier = _tiers(facts, counts["group"])
    here = np.flatnonzero((counts["group"] == subject).to_numpy())
    if not len(here):
        return evidence
    i = int(here[0])
    same = tier == tier[i]
    pooled = float(x[same].sum() / n[same].sum())
    evidence.append(
        {
            "what": "place in the funnel of its tier",
            "tier": int(tier[i]) or None,
            "queues": int(same.sum()),
            "pooled_rate": known(pooled, 6),
            **funnel_point(int(x[i]), int(n[i]), pooled),
            "spread_beyond_chance": known(float(_dispersion(x, n, _reference(x, n, tier)[0], tier)[i])),
        }
    )
    evidence.append({"what": "what made tickets hard", "indicators": _indicators(facts, subject, monday)})
    return evidence


def funnel_point(x: int, n: int, pooled: float) -> dict[str, Any]:
    """Exact limits around the pooled rate at this n, and where x/n lies."""
    limits = funnel_limits(n, pooled)
    rate = x / n
    place = "inside"
    for name in ("alert", "alarm"):
        if not limits[name][0] <= rate <= limits[name][1]:
            place = name
    return {"place": place, "limits": {name: [round(v, 4) for v in pair] for name, pair in limits.items()}}


def _indicators(facts: Facts, group: str, monday: date) -> dict[str, int]:
    first = monday - timedelta(days=WINDOW_DAYS)
    tickets = facts.touches.filter((pl.col("group") == group) & (pl.col("day") >= first) & (pl.col("day") < monday))[
        "ticket"
    ]
    hard = _hard_between(facts, at_four(first, facts.zone), at_four(monday, facts.zone))
    mine = hard.filter(pl.col("ticket").is_in(tickets.unique().implode()))
    words = mine.select(pl.col("indicators").str.split("+")).explode("indicators")["indicators"].drop_nulls()
    return dict(words.value_counts().sort("indicators").iter_rows())


SIGNAL = Signal(
    id="ES1",
    name="escalation-heavy queue",
    subject="queue",
    values=VALUES,
    evaluate=evaluate,
    assess=assess,
    explain=explain,
    reads=("touches", "hard"),
)
