"""What a write to a ticket comes to: checked as on the platform, then as steps in our words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .answers import FORBIDDEN, plain_error
from .options import Options
from .people import Staff
from .record import Step
from .saves import Comment

Object = dict[str, Any]
STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
PRIORITIES = ("low", "normal", "high", "urgent")
LIGHT_AGENT = 1
CONFLICT = (
    plain_error(
        "UpdateConflict",
        "Safe Update prevented the update due to outdated ticket data. "
        "Please get the latest ticket data and try again.",
    ),
    409,
)


class Denied(Exception):
    """The write is refused with this body and status."""

    def __init__(self, body: Any, status: int) -> None:
        super().__init__(status)
        self.body = body
        self.status = status


def invalid(name: str, text: str, error: str = "InvalidValue") -> Denied:
    """422: a record that may not be so; `name` is the field, or base."""
    details = {name: [{"description": text, "error": error}]}
    return Denied({**plain_error("RecordInvalid", "Record validation errors"), "details": details}, 422)


@dataclass(frozen=True)
class Field:
    """A custom field: `options` are the tags that a drop-down's values are; `tag` is a checkbox's."""

    id: int
    type: str
    options: frozenset[str] = frozenset()
    tag: str | None = None


@dataclass(frozen=True)
class Account:
    """What writes are checked against."""

    staff: Staff
    fields: Mapping[int, Field]
    options: Options


@dataclass(frozen=True)
class Outcome:
    """Steps in our words, and what these cannot say."""

    steps: list[Step]
    values: dict[int, tuple[Any, Any]] = field(default_factory=dict)
    comment: Comment | None = None

    @property
    def is_nothing(self) -> bool:
        return not (self.steps or self.values or self.comment)


def outcome(row: Object, body: Object, account: Account, author: int, bulk: bool, public: bool) -> Outcome:
    """What `body` does to the ticket `row`. `public`: a comment that doesn't say. Raises Denied."""
    _check_guard(row, body)
    group, assignee = _owners(row, body, account)
    status = _word(body, "status", STATUSES, row["status"])
    if status == "new" and assignee is not None:
        status = "open"  # what is assigned is no longer new
    if status in ("solved", "closed") and status != row["status"] and assignee is None:
        raise invalid("base", "Assignee: is required when solving a ticket", "BlankValue")
    tags, values = _tags_and_values(row, body, account, bulk)
    comment = _comment(body, account.staff, author, public)
    steps: list[Step] = []
    for kind, name, new in (("moved", "group_id", group), ("assigned", "assignee_id", assignee)):
        if new != row[name]:
            steps.append((kind, _text(row[name]), _text(new)))
    if status != row["status"]:
        steps.append(("status", row["status"], status))
    priority = _word(body, "priority", PRIORITIES, row["priority"])
    if priority != row["priority"]:
        steps.append(("priority", row["priority"], priority))
    old = set(row["tags"])
    steps += [("untagged", tag, None) for tag in sorted(old - tags)]
    steps += [("tagged", None, tag) for tag in sorted(tags - old)]
    if comment is not None:
        steps.append((comment_kind(comment, account.staff), None, None))
    return Outcome(steps, values, comment)


def check_rights(row: Object, body: Object, options: Options) -> None:
    """Raises Denied where the token may not write to the ticket's group, or to the one that it is to go to."""
    if {row.get("group_id"), body.get("group_id")} & options.unwritable_groups:
        raise Denied(*FORBIDDEN)


def comment_kind(comment: Comment, staff: Staff) -> str:
    """Our word for a comment."""
    by = staff.by_id.get(comment.author, {})
    if by.get("role") == "end-user":
        return "customer_replied"
    return "replied" if comment.public else "noted"


def _check_guard(row: Object, body: Object) -> None:
    if row["status"] == "closed":
        raise invalid("status", "Status: closed prevents ticket update")
    stamp = body.get("updated_stamp")
    if "safe_update" in body and stamp is not None and _instant(stamp) != _instant(row["updated_at"]):
        raise Denied(*CONFLICT)


def _instant(stamp: object) -> datetime:
    try:
        return datetime.fromisoformat(str(stamp))
    except ValueError as error:
        raise invalid("updated_stamp", "Updated stamp: is invalid") from error


