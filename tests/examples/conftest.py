"""Event logs written by hand, taken through the whole river: store, facts, signals, rules, answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from helpdesk_wellbeing.agreement.gate import OPEN
from helpdesk_wellbeing.engine import Catalogue, Engine
from helpdesk_wellbeing.events import conform
from helpdesk_wellbeing.flags import changes, check
from helpdesk_wellbeing.people import GROUPS, LEAVE, ON_CALL, PEOPLE
from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.signals.catalogue import SIGNALS
from helpdesk_wellbeing.store import Store, open_store

CATALOGUE = Catalogue(SIGNALS, load_rules(SIGNALS))
AMSTERDAM = "Europe/Amsterdam"
ACCOUNT = "acme"


def local(text: str, zone: str = AMSTERDAM) -> datetime:
    """A wall-clock time as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def weekdays(first: str, count: int) -> list[date]:
    """So many working days (Monday to Friday) from a date on."""
    days = (date.fromisoformat(first) + timedelta(step) for step in range(2 * count + 7))
    return [day for day in days if day.weekday() < 5][:count]


class Log:
    """Rows of an event log, and the files about people."""

    def __init__(self, zone: str = AMSTERDAM) -> None:
        self.zone = zone
        self.rows: list[dict[str, Any]] = []
        self.people: list[dict[str, Any]] = []
        self.leave: list[tuple[str, date, date]] = []
        self.groups: list[dict[str, Any]] = []
        self.on_call: list[tuple[str, datetime, datetime]] = []

    def event(self, at: datetime | str, kind: str, actor: str | None = None, ticket: str = "t", **more: Any) -> None:
        """One row; a text is a wall-clock time of the account's zone."""
        when = local(at, self.zone) if isinstance(at, str) else at
        self.rows.append({"at": when, "kind": kind, "actor": actor, "ticket": ticket, **more})

    def person(self, agent: str, **known: Any) -> str:
        """A row of the people file."""
        self.people.append({"agent": agent, **known})
        return agent

    def work(
        self, agent: str, day: date | str, *spans: str, step: int = 12, zone: str | None = None, **more: Any
    ) -> None:
        """Notes every `step` minutes in spans such as "08:30-12:30" (the end included) on a date; an end that is not
        after its start is on the next date."""
        on = date.fromisoformat(day) if isinstance(day, str) else day
        for span in spans:
            first, _, last = span.partition("-")
            place = ZoneInfo(zone or self.zone)
            at = datetime.combine(on, time.fromisoformat(first), tzinfo=place).astimezone(UTC)
            until = time.fromisoformat(last or first)
            ends_on = on + timedelta(1) if last and until <= time.fromisoformat(first) else on
            end = datetime.combine(ends_on, until, tzinfo=place).astimezone(UTC)
            while at < end:
                self.event(at, "noted", agent, f"{agent}-t", **more)
                at += timedelta(minutes=step)
            self.event(end, "noted", agent, f"{agent}-t", **more)

    def events(self) -> pl.DataFrame:
        """The rows in the declared schema."""
        frame, problems = conform(pl.DataFrame(self.rows, infer_schema_length=None), ACCOUNT)
        assert problems.is_empty(), problems
        return frame

    def tell(self, store: Store) -> None:
        """Write the files about people into the store."""

        def frame(rows: list[dict[str, Any]], schema: pl.Schema) -> pl.DataFrame:
            return pl.DataFrame([{**dict.fromkeys(schema), **row} for row in rows], schema=schema)

        people = frame(self.people, PEOPLE).with_columns(pl.col("excluded").fill_null(False))
        store.replace_people(ACCOUNT, "file", people)
        store.replace_groups(ACCOUNT, "file", frame(self.groups, GROUPS))
        store.replace_leave(ACCOUNT, "file", pl.DataFrame(self.leave, schema=LEAVE, orient="row"))
        store.replace_on_call(ACCOUNT, "file", pl.DataFrame(self.on_call, schema=ON_CALL, orient="row"))


