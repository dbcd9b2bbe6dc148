"""When and how much of a flag others than the agent see. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from helpdesk_wellbeing.rules.model import Rule

HEAD_START = timedelta(hours=24)  # in which only the agent sees what no law asks for
LEAST_K = 5
# About tickets, not about those who work on them: however few these are, nothing is said of one of them.
ABOUT_TICKETS = frozenset(["LD6", "LD8", "LD9", "ES1", "QL2"])
IMBALANCE = "LD4"
Spell = tuple[str, str, str, date]

# What leads see of a flag's evidence: kinds of measurement, how many there are, which stretch they are of.
EVIDENCE_CLASS: Mapping[str, str] = {
    "WT1": "length of shifts",
    "WT2": "hours of a week",
    "WT3": "average hours over weeks",
    "WT4": "time between two shifts",
    "WT5": "longest free time in a week",
    "WT6": "breaks within shifts",
    "WT7": "hours outside the own schedule, by week",
    "WT8": "night shifts",
    "LD1": "open work against the own usual",
    "LD3": "work touched a day against the own usual",
    "ES2": "hard tickets against the team's hours",
}


def spells_of(answer: Mapping[str, Any]) -> set[Spell]:
    """The flags of an answer of `flags.check`, as `store.seen` keeps them."""
    return {spell_of(flag) for flag in answer["flags"]}


def spell_of(flag: Mapping[str, Any]) -> Spell:
    """What tells a flag from another, and from an earlier one about the same."""
    return flag["rule"], flag["subject"]["kind"], flag["subject"]["id"], date.fromisoformat(flag["since"])


def visible_to_lead_from(
    flag: Mapping[str, Any], rule: Rule | None, first_at: datetime, head_start: timedelta = HEAD_START
) -> datetime:
    """From when on leads may see a flag that was first seen at `first_at`: an agent sees what no law asks for first.

    A flag of a rule that is not known (any more) waits.
    """
    waits = flag["subject"]["kind"] == "agent" and (rule is None or not rule.statutory)
    return first_at + head_start if waits else first_at


def why_guessable(flag: Mapping[str, Any], members: int, k: int = LEAST_K) -> str | None:
    """Why a flag about a team or queue would tell of one person; None where it does not.

    `members`: how many people contributed to what was measured (see `contributors`).
    """
    if flag["subject"]["kind"] == "agent" or flag["signal"] in ABOUT_TICKETS:
        return None
    if members < k:
        return f"fewer than {k} people contribute"
    if _speaks_of_one(flag.get("evidence", ())):
        return "the evidence is about one person"
    return None


def guessable(flag: Mapping[str, Any], members: int, k: int = LEAST_K) -> bool:
    """Whether the flag is to be held back, see `why_guessable`."""
    return why_guessable(flag, members, k) is not None


def contributors(flag: Mapping[str, Any], in_directory: int) -> int:
    """How many people a team's or queue's flag rests on: those compared where the evidence counts them, else as many as
    the directory has in the group."""
    compared = [len(entry["members"]) for entry in flag.get("evidence", ()) if isinstance(entry.get("members"), list)]
    return min(compared, default=in_directory)


def _speaks_of_one(evidence: Collection[Mapping[str, Any]]) -> bool:
    return any(entry.get("agent") is not None for entry in evidence)
