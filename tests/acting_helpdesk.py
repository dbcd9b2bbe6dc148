"""A helpdesk in memory that acting can write to, and that can be as nasty as a real one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from helpdesk_wellbeing.acting.helpdesk import (
    KEEP,
    Change,
    Conflict,
    Half,
    Invitation,
    Outcome,
    Refused,
    Seen,
    Sent,
    Unknown,
    Written,
)

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass
class Clock:
    """Goes on by itself a little with every look, and when somebody sleeps."""

    at: datetime = MONDAY
    slept: float = 0.0

    def now(self) -> datetime:
        self.at += timedelta(milliseconds=20)
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.at += timedelta(seconds=seconds)


@dataclass
class Desk:
    """Tickets by id; `before` is called with the name of each request and may raise or give an outcome."""

    clock: Clock
    tickets: dict[str, Seen] = field(default_factory=dict)
    saves: list[tuple[str, str, Change]] = field(default_factory=list)  # ticket, marker, what was applied
    invited: dict[str, Invitation] = field(default_factory=dict)  # by marker
    lost_answers: int = 0  # so many of the next writes are applied, and their answer is lost
    before: Callable[[str, str], Outcome | None] = lambda request, ticket: None
    forgiving: bool = True
    notes_apart: bool = False  # a note is a request of its own
    noted: list[tuple[str, str]] = field(default_factory=list)  # ticket, marker

    def put(self, ticket: str, **state: object) -> None:
        usual = Seen(ticket, "open", "anna", "g1", frozenset({"vip"}), None, self._stamp())
        self.tickets[ticket] = replace(usual, **state)  # type: ignore[arg-type]

    def somebody_changes(self, ticket: str, **state: object) -> None:
        """Another person's save."""
        self.clock.at += timedelta(seconds=2)
        self.tickets[ticket] = replace(self.tickets[ticket], stamp=self._stamp(), **state)  # type: ignore[arg-type]

    def look(self, ticket: str) -> Seen:
        self.before("look", ticket)
        return self.tickets[ticket]

    def find(self, seen: Seen, sent: Sent, marker: str) -> Written | Half | None:
        self.before("find", seen.ticket)
        for number, (saved, its_marker, _) in enumerate(self.saves):
            if (saved, its_marker) == (seen.ticket, marker):
                is_whole = not self.notes_apart or sent.note is None or (seen.ticket, marker) in self.noted
                whole = Written(f"audit-{number}", seen.ticket)
                return whole if is_whole else self._half(whole, marker)
        return None

    def _half(self, whole: Written, marker: str) -> Half:
        return Half(whole.ticket, lambda: self._note(whole, marker))

    def _note(self, whole: Written, marker: str) -> Outcome:
        outcome = self.before("note", whole.ticket)
        if outcome is not None:
            return outcome
        self.noted.append((whole.ticket, marker))
        return self._answered(whole)

    def _answered(self, written: Written) -> Outcome:
        if self.lost_answers:
            self.lost_answers -= 1
            return Unknown()
        return written

    def change(self, seen: Seen, change: Change, marker: str) -> Outcome:
        outcome = self.before("change", seen.ticket)
        if outcome is not None:
            return outcome
        there = self.tickets[seen.ticket]
        if there.problem is not None:
            return Refused(there.problem)
        if there.stamp != seen.stamp:
            return Conflict()
        kept = {n: getattr(change, n) for n in ("assignee", "group", "label") if getattr(change, n) is not KEEP}
        tags = there.tags if change.tags is None else change.tags
        self.tickets[seen.ticket] = replace(there, **kept, tags=tags, stamp=self._stamp())
        self.saves.append((seen.ticket, marker, change))
        whole = Written(f"audit-{len(self.saves) - 1}", seen.ticket)
        answered = self._answered(whole)
        if isinstance(answered, Written) and self.notes_apart and change.note is not None:
            return self._half(whole, marker)
        return answered

    def invite(self, invitation: Invitation, marker: str) -> Outcome:
        outcome = self.before("invite", invitation.agent)
        if outcome is not None:
            return outcome
        self.invited.setdefault(marker, invitation)
        return self._answered(Written(None, f"made-{sorted(self.invited).index(marker)}"))

    def made(self, marker: str) -> Written | None:
        self.before("made", marker)
        return Written(None, f"made-{sorted(self.invited).index(marker)}") if marker in self.invited else None

    def moved(self) -> list[str]:
        """Tickets that changed hands by us, once for every time."""
        return [ticket for ticket, _, change in self.saves if change.assignee is not KEEP]

    def _stamp(self) -> str:
        return self.clock.at.replace(microsecond=0).isoformat()


def in_turn(*outcomes: Outcome | Exception | None) -> Callable[[str, str], Outcome | None]:
    """For `Desk.before`: what the next writes meet, one after the other, then nothing any more."""
    left: list[Outcome | Exception | None] = list(outcomes)

    def meet(request: str, ticket: str) -> Outcome | None:
        if request not in ("change", "invite") or not left:
            return None
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return meet


def a_desk(tickets: Iterable[str]) -> Desk:
    desk = Desk(Clock())
    for ticket in tickets:
        desk.put(ticket)
    desk.clock.at += timedelta(seconds=5)
    return desk
