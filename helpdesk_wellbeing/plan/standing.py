"""Whether what waits for a decision still says how things are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from helpdesk_wellbeing.facts.schema import ONE_TICKET
from helpdesk_wellbeing.plan.actions.base import Case
from helpdesk_wellbeing.plan.actions.loads import flagged, loads_of
from helpdesk_wellbeing.plan.people_now import now
from helpdesk_wellbeing.plan.proposal import Because, Move, Proposal, Subject
from helpdesk_wellbeing.plan.situation import Flag, Situation

# A number has changed much when it is further away than this part of what it was; open work also by a normal ticket.
PART, LEAST = 0.1, 1.0

# Why nothing would be proposed now, where that is not a matter of the hour at which one looks.
MAKES_NO_SENSE = frozenset(
    [
        "nothing to move", "no better distribution", "on leave", "no schedule", "too few members", "survey too recent",
        "last survey unanswered", "survey under way", "not critical",
    ]
)  # fmt: skip


def reasons_kept(situation: Situation, flags: Sequence[Flag], standing: Proposal) -> list[Flag]:
    """The flags that a standing proposal may rest on when it is renewed. One about an agent takes no further reason
    that this agent should see first: who decides sees the proposal already."""
    known = {_place(because) for because in standing.because}
    if standing.subject.kind != "agent":
        return list(flags)
    kept = [flag for flag in flags if _flag_place(flag) in known or _is_statutory(situation, flag)]
    return kept if standing.lead_from <= situation.as_of else seen_together(situation, standing.subject, kept)


def seen_together(situation: Situation, subject: Subject, flags: Sequence[Flag]) -> list[Flag]:
    """Those that go into one proposal. Beside what the law asks for, which a lead sees at once, nothing stands that the
    agent should see first."""
    by_law = [flag for flag in flags if _is_statutory(situation, flag)]
    return by_law if subject.kind == "agent" and by_law else list(flags)


def renewed(situation: Situation, standing: Proposal, fresh: Proposal) -> Proposal:
    """The standing proposal with what is so now: as old as it was, and seen by a lead when it was to be."""
    known = {_place(because): because.added for because in standing.because}
    added = situation.as_of.isoformat()
    return replace(
        fresh,
        made_at=standing.made_at,
        lead_from=min(standing.lead_from, fresh.lead_from),
        renewed_at=situation.as_of,
        because=tuple(replace(one, added=known.get(_place(one), added)) for one in fresh.because),
    )


def moves_hold(situation: Situation, standing: Proposal) -> bool:
    """Whether every ticket still lies with its giver, and every receiver may still take it."""
    return all(_holds(situation, move) for move in standing.moves)


def numbers_hold(case: Case, standing: Proposal) -> bool:
    """Whether the evidence and the loads are about those that it shows."""
    return _evidence_holds(case, standing) and _loads_hold(case, standing)


def _holds(situation: Situation, move: Move) -> bool:
    holder, _, _ = loads_of(situation).held.get(move.ticket, (None, 0, False))
    receiver = now(situation).people.get(move.receiver)
    if holder != move.giver or receiver is None or receiver.on_leave or move.group not in receiver.groups:
        return False
    until = situation.history.refused.get((move.ticket, move.receiver))
    barred = move.receiver in flagged(situation) or move.receiver in situation.light
    return not barred and (until is None or until <= situation.as_of)


def _loads_hold(case: Case, standing: Proposal) -> bool:
    """Tickets that other proposals have for somebody may have been counted in or not."""
    loads = loads_of(case.situation)
    for row in standing.details.get("loads", ()):
        if row["agent"] is None:
            continue
        coming = (loads.held.get(ticket, (row["agent"], 0, False)) for ticket in case.coming.get(row["agent"], ()))
        least = loads.effort.get(row["agent"], 0) / ONE_TICKET
        most = least + sum(effort for holder, effort, _ in coming if holder != row["agent"]) / ONE_TICKET
        far = max(LEAST, PART * row["effort_before"])
        if not least - far <= row["effort_before"] <= most + far:
            return False
    return True


def _evidence_holds(case: Case, standing: Proposal) -> bool:
    """Whether it rests on the same flags, at the same levels, with about the same values. One that is about to end
    still counts."""
    known = {_place(because): because for because in standing.because}
    if any(_flag_place(flag) not in known for flag in case.flags):
        return False
    on = {_flag_place(flag): flag for flag in (*case.situation.flags, *case.flags)}
    for place, because in known.items():
        flag = on.get(place)
        if flag is None:
            return False
        if flag["state"] == "active" and not (flag["level"] == because.level and _near(flag["values"], because.values)):
            return False
    return True


def _near(new: Mapping[str, float | int | None], old: Mapping[str, float | int | None]) -> bool:
    return set(new) == set(old) and all(_is_near(value, old[name]) for name, value in new.items())


def _is_near(new: object, old: object) -> bool:
    if isinstance(new, int | float) and isinstance(old, int | float):
        return abs(new - old) <= PART * abs(old) + 1e-9
    return new == old


def _place(because: Because) -> tuple[str, str, str]:
    return because.rule, because.subject.kind, because.subject.id


def _flag_place(flag: Flag) -> tuple[str, str, str]:
    return flag["rule"], flag["subject"]["kind"], flag["subject"]["id"]


def _is_statutory(situation: Situation, flag: Flag) -> bool:
    rule = situation.rules.get(flag["rule"])
    return rule is not None and rule.statutory
