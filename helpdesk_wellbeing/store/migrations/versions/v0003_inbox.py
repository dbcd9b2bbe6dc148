"""The inbox of what webhooks brought."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table that older versions of the program neither read nor write."""
    op.create_table(
        "inbox",
        sa.Column("account", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text),
        sa.Column("tries", sa.SmallInteger, nullable=False),
        sa.Column("problem", sa.Text),
        sa.ForeignKeyConstraint(["account"], ["accounts.number"], name="fk_account", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account", "key", name="pk_inbox"),
    )
    waits = sa.text("body IS NOT NULL")
    op.create_index("ix_inbox_waiting", "inbox", ["account", "received"], sqlite_where=waits, postgresql_where=waits)
