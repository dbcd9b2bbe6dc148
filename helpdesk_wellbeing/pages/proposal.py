"""One proposal as one viewer may see it: what and why, the moves, the loads, and what became of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from helpdesk_wellbeing.access.gate import Part, Sight, people_in
from helpdesk_wellbeing.acting.policy import policy_of
from helpdesk_wellbeing.acting.review import may_be_put_back
from helpdesk_wellbeing.acting.views import OPEN, is_taken_back, reason_for
from helpdesk_wellbeing.pages import told
from helpdesk_wellbeing.pages.told import Named, Texts
from helpdesk_wellbeing.plan.proposal import WRITING, Because, Move, Proposal, from_json

if TYPE_CHECKING:
    import polars as pl

    from helpdesk_wellbeing.access.viewer import Viewer
    from helpdesk_wellbeing.acting.policy import Acting, Mode
    from helpdesk_wellbeing.pages.known import Known
    from helpdesk_wellbeing.store.proposals import Kept
    from helpdesk_wellbeing.store.writes import Write

_ID = re.compile("[0-9a-f]{12}")
MORNING = 8  # o'clock, in the account's zone: when what was put aside until a day comes back
_NO_WORK = ("solved", "closed", "deleted")
NOT_TAKEN = ("not chosen", "not agreed")  # by who decided; by who would have received it
SOMEBODY = ""  # stands for a colleague who is not named to this viewer


@dataclass(frozen=True)
class Reason:
    """A flag that the proposal rests on, as it stood when it was made."""

    rule: str
    title: str
    subject: Named
    level: str
    since: str  # local date
    grade: str
    sentence: Texts
    source: str
    may_be_wrong: tuple[str, ...]


@dataclass(frozen=True)
class TicketFacts:
    """What sets a ticket apart from the others of the same proposal; `effort` in normal tickets."""

    effort: float
    skills: tuple[str, ...]  # that it needs
    language: str | None
    knows: bool  # the receiver knows it, or who asked
    hard: bool
    others: int  # who could take it, too


@dataclass(frozen=True)
class MoveRow:
    """A ticket that is to change hands. `giver` and `receiver` are names, `SOMEBODY` where they are not told."""

    ticket: str
    group: str
    giver: str
    receiver: str
    reasons: Texts
    state: str | None  # of its write: planned | sent | written | skipped; None: nothing is to be written; or NOT_TAKEN
    problem: str | None  # why it was skipped
    undone: str | None  # the state of the write that takes it back
    facts: TicketFacts | None  # None: older proposals do not tell, and who does not decide is not told


@dataclass(frozen=True)
class LoadRow:
    """Open work of one who gives or receives, in normal tickets; shares are of a fair one."""

    name: str
    effort_before: float
    effort_after: float
    share_before: float | None
    share_after: float | None


@dataclass(frozen=True)
class Others:
    """The rest of the team, whom the moves leave as they are: between which shares of a fair one."""

    people: int
    lowest: float | None
    highest: float | None


@dataclass(frozen=True)
class ConsentRow:
    """Somebody who would receive tickets; None: has not answered."""

    name: str
    answer: str | None


@dataclass(frozen=True)
class Asking:
    """How far the invitations of an accepted survey are; each goes out in its person's working hours."""

    asked: int
    people: int
    last_at: datetime  # when the last of those that wait is due


@dataclass(frozen=True)
class Since:
    """What became of the tickets that would move since their loads were measured, as far as it was read."""

    tickets: int
    solved: int
    elsewhere: int  # of the others: those that somebody else has, or nobody


@dataclass(frozen=True)
class Shown:
    """A proposal as the viewer sees it. Times aware UTC."""

    id: str
    part: Part
    action: str
    subject: Named
    state: str
    texts: Texts
    made_at: datetime
    measured_at: datetime  # its numbers are those of then
    since: Since | None  # None: nothing is known to have changed
    expires_at: datetime
    changed_at: datetime
    snoozed_until: datetime | None
    decided_by: str | None
    reason: str | None
    mode: Mode
    is_stopped: bool
    asks_receivers: bool
    because: tuple[Reason, ...]
    told_later: datetime | None  # from when a further reason is shown: its agent sees it first
    moves: tuple[MoveRow, ...]
    loads: tuple[LoadRow, ...]
    others: Others | None
    consents: tuple[ConsentRow, ...]
    guide: Mapping[str, Sequence[str]]
    writes: Mapping[str, int]  # how many are in which state
    asking: Asking | None  # None: nobody waits to be invited
    is_over: bool  # its time has passed
    may_accept: bool
    may_decline: bool
    may_snooze: bool
    may_undo: bool
    may_put_back: bool
    aside_until: Mapping[str, datetime]  # by word: until when it may be put aside

    @property
    def writes_tickets(self) -> bool:
        """Whether accepting changes the helpdesk, now or in another mode."""
        return self.action in WRITING


