"""What a list shows of a ticket, and what is remembered of it until it is seen again. Pure.

Freshdesk tells no changes, only states; two sights of a ticket tell what changed between them.
https://developers.freshdesk.com/api/#list_all_tickets
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

TROUBLE = (KeyError, TypeError, ValueError, AttributeError)
LATE = {"f": ("fr_escalated", "fr_due_by"), "n": ("nr_escalated", "nr_due_by"), "e": ("is_escalated", "due_by")}
_STAMPS = (
    "resolved_at", "closed_at", "reopened_at", "status_updated_at", "first_responded_at", "agent_responded_at",
    "requester_responded_at",
)  # fmt: skip
_VERSION = 1


@dataclass(frozen=True, slots=True)
class News:
    """How far a ticket's conversations were read: how many there were, the id of the last, and which state of the
    ticket they belong to. `waiting`: since when there may be more; `idle`: all that happened since is that the solved
    ticket closed after a long rest. Times are epoch seconds."""

    count: int = 0
    last: str | None = None
    read: int | None = None
    waiting: int | None = None
    idle: bool = False


@dataclass(frozen=True, slots=True)
class Sight:
    """A ticket as it was at `at`, its own last change. Ids are strings, statuses and sources the platform's codes."""

    ticket: str
    at: int
    created: int
    status: str
    priority: int | None
    group: str | None
    assignee: str | None
    tags: tuple[str, ...]
    late: str  # the letters of `LATE` whose mark is set
    gone: bool  # in spam or in the trash
    source: int | None
    news: News = News()

    def dump(self) -> str:
        """As the memory of a ticket."""
        news = self.news
        said = [
            _VERSION, self.at, self.created, self.status, self.priority, self.group, self.assignee, self.tags,
            self.late, self.gone, self.source, news.count, news.last, news.read, news.waiting, news.idle,
        ]  # fmt: skip
        return orjson.dumps(said).decode()

    def may_have_news(self) -> bool:
        """Whether there can be conversations that were not read: the ticket was touched since."""
        if self.news.read is None:
            return self.at > self.created + 1
        return self.at > self.news.read


def load(ticket: str, memory: str | None) -> Sight | None:
    """What was remembered; None where nothing was, or by another version."""
    if memory is None:
        return None
    try:
        version, at, created, status, priority, group, assignee, tags, late, gone, source, *news = orjson.loads(memory)
        if version != _VERSION:
            return None
        return Sight(
            ticket, at, created, status, priority, group, assignee, tuple(tags), late, gone, source, News(*news)
        )
    except (ValueError, TypeError):
        return None


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the list: what was seen, by whom the ticket was asked, and the times that it carries besides."""

    sight: Sight
    requester: str | None
    stamps: Mapping[str, int] = field(default_factory=dict)  # names of `stats` -> epoch seconds
    due: Mapping[str, int] = field(default_factory=dict)  # letters of `LATE` -> epoch seconds


def read_row(row: Mapping[str, Any]) -> Row:
    """A row of the list of tickets. Raises one of `TROUBLE`; what a row may lack (stats, due times) may be broken."""
    stats = row.get("stats")
    tags = row.get("tags")
    sight = Sight(
        ticket=str(int(row["id"])),
        at=epoch(row["updated_at"]),
        created=epoch(row["created_at"]),
        status=str(int(row["status"])),
        priority=None if row.get("priority") is None else int(row["priority"]),
        group=identity(row.get("group_id")),
        assignee=identity(row.get("responder_id")),
        tags=tuple(sorted({str(tag) for tag in tags if tag})) if isinstance(tags, list) else (),
        late="".join(letter for letter, (mark, _) in LATE.items() if row.get(mark) is True),
        gone=row.get("spam") is True or row.get("deleted") is True,
        source=row["source"] if isinstance(row.get("source"), int) else None,
    )
    return Row(
        sight,
        identity(row.get("requester_id")),
        _times(stats, _STAMPS) if isinstance(stats, dict) else {},
        {letter: at for letter, (_, name) in LATE.items() for at in _times(row, (name,)).values()},
    )


def epoch(value: Any) -> int:
    """ISO 8601 with an offset -> epoch seconds. Raises one of `TROUBLE`."""
    parsed = datetime.fromisoformat(value)
    if parsed.tzinfo is None:
        raise ValueError("a time without a zone")
    return int(parsed.timestamp())


def identity(value: Any) -> str | None:
    """An id as text; None where nobody is meant."""
    return None if value is None or value in ("", 0) else str(value)


def _times(row: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in names:
        value = row.get(name)
        if value:
            try:
                found[name] = epoch(value)
            except TROUBLE:
                continue
    return found
