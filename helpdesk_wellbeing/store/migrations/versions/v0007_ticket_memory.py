"""What a connector must know again of a ticket when it sees it next."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table that older versions of the program neither read nor write."""
    op.create_table(
        "ticket_memory",
        sa.Column("account", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("ticket", sa.String(200), nullable=False),
        sa.Column("memory", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.number"], name="fk_account", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account", "ticket", name="pk_ticket_memory"),
        sqlite_with_rowid=False,
    )
