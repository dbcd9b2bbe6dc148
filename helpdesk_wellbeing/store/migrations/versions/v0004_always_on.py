"""What a running service keeps: events ahead of the pulls, the state of its work, answers, its processes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tables that older versions of the program neither read nor write."""
    _of_account(
        "provisional",
        sa.Column("id", sa.String(200), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        keys=("id",),
    )
    op.create_index("ix_provisional_at", "provisional", ["account", "at"])
    times = ("due_at", "began_at", "pulled_at", "news_at", "hook_at", "evaluated_at", "evaluated_until")
    _of_account(
        "runs",
        *(sa.Column(name, sa.BigInteger) for name in times),
        sa.Column("quiet_pulls", sa.Integer, nullable=False, server_default="0"),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("problem", sa.Text),
        sa.Column("paused_at", sa.BigInteger),
        sa.Column("quota_left", sa.Integer),
    )
    _of_account(
        "answers",
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "workers",
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("host", sa.String(200), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("since", sa.Float, nullable=False),
        sa.Column("heartbeat", sa.Float, nullable=False),
        sa.Column("counts", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_workers"),
    )


def _of_account(name: str, *columns: sa.Column[Any], keys: tuple[str, ...] = ()) -> None:
    op.create_table(
        name,
        sa.Column("account", sa.Integer, nullable=False, autoincrement=False),
        *columns,
        sa.ForeignKeyConstraint(["account"], ["accounts.number"], name="fk_account", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account", *keys, name=f"pk_{name}"),
    )
