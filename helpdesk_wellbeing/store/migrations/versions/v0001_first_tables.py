"""The first tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Accounts, events, tickets, watermarks, pieces, checkpoints, meta, directory, secrets, leases."""
    op.create_table(
        "accounts",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("platform", sa.String(40)),
        sa.Column("zone", sa.String(80), nullable=False),
        sa.Column("week_start", sa.SmallInteger, nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("dirty_since", sa.BigInteger),
        sa.PrimaryKeyConstraint("number", name="pk_accounts"),
        sa.UniqueConstraint("name", name="uq_accounts_name"),
    )
    _of_account(
        "event_chunks",
        ("day", "seq"),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("first_at", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    _of_account(
        "event_ids",
        ("fingerprint",),
        sa.Column("fingerprint", sa.BigInteger, nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        checked=False,
        with_rowid=False,
    )
    _of_account(
        "tickets",
        ("ticket",),
        sa.Column("ticket", sa.String(200), nullable=False),
        sa.Column("created_at", sa.BigInteger),
        sa.Column("updated_at", sa.BigInteger),
        sa.Column("status", sa.String(40)),
        sa.Column("group", sa.String(200)),
        sa.Column("assignee", sa.String(200)),
        sa.Column("priority", sa.String(40)),
        sa.Column("channel", sa.String(40)),
        with_rowid=False,
    )
    _of_account(
        "watermarks",
        ("stream",),
        sa.Column("stream", sa.String(200), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
    )
    _of_account(
        "pieces",
        ("kind", "day"),
        sa.Column("kind", sa.String(80), nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    _of_account(
        "checkpoints",
        ("at", "name"),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("form", sa.String(10), nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    _of_account(
        "meta",
        ("key",),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
    )
    _of_account(
        "directory",
        ("kind", "source"),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    _of_account(
        "secrets",
        ("name",),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )
    _of_account(
        "leases",
        (),
        sa.Column("token", sa.String(40), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("born", sa.String(120), nullable=False),
        sa.Column("host", sa.String(200), nullable=False),
        sa.Column("who", sa.String(400), nullable=False),
        sa.Column("since", sa.Float, nullable=False),
        sa.Column("heartbeat", sa.Float, nullable=False),
    )


def _of_account(
    name: str,
    keys: tuple[str, ...],
    *columns: sa.Column[Any],
    checked: bool = True,
    with_rowid: bool = True,
) -> None:
    known = sa.ForeignKeyConstraint(["account"], ["accounts.number"], name="fk_account", ondelete="CASCADE")
    op.create_table(
        name,
        sa.Column("account", sa.Integer, nullable=False, autoincrement=False),
        *columns,
        *([known] if checked else []),
        sa.PrimaryKeyConstraint("account", *keys, name=f"pk_{name}"),
        sqlite_with_rowid=with_rowid,
    )
