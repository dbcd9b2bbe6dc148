"""Queues of one tier in a funnel: the share of tickets that became hard, and what chance alone leaves inside (ES1)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from helpdesk_wellbeing.pages import held
from helpdesk_wellbeing.pages.series import Funnel, Limits, Place, Queue
from helpdesk_wellbeing.signals.es1 import MINIMUM_TICKETS, funnel_point
from helpdesk_wellbeing.signals.mondays import WINDOW_DAYS, at_four
from helpdesk_wellbeing.statistics import funnel_limits

if TYPE_CHECKING:
    from helpdesk_wellbeing.pages.known import Known

LEAST_QUEUES = 3  # one and two to compare it with
STEPS = 24  # of the limits' curves


def funnel_with(known: Known, account: str, group: str, now: datetime) -> Funnel | None:
    """The funnel of the tier that a queue is of; None without enough tickets here or queues to compare with."""
    counts = hard_by_queue(known, account, now)
    tiers = dict(known.directory(account).groups.select("group", "tier").iter_rows())
    tier = tiers.get(group)
    same = counts.filter(pl.col("n") >= MINIMUM_TICKETS)
    same = same.filter([tiers.get(one) == tier for one in same["group"]])
    if group not in same["group"].to_list() or same.height < LEAST_QUEUES:
        return None
    pooled = int(same["x"].sum()) / int(same["n"].sum())
    names = known.names(account)
    queues = sorted(
        (Queue(names.group(one), n, x, _place(x, n, pooled), one == group) for one, n, x in same.rows()),
        key=lambda queue: queue.name.casefold(),
    )
    most = int(same["n"].to_numpy().max())
    sizes = sorted({int(n) for n in np.geomspace(MINIMUM_TICKETS, most * 1.1, STEPS)})
    limits = [(n, funnel_limits(n, pooled)) for n in sizes] if 0 < pooled < 1 else []
    return Funnel(pooled, tuple(queues), tuple(Limits(n, one["alert"], one["alarm"]) for n, one in limits))


def hard_by_queue(known: Known, account: str, now: datetime) -> pl.DataFrame:
    """group, n tickets with activity, x of them that became hard in the four weeks before the latest Monday; sorted."""
    zone = known.store.account(account).zone
    day = now.astimezone(ZoneInfo(zone)).date()
    monday = day - timedelta(days=day.weekday())
    if at_four(monday, zone) > now:
        monday -= timedelta(days=7)

    def count() -> pl.DataFrame:
        first = monday - timedelta(days=WINDOW_DAYS)
        start, end = at_four(first, zone), at_four(monday, zone)
        hard = held.facts(known, account, "hard").filter((pl.col("at") >= start) & (pl.col("at") < end))
        became = hard.select(held.number_of("ticket"), x=pl.lit(1)).unique()
        pairs = _active(known, account, first, monday)
        marked = pairs.join(became, on="ticket", how="left")
        counted = marked.group_by("group").agg(n=pl.len(), x=pl.col("x").fill_null(0).sum())
        return counted.with_columns(pl.col("group").cast(pl.String)).sort("group")

    until = known.evaluated(account)
    return known.kept(("hard by queue", account), (monday, until.date() if until else None), count)


def _active(known: Known, account: str, first: date, end: date) -> pl.DataFrame:
    """group, ticket (a number), each pair once, of what had activity from `first` to before `end`; a piece at a time,
    because there are very many."""
    store, columns = known.store, ("day", "group", "ticket")
    inside = pl.col("day").is_between(first, end, closed="left") & pl.col("group").is_not_null()
    found = []
    with store.view():
        for since in store.piece_marks(account, "touches", first - timedelta(days=1)):
            touches = store.read_piece(account, "touches", since, columns)
            if touches is not None:
                pairs = touches.filter(inside).select(pl.col("group").cast(pl.Categorical), held.number_of("ticket"))
                found.append(pairs.unique())
    return (
        pl.concat(found).unique() if found else pl.DataFrame(schema={"group": pl.Categorical(), "ticket": pl.UInt64()})
    )


def _place(x: int, n: int, pooled: float) -> Place:
    if not 0 < pooled < 1:
        return "inside"
    place: Place = funnel_point(x, n, pooled)["place"]
    return place
