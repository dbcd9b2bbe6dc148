"""What is written to Freshdesk and what comes of it: changes, states, outcomes. No text of what is read is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from connectors.freshdesk.marks import html_of
from connectors.outcomes import KEEP, Conflict, Done, FieldValue, Keep, Made, Reason, Refused, Unknown, made_of
from helpdesk_wellbeing.errors import BadPayload

STATUSES: Mapping[int, str] = {2: "open", 3: "pending", 4: "solved", 5: "closed"}
OPEN, PENDING = 2, 3
PORTAL = 2  # a source: no mail and no call is told as the way that a ticket came in
LOW = 1  # a priority


@dataclass(frozen=True)
class TicketState:
    """A ticket as one answer showed it. Ids are text; `fields` holds every custom field by the name it is stored under.

    Freshdesk keeps no version of a ticket. `stamp` is `updated_at` with a digest of what a write may touch: two equal
    ones mean that nothing of that has changed, also within the second that `updated_at` names.
    """

    ticket: str
    status: str  # of events.STATUSES; deleted: in the trash, in spam, or not there
    assignee: str | None
    group: str | None
    tags: frozenset[str]
    fields: Mapping[str, Any]
    stamp: str
    requester: str | None = None
    breach_at: str | None = None  # the next SLA breach that a running clock leads to; null: none, or not asked for

    @property
    def is_gone(self) -> bool:
        """No write gets through: deleted, spam, or never there."""
        return self.status == "deleted"


@dataclass(frozen=True)
class Change:
    """What one write sets; the defaults leave everything as it is. `assignee=None` unassigns, a field's None clears.

    `tags` is the whole new list: what it lacks is taken off.
    """

    assignee: str | Keep | None = KEEP
    group: str | Keep | None = KEEP
    tags: frozenset[str] | None = None
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    status: int | None = None


@dataclass(frozen=True)
class NewTicket:
    """A ticket to be made for somebody whom the account knows: `requester` is a user id, never an address.

    As it stands it is no work: it came through the portal, has the lowest priority and is pending, a status in which
    SLA clocks stand still.
    """

    subject: str = field(repr=False)
    body: str = field(repr=False)  # plain text
    requester: str
    marker: str
    assignee: str | None = None
    group: str | None = None
    tags: frozenset[str] = frozenset()
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    status: int = PENDING
    priority: int = LOW
    source: int = PORTAL


@dataclass(frozen=True)
class Written:
    """It was applied. `state` is the ticket after it, as the answer shows it."""

    state: TicketState


@dataclass(frozen=True)
class Noted:
    """The private note is there."""

    id: str


@dataclass(frozen=True)
class Created:
    """The ticket is there, with this agent."""

    ticket: str
    assignee: str | None


@dataclass(frozen=True)
class Queued:
    """The job was taken; ask `Writing.job` until it is over."""

    job: str


@dataclass(frozen=True)
class JobState:
    """A job. How one fails is not documented, and no row's outcome is told: read the tickets."""

    id: str
    status: str  # in_progress, completed, failed, cancelled, or another word of theirs

    @property
    def is_over(self) -> bool:
        """Whether it goes on no more."""
        return self.status in ("completed", "complete", "failed", "cancelled", "canceled", "done")


def gone(ticket: str) -> TicketState:
    """The state of a ticket that isn't there."""
    return TicketState(ticket, "deleted", None, None, frozenset(), {}, "")


def state_of(row: Mapping[str, Any], statuses: Mapping[str, str]) -> TicketState:
    """A ticket's row as a state; `statuses` maps ids of the account's own statuses to our words. Raises BadPayload."""
    number, updated, code = row.get("id"), row.get("updated_at"), row.get("status")
    if not isinstance(number, int) or not isinstance(updated, str) or not isinstance(code, int):
        raise BadPayload("freshdesk: a ticket came without id, status or updated_at; report it with this line")
    status = STATUSES.get(code) or statuses.get(str(code), "pending")
    fields = row.get("custom_fields")
    tags = frozenset(str(tag) for tag in row.get("tags") or ())
    assignee, group = _id(row.get("responder_id")), _id(row.get("group_id"))
    held = dict(fields) if isinstance(fields, dict) else {}
    is_gone = row.get("deleted") is True or row.get("spam") is True
    touched = repr((assignee, group, code, sorted(tags), sorted((name, repr(value)) for name, value in held.items())))
    return TicketState(
        str(number),
        "deleted" if is_gone else status,
        assignee,
        group,
        tags,
        held,
        f"{updated} {sha256(touched.encode()).hexdigest()[:16]}",
        _id(row.get("requester_id")),
        None if is_gone else _next_breach(row, status),
    )


