"""Pieces go by the instant at which they begin, because a slice of time may be an hour as well as a week.

Accounts count the changes of their directory and settings, so that a process that remembers them sees when to look
again. Tickets are found by their creation, so that a stretch of time reads its own ones only.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Pieces and checkpoints are computed from events, so they are forgotten and computed again."""
    op.drop_table("pieces")
    op.create_table(
        "pieces",
        sa.Column("account", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("kind", sa.String(80), nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.number"], name="fk_account", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account", "kind", "since", name="pk_pieces"),
    )
    op.execute("DELETE FROM checkpoints")
    op.create_index("ix_tickets_created", "tickets", ["account", "created_at"])
    op.add_column("accounts", sa.Column("revision", sa.Integer, nullable=False, server_default="0"))
