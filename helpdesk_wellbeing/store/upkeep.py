"""What upkeep does to the tables: by age, of one agent, of a whole account; `upkeep/` decides what."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from helpdesk_wellbeing.store import accounts, admission, cutting, erasing, state
from helpdesk_wellbeing.store.clock import BEGINNING, MICROSECONDS_A_DAY, instant, micros
from helpdesk_wellbeing.store.dialect import compact, insert_if_free
from helpdesk_wellbeing.store.erasing import Hidden
from helpdesk_wellbeing.store.events import Owned
from helpdesk_wellbeing.store.tables import agreements, event_chunks, event_ids, members, metadata, tombstones

if TYPE_CHECKING:
    from helpdesk_wellbeing.store.database import Database

_RETENTION, _RAN, _ERASING, _HISTORY = "retention", "upkeep", "erasing", "history_start"
_COMPACT = "compact"
UNFINISHED = (_ERASING, _COMPACT)  # names of `meta`: there while an erasure is not at its end
_FINGERPRINTS = 50_000  # taken out at a time
_AT_ONCE = {"event_chunks": 500, "checkpoints": 200, "pieces": 200}


class Upkeep:
    """The keeping up of every account. Each method is one transaction, except where it says otherwise."""

    def __init__(
        self,
        database: Database,
        read: Owned,
        write: Owned,
        secret: Callable[[str, str], str | None],
        keep_secret: Callable[[str, str, str], None],
    ) -> None:
        self._database = database
        self._read = read
        self._write = write
        self._secret = secret
        self._keep_secret = keep_secret

    # what is to be kept, and how the last time went

    def retention(self, account: str) -> dict[str, Any]:
        """The account's own settings, as `keep_retention` was given them; {} where none were."""
        return self._json(account, _RETENTION)

    def keep_retention(self, account: str, days: Mapping[str, int]) -> None:
        """Replace them."""
        self._keep_json(account, _RETENTION, dict(days))

    def agreed(self, account: str, at: datetime) -> dict[str, Any]:
        """The agreement that holds at an instant, as it was recorded; {} where there is none."""
        query = sa.select(agreements).where(agreements.c.at <= micros(at)).order_by(agreements.c.seq.desc())
        with self._read(account) as (connection, owner):
            for row in connection.execute(query.where(agreements.c.account == owner.number)):
                body = json.loads(row.body)
                if body.get("state") != "waiting":
                    found: dict[str, Any] = body.get("agreement", {})
                    return found
        return {}

    def roles(self, account: str) -> dict[str, int]:
        """How many members have each role that was given to somebody."""
        query = sa.select(members.c.roles)
        with self._read(account) as (connection, owner):
            found = connection.execute(query.where(members.c.account == owner.number)).scalars()
            return dict(Counter(role for roles in found for role in json.loads(roles)))

    def ran(self, account: str) -> dict[str, Any]:
        """What was noted of the last time; {} before the first."""
        return self._json(account, _RAN)

    def note_ran(self, account: str, said: Mapping[str, Any]) -> None:
        """Replace what is noted."""
        self._keep_json(account, _RAN, dict(said))

    # by age

    def floor(self, account: str) -> datetime | None:
        """Events from before it are not kept and not taken; None: all are."""
        with self._read(account) as (connection, owner):
            return admission.floor_of(connection, owner)

    def raise_floor(self, account: str, floor: datetime, history_start: datetime) -> None:
        """From now on nothing older is taken. `history_start`: the first event there ever was."""
        with self._write(account) as (connection, owner):
            admission.raise_floor(connection, owner, floor)
            if state.get_meta(connection, owner, _HISTORY) is None:
                state.set_meta(connection, owner, _HISTORY, str(micros(history_start)))

    def history_start(self, account: str) -> datetime | None:
        """The first event there ever was, where it was cut since."""
        with self._read(account) as (connection, owner):
            stored = state.get_meta(connection, owner, _HISTORY)
            return None if stored is None else instant(int(stored))

    def forget_history_start(self, account: str) -> None:
        """What was computed of the time before the floor is of no use any more."""
        with self._write(account) as (connection, owner):
            state.set_meta(connection, owner, _HISTORY, None)

    def cut_events(self, account: str, before: datetime, days: int) -> int:
        """Take out the events of the oldest days that begin before; at most so many days. How many events."""
        with self._write(account) as (connection, owner):
            return cutting.events(connection, owner, micros(before) // MICROSECONDS_A_DAY, days)

    def cut_state(self, account: str, before: datetime) -> int:
        """Take out checkpoints from before, and snapshots and memories of tickets that ended before. How many rows."""
        with self._write(account) as (connection, owner):
            return cutting.state(connection, owner, micros(before))

    def cut_facts(self, account: str, before: datetime, *, transitions: bool) -> int:
        """Take out slices of facts, or of changes of level, that ended before. How many."""
        with self._write(account) as (connection, owner):
            return cutting.pieces(connection, owner, micros(before), transitions)

    def cut(self, account: str, kind: str, before: datetime) -> int:
        """Take out rows of a class of data (`cutting.ROWS`) from before. How many."""
        with self._write(account) as (connection, owner):
            return cutting.rows(connection, owner, kind, micros(before))

    # one agent

    def is_erased(self, account: str, person: str) -> bool:
        """Whether this agent was erased."""
        with self._read(account) as (connection, owner):
            secret = lambda: self._secret(account, admission.SECRET)  # noqa: E731
            return admission.admission(connection, owner, secret).is_gone(person)

    def not_erased(self, account: str, people: Iterable[str]) -> list[str]:
        """Those of these agents who were not erased, in their order."""
        with self._read(account) as (connection, owner):
            secret = lambda: self._secret(account, admission.SECRET)  # noqa: E731
            admitted = admission.admission(connection, owner, secret)
            return [person for person in people if not admitted.is_gone(person)]

    def erasing(self, account: str) -> dict[str, str]:
        """Agents whose erasure was begun and has not come to its end, and who began it."""
        return {agent: str(begun["by"]) for agent, begun in self._json(account, _ERASING).items()}

    def begin_erasing(self, account: str, agent: str, by: str, at: datetime) -> None:
        """From now on nothing of this agent comes in any more."""
        with self._write(account) as (connection, owner):
            if self._secret(account, admission.SECRET) is None:
                self._keep_secret(account, admission.SECRET, secrets.token_hex(32))
            key = (self._secret(account, admission.SECRET) or "").encode()
            mark = admission.mark_of(key, agent)
            insert_if_free(connection, tombstones, {"account": owner.number, "mark": mark, "at": micros(at)})
            begun = self._json(account, _ERASING)
            self._keep_json(
                account, _ERASING, begun | {agent: {"by": by, **erasing.names_of(connection, owner, agent)}}
            )
            state.mark_dirty(connection, owner, BEGINNING)

    def hidden(self, account: str, agent: str) -> Hidden:
        """By what this agent is found in the tables."""
        with self._read(account) as (connection, owner):
            begun = self._json(account, _ERASING).get(agent, {})
            now = erasing.names_of(connection, owner, agent)
            merged = {key: tuple(dict.fromkeys([*begun.get(key, ()), *now[key]])) for key in now}
            return Hidden(agent, **merged)

    def event_days(self, account: str) -> list[int]:
        """The UTC days that have events, as days since 1970, oldest first."""
        with self._read(account) as (connection, owner):
            query = sa.select(event_chunks.c.day).where(event_chunks.c.account == owner.number).distinct()
            return sorted(connection.execute(query).scalars())

    def hide_in_events(self, account: str, agent: str, days: list[int]) -> int:
        """Put nobody in particular into this agent's place in the events of these days; how many days that changed."""
        with self._write(account) as (connection, owner):
            changed = [day for day in days if erasing.hide_in_day(connection, owner, day, agent)]
            if changed:
                state.mark_dirty(connection, owner, instant(min(changed) * MICROSECONDS_A_DAY))
            return len(changed)

    def hide_elsewhere(self, account: str, hidden: Hidden, at: datetime) -> dict[str, int]:
        """Take this agent out of all other tables, all or nothing; rows changed or taken out, by table."""
        with self._write(account) as (connection, owner):
            begun = self._json(account, _ERASING)
            begun.pop(hidden.agent, None)
            self._keep_json(account, _ERASING, begun)
            changed = erasing.hide(connection, owner, hidden, micros(at))
            state.set_meta(connection, owner, _COMPACT, "due")
            state.mark_dirty(connection, owner, BEGINNING)
            accounts.revise(connection, owner.number)
            return changed

    def counts_of(self, account: str, hidden: Hidden) -> dict[str, int]:
        """In how many rows of each table, events apart, this agent stands by id or name."""
        with self._read(account) as (connection, owner):
            return erasing.counts(connection, owner, hidden)

    def rows_of(self, account: str, hidden: Hidden) -> dict[str, list[dict[str, Any]]]:
        """The rows of small tables that are about this agent, by table, for their own export."""
        with self._read(account) as (connection, owner):
            return erasing.rows_about(connection, owner, hidden)

    # a whole account

    def size_of(self, account: str) -> dict[str, int]:
        """How many rows each table has of an account, of those that have any."""
        with self._read(account) as (connection, owner):
            found = {}
            for table in metadata.sorted_tables:
                if "account" in table.c:
                    mine = sa.select(sa.func.count()).select_from(table).where(table.c.account == owner.number)
                    found[table.name] = int(connection.execute(mine).scalar_one())
            return {name: count for name, count in found.items() if count}

    def purge(self, account: str) -> None:
        """Take out everything of an account, the largest tables piece by piece; cut off, it goes on when called again.

        Not one transaction. Hold the account's lease. Its number is not given again.
        """
        for name, most in _AT_ONCE.items():
            while self._purge_some(account, name, most):
                pass
        while self._purge_fingerprints(account):
            pass
        with self._write(account) as (connection, owner):
            for table in reversed(metadata.sorted_tables):
                if "account" in table.c:
                    connection.execute(table.delete().where(table.c.account == owner.number))
            accounts.drop(connection, owner.number)

    def _purge_some(self, account: str, name: str, most: int) -> int:
        table = metadata.tables[name]
        with self._write(account) as (connection, owner):
            keys = list(table.primary_key)
            some = sa.select(*keys).where(table.c.account == owner.number).limit(most)
            rows = [tuple(row) for row in connection.execute(some)]
            for row in rows:
                this = [column == value for column, value in zip(keys, row, strict=True)]
                connection.execute(table.delete().where(*this))
            return len(rows)

    def _purge_fingerprints(self, account: str) -> int:
        with self._write(account) as (connection, owner):
            mine = event_ids.c.account == owner.number
            bound = sa.select(event_ids.c.fingerprint).where(mine).order_by(event_ids.c.fingerprint)
            last = connection.execute(bound.offset(_FINGERPRINTS - 1).limit(1)).scalar()
            some = mine if last is None else sa.and_(mine, event_ids.c.fingerprint <= last)
            return connection.execute(event_ids.delete().where(some)).rowcount if last is not None else 0

    def is_compact_due(self, account: str) -> bool:
        """Whether bytes of somebody who was erased may still be in free parts of the files."""
        with self._read(account) as (connection, owner):
            return state.get_meta(connection, owner, _COMPACT) is not None

    def compacted(self, account: str) -> None:
        """That was seen to."""
        with self._write(account) as (connection, owner):
            state.set_meta(connection, owner, _COMPACT, None)

    def compact(self) -> str | None:
        """Write the database anew, so that what was taken out is not in its files any more; what stands in the way.

        On PostgreSQL dead rows are freed; what the server's own log and backups hold is its administrator's.
        """
        return self._database.compacted(compact)

    def _json(self, account: str, key: str) -> dict[str, Any]:
        with self._read(account) as (connection, owner):
            found: dict[str, Any] = json.loads(state.get_meta(connection, owner, key) or "{}")
            return found

    def _keep_json(self, account: str, key: str, value: Mapping[str, Any]) -> None:
        with self._write(account) as (connection, owner):
            state.set_meta(connection, owner, key, json.dumps(value, ensure_ascii=False) if value else None)
