"""The audit log: what happened, in order, each entry with a hash over itself and the hash before it.

Agents stand in it by a random word each, which only the table `pseudonyms` can tell, so that a person can be forgotten
without breaking the chain. Who can rewrite every row can make a new chain: a head written down elsewhere shows that.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk_wellbeing.store.clock import instant, micros
from helpdesk_wellbeing.store.dialect import upsert
from helpdesk_wellbeing.store.events import Owned, Owner
from helpdesk_wellbeing.store.state import get_meta, set_meta
from helpdesk_wellbeing.store.tables import audit, audit_heads, audit_mentions, pseudonyms

CUT = "audit cut"  # what the entry says that tells where the log begins since
_START = "audit_start"
_BY = "by:"  # before the names of those who decided, among pseudonyms
DAMAGED = "damaged"  # what an entry says that cannot be read any more
_WORD_BYTES = 8
_WORD = re.compile(rf"person-[0-9a-f]{{{2 * _WORD_BYTES}}}")
_LONGEST = 200  # of what a word stands for
_AT_ONCE = 500  # words that one query asks for


@dataclass(frozen=True)
class Person:
    """An agent in an entry: stored as a word."""

    id: str


@dataclass(frozen=True)
class Name:
    """What somebody who decides is called: stored as a word, shown as the name until they are forgotten."""

    text: str


@dataclass(frozen=True)
class Entry:
    """One entry as it is stored; persons are words."""

    seq: int  # from 1
    at: datetime
    what: str
    body: Mapping[str, Any]
    hash: str


@dataclass(frozen=True)
class Wanted:
    """Which entries somebody looks for; what is None does not matter. Times aware UTC, half-open."""

    what: str | None = None
    by: str | None = None  # as it stands in the entry
    word: str | None = None  # of a person, wherever it stands
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Head:
    """The end of a log: how many entries, and the hash of the last one (of none: of the account's name)."""

    seq: int
    hash: str


@dataclass(frozen=True)
class Verdict:
    """Whether the log is whole; else `problem` says where it is not."""

    head: Head
    problem: str | None
    entries: int = 0  # that there are; fewer than the head's number where the oldest were cut


class Audit:
    """The log of every account. Entries are only added."""

    def __init__(self, read: Owned, write: Owned) -> None:
        self._read = read
        self._write = write

    def add(self, account: str, at: datetime, what: str, **body: Any) -> Head:
        """Add an entry; `Person` values, however deep, become their words, and so does who it was done `by`.

        JSON-ready otherwise.
        """
        with self._write(account) as (connection, owner):
            head = _head(connection, owner)
            text = _text(what, _with_words(body, _words(connection, owner, set(_people_in(body)))))
            seq, when = head.seq + 1, micros(at)
            digest = _digest(head.hash, seq, when, text)
            row = {"account": owner.number, "seq": seq, "at": when, "body": text, "hash": digest}
            connection.execute(audit.insert(), row)
            connection.execute(upsert(connection, audit_heads), {"account": owner.number, "seq": seq, "hash": digest})
            named = [{"account": owner.number, "word": word, "seq": seq} for word in words_in(text)]
            if named:
                connection.execute(audit_mentions.insert(), named)
            return Head(seq, digest)

    def about(self, account: str, person: str, most: int = 200) -> list[Entry]:
        """The latest entries that somebody stands in, the latest first."""
        of = audit_mentions.c
        with self._read(account) as (connection, owner):
            mine = sa.and_(pseudonyms.c.account == owner.number, pseudonyms.c.person == person)
            word = sa.select(pseudonyms.c.word).where(mine).scalar_subquery()
            here = sa.and_(audit.c.account == of.account, audit.c.seq == of.seq)
            query = sa.select(audit).join(audit_mentions, here).where(of.account == owner.number, of.word == word)
            names = _names(connection, owner)
            return [_entry(row, names) for row in connection.execute(query.order_by(of.seq.desc()).limit(most))]

    def entries(self, account: str, after: int = 0, most: int = 1000) -> list[Entry]:
        """Entries after the one numbered `after`, oldest first."""
        query = sa.select(audit).where(audit.c.seq > after).order_by(audit.c.seq).limit(most)
        with self._read(account) as (connection, owner):
            found = connection.execute(query.where(audit.c.account == owner.number))
            names = _names(connection, owner)
            return [_entry(row, names) for row in found]

    def naming(self, account: str, word: str) -> list[Entry]:
        """The entries that this word stands in, oldest first."""
        query = sa.select(audit).where(audit.c.body.contains(word, autoescape=True)).order_by(audit.c.seq)
        with self._read(account) as (connection, owner):
            names = _names(connection, owner)
            found = connection.execute(query.where(audit.c.account == owner.number))
            return [_entry(row, names) for row in found]

    def cut(self, account: str, before: datetime, at: datetime) -> int:
        """Take out the oldest entries, those from before; how many. The log stays one that can be verified.

        It begins with what the last of them left, which a new entry of it says, too.
        """
        with self._write(account) as (connection, owner):
            mine = audit.c.account == owner.number
            first_kept = sa.select(sa.func.min(audit.c.seq)).where(mine, audit.c.at >= micros(before))
            kept = connection.execute(first_kept).scalar()
            last = sa.select(audit.c.seq, audit.c.hash).where(mine).order_by(audit.c.seq.desc()).limit(1)
            if kept is not None:
                last = last.where(audit.c.seq < kept)
            start = connection.execute(last).one_or_none()
            if start is None:
                return 0
            self.add(account, at, CUT, last=start.seq, hash=start.hash)
            set_meta(connection, owner, _START, json.dumps({"seq": start.seq, "hash": start.hash}))
            mentions = audit_mentions.c
            old = sa.and_(mentions.account == owner.number, mentions.seq <= start.seq)
            connection.execute(audit_mentions.delete().where(old))
            return connection.execute(audit.delete().where(mine, audit.c.seq <= start.seq)).rowcount

    def newest(self, account: str, wanted: Wanted, before: int | None = None, most: int = 50) -> list[Entry]:
        """Entries before the one of that number (default: all), as far as they are wanted, newest first."""
        query = sa.select(audit).order_by(audit.c.seq.desc())
        if before is not None:
            query = query.where(audit.c.seq < before)
        if wanted.since is not None:
            query = query.where(audit.c.at >= micros(wanted.since))
        if wanted.until is not None:
            query = query.where(audit.c.at < micros(wanted.until))
        if wanted.what is not None:
            query = query.where(_holds("what", wanted.what))
        if wanted.word is not None:
            query = query.where(audit.c.body.contains(json.dumps(wanted.word, ensure_ascii=False), autoescape=True))
        with self._read(account) as (connection, owner):
            names = _names(connection, owner)
            if wanted.by is not None:  # decided under a word, or before names became words
                stand = [wanted.by, *(word for word, name in names.items() if name == wanted.by)]
                query = query.where(sa.or_(*(_holds("by", one) for one in stand)))
            found = connection.execute(query.where(audit.c.account == owner.number).limit(most))
            return [_entry(row, names) for row in found]

    def head(self, account: str) -> Head:
        """The end of the log, to be written down elsewhere."""
        with self._read(account) as (connection, owner):
            return _head(connection, owner)

    def verify(self, account: str, noted: Head | None = None) -> Verdict:
        """Whether every entry is as it was written, none is missing, and the head `noted` once is part of the log."""
        with self._read(account) as (connection, owner):
            head, start = _head(connection, owner), _start(connection, owner)
            problem = _first_problem(_rows(connection, owner), start, head, noted)
        return Verdict(head, problem, head.seq - start.seq)

    def verify_on(self, account: str, whole: Head) -> Verdict:
        """The same of what came after the head of a log that was whole."""
        with self._read(account) as (connection, owner):
            head, start = _head(connection, owner), _start(connection, owner)
            if whole.seq >= start.seq:
                problem = _first_problem(_rows(connection, owner, whole.seq), whole, head, None, is_told=True)
                return Verdict(head, problem, head.seq - start.seq)
        return self.verify(account)

    def word_of(self, account: str, person: str) -> str | None:
        """The word by which an agent stands in the log; None when they don't."""
        query = sa.select(pseudonyms.c.word).where(pseudonyms.c.person == person)
        with self._read(account) as (connection, owner):
            word: str | None = connection.execute(query.where(pseudonyms.c.account == owner.number)).scalar()
            return word

    def persons(self, account: str) -> dict[str, str]:
        """Whose word each is, of those that are not forgotten."""
        query = sa.select(pseudonyms.c.word, pseudonyms.c.person)
        with self._read(account) as (connection, owner):
            found = connection.execute(query.where(pseudonyms.c.account == owner.number))
            return {row.word: row.person for row in found if not row.person.startswith(_BY)}

    def forget(self, account: str, person: str) -> bool:
        """Nobody can tell any more whose word it was; whether there was one. The chain stays whole."""
        with self._write(account) as (connection, owner):
            mine = sa.and_(pseudonyms.c.account == owner.number, pseudonyms.c.person == person)
            return connection.execute(pseudonyms.delete().where(mine)).rowcount == 1


def words_in(text: str) -> list[str]:
    """The words of people in an entry's text, each once."""
    return sorted(set(_WORD.findall(text)))


def _holds(name: str, value: str) -> sa.ColumnElement[bool]:
    """Entries with this value of that name, as `_text` writes them."""
    text = json.dumps({name: value}, ensure_ascii=False, separators=(",", ":"))
    return audit.c.body.contains(text[1:-1], autoescape=True)


def _head(connection: Connection, owner: Owner) -> Head:
    query = sa.select(audit_heads.c.seq, audit_heads.c.hash).where(audit_heads.c.account == owner.number)
    row = connection.execute(query).one_or_none()
    return Head(0, _first_hash(owner)) if row is None else Head(row.seq, row.hash)


def _start(connection: Connection, owner: Owner) -> Head:
    """Where the log begins: with the account's name, or where its oldest part was cut off."""
    stored = get_meta(connection, owner, _START)
    if stored is None:
        return Head(0, _first_hash(owner))
    start = json.loads(stored)
    return Head(int(start["seq"]), str(start["hash"]))


def _first_hash(owner: Owner) -> str:
    return hashlib.sha256(f"audit of {owner.name}".encode()).hexdigest()


def _digest(before: str, seq: int, at: int, text: str) -> str:
    return hashlib.sha256(f"{before}\n{seq}\n{at}\n{text}".encode()).hexdigest()


def _text(what: str, body: Mapping[str, Any]) -> str:
    return json.dumps({"what": what, **body}, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _people_in(value: Any) -> Iterator[str]:
    """Whoever stands in it, as `pseudonyms` knows them."""
    if isinstance(value, Person):
        yield value.id
    elif isinstance(value, Name):
        yield _as_person(value.text)
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _people_in(_by_name(key, one))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for one in value:
            yield from _people_in(one)


def _with_words(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, Person):
        return words[value.id]
    if isinstance(value, Name):
        return words[_as_person(value.text)]
    if isinstance(value, Mapping):
        return {key: _with_words(_by_name(key, one), words) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_with_words(one, words) for one in value]
    return value


def _by_name(key: str, value: Any) -> Any:
    return Name(value) if key == "by" and isinstance(value, str) else value


def _as_person(name: str) -> str:
    return f"{_BY}{name}"[:_LONGEST]


def _words(connection: Connection, owner: Owner, people: set[str]) -> dict[str, str]:
    """The word of each; who has none gets one."""
    mine = pseudonyms.c.account == owner.number
    asked, found = sorted(people), dict[str, str]()
    for start in range(0, len(asked), _AT_ONCE):
        some = pseudonyms.c.person.in_(asked[start : start + _AT_ONCE])
        query = sa.select(pseudonyms.c.person, pseudonyms.c.word).where(mine, some)
        found |= {row.person: row.word for row in connection.execute(query)}
    new = {person: f"person-{secrets.token_hex(_WORD_BYTES)}" for person in asked if person not in found}
    if new:
        rows = [{"account": owner.number, "person": person, "word": word} for person, word in new.items()]
        connection.execute(pseudonyms.insert(), rows)
    return found | new


def _rows(connection: Connection, owner: Owner, after: int = 0) -> Iterator[sa.Row[Any]]:
    query = sa.select(audit).where(audit.c.account == owner.number, audit.c.seq > after).order_by(audit.c.seq)
    yield from connection.execute(query, execution_options={"yield_per": 1000})


def _first_problem(
    rows: Iterator[sa.Row[Any]], start: Head, head: Head, noted: Head | None, *, is_told: bool = False
) -> str | None:
    before, expected = start.hash, start.seq + 1
    was_met = noted is None or noted == start
    cut_is_told = is_told or start.seq == 0
    for row in rows:
        if row.seq != expected:
            return f"entry {expected} is missing"
        if row.hash != _digest(before, row.seq, row.at, row.body):
            return f"entry {row.seq} is not as it was written"
        was_met = was_met or noted == Head(row.seq, row.hash)
        cut_is_told = cut_is_told or row.body == _text(CUT, {"last": start.seq, "hash": start.hash})
        before, expected = row.hash, expected + 1
    if head != Head(expected - 1, before):
        return f"the log ends with entry {expected - 1}, but {head.seq} had been written"
    if not cut_is_told:
        return f"the log begins after entry {start.seq}, and no entry says that it was cut there"
    if not was_met and noted is not None and noted.seq < start.seq:
        return f"the noted head is of a part that was cut since: what is kept begins after entry {start.seq}"
    return None if was_met else "the noted head is not part of this log: it was written anew or cut since"


def _names(connection: Connection, owner: Owner) -> dict[str, str]:
    """What those who decided are called, by word."""
    word, person = pseudonyms.c.word, pseudonyms.c.person
    query = sa.select(word, person).where(pseudonyms.c.account == owner.number, person.startswith(_BY, autoescape=True))
    return {row.word: row.person.removeprefix(_BY) for row in connection.execute(query)}


def _entry(row: sa.Row[Any], names: Mapping[str, str]) -> Entry:
    try:
        body = json.loads(row.body)
        what = str(body.pop("what"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Entry(row.seq, instant(row.at), DAMAGED, {}, row.hash)
    return Entry(row.seq, instant(row.at), what, _with_names(body, names), row.hash)


def _with_names(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _with_names(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_names(one, names) for one in value]
    return names.get(value, value) if isinstance(value, str) else value
