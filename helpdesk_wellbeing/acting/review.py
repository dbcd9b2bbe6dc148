"""The life of a proposal: made, seen by a person, accepted or not, written, undone. Everything lands in the audit.

    open ─┬─ snoozed ─┐                     ┌─ undone
          ├───────────┴─ accepted ─ done ───┘
          ├─ asked (consent of the receivers) ─ accepted
          └─ declined · expired · withdrawn

What is decided and what is to be written because of it are one transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.acting import asking
from helpdesk_wellbeing.acting.names import Names, names_of
from helpdesk_wellbeing.acting.notes import note
from helpdesk_wellbeing.acting.policy import Acting, policy_of
from helpdesk_wellbeing.acting.views import OPEN, OWN_HOURS, PRIVATE, found, held_back, shown, why_ended
from helpdesk_wellbeing.agreement.gate import Gate, gate_of
from helpdesk_wellbeing.errors import CannotDecide, HasChanged
from helpdesk_wellbeing.plan.proposal import WRITING, Move, Proposal, Subject, from_json, to_json
from helpdesk_wellbeing.store.audit import Person
from helpdesk_wellbeing.store.proposals import Kept
from helpdesk_wellbeing.store.said import HOURS
from helpdesk_wellbeing.store.writes import Planned as PlannedWrite

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

PENDING = ("open", "snoozed", "asked", "accepted")
# Why a person declines: a closed list, so that reasons can be counted and nothing personal is typed in.
DECLINED_BECAUSE = ("not needed", "wrong moment", "wrong people", "facts are wrong", "already done", "other")
AFTER_HOURS = "WT7"  # all that hours of one's own change
LONGEST_SNOOZE = timedelta(days=30)
PUT_BACK_FOR = timedelta(days=7)  # that what nothing was written for can be put back after somebody decided


# ---- proposals come and go ------------------------------------------------------------------------------------------


def keep(store: Store, account: str, proposals: Iterable[Proposal], at: datetime) -> list[str]:
    """Put new proposals before people; the ids of those that are new.

    Suggestions are planned, and a standing approval decides at once.
    """
    policy, names, added = policy_of(store, account), names_of(store, account), []
    for proposal in proposals:
        with store.transaction():
            new = Kept(
                proposal.id, proposal.action, proposal.subject.kind, proposal.subject.id, "open", proposal.made_at,
                proposal.expires_at, None, at, None, None, to_json(proposal),
            )  # fmt: skip
            if policy.mode(proposal.action) == "off" or _is_there(store, account, proposal):
                continue
            store.proposals.add(account, new)
            store.audit.add(account, at, "proposed", proposal=proposal.id, **_said(proposal))
            added.append(proposal.id)
            if policy.mode(proposal.action) == "suggest":
                store.writes.plan(account, _suggestions(proposal, policy, names), at)
            _accept_in_advance(store, account, proposal, policy, at)
    return added


def _is_there(store: Store, account: str, proposal: Proposal) -> bool:
    """Whether the same is before people already; another process may have been quicker."""
    place = (proposal.action, proposal.subject.kind, proposal.subject.id)
    pending = store.proposals.listed(account, PENDING)
    known = store.proposals.get(account, proposal.id) is not None
    return known or any((one.action, one.subject_kind, one.subject) == place for one in pending)


def let_go(store: Store, account: str, flags: Collection[tuple[str, str, str]], at: datetime) -> list[str]:
    """End what has expired and what rests on flags that are gone; their ids.

    `flags` are (rule, subject kind, subject) of all that are on now.
    """
    ended = []
    for kept in store.proposals.listed(account, (*OPEN, "asked")):
        proposal, reason = from_json(kept.body), None
        if kept.expires_at <= at:
            state = "expired"
        elif proposal.because and not any((b.rule, b.subject.kind, b.subject.id) in flags for b in proposal.because):
            state, reason = "withdrawn", _own_hours(store, account, proposal)
        else:
            if kept.state == "snoozed" and kept.snoozed_until is not None and kept.snoozed_until <= at:
                store.proposals.change(account, kept.id, ("snoozed",), "open", at)
            continue
        with store.transaction():
            if store.proposals.change(account, kept.id, (*OPEN, "asked"), state, at, reason=reason):
                store.audit.add(account, at, state, proposal=kept.id, **({} if reason is None else {"reason": reason}))
                _take_back_suggestions(store, account, kept.id, at)
                ended.append(kept.id)
    return ended


def _own_hours(store: Store, account: str, proposal: Proposal) -> str | None:
    """The reason when somebody gave hours of their own since, and it rested on work after hours."""
    after_hours = {one.subject.id for one in proposal.because if one.signal == AFTER_HOURS}
    gave = {
        said.agent for said in store.said.words(account) if said.what == HOURS and said.at >= proposal.measured_at
    }  # fmt: skip
    return OWN_HOURS if after_hours & gave else None


def renew(store: Store, account: str, proposals: Iterable[Proposal], at: datetime) -> list[str]:
    """Put what is so now in the place of what open proposals say, under the same ids; those that were.

    Nobody is told again, and it is as old as before.
    """
    policy, names, done = policy_of(store, account), names_of(store, account), []
    for proposal in proposals:
        with store.transaction():
            kept = store.proposals.get(account, proposal.id)
            body = to_json(proposal)
            if kept is None or not store.proposals.renew(account, proposal.id, body, proposal.expires_at):
                continue  # decided meanwhile
            store.audit.add(account, at, "renewed", proposal=proposal.id, **_said(proposal))
            _suggest_anew(store, account, from_json(kept.body), proposal, policy, names, at)
            done.append(proposal.id)
    return done


def _suggest_anew(
    store: Store, account: str, old: Proposal, new: Proposal, policy: Acting, names: Names, at: datetime
) -> None:
    """Labels come off tickets that are not to move any more, and go onto those that are; of a ticket that goes to
    somebody else it is said anew."""
    before, after = ({(move.ticket, move.giver, move.receiver) for move in one.moves} for one in (old, new))
    stays, gone = ({ticket for ticket, _, _ in moves} for moves in (before & after, before - after))
    if policy.mode(new.action) != "suggest":
        _take_back_suggestions(store, account, old.id, at, gone)
        return
    again = tuple(move for move in new.moves if move.ticket not in stays)
    otherwise = gone & {move.ticket for move in again}
    _take_back_suggestions(store, account, old.id, at, gone - otherwise)
    store.writes.cancel(account, old.id, "withdrawn", at, otherwise)
    store.writes.plan(account, _suggestions(replace(new, moves=again), policy, names), at)


def lapse(store: Store, account: str, reasons: Iterable[tuple[str, str]], at: datetime) -> list[str]:
    """Withdraw open proposals that would not be made now, each with the reason (`plan.proposal.SKIPPED`); their ids."""
    ended = []
    for id, reason in reasons:
        with store.transaction():
            if store.proposals.change(account, id, ("open",), "withdrawn", at, reason=reason):
                store.audit.add(account, at, "withdrawn", proposal=id, reason=reason)
                _take_back_suggestions(store, account, id, at)
                ended.append(id)
    return ended


def keep_to(store: Store, account: str, gate: Gate, at: datetime) -> list[str]:
    """Withdraw what says more of a person than the gate lets pass now, and what rests on a contested flag; their ids.

    What is written already stays.
    """
    ended = []
    for kept in store.proposals.listed(account, PENDING):
        reason = why_ended(from_json(kept.body), gate)
        if reason is None:
            continue
        said = reason if reason in PRIVATE else None
        with store.transaction():
            if store.proposals.change(account, kept.id, PENDING, "withdrawn", at, reason=said):
                store.audit.add(account, at, "withdrawn", proposal=kept.id, reason=reason)
                _take_back_suggestions(store, account, kept.id, at)
                ended.append(kept.id)
    return ended


def _said(proposal: Proposal) -> dict[str, Any]:
    """A proposal for the audit: evidence and rule version, no names, no texts."""
    return {
        "action": proposal.action,
        "subject": _subject(proposal.subject),
        "because": [
            {"rule": b.rule, "version": b.rule_version, "signal": b.signal, "subject": _subject(b.subject),
             "level": b.level, "since": b.since, "grade": b.grade, "values": dict(b.values)}
            for b in proposal.because
        ],
        "moves": [_move(move) for move in proposal.moves],
        "expires": proposal.expires_at.isoformat(),
    }  # fmt: skip


def _subject(subject: Subject) -> dict[str, Any]:
    return {"kind": subject.kind, "id": Person(subject.id) if subject.kind == "agent" else subject.id}


def _move(move: Move) -> dict[str, Any]:
    return {"ticket": move.ticket, "from": Person(move.giver), "to": Person(move.receiver)}


def _suggestions(proposal: Proposal, policy: Acting, names: Names) -> list[PlannedWrite]:
    version = "" if proposal.renewed_at is None else f".{proposal.renewed_at:%Y%m%dT%H%M%S}"
    return [
        PlannedWrite(
            f"{proposal.id}{version}:suggest:{move.ticket}", proposal.id, "suggest", move.ticket,
            _asked(move, proposal, "suggested", policy, names),
        )
        for move in proposal.moves
    ]  # fmt: skip


def _asked(move: Move, proposal: Proposal, text: str, policy: Acting, names: Names) -> dict[str, Any]:
    values = {
        "giver": names.agent(move.giver), "receiver": names.agent(move.receiver), "group": names.group(move.group)
    }  # fmt: skip
    return {
        "giver": move.giver,
        "receiver": move.receiver,
        "group": move.group,
        "next_sla": move.next_sla,
        "sla_guard_min": proposal.details.get("sla_guard_min", 60),
        "note": note(text, policy.language, **values),
    }


def _take_back_suggestions(
    store: Store, account: str, id: str, at: datetime, tickets: Collection[str] | None = None
) -> None:
    """Labels of a suggestion that is not one any more, for all tickets or these, are taken off; the notes stay, as
    notes do."""
    store.writes.cancel(account, id, "withdrawn", at, tickets)
    suggested = [w for w in store.writes.of_proposal(account, id) if w.kind == "suggest" and w.state != "skipped"]
    clear = [
        PlannedWrite(w.key.replace(":suggest:", ":clear:", 1), id, "clear", w.target, {"of": w.key})
        for w in suggested
        if tickets is None or w.target in tickets
    ]
    store.writes.plan(account, clear, at)


# ---- people decide --------------------------------------------------------------------------------------------------


def accept(
    store: Store, account: str, id: str, by: str, at: datetime, only: Collection[str] | None = None,
    seen: datetime | None = None,
) -> Mapping[str, Any]:  # fmt: skip
    """Accept a proposal, or of its moves only those of the tickets `only`; what follows from it, as JSON. `seen`: the
    `measured_at` of what the person looked at, where that is known.

    Raises CannotDecide, and HasChanged when it says something else by now.
    """
    with store.transaction():
        kept = _decidable(store, account, id, at)
        proposal, policy = from_json(kept.body), policy_of(store, account)
        if seen is not None and seen != proposal.measured_at:
            raise HasChanged(
                f"proposal {id} was measured anew at {proposal.measured_at:%Y-%m-%d %H:%M} UTC; look at it again"
            )
        _may_be_acted_upon(store, account, proposal, at)  # another process may have made it since
        moves = _chosen(proposal, only)
        if policy.consent and policy.writes(proposal.action) and moves:
            _ask_receivers(store, account, proposal, moves, by, at)
        else:
            _carry_out(store, account, proposal, moves, policy, by, at, "accepted")
    return shown(store, account, id)


def decline(store: Store, account: str, id: str, by: str, reason: str, at: datetime) -> None:
    """Decline a proposal for one of `DECLINED_BECAUSE`; it is not made again for a while. Raises CannotDecide."""
    if reason not in DECLINED_BECAUSE:
        raise CannotDecide(f'"{reason}" is not a reason; take one of: {", ".join(DECLINED_BECAUSE)}')
    with store.transaction():
        _decidable(store, account, id, at, also=("asked",))
        store.proposals.change(account, id, PENDING, "declined", at, by=by, reason=reason)
        store.audit.add(account, at, "declined", proposal=id, by=by, reason=reason)
        _take_back_suggestions(store, account, id, at)


def snooze(store: Store, account: str, id: str, by: str, until: datetime, at: datetime) -> None:
    """Put a proposal aside until then. Raises CannotDecide."""
    if not at < until <= at + LONGEST_SNOOZE:
        raise CannotDecide(f"a proposal can be put aside until a time within {LONGEST_SNOOZE.days} days from now")
    with store.transaction():
        kept = _decidable(store, account, id, at)
        if until >= kept.expires_at:
            raise CannotDecide(f"proposal {id} expires at {kept.expires_at:%Y-%m-%d %H:%M} UTC, before that")
        store.proposals.change(account, id, (*OPEN, "accepted"), "snoozed", at, by=by, snoozed_until=until)
        store.audit.add(account, at, "snoozed", proposal=id, by=by, until=until.isoformat())


def undo(store: Store, account: str, id: str, by: str, at: datetime) -> Mapping[str, Any]:
    """Take back what was written: what nobody has touched since is put back. Raises CannotDecide."""
    with store.transaction():
        kept = found(store, account, id)
        if kept.state not in ("accepted", "done"):
            raise CannotDecide(f"proposal {id} is {_described(kept)}; there is nothing to undo")
        made = [w for w in store.writes.of_proposal(account, id) if w.kind == "move" and w.state != "skipped"]
        if not made:
            raise CannotDecide(f"proposal {id}: no ticket was moved because of it, so there is nothing to undo")
        store.writes.cancel(account, id, "withdrawn", at)
        text = note("undone", policy_of(store, account).language)
        store.writes.plan(
            account,
            [PlannedWrite(f"{w.key}:undo", id, "undo", w.target, {"of": w.key, "note": text}) for w in made],
            at,
        )
        store.proposals.change(account, id, ("accepted", "done"), "undone", at, by=by)
        store.audit.add(account, at, "undo asked", proposal=id, by=by, tickets=[w.target for w in made])
    return shown(store, account, id)


def put_back(store: Store, account: str, id: str, by: str, at: datetime) -> Mapping[str, Any]:
    """Take back that somebody takes care of it, declined it or put it aside; it waits again if it still may.

    Raises CannotDecide.
    """
    with store.transaction():
        kept = found(store, account, id)
        if not may_be_put_back(kept, store.writes.of_proposal(account, id), at):
            raise CannotDecide(f"proposal {id} is {_described(kept)}; it cannot be put back")
        _may_be_acted_upon(store, account, from_json(kept.body), at)
        pending = store.proposals.listed(account, PENDING)
        place = (kept.action, kept.subject_kind, kept.subject)
        is_there = any(one.id != id and (one.action, one.subject_kind, one.subject) == place for one in pending)
        if is_there and kept.state == "declined":
            raise CannotDecide(f"proposal {id} cannot be put back: another one for the same waits by now")
        state = "undone" if is_there or kept.expires_at <= at else "open"
        store.proposals.change(account, id, (kept.state,), state, at, by=by)
        store.audit.add(account, at, "put back", proposal=id, by=by)
    return shown(store, account, id)


def may_be_put_back(kept: Kept, writes: Collection[object], at: datetime) -> bool:
    """Whether it is put aside, or was accepted or declined lately and nothing was to be written for it."""
    if kept.state in ("snoozed", "declined") and kept.expires_at <= at:
        return False
    was_decided = kept.state in ("accepted", "done", "declined") and at - kept.changed_at < PUT_BACK_FOR
    return kept.state == "snoozed" or (was_decided and not writes)


def consent(store: Store, account: str, id: str, agent: str, yes: bool, at: datetime) -> None:
    """A receiver's answer; with the last one what was agreed to is carried out. Raises CannotDecide."""
    with store.transaction():
        kept = found(store, account, id)
        if kept.state != "asked" or kept.expires_at <= at:
            raise CannotDecide(f"proposal {id} is {_described(kept)}; nobody needs to be asked any more")
        if not store.proposals.answer(account, id, agent, "yes" if yes else "no", at):
            raise CannotDecide(f"proposal {id}: {agent} was not asked, or has answered")
        store.audit.add(account, at, "consent", proposal=id, agent=Person(agent), answer="yes" if yes else "no")
        answers = {one.agent: one.answer for one in store.proposals.consents(account, id)}
        if None in answers.values():
            return
        proposal = from_json(kept.body)
        willing = {agent for agent, answer in answers.items() if answer == "yes"}
        chosen = _chosen(proposal, kept.body.get("chosen"))
        moves = [move for move in chosen if move.receiver in willing]
        by = kept.decided_by or "nobody"
        if moves:
            _carry_out(store, account, proposal, moves, policy_of(store, account), by, at, "accepted", was=("asked",))
        else:
            store.proposals.change(account, id, ("asked",), "declined", at, by="receivers", reason="no consent")
            store.audit.add(account, at, "declined", proposal=id, by="receivers", reason="no consent")
            _take_back_suggestions(store, account, id, at)


