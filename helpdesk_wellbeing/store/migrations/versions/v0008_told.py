"""The latest changes of tickets, told and inferred."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table that older versions of the program neither read nor write."""
    op.create_table(
        "told",
        sa.Column("account", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("ticket", sa.String(200), nullable=False),
        sa.Column("value", sa.Text),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("since", sa.BigInteger),
        sa.Column("body", sa.Text),
        sa.ForeignKeyConstraint(["account"], ["accounts.number"], name="fk_account", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account", "id", "key", name="pk_told"),
    )
    op.create_index("ix_told_ticket", "told", ["account", "ticket"])
    op.create_index("ix_told_at", "told", ["account", "at"])
