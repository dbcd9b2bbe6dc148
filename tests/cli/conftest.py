"""A small desk behind a simulated Zendesk that can be told to answer badly, and ways to run the real commands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

import connectors.session
from connectors.session import Limits
from connectors.zendesk.simulated import Faults, Options, SimulatedZendesk, Site
from helpdesk_wellbeing.cli import cli, main
from helpdesk_wellbeing.events import SCHEMA
from helpdesk_wellbeing.people import GROUPS, PEOPLE
from helpdesk_wellbeing.store import open_store

TOP = Path(__file__).parents[2]
FIRST_DAY = datetime(2026, 9, 14, tzinfo=UTC)  # a Monday
WEEKS = 9
ENDING = "--as-of", "2026-11-13T23:00:00Z"
AGENTS = ("1001", "1002", "1003")


def desk_rows() -> Iterator[dict[str, Any]]:
    """Three agents, five days a week, three tickets a day each; agent 1003 works deep into the night at the end."""
    number = 0
    for day in range(WEEKS * 7 - 2):
        date = FIRST_DAY + timedelta(days=day)
        if date.weekday() > 4:
            continue
        for agent in AGENTS:
            hours = (7, 11, 21) if agent == "1003" and day > 50 else (7, 10, 14)
            for hour in hours:
                number += 1
                at = date + timedelta(hours=hour, minutes=7 * (number % 7))
                yield from ticket_rows(str(number), agent, at)


def ticket_rows(ticket: str, agent: str, at: datetime) -> Iterator[dict[str, Any]]:
    """One ticket's life: made, taken, answered, moved on when hard, solved, rated."""
    group = "11" if int(ticket) % 4 else "12"
    customer = {"actor": f"{5000 + int(ticket) % 40}", "actor_kind": "requester"}
    steps: list[tuple[int, dict[str, Any]]] = [
        (0, customer | {"kind": "created", "status": "new", "group": group, "priority": "normal"}),
        (9, {"kind": "assigned", "after": agent}),
        (9, {"kind": "status", "before": "new", "after": "open"}),
        (14, {"kind": "replied"}),
        (31, customer | {"kind": "customer_replied"}),
        (44, {"kind": "noted"}),
        (52, {"kind": "status", "before": "open", "after": "solved"}),
    ]
    for minute, step in steps:
        yield (
            {"ticket": ticket, "actor": agent, "batch": f"{ticket}.{minute}"}
            | step
            | {"at": at + timedelta(minutes=minute)}
        )


def frame_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Short rows as events; what is absent is null or usual."""
    usual = {"account": "a", "channel": "email", "grade": "A", "actor_kind": "agent"}
    full = [dict.fromkeys(SCHEMA) | usual | {"id": str(place)} | row for place, row in enumerate(rows)]
    plain = {name: (dtype if isinstance(dtype, pl.Datetime) else pl.String()) for name, dtype in SCHEMA.items()}
    return pl.DataFrame(full, schema=plain).cast(SCHEMA)


class BadZendesk(SimulatedZendesk):
    """Answers as told by `spoil`: a function of the request that gives an answer, or None for the right one."""

    spoil: Callable[[Any], Any] = staticmethod(lambda request: None)

    def answer(self, request: Any) -> Any:
        spoilt = self.spoil(request)
        return super().answer(request) if spoilt is None else (spoilt, None)

    def behave(self) -> None:
        """From now on everything is right again."""
        self.spoil = lambda request: None
        self.faults = self.api.faults = Faults()


@pytest.fixture(scope="session")
def desk() -> Site:
    """The account: its events, its people with zones, its groups."""
    people = pl.DataFrame(
        [{"agent": agent, "name": f"Agent {agent}", "time_zone": "Europe/Berlin"} for agent in AGENTS],
        schema={"agent": pl.String(), "name": pl.String(), "time_zone": pl.String()},
    )
    groups = pl.DataFrame({"group": ["11", "12"], "name": ["First line", "Billing"]})
    options = Options(unlimited=True, time_zone="Europe/Berlin", csat=None)
    return Site(frame_of(list(desk_rows())), _filled(people, PEOPLE), _filled(groups, GROUPS), options=options)


def _filled(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in schema.items()
    )


@pytest.fixture(scope="session")
def _running(desk: Site) -> Iterator[BadZendesk]:
    with BadZendesk(desk) as running:
        yield running


@pytest.fixture
def zendesk(_running: BadZendesk) -> Iterator[BadZendesk]:
    """The desk's Zendesk on a loopback port, well-behaved at first."""
    _running.behave()
    yield _running
    _running.behave()


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.err.strip().splitlines()

    @property
    def line(self) -> str:
        """The line on stderr on which it ended."""
        assert self.lines, f"nothing on stderr; exit code {self.code}"
        return self.lines[-1]