def _decidable(store: Store, account: str, id: str, at: datetime, also: Sequence[str] = ()) -> Kept:
    kept = found(store, account, id)
    only_tried = kept.state == "accepted" and not store.writes.of_proposal(account, id)  # in a dry run
    if kept.state not in (*OPEN, *also) and not only_tried:
        raise CannotDecide(f"proposal {id} is {_described(kept)}")
    if kept.expires_at <= at:
        raise CannotDecide(f"proposal {id} expired at {kept.expires_at:%Y-%m-%d %H:%M} UTC; a new one comes if needed")
    return kept


def _may_be_acted_upon(store: Store, account: str, proposal: Proposal, at: datetime) -> None:
    reason = held_back(proposal, gate_of(store, account, at))
    if reason is not None:
        raise CannotDecide(f"proposal {proposal.id}: what it rests on may not be acted upon now ({reason})")


def _described(kept: Kept) -> str:
    who = f" by {kept.decided_by}" if kept.decided_by else ""
    return f"{kept.state}{who} since {kept.changed_at:%Y-%m-%d %H:%M} UTC"


def _chosen(proposal: Proposal, only: Collection[str] | None) -> list[Move]:
    if only is None:
        return list(proposal.moves)
    unknown = sorted(set(only) - {move.ticket for move in proposal.moves})
    if unknown:
        raise CannotDecide(f"proposal {proposal.id} does not move ticket {', '.join(unknown)}")
    if not only:
        raise CannotDecide(f"proposal {proposal.id}: no ticket is chosen; decline it instead")
    return [move for move in proposal.moves if move.ticket in set(only)]


