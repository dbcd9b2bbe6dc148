"""Proposals as people and programs read them, with all that became of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.acting.policy import Mode
from helpdesk_wellbeing.agreement.model import STATUTORY
from helpdesk_wellbeing.agreement.showing import HEAD_START
from helpdesk_wellbeing.errors import CannotDecide
from helpdesk_wellbeing.plan.actions.loads import OPEN_WORK_NOW
from helpdesk_wellbeing.plan.limits import OPEN_WORK
from helpdesk_wellbeing.plan.proposal import Proposal, Subject, from_json
from helpdesk_wellbeing.store.proposals import Kept
from helpdesk_wellbeing.words import counted

if TYPE_CHECKING:
    from helpdesk_wellbeing.agreement.gate import Gate
    from helpdesk_wellbeing.store import Store

OPEN = ("open", "snoozed")  # somebody may decide
OVER = ("expired", "withdrawn")
OBJECTED, CONTESTED, OWN_HOURS = "objected", "contested", "own hours"  # why something was withdrawn
PRIVATE = (OBJECTED, CONTESTED, OWN_HOURS, "excluded")  # reasons that are told to the person alone whom it is about
GONE = "not available"  # what all others hear instead
AS_SIGNAL = {OPEN_WORK_NOW: OPEN_WORK}  # a condition that is agreed to with a signal


def found(store: Store, account: str, id: str) -> Kept:
    """The stored proposal. Raises CannotDecide when there is none of this id."""
    kept = store.proposals.get(account, id)
    if kept is None:
        raise CannotDecide(f"{account}: there is no proposal {id}; see proposals list")
    return kept


def listed(store: Store, account: str, states: Collection[str] | None = OPEN) -> list[dict[str, Any]]:
    """Proposals as JSON, oldest first: never an order of people."""
    return [_shown(store, account, kept) for kept in store.proposals.listed(account, states)]


def is_for_leads(kept: Kept, at: datetime, gate: Gate) -> bool:
    """Whether others than the agent it is about see it by now: the agent does first, and the gate must let it pass."""
    proposal = from_json(kept.body)
    return proposal.lead_from <= at and not says_too_much(proposal, gate)


def says_too_much(proposal: Proposal, gate: Gate) -> bool:
    """Whether a proposal says more of a person than the gate lets pass; then it is shown to nobody, in no state."""
    about = [(because.signal, because.subject) for because in proposal.because]
    loads = [row["agent"] for row in proposal.details.get("loads", ()) if row.get("agent")]
    about += [(OPEN_WORK, Subject("agent", agent)) for agent in loads]
    if proposal.subject.kind == "agent" and gate.is_closed:
        return True
    return any(not gate.allows(AS_SIGNAL.get(signal, signal), subject.kind, subject.id) for signal, subject in about)


def held_back(proposal: Proposal, gate: Gate) -> str | None:
    """Why nobody may decide about a proposal, if so."""
    if says_too_much(proposal, gate):
        return gate.why
    return CONTESTED if is_contested(proposal, gate) else None


def why_ended(proposal: Proposal, gate: Gate) -> str | None:
    """Why a proposal is withdrawn, if it is: what somebody said where that is why, else what keeps it back."""
    if not says_too_much(proposal, gate):
        return held_back(proposal, gate)
    if not says_too_much(proposal, replace(gate, objections={})):
        return OBJECTED
    return gate.why if says_too_much(proposal, replace(gate, objections={}, excluded=frozenset())) else "excluded"


def reason_for(reason: str | None, body: Mapping[str, Any], agent: str | None) -> str | None:
    """The reason of a decision about a proposal of this body, as it may be told to an agent, or (None) to others."""
    if reason not in PRIVATE:
        return reason
    loads = {row["agent"] for row in body.get("details", {}).get("loads", ()) if row.get("agent")}
    return reason if agents_in(body) | loads == {agent} else GONE


def is_taken_back(kept: Kept, proposal: Proposal, gate: Gate) -> bool:
    """Whether it went because it may not be acted upon: then who might have decided does not see it any more."""
    return kept.state in OVER and held_back(proposal, gate) is not None


def is_contested(proposal: Proposal, gate: Gate) -> bool:
    """Whether a proposal rests on a flag that was contested: it waits for nobody then, though the rest may be right.

    What else it rests on is looked at anew when proposals are made the next time.
    """
    return any(gate.pauses(one.rule, one.subject.kind, one.subject.id, one.since) for one in proposal.because)


def shown(store: Store, account: str, id: str) -> dict[str, Any]:
    """One proposal with all that became of it. Raises CannotDecide when there is none."""
    return _shown(store, account, found(store, account, id))


def as_leads_see(shown: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """A proposal as JSON for those whom `is_for_leads` lets see it: one for a team comes at once, without the reasons
    that their agents see first."""
    is_own = shown["subject"]["kind"] == "agent"
    return {**shown, "because": [one for one in shown["because"] if is_own or _is_for_leads_by(shown, one, at)]}


def _is_for_leads_by(shown: Mapping[str, Any], because: Mapping[str, Any], at: datetime) -> bool:
    if because["subject"]["kind"] != "agent" or because["signal"] in STATUTORY:
        return True
    return datetime.fromisoformat(because.get("added") or shown["made_at"]) + HEAD_START <= at


def agents_in(shown: Mapping[str, Any]) -> set[str]:
    """The agents of whom a proposal as JSON says something."""
    subjects = [shown["subject"], *(one["subject"] for one in shown["because"])]
    named = {subject["id"] for subject in subjects if subject["kind"] == "agent"}
    named |= {agent for move in shown["moves"] for agent in (move["giver"], move["receiver"])}
    return named | {one["agent"] for one in shown.get("consents", ())}


def reasons_counted(store: Store, account: str) -> dict[str, dict[str, int]]:
    """How often each action was declined for which reason."""
    found: dict[str, dict[str, int]] = {}
    for kept in store.proposals.listed(account, ("declined",)):
        of = found.setdefault(kept.action, {})
        of[kept.reason or "other"] = of.get(kept.reason or "other", 0) + 1
    return found


def _shown(store: Store, account: str, kept: Kept) -> dict[str, Any]:
    body = {name: value for name, value in kept.body.items() if name != "chosen"}
    return {
        "id": kept.id,
        "state": kept.state,
        "decided_by": kept.decided_by,
        "reason": reason_for(kept.reason, kept.body, None),
        "changed_at": kept.changed_at.isoformat(),
        "snoozed_until": None if kept.snoozed_until is None else kept.snoozed_until.isoformat(),
        **body,
        "measured_at": kept.body.get("renewed_at") or kept.body["made_at"],
        "consents": [
            {"agent": one.agent, "answer": one.answer} for one in store.proposals.consents(account, kept.id)
        ],
        "writes": [
            {
                "ticket": w.target, "kind": w.kind, "state": w.state, "tries": w.tries,
                "due_at": w.due_at.isoformat(),
                "reason": w.receipt.get("reason"), "receipt": w.receipt.get("platform"),
                "not_restored": w.receipt.get("not_restored", []),
            }
            for w in store.writes.of_proposal(account, kept.id)
        ],
    }  # fmt: skip


def summary(shown: Mapping[str, Any], mode: Mode) -> str:
    """What a decision led to, in one line."""
    waiting = sum(w["state"] in ("planned", "sent") for w in shown["writes"])
    if shown["state"] in ("accepted", "done") and mode == "suggest":
        return f"accepted; the mode of {shown['action']} is suggest, so move the tickets by hand; their labels come off"
    if shown["state"] == "asked":
        asked = sum(one["answer"] is None for one in shown["consents"])
        return f"accepted; {counted(asked, 'receiver')} must agree before anything is written"
    if waiting:
        return f"{shown['state']}; {counted(waiting, 'write')} to be made"
    if shown["state"] == "accepted" and mode == "dry_run":
        return (
            f"accepted; the mode of {shown['action']} is dry_run, so nothing is written; it can be accepted again "
            "in another mode"
        )
    return str(shown["state"])
