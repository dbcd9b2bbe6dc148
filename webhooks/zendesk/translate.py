"""What a Zendesk webhook says, as a `Delivery`. Pure: no network, no clock.

Two kinds of webhooks exist, and a webhook is one or the other for ever:
- subscribed to events (https://developer.zendesk.com/api-reference/webhooks/event-types/webhook-event-types/):
  they tell one change and become provisional events. They don't say who or what made the change, so the actor
  is unknown, unless a comment names its author.
- called by a trigger with a body of our own (`TRIGGER_BODY`): they only say that a ticket was touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any

from helpdesk_wellbeing import events
from helpdesk_wellbeing.deliveries import Delivery, delivery_key
from helpdesk_wellbeing.errors import BadPayload
from webhooks.reading import Headers, Payload, identity, part, reference, tags, text_time, without_gaps
from webhooks.zendesk.signature import SIGNATURE

# What a trigger sends: an id only, because placeholders are pasted as they are and a text could break the JSON.
TRIGGER_BODY = '{"helpdesk_wellbeing": "ticket", "ticket": "{{ticket.id}}"}'

INVOCATION = "X-Zendesk-Webhook-Invocation-Id"

_CHANNELS = {
    "messaging": "messaging", "native_messaging": "messaging", "chat": "chat", "talk": "phone", "voice": "phone",
    "email": "email", "mail": "email", "web": "web", "web_widget": "web", "mobile": "web", "api": "api",
    "web_service": "api", "facebook": "social", "twitter": "social", "x": "social", "instagram_dm": "messaging",
    "whatsapp": "messaging", "sms": "messaging", "phone": "phone",
}  # fmt: skip
# What the agent's own pages say, and what the availability API says.
_PRESENCE = {"online": "online", "offline": "offline", "invisible": "offline"}

Changes = list[dict[str, str]]


def translate(payload: Payload, headers: Headers, received: datetime) -> Delivery | None:
    """What a call says; None when it is of a kind that we don't read.

    Raises BadPayload with the names of the fields that don't fit. `received` is not used: Zendesk dates its events.
    """
    kind = payload.get("type")
    if isinstance(kind, str) and kind.startswith("zen:event-type:"):
        return _event(payload, kind.removeprefix("zen:event-type:"))
    if payload.get("helpdesk_wellbeing") == "ticket":
        return _trigger(payload, headers)
    return None


def _trigger(payload: Payload, headers: Headers) -> Delivery:
    ticket = identity(payload.get("ticket"))
    if ticket is None:
        raise BadPayload(
            "ticket is not the id of a ticket; put the body from webhooks/zendesk/README.md in the trigger"
        )
    call = reference(headers.get(INVOCATION, ""))
    if call is not None:
        return Delivery(delivery_key("invocation", call), tickets=(ticket,))
    signature = headers.get(SIGNATURE, "").encode("utf-8", "replace")
    return Delivery(delivery_key("signed", blake2b(signature, digest_size=16).hexdigest()), tickets=(ticket,))


def _event(payload: Payload, kind: str) -> Delivery | None:
    read = _KINDS.get(kind)
    if read is None and kind not in _ONLY_THE_PULL_CAN_TELL:
        return None
    own = payload.get("id")
    at = text_time(payload.get("time"))
    subject = "detail.agent_id" if kind in _OF_AGENTS else "detail.id"
    about = identity(part(payload, "detail").get(subject.removeprefix("detail.")))
    missing = [
        name
        for name, wrong in (("id", not isinstance(own, str) or not own), ("time", at is None), (subject, about is None))
        if wrong
    ]
    if missing or at is None or about is None:
        raise BadPayload(f"{', '.join(missing)}: not as in Zendesk's description of {kind}")
    key = delivery_key("event", str(own))
    found = read(payload) if read is not None else []
    if kind in _OF_AGENTS:
        whose = {"actor": about}
        return Delivery(
            key, tuple(_provisional(key, at, number, change | whose) for number, change in enumerate(found))
        )
    batch = reference(part(part(part(payload, "event"), "meta"), "sequence").get("id"))
    common = without_gaps(ticket=about, batch=batch, channel=_channel(part(part(payload, "detail"), "via")))
    rows = tuple(_provisional(key, at, number, common | change) for number, change in enumerate(found))
    return Delivery(key, rows, (about,))


def _provisional(key: str, at: str, number: int, values: Mapping[str, str]) -> dict[str, str]:
    return {"id": f"webhook:{key}.{number}", "at": at, "actor_kind": "unknown", "grade": "B", **values}


def _channel(via: Payload) -> str | None:
    channel = via.get("channel")
    return None if not isinstance(channel, str) else _CHANNELS.get(channel.lower(), "other")


# One function a kind: the payload to the columns in which its events differ; no event where nothing changed.


def _created(payload: Payload) -> Changes:
    detail = part(payload, "detail")
    state = without_gaps(
        group=identity(detail.get("group_id")),
        assignee=identity(detail.get("assignee_id")),
        status=_status(detail.get("status")) or "new",
        priority=_priority(detail.get("priority")),
    )
    return [{"kind": "created", **state}, *({"kind": "tagged", "after": tag} for tag in tags(detail.get("tags")))]


def _status_changed(payload: Payload) -> Changes:
    before, after = _both(payload, _status)
    if after == "deleted":
        return [without_gaps(kind="deleted", before=before)]
    return _change("status", before, after) if after is not None else []


def _deleted(payload: Payload) -> Changes:
    return [{"kind": "deleted"}]


def _priority_changed(payload: Payload) -> Changes:
    return _change("priority", *_both(payload, _priority))


def _assigned(payload: Payload) -> Changes:
    return _change("assigned", *_both(payload, identity))


def _moved(payload: Payload) -> Changes:
    return _change("moved", *_both(payload, identity))


def _tags_changed(payload: Payload) -> Changes:
    event = part(payload, "event")
    added = [{"kind": "tagged", "after": tag} for tag in tags(event.get("tags_added"))]
    return [*added, *({"kind": "untagged", "before": tag} for tag in tags(event.get("tags_removed")))]


def _commented(payload: Payload) -> Changes:
    """A comment names its author and whether that is staff; where it does not, the pull must tell."""
    comment = part(part(payload, "event"), "comment")
    author = part(comment, "author")
    public, staff, who = comment.get("is_public"), author.get("is_staff"), identity(author.get("id"))
    if not isinstance(public, bool) or not isinstance(staff, bool) or who is None:
        return []
    kind = ("replied" if public else "noted") if staff else "customer_replied"
    if not staff and not public:  # someone copied in; a private comment is no reply of the customer's
        return []
    return [{"kind": kind, "actor": who, "actor_kind": "agent" if staff else "requester"}]


def _presence_changed(payload: Payload) -> Changes:
    event = part(payload, "event")
    before, after = _presence(event.get("previous_state")), _presence(event.get("new_state"))
    if after is None:
        return []
    channel = event.get("channel")
    where = _CHANNELS.get(channel.lower()) if isinstance(channel, str) else None
    return [without_gaps(kind="availability", before=before, after=after, channel=where)]


def _both(payload: Payload, read: Callable[[Any], str | None]) -> tuple[str | None, str | None]:
    event = part(payload, "event")
    return read(event.get("previous")), read(event.get("current"))


def _change(kind: str, before: str | None, after: str | None) -> Changes:
    return [without_gaps(kind=kind, before=before, after=after)] if before != after else []


def _status(value: Any) -> str | None:
    """Our word, whatever its case; one of the account's own counts as pending."""
    return _word(value, events.STATUSES, "pending")


