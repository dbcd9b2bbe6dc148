"""Who may see what, what was agreed, what agents said, what was forgotten, what people are told."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tables that older versions of the program neither read nor write."""
    _of_account(
        "members",
        sa.Column("who", sa.String(400), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("agent", sa.String(200)),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.Column("added_by", sa.String(400), nullable=False),
        keys=("who",),
    )
    _of_account_or_none(
        "web_sessions",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("who", sa.String(400), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("agent", sa.String(200)),
        sa.Column("way", sa.String(40), nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        keys=("hash",),
    )
    _of_account_or_none(
        "entry_links",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        sa.Column("used_at", sa.BigInteger),
        keys=("hash",),
    )
    _of_account(
        "leavers",
        sa.Column("agent", sa.String(200), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        keys=("agent",),
    )
    _of_account(
        "used_states",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        keys=("hash",),
    )
    op.create_table(
        "site",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_site"),
    )
    _of_account(
        "break_glass",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("who", sa.String(400), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("agent", sa.String(200), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("told_at", sa.BigInteger),
        keys=("id",),
    )
    _of_account(
        "agreements",
        sa.Column("seq", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        keys=("seq",),
    )
    _of_account(
        "objections",
        sa.Column("agent", sa.String(200), nullable=False),
        sa.Column("signal", sa.String(20), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        keys=("agent", "signal"),
    )
    _of_account(
        "flags_seen",
        sa.Column("rule", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("since", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("first_at", sa.BigInteger, nullable=False),
        sa.Column("gone_at", sa.BigInteger),
        keys=("rule", "kind", "subject", "since"),
    )
    _of_account(
        "contests",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("rule", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("since", sa.Integer, nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("by_agent", sa.SmallInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        keys=("id",),
    )
    _of_account(
        "own_words",
        sa.Column("agent", sa.String(200), nullable=False),
        sa.Column("what", sa.String(40), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        keys=("agent", "what"),
    )
    _of_account(
        "audit_mentions",
        sa.Column("word", sa.String(40), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False, autoincrement=False),
        keys=("word", "seq"),
    )
    _of_account(
        "tombstones",
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        keys=("mark",),
    )
    _of_account(
        "notices",
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("who", sa.String(400), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("sent_at", sa.BigInteger),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("problem", sa.Text),
        sa.Column("body", sa.Text, nullable=False),
        keys=("key",),
    )
    op.create_index("ix_notices_due", "notices", ["state", "due_at"])

    _who_stands_in_the_audit()


def _who_stands_in_the_audit() -> None:
    """Entries were added before anybody noted who stands in them."""
    columns: list[sa.ColumnClause[Any]] = [sa.column("account"), sa.column("word"), sa.column("seq")]
    mentions = sa.table("audit_mentions", *columns)
    rows = op.get_bind().execute(sa.text("SELECT account, seq, body FROM audit"))
    found = [
        {"account": account, "word": word, "seq": seq}
        for account, seq, body in rows for word in sorted(set(re.findall(r"person-[0-9a-f]{16}", body)))
    ]  # fmt: skip
    if found:
        op.bulk_insert(mentions, found)


def _of_account(name: str, *columns: sa.Column[Any], keys: tuple[str, ...]) -> None:
    known = sa.ForeignKeyConstraint(["account"], ["accounts.number"], name="fk_account", ondelete="CASCADE")
    _of_account_or_none(name, *columns, known, keys=keys)


def _of_account_or_none(name: str, *parts: sa.Column[Any] | sa.Constraint, keys: tuple[str, ...]) -> None:
    op.create_table(
        name,
        sa.Column("account", sa.Integer, nullable=False, autoincrement=False),
        *parts,
        sa.PrimaryKeyConstraint("account", *keys, name=f"pk_{name}"),
    )