def build(known: Known, viewer: Viewer, id: str, now: datetime) -> Shown | None:
    """What the viewer may see of it; None when there is nothing for them, for whatever reason."""
    kept = known.store.proposals.get(viewer.account, id) if _ID.fullmatch(id) else None
    if kept is None:
        return None
    proposal, seen = from_json(kept.body), told.sight(known, viewer, now)
    part = seen.part_of(proposal)
    is_gone = part is Part.DECIDES and is_taken_back(kept, proposal, seen.gate)
    return None if part is None or is_gone else _Building(known, seen, kept, proposal, part).shown()


def note_look(known: Known, viewer: Viewer, shown: Shown, now: datetime, evidence: bool) -> None:
    """It is about to be shown to somebody who may decide."""
    if shown.part is not Part.DECIDES:
        return
    kept = known.store.proposals.get(viewer.account, shown.id)
    if kept is not None:
        agents = people_in(from_json(kept.body))
        told.note_look(known, viewer, now, "proposal", proposals=[shown.id], agents=agents, evidence=evidence)


def puts_aside(word: str, now: datetime, zone: str) -> datetime | None:
    """Until when each word puts a proposal aside; None for an unknown one."""
    place = ZoneInfo(zone)
    today = now.astimezone(place).replace(hour=MORNING, minute=0, second=0, microsecond=0)
    return {
        "1 hour": now + timedelta(hours=1),
        "3 hours": now + timedelta(hours=3),
        "tomorrow": today + timedelta(days=1),
        "monday": today + timedelta(days=7 - today.weekday()),
        "2 weeks": today + timedelta(days=14),
    }.get(word)


ASIDE = ("1 hour", "3 hours", "tomorrow", "monday", "2 weeks")


