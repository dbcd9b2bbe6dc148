"""Which tickets of a team should change hands: the planner's question from what is known now, its answer as a proposal.

Nobody's flag is answered by loading somebody who has one: who has an active flag of their own takes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import polars as pl

from helpdesk_wellbeing.facts.schema import ONE_TICKET
from helpdesk_wellbeing.plan.actions.base import Case, Way
from helpdesk_wellbeing.plan.actions.loads import OPEN_WORK_NOW, flagged, loads_of, open_work_now
from helpdesk_wellbeing.plan.actions.words import conditions, say
from helpdesk_wellbeing.plan.limits import OPEN_WORK, limits
from helpdesk_wellbeing.plan.people_now import Person, group_shifts, now
from helpdesk_wellbeing.plan.proposal import Move, Proposal, Subject
from helpdesk_wellbeing.plan.rebalance import AGENTS, TICKETS, Plan, Question, Settings, explain
from helpdesk_wellbeing.plan.rebalance import rebalance as best_plan
from helpdesk_wellbeing.plan.rebalance.answer import LOADED
from helpdesk_wellbeing.plan.rebalance.answer import Move as Moved
from helpdesk_wellbeing.plan.rebalance.question import MOST_EFFORT
from helpdesk_wellbeing.plan.situation import Flag, Situation

_NOT = "\0"  # the beginning of a skill that everybody has but one: it keeps a ticket from who declined it


def subject(situation: Situation, flag: Flag) -> Subject:
    """The flag's team; an agent's is the group in which most of their open work lies, of those they belong to."""
    kind, name = flag["subject"]["kind"], flag["subject"]["id"]
    if kind != "agent":
        return Subject("team", name)
    person = now(situation).people.get(name)
    groups = person.groups if person else ()
    work = loads_of(situation).in_group.get(name, {})
    where = sorted(groups or work, key=lambda group: (-work.get(group, 0), group))
    return Subject("team", where[0]) if where else Subject("agent", name)


def propose(case: Case) -> Proposal | str:
    """Moves inside one group, or why there are none."""
    if case.subject.kind != "team":
        return "nothing to move"
    people = now(case.situation).people
    members = [people[agent] for agent in now(case.situation).members.get(case.subject.id, ())]
    rebalancing = case.situation.policy.rebalance
    if not any(person.scheduled for person in members):
        return "no schedule" if members else "nobody can take work"
    rows = [_row(case, person) for person in members]
    rows = [row for row in rows if row["effort"] <= MOST_EFFORT]  # more is a store of tickets, not a person's work
    above = _above(case, rows)
    if not above:
        return "no better distribution"
    givers, settings = frozenset(above), rebalancing.settings(case.situation.as_of, above.values())
    tickets = _tickets(case, givers)
    if not tickets.height:
        return "nothing to move"
    if not any(_may_take(row, settings) and row["agent"] not in givers for row in rows):
        return "nobody can take work"
    question = Question(*_with_refused(case, tickets, rows), settings, givers)
    plan = _without_refused(best_plan(question))
    if 0 < sum(move.why.effort for move in plan.moves) < rebalancing.least_effort * ONE_TICKET:
        return "nothing to move"
    if not plan.moves:
        return "no better distribution" if set(LOADED) & set(plan.stayed.values()) else "nothing to move"
    return _proposal(case, plan)


# ---- the question ---------------------------------------------------------------------------------------------------


def _row(case: Case, person: Person) -> dict[str, Any]:
    """One of `AGENTS`, with what earlier proposals give this person already."""
    situation, loads = case.situation, loads_of(case.situation)
    coming = _coming(case, person.agent)
    ahead = timedelta(days=situation.policy.rebalance.capacity_days)
    return {
        "agent": person.agent,
        "groups": [case.subject.id],  # work moves inside one group only
        "skills": list(person.skills),
        "languages": list(person.languages),
        "light": person.agent in situation.light,
        "minutes": person.minutes(situation.as_of, situation.as_of + ahead),
        "effort": loads.effort.get(person.agent, 0) + sum(effort for effort, _ in coming),
        "cap": _cap(situation, person.agent),
        "works_from": person.works_from(situation.as_of),
        "on_leave": person.on_leave,
        "over_legal_hours": person.agent in flagged(situation),
        "hard": loads.hard.get(person.agent, 0) + sum(hard for _, hard in coming),
    }


def _cap(situation: Situation, agent: str) -> int | None:
    """Up to how much somebody may be given: a part of the own limit, where that is known."""
    policy = situation.policy.rebalance
    own = limits(situation).get(agent)
    known = [limit for limit in (policy.own_limit, None if own is None else policy.fill * own) if limit is not None]
    return round(min(known) * ONE_TICKET) if known else None


def _coming(case: Case, agent: str) -> list[tuple[int, bool]]:
    """Effort and hardness of tickets that other proposals have for somebody who does not hold them yet."""
    held = loads_of(case.situation).held
    promised = (held.get(ticket, (agent, 0, False)) for ticket in case.coming.get(agent, ()))
    return [(effort, hard) for holder, effort, hard in promised if holder != agent]


def _may_take(row: Mapping[str, Any], settings: Settings) -> bool:
    soon = row["works_from"] is not None and row["works_from"] <= settings.now + settings.soon
    return soon and not (row["light"] or row["on_leave"] or row["over_legal_hours"]) and row["minutes"] > 0


def _above(case: Case, rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Who gives, and how many normal tickets above what they should have: those whom a flag is about; of a team that is
    flagged also those above their fair share. Whose open work is flagged gives what lies above the own limit."""
    flags = [(flag, flag["subject"]["id"]) for flag in case.flags if flag["subject"]["kind"] == "agent"]
    about = {agent for _, agent in flags}
    own = limits(case.situation)
    too_much = {
        agent: own[agent] * case.situation.policy.rebalance.over
        for flag, agent in flags
        if flag["signal"] in (OPEN_WORK, OPEN_WORK_NOW) and agent in own
    }
    is_team = any(flag["subject"]["kind"] != "agent" for flag in case.flags)
    there = [row for row in rows if row["minutes"] > 0 and not row["on_leave"] and not row["light"]]
    minutes, effort = max(1, sum(row["minutes"] for row in there)), sum(row["effort"] for row in there)
    above = {}
    for row in rows:
        agent, fair = row["agent"], effort * row["minutes"] / minutes / ONE_TICKET
        has, most = row["effort"] / ONE_TICKET, too_much.get(row["agent"], fair)
        if is_team:
            most = min(most, fair)
        if has > most and (is_team or agent in about):
            above[agent] = has - most
    return above


