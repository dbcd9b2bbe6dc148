"""From what an evaluation found to proposals that people see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.acting import review
from helpdesk_wellbeing.acting.policy import Acting
from helpdesk_wellbeing.flags import check
from helpdesk_wellbeing.plan.planning import History, Past, Planned, Situation, propose
from helpdesk_wellbeing.plan.policy import Policy
from helpdesk_wellbeing.plan.proposal import Subject, from_json
from helpdesk_wellbeing.privacy import needs_agreement

if TYPE_CHECKING:
    from helpdesk_wellbeing.engine import Catalogue, Outcome
    from helpdesk_wellbeing.store import Store
    from helpdesk_wellbeing.store.proposals import Kept

REMEMBERED = timedelta(days=90)  # longer than anything is held against a proposal


@dataclass(frozen=True)
class Looked:
    """What one look at the proposals did."""

    made: list[str]
    ended: list[str]
    planned: Planned
    goes_on: bool  # there is something that time alone may change


def look_again(store: Store, outcome: Outcome, catalogue: Catalogue, at: datetime) -> Looked:
    """End what has expired or lost its flag, and keep what planning proposes now."""
    account = outcome.account
    answer = check(outcome, catalogue, withhold_agents=needs_agreement(store.account(account)))
    on = {(flag["rule"], flag["subject"]["kind"], flag["subject"]["id"]) for flag in answer["flags"]}
    ended = review.let_go(store, account, on, at)
    review.finish(store, account, at)
    planned = propose(situation_of(store, outcome, catalogue, answer, at))
    made = review.keep(store, account, planned.proposals, at)
    waits = bool(store.proposals.listed(account, review.PENDING))
    return Looked(made, ended, planned, goes_on=waits or bool(answer["flags"]))


def planning_policy(acting: Acting) -> Policy:
    """What planning is told of the account's settings."""
    off = {action for action, mode in acting.modes.items() if mode == "off"}
    return Policy.model_validate({**acting.planning, "off": off})


def situation_of(
    store: Store, outcome: Outcome, catalogue: Catalogue, answer: Mapping[str, Any], at: datetime
) -> Situation:
    """Everything that planning looks at, of one instant."""
    raise NotImplementedError


def history_of(store: Store, account: str, policy: Policy, at: datetime) -> History:
    """What is known of earlier proposals."""
    kept = store.proposals.listed(account, since=at - REMEMBERED)
    latest: dict[tuple[str, Subject], Past] = {}
    refused: dict[tuple[str, str], datetime] = {}
    pending: dict[str, str] = {}
    for one in kept:  # oldest first
        proposal = from_json(one.body)
        latest[one.action, proposal.subject] = Past(_state(one), one.changed_at, one.snoozed_until)
        until = one.changed_at + timedelta(days=policy.decline_days)
        if one.state in ("declined", "undone") and until > at:
            refused.update({(move.ticket, move.receiver): until for move in proposal.moves})
        if one.state in review.PENDING:
            pending.update({move.ticket: move.receiver for move in proposal.moves})
        for consent in store.proposals.consents(account, one.id) if one.state in ("accepted", "done") else ():
            if consent.answer == "no" and until > at:
                refused.update({(m.ticket, m.receiver): until for m in proposal.moves if m.receiver == consent.agent})
    moved = {
        w.target: w.changed_at
        for kind in ("move", "undo")
        for w in store.writes.written(account, kind, at - REMEMBERED)
    }
    return History(latest, refused, moved, pending, {})


def _state(kept: Kept) -> Any:
    return "open" if kept.state == "asked" else kept.state