@dataclass(frozen=True)
class _Building:
    known: Known
    seen: Sight
    kept: Kept
    proposal: Proposal
    part: Part

    @property
    def _account(self) -> str:
        return self.seen.viewer.account

    @property
    def _policy(self) -> Acting:
        return policy_of(self.known.store, self._account)

    def shown(self) -> Shown:
        kept, proposal, policy, at = self.kept, self.proposal, self._policy, self.seen.at
        writes = self.known.store.writes.of_proposal(self._account, kept.id)
        reasons, later = self._because()
        decides = self.part is Part.DECIDES
        is_over = kept.expires_at <= at and kept.state in (*OPEN, "asked", "accepted")
        only_tried = kept.state == "accepted" and not writes
        may_accept = decides and not is_over and (kept.state in OPEN or (only_tried and policy.writes(kept.action)))
        made = [w for w in writes if w.kind == "move" and w.state != "skipped"]
        zone = self.known.directory(self._account).zone
        aside = {until: word for word in reversed(ASIDE) if (until := puts_aside(word, at, zone)) is not None}
        aside = {until: aside[until] for until in sorted(aside) if until < kept.expires_at}
        may_snooze = decides and not is_over and kept.state in OPEN and bool(aside)
        return Shown(
            id=kept.id, part=self.part, action=kept.action,
            subject=told.named(self._names, kept.subject_kind, kept.subject),
            state=kept.state, texts={} if self.part is Part.CONCERNS else proposal.texts,
            made_at=kept.made_at, measured_at=proposal.measured_at, since=self._since(), expires_at=kept.expires_at,
            changed_at=kept.changed_at, snoozed_until=kept.snoozed_until,
            decided_by=told.called(self.known, self._account, kept.decided_by),
            reason=reason_for(kept.reason, kept.body, self.seen.viewer.agent), mode=policy.mode(kept.action),
            is_stopped=policy.stopped,
            asks_receivers=policy.consent and policy.writes(kept.action) and bool(proposal.moves),
            because=reasons, told_later=later, moves=tuple(self._moves(writes, later is None)),
            loads=tuple(self._loads(writes, later is None)), others=self._others(later is None),
            asking=_asking(writes), consents=tuple(self._consents()),
            guide=proposal.details.get("guide", {}) if decides else {}, writes=_counted(writes), is_over=is_over,
            may_accept=may_accept,
            may_decline=decides and not is_over and (kept.state in (*OPEN, "asked") or only_tried),
            may_snooze=may_snooze, may_undo=decides and kept.state in ("accepted", "done") and bool(made),
            may_put_back=decides and may_be_put_back(kept, writes, at),
            aside_until={word: until for until, word in aside.items()},
        )  # fmt: skip

    @property
    def _names(self) -> Any:
        return self.known.names(self._account)

    def _because(self) -> tuple[tuple[Reason, ...], datetime | None]:
        shown, later = [], None
        for because in self.proposal.because:
            if self._may_tell(because):
                shown.append(self._reason(because))
            elif self.part is Part.DECIDES:
                rule = self.known.catalogue.rules.get(because.rule)
                later = max(later or self.seen.at, self.seen.told_from(self.proposal, because, rule))
        return tuple(shown), later

    def _may_tell(self, because: Because) -> bool:
        kind, id = because.subject.kind, because.subject.id
        if self.part is not Part.DECIDES or self.seen.is_self(kind, id):
            return self.seen.is_self(kind, id)
        return self.seen.tells(self.proposal, because, self.known.catalogue.rules.get(because.rule))

    def _reason(self, because: Because) -> Reason:
        rule = self.known.catalogue.rules.get(because.rule)
        subject = told.named(self._names, because.subject.kind, because.subject.id)
        return Reason(
            because.rule, rule.title if rule else because.rule.replace("_", " "), subject, because.level, because.since,
            because.grade, told.sentence(self.known, because.rule, because.signal, because.values, subject.name),
            rule.source if rule else "", rule.may_be_wrong if rule else (),
        )  # fmt: skip

    def _moves(self, writes: Sequence[Write], tells_shares: bool) -> Iterator[MoveRow]:
        """Their sentences tell shares."""
        left = self._left(writes)
        by_ticket = {w.target: w for w in writes if w.kind == "move"}
        facts = self._facts() if self.part is Part.DECIDES else {}
        taken_back = {w.target: w.state for w in writes if w.kind == "undo"}
        for move in self.proposal.moves:
            me = self.seen.viewer.agent
            if self.part is not Part.DECIDES and me not in (move.giver, move.receiver):
                continue
            write = by_ticket.get(move.ticket)
            yield MoveRow(
                move.ticket, self._names.group(move.group), self._person(move.giver), self._person(move.receiver),
                move.reasons if self._sees_loads and tells_shares else {},
                write.state if write else left.get(move.ticket),
                write.receipt.get("reason") if write else None, taken_back.get(move.ticket), facts.get(move.ticket),
            )  # fmt: skip

    def _left(self, writes: Sequence[Write]) -> dict[str, str]:
        """Tickets that do not move because of what was decided, with why (`NOT_TAKEN`); none before that."""
        chosen = self.kept.body.get("chosen") if self.kept.state != "open" else None
        moving = {w.target for w in writes if w.kind == "move"}
        if chosen is None and not moving:
            return {}
        tickets = [move.ticket for move in self.proposal.moves]
        left = {ticket: "not chosen" for ticket in tickets if ticket not in (moving if chosen is None else chosen)}
        disagreed = [ticket for ticket in tickets if moving and ticket not in moving and ticket not in left]
        return left | dict.fromkeys(disagreed, "not agreed")

    def _since(self) -> Since | None:
        """Read while it waits, for who decides."""
        moves, measured = self.proposal.moves, self.proposal.measured_at
        if self.part is not Part.DECIDES or not moves or self.kept.state not in (*OPEN, "asked"):
            return None
        account, store = self._account, self.known.store
        found = self.known.kept(
            ("tickets since", account, self.kept.id), (measured, store.event_span(account)[1:]),
            lambda: _since(store.read_events(account, measured, None, _OF_TICKETS), moves),
        )  # fmt: skip
        return found if found.solved or found.elsewhere else None

    @property
    def _sees_loads(self) -> bool:
        """Who may know how much each has; sentences about a move tell it, too."""
        return self.part is Part.DECIDES and self.seen.sees_loads(self.proposal)

    def _facts(self) -> dict[str, TicketFacts]:
        return {
            one["ticket"]: TicketFacts(
                one["effort"], tuple(one["skills"]), one["language"], one["knows"], one["hard"], one["others"]
            )
            for one in self.proposal.details.get("tickets", ())
        }  # fmt: skip

    def _person(self, agent: str) -> str:
        if self.part is Part.DECIDES or agent == self.seen.viewer.agent:
            return str(self._names.agent(agent))
        return SOMEBODY

    def _loads(self, writes: Sequence[Write], tells_shares: bool) -> Iterator[LoadRow]:
        """By name, those who give or receive. No shares while a person may still be the only one to know of a flag that
        would be read off them. Once decided, what they end with goes by the tickets that move."""
        me = self.seen.viewer.agent
        rows = [row for row in self.proposal.details.get("loads", ()) if row["agent"] is not None]
        if not self._sees_loads:
            rows = [row for row in rows if row["agent"] == me]
        for row in sorted(rows, key=lambda row: self._names.agent(row["agent"]).casefold()):
            after = max(0.0, row["effort_after"] + self._stays_with(row["agent"], writes))
            shares = (row["share_before"], _in_step(row, after)) if tells_shares else (None, None)
            yield LoadRow(self._names.agent(row["agent"]), row["effort_before"], after, *shares)

    def _stays_with(self, agent: str, writes: Sequence[Write]) -> float:
        """Work, in normal tickets, of tickets that do not move: above 0 what stays, below it what does not come."""
        left = {*self._left(writes), *(w.target for w in writes if w.kind == "move" and w.state == "skipped")}
        effort: dict[str, float] = {one["ticket"]: one["effort"] for one in self.proposal.details.get("tickets", ())}
        moves = [move for move in self.proposal.moves if move.ticket in left]
        return sum(effort.get(move.ticket, 0.0) * ((move.giver == agent) - (move.receiver == agent)) for move in moves)

    def _others(self, tells_shares: bool) -> Others | None:
        rows = [row for row in self.proposal.details.get("loads", ()) if row["agent"] is None]
        if not self._sees_loads or not rows:
            return None
        shares = [row["share_before"] for row in rows if tells_shares and row["share_before"] is not None]
        return Others(len(rows), min(shares, default=None), max(shares, default=None))

    def _consents(self) -> Iterator[ConsentRow]:
        for one in self.known.store.proposals.consents(self._account, self.kept.id):
            if self.part is Part.DECIDES or one.agent == self.seen.viewer.agent:
                yield ConsentRow(self._names.agent(one.agent), one.answer)


