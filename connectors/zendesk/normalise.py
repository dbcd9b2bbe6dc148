"""Rows of the ticket event export -> our events. Pure: no network, no clock.

One row is one save (an audit); its `child_events` are what the save did. Two layouts are read: the export's,
where the
field's name is the key (`"status": "solved"`), and the audits', with `field_name` and `value`.
Lists are filled column by column; no object is made per event.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from connectors.columns import Columns
from connectors.zendesk import vias
from connectors.zendesk.columns import Context, Normalised
from helpdesk_wellbeing import events

_STATUSES = frozenset(events.STATUSES)
_PRIORITIES = frozenset(events.PRIORITIES)
_FIELDS = ("status", "assignee_id", "group_id", "priority", "tags", "custom_status_id")
_FIELD_SET = frozenset(_FIELDS)
_ID_FIELDS = {"assignee_id": ("assigned", "a"), "group_id": ("moved", "g")}
_STAFF_ACTS = frozenset({"noted", "assigned", "moved"})  # a customer can't
# Kinds of child events that say nothing about anybody's work. Others are counted as unknown.
_SILENT = frozenset(
    [
        "Notification", "NotificationWithCcs", "Cc", "FollowerNotification", "FollowerChange",
        "EmailCcChange", "SatisfactionRating", "Error", "External", "VoiceComment", "TpeVoiceComment",
        "VoiceApiComment", "ChatStartedEvent", "ChatEndedEvent", "MessagingCsatRequest",
        "AgentMacroReference", "MacroReference", "TicketSharingEvent", "OrganizationActivity",
        "CommentPrivacyChange", "Push", "Tweet", "CommentRedactionEvent", "AttachmentRedactionEvent",
        "RedactEvent", "LogMeInTranscript", "FacebookEvent", "FacebookComment", "KnowledgeLinked",
        "KnowledgeLinkAccepted", "KnowledgeCaptured", "SlaTargetChange", "WebhookEvent", "SmsNotification",
        "AssociateAttValsToTicket", "ScheduleAssignment", "CollabThreadCreated", "CollabThreadReply",
        "CollabThreadClosed", "CollabThreadReopened", "OfferedTo", "RoutingChannel", "SurveyOffered",
        "SurveySubmitted", "UserCustomFieldEvent",
    ]
)  # fmt: skip


def ticket_events(rows: Sequence[Any], context: Context) -> Normalised:
    """The events of a page of saves, in the page's order. Repeated rows give the same event ids."""
    columns = Columns(context)
    newest: int | None = None
    for row in rows:
        whole = len(columns.ids)
        try:
            epoch = _save(row, columns)
        except (KeyError, TypeError, ValueError, AttributeError):
            columns.cut(whole)
            columns.unreadable += 1
            continue
        if newest is None or epoch > newest:
            newest = epoch
    return Normalised(columns.frame(), columns.unknown, columns.unreadable, frozenset(columns.puzzling), newest)


def _save(row: dict[str, Any], out: Columns[Context]) -> int:
    """Append what one save did; returns its time in epoch seconds. Raises when the row can't be read."""
    epoch = row.get("timestamp")
    if epoch.__class__ is not int:
        epoch = _epoch(row)
    audit = int(row["id"])
    ticket = str(int(row["ticket_id"]))
    children = row.get("child_events")
    if children is None:
        children = row.get("events") or []
    via = row.get("via")
    meaning = vias.of(via)
    if not meaning.known:
        out.unknown[f"via {via if isinstance(via, str) else 'object'}"] += 1
    updater = row.get("updater_id", row.get("author_id"))
    actor, actor_kind = _saver(updater, meaning.maker, out.context)
    save = _Save(out, epoch, f"{audit:014d}", str(audit), ticket, actor, actor_kind, meaning, via)
    for child in children:
        if _opens_a_ticket(child):
            save.read_creation(children, str(row.get("via_reference_id") or "") or None)
            break
    else:
        save.read_changes(children)
    return int(epoch)


def _epoch(row: dict[str, Any]) -> int:
    stamp = row.get("timestamp")
    if isinstance(stamp, float) or (isinstance(stamp, str) and stamp.isdigit()):
        return int(stamp)
    parsed = datetime.fromisoformat(row["created_at"])
    if parsed.tzinfo is None:
        raise ValueError("a time without a zone")
    return int(parsed.timestamp())


def _saver(updater: Any, maker: str, context: Context) -> tuple[str | None, str]:
    """Who saved, and as what."""
    if updater is None or updater == -1 or updater == "-1":
        return None, "system"
    user = str(updater)
    if maker == "rule" or maker == "system":
        return user, "system"
    if user == context.own_user:
        return user, "integration"
    if user in context.staff:
        if maker == "api" or maker == "import":
            return user, "agent" if user in context.people_by_api else "integration"
        return user, "agent"
    return user, "requester"


