"""What rules and apps say of what happens in the account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import rows as shown
from .options import Options
from .record import Happening
from .rows import Object, or_null
from .versions import DELETED, ESCALATED, FIRST_REPLY_LATE, SPAM
from .words import CANARY, CONVERSATION

# The fields of a record that the app of ours forwards: no text, no address.
FORWARDED = (
    "agent_id", "changes", "created_at", "executed_at", "group_id", "id", "incoming", "priority", "private",
    "responder_id", "source", "status", "tags", "ticket_id", "time_spent", "timer_running", "updated_at",
)  # fmt: skip
SHAPES = ("forwarded", "3.0", "2.x")  # what our app makes of an event; the event itself, of either platform version
_COLUMNS = {"status": "status", "priority": "priority", "responder_id": "responder", "group_id": "group"}
_FLAGS = {"deleted": DELETED, "spam": SPAM, "is_escalated": ESCALATED, "fr_escalated": FIRST_REPLY_LATE}
_NOTE = {True: "private_note", False: "reply"}
_ACTORS = {"agent": "agent", "integration": "agent", "requester": "user"}


def changes(happening: Happening, tags: Sequence[Sequence[str]]) -> dict[str, list[Any]]:
    """What a save changed on its ticket, as pairs of old and new; empty for one that began."""
    before, after = happening.before, happening.after
    if before is None:
        return {}
    pairs: dict[str, list[Any]] = {}
    for name, column in _COLUMNS.items():
        if before[column] != after[column]:
            pairs[name] = [or_null(before[column]), or_null(after[column])]
    for name, bit in _FLAGS.items():
        if (before["flags"] ^ after["flags"]) & bit:
            pairs[name] = [bool(before["flags"] & bit), bool(after["flags"] & bit)]
    if before["tags"] != after["tags"]:
        pairs["tags"] = [list(tags[before["tags"]]), list(tags[after["tags"]])]
    return pairs


def triggered(happening: Happening, tags: Sequence[Sequence[str]]) -> str | None:
    """What `{{triggered_event}}` becomes: the first change only, in a notation that is no JSON. Null: no rule fires."""
    if happening.actor_kind == "system":  # rules are not set off by rules
        return None
    if happening.before is None:
        return "{ticket_action:created}"
    for name, (old, new) in changes(happening, tags).items():
        if name in _COLUMNS:
            return f"{{{name}:{{from:{_plain(old)},to:{_plain(new)}}}}}"
        if name in ("deleted", "spam") and new:
            return f"{{ticket_action:{'marked_spam' if name == 'spam' else 'deleted'}}}"
        if name == "tags":
            return "{ticket_action:update}"
    for talk in happening.talks:
        return "{note_type:private}" if CONVERSATION[talk.what][2] else "{reply_sent:sent}"
    return "{ticket_action:update}" if "touched" in happening.kinds else None


def filled(template: str, happening: Happening, event: str) -> str:
    """A rule's text with its placeholders filled in; what we don't know of becomes empty."""
    values = {"ticket.id": str(happening.ticket), "triggered_event": event, "ticket.subject": f"{CANARY}-subject",
              "ticket.latest_public_comment": f"{CANARY}-comment"}  # fmt: skip
    parts = template.split("{{")
    text = parts[0]
    for part in parts[1:]:
        name, closed, rest = part.partition("}}")
        text += values.get(name.strip(), "") + rest if closed else "{{" + part
    return text


def simple(happening: Happening, event: str) -> Object:
    """The body of a rule whose content an admin ticked together."""
    return {"freshdesk_webhook": {"ticket_id": str(happening.ticket), "triggered_event": event,
                                  "ticket_subject": f"{CANARY}-subject"}}  # fmt: skip


def app_events(happening: Happening, tags: Sequence[Sequence[str]]) -> list[tuple[str, str, Object]]:
    """What an app hears of a save: (event, the key of its record, the record)."""
    told: list[tuple[str, str, Object]] = []
    began = happening.before is None
    pairs = changes(happening, tags)
    if began or pairs or "touched" in happening.kinds:
        row = shown.ticket(happening.after, tags[happening.after["tags"]], {}, due=not began)
        row |= shown.counters(happening.after) | shown.texts(happening.ticket) | {"archive": False, "deleted": False}
        row["deleted"] = bool(happening.after["flags"] & DELETED)
        told.append(("onTicketCreate", "ticket", row) if began else
                    ("onTicketUpdate", "ticket", row | {"changes": pairs}))  # fmt: skip
    for talk in happening.talks:
        row = shown.conversation(happening.ticket, talk)
        kind = _NOTE[row["private"]] if not row["incoming"] else "customer_reply"
        row |= {"kind": kind, "category": {"id": row["category"], "name": kind}, "response_time_in_seconds": None,
                "response_violated": None}  # fmt: skip
        told.append(("onConversationCreate", "conversation", row))
    for entry in happening.rows:
        if entry["kind"] == "handled":
            told.append(("onTimeEntryCreate", "time_entry", _entry(entry)))
    return told


def worded(event: tuple[str, str, Object], happening: Happening, options: Options, shape: str) -> Object:
    """One event in one of `SHAPES`."""
    name, key, record = event
    actor = _actor(happening)
    at = happening.sec + 0.25  # the platform's stamps have fractions that its records have not
    if shape == "forwarded":
        kept = {field: record[field] for field in FORWARDED if field in record}
        return {"event": name, "timestamp": at, "actor": {"id": actor["id"], "type": actor["type"]}, "record": kept}
    asking = shown.requester(happening.after["requester"])
    if shape == "2.x":
        whole: Object = {key: record, "requester": asking} if key == "ticket" else {key: record}
        return {"data": whole, "timestamp": int(at * 1000), "account_id": options.account_number,
                "domain": f"https://{options.domain}", "event": name, "region": "EUC"}  # fmt: skip
    return {
        "region": "EUC", "account_id": str(options.account_number), "domain": options.domain, "event": name,
        "timestamp": at, "version": "1.0.0",
        "data": {key: record, "actor": actor, **({"requester": asking} if key == "ticket" else {})},
    }  # fmt: skip


def _actor(happening: Happening) -> Object:
    kind = _ACTORS.get(happening.actor_kind, "system")
    if kind == "system":
        return {"id": None, "type": "system"}
    return {
        "id": happening.actor, "type": kind, "name": f"{CANARY}-name", "email": f"{CANARY}@example.com",
        "helpdesk_agent": kind == "agent", "current_login_ip": f"{CANARY}-address", "phone": f"{CANARY}-phone",
        "deleted": False, "active": True,
    }  # fmt: skip


def _entry(row: Mapping[str, Any]) -> Object:
    """A time entry; in events, time is a number of seconds."""
    at, seconds = shown.iso(row["sec"]), int(float(row["after"] or 0))
    return {
        "id": row["event"], "ticket_id": row["ticket"], "billable": True, "note": f"{CANARY}-note",
        "timer_running": False, "agent_id": row["actor"], "time_spent": seconds, "created_at": at, "updated_at": at,
        "start_time": shown.iso(row["sec"] - seconds), "executed_at": at,
    }  # fmt: skip


def _plain(value: Any) -> str:
    return "" if value is None else str(value)