def _ask_receivers(
    store: Store, account: str, proposal: Proposal, moves: Sequence[Move], by: str, at: datetime
) -> None:
    receivers = sorted({move.receiver for move in moves})
    store.proposals.change(account, proposal.id, (*OPEN, "accepted"), "asked", at, by=by)
    store.proposals.choose(account, proposal.id, [move.ticket for move in moves])
    store.proposals.ask(account, proposal.id, receivers, at)
    questions = [
        PlannedWrite(f"{proposal.id}:ask:{agent}", proposal.id, "invite", agent, {"consent": proposal.id})
        for agent in receivers
    ]
    store.writes.plan(account, questions, at)
    store.audit.add(
        account, at, "consent asked", proposal=proposal.id, by=by, of=[Person(agent) for agent in receivers]
    )


def _carry_out(
    store: Store, account: str, proposal: Proposal, moves: Sequence[Move], policy: Acting, by: str, at: datetime,
    what: str, was: Collection[str] = (*OPEN, "accepted"), text: str = "moved",
) -> None:  # fmt: skip
    """The decision, and the writes that follow from it."""
    writes = policy.writes(proposal.action)
    store.audit.add(
        account, at, what, proposal=proposal.id, by=by, mode=policy.mode(proposal.action),
        moves=[_move(move) for move in moves],
    )  # fmt: skip
    _take_back_suggestions(store, account, proposal.id, at)
    if writes and moves:
        names = names_of(store, account)
        planned = [
            PlannedWrite(f"{proposal.id}:move:{move.ticket}", proposal.id, "move", move.ticket,
                         _asked(move, proposal, text, policy, names))
            for move in moves
        ]  # fmt: skip
        store.writes.plan(account, planned, at)
    if writes and proposal.action == "esat_wave":
        wave = asking.open_wave(store, account, proposal, policy, at)
        store.audit.add(account, at, "wave opened", proposal=proposal.id, **asking.about(wave))
    by_hand = proposal.action not in WRITING
    store.proposals.change(account, proposal.id, was, "done" if by_hand else "accepted", at, by=by)