def _priority(value: Any) -> str | None:
    return _word(value, events.PRIORITIES, None)


def _presence(value: Any) -> str | None:
    """Our word; statuses of the account's own and "transfers only" are away."""
    return _PRESENCE.get(value.strip().lower(), "away") if isinstance(value, str) and value.strip() else None


def _word(value: Any, words: tuple[str, ...], otherwise: str | None) -> str | None:
    if not isinstance(value, str) or not value.strip():
        return None
    word = value.strip().lower()
    return word if word in words else otherwise


_KINDS: dict[str, Callable[[Payload], Changes]] = {
    "agent.state_changed": _presence_changed,
    "agent.unified_state_changed": _presence_changed,
    "ticket.agent_assignment_changed": _assigned,
    "ticket.comment_added": _commented,
    "ticket.created": _created,
    "ticket.group_assignment_changed": _moved,
    "ticket.marked_as_spam": _deleted,
    "ticket.priority_changed": _priority_changed,
    "ticket.soft_deleted": _deleted,
    "ticket.status_changed": _status_changed,
    "ticket.tags_changed": _tags_changed,
}
_OF_AGENTS = frozenset({"agent.state_changed", "agent.unified_state_changed"})
# They change what we compute, but don't say how: a hint is all that can be read from them.
_ONLY_THE_PULL_CAN_TELL = frozenset(
    {
        "ticket.custom_status_changed", "ticket.merged", "ticket.next_sla_breach_changed",
        "ticket.permanently_deleted", "ticket.undeleted",
    }
)  # fmt: skip
# What a webhook should be subscribed to.
SUBSCRIPTIONS = tuple(f"zen:event-type:{kind}" for kind in sorted({*_KINDS, *_ONLY_THE_PULL_CAN_TELL}))