@dataclass
class Commands:
    """Runs commands with a home folder of their own: `here` in this process, `apart` in one of their own."""

    home: Path
    capture: Any
    patch: pytest.MonkeyPatch
    environment: dict[str, str] = field(default_factory=dict)

    def here(self, *arguments: str) -> Ran:
        self.patch.setattr(sys, "argv", ["helpdesk-wellbeing", *map(str, arguments)])
        self.capture.readouterr()
        code: Any = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        out, err = self.capture.readouterr()
        return Ran(int(code or 0), out, err)

    def start(self, *arguments: str, code: str = "", **how: Any) -> subprocess.Popen[bytes]:
        """The command as a process; `code` is Python that is run before it."""
        program = f"{code}\nfrom helpdesk_wellbeing.cli import main\nmain()" if code else ""
        line = [sys.executable, *(["-c", program] if code else ["-m", "helpdesk_wellbeing"]), *map(str, arguments)]
        plain = {name: value for name, value in os.environ.items() if not name.startswith("HELPDESK_WELLBEING_")}
        more = how.pop("environment", {})
        full = plain | {"HELPDESK_WELLBEING_HOME": str(self.home), "PYTHONPATH": str(TOP)} | self.environment | more
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
        return subprocess.Popen(line, env=full, **{**pipes, **how})

    def apart(self, *arguments: str, **how: Any) -> Ran:
        process = self.start(*arguments, **how)
        out, err = process.communicate(timeout=60)
        return Ran(process.returncode, (out or b"").decode(errors="replace"), (err or b"").decode(errors="replace"))

    def tells(self, *secrets: str) -> None:
        """Secrets in the environment, where the commands look for them."""
        client_secret, api_token = (*secrets, "", "")[:2]
        for name, value in (("CLIENT_SECRET", client_secret), ("API_TOKEN", api_token)):
            variable = f"HELPDESK_WELLBEING_{name}"
            if value:
                self.environment[variable] = value
                self.patch.setenv(variable, value)

    def connect(self, server: SimulatedZendesk, account: str = "acme") -> None:
        self.tells(server.client_secret)
        ran = self.here(
            "connect", "zendesk", "--account", account, "--subdomain", "acme",
            "--client-id", server.client_id, "--base-url", server.base_url,
        )  # fmt: skip
        assert ran.code == 0, ran.err

    def without_a_key(self, account: str = "fd", domain: str = "acme.freshdesk.com") -> None:
        """A Freshdesk account as versions made it that could not read Freshdesk: its webhooks are all it has."""
        self.home.mkdir(exist_ok=True)
        with open_store(f"sqlite:///{self.home / 'wellbeing.db'}") as store:
            store.create_account(account, platform="freshdesk", settings={"domain": domain})

    def exported(self, account: str = "acme") -> str:
        """The account's events in the event log format."""
        ran = self.here("export", "events", "--account", account)
        assert ran.code == 0, ran.err
        return ran.out


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Commands:
    for name in list(os.environ):
        if name.startswith("HELPDESK_WELLBEING_"):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    monkeypatch.setenv("HELPDESK_WELLBEING_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    return Commands(home, capfd, monkeypatch)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries come at once and are few."""
    short = Limits(connect_s=1.0, read_s=1.0, attempts=3, first_backoff_s=0.01, longest_backoff_s=0.02)
    monkeypatch.setattr(connectors.session, "Limits", lambda: short)


@pytest.fixture
def unfolded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pull ends with its events; nothing is evaluated."""
    monkeypatch.setattr("helpdesk_wellbeing.cli.pull._fold", lambda store, account: 0)


@pytest.fixture(scope="session")
def undisturbed(_running: BadZendesk, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What `export events` gives after a pull that nobody disturbed."""
    from helpdesk_wellbeing.cli.connecting import connect_zendesk
    from helpdesk_wellbeing.cli.platforms import CLIENT_SECRET
    from helpdesk_wellbeing.cli.pull import run

    home = tmp_path_factory.mktemp("undisturbed")
    _running.behave()
    with open_store(f"sqlite:///{home / 'wellbeing.db'}") as store:
        settings = {"subdomain": "acme", "base_url": _running.base_url, "client_id": _running.client_id}
        connect_zendesk(store, "acme", settings, CLIENT_SECRET, _running.client_secret)
        assert run(store, "acme", fold=False) == 0
    return quietly(home, "export", "events", "--account", "acme")


@pytest.fixture
def log(desk: Site, tmp_path: Path) -> Path:
    """The desk's events as a log file."""
    return write_log(desk, tmp_path / "log.csv")


def write_log(desk: Site, path: Path) -> Path:
    desk.events.drop("account").write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%SZ")
    return path


@pytest.fixture(scope="session")
def _imported(desk: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("imported")
    log = write_log(desk, tmp_path_factory.mktemp("logs") / "log.csv")
    people = log.with_name("people.csv")
    people.write_text("agent,name,time_zone\n1003,Agent Ž 李,Europe/Berlin\n", encoding="utf-8")
    files = (str(log), "--people", str(people))
    quietly(home, "import", *files, "--account", "acme", "--time-zone", "Europe/Berlin")
    quietly(home, "export", "facts", "queues", "--account", "acme")
    return home


def quietly(home: Path, *arguments: str) -> str:
    """What a command prints that must go well; for fixtures that serve a whole run."""
    ran = CliRunner().invoke(cli, arguments, env={"HELPDESK_WELLBEING_HOME": str(home)})
    assert ran.exit_code == 0, ran.output
    return ran.stdout


@pytest.fixture
def imported(commands: Commands, _imported: Path) -> Commands:
    """Commands whose home has the account acme, imported from the log and evaluated."""
    shutil.copytree(_imported, commands.home)
    return commands
