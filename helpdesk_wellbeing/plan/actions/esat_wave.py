"""Ask a whole team how the work is going, because of a condition of its queue and never because of a person."""

from __future__ import annotations

import math

from helpdesk_wellbeing.plan.actions.base import Case, Way, version_of
from helpdesk_wellbeing.plan.actions.words import say, together
from helpdesk_wellbeing.plan.people_now import now
from helpdesk_wellbeing.plan.proposal import Proposal, Subject
from helpdesk_wellbeing.plan.situation import Flag, Situation

TEAM_LOAD = "team_under_load"  # stands where else a rule's id does
MEMBERS = 5
ONLY_CRITICAL = frozenset(["LD6"])


def subject(situation: Situation, flag: Flag) -> Subject:
    """The team of the queue."""
    return Subject("team", flag["subject"]["id"])


def propose(case: Case) -> Proposal | str:
    """A wave, or why the team is not asked now."""
    if all(flag["signal"] in ONLY_CRITICAL and flag["level"] != "critical" for flag in case.flags):
        return "not critical"
    situation = case.situation
    members = now(situation).members.get(case.subject.id, ())
    if len(members) < situation.policy.k:
        return "too few members"
    if (reason := situation.surveys.get(case.subject.id)) is not None:
        return reason
    languages = situation.languages
    texts = together(languages, say(languages, "wave", name=case.name, k=situation.policy.k))
    return case.proposal(texts, details={"members": len(members), "k": situation.policy.k})


def teams_under_load(situation: Situation) -> list[Flag]:
    """A condition for each team of at least five of whom the account's share carries an active load signal.

    It says how many of the team, never who, and not which signals.
    """
    if situation.gate.is_closed:
        return []
    loaded: dict[str, Flag] = {}
    for flag in situation.flags:
        if flag["subject"]["kind"] == "agent" and flag["signal"].startswith("LD") and flag["state"] == "active":
            before = loaded.get(flag["subject"]["id"])
            loaded[flag["subject"]["id"]] = flag if before is None or flag["since"] < before["since"] else before
    found: list[Flag] = []
    share = situation.policy.team_share
    for team, members in sorted(now(situation).members.items()):
        mine = [loaded[agent] for agent in members if agent in loaded]
        if len(members) < MEMBERS or len(mine) < share * len(members) - 1e-9 or not mine:
            continue
        needed = math.ceil(share * len(members) - 1e-9)  # the team is under load since so many are
        found.append(
            {
                "signal": "team_load",
                "rule": TEAM_LOAD,
                "rule_version": version_of(f"{TEAM_LOAD} {share!r} {MEMBERS}"),
                "subject": {"kind": "team", "id": team},
                "level": "warn",
                "state": "active",
                "since": sorted(flag["since"] for flag in mine)[needed - 1],
                "values": {"members": len(members), "part": share},
                "grade": max(flag["grade"] for flag in mine),
            }
        )
    return found


WAY = Way(subject, propose, ("team", "queue"), teams_under_load)
