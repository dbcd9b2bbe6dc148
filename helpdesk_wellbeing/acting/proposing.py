"""From what an evaluation found to proposals that people see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from helpdesk_wellbeing.acting import asking, review
from helpdesk_wellbeing.acting.helpdesk import SURVEY_TAG
from helpdesk_wellbeing.acting.policy import Acting, policy_of
from helpdesk_wellbeing.agreement.gate import Gate, gate_of
from helpdesk_wellbeing.flags import check
from helpdesk_wellbeing.plan.actions.esat_wave import teams_under_load
from helpdesk_wellbeing.plan.actions.loads import open_work_now
from helpdesk_wellbeing.plan.open_work import COLUMNS, open_work
from helpdesk_wellbeing.plan.planning import History, Past, Planned, Situation, past_reason, propose
from helpdesk_wellbeing.plan.policy import Policy
from helpdesk_wellbeing.plan.proposal import Proposal, Subject, from_json
from helpdesk_wellbeing.plan.reviewers import is_statutory, reviewer_of

if TYPE_CHECKING:
    from helpdesk_wellbeing.engine import Catalogue, Outcome
    from helpdesk_wellbeing.store import Store
    from helpdesk_wellbeing.store.proposals import Kept

LOOKED_BACK = timedelta(weeks=8)  # for tags, due times and who knows a ticket
REMEMBERED = timedelta(days=90)  # longer than anything is held against a proposal


@dataclass(frozen=True)
class Looked:
    """What one look at the proposals did."""

    made: list[str]
    renewed: list[str]
    ended: list[str]
    planned: Planned
    goes_on: bool  # there is something that time alone may change


def would_propose(store: Store, outcome: Outcome, catalogue: Catalogue, at: datetime) -> Planned:
    """What planning proposes as of then; nothing is kept."""
    gate = gate_of(store, outcome.account, at, directory=outcome.facts.directory)
    situation = situation_of(store, outcome, catalogue, check(outcome, catalogue, gate=gate), at, gate)
    return propose(replace(situation, history=history_of(store, outcome.account, situation.policy, at)))


def look_again(store: Store, outcome: Outcome, catalogue: Catalogue, at: datetime) -> Looked:
    """End what has expired or lost its flag, renew what is not so any more, and keep what planning proposes now."""
    account = outcome.account
    gate = gate_of(store, account, at, directory=outcome.facts.directory)
    answer = check(outcome, catalogue, gate=gate)
    asking.look_after_waves(store, account, at)
    review.finish(store, account, at)
    situation = situation_of(store, outcome, catalogue, answer, at, gate)
    flags = [*answer["flags"], *teams_under_load(situation), *open_work_now(situation)]
    on = {(flag["rule"], flag["subject"]["kind"], flag["subject"]["id"]) for flag in flags}
    on |= {(rule, "team", id) for rule, _, id in on}  # a wave is for the team of a queue
    ended = [*review.keep_to(store, account, gate, at), *review.let_go(store, account, on, at)]
    history = history_of(store, account, situation.policy, at)
    situation = replace(situation, history=replace(history, made_today=_made_today(store, situation)))
    planned = propose(situation)
    renewed = review.renew(store, account, planned.renewed, at)
    ended += review.lapse(store, account, planned.lapsed, at)
    made = review.keep(store, account, [*planned.proposals, *_regular_waves(store, situation, planned)], at)
    waits = bool(store.proposals.listed(account, review.PENDING)) or asking.is_open(store, account)
    return Looked(made, renewed, ended, planned, goes_on=waits or bool(answer["flags"]))


def _made_today(store: Store, situation: Situation) -> dict[str, int]:
    """How much of the day's budget each reviewer has had: proposals made on this day of the account's zone."""
    zone = ZoneInfo(situation.zone)
    today = situation.as_of.astimezone(zone).date()
    made: Counter[str] = Counter()
    for kept in store.proposals.listed(situation.account, since=situation.as_of - timedelta(days=2)):
        proposal = from_json(kept.body)
        is_todays = kept.made_at.astimezone(zone).date() == today
        if is_todays and proposal.because and not is_statutory(situation, proposal):
            made[reviewer_of(situation, proposal.subject)] += 1
    return dict(made)


def _regular_waves(store: Store, situation: Situation, planned: Planned) -> list[Proposal]:
    """The regular waves of teams for which no other proposal of the kind stands."""
    if "esat_wave" in situation.policy.off:
        return []
    asked = {proposal.subject for proposal in planned.proposals if proposal.action == "esat_wave"}
    due = asking.regular(store, situation.account, situation.facts.directory, situation.as_of)
    return [one for one in due if one.subject not in asked and past_reason(situation, "esat_wave", one.subject) is None]


def planning_policy(acting: Acting) -> Policy:
    """What planning is told of the account's settings."""
    off = {action for action, mode in acting.modes.items() if mode == "off"}
    policy = Policy.model_validate({**acting.planning, "off": off})
    own = {*policy.tags.own, SURVEY_TAG}
    return policy.model_copy(update={"tags": policy.tags.model_copy(update={"own": tuple(sorted(own))})})


def situation_of(
    store: Store, outcome: Outcome, catalogue: Catalogue, answer: Mapping[str, Any], at: datetime, gate: Gate
) -> Situation:
    """What planning looks at, at an instant, without the history of proposals; `answer` was made with this gate."""
    account, policy = outcome.account, planning_policy(policy_of(store, outcome.account))
    events = store.read_events(account, at - LOOKED_BACK, outcome.as_of, columns=COLUMNS)
    work = open_work(outcome.standing.carry.tickets, events, outcome.facts.handled, policy.tags)
    return Situation(
        account=account,
        as_of=at,
        zone=outcome.facts.zone,
        flags=answer["flags"],
        rules=catalogue.rules,
        facts=outcome.facts,
        work=work,
        policy=policy,
        surveys=asking.reasons(store, account, outcome.facts.directory, at),
        gate=gate,
    )


def history_of(store: Store, account: str, policy: Policy, at: datetime) -> History:
    """What is known of earlier proposals."""
    kept = store.proposals.listed(account, since=at - REMEMBERED)
    latest: dict[tuple[str, Subject], Past] = {}
    refused: dict[tuple[str, str], datetime] = {}
    pending: dict[str, str] = {}
    standing: dict[tuple[str, Subject], Proposal] = {}
    for one in kept:  # oldest first
        proposal = from_json(one.body)
        latest[one.action, proposal.subject] = Past(_state(one), one.changed_at, one.snoozed_until)
        until = one.changed_at + timedelta(days=policy.decline_days)
        if one.state in ("declined", "undone") and until > at:
            refused.update({(move.ticket, move.receiver): until for move in proposal.moves})
        if one.state in review.PENDING:
            pending.update({move.ticket: move.receiver for move in proposal.moves})
        if one.state == "open" and proposal.because:
            standing[one.action, proposal.subject] = proposal
        for consent in store.proposals.consents(account, one.id) if one.state in ("accepted", "done") else ():
            if consent.answer == "no" and until > at:
                refused.update({(m.ticket, m.receiver): until for m in proposal.moves if m.receiver == consent.agent})
    moved = {
        w.target: w.changed_at
        for kind in ("move", "undo")
        for w in store.writes.written(account, kind, at - REMEMBERED)
    }
    return History(latest, refused, moved, pending, {}, standing)


def _state(kept: Kept) -> Any:
    return "open" if kept.state == "asked" else kept.state