def _opens_a_ticket(child: dict[str, Any]) -> bool:
    kind = child.get("event_type") or child.get("type")
    if kind == "Create":
        return True
    # A ticket always has a status: one that was nothing before is its first.
    return (
        kind == "Change"
        and child.get("previous_value", "") is None
        and ("status" in child or child.get("field_name") == "status")
    )


class _Save:
    """One save, while its children are read."""

    __slots__ = (
        "_actor",
        "_audit",
        "_batch",
        "_kind",
        "_ordinal",
        "_out",
        "_seconds",
        "_ticket",
        "_via",
        "_via_raw",
    )

    def __init__(
        self, out: Columns[Context], seconds: int, audit: str, batch: str, ticket: str, actor: str | None, kind: str,
        via: vias.Via, via_raw: Any,
    ) -> None:  # fmt: skip
        self._out = out
        self._seconds = seconds
        self._audit = audit
        self._batch = batch
        self._ticket = ticket
        self._actor = actor
        self._kind = kind
        self._via = via
        self._via_raw = via_raw
        self._ordinal = 0

    def read_creation(self, children: list[dict[str, Any]], reference: str | None) -> None:
        """`created` with the first state, one `tagged` per first tag, then what rules did in the same
        save."""
        state: dict[str, str | None] = {"status": "new", "channel": self._via.channel}
        tags: list[str] = []
        by_rules: list[dict[str, Any]] = []
        for child in children:
            kind = child.get("event_type") or child.get("type")
            if self._is_by_rule(child):
                by_rules.append(child)
            elif kind == "Create" or kind == "Change":
                for name, value, _ in _fields(child):
                    if name == "tags":
                        tags = _tags(value)
                    else:
                        self._first_value(name, value, state)
            elif kind != "Comment":
                self._count_unknown(kind)
        out = self._out
        index = len(out.ids)
        self._emit("0", "created", None, None, self._actor, self._kind)
        for name, word in state.items():
            if word is not None:
                out.sparse[name][index] = word
        for tag in tags:
            self._emit(f"0+{tag}", "tagged", None, tag, self._actor, self._kind)
        if by_rules:
            self.read_changes(by_rules)

    def read_changes(self, children: list[dict[str, Any]]) -> None:
        """One event for each change, all in the save's batch."""
        said_merge = self._via.maker == "merge"
        if said_merge:
            other = vias.reference(self._via_raw) or next(
                (str(c["via_reference_id"]) for c in children if c.get("via_reference_id")), None
            )
            self._emit("0m", "merged", None, other, self._actor, self._kind)
        says_status = self._says_status(children)
        for child in children:
            self._ordinal += 1
            kind = child.get("event_type") or child.get("type")
            if kind == "Comment":
                self._comment(child)
            elif kind == "Change" or kind == "Create":
                self._change(child, says_status)
            else:
                self._count_unknown(kind)

    # One child

    def _comment(self, child: dict[str, Any]) -> None:
        if child.get("comment_present") is False:
            return
        public = child.get("comment_public", child.get("public"))
        if public is None:
            self._out.unknown["comment without privacy"] += 1
        actor, actor_kind = self._maker_of(child)
        author = child.get("author_id")
        context = self._out.context
        if author is None or actor_kind == "system" or str(author) == actor:
            by_customer = actor_kind == "requester"
        else:
            by_customer = str(author) not in context.staff
            if by_customer:
                actor, actor_kind = str(author), "requester"
        spoken = "customer_replied" if by_customer else "replied"
        kind = spoken if public else "noted"
        self._emit(self._key(child), kind, None, None, actor, actor_kind)

    def _change(self, child: dict[str, Any], says_status: str) -> None:
        for name, value, previous in _fields(child):
            if name == "tags":
                self._tag_changes(child, value, previous)
            elif name in _ID_FIELDS:
                before, after = _id(previous), _id(value)
                if before != after:
                    kind, letter = _ID_FIELDS[name]
                    self._emit(self._key(child) + letter, kind, before, after, *self._maker_of(child))
            elif name == "priority":
                before, after = self._priority(previous), self._priority(value)
                if before != after:
                    self._emit(self._key(child) + "p", "priority", before, after, *self._maker_of(child))
            elif name == "status":
                before, after = self._status(previous), self._status(value)
                if says_status == "status" or after in ("closed", "deleted"):
                    self._status_change(child, before, after)
            elif says_status == "custom_status_id":
                self._status_change(child, self._custom(previous), self._custom(value))

    def _says_status(self, children: list[dict[str, Any]]) -> str:
        """Which field tells the status: the status itself, unless the admin maps the custom status beside
        it."""
        found = "custom_status_id"
        for child in children:
            if "status" in child or child.get("field_name") == "status":
                found = "status"
                if not self._out.context.overrides:
                    return found
        for child in children:
            for name, value, _ in _fields(child):
                if name == "custom_status_id" and _id(value) in self._out.context.overrides:
                    return name
        return found

    def _status_change(self, child: dict[str, Any], before: str | None, after: str | None) -> None:
        if after == "deleted":
            self._emit(self._key(child) + "d", "deleted", before, None, *self._maker_of(child))
        elif after is not None and before != after:
            self._emit(self._key(child) + "s", "status", before, after, *self._maker_of(child))

    def _tag_changes(self, child: dict[str, Any], value: Any, previous: Any) -> None:
        added, removed = child.get("added_tags"), child.get("removed_tags")
        if added is None and removed is None:
            now, then = _tags(value), _tags(previous)
            added = [tag for tag in now if tag not in then]
            removed = [tag for tag in then if tag not in now]
        maker = self._maker_of(child)
        key = self._key(child)
        for tag in _tags(added):
            self._emit(f"{key}+{tag}", "tagged", None, tag, *maker)
        for tag in _tags(removed):
            self._emit(f"{key}-{tag}", "untagged", tag, None, *maker)

    # Who, what, under which id

    def _is_by_rule(self, child: dict[str, Any]) -> bool:
        via = child.get("via")
        meaning = self._via if via is None or via == self._via_raw else vias.of(via)
        if meaning.maker == "rule":
            return True
        return bool(child.get("via_reference_id")) and meaning.maker in ("person", "api")

    def _maker_of(self, child: dict[str, Any]) -> tuple[str | None, str]:
        via = child.get("via")
        reference = child.get("via_reference_id")
        if not reference and (via is None or via == self._via_raw):
            if self._via.maker == "rule":
                rule = vias.reference(self._via_raw)
                return (f"rule:{rule}" if rule else None), "system"
            return self._actor, self._kind
        if self._is_by_rule(child):
            rule = reference or vias.reference(via)
            return (f"rule:{rule}" if rule else None), "system"
        meaning = self._via if via is None else vias.of(via)
        return _saver(self._actor, meaning.maker, self._out.context)

    def _key(self, child: dict[str, Any]) -> str:
        own = child.get("id")
        return f"n{self._ordinal}" if own is None else str(own)

    def _emit(
        self, key: str, kind: str, before: str | None, after: str | None, actor: str | None, actor_kind: str
    ) -> None:
        out = self._out
        if actor_kind == "requester" and kind in _STAFF_ACTS and actor is not None:
            out.puzzling.add(actor)
            actor_kind = "unknown"
        out.ids.append(f"{self._audit}.{key}")
        out.at.append(self._seconds)
        out.ticket.append(self._ticket)
        out.actor.append(actor)
        out.actor_kind.append(actor_kind)
        out.kind.append(kind)
        out.before.append(before)
        out.after.append(after)
        out.batch.append(self._batch)

    # Words

    def _first_value(self, name: str, value: Any, state: dict[str, str | None]) -> None:
        if name == "assignee_id":
            state["assignee"] = _id(value)
        elif name == "group_id":
            state["group"] = _id(value)
        elif name == "priority":
            state["priority"] = self._priority(value)
        elif name == "status":
            state["status"] = self._status(value) or "new"
        elif _id(value) in self._out.context.overrides:
            state["status"] = self._custom(value) or "new"

    def _status(self, value: Any) -> str | None:
        if value is None or value == "":
            return None
        if value in _STATUSES:
            return str(value)
        word = str(value).strip().lower()
        if word in _STATUSES:
            return word
        self._out.unknown["status"] += 1
        return "pending"

    def _custom(self, value: Any) -> str | None:
        key = _id(value)
        context = self._out.context
        return None if key is None else context.overrides.get(key) or context.statuses.get(key)

    def _priority(self, value: Any) -> str | None:
        if value is None or value == "" or value == "-":
            return None
        word = str(value).strip().lower()
        if word in _PRIORITIES:
            return word
        self._out.unknown["priority"] += 1
        return None

    def _count_unknown(self, kind: Any) -> None:
        if kind not in _SILENT:
            self._out.unknown[f"child event {kind if isinstance(kind, str) else 'without kind'}"[:60]] += 1


def _fields(child: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """(field, value, previous) of the fields we read, in either layout."""
    previous = child.get("previous_value")
    name = child.get("field_name")
    if name is not None:
        return [(name, child.get("value"), previous)] if name in _FIELD_SET else []
    return [(field, child[field], previous) for field in child if field in _FIELD_SET]


def _id(value: Any) -> str | None:
    """An id as a string; in audits ids are strings, in lists numbers; nothing is null, "" or 0."""
    if value is None or value == "" or value == 0 or value == "0":
        return None
    return str(value)


def _tags(value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, str):
        return list(dict.fromkeys(value.replace(",", " ").split()))
    if isinstance(value, list):
        return list(dict.fromkeys(str(tag) for tag in value if tag))
    raise ValueError("tags are neither a list nor words")
