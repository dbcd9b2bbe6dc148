"""Taking one agent out of every table; what others did and decided stays, by or about nobody in particular."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk_wellbeing.store import blobs, events, provisional, tables
from helpdesk_wellbeing.store.admission import ERASED, floor_of, for_connectors, neutral
from helpdesk_wellbeing.store.clock import micros
from helpdesk_wellbeing.store.events import Owner
from helpdesk_wellbeing.store.people import Kind

_OWN = ("agent", "subject", "person", "giver", "receiver")  # columns of facts: a row is about whom they name
_TICKETS = frozenset(["ticket", "tickets", "chosen", "group", "groups", "platform_id", "hash"])  # keys of other ids
_LONG = 5  # signs; a shorter id is found in running text only behind the word agent
_ABOUT: dict[str, tuple[str, ...]] = {  # rows that go; by which columns they are the agent's
    "objections": ("agent",),
    "own_words": ("agent",),
    "consents": ("agent",),
    "contests": ("subject",),
    "flags_seen": ("subject",),
    "members": ("agent", "who"),
    "web_sessions": ("agent", "who"),
    "notices": ("who",),
    "api_tokens": ("name",),
    "leavers": ("agent",),
}
_OF_AGENTS = frozenset(["contests", "flags_seen"])  # whose column `kind` says what a subject is
# rows that stay: columns that hold a name or an id by itself, and columns of JSON or sentences
_PLAIN: dict[str, tuple[str, ...]] = {
    "tickets": ("assignee",),
    "told": ("value",),
    "proposals": ("subject", "decided_by"),
    "writes": ("target",),
    "members": ("added_by",),
    "break_glass": ("who", "name", "agent"),
    "survey_themes": ("owner",),
}
_CONNECTORS = {"ticket_memory": "memory", "watermarks": "value"}  # JSON that a connector keeps for itself
_TEXTS: dict[str, tuple[str, ...]] = {
    "meta": ("value",),
    "proposals": ("body",),
    "writes": ("asked", "receipt"),
    "policies": ("body",),
    "break_glass": ("reason",),
    "agreements": ("body",),
    "survey_waves": ("triggers",),
    "survey_themes": ("title", "answer"),
    "notices": ("body", "problem"),
    "runs": ("problem",),
    "inbox": ("problem",),
}


_AS = ("zendesk", "freshdesk", "agent")  # before an agent's id, where it says who did something
_KEYS = {"inbox": "key", "notices": "key", "writes": "key"}  # no two rows may have the same


@dataclass(frozen=True)
class Hidden:
    """One agent: the platform's id, what they are called, and by what they sign in."""

    agent: str
    names: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()

    @cached_property
    def all(self) -> tuple[str, ...]:
        return (self.agent, *self.names, *self.keys)

    @cached_property
    def _in_text(self) -> re.Pattern[str]:
        named = sorted({*self.names, *self.keys, *([self.agent] if len(self.agent) >= _LONG else [])}, key=len)
        words = [rf"(?<!\w){re.escape(one)}(?!\w)" for one in reversed(named) if one]
        words.append(rf"(?<=agent[ :]){re.escape(self.agent)}(?!\w)")
        return re.compile("|".join(words))

    def is_in(self, text: str) -> bool:
        """Whether a text or JSON names them."""
        return self.out_of(text) != text

    def out_of_key(self, key: str) -> str:
        """A key that may name them, as one that nothing else has."""
        return self._in_text.sub(f"{ERASED}-{secrets.token_hex(6)}", key)

    def out_of(self, text: str) -> str:
        """A text, or JSON, in which nobody in particular stands in their place."""
        try:
            value = json.loads(text)
        except ValueError:
            return self._in_text.sub(ERASED, text)
        if not isinstance(value, dict | list | str):
            return ERASED if text == self.agent and len(text) >= _LONG else text
        left = self._left(value, "")
        return text if left == value else json.dumps(left, ensure_ascii=False)

    def _left(self, value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {self._key(name): self._left(one, name) for name, one in value.items()}
        if isinstance(value, list):
            return [self._left(one, key) for one in value]
        if key in _TICKETS:
            return value
        if type(value) is int:
            return ERASED if str(value) == self.agent and len(self.agent) >= _LONG else value
        if not isinstance(value, str):
            return value
        return ERASED if value in self.all else self._in_text.sub(ERASED, value)

    def _key(self, name: str) -> str:
        return ERASED if name in self.all else self._in_text.sub(ERASED, name)


def names_of(connection: Connection, owner: Owner, agent: str) -> dict[str, tuple[str, ...]]:
    """What this agent is called in the directory and among members: `names`, and `keys` of signing in."""
    names, keys = [], [f"{kind}:{agent}" for kind in _AS]  # they came in by these without being a member, too
    for _, frame in _directories(connection, owner, ("people",)):
        names += frame.filter(pl.col("agent") == agent)["name"].drop_nulls().to_list()
    member = tables.members.c
    ours = sa.or_(member.agent == agent, member.who.in_(keys))
    for row in connection.execute(sa.select(member.who, member.name).where(member.account == owner.number, ours)):
        keys.append(row.who)
        names.append(row.name)
    session = tables.web_sessions.c
    came = sa.select(session.who).where(session.account == owner.number, session.agent == agent)
    keys += connection.execute(came).scalars()
    return {"names": tuple(dict.fromkeys(names)), "keys": tuple(dict.fromkeys(keys))}


def hide_in_day(connection: Connection, owner: Owner, day: int, agent: str) -> bool:
    """The events of a UTC day, by and to nobody in particular; whether that changed any."""
    return events.rewrite(connection, owner, day, lambda frame: neutral(frame, [agent]))


def hide(connection: Connection, owner: Owner, hidden: Hidden, at: int) -> dict[str, int]:
    """All tables but those of events; rows changed or taken out, by table."""
    changed: dict[str, int] = {}

    def count(name: str, rows: int) -> None:
        if rows:
            changed[name] = changed.get(name, 0) + rows

    _end_what_is_open(connection, owner, hidden, at)
    for name in _ABOUT:
        about = tables.metadata.tables[name].delete().where(_about(name, owner, hidden))
        count(name, connection.execute(about).rowcount)
    count("survey_invitations", _hide_invitations(connection, owner, hidden))
    count("inbox", _finish_deliveries(connection, owner, hidden))
    for name, columns in _PLAIN.items():
        table = tables.metadata.tables[name]
        for column in columns:
            theirs = sa.and_(table.c.account == owner.number, table.c[column].in_(hidden.all))
            count(name, connection.execute(table.update().where(theirs).values({column: ERASED})).rowcount)
    for name, columns in _TEXTS.items():
        count(name, _hide_in_texts(connection, owner, name, columns, hidden.out_of))
    for name, column in _KEYS.items():
        count(name, _hide_in_texts(connection, owner, name, (column,), hidden.out_of_key))
    for name, column in _CONNECTORS.items():
        count(name, _hide_in_texts(connection, owner, name, (column,), lambda text: for_connectors(text, hidden.agent)))
    for name in ("told", "provisional"):
        count(name, _hide_in_bodies(connection, owner, name, hidden.agent))
    count("directory", _drop_from_directory(connection, owner, hidden.agent))
    count("answers", connection.execute(_all(tables.answers, owner)).rowcount)
    count("checkpoints", _hide_in_state(connection, owner, hidden))
    count("pseudonyms", _forget_words(connection, owner, hidden))
    return changed


def counts(connection: Connection, owner: Owner, hidden: Hidden) -> dict[str, int]:
    """In how many rows of each table, events and what is computed apart, they stand."""
    found: dict[str, int] = {}

    def count(name: str, rows: int) -> None:
        if rows:
            found[name] = found.get(name, 0) + rows

    for name in _ABOUT:
        table = tables.metadata.tables[name]
        query = sa.select(sa.func.count()).select_from(table).where(_about(name, owner, hidden))
        count(name, int(connection.execute(query).scalar_one()))
    for name, columns in _PLAIN.items():
        table = tables.metadata.tables[name]
        theirs = sa.or_(*(table.c[column].in_(hidden.all) for column in columns))
        query = sa.select(sa.func.count()).select_from(table).where(table.c.account == owner.number, theirs)
        count(name, int(connection.execute(query).scalar_one()))
    for name, columns in _TEXTS.items():
        if name == "meta":
            continue
        for _, row in _rows(connection, owner, name, columns):
            count(name, int(any(text is not None and hidden.is_in(text) for text in row.values())))
    invited = sa.select(sa.func.count()).where(_named("survey_invitations", owner, hidden))
    count("survey_invitations", int(connection.execute(invited).scalar_one()))
    for _, frame in _directories(connection, owner, ("people", "leave", "on_call")):
        count("directory", frame.filter(pl.col("agent") == hidden.agent).height)
    return found


def rows_about(connection: Connection, owner: Owner, hidden: Hidden) -> dict[str, list[dict[str, Any]]]:
    """The rows that are about them or name them, in the tables that are small."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name in (*_ABOUT, "break_glass", "survey_invitations"):
        table = tables.metadata.tables[name]
        where = _about(name, owner, hidden) if name in _ABOUT else _named(name, owner, hidden)
        rows = connection.execute(sa.select(table).where(where)).mappings()
        found[name] = [
            {key: value for key, value in row.items() if key not in ("account", "hash")} for row in rows
        ]  # fmt: skip
    for name in ("proposals", "writes"):
        columns = (*_PLAIN.get(name, ()), *_TEXTS[name])
        rows_in = connection.execute(sa.select(tables.metadata.tables[name]).where(*_mine(name, owner))).mappings()
        found[name] = [
            {key: value for key, value in row.items() if key != "account"}
            for row in rows_in
            if any(row[one] is not None and (row[one] in hidden.all or hidden.is_in(row[one])) for one in columns)
        ]
    return found


# ---- the parts ------------------------------------------------------------------------------------------------------


def _mine(name: str, owner: Owner) -> tuple[sa.ColumnElement[bool], ...]:
    return (tables.metadata.tables[name].c.account == owner.number,)


def _all(table: sa.Table, owner: Owner) -> sa.Delete:
    return table.delete().where(table.c.account == owner.number)


def _about(name: str, owner: Owner, hidden: Hidden) -> sa.ColumnElement[bool]:
    table = tables.metadata.tables[name]
    theirs = sa.or_(*(table.c[column].in_(hidden.all) for column in _ABOUT[name]))
    of_agents = table.c.kind == "agent" if name in _OF_AGENTS else sa.true()
    return sa.and_(table.c.account == owner.number, theirs, of_agents)


def _named(name: str, owner: Owner, hidden: Hidden) -> sa.ColumnElement[bool]:
    table = tables.metadata.tables[name]
    columns = [table.c[column] for column in ("agent", "person", "who") if column in table.c]
    return sa.and_(table.c.account == owner.number, sa.or_(*(column.in_(hidden.all) for column in columns)))


def _end_what_is_open(connection: Connection, owner: Owner, hidden: Hidden, at: int) -> None:
    """Nothing is proposed about them any more, and nothing is written to or because of them."""
    made, wrote = tables.proposals, tables.writes
    for keys, row in _rows(connection, owner, "proposals", ("subject", "state", "body")):
        names_them = row["subject"] == hidden.agent or hidden.is_in(row["body"])
        if row["state"] in ("open", "asked", "snoozed") and names_them:
            connection.execute(made.update().where(*keys).values(state="withdrawn", changed_at=at))
    for keys, row in _rows(connection, owner, "writes", ("target", "state", "asked")):
        if row["state"] == "planned" and (row["target"] == hidden.agent or hidden.is_in(row["asked"])):
            ended = {"state": "skipped", "receipt": json.dumps({"reason": ERASED}), "changed_at": at}
            connection.execute(wrote.update().where(*keys).values(**ended))


def _hide_invitations(connection: Connection, owner: Owner, hidden: Hidden) -> int:
    """Each under a word of its own: how large a group was stays known."""
    table = tables.survey_invitations
    theirs = sa.and_(table.c.account == owner.number, table.c.person == hidden.agent)
    other = f"{ERASED}-{secrets.token_hex(6)}"
    return connection.execute(table.update().where(theirs).values(person=other)).rowcount


def _finish_deliveries(connection: Connection, owner: Owner, hidden: Hidden) -> int:
    """What came by webhook and could not be worked off; a pull brings what it was about."""
    box, changed = tables.inbox, 0
    for keys, row in _rows(connection, owner, "inbox", ("body",)):
        if row["body"] is not None and any(one in row["body"] for one in hidden.all):
            changed += connection.execute(box.update().where(*keys).values(body=None, problem=None)).rowcount
    return changed


def _rows(
    connection: Connection, owner: Owner, name: str, columns: Sequence[str]
) -> Iterator[tuple[list[sa.ColumnElement[bool]], dict[str, Any]]]:
    """Each row of a table: by what it is found again, and these columns."""
    table = tables.metadata.tables[name]
    keys = list(table.primary_key)
    query = sa.select(*keys, *(table.c[one].label(f"its_{one}") for one in columns)).where(*_mine(name, owner))
    for row in connection.execute(query).all():
        values = row._mapping
        this = [key == values[key.name] for key in keys]
        yield this, {one: values[f"its_{one}"] for one in columns}


def _hide_in_texts(
    connection: Connection, owner: Owner, name: str, columns: Sequence[str], out_of: Callable[[str], str]
) -> int:
    table, changed = tables.metadata.tables[name], 0
    for keys, row in _rows(connection, owner, name, columns):
        fresh = {one: out_of(text) for one, text in row.items() if text is not None}
        fresh = {one: text for one, text in fresh.items() if text != row[one]}
        if fresh:
            changed += connection.execute(table.update().where(*keys).values(**fresh)).rowcount
    return changed


def _hide_in_bodies(connection: Connection, owner: Owner, name: str, agent: str) -> int:
    """Events that lie as JSON."""
    table, changed = tables.metadata.tables[name], 0
    for keys, row in _rows(connection, owner, name, ("body",)):
        if row["body"] is None or agent not in row["body"]:
            continue
        left = neutral(provisional.from_bodies(owner, [row["body"]]), [agent]).drop("account")
        if left.is_empty():
            changed += connection.execute(table.delete().where(*keys)).rowcount
            continue
        body = provisional.body(left.row(0, named=True))
        if body != row["body"]:
            changed += connection.execute(table.update().where(*keys).values(body=body)).rowcount
    return changed


def _directories(
    connection: Connection, owner: Owner, kinds: Sequence[Kind]
) -> Iterator[tuple[list[sa.ColumnElement[bool]], pl.DataFrame]]:
    table = tables.directory
    query = sa.select(table).where(table.c.account == owner.number, table.c.kind.in_(kinds))
    for row in connection.execute(query).all():
        what = f"the {row.kind} of {owner.name} from the {row.source}"
        this = [table.c.account == owner.number, table.c.kind == row.kind, table.c.source == row.source]
        yield this, blobs.unpack(row.data, what)


def _drop_from_directory(connection: Connection, owner: Owner, agent: str) -> int:
    changed = 0
    for keys, frame in _directories(connection, owner, ("people", "leave", "on_call")):
        left = frame.filter(pl.col("agent") != agent)
        if left.height != frame.height:
            connection.execute(tables.directory.update().where(*keys).values(data=blobs.pack(left)))
            changed += frame.height - left.height
    return changed


def _hide_in_state(connection: Connection, owner: Owner, hidden: Hidden) -> int:
    """What was computed is computed anew from the events; where those were cut, it is cleaned."""
    points, slices = tables.checkpoints, tables.pieces
    floor = floor_of(connection, owner)
    kept = None
    if floor is not None:
        query = sa.select(sa.func.max(points.c.at)).where(points.c.account == owner.number)
        kept = connection.execute(query.where(points.c.at <= micros(floor))).scalar()
    if floor is None or kept is None:
        gone = connection.execute(_all(points, owner)).rowcount
        from_the_floor = sa.true() if floor is None else slices.c.since >= micros(floor)
        gone += connection.execute(_all(slices, owner).where(from_the_floor)).rowcount
        return gone + _clean(connection, owner, slices, hidden)
    gone = connection.execute(_all(points, owner).where(points.c.at != kept)).rowcount
    gone += connection.execute(_all(slices, owner).where(slices.c.since >= kept)).rowcount
    return gone + _clean(connection, owner, slices, hidden) + _clean(connection, owner, points, hidden)


def _clean(connection: Connection, owner: Owner, table: sa.Table, hidden: Hidden) -> int:
    keys, changed = list(table.primary_key), 0
    query = sa.select(table).where(table.c.account == owner.number)
    for row in connection.execute(query).all():
        if row._mapping.get("form") == "bytes":
            continue
        frame = blobs.unpack(row.data, f"what was computed of {owner.name}")
        left = _cleaned(frame, hidden.agent)
        if "stamp" in left.columns:  # whoever remembers this checkpoint must read it again
            left = left.with_columns(stamp=pl.lit(secrets.token_hex(8)))
        if not left.equals(frame):
            this = [key == row._mapping[key.name] for key in keys]
            changed += connection.execute(table.update().where(*this).values(data=blobs.pack(left))).rowcount
    return changed


def _cleaned(frame: pl.DataFrame, agent: str) -> pl.DataFrame:
    for name, kind in frame.schema.items():
        if name in ("ticket", "group") or kind != pl.String:
            continue
        if name in _OWN:
            frame = frame.filter((pl.col(name) != agent).fill_null(True))
        else:
            frame = frame.with_columns(pl.when(pl.col(name) == agent).then(pl.lit(ERASED)).otherwise(name).alias(name))
    return frame


def _forget_words(connection: Connection, owner: Owner, hidden: Hidden) -> int:
    """Nobody can tell any more who stands in the audit by their words."""
    words, mentions = tables.pseudonyms, tables.audit_mentions
    known = [hidden.agent, *(f"by:{did}{one}"[:200] for one in hidden.all for did in ("", "standing approval of "))]
    theirs = sa.and_(words.c.account == owner.number, words.c.person.in_(known))
    named = list(connection.execute(sa.select(words.c.word).where(theirs)).scalars())
    mine = sa.and_(mentions.c.account == owner.number, mentions.c.word.in_(named))
    connection.execute(mentions.delete().where(mine))
    return connection.execute(words.delete().where(theirs)).rowcount