def _tickets(case: Case, givers: frozenset[str]) -> pl.DataFrame:
    """`TICKETS` of the group that givers hold, those left out that another proposal is about."""
    situation = case.situation
    found = loads_of(situation).tickets.get(case.subject.id)
    if found is None:
        return pl.DataFrame(schema=TICKETS)
    mine = found.filter(
        pl.col("assignee").is_in(sorted(givers))
        & ~pl.col("ticket").is_in(sorted(set(situation.history.pending) - case.own_tickets))
    )
    moved = situation.history.moved
    ours = pl.DataFrame(
        {"ticket": list(moved), "ours": list(moved.values())},
        schema={"ticket": pl.String(), "ours": TICKETS["last_move"]},
    )
    mine = mine.join(ours, on="ticket", how="left").with_columns(last_move=pl.max_horizontal("last_move", "ours"))
    return mine.select(TICKETS.names())


def _with_refused(
    case: Case, tickets: pl.DataFrame, rows: Sequence[dict[str, Any]]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Tickets and agents for the planner; who declined a ticket lately lacks a skill that it then needs."""
    agents = {row["agent"] for row in rows}
    refused: dict[str, list[str]] = {}
    for (ticket, receiver), until in case.situation.history.refused.items():
        if until > case.situation.as_of and receiver in agents:
            refused.setdefault(ticket, []).append(f"{_NOT}{receiver}")
    refused = {ticket: refused[ticket] for ticket in refused if ticket in set(tickets["ticket"])}
    others = sorted({word for words in refused.values() for word in words})
    people = [{**row, "skills": [*row["skills"], *(w for w in others if w != f"{_NOT}{row['agent']}")]} for row in rows]
    if refused:
        added = [refused.get(ticket, []) for ticket in tickets["ticket"]]
        extra = pl.Series("extra", added, dtype=pl.List(pl.String()))
        tickets = tickets.with_columns(skills=pl.col("skills").list.concat(extra))
    return tickets, pl.DataFrame(people, schema=AGENTS)


def _without_refused(plan: Plan) -> Plan:
    """The skills that explain a move are those that the ticket really needs."""

    def real(skills: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(skill for skill in skills if not skill.startswith(_NOT))

    moves = (replace(move, why=replace(move.why, skills=real(move.why.skills))) for move in plan.moves)
    return replace(plan, moves=tuple(moves))


# ---- the proposal ---------------------------------------------------------------------------------------------------


def _proposal(case: Case, plan: Plan) -> Proposal:
    languages, here = case.situation.languages, now(case.situation)
    names = {**here.group_names, **here.agent_names}
    reasons = partial(_reasons, plan, languages, names, _may_tell_loads(case, plan))
    moves = [Move(m.ticket, case.subject.id, m.giver, m.receiver, reasons(m.ticket)) for m in plan.moves]
    key = "move" if len(moves) == 1 else "moves"  # no share of the fullest queue: that would be one person's
    texts = [say(languages, key, name=case.name, count=len(moves))]
    if plan.verdict == "optimal":
        texts.append(say(languages, "moves_best"))
    elif plan.gap >= 0.005:
        texts.append(say(languages, "moves_near", part=plan.gap))
    about_team = [flag for flag in case.flags if flag["subject"]["kind"] != "agent"]
    why = conditions(case.situation, about_team, case.name)
    both = {language: [*why[language], *(text[language] for text in texts)] for language in languages}
    return case.proposal(both, details=_details(case, plan), expires_at=_end_of_day(case), moves=moves, why=False)


def _reasons(
    plan: Plan, languages: Sequence[str], names: Mapping[str, str], loads: bool, ticket: str
) -> dict[str, str]:
    return {language: " ".join(explain(plan, ticket, language, names, loads=loads)) for language in languages}


def _may_tell_loads(case: Case, plan: Plan) -> bool:
    """Whether everybody who gives or receives may be spoken of by the work that they have, to anybody who decides."""
    gate = case.situation.gate
    involved = {agent for move in plan.moves for agent in (move.giver, move.receiver)}
    is_agreed = gate.shows_to("lead") or gate.shows_to("ops")
    return is_agreed and all(gate.allows(OPEN_WORK, "agent", agent) for agent in involved)


def _details(case: Case, plan: Plan) -> dict[str, Any]:
    """Loads by name only of those who give or receive; the rest of the team as bars, the fullest first."""
    involved = {agent for move in plan.moves for agent in (move.giver, move.receiver)}
    rows = [_load(row) for row in plan.loads.iter_rows(named=True)]
    named = [row for row in rows if row["agent"] in involved]
    bars = [row | {"agent": None} for row in rows if row["agent"] not in involved]
    bars.sort(key=lambda row: (-(row["share_before"] or 0), -row["effort_before"]))
    return {
        "loads": [*named, *bars] if _may_tell_loads(case, plan) else [],
        "tickets": [_of_ticket(move) for move in plan.moves],
        "verdict": plan.verdict,
        "gap": round(plan.gap, 6),
        "cost_before": round(plan.cost_before, 4),
        "cost_after": round(plan.objective, 4),
        "stayed": dict(sorted(Counter(plan.stayed.values()).items())),
    }


def _of_ticket(move: Moved) -> dict[str, Any]:
    """What sets a ticket apart from the others that move."""
    why = move.why
    skills = [word for word in why.skills if not word.startswith(_NOT)]
    return {
        "ticket": move.ticket, "effort": round(why.effort / ONE_TICKET, 2), "skills": skills,
        "language": why.language, "knows": why.knows, "hard": why.hard, "others": why.others,
    }  # fmt: skip


def _load(row: Mapping[str, Any]) -> dict[str, Any]:
    def share(value: float | None) -> float | None:
        return None if value is None else round(value, 4)

    return {
        "agent": row["agent"],
        "hours": round(row["minutes"] / 60, 2),
        "effort_before": round(row["effort_before"] / ONE_TICKET, 4),
        "effort_after": round(row["effort_after"] / ONE_TICKET, 4),
        "share_before": share(row["share_before"]),
        "share_after": share(row["share_after"]),
        "hard_before": row["hard_before"],
        "hard_after": row["hard_after"],
    }


def _end_of_day(case: Case) -> datetime:
    """When the group's working day ends that runs now or begins next, by its own schedule."""
    shifts = group_shifts(case.situation, case.subject.id)
    return shifts[0][1] if shifts else case.latest


WAY = Way(subject, propose, ("agent", "team", "queue"), open_work_now)
