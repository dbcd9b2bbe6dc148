"""Tickets and conversations as the platform writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from .talks import Talk
from .versions import COUNTED, DELETED, ESCALATED, FIRST_REPLY_LATE, NEXT_REPLY_LATE, SPAM, Columns, Numbers
from .words import CANARY, CONVERSATION, NULL

Object = dict[str, Any]
STATS = {
    "agent_responded_at": "agent_responded", "requester_responded_at": "requester_responded",
    "first_responded_at": "first_responded", "status_updated_at": "status_updated", "reopened_at": "reopened",
    "resolved_at": "resolved", "closed_at": "closed", "pending_since": "pending",
}  # fmt: skip


def iso(second: int) -> str:
    """Epoch seconds as the platform writes times."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_or_null(second: int) -> str | None:
    """The same, where there may be no such time."""
    return None if second == NULL else iso(second)


def or_null(no: int) -> int | None:
    """An id, or null."""
    return None if no == NULL else no


def versions(columns: Columns, rows: Numbers | Sequence[int]) -> list[dict[str, int]]:
    """Chosen rows of the versions, as numbers by column."""
    taken = {name: column[rows].tolist() for name, column in columns.items()}
    names = list(taken)
    return [dict(zip(names, values, strict=True)) for values in zip(*taken.values(), strict=True)]


def ticket(row: Mapping[str, int], tags: Sequence[str], besides: Mapping[str, Any], due: bool) -> Object:
    """One ticket without what has to be asked for. `due`: whether due times are known by now."""
    flags, no = row["flags"], row["ticket"]
    shown: Object = {
        "cc_emails": [], "fwd_emails": [], "reply_cc_emails": [], "ticket_cc_emails": [], "ticket_bcc_emails": [],
        "fr_escalated": bool(flags & FIRST_REPLY_LATE), "spam": bool(flags & SPAM), "email_config_id": None,
        "group_id": or_null(row["group"]), "priority": row["priority"], "requester_id": row["requester"],
        "responder_id": or_null(row["responder"]), "source": row["source"], "company_id": None,
        "status": row["status"], "subject": f"{CANARY}-subject-{no}", "association_type": None, "support_email": None,
        "to_emails": [f"{CANARY}-{no}@example.com"], "product_id": None, "id": no, "type": None,
        "due_by": iso(row["due"]) if due else None, "fr_due_by": iso(row["fr_due"]) if due else None,
        "is_escalated": bool(flags & ESCALATED), "custom_fields": {}, "created_at": iso(row["created"]),
        "updated_at": iso(row["updated"]), "associated_tickets_count": None, "tags": list(tags), "form_id": None,
        "internal_agent_id": None, "internal_group_id": None, "sentiment_score": None,
        "initial_sentiment_score": None, "nr_due_by": None, "nr_escalated": bool(flags & NEXT_REPLY_LATE),
    }  # fmt: skip
    if flags & DELETED:
        shown["deleted"] = True
    return {**shown, **besides}


def stats(row: Mapping[str, int]) -> Object:
    """What `include=stats` adds."""
    return {name: iso_or_null(row[column]) for name, column in STATS.items()}


def counters(row: Mapping[str, int]) -> Object:
    """What app events tell besides."""
    return {name: row[column] or None for name, column in COUNTED.items()}


def texts(no: int) -> Object:
    """A ticket's description, which nobody should want."""
    return {"description": f"<div>{CANARY}-description-{no}</div>", "description_text": f"{CANARY}-description-{no}"}


def requester(no: int) -> Object:
    """What `include=requester` adds."""
    return {"id": no, "name": f"{CANARY}-customer-{no}", "email": f"customer{no}@example.com", "mobile": None,
            "phone": None}  # fmt: skip


def conversations(no: int, talks: Iterable[Talk], texts: Mapping[int, Mapping[str, Any]]) -> list[Object]:
    """A ticket's conversations. `texts`: what was written of them while the account ran."""
    return [{**conversation(no, talk), **texts.get(talk.no, {})} for talk in talks]


def conversation(no: int, talk: Talk) -> Object:
    """One conversation of a ticket."""
    source, incoming, private = CONVERSATION[talk.what]
    said, at = f"{CANARY}-conversation-{talk.no}", iso(talk.sec)
    return {
        "body": f"<div>{said}</div>", "body_text": said, "structured_body": None, "id": talk.no, "incoming": incoming,
        "private": private, "user_id": or_null(talk.user), "support_email": None, "source": source,
        "category": 2 if private else 1 if incoming else 3, "to_emails": [], "from_email": None, "cc_emails": [],
        "bcc_emails": None, "email_failure_count": None, "outgoing_failures": None, "created_at": at,
        "updated_at": at, "last_edited_at": None, "last_edited_user_id": None, "attachments": [], "ticket_id": no,
    }  # fmt: skip
