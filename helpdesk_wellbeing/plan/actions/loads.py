"""Who has how much open work now, who has a flag, and who is above the own limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import polars as pl

from helpdesk_wellbeing.facts.schema import ONE_TICKET
from helpdesk_wellbeing.plan.actions.base import version_of
from helpdesk_wellbeing.plan.limits import OPEN_WORK, limits
from helpdesk_wellbeing.plan.people_now import now
from helpdesk_wellbeing.plan.situation import Flag, Situation
from helpdesk_wellbeing.remembered import once_per_object

ABOVE_LIMIT = "open_work_above_limit"  # stands where else a rule's id does
OPEN_WORK_NOW = "open_work_now"


@dataclass(frozen=True)
class Loads:
    """Everybody's open work, whatever group it is in, and where it lies."""

    effort: Mapping[str, int]
    hard: Mapping[str, int]
    in_group: Mapping[str, Mapping[str, int]]  # agent: group: effort
    tickets: Mapping[str, pl.DataFrame]  # group: `open_work.OPEN`
    held: Mapping[str, tuple[str | None, int, bool]]  # ticket: by whom, effort, whether it is hard


@once_per_object
def loads_of(situation: Situation) -> Loads:
    """Made once for a situation."""
    work = situation.work.filter(~pl.col("made_by_plugin"))
    by_agent = work.filter(pl.col("assignee").is_not_null()).group_by("assignee")
    rows = by_agent.agg(pl.col("effort").sum(), pl.col("hard").sum()).rows()
    places: dict[str, dict[str, int]] = {}
    held = work.select("ticket", "assignee", "effort", "hard")
    grouped = work.drop_nulls(["assignee", "group"]).group_by("assignee", "group").agg(pl.col("effort").sum())
    for agent, group, effort in grouped.rows():
        places.setdefault(agent, {})[group] = effort
    return Loads(
        {agent: effort for agent, effort, _ in rows},
        {agent: hard for agent, _, hard in rows},
        places,
        {
            group: frame
            for (group,), frame in situation.work.drop_nulls("group").partition_by("group", as_dict=True).items()
        },
        {ticket: (whom, effort, hard) for ticket, whom, effort, hard in held.rows()},
    )


@once_per_object
def flagged(situation: Situation) -> frozenset[str]:
    """Agents with an active flag of their own: hours, rest, nights, load or a dose of hard tickets."""
    return frozenset(
        flag["subject"]["id"]
        for flag in situation.flags
        if flag["subject"]["kind"] == "agent" and flag["state"] == "active"
    )


@once_per_object
def above_limit(situation: Situation) -> Mapping[str, float]:
    """Whose open work is above the own limit right now (agents in normal tickets), whatever is flagged."""
    over = situation.policy.rebalance.over
    effort = loads_of(situation).effort
    held = {agent: effort.get(agent, 0) / ONE_TICKET for agent in limits(situation)}
    return {agent: held[agent] for agent, own in limits(situation).items() if held[agent] > over * own}


def open_work_now(situation: Situation) -> list[Flag]:
    """A condition for each of them, where the account does not want to wait for the days that LD1 takes to warn."""
    if situation.gate.is_closed or not situation.policy.rebalance.at_once:
        return []
    own, here = limits(situation), now(situation).people
    warned = {flag["subject"]["id"] for flag in situation.flags if flag["signal"] == OPEN_WORK}
    return [
        {
            "signal": OPEN_WORK_NOW,
            "rule": ABOVE_LIMIT,
            "rule_version": version_of(f"{ABOVE_LIMIT} {situation.policy.rebalance.over!r}"),
            "subject": {"kind": "agent", "id": agent},
            "level": "warn",
            "state": "active",
            "since": situation.as_of.astimezone(ZoneInfo(here[agent].zone)).date().isoformat(),
            "values": {"open_weight": round(weight, 4), "limit": round(own[agent], 4)},
            "grade": "A",
        }
        for agent, weight in sorted(above_limit(situation).items())
        if agent in here and agent not in warned and situation.gate.allows(OPEN_WORK, "agent", agent)
    ]