def _accept_in_advance(store: Store, account: str, proposal: Proposal, policy: Acting, at: datetime) -> None:
    """What a standing approval allows of a proposal, up to its number of writes an hour."""
    groups = {move.group for move in proposal.moves}
    if len(groups) != 1:
        return
    group = groups.pop()
    standing = policy.standing_for(proposal.action, group, at)
    if standing is None:
        return
    room = standing.an_hour - _moved_in_advance(store, account, group, at - timedelta(hours=1))
    moves = proposal.moves[: max(room, 0)]
    if moves:
        by = f"standing approval of {standing.by}"
        _carry_out(store, account, proposal, moves, policy, by, at, "accepted", text="moved_by_standing")


def _moved_in_advance(store: Store, account: str, group: str, since: datetime) -> int:
    lately = [k for k in store.proposals.listed(account, since=since) if (k.decided_by or "").startswith("standing ")]
    writes = [w for kept in lately for w in store.writes.of_proposal(account, kept.id) if w.kind == "move"]
    return sum(w.asked["group"] == group and w.changed_at >= since for w in writes)


def finish(store: Store, account: str, at: datetime) -> list[str]:
    """Note which accepted proposals have nothing left to write; their ids. What was only tried expires."""
    done = []
    for kept in store.proposals.listed(account, ("accepted",)):
        writes = store.writes.of_proposal(account, kept.id)
        is_over = all(w.state in ("written", "skipped") for w in writes) if writes else kept.expires_at <= at
        if not is_over:
            continue
        state = "done" if writes else "expired"
        with store.transaction():
            if not store.proposals.change(account, kept.id, ("accepted",), state, at):
                continue  # another process was quicker, or it is being undone
            written = sum(w.state == "written" for w in writes)
            store.audit.add(account, at, state, proposal=kept.id, written=written, skipped=len(writes) - written)
        done.append(kept.id)
    return done
