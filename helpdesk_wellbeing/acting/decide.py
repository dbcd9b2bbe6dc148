"""Given what was asked and how the ticket stands now: what to write, or why not. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from helpdesk_wellbeing.acting.helpdesk import (
    KEEP,
    MOVED,
    MOVED_TAG,
    SUGGESTED,
    SUGGESTED_TAG,
    Change,
    Keep,
    Reason,
    Seen,
)

_WORKED_ON = ("new", "open", "pending", "hold")


@dataclass(frozen=True)
class Skip:
    """Nothing is to be written, because."""

    reason: Reason


@dataclass(frozen=True)
class Decided:
    """What to write, and what of the wish could not be met (undo)."""

    change: Change
    not_restored: tuple[str, ...] = ()


def decide(kind: str, asked: Mapping[str, Any], seen: Seen, now: datetime) -> Decided | Skip:
    """`kind`: move | suggest | clear | undo; `asked` as `review` wrote it."""
    if seen.problem is not None:
        return Skip(seen.problem)
    return {"move": _move, "suggest": _suggest, "clear": _clear, "undo": _undo}[kind](asked, seen, now)


def _move(asked: Mapping[str, Any], seen: Seen, now: datetime) -> Decided | Skip:
    reason = _why_not_from(asked, seen) or _breach(asked, seen, now)
    if reason is not None:
        return Skip(reason)
    tags = (seen.tags - {SUGGESTED_TAG}) | {MOVED_TAG}
    return Decided(Change(assignee=asked["receiver"], tags=tags, label=MOVED, note=asked["note"]))


def _suggest(asked: Mapping[str, Any], seen: Seen, now: datetime) -> Decided | Skip:
    reason = _why_not_from(asked, seen) or _breach(asked, seen, now)
    if reason is not None:
        return Skip(reason)
    return Decided(Change(tags=seen.tags | {SUGGESTED_TAG}, label=SUGGESTED, note=asked["note"]))


def _clear(asked: Mapping[str, Any], seen: Seen, now: datetime) -> Decided | Skip:
    ours = SUGGESTED_TAG in seen.tags or seen.label == SUGGESTED
    if not ours:
        return Skip("nothing to undo")
    label: str | Keep | None = None if seen.label == SUGGESTED else KEEP
    return Decided(Change(tags=seen.tags - {SUGGESTED_TAG}, label=label))


def _undo(asked: Mapping[str, Any], seen: Seen, now: datetime) -> Decided | Skip:
    """Put back what still is as the write left it; the rest somebody has touched since."""
    before, after = asked["before"], asked["after"]
    kept, lost = {}, []
    for name, there in (("assignee", seen.assignee), ("group", seen.group), ("label", seen.label)):
        if before[name] == after[name]:
            continue
        if there == after[name]:
            kept[name] = before[name]
        elif there != before[name]:
            lost.append(name)
    if "assignee" in lost and "group" in kept:  # who has it now may not be in the group it came from
        del kept["group"]
        lost.append("group")
    if before.get("status") == "new" and seen.status != "new":
        lost.append("status")  # a ticket that had somebody cannot be new again
    added, removed = set(after["tags"]) - set(before["tags"]), set(before["tags"]) - set(after["tags"])
    tags = (seen.tags - added) | removed
    if not kept and tags == seen.tags:
        return Skip("changed since" if lost else "nothing to undo")
    change = Change(
        assignee=kept.get("assignee", KEEP), group=kept.get("group", KEEP), label=kept.get("label", KEEP),
        tags=tags, note=asked["note"],
    )  # fmt: skip
    return Decided(change, tuple(sorted(lost)))


def without_assignee(decided: Decided) -> Decided | Skip:
    """The same for a ticket whose former assignee cannot have it back: labels only."""
    change = decided.change
    if change.assignee is KEEP and change.group is KEEP:
        return Skip("invalid")
    lost = {*decided.not_restored, *(name for name in ("assignee", "group") if getattr(change, name) is not KEEP)}
    return Decided(Change(tags=change.tags, label=change.label), tuple(sorted(lost)))


def _why_not_from(asked: Mapping[str, Any], seen: Seen) -> Reason | None:
    if seen.status not in _WORKED_ON:
        return "solved"
    if seen.assignee != asked["giver"]:
        return "moved by somebody else"
    return "group changed" if seen.group != asked["group"] else None


def _breach(asked: Mapping[str, Any], seen: Seen, now: datetime) -> Reason | None:
    """A ticket that came near its SLA limit while the proposal waited stays where it is."""
    guard = timedelta(minutes=asked.get("sla_guard_min", 60))
    for due in (seen.next_sla, asked.get("next_sla")):
        if due is not None and abs(datetime.fromisoformat(due) - now) <= guard:
            return "about to breach"
    return None
