"""Waves of surveys: whom they ask, answers under seal, results, and what was answered to them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tables that older versions of the program neither read nor write."""
    _of_account(
        "survey_waves",
        _key("wave", 40),
        *(sa.Column(name, sa.String(20), nullable=False) for name in ("state", "kind", "venue")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("teams", "places")),
        sa.Column("invited", sa.Integer, nullable=False),
        sa.Column("opens_at", sa.BigInteger, nullable=False),
        sa.Column("closes_at", sa.BigInteger, nullable=False),
        sa.Column("remind_at", sa.BigInteger),
        sa.Column("triggers", sa.Text, nullable=False),
        sa.Column("question_set", sa.String(40), nullable=False),
        *(sa.Column(name, sa.Integer) for name in ("closed_on", "published_on", "answered_on")),
        keys=("wave",),
    )
    _of_account(
        "survey_invitations",
        _key("wave", 40),
        _key("person", 200),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("not_before", sa.BigInteger, nullable=False),
        keys=("wave", "person"),
        sqlite_with_rowid=False,
    )
    _of_account("survey_used", _key("mark", 64), keys=("mark",), sqlite_with_rowid=False)
    _of_account(
        "survey_sealed",
        _key("wave", 40),
        _key("slot", 32),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        keys=("wave", "slot"),
        sqlite_with_rowid=False,
    )
    _of_account(
        "survey_results",
        _key("wave", 40),
        _key("cell", 700),
        sa.Column("body", sa.Text, nullable=False),
        keys=("wave", "cell"),
        sqlite_with_rowid=False,
    )
    _of_account(
        "survey_themes",
        _key("theme", 40),
        _key("wave", 40),
        sa.Column("title", sa.Text, nullable=False),
        _key("owner", 200),
        sa.Column("raised_on", sa.Integer, nullable=False),
        sa.Column("question", sa.SmallInteger),
        sa.Column("answer", sa.Text),
        sa.Column("answered_on", sa.Integer),
        keys=("theme",),
    )


def _key(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _of_account(name: str, *columns: sa.Column[Any], keys: tuple[str, ...], **more: Any) -> None:
    op.create_table(
        name,
        sa.Column("account", sa.Integer, nullable=False, autoincrement=False),
        *columns,
        sa.ForeignKeyConstraint(["account"], ["accounts.number"], name="fk_account", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account", *keys, name=f"pk_{name}"),
        **more,
    )
