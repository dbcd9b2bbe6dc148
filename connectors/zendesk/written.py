"""What is written to Zendesk and what comes of it: changes, states, outcomes. No text of what is read is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from connectors.outcomes import KEEP, Conflict, Done, FieldValue, Keep, Made, Reason, Refused, Unknown, made_of
from helpdesk_wellbeing.errors import BadPayload

MARKER = "helpdesk_wellbeing"  # the key of our marker in an audit's custom metadata
MERGED_TAG = "closed_by_merge"  # what Zendesk puts on a ticket that was merged into another
Kind = Literal["ticket_fields", "views", "webhooks", "triggers", "automations"]


@dataclass(frozen=True)
class TicketState:
    """A ticket as one answer showed it. Ids are text; `fields` holds every custom field by id."""

    ticket: str
    status: str  # new | open | pending | hold | solved | closed | deleted
    assignee: str | None
    group: str | None
    tags: frozenset[str]
    fields: Mapping[str, Any]
    stamp: str  # `updated_at` as received, for the guard against collisions
    requester: str | None = None
    breach_at: str | None = None  # the next SLA breach that a running clock leads to; null: none, or not asked for

    @property
    def is_gone(self) -> bool:
        """Deleted, or never there."""
        return self.status == "deleted"

    @property
    def is_closed(self) -> bool:
        """No write gets through any more."""
        return self.status == "closed"

    @property
    def is_merged(self) -> bool:
        """Closed because it was merged into another."""
        return self.is_closed and MERGED_TAG in self.tags

    def tags_with(self, add: Iterable[str] = (), remove: Iterable[str] = ()) -> frozenset[str]:
        """The whole set that `Change.tags` takes; only safe together with this state's `stamp`."""
        return (self.tags - frozenset(remove)) | frozenset(add)


@dataclass(frozen=True)
class Change:
    """What one write sets; the defaults leave everything as it is. `assignee=None` unassigns.

    `tags` is the whole new set (see `TicketState.tags_with`): a single update has no adding and removing. A note is
    private unless `note_public`; `note_author` is a user id, null is the writing user.
    """

    assignee: str | Keep | None = KEEP
    group: str | Keep | None = KEEP
    tags: frozenset[str] | None = None
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    note: str | None = field(default=None, repr=False)
    note_public: bool = False
    note_author: str | None = None
    status: str | None = None


@dataclass(frozen=True)
class NewTicket:
    """A ticket to be made. It is private unless `public`; `requester` is a user id."""

    subject: str = field(repr=False)
    body: str = field(repr=False)
    requester: str | None = None
    assignee: str | None = None
    group: str | None = None
    tags: frozenset[str] = frozenset()
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    status: str | None = None
    public: bool = False
    marker: str | None = None
    external_id: str | None = None


@dataclass(frozen=True)
class Item:
    """One ticket of a job."""

    ticket: str
    change: Change
    stamp: str | None
    marker: str | None


@dataclass(frozen=True)
class Audit:
    """One save: who, when (as received), and our marker where it was ours."""

    id: str
    author: str
    at: str
    marker: str | None


@dataclass(frozen=True)
class Written:
    """It was applied. `state` is the ticket after it; `lost_fields` were asked for and aren't fields of the ticket."""

    state: TicketState
    audit: str | None
    lost_fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Created:
    """The ticket is there; `repeated`: the key had made it before."""

    state: TicketState
    repeated: bool


@dataclass(frozen=True)
class JobRow:
    """One ticket's outcome in a job; `error` is the platform's word. A failed row may name only its place."""

    ticket: str | None
    success: bool
    error: str | None
    is_conflict: bool = False
    index: int | None = None  # its place among what was asked, where it is told


@dataclass(frozen=True)
class JobState:
    """A job: rows come once it has ended. A completed job can hold rows that failed."""

    id: str
    status: str  # queued | working | completed | failed | killed
    total: int | None
    rows: tuple[JobRow, ...]

    @property
    def is_over(self) -> bool:
        """Whether it goes on no more."""
        return self.status in ("completed", "failed", "killed")


@dataclass(frozen=True)
class Queued:
    """The job was taken; ask `Writing.job` until it is over."""

    job: JobState


def gone(ticket: str) -> TicketState:
    """The state of a ticket that isn't there."""
    return TicketState(ticket, "deleted", None, None, frozenset(), {}, "")