def _next_breach(row: Mapping[str, Any], status: str) -> str | None:
    """The earliest of the targets whose clock runs. Pending stops clocks unless an account has set it otherwise; of an
    account's own statuses that isn't known, so their clocks are taken to run.

    A first response is owed until one was given, a next one while the customer wrote last; what has been missed already
    is no target any more.
    """
    if status in ("solved", "closed") or row.get("status") == PENDING:
        return None
    stats = row.get("stats")
    stats = stats if isinstance(stats, dict) else {}
    answered, asked = _instant(stats.get("agent_responded_at")), _instant(stats.get("requester_responded_at"))
    due = [row.get("due_by")]
    if not stats.get("first_responded_at") and not row.get("fr_escalated"):
        due.append(row.get("fr_due_by"))
    if not row.get("nr_escalated") and asked is not None and (answered is None or asked > answered):
        due.append(row.get("nr_due_by"))
    read = {at: str(text) for text in due if (at := _instant(text)) is not None}
    return read[min(read)] if read else None


def _instant(text: object) -> datetime | None:
    """Most are in UTC, some have an offset."""
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)


def body_of(change: Change) -> dict[str, Any]:
    """The body of an update: what it names is set, null clears, what it doesn't name stays."""
    body: dict[str, Any] = {}
    if change.assignee is not KEEP:
        body["responder_id"] = _as_number(change.assignee)
    if change.group is not KEEP:
        body["group_id"] = _as_number(change.group)
    if change.tags is not None:
        body["tags"] = sorted(change.tags)
    if change.fields:
        body["custom_fields"] = dict(change.fields)
    if change.status is not None:
        body["status"] = change.status
    return body


def body_of_note(text: str, marker: str, notify: Iterable[str] = ()) -> dict[str, Any]:
    """A private note, said so each time; `notify` are addresses of agents."""
    body: dict[str, Any] = {"body": html_of(text, marker), "private": True}
    addresses = list(notify)
    return body | {"notify_emails": addresses} if addresses else body


def body_of_new(new: NewTicket) -> dict[str, Any]:
    """The body of a creation."""
    body: dict[str, Any] = {
        "requester_id": int(new.requester), "subject": new.subject, "description": html_of(new.body, new.marker),
        "status": new.status, "priority": new.priority, "source": new.source,
    }  # fmt: skip
    for name, value in (("responder_id", new.assignee), ("group_id", new.group)):
        if value is not None:
            body[name] = int(value)
    if new.tags:
        body["tags"] = sorted(new.tags)
    if new.fields:
        body["custom_fields"] = dict(new.fields)
    return body


def job_of(row: Mapping[str, Any], job: str) -> JobState:
    """A job's status, which is printed in several ways: "IN PROGRESS", "in_progress"."""
    word = str(row.get("status") or "").strip().lower().replace(" ", "_")
    return JobState(str(row.get("id") or row.get("job_id") or job), word)


def shows(state: TicketState, change: Change) -> bool:
    """Whether a ticket stands as a change wanted it."""
    return (
        change.assignee in (KEEP, state.assignee)
        and change.group in (KEEP, state.group)
        and change.tags in (None, state.tags)
        and all((state.fields.get(name) or None) == (value or None) for name, value in change.fields.items())
        and (change.status is None or STATUSES.get(change.status) == state.status)
    )


def _id(value: object) -> str | None:
    return None if value in (None, "", 0) else str(value)


def _as_number(value: str | Keep | None) -> int | None:
    return int(value) if isinstance(value, str) else None


__all__ = [
    "KEEP", "LOW", "OPEN", "PENDING", "PORTAL", "STATUSES", "Change", "Conflict", "Created", "Done", "FieldValue",
    "JobState", "Keep", "Made", "NewTicket", "Noted", "Queued", "Reason", "Refused", "TicketState", "Unknown",
    "Written", "body_of", "body_of_new", "body_of_note", "gone", "job_of", "made_of", "shows", "state_of",
]  # fmt: skip
