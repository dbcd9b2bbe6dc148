"""What acting keeps: proposals, writes with their receipts, the audit log, how an account acts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tables that older versions of the program neither read nor write."""
    _of_account(
        "proposals",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("subject_kind", sa.String(20), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("snoozed_until", sa.BigInteger),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("decided_by", sa.Text),
        sa.Column("reason", sa.String(40)),
        sa.Column("body", sa.Text, nullable=False),
        keys=("id",),
    )
    op.create_index("ix_proposals_state", "proposals", ["account", "state"])
    _of_account(
        "writes",
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("proposal", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("target", sa.String(200), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("asked", sa.Text, nullable=False),
        sa.Column("receipt", sa.Text),
        sa.Column("tries", sa.SmallInteger, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("sent_at", sa.BigInteger),
        sa.Column("claimed_until", sa.BigInteger),
        sa.Column("claimed_by", sa.String(40)),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        keys=("key",),
    )
    op.create_index("ix_writes_due", "writes", ["account", "state", "due_at"])
    op.create_index("ix_writes_sent", "writes", ["account", "sent_at"])
    op.create_index("ix_writes_proposal", "writes", ["account", "proposal"])
    _of_account(
        "made_tickets",
        sa.Column("ticket", sa.String(200), nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        keys=("ticket",),
    )
    _of_account(
        "consents",
        sa.Column("proposal", sa.String(40), nullable=False),
        sa.Column("agent", sa.String(200), nullable=False),
        sa.Column("asked_at", sa.BigInteger, nullable=False),
        sa.Column("answer", sa.String(10)),
        sa.Column("answered_at", sa.BigInteger),
        keys=("proposal", "agent"),
    )
    _of_account("policies", sa.Column("body", sa.Text, nullable=False))
    _of_account(
        "installed",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("platform_id", sa.String(200), nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        keys=("name",),
    )
    _of_account(
        "api_tokens",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        keys=("hash",),
    )
    _of_account(
        "audit",
        sa.Column("seq", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        keys=("seq",),
    )
    _of_account(
        "audit_heads",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    _of_account(
        "pseudonyms",
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("word", sa.String(40), nullable=False),
        keys=("person",),
    )
    op.add_column("runs", sa.Column("plan_due_at", sa.BigInteger))


def _of_account(name: str, *columns: sa.Column[Any], keys: tuple[str, ...] = ()) -> None:
    op.create_table(
        name,
        sa.Column("account", sa.Integer, nullable=False, autoincrement=False),
        *columns,
        sa.ForeignKeyConstraint(["account"], ["accounts.number"], name="fk_account", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account", *keys, name=f"pk_{name}"),
    )
