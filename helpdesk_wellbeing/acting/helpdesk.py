"""What acting asks of a helpdesk, in words that fit every platform; each platform's `outbound` speaks them.

Tickets, agents and groups go by the platform's id. A *marker* is a text that the platform keeps with a write, so that
one can be recognised later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Literal, Protocol

from helpdesk_wellbeing.errors import RetryLater

SUGGESTED_TAG = "wellbeing_suggested"
MOVED_TAG = "wellbeing_moved"
SURVEY_TAG = "wellbeing_survey"  # on tickets that this program makes; guards of the customer's own rules look for it
LETTER = "letter"  # in the place of a proposal: writes by which agents are told what is looked at about them
TAGS = (SUGGESTED_TAG, MOVED_TAG, SURVEY_TAG)
SUGGESTED, MOVED = "suggested", "moved"  # what our custom field, the label, says

# Why something was not written: a closed list.
Reason = Literal[
    "closed", "gone", "merged", "solved", "forbidden", "not in group", "agent left", "group empty", "label gone",
    "not allowed", "invalid", "moved by somebody else", "group changed", "about to breach", "changed since",
    "nothing to undo", "withdrawn", "kept changing",
]  # fmt: skip


class Keep(Enum):
    """Stands for: as it is."""

    KEEP = "as it is"


KEEP = Keep.KEEP


@dataclass(frozen=True)
class Seen:
    """A ticket as the helpdesk shows it now. `stamp` goes back with a change, to notice what others did meanwhile."""

    ticket: str
    status: str  # of events.STATUSES
    assignee: str | None
    group: str | None
    tags: frozenset[str]
    label: str | None  # our custom field; null: empty, or there is none
    stamp: str
    problem: Reason | None = None  # closed, gone or merged: nothing can be written
    next_sla: str | None = None  # when the next SLA target is breached, ISO 8601; null: none runs, or it is not known
    at: datetime | None = None  # the helpdesk's clock when it showed this, where it tells


@dataclass(frozen=True)
class Change:
    """What one write sets; the defaults leave everything as it is. The note is private, always."""

    assignee: str | Keep | None = KEEP
    group: str | Keep | None = KEEP
    tags: frozenset[str] | None = None  # the whole set
    label: str | Keep | None = KEEP  # our custom field
    note: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Invitation:
    """A private ticket for one agent. Its texts are never logged."""

    agent: str
    subject: str = field(repr=False)
    body: str = field(repr=False)
    tags: frozenset[str] = frozenset({SURVEY_TAG})
    group: str | None = None  # whose members can read it besides the agent


@dataclass(frozen=True)
class Written:
    """It is applied; `receipt` is the platform's own id of the write, where it has one."""

    receipt: str | None
    ticket: str
    lost_label: bool = False  # our custom field is gone; the rest was written
    lost_note: bool = False  # the ticket is changed, and no note about it can be written any more


@dataclass(frozen=True)
class Half:
    """The ticket is changed; the note about it is a request of its own there, which `finish` makes, once a call.

    `finish` gives Written, or Unknown when the note may have arrived or not; it raises like every request.
    """

    ticket: str
    finish: Callable[[], Outcome] = field(repr=False)
    lost_label: bool = False


@dataclass(frozen=True)
class Conflict:
    """Somebody else changed the ticket since it was read; nothing was written."""


@dataclass(frozen=True)
class Refused:
    """Nothing was written, and the same write won't be taken."""

    reason: Reason


@dataclass(frozen=True)
class Unknown:
    """It may have been applied or not."""


Outcome = Written | Half | Conflict | Refused | Unknown


@dataclass(frozen=True)
class Sent:
    """What was kept of an earlier request of the same write, before it was made. States as in `state_to_json`."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    stamp: str
    note: str | None = field(default=None, repr=False)  # the note that goes with it
    half: bool = False  # an answer has said that the ticket is changed; only the note may be missing


class NothingSent(RetryLater):
    """To be tried in a while, and no request of this call can have arrived."""


class Helpdesk(Protocol):
    """One account's helpdesk, to be written to. Everything raises RetryLater when it should be tried in a while, and
    NotLetIn when the credentials must be mended first.

    `forgiving`: a request that arrives late, or twice, is applied once at most, because it names the version of the
    ticket that it is meant for, or a key. Where it isn't, no request is made again before an earlier one can't be on
    its way any more; where that is certain, `change`, `invite` and `Half.finish` raise NothingSent, so that nobody
    waits for it.
    """

    forgiving: bool

    def look(self, ticket: str) -> Seen:
        """The ticket now."""
        ...

    def find(self, seen: Seen, sent: Sent, marker: str) -> Written | Half | None:
        """Our write with this marker, if it has arrived; Half: all but the note. `seen` is younger than `sent`."""
        ...

    def change(self, seen: Seen, change: Change, marker: str) -> Outcome:
        """One write, made only if nobody has changed the ticket since it was `seen`. Half: its note is to follow."""
        ...

    def invite(self, invitation: Invitation, marker: str) -> Outcome:
        """Make a private ticket. When an earlier request may have arrived, `made` is asked first."""
        ...

    def made(self, marker: str) -> Written | None:
        """The ticket that `invite` made for this marker, if it has."""
        ...


def change_to_json(change: Change) -> dict[str, Any]:
    """What a change sets, for receipts and for people to read; without the note's text."""
    said: dict[str, Any] = {
        name: getattr(change, name) for name in ("assignee", "group", "label") if getattr(change, name) is not KEEP
    }
    if change.tags is not None:
        said["tags"] = sorted(change.tags)
    if change.note is not None:
        said["note"] = True
    return said


def state_to_json(seen: Seen) -> dict[str, Any]:
    """What of a ticket a change may touch."""
    return {
        "assignee": seen.assignee, "group": seen.group, "tags": sorted(seen.tags), "label": seen.label,
        "status": seen.status,
    }  # fmt: skip


def after(before: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    """The state after a change, both as JSON."""
    return {name: changed.get(name, value) for name, value in before.items()}
