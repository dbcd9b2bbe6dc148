"""What a body does to a ticket: checked as the platform does, then told as steps in our words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connectors.simulating.answers import Answer

from .answers import invalid
from .options import STATUSES, Options
from .record import Step
from .rows import Object
from .settings import SOURCES
from .staff import Staff
from .words import our_priority, our_status

LONGEST_TAG = 32
# Names that a ticket's body may hold besides those that are acted on here.
_LET_BE = frozenset(
    [
        "type", "product_id", "company_id", "email_config_id", "due_by", "fr_due_by", "parent_id", "internal_agent_id",
        "internal_group_id", "name", "cc_emails", "unique_external_id", "related_ticket_ids", "lookup_parameter",
    ]
)  # fmt: skip
_REQUESTERS = ("requester_id", "email", "phone", "twitter_id", "facebook_id", "unique_external_id")
_ACTED_ON = frozenset(
    ["subject", "description", "status", "priority", "source", "responder_id", "group_id", "tags", "custom_fields"]
)
_KINDS: Mapping[str, tuple[type, ...]] = {
    "custom_checkbox": (bool,), "custom_number": (int,), "custom_decimal": (int, float), "custom_date": (str,),
    "custom_text": (str,), "custom_paragraph": (str,), "custom_dropdown": (str,), "nested_field": (str,),
}  # fmt: skip
Error = tuple[str, str, str]


class Denied(Exception):
    """The platform doesn't take it; `answer` is what it says."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body.decode())
        self.answer = answer


@dataclass(frozen=True)
class Account:
    """What bodies are checked against; `fields` are the account's own, as listed."""

    staff: Staff
    fields: Sequence[Object]
    options: Options


@dataclass(frozen=True)
class Outcome:
    """Steps in our words, and what these cannot say."""

    steps: list[Step]
    besides: Object = field(default_factory=dict)

    @property
    def is_nothing(self) -> bool:
        return not self.steps and not self.besides


def outcome(row: Object, body: Object, account: Account) -> Outcome:
    """What `body` does to the ticket `row`, which is shown as the platform does. Raises Denied."""
    check(body, account, frozenset())
    group = body.get("group_id", row["group_id"])
    agent = body.get("responder_id", row["responder_id"])
    if "responder_id" in body:
        agent = taken(agent, group, row["responder_id"], account)
    steps: list[Step] = []
    for kind, was, now in (("moved", row["group_id"], group), ("assigned", row["responder_id"], agent)):
        if was != now:
            steps.append((kind, _text(was), _text(now)))
    if body.get("status", row["status"]) != row["status"]:
        steps.append(("status", our_status(row["status"]), our_status(body["status"])))
    if body.get("priority", row["priority"]) != row["priority"]:
        steps.append(("priority", our_priority(row["priority"]), our_priority(body["priority"])))
    was_tags = list(row["tags"])
    tags = list(dict.fromkeys(body["tags"])) if "tags" in body else was_tags
    steps += [("untagged", tag, None) for tag in was_tags if tag not in tags]
    steps += [("tagged", None, tag) for tag in tags if tag not in was_tags]
    held = row["custom_fields"]
    fields = {name: value for name, value in (body.get("custom_fields") or {}).items() if held.get(name) != value}
    besides: Object = {"custom_fields": fields} if fields else {}
    besides |= {name: body[name] for name in ("subject", "type") if name in body and body[name] != row.get(name)}
    return Outcome(steps, besides)


def taken(agent: int | None, group: int | None, before: int | None, account: Account) -> int | None:
    """Who gets a ticket that is to go to `agent`, by how the account treats outsiders of the group. Raises Denied."""
    if agent is None or group is None or agent in account.staff.members(group):
        return agent
    if account.options.outsiders == "refused":
        raise Denied(invalid(("responder_id", "The agent does not belong to the group", "invalid_value")))
    return before if account.options.outsiders == "ignored" else agent


def check(body: Object, account: Account, required: frozenset[str]) -> None:
    """Everything that is wrong with a body, at once. Raises Denied."""
    known = _ACTED_ON | _LET_BE | frozenset(_REQUESTERS)
    errors: list[Error] = [(n, "Unexpected/invalid field in request", "invalid_field") for n in body if n not in known]
    errors += [(n, "It should be a/an String", "missing_field") for n in sorted(required) if not body.get(n)]
    errors += _people(body, account) + _codes(body) + _tags(body) + _fields(body, account)
    if errors:
        raise Denied(invalid(*errors))


def _people(body: Object, account: Account) -> list[Error]:
    errors: list[Error] = []
    for name in ("responder_id", "group_id", "requester_id"):
        value = body.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            kind = "String" if isinstance(value, str) else type(value).__name__
            text = f"Value set is of type {kind}.It should be a/an Positive Integer"
            errors.append((name, text, "datatype_mismatch"))
        elif name == "responder_id" and value is not None and not _can_be_assigned(value, account):
            errors.append((name, "There is no agent matching the given responder_id", "invalid_value"))
        elif name == "group_id" and value is not None and all(g["id"] != value for g in account.staff.groups):
            errors.append((name, "There is no group matching the given group_id", "invalid_value"))
    return errors


def _can_be_assigned(no: int, account: Account) -> bool:
    person = account.staff.agent(no)
    return person is not None and person.account.state == "active" and person.account.type != "collaborator"


def _codes(body: Object) -> list[Error]:
    allowed = {"status": tuple(STATUSES), "priority": (1, 2, 3, 4), "source": tuple(SOURCES.values())}
    return [
        (name, f"It should be one of these values: '{','.join(str(no) for no in values)}'", "invalid_value")
        for name, values in allowed.items()
        if name in body and body[name] not in values
    ]


def _tags(body: Object) -> list[Error]:
    tags = body.get("tags", [])
    if not isinstance(tags, list) or any(not isinstance(tag, str) for tag in tags):
        return [("tags", "It should be a/an Array", "datatype_mismatch")]
    if any("," in tag or len(tag) > LONGEST_TAG for tag in tags):
        return [("tags", f"It should only contain elements that have maximum of {LONGEST_TAG} characters and no comma",
                 "invalid_value")]  # fmt: skip
    return []


def _fields(body: Object, account: Account) -> list[Error]:
    given = body.get("custom_fields")
    if given is None:
        return []
    if not isinstance(given, dict):
        return [("custom_fields", "It should be a/an Object", "datatype_mismatch")]
    known, errors = {row["name"]: row for row in account.fields}, []
    for name, value in given.items():
        row = known.get(name)
        if row is None:
            errors.append((name, "Unexpected/invalid field in request", "invalid_field"))
        elif value is not None and not isinstance(value, _KINDS.get(row["type"], (object,))):
            errors.append((name, "It should be of another type", "datatype_mismatch"))
        elif value is not None and row["type"] == "custom_dropdown" and value not in row["choices"]:
            text = f"It should be one of these values: '{','.join(row['choices'])}'"
            errors.append((name, text, "invalid_value"))
    return errors


def requester_of(body: Object) -> str | None:
    """By what a new ticket names who asks."""
    return next((name for name in _REQUESTERS if body.get(name)), None)


def _text(no: int | None) -> str | None:
    return None if no is None else str(no)
