"""The tables. Every row has its account; times are microseconds since 1970 UTC, days are days since 1970.

A change here needs a migration in `migrations/versions`; a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData(naming_convention={"pk": "pk_%(table_name)s", "uq": "uq_%(table_name)s_%(column_0_name)s"})


def _account(*, checked: bool = True) -> Column[int]:
    """Part of every primary key, so that two accounts cannot meet in one row."""
    known = [ForeignKey("accounts.number", name="fk_account", ondelete="CASCADE")] if checked else []
    return Column("account", Integer, *known, primary_key=True, autoincrement=False)


accounts = Table(
    "accounts",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("platform", String(40)),
    Column("zone", String(80), nullable=False),
    Column("week_start", SmallInteger, nullable=False),
    Column("settings", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("dirty_since", BigInteger),
    Column("revision", Integer, nullable=False, server_default="0"),  # of the directory and the settings
)

# Events lie in chunks: an Arrow file of one UTC day (see events.py). The columns that are read without the
# content come before it, because SQLite reads a row from its start.
event_chunks = Table(
    "event_chunks",
    metadata,
    _account(),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("rows", Integer, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

# Which ids are there already: a fingerprint of each (see fingerprints.py) and the day its event lies in.
# Looking up the account for each row would cost a seventh of the time that storing events takes.
event_ids = Table(
    "event_ids",
    metadata,
    _account(checked=False),
    Column("fingerprint", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Integer, nullable=False),
    sqlite_with_rowid=False,
)

tickets = Table(
    "tickets",
    metadata,
    _account(),
    Column("ticket", String(200), primary_key=True),
    Column("created_at", BigInteger),
    Column("updated_at", BigInteger),
    Column("status", String(40)),
    Column("group", String(200)),
    Column("assignee", String(200)),
    Column("priority", String(40)),
    Column("channel", String(40)),
    Index("ix_tickets_created", "account", "created_at"),
    sqlite_with_rowid=False,
)

# What a connector must know again of a ticket; nobody else looks inside.
ticket_memory = Table(
    "ticket_memory",
    metadata,
    _account(),
    Column("ticket", String(200), primary_key=True),
    Column("memory", Text, nullable=False),
    sqlite_with_rowid=False,
)

watermarks = Table(
    "watermarks",
    metadata,
    _account(),
    Column("stream", String(200), primary_key=True),
    Column("value", Text, nullable=False),
)

pieces = Table(
    "pieces",
    metadata,
    _account(),
    Column("kind", String(80), primary_key=True),
    Column("since", BigInteger, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    _account(),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(200), primary_key=True),
    Column("form", String(10), nullable=False),  # frame | bytes
    Column("data", LargeBinary, nullable=False),
)

meta = Table(
    "meta",
    metadata,
    _account(),
    Column("key", String(200), primary_key=True),
    Column("value", Text, nullable=False),
)

# people, leave, groups and on_call, each replaced as a whole by its source (file or platform)
directory = Table(
    "directory",
    metadata,
    _account(),
    Column("kind", String(20), primary_key=True),
    Column("source", String(20), primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

secrets = Table(
    "secrets",
    metadata,
    _account(),
    Column("name", String(200), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    _account(),
    Column("token", String(40), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("born", String(120), nullable=False),  # tells this process from a later one with the same pid
    Column("host", String(200), nullable=False),
    Column("who", String(400), nullable=False),
    Column("since", Float, nullable=False),
    Column("heartbeat", Float, nullable=False),
)

# What webhooks brought. The row stays after its work is done, without its body: platforms send things again.
inbox = Table(
    "inbox",
    metadata,
    _account(),
    Column("key", String(200), primary_key=True),
    Column("received", BigInteger, nullable=False),
    Column("body", Text),  # null: worked off
    Column("tries", SmallInteger, nullable=False),  # that failed
    Column("problem", Text),  # why the last one failed
)
_WAITS = text("body IS NOT NULL")
Index("ix_inbox_waiting", inbox.c.account, inbox.c.received, sqlite_where=_WAITS, postgresql_where=_WAITS)

# Events that webhooks brought and that no pull has covered yet (see provisional.py); the body is JSON.
provisional = Table(
    "provisional",
    metadata,
    _account(),
    Column("id", String(200), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_provisional_at", "account", "at"),
)

# The latest changes of tickets: what app events told, and what pulls inferred (see told.py). The event itself is among
# the events, except where `body` is given: an inferred one that gave way.
told = Table(
    "told",
    metadata,
    _account(),
    Column("id", Text, primary_key=True),
    Column("key", Text, primary_key=True),  # a kind of change, or one tag
    Column("ticket", String(200), nullable=False),
    Column("value", Text),
    Column("at", BigInteger, nullable=False),
    Column("since", BigInteger),  # of what was inferred; null: told
    Column("body", Text),
    Index("ix_told_ticket", "account", "ticket"),
    Index("ix_told_at", "account", "at"),
)

# What the pipeline knows of its work for an account; all times may be missing.
runs = Table(
    "runs",
    metadata,
    _account(),
    Column("due_at", BigInteger),  # of the next pull
    Column("began_at", BigInteger),  # of the latest pull
    Column("pulled_at", BigInteger),  # a pull came to its end
    Column("news_at", BigInteger),  # a pull brought something new
    Column("hook_at", BigInteger),  # a webhook brought something
    Column("evaluated_at", BigInteger),
    Column("evaluated_until", BigInteger),  # the instant that the latest answer is about
    Column("quiet_pulls", Integer, nullable=False, server_default="0"),  # in a row without news
    Column("failures", Integer, nullable=False, server_default="0"),  # in a row
    Column("problem", Text),  # of the latest run
    Column("paused_at", BigInteger),
    Column("quota_left", Integer),  # API calls in the present minute, as the platform said last
    Column("plan_due_at", BigInteger),  # when proposals are to be looked at again
)

# What the latest evaluation found, as `check --format json` says it.
answers = Table(
    "answers",
    metadata,
    _account(),
    Column("made_at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)

# Waves of surveys. Answers wait in `survey_sealed`, unreadable, until their wave closes; then they become the numbers
# of `survey_results` that may be shown, and are gone. No row of an answer has a time, a person or an order: its key is
# random, and without row ids rows lie in the order of their keys.
survey_waves = Table(
    "survey_waves",
    metadata,
    _account(),
    Column("wave", String(40), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("venue", String(20), nullable=False),
    Column("teams", Text, nullable=False),  # JSON
    Column("places", Text, nullable=False),  # JSON
    Column("invited", Integer, nullable=False),
    Column("opens_at", BigInteger, nullable=False),
    Column("closes_at", BigInteger, nullable=False),
    Column("remind_at", BigInteger),
    Column("triggers", Text, nullable=False),  # JSON
    Column("question_set", String(40), nullable=False),
    Column("closed_on", Integer),  # days, as all that follow
    Column("published_on", Integer),
    Column("answered_on", Integer),
)

survey_invitations = Table(
    "survey_invitations",
    metadata,
    _account(),
    Column("wave", String(40), primary_key=True),
    Column("person", String(200), primary_key=True),
    Column("place", Text, nullable=False),  # JSON
    Column("not_before", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Links that were used, as hashes; nothing in it leads to a wave, a person or an answer.
survey_used = Table(
    "survey_used",
    metadata,
    _account(),
    Column("mark", String(64), primary_key=True),
    sqlite_with_rowid=False,
)

survey_sealed = Table(
    "survey_sealed",
    metadata,
    _account(),
    Column("wave", String(40), primary_key=True),
    Column("slot", String(32), primary_key=True),  # random
    Column("sealed", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

survey_results = Table(
    "survey_results",
    metadata,
    _account(),
    Column("wave", String(40), primary_key=True),
    Column("cell", String(700), primary_key=True),  # JSON: team, dimension, value
    Column("body", Text, nullable=False),
    sqlite_with_rowid=False,
)

survey_themes = Table(
    "survey_themes",
    metadata,
    _account(),
    Column("theme", String(40), primary_key=True),
    Column("wave", String(40), nullable=False),
    Column("title", Text, nullable=False),
    Column("owner", String(200), nullable=False),
    Column("raised_on", Integer, nullable=False),
    Column("question", SmallInteger),
    Column("answer", Text),
    Column("answered_on", Integer),
)

# Processes of this installation. They belong to no account.
workers = Table(
    "workers",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("role", String(40), nullable=False),
    Column("version", String(40), nullable=False),
    Column("host", String(200), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("since", Float, nullable=False),
    Column("heartbeat", Float, nullable=False),
    Column("counts", Text, nullable=False),  # JSON: what it has counted so far, for /metrics
)

# What is proposed to people (see plan/proposal.py) and what became of it; the body is JSON.
proposals = Table(
    "proposals",
    metadata,
    _account(),
    Column("id", String(40), primary_key=True),
    Column("action", String(40), nullable=False),
    Column("subject_kind", String(20), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("state", String(20), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("snoozed_until", BigInteger),
    Column("changed_at", BigInteger, nullable=False),
    Column("decided_by", Text),
    Column("reason", String(40)),
    Column("body", Text, nullable=False),
    Index("ix_proposals_state", "account", "state"),
)

# Each write to a helpdesk that was decided, under a key that is looked up before it is made again. Rows stay.
writes = Table(
    "writes",
    metadata,
    _account(),
    Column("key", String(200), primary_key=True),
    Column("proposal", String(40), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("target", String(200), nullable=False),  # a ticket, or whom a new ticket is for
    Column("state", String(20), nullable=False),  # planned | sent | written | skipped
    Column("asked", Text, nullable=False),  # JSON
    Column("receipt", Text),  # JSON: before, after, what the platform answered, why it was skipped
    Column("tries", SmallInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("sent_at", BigInteger),  # the last time; it may have arrived even where no answer came
    Column("claimed_until", BigInteger),
    Column("claimed_by", String(40)),
    Column("made_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Index("ix_writes_due", "account", "state", "due_at"),
    Index("ix_writes_sent", "account", "sent_at"),
    Index("ix_writes_proposal", "account", "proposal"),
)

# Tickets that this program made; they are nobody's work.
made_tickets = Table(
    "made_tickets",
    metadata,
    _account(),
    Column("ticket", String(200), primary_key=True),
    Column("made_at", BigInteger, nullable=False),
)

# Whether a receiver takes what a proposal would give.
consents = Table(
    "consents",
    metadata,
    _account(),
    Column("proposal", String(40), primary_key=True),
    Column("agent", String(200), primary_key=True),
    Column("asked_at", BigInteger, nullable=False),
    Column("answer", String(10)),  # yes | no; null: not yet
    Column("answered_at", BigInteger),
)

# How an account acts: modes, standing approvals, the switch; JSON (see acting/policy.py).
policies = Table("policies", metadata, _account(), Column("body", Text, nullable=False))

# What `install` made in a helpdesk, by our name for it.
installed = Table(
    "installed",
    metadata,
    _account(),
    Column("name", String(80), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("platform_id", String(200), nullable=False),
    Column("made_at", BigInteger, nullable=False),
)

# Who may use the JSON API of an account: a hash of the token, never the token.
api_tokens = Table(
    "api_tokens",
    metadata,
    _account(),
    Column("hash", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("made_at", BigInteger, nullable=False),
)

# What happened, each entry with a hash over itself and the one before (see audit.py). Never changed.
audit = Table(
    "audit",
    metadata,
    _account(),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("hash", String(64), nullable=False),
)
audit_heads = Table(
    "audit_heads",
    metadata,
    _account(),
    Column("seq", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
)

# Agents are named in the audit by a random word; without this row nobody knows whose it was.
pseudonyms = Table(
    "pseudonyms",
    metadata,
    _account(),
    Column("person", String(200), primary_key=True),
    Column("word", String(40), nullable=False),
)

# Who may sign in, as what. `who` is "zendesk:<user id>", "email:<address>" or "oidc:<subject>".
members = Table(
    "members",
    metadata,
    _account(),
    Column("who", String(400), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("agent", String(200)),  # the platform's id of the same person, where they are an agent
    Column("roles", Text, nullable=False),  # JSON list
    Column("added_at", BigInteger, nullable=False),
    Column("added_by", String(400), nullable=False),
)

# Signed in browsers: a hash of the cookie's token, never the token. Account 0: the set-up of the installation.
web_sessions = Table(
    "web_sessions",
    metadata,
    _account(checked=False),
    Column("hash", String(64), primary_key=True),
    Column("who", String(400), nullable=False),
    Column("name", String(200), nullable=False),
    Column("agent", String(200)),
    Column("way", String(40), nullable=False),  # how they signed in: bootstrap | zendesk | oidc
    Column("made_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
)

# Links that let the first admin in, once. Account 0: into the set-up of the installation.
entry_links = Table(
    "entry_links",
    metadata,
    _account(checked=False),
    Column("hash", String(64), primary_key=True),
    Column("made_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
)

# Agents whose helpdesk account ended: what they opened before that opens nothing any more.
leavers = Table(
    "leavers",
    metadata,
    _account(),
    Column("agent", String(200), primary_key=True),
    Column("at", BigInteger, nullable=False),  # when that was seen
)

# Sign-ins elsewhere that came back: a hash of each one's state, so that none counts twice.
used_states = Table(
    "used_states",
    metadata,
    _account(),
    Column("hash", String(64), primary_key=True),
    Column("ends_at", BigInteger, nullable=False),
)

# What holds for all accounts: the secret of the web's own cookies, encrypted like all secrets; JSON otherwise.
site = Table(
    "site",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

# Somebody opened what is not theirs to see, with a reason.
break_glass = Table(
    "break_glass",
    metadata,
    _account(),
    Column("id", String(40), primary_key=True),
    Column("who", String(400), nullable=False),
    Column("name", String(200), nullable=False),
    Column("agent", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("told_at", BigInteger),
)

# What was agreed with those it is about; never changed, the last one holds.
agreements = Table(
    "agreements",
    metadata,
    _account(),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)

# Signals that an agent objected to.
objections = Table(
    "objections",
    metadata,
    _account(),
    Column("agent", String(200), primary_key=True),
    Column("signal", String(20), primary_key=True),
    Column("at", BigInteger, nullable=False),
)

# When a flag was first seen, from which the agent's head start counts.
flags_seen = Table(
    "flags_seen",
    metadata,
    _account(),
    Column("rule", String(80), primary_key=True),
    Column("kind", String(10), primary_key=True),
    Column("subject", String(200), primary_key=True),
    Column("since", Integer, primary_key=True, autoincrement=False),  # day
    Column("first_at", BigInteger, nullable=False),
    Column("gone_at", BigInteger),
)

# "This is wrong": a flag that was contested, and why.
contests = Table(
    "contests",
    metadata,
    _account(),
    Column("id", String(40), primary_key=True),
    Column("rule", String(80), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("since", Integer, nullable=False),
    Column("reason", String(40), nullable=False),
    Column("by_agent", SmallInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
)

# What agents said about themselves (their own hours window, that they have read what they were told at go-live), and
# what was noted of each: how they were told, that they have no fixed hours; JSON.
own_words = Table(
    "own_words",
    metadata,
    _account(),
    Column("agent", String(200), primary_key=True),
    Column("what", String(40), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)

# Who stands in which entry of the audit, so that nobody has to read all of it.
audit_mentions = Table(
    "audit_mentions",
    metadata,
    _account(),
    Column("word", String(40), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
)

# Agents who were erased: a keyed hash each, so that a pull does not bring them back.
tombstones = Table(
    "tombstones",
    metadata,
    _account(),
    Column("mark", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False),
)

# Notices on their way: one row a recipient, occasion and channel. The row with the key "look" is none: it says when the
# account is looked at next.
notices = Table(
    "notices",
    metadata,
    _account(),
    Column("key", String(200), primary_key=True),
    Column("who", String(400), nullable=False),  # a member, or "room:<name>"
    Column("kind", String(40), nullable=False),  # digest | urgent | look
    Column("channel", String(40), nullable=False),  # mail | slack | teams
    Column("state", String(20), nullable=False),  # planned | sending | sent | unsure | dropped
    Column("made_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("sent_at", BigInteger),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("problem", Text),
    Column("body", Text, nullable=False),  # JSON: the message until it is sent, then only marks of what it was about
    Index("ix_notices_due", "state", "due_at"),
)

# Which programs may work with these tables: those that know the revision `oldest`. Written by `migrations.migrate`,
# for programs that are older than the tables; so it stays as it is for ever.
compatibility = Table(
    "compatibility",
    metadata,
    Column("revision", String(32), primary_key=True),
    Column("oldest", String(32), nullable=False),
)
