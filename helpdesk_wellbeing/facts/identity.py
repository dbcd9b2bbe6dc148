"""Accounts that do not behave like one person."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from helpdesk_wellbeing.facts.roster import certainly_people, not_people
from helpdesk_wellbeing.people import Directory

MACHINE_HOURS = 18  # work in more different clock hours of a day than this is no one person's
REVIEW_HOURS = 16
DAYS_NEEDED = 3
_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)


def recognise(days: pl.DataFrame, directory: Directory) -> tuple[dict[str, datetime], list[dict[str, str]]]:
    """(account -> since when it is known to be no person, accounts to be looked at with the reason).

    `days`: `schema.DAYS`. More than 18 different clock hours of a local day on three days: shared or
    automated, known from the last event of the third such day on. 16 to 18 on three days: identity review.
    The people file decides where it says who somebody is.
    """
    people = certainly_people(directory)
    shared = dict.fromkeys(sorted(not_people(directory)), _ALWAYS)
    known = [*people, *shared]
    busy = days.filter((pl.col("clock_hours") >= REVIEW_HOURS) & ~pl.col("agent").is_in(known))
    judged = (
        busy.sort("agent", "date")
        .group_by("agent", maintain_order=True)
        .agg(
            days=pl.len(),
            hours=pl.col("clock_hours").max(),
            machine_days=(pl.col("clock_hours") > MACHINE_HOURS).sum(),
            since=pl.col("last").filter(pl.col("clock_hours") > MACHINE_HOURS).slice(DAYS_NEEDED - 1, 1).first(),
        )
        .filter(pl.col("days") >= DAYS_NEEDED)
    )
    review = []
    for agent, count, hours, machine_days, since in judged.iter_rows():
        if machine_days >= DAYS_NEEDED:
            shared[agent] = since
        else:
            reason = f"work in {hours} different hours of a day, {count} days"
            review.append({"agent": agent, "reason": reason})
    return shared, review