def state_of(row: Mapping[str, Any]) -> TicketState:
    """A ticket's row as a state. Raises BadPayload."""
    number, stamp, status = row.get("id"), row.get("updated_at"), row.get("status")
    if not isinstance(number, int) or not isinstance(stamp, str) or not isinstance(status, str):
        raise BadPayload("zendesk: a ticket came without id, status or updated_at; report it with this line")
    fields = [entry for entry in row.get("custom_fields") or () if isinstance(entry, dict) and "id" in entry]
    return TicketState(
        str(number),
        status,
        _id(row.get("assignee_id")),
        _id(row.get("group_id")),
        frozenset(str(tag) for tag in row.get("tags") or ()),
        {str(entry["id"]): entry.get("value") for entry in fields},
        stamp,
        _id(row.get("requester_id")),
        _next_breach(row.get("slas")),
    )


def _next_breach(slas: Any) -> str | None:
    """The earliest breach among the clocks that run; the sideload is thinly documented, so nothing in it is taken
    for granted."""
    clocks = slas.get("policy_metrics") if isinstance(slas, dict) else None
    running = [one for one in clocks or () if isinstance(one, dict) and one.get("stage") in ("active", None)]
    return min((one["breach_at"] for one in running if isinstance(one.get("breach_at"), str)), default=None)


def audit_of(row: Mapping[str, Any]) -> Audit:
    """An audit's row without its text."""
    metadata = row.get("metadata")
    custom = metadata.get("custom") if isinstance(metadata, dict) else None
    marker = custom.get(MARKER) if isinstance(custom, dict) else None
    return Audit(
        str(row.get("id")),
        str(row.get("author_id")),
        str(row.get("created_at")),
        marker if isinstance(marker, str) else None,
    )


def body_of(change: Change, stamp: str | None, marker: str | None) -> dict[str, Any]:
    """The `ticket` object of an update."""
    body: dict[str, Any] = {}
    if change.assignee is not KEEP:
        body["assignee_id"] = _as_number(change.assignee)
    if change.group is not KEEP:
        body["group_id"] = _as_number(change.group)
    if change.tags is not None:
        body["tags"] = sorted(change.tags)
    if change.fields:
        body["custom_fields"] = _fields(change.fields)
    if change.status is not None:
        body["status"] = change.status
    if change.note is not None:
        body["comment"] = {"body": change.note, "public": change.note_public}
        if change.note_author is not None:
            body["comment"]["author_id"] = int(change.note_author)
    if stamp is not None:
        body |= {"safe_update": True, "updated_stamp": stamp}
    if marker is not None:
        body["metadata"] = {MARKER: marker}
    return body


def body_of_new(new: NewTicket) -> dict[str, Any]:
    """The `ticket` object of a creation."""
    body: dict[str, Any] = {"subject": new.subject, "comment": {"body": new.body, "public": new.public}}
    for name, value in (
        ("requester_id", new.requester),
        ("assignee_id", new.assignee),
        ("group_id", new.group),
    ):
        if value is not None:
            body[name] = int(value)
    if new.tags:
        body["tags"] = sorted(new.tags)
    if new.fields:
        body["custom_fields"] = _fields(new.fields)
    if new.status is not None:
        body["status"] = new.status
    if new.external_id is not None:
        body["external_id"] = new.external_id
    if new.marker is not None:
        body["metadata"] = {MARKER: new.marker}
    return body


def job_of(row: Mapping[str, Any]) -> JobState:
    """A job's status; `results` is a list, or null until the end."""
    results = row.get("results")
    rows = tuple(_job_row(r) for r in results if isinstance(r, dict)) if isinstance(results, list) else ()
    total = row.get("total")
    return JobState(str(row.get("id")), str(row.get("status")), total if isinstance(total, int) else None, rows)


def _job_row(row: Mapping[str, Any]) -> JobRow:
    error, index = row.get("error"), row.get("index")
    word = error if isinstance(error, str) and error.isalnum() else None
    failed = error is not None or bool(row.get("errors")) or row.get("success") is False
    conflict = failed and "conflict" in (word or "").lower()
    place = index if isinstance(index, int) else None
    return JobRow(_id(row.get("id")), not failed, (word or "failed") if failed else None, conflict, place)


def _fields(fields: Mapping[str, FieldValue]) -> list[dict[str, Any]]:
    return [{"id": int(number), "value": value} for number, value in fields.items()]


def _id(value: object) -> str | None:
    return None if value in (None, "", 0) else str(value)


def _as_number(value: str | Keep | None) -> int | None:
    return int(value) if isinstance(value, str) else None


__all__ = [
    "KEEP", "MARKER", "MERGED_TAG", "Audit", "Change", "Conflict", "Created", "Done", "FieldValue", "Item", "JobRow",
    "JobState", "Keep", "Kind", "Made", "NewTicket", "Queued", "Reason", "Refused", "TicketState", "Unknown", "Written",
    "audit_of", "body_of", "body_of_new", "gone", "job_of", "made_of", "state_of",
]  # fmt: skip
