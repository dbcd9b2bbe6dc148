"""The one declared schema of domain events, which is also the event log format.

Bulk events are Polars frames of `SCHEMA`; no Python object is made per event. `conform` is the only way in:
it fills defaults, derives ids, checks words and puts columns in order.
"""

from __future__ import annotations

import polars as pl

KINDS = (
    "created", "replied", "noted", "customer_replied", "status", "assigned", "moved", "priority", "tagged",
    "untagged", "rated", "sla_breached", "handled", "availability", "merged", "deleted",
)  # fmt: skip
STATUSES = ("new", "open", "pending", "hold", "solved", "closed", "deleted")
PRIORITIES = ("low", "normal", "high", "urgent")
CHANNELS = ("email", "web", "chat", "messaging", "phone", "social", "api", "other")
ACTOR_KINDS = ("agent", "requester", "system", "integration", "unknown")
GRADES = ("A", "B")

# Kinds that are work when a human agent did them (the others arrive, or are about somebody else).
WORK_KINDS = (
    "created", "replied", "noted", "status", "assigned", "moved", "priority", "tagged", "untagged", "handled",
    "deleted",
)  # fmt: skip

UTC = pl.Datetime("us", "UTC")

SCHEMA = pl.Schema(
    {
        "id": pl.String(),  # unique within the account
        "account": pl.String(),
        "at": UTC,
        "ticket": pl.String(),
        "actor": pl.String(),  # null: nobody is named
        "actor_kind": pl.Enum(ACTOR_KINDS),
        "kind": pl.Enum(KINDS),
        "before": pl.String(),
        "after": pl.String(),
        "channel": pl.Enum(CHANNELS),  # of the ticket or conversation, never of the actor
        "batch": pl.String(),  # what one save did together
        "grade": pl.Enum(GRADES),
        # the ticket's state right after this event, where the source gives it
        "group": pl.String(),
        "assignee": pl.String(),
        "status": pl.Enum(STATUSES),
        "priority": pl.Enum(PRIORITIES),
        # further optional facts
        "started_at": UTC,  # of what was handled
        "topic": pl.String(),
        "due_at": UTC,  # the ticket's next due time
    }
)
REQUIRED = ("at", "ticket", "kind")


def empty() -> pl.DataFrame:
    """No events, in the declared schema."""
    return pl.DataFrame(schema=SCHEMA)
