"""What we wrote on tickets, taken off again: our tags, the values of our field, and the tickets that we made.

Freshdesk lists no history, so which tickets those are is known from our own record, and from a search by tag for those
that a merge, a rule or a person gave our tags to. The search is minutes behind and knows no archived ticket.
https://developers.freshdesk.com/api/#filter_tickets
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from connectors.freshdesk.written import Change, TicketState
from connectors.outcomes import Done, Refused, Unknown
from connectors.session import HttpRefused
from helpdesk_wellbeing.acting.helpdesk import TAGS
from helpdesk_wellbeing.words import counted

if TYPE_CHECKING:
    from connectors.freshdesk.admin import Admin
    from connectors.freshdesk.writing import Writing

FIRST_DAY = date(2010, 1, 1)  # Freshdesk is not older
_ROUNDS = 4
_SAY_EVERY = 50


@dataclass
class Cleaned:
    """What became of the tickets."""

    cleaned: int = 0
    deleted: list[str] = field(default_factory=list)  # survey tickets of ours
    away: list[str] = field(default_factory=list)  # deleted, spam or archived: can't be changed
    failed: dict[str, str] = field(default_factory=dict)  # ticket -> the platform's word

    def to_json(self) -> dict[str, Any]:
        """For people and programs."""
        return {"cleaned": self.cleaned, "deleted": self.deleted, "away": self.away, "failed": self.failed}

    def lines(self) -> Iterator[str]:
        """What a person should know."""
        yield f"tickets cleaned: {self.cleaned:,}; survey tickets deleted: {len(self.deleted):,}"
        if self.away:
            yield (
                f"{counted(len(self.away), 'ticket')} that we wrote on cannot be reached: deleted, spam, or archived, "
                "and then our tags stay, because Freshdesk lets nobody change an archived ticket"
            )
        if self.failed:
            some = ", ".join(f"{ticket} ({why})" for ticket, why in sorted(self.failed.items())[:10])
            yield f"{counted(len(self.failed), 'ticket')} could not be cleaned: {some}; run uninstall again"
        if self.cleaned or self.away or self.failed:
            yield (
                "what a merge or a rule tagged within the last minutes the search may not have shown yet; "
                "run uninstall once more later to be sure"
            )


@dataclass(frozen=True)
class Found:
    """Tickets that a search by our tags showed; `unseen` says what it could not show."""

    tickets: frozenset[str]
    unseen: tuple[str, ...] = ()


def search(admin: Admin, today: date) -> Found:
    """The tickets with one of our tags. A search that is refused is said, and the rest goes on.

    Raises PlatformError, and BadPayload: what can't be read this time may hold tickets of ours.
    """
    found: set[str] = set()
    unseen: list[str] = []
    for tag in TAGS:
        try:
            shown = admin.tagged(tag)
            parts = [shown] if shown.is_whole else _by_days(admin, tag, FIRST_DAY, today + timedelta(days=1))
            for part in parts:
                found.update(part.tickets)
                if not part.is_whole:
                    unseen.append(f"more tickets of one day are tagged {tag} than a search shows; run uninstall again")
        except HttpRefused as refused:
            if refused.status == 401:
                raise
            unseen.append(f"tickets could not be searched by the tag {tag} ({refused.status}); only those are cleaned "
                          "that we know to have written on")  # fmt: skip
    return Found(frozenset(found), tuple(dict.fromkeys(unseen)))


def _by_days(admin: Admin, tag: str, since: date, until: date) -> Iterator[Any]:
    """Halves of a stretch of days until each shows all that it has: a search shows three hundred at most."""
    part = admin.tagged(tag, since, until)
    if part.is_whole or since >= until:
        yield part
        return
    middle = since + (until - since) // 2
    yield from _by_days(admin, tag, since, middle)
    yield from _by_days(admin, tag, middle + timedelta(days=1), until)


def carriers(writing: Writing, tickets: Iterable[str], label: str | None) -> set[str]:
    """Which of these tickets carry anything of ours now; one request each."""
    return {ticket for ticket in tickets if _carries(writing.ticket(ticket, clocks=False), label)}


def clean(
    writing: Writing, tickets: Sequence[str], label: str | None, own: Iterable[str],
    say: Callable[[str], None] = lambda line: None,
) -> Cleaned:  # fmt: skip
    """Take everything of ours off `tickets`; delete those that we made (`own`). `label` is the name of our field.

    What is on a ticket now decides, so that it may be repeated after any trouble. Raises PlatformError.
    """
    made, mine = Cleaned(), set(own)
    for number, ticket in enumerate(tickets, 1):
        if ticket in mine:
            _delete(writing, ticket, made)
        else:
            _clean_one(writing, ticket, label, made)
        if number % _SAY_EVERY == 0 or number == len(tickets):
            say(f"tickets cleaned: {number:,} of {len(tickets):,}")
    return made


def _clean_one(writing: Writing, ticket: str, label: str | None, made: Cleaned) -> None:
    """One PUT right after a look: Freshdesk sets tags as a whole and knows no version of a ticket."""
    for _ in range(_ROUNDS):
        state = writing.ticket(ticket, clocks=False)
        if state.is_gone:
            made.away.append(ticket)
            return
        if not _carries(state, label):
            made.cleaned += 1
            return
        fields = {label: None} if label is not None and state.fields.get(label) not in (None, "") else {}
        answer = writing.update(ticket, Change(tags=state.tags - set(TAGS), fields=fields))
        if isinstance(answer, Refused):
            _refused(ticket, answer, made)
            return
    made.failed[ticket] = "it kept changing"


def _delete(writing: Writing, ticket: str, made: Cleaned) -> None:
    if writing.ticket(ticket, clocks=False).is_gone:
        return
    answer = writing.delete_ticket(ticket)
    if isinstance(answer, Unknown):  # the same again does no harm
        answer = writing.delete_ticket(ticket)
    if isinstance(answer, Done) or (isinstance(answer, Refused) and answer.reason == "gone"):
        made.deleted.append(ticket)
    else:
        made.failed[ticket] = "may not be deleted" if isinstance(answer, Refused) else "not known to be deleted"


def _refused(ticket: str, answer: Refused, made: Cleaned) -> None:
    if answer.reason == "gone":
        made.away.append(ticket)
    else:
        made.failed[ticket] = answer.reason


def _carries(state: TicketState, label: str | None) -> bool:
    has_value = label is not None and state.fields.get(label) not in (None, "")
    return not state.is_gone and (bool(state.tags & set(TAGS)) or has_value)
