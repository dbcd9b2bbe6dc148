"""What we wrote on tickets, taken off again: our tags, the values of our field, and the tickets that we made.

Our tags travel: a follow-up has those of the ticket before it, a merged ticket gives its own away. So every ticket that
changed since the installation is looked at, by the export, besides those of the latest writes.
https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from connectors.zendesk.written import Change, Done, JobState, Queued, Refused, TicketState, Unknown
from helpdesk_wellbeing.acting.helpdesk import TAGS

if TYPE_CHECKING:
    from connectors.zendesk.writing import Writing

MARKER = "uninstall"
EXPORT_LAG = timedelta(minutes=2)  # the export knows no younger changes, and takes no younger start
A_JOB = 100  # tickets
_ROUNDS = 4
_POLLS = 600
_POLL_S = 1.0


@dataclass
class Cleaned:
    """What became of the tickets."""

    cleaned: int = 0
    deleted: list[str] = field(default_factory=list)  # survey tickets of ours
    closed: list[str] = field(default_factory=list)  # can't be changed: their tags stay
    failed: dict[str, str] = field(default_factory=dict)  # ticket -> the platform's word

    def to_json(self) -> dict[str, Any]:
        """For people and programs."""
        return {"cleaned": self.cleaned, "deleted": self.deleted, "closed": self.closed, "failed": self.failed}

    def lines(self) -> Iterable[str]:
        """What a person should know."""
        yield f"tickets cleaned: {self.cleaned:,}; survey tickets deleted: {len(self.deleted):,}"
        if self.closed:
            yield (
                f"{len(self.closed):,} closed tickets keep our tags, because Zendesk lets nobody change one; "
                "the values of our field go with the field"
            )
        if self.failed:
            some = ", ".join(f"{ticket} ({why})" for ticket, why in sorted(self.failed.items())[:10])
            yield f"{len(self.failed):,} tickets could not be cleaned: {some}; run uninstall again"


def carriers(
    writing: Writing, since: datetime, label: str | None, own: Iterable[str], also: Iterable[str],
    say: Callable[[str], None] = lambda line: None,
) -> list[str]:  # fmt: skip
    """The tickets that carry anything of ours or are ours (`own`), by number.

    Looked at are those changed `since`, and those in `also`, which the export may not know yet. Raises PlatformError.
    """
    mine = set(own)
    start = min(since, writing.api.platform_now()) - EXPORT_LAG
    found, read = mine | set(also), 0
    for page in writing.api.by_cursor("tickets", None, int(start.timestamp())):
        read += len(page.rows)
        found |= {str(row["id"]) for row in page.rows if isinstance(row, dict) and _has_ours(row, label)}
        say(f"tickets looked at: {read:,}, of which {len(found):,} may carry something of ours")
    states = writing.tickets(sorted(found, key=int))
    there = (t for t, state in states.items() if not state.is_gone and (t in mine or _carries(state, label)))
    return sorted(there, key=int)


def clean(
    writing: Writing, tickets: Sequence[str], label: str | None, own: Iterable[str],
    sleep: Callable[[float], None] = time.sleep, say: Callable[[str], None] = lambda line: None,
) -> Cleaned:  # fmt: skip
    """Take everything of ours off `tickets`; delete those that we made (`own`).

    What is on a ticket now decides, so that it may be repeated after any trouble. Raises PlatformError.
    """
    made, mine = Cleaned(), set(own)
    for low in range(0, len(tickets), A_JOB):
        _clean_some(writing, tickets[low : low + A_JOB], label, mine, made, sleep)
        say(f"tickets cleaned: {min(low + A_JOB, len(tickets)):,} of {len(tickets):,}")
    return made


def _clean_some(
    writing: Writing, tickets: Sequence[str], label: str | None, own: set[str], made: Cleaned,
    sleep: Callable[[float], None],
) -> None:  # fmt: skip
    states = writing.tickets(tickets)
    for ticket in tickets:
        if ticket in own and not states[ticket].is_gone:
            _delete(writing, ticket, made)
    others = [
        t for t, state in states.items() if t not in made.deleted and not state.is_gone and _carries(state, label)
    ]
    words: dict[str, str] = {}
    left = _to_clean(writing, others, label)
    for _ in range(_ROUNDS):
        if not left:
            break
        words = _job(writing, left, label, sleep)
        left = _to_clean(writing, left, label)
    states = writing.tickets(others)
    closed = [t for t, state in states.items() if state.is_closed and state.tags & set(TAGS)]
    made.closed += closed
    made.failed |= {ticket: words.get(ticket, "it kept changing") for ticket in left}
    made.cleaned += len(others) - len({*closed, *left})


def _to_clean(writing: Writing, tickets: Sequence[str], label: str | None) -> list[str]:
    states = writing.tickets(tickets)
    return [t for t, s in states.items() if not (s.is_gone or s.is_closed) and _carries(s, label)]


def _delete(writing: Writing, ticket: str, made: Cleaned) -> None:
    answer = writing.delete_ticket(ticket)
    if isinstance(answer, Unknown):  # the same again does no harm
        answer = writing.delete_ticket(ticket)
    if isinstance(answer, Done) or (isinstance(answer, Refused) and answer.reason == "gone"):
        made.deleted.append(ticket)
    else:
        made.failed[ticket] = "may not be deleted" if isinstance(answer, Refused) else "not known to be deleted"


def _job(writing: Writing, tickets: Sequence[str], label: str | None, sleep: Callable[[float], None]) -> dict[str, str]:
    """One job for these tickets, to its end; the word for each row that failed. What is unknown is seen by reading."""
    change = Change(fields={label: None}) if label is not None else Change()
    answer = writing.update_all(tickets, change, remove_tags=TAGS, marker=MARKER)
    if isinstance(answer, Refused):
        return dict.fromkeys(tickets, answer.reason)
    if not isinstance(answer, Queued):
        return {}
    job = _to_the_end(writing, answer.job, sleep)
    return {row.ticket: row.error or "failed" for row in job.rows if row.ticket and not row.success}


def _to_the_end(writing: Writing, job: JobState, sleep: Callable[[float], None]) -> JobState:
    for _ in range(_POLLS):
        if job.is_over:
            break
        sleep(_POLL_S)
        job = writing.job(job.id)
    return job


def _has_ours(row: dict[str, Any], label: str | None) -> bool:
    """A row of the export."""
    values = row.get("custom_fields") or ()
    has_value = any(str(v.get("id")) == label and v.get("value") not in (None, "") for v in values)
    return row.get("status") != "deleted" and (has_value or bool(set(row.get("tags") or ()) & set(TAGS)))


def _carries(state: TicketState, label: str | None) -> bool:
    return bool(state.tags & set(TAGS)) or (label is not None and state.fields.get(label) not in (None, ""))