_OF_TICKETS = ("at", "ticket", "status", "assignee", "kind", "after")


def _since(events: pl.DataFrame, moves: Sequence[Move]) -> Since:
    mine = events.filter(events["ticket"].is_in([move.ticket for move in moves]))
    status: dict[str, str] = {}
    holder: dict[str, str | None] = {}
    for row in mine.iter_rows(named=True):  # oldest first
        said = row["status"] or (row["after"] if row["kind"] in ("status", "deleted") else None)
        status.update({row["ticket"]: said} if said else {})
        if row["kind"] == "assigned" or row["assignee"]:
            holder[row["ticket"]] = row["after"] if row["kind"] == "assigned" else row["assignee"]
    solved = {ticket for ticket, word in status.items() if word in _NO_WORK}
    elsewhere = sum(
        move.ticket not in solved and holder.get(move.ticket, move.giver) not in (move.giver, "") for move in moves
    )
    return Since(len(moves), len(solved), elsewhere)


def _in_step(row: Mapping[str, Any], after: float) -> float | None:
    """The share of a fair one that goes with so much work."""
    if row["share_after"] is None:
        return None
    if after == row["effort_after"]:
        return float(row["share_after"])
    for moment in ("before", "after"):
        if row[f"effort_{moment}"] and row[f"share_{moment}"] is not None:
            return float(row[f"share_{moment}"] * after / row[f"effort_{moment}"])
    return None


def _asking(writes: Sequence[Write]) -> Asking | None:
    mine = [write for write in writes if write.kind == "invite" and "wave" in write.asked and write.state != "skipped"]
    waiting = [write.due_at for write in mine if write.state in ("planned", "sent")]
    return Asking(len(mine) - len(waiting), len(mine), max(waiting)) if waiting else None


def _counted(writes: Sequence[Write]) -> dict[str, int]:
    found: dict[str, int] = {}
    for write in writes:
        if write.kind in ("move", "invite"):
            found[write.state] = found.get(write.state, 0) + 1
    return found


def chosen(moves: Sequence[Move] | Sequence[MoveRow], wanted: Sequence[str]) -> list[str] | None:
    """Which tickets to accept: None for all of them."""
    every = {move.ticket for move in moves}
    return None if set(wanted) == every else list(dict.fromkeys(wanted))