def _owners(row: Object, body: Object, account: Account) -> tuple[int | None, int | None]:
    """The group and the assignee after the write."""
    staff = account.staff
    group = _whole(body, "group_id", row["group_id"])
    assignee = _whole(body, "assignee_id", row["assignee_id"])
    if "group_id" in body and group is not None:
        if group not in staff.group_ids:
            raise invalid("group", "Group: is invalid")
        if not staff.members.get(group):
            raise invalid("group", "Group: has no agents")
    if "assignee_id" not in body or assignee is None:
        left = assignee is not None and group != row["group_id"] and assignee not in staff.members.get(group or 0, ())
        return group, None if left else assignee
    user = staff.by_id.get(assignee)
    if user is None or user["role"] == "end-user" or not user["active"] or user["suspended"]:
        raise invalid("assignee", "Assignee: is invalid")
    if user["role_type"] == LIGHT_AGENT:
        raise invalid("assignee", "Assignee: a light agent cannot be assigned tickets")
    if group is None:
        group = user["default_group_id"]
    if group is not None and assignee not in staff.members.get(group, ()):
        raise invalid("assignee", "Assignee: is not a member of the group")
    return group, assignee


def _tags_and_values(
    row: Object, body: Object, account: Account, bulk: bool
) -> tuple[set[str], dict[int, tuple[Any, Any]]]:
    """Tags, and custom fields that change: the value of a drop-down is a tag, so that one moves the other."""
    old = set(row["tags"])
    tags = _tag_set(body["tags"]) if "tags" in body else set(old)
    if bulk:  # single updates know no adding and removing
        tags = (tags | _tag_set(body.get("additional_tags", ()))) - _tag_set(body.get("remove_tags", ()))
    held = {entry["id"]: entry["value"] for entry in row["custom_fields"]}
    new = dict(held)
    for field_ in account.fields.values():
        if field_.options:
            chosen = sorted((tags - old) & field_.options)
            kept = held.get(field_.id) if held.get(field_.id) in tags else None
            new[field_.id] = chosen[0] if chosen else kept
    for number, value in _asked_values(body, account):
        field_ = account.fields[number]
        if field_.options:
            if value is not None and value not in field_.options:
                raise invalid(str(number), f"{number}: is not a valid value", "InvalidValue")
            tags = tags - field_.options | ({value} if value is not None else set())
        elif field_.tag is not None:
            tags = tags - {field_.tag} | ({field_.tag} if value else set())
        new[number] = value
    return tags, {no: (held.get(no), value) for no, value in new.items() if value != held.get(no)}


def _asked_values(body: Object, account: Account) -> list[tuple[int, Any]]:
    asked = body.get("custom_fields") or []
    if not isinstance(asked, list):
        raise invalid("custom_fields", "Custom fields: is invalid")
    found: list[tuple[int, Any]] = []
    for entry in asked:
        number = entry.get("id") if isinstance(entry, dict) else None
        if isinstance(number, int) and number in account.fields:
            value = entry.get("value")
            found.append((number, None if value == "" else value))
        elif account.options.unknown_fields == "refused":
            raise invalid(str(number), f"{number}: no such custom field", "RecordNotFound")
    return found


def _comment(body: Object, staff: Staff, author: int, public: bool) -> Comment | None:
    given = body.get("comment")
    if given is None:
        return None
    text = given.get("body") or given.get("html_body") if isinstance(given, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise invalid("comment", "Comment: cannot be blank", "BlankValue")
    by = given.get("author_id", author)
    if by not in staff.by_id:
        raise invalid("comment", "Author: is invalid")
    return Comment(text, bool(given.get("public", public)), int(by))


def _whole(body: Object, name: str, otherwise: int | None) -> int | None:
    if name not in body:
        return otherwise
    value = body[name]
    if value in (None, ""):
        return None
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise invalid(name.removesuffix("_id"), f"{name}: is invalid") from error


def _word(body: Object, name: str, words: tuple[str, ...], otherwise: str | None) -> str | None:
    if name not in body:
        return otherwise
    if body[name] not in words:
        raise invalid(name, f"{name.title()}: is invalid")
    return str(body[name])


def _tag_set(tags: Any) -> set[str]:
    words = tags.split() if isinstance(tags, str) else tags
    return {str(tag).strip().lower() for tag in words or () if str(tag).strip()}


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)