class Desk:
    """A log in a store; answers are kept, so that many tests may ask about the same instant.

    Only the rules of the signals named are evaluated (default: all); rules do not influence each other.
    """

    def __init__(self, home: Path, log: Log, signals: str = "", arrivals: Iterable[pl.DataFrame] | None = None) -> None:
        wanted = {name: rule for name, rule in CATALOGUE.rules.items() if not signals or rule.signal in signals.split()}
        self.catalogue = Catalogue(SIGNALS, wanted)
        self.zone = log.zone
        self.store = open_store(Settings(home, f"sqlite:///{home}/wellbeing.db"))
        self.store.create_account(ACCOUNT, zone=log.zone)
        log.tell(self.store)
        for part in arrivals or [log.events()]:
            self.store.add_events(ACCOUNT, part)
        self.engine = Engine(self.store, ACCOUNT, self.catalogue)
        self._up_to_date = False
        self._answers: dict[datetime, dict[str, Any]] = {}
        self._changes: list[dict[str, Any]] | None = None

    def _keep_up(self) -> None:
        if not self._up_to_date:
            with self.store.writer(ACCOUNT, "test"):
                self.engine.update()
            self._up_to_date = True

    def at(self, as_of: datetime | str) -> dict[str, Any]:
        """The answer of `check` at an instant (a text: wall-clock time of the account's zone)."""
        instant = local(as_of, self.zone) if isinstance(as_of, str) else as_of
        self._keep_up()
        if instant not in self._answers:
            self._answers[instant] = check(self.engine.assess(instant), self.catalogue, gate=OPEN)
        return self._answers[instant]

    def flag(self, signal: str, subject: str, as_of: datetime | str) -> dict[str, Any] | None:
        """The flag of a subject, None when there is none."""
        found = [f for f in self.at(as_of)["flags"] if f["signal"] == signal and f["subject"]["id"] == subject]
        assert len(found) <= 1
        return found[0] if found else None

    def level(self, signal: str, subject: str, as_of: datetime | str) -> str:
        """warn, critical, (warn), (critical) while cooling, or none."""
        flag = self.flag(signal, subject, as_of)
        if flag is None:
            return "none"
        return flag["level"] if flag["state"] == "active" else f"({flag['level']})"

    def reason(self, signal: str, subject: str, as_of: datetime | str) -> str | None:
        """Why nothing can be said about a subject."""
        found = [
            gap["reason"]
            for gap in self.at(as_of)["not_assessable"]
            if gap["signal"] == signal and gap["subject"]["id"] == subject
        ]
        assert len(found) <= 1, found
        return found[0] if found else None

    def story(self, signal: str, subject: str) -> list[tuple[str, str]]:
        """Every change of level up to four days after the log's end: (wall-clock time, level)."""
        self._keep_up()
        if self._changes is None:
            first, last, _ = self.store.event_span(ACCOUNT)
            assert first is not None
            assert last is not None
            until = last + timedelta(days=4)
            outcome = self.engine.assess(until)
            self._changes = changes(self.engine.history(first, until), outcome, self.catalogue, gate=OPEN)
        place = ZoneInfo(self.zone)
        return [
            (datetime.fromisoformat(row["at"]).astimezone(place).strftime("%Y-%m-%d %H:%M"), row["to"])
            for row in self._changes
            if row["signal"] == signal and row["subject"]["id"] == subject
        ]

    def facts(self, kind: str, agent: str) -> list[dict[str, Any]]:
        """Rows of one kind of facts about an agent."""
        return self.engine.all_facts(kind).filter(pl.col("agent") == agent).to_dicts()


@pytest.fixture(scope="session")
def open_desk(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Desk]:
    """Opens a store of its own with a log in it."""
    return lambda log, signals="", arrivals=None: Desk(tmp_path_factory.mktemp("desk"), log, signals, arrivals)


@pytest.fixture(scope="session")
def new_log() -> type[Log]:
    """An empty log: `new_log()` or `new_log("UTC")`."""
    return Log


@pytest.fixture(scope="session")
def working_days() -> Callable[[str, int], list[date]]:
    """`weekdays`."""
    return weekdays
