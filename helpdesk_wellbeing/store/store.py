"""The store as everyone else sees it: accounts, events, and what is computed from them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import polars as pl
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk_wellbeing.errors import ConfigError, StoreError
from helpdesk_wellbeing.feed import Page
from helpdesk_wellbeing.people import DEFAULT_PRESET, Directory
from helpdesk_wellbeing.secrets import Keyring
from helpdesk_wellbeing.settings import Settings, load_settings
from helpdesk_wellbeing.store import (
    accounts,
    admission,
    events,
    lease,
    people,
    provisional,
    state,
    tables,
    tickets,
    told,
    work,
)
from helpdesk_wellbeing.store.access import Access
from helpdesk_wellbeing.store.accounts import Account
from helpdesk_wellbeing.store.agreements import Agreements
from helpdesk_wellbeing.store.audit import Audit
from helpdesk_wellbeing.store.clock import BEGINNING
from helpdesk_wellbeing.store.database import Database
from helpdesk_wellbeing.store.dialect import upsert
from helpdesk_wellbeing.store.events import Added, Owner
from helpdesk_wellbeing.store.glass import Glass
from helpdesk_wellbeing.store.inbox import Inbox
from helpdesk_wellbeing.store.installed import Installed
from helpdesk_wellbeing.store.notices import Notices
from helpdesk_wellbeing.store.people import Kind, Source
from helpdesk_wellbeing.store.proposals import Proposals
from helpdesk_wellbeing.store.said import Said
from helpdesk_wellbeing.store.seen import SeenFlags
from helpdesk_wellbeing.store.surveys import Surveys
from helpdesk_wellbeing.store.upkeep import Upkeep
from helpdesk_wellbeing.store.work import Work
from helpdesk_wellbeing.store.writes import Writes


class Store:
    """Everything kept. Each method is one transaction; inside `transaction()` they share one.

    Accounts go by their name; an unknown one raises ConfigError. All frames are Polars, all times aware.
    """

    def __init__(self, database: Database, keyring: Keyring, lease_wait_s: float) -> None:
        self._database = database
        self._keyring = keyring
        self._lease_wait_s = lease_wait_s
        self._owners: dict[str, Owner] = {}
        self._leases: dict[str, lease.Lease] = {}
        self._alone: dict[str, int] = {}  # by account: the thread whose lease nobody joins

    @property
    def file(self) -> Path | None:
        """The SQLite file; None on PostgreSQL."""
        return self._database.file

    @property
    def place(self) -> str:
        """Where the data is, as it may be printed."""
        return self._database.place

    def check(self) -> None:
        """Raises StoreError when the database does not answer or its tables are not fit for this program."""
        self._database.check()

    def close(self) -> None:
        """Give back all connections."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that this thread writes inside lands together or not at all. May be nested."""
        with self._database.writing():
            yield

    @contextmanager
    def view(self) -> Iterator[None]:
        """All that this thread reads inside is of one state of the database."""
        with self._database.viewing():
            yield

    # accounts

    def create_account(
        self,
        name: str,
        *,
        platform: str | None = None,
        zone: str = "UTC",
        week_start: int = 0,
        settings: Mapping[str, Any] | None = None,
        created_at: datetime | None = None,
    ) -> Account:
        """A new account. `platform` is None for an imported one; `settings` is JSON without secrets."""
        when = created_at or datetime.now(UTC)
        account = Account(name, platform, zone, week_start, when, dict(settings or {}))
        with self._database.writing() as connection:
            self._database.claim(connection, accounts.NEW)
            accounts.create(connection, account)
        return account

    def update_account(
        self,
        name: str,
        *,
        zone: str | None = None,
        week_start: int | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> Account:
        """Change what is given (`settings` as a whole). A change makes everything dirty."""
        with self._write(name) as (connection, owner):
            if accounts.update(connection, owner.number, name, zone, week_start, settings):
                accounts.revise(connection, owner.number)
                state.mark_dirty(connection, owner, BEGINNING)
                work.forget_evaluation(connection, owner)
        return self.account(name)

    def account(self, name: str) -> Account:
        """The account. Raises ConfigError with the names there are."""
        with self._read(name) as (connection, _):
            return self._found(connection, name)[1]

    def revision(self, account: str) -> int:
        """How often the account's settings or directory have changed."""
        with self._read(account) as (connection, owner):
            return accounts.revision(connection, owner.number)

    def has_account(self, name: str) -> bool:
        """Whether there is such an account."""
        with self._database.reading() as connection:
            return accounts.find(connection, name) is not None

    def forget_account(self, name: str) -> None:
        """It was taken out: this process knows nothing of it any more."""
        self._owners.pop(name, None)

    def accounts(self) -> list[Account]:
        """All accounts, by name."""
        with self._database.reading() as connection:
            return accounts.listed(connection)

    # events

    def add_events(self, account: str, new: pl.DataFrame) -> Added:
        """Store events of `events.SCHEMA`; ids that are there already are left as they are and counted."""
        with self._write(account) as (connection, owner):
            return self._add(connection, owner, self._admission(connection, owner).events(new))

    def commit_page(self, account: str, page: Page) -> Added:
        """A page's events, tickets, memory and watermark, all or nothing."""
        with self._write(account) as (connection, owner):
            page = self._admission(connection, owner).page(page)
            if page.tickets is not None and not page.tickets.is_empty():
                tickets.keep(connection, owner, page.tickets)
            added = told.commit(connection, owner, page.events, page.tickets)
            if page.memory is not None and not page.memory.is_empty():
                tickets.remember(connection, owner, page.memory)
            state.set_watermark(connection, owner, page.stream, page.watermark)
            if page.followed is not None:
                tickets.follow_since(connection, owner, page.followed)
            if page.covers is not None:
                provisional.give_way(connection, owner, page.covers)
            return added

    def add_told(self, account: str, new: pl.DataFrame) -> Added:
        """Store what app events told: for good, under the ids that a pull gives to the same; needs no lease.

        What pulls inferred about the same changes gives way, see `inferences`.
        """
        with self._write(account) as (connection, owner):
            return told.arrive(connection, owner, self._admission(connection, owner).events(new))

    def add_provisional(self, account: str, new: pl.DataFrame) -> int:
        """Keep events that a webhook brought, until a pull covers their time; the number of those that are new."""
        with self._write(account) as (connection, owner):
            return provisional.add(connection, owner, self._admission(connection, owner).events(new))

    def all_events(self, account: str, since: datetime | None, until: datetime | None) -> pl.DataFrame:
        """Pulled and provisional events in [since, until), sorted by (at, id), without those of our own tickets."""
        with self._read(account) as (connection, owner):
            pulled = events.read(connection, owner, since, until)
            ahead = provisional.read(connection, owner, since, until)
            ours = tickets.ours(connection, owner)
        found = pulled if ahead.is_empty() else pl.concat([pulled, ahead]).sort("at", "id")
        return _without(found, ours)

    def all_events_span(self, account: str) -> tuple[datetime | None, datetime | None, int]:
        """(first, last, number of) pulled and provisional events."""
        with self._read(account) as (connection, owner):
            pulled, ahead = events.span(connection, owner), provisional.span(connection, owner)
        firsts = [first for first, _, _ in (pulled, ahead) if first is not None]
        lasts = [last for _, last, _ in (pulled, ahead) if last is not None]
        return min(firsts, default=None), max(lasts, default=None), pulled[2] + ahead[2]

    def _admission(self, connection: Connection, owner: Owner) -> admission.Admission:
        return admission.admission(connection, owner, lambda: self.get_secret(owner.name, admission.SECRET))

    @staticmethod
    def _add(connection: Connection, owner: Owner, new: pl.DataFrame) -> Added:
        added = events.add(connection, owner, new)
        if added.oldest_new is not None:
            state.mark_dirty(connection, owner, added.oldest_new)
        return added

    def read_events(
        self,
        account: str,
        since: datetime | None = None,
        until: datetime | None = None,
        columns: Sequence[str] | None = None,
        agent: str | None = None,
    ) -> pl.DataFrame:
        """Events in [since, until), sorted by (at, id): all columns or some, by all actors or one agent."""
        with self._read(account) as (connection, owner):
            return events.read(connection, owner, since, until, columns, agent)

    def iter_events(
        self,
        account: str,
        since: datetime | None = None,
        until: datetime | None = None,
        batch: int = 100_000,
    ) -> Iterator[pl.DataFrame]:
        """The same in frames of `batch` events (the last one smaller); memory holds a UTC day and a batch.

        All frames come from one state of the database, whatever is written meanwhile.
        """
        with self._read(account) as (connection, owner):
            yield from events.batches(connection, owner, since, until, batch)

    def event_span(self, account: str) -> tuple[datetime | None, datetime | None, int]:
        """(first, last, number of) events."""
        with self._read(account) as (connection, owner):
            return events.span(connection, owner)

    def tickets(self, account: str) -> pl.DataFrame:
        """The newest snapshot of each ticket (`feed.TICKETS`), by ticket."""
        with self._read(account) as (connection, owner):
            return tickets.read(connection, owner)

    def tickets_among(
        self, account: str, named: pl.Series, created_from: datetime, created_before: datetime
    ) -> pl.DataFrame:
        """The newest snapshots of the tickets `named` and of those created in [created_from, created_before).

        Our own tickets are left out.
        """
        with self._read(account) as (connection, owner):
            found = tickets.read_some(connection, owner, named, created_from, created_before)
            return _without(found, tickets.ours(connection, owner))

    def remembered(self, account: str, named: Sequence[str]) -> dict[str, str]:
        """What the account's connector stored of these tickets to know it again (`Page.memory`), of those it did."""
        with self._read(account) as (connection, owner):
            return tickets.remembered(connection, owner, named)

    def followed_since(self, account: str) -> datetime | None:
        """From when on it is known how tickets stood; None: always, or nothing is known yet."""
        with self._read(account) as (connection, owner):
            return tickets.followed_since(connection, owner)

    def watermarks(self, account: str) -> dict[str, str]:
        """Where each stream goes on."""
        with self._read(account) as (connection, owner):
            return state.all_watermarks(connection, owner)

    # what is computed

    def write_pieces(self, account: str, since: datetime, frames: Mapping[str, pl.DataFrame]) -> None:
        """Replace the frames (kind -> rows with their UTC day in `piece`) of the slice of time that begins at `since`.

        A slice is at most a week long.
        """
        with self._write(account) as (connection, owner):
            state.write_pieces(connection, owner, since, frames)

    def read_pieces(
        self, account: str, kind: str, from_day: date | None = None, until: datetime | None = None
    ) -> pl.DataFrame:
        """The rows of `from_day` and later from slices that begin before `until`, with the day in `piece`."""
        with self._read(account) as (connection, owner):
            return state.read_pieces(connection, owner, kind, from_day, until)

    def piece_marks(self, account: str, kind: str, from_day: date) -> dict[datetime, int]:
        """Which slices may hold rows of `from_day` and later, in order; the number changes with what is in one."""
        with self._read(account) as (connection, owner):
            return state.piece_marks(connection, owner, kind, from_day)

    def read_piece(
        self, account: str, kind: str, since: datetime, columns: Collection[str] | None = None
    ) -> pl.DataFrame | None:
        """The slice that begins at `since`, or those columns of it; None when it is not there (any more)."""
        with self._read(account) as (connection, owner):
            return state.read_piece(connection, owner, kind, since, columns)

    def join_pieces(self, account: str, since: datetime, until: datetime) -> None:
        """Make one slice of those that begin in [since, until)."""
        with self._write(account) as (connection, owner):
            state.join_pieces(connection, owner, since, until)

    def drop_pieces_from(self, account: str, since: datetime) -> None:
        """Forget every kind's slices that begin at `since` or later."""
        with self._write(account) as (connection, owner):
            state.drop_pieces_from(connection, owner, since)

    def write_checkpoint(self, account: str, at: datetime, parts: Mapping[str, pl.DataFrame | bytes]) -> None:
        """Replace the checkpoint of this instant."""
        with self._write(account) as (connection, owner):
            state.write_checkpoint(connection, owner, at, parts)

    def latest_checkpoint(self, account: str, not_after: datetime) -> datetime | None:
        """The newest checkpoint at `not_after` or before."""
        with self._read(account) as (connection, owner):
            return state.latest_checkpoint(connection, owner, not_after)

    def list_checkpoints(self, account: str) -> list[datetime]:
        """The instants that have a checkpoint, oldest first."""
        with self._read(account) as (connection, owner):
            return state.checkpoint_times(connection, owner)

    def checkpoint_parts(self, account: str, at: datetime) -> list[str]:
        """The names of a checkpoint's parts, sorted."""
        with self._read(account) as (connection, owner):
            return state.checkpoint_parts(connection, owner, at)

    def read_checkpoint_part(self, account: str, at: datetime, name: str) -> pl.DataFrame | bytes:
        """One part; the others are not read. Raises StoreError when it is missing or damaged."""
        with self._read(account) as (connection, owner):
            return state.read_checkpoint_part(connection, owner, at, name)

    def drop_checkpoints_after(self, account: str, at: datetime) -> None:
        """Forget the checkpoints later than `at`."""
        with self._write(account) as (connection, owner):
            state.drop_checkpoints(connection, owner, after=at)

    def drop_checkpoint(self, account: str, at: datetime) -> None:
        """Forget one checkpoint (daily ones are thinned out)."""
        with self._write(account) as (connection, owner):
            state.drop_checkpoints(connection, owner, at=at)

    def dirty_since(self, account: str) -> datetime | None:
        """Where the facts stop to hold: None if nowhere, the year 1 if something changed that all rest on."""
        with self._read(account) as (connection, owner):
            return state.dirty_since(connection, owner)

    def mark_dirty(self, account: str, since: datetime = BEGINNING) -> None:
        """Facts from `since` on don't hold any more; an earlier mark stays."""
        with self._write(account) as (connection, owner):
            state.mark_dirty(connection, owner, since)

    def set_clean(self, account: str) -> None:
        """All facts hold. Set it in one transaction with the facts, and only for events read inside it."""
        with self._write(account) as (connection, owner):
            state.set_clean(connection, owner)

    def get_meta(self, account: str, key: str) -> str | None:
        """A value of the engine's, such as its fold version."""
        with self._read(account) as (connection, owner):
            return state.get_meta(connection, owner, key)

    def set_meta(self, account: str, key: str, value: str | None) -> None:
        """Keep a value; None forgets it."""
        with self._write(account) as (connection, owner):
            state.set_meta(connection, owner, key, value)

    # people

    def replace_people(self, account: str, source: Source, frame: pl.DataFrame) -> bool:
        """Put `people.PEOPLE` rows in the place of this source's; True, and all dirty, if they differ."""
        return self._replace(account, "people", source, frame)

    def replace_leave(self, account: str, source: Source, frame: pl.DataFrame) -> bool:
        """The same for `people.LEAVE`."""
        return self._replace(account, "leave", source, frame)

    def replace_groups(self, account: str, source: Source, frame: pl.DataFrame) -> bool:
        """The same for `people.GROUPS`."""
        return self._replace(account, "groups", source, frame)

    def replace_on_call(self, account: str, source: Source, frame: pl.DataFrame) -> bool:
        """The same for `people.ON_CALL`."""
        return self._replace(account, "on_call", source, frame)

    def _replace(self, account: str, kind: Kind, source: Source, frame: pl.DataFrame) -> bool:
        with self._write(account) as (connection, owner):
            frame = self._admission(connection, owner).people(frame)
            changed = people.replace(connection, owner, kind, source, frame)
            if changed:
                accounts.revise(connection, owner.number)
                state.mark_dirty(connection, owner, BEGINNING)
                work.forget_evaluation(connection, owner)
            return changed

    def directory(self, account: str) -> Directory:
        """Both sources in one: the file's values, and the platform's where the file has none."""
        with self._read(account) as (connection, owner):
            known = self._found(connection, account)[1]
            return people.read(connection, owner, known.zone, known.settings.get("preset", DEFAULT_PRESET))

    def told_by(self, account: str, kind: Kind, source: Source) -> pl.DataFrame:
        """The rows that one source gave of `people`, `leave`, `groups` or `on_call`."""
        with self._read(account) as (connection, owner):
            return people.of_source(connection, owner, kind, source)

    # secrets

    def put_secret(self, account: str, name: str, value: str) -> None:
        """Keep a secret, encrypted."""
        with self._write(account) as (connection, owner):
            # encrypted while nobody can change the key behind our back: see `encrypt_anew`
            row = {"account": owner.number, "name": name, "value": self._keyring.encrypt(value)}
            connection.execute(upsert(connection, tables.secrets), row)

    def get_secret(self, account: str, name: str) -> str | None:
        """The secret again, or None. Raises ConfigError when the key is another one."""
        token = self._token(account, name)
        if token is None:
            return None
        what = f"the {name} of account {account}"
        try:
            return self._keyring.decrypt(token, what)
        except ConfigError:
            newer = self._token(account, name)  # the key may have been changed between reading it and now
            if newer is None or newer == token:
                raise
            return self._keyring.decrypt(newer, what)

    def has_secret(self, account: str, name: str) -> bool:
        """Whether there is such a secret; needs no key."""
        return self._token(account, name) is not None

    def check_secrets(self) -> None:
        """Raises ConfigError or StoreError when the key is none, or when it reads none of the stored secrets."""
        self._keyring.check()
        kept, trouble = tables.secrets, None
        query = sa.select(kept.c.name, kept.c.value, tables.accounts.c.name.label("account"))
        with self._database.reading() as connection:
            rows = connection.execute(query.join_from(kept, tables.accounts).order_by(kept.c.account)).all()
        for row in rows:
            try:
                self._keyring.decrypt(row.value, f"the {row.name} of account {row.account}")
            except (ConfigError, StoreError) as error:
                trouble = trouble or error
            else:
                return  # one that is of another key concerns its account only
        if trouble is not None:
            raise trouble

    def _token(self, account: str, name: str) -> bytes | None:
        kept = tables.secrets.c
        with self._read(account) as (connection, owner):
            query = sa.select(kept.value).where(kept.account == owner.number, kept.name == name)
            return connection.execute(query).scalar()

    def drop_secret(self, account: str, name: str) -> bool:
        """Forget a secret; whether there was one."""
        kept = tables.secrets
        with self._write(account) as (connection, owner):
            mine = kept.delete().where(kept.c.account == owner.number, kept.c.name == name)
            return connection.execute(mine).rowcount > 0

    def encrypt_anew(self) -> int:
        """Encrypt every secret of every account with the first key of the ring, all or none; their number.

        Nobody keeps a secret meanwhile, so afterwards no row needs the other keys.
        """
        kept = tables.secrets
        with self._database.writing(durable=True) as connection:
            self._database.claim(connection, accounts.NEW)
            for number in sorted(connection.execute(sa.select(tables.accounts.c.number)).scalars()):
                self._database.claim(connection, number)
            rows = connection.execute(sa.select(kept)).all()
            for row in rows:
                value = self._keyring.encrypt_anew(row.value, f"the {row.name} of an account")
                mine = sa.and_(kept.c.account == row.account, kept.c.name == row.name)
                connection.execute(kept.update().where(mine).values(value=value))
            return len(rows) + self.access.encrypt_anew(connection)

    # what webhooks brought, and the work that is done by itself

    @property
    def inbox(self) -> Inbox:
        """Proven inbound calls, until they are worked off."""
        return Inbox(self._database, self._owner, self._read, self._write)

    @property
    def work(self) -> Work:
        """How the work for each account stands, and who does it."""
        return Work(self._database, self._read, self._write)

    @property
    def proposals(self) -> Proposals:
        """What was proposed, what became of it, and how each account acts."""
        return Proposals(self._read, self._write)

    @property
    def writes(self) -> Writes:
        """Writes to helpdesks, with what came back."""
        return Writes(self._database, self._read, self._write)

    @property
    def installed(self) -> Installed:
        """What is ours in helpdesks, and who may use the JSON API."""
        return Installed(self._read, self._write)

    @property
    def audit(self) -> Audit:
        """What happened, in a chain."""
        return Audit(self._read, self._write)

    @property
    def upkeep(self) -> Upkeep:
        """How long what is kept, and what is taken out: by age, of one agent, of a whole account."""
        return Upkeep(self._database, self._read, self._write, self.get_secret, self.put_secret)

    @property
    def access(self) -> Access:
        """Who may sign in, who has."""
        return Access(self._database, self._keyring, self._read, self._write)

    @property
    def glass(self) -> Glass:
        """Who opened whose page, and why."""
        return Glass(self._read, self._write)

    @property
    def surveys(self) -> Surveys:
        """Waves, whom they ask, their sealed answers and their results."""
        return Surveys(self._database, self._owner, self._read, self._write)

    @property
    def notices(self) -> Notices:
        """Notices on their way, and whom they may go to."""
        return Notices(self._database, self._read, self._write)

    @property
    def agreements(self) -> Agreements:
        """What was agreed."""
        return Agreements(self._read, self._write)

    @property
    def said(self) -> Said:
        """Objections, contests and hours of their own."""
        return Said(self._read, self._write)

    @property
    def seen(self) -> SeenFlags:
        """When flags were first seen."""
        return SeenFlags(self._read, self._write)

    # the writer

    @contextmanager
    def writer(
        self,
        account: str,
        who: str,
        *,
        wait_s: float | None = None,
        on_wait: Callable[[str], None] = lease.say,
        alone: bool = False,
    ) -> Iterator[None]:
        """Be the account's only writer. `who` is the command, as another process will read it.

        Waits up to `wait_s` (default: the setting, 30 s), telling `on_wait` once; then raises StoreBusy. A
        second `writer` of this store joins the first one, unless one of them is to be `alone`: then it waits, too. A
        writer that lost its lease cannot write any more.
        """
        with self._read(account) as (_, owner):
            pass
        here = threading.get_ident()
        if account in self._leases and self._alone.get(account, None if alone else here) == here:
            yield
            return
        wait = self._lease_wait_s if wait_s is None else wait_s
        with lease.held(self._database, owner, who, wait, on_wait) as mine:
            self._leases[account] = mine
            if alone:
                self._alone[account] = here
            try:
                yield
            finally:
                self._alone.pop(account, None)
                del self._leases[account]

    def writer_of(self, account: str) -> str | None:
        """Who holds the account's lease, as a line; None when nobody does."""
        with self._read(account) as (connection, owner):
            found = lease.holder(connection, owner)
            return None if found is None else str(found)

    @contextmanager
    def _read(self, account: str) -> Iterator[tuple[Connection, Owner]]:
        with self._database.reading() as connection:
            owner = self._owner(connection, account)
            self._database.claim(connection, owner.number)
            yield connection, owner

    @contextmanager
    def _write(self, account: str) -> Iterator[tuple[Connection, Owner]]:
        with self._database.writing() as connection:
            owner = self._owner(connection, account)
            self._database.claim(connection, owner.number)
            mine = self._leases.get(account)
            if mine is not None:
                lease.confirm(connection, owner, mine)
            yield connection, owner

    def _owner(self, connection: Connection, account: str) -> Owner:
        owner = self._owners.get(account)
        if owner is None:
            number, found = self._found(connection, account)
            owner = Owner(number, found.name)
            if not self._database.is_writing:  # an account made in a transaction may yet be undone
                self._owners[account] = owner
        return owner

    @staticmethod
    def _found(connection: Connection, name: str) -> tuple[int, Account]:
        found = accounts.find(connection, name)
        if found is None:
            names = ", ".join(account.name for account in accounts.listed(connection))
            raise ConfigError(f"account {name}: there is none; there are: {names or 'no accounts yet'}")
        return found


def _without(frame: pl.DataFrame, named: list[str]) -> pl.DataFrame:
    return frame.filter(~pl.col("ticket").is_in(named)) if named else frame


def open_store(place: str | Settings, *, read_only: bool = False, busy_s: float = 30.0) -> Store:
    """Open the database of these settings, or of a URL; make or bring up to date its tables.

    `busy_s` is how long to wait for another process's transaction. Raises StoreError (read-only, full,
    damaged, locked, of a newer version) or ConfigError (the URL).
    """
    url = place if isinstance(place, str) else place.database_url
    database = Database(url, read_only=read_only, busy_s=busy_s)
    if isinstance(place, Settings):
        return Store(database, Keyring(place.home), place.lease_wait_s)
    folder = database.file.parent if database.file is not None else load_settings(create=False).home
    return Store(database, Keyring(folder), 30.0)
