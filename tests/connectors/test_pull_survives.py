"""A pull that is killed at any moment loses nothing and doubles nothing."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from connectors.freshdesk import simulated as freshdesk
from connectors.simulating.front import Front
from connectors.zendesk import simulated as zendesk
from helpdesk_wellbeing.cli import cli
from helpdesk_wellbeing.demo import World

TOP = Path(__file__).parents[2]
HANDFUL, FULL = 2, 50


# What is killed meets trouble on the way, too.
TROUBLE = {"error": 0.003, "reset": 0.003, "truncate": 0.003}


@dataclass(frozen=True)
class Server:
    """A running helpdesk, and how the program is connected to it."""

    platform: str
    front: Front
    options: tuple[str, ...]
    secret: dict[str, str]

    @property
    def events(self) -> pl.DataFrame:
        """The truth."""
        return self.front.site.events


def a_zendesk(world: World, events: pl.DataFrame) -> Server:
    site = zendesk.Site.from_world(world)
    site = replace(site, events=events, options=replace(site.options, unlimited=True))
    twists = {"repeat": 0.2, "split_ties": 1.0, "oversize": 0.1, "null_end_time": 0.5}
    faults = zendesk.Faults(share=TROUBLE | twists, seed=2)
    front = zendesk.SimulatedZendesk(site, now=lambda: world.as_of + timedelta(minutes=10), faults=faults)
    options = "--subdomain", "acme", "--client-id", front.client_id, "--base-url", front.base_url
    return Server("zendesk", front, options, {"HELPDESK_WELLBEING_CLIENT_SECRET": front.client_secret})


def a_freshdesk(world: World, events: pl.DataFrame) -> Server:
    site = replace(freshdesk.Site.from_world(world, unlimited=True), events=events)
    faults = freshdesk.Faults(share=TROUBLE | {"repeat": 0.2, "shuffled": 0.3, "unlinked": 0.1}, seed=2)
    front = freshdesk.SimulatedFreshdesk(site, now=lambda: world.as_of + timedelta(minutes=10), faults=faults)
    options = "--domain", "acme.freshdesk.com", "--base-url", front.base_url
    return Server("freshdesk", front, options, {"HELPDESK_WELLBEING_API_KEY": front.api_key})


DAYS = {a_freshdesk: 2, a_zendesk: 10}  # on Freshdesk each ticket is a request


@pytest.fixture(scope="module", params=[a_freshdesk, a_zendesk], ids=lambda make: make.__name__[2:])
def server(request, world):
    """The last days of the simulated team, behind a helpdesk without limits."""
    begin = world.as_of - timedelta(days=DAYS[request.param])
    made = request.param(world, world.events.filter(pl.col("at") >= begin))
    with made.front:
        yield made


def command(*arguments: str, home: Path, server: Server) -> tuple[list[str], dict[str, str]]:
    environment = os.environ | {"HELPDESK_WELLBEING_HOME": str(home), "PYTHONPATH": str(TOP)} | server.secret
    return [sys.executable, "-m", "helpdesk_wellbeing", *arguments], environment


def run(*arguments: str, home: Path, server: Server) -> subprocess.CompletedProcess[bytes]:
    line, environment = command(*arguments, home=home, server=server)
    return subprocess.run(line, env=environment, capture_output=True, check=False)


def here(*arguments: str, home: Path, server: Server) -> bytes:
    """What a command says that nobody is to kill: it is run in this process, which has all it needs already."""
    ran = CliRunner().invoke(cli, arguments, env={"HELPDESK_WELLBEING_HOME": str(home)} | server.secret)
    assert ran.exit_code == 0, ran.output
    return ran.stdout_bytes


def connect(home: Path, server: Server) -> None:
    here("connect", server.platform, "--account", "acme", *server.options, home=home, server=server)


def exported(home: Path, server: Server) -> pl.DataFrame:
    said = here("export", "events", "--account", "acme", home=home, server=server)
    return pl.read_csv(said, infer_schema=False).sort("at", "id")


@dataclass(frozen=True)
class Undisturbed:
    """What a pull that nobody disturbed left behind, and in how many steps."""

    events: pl.DataFrame
    steps: int  # transactions that another process can tell apart
    home: Path


CHECK = "check", "--account", "acme", "--as-of", "2026-11-20T23:00:00Z", "--format", "json"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, server):
    home = tmp_path_factory.mktemp("undisturbed")
    connect(home, server)
    process = start_pull(home, server)
    steps = watch(process, home, until=sys.maxsize)
    assert process.wait() == 0
    return Undisturbed(exported(home, server), steps, home)


def start_pull(home: Path, server: Server, said: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    """A pull that only reads and stores, and asks again soon: what is folded afterwards is not of interest here."""
    _, environment = command(home=home, server=server)
    code = (
        "import functools, connectors.session as session\n"
        "session.Limits = functools.partial(session.Limits, first_backoff_s=0.01, longest_backoff_s=0.05)\n"
        "import helpdesk_wellbeing.cli.pull as pull; pull._fold = lambda store, account: 0\n"
        "from helpdesk_wellbeing.cli import main; main()"
    )
    line = [sys.executable, "-c", code, "pull", "--account", "acme"]
    return subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL, stderr=said)


def watch(process: subprocess.Popen[bytes], home: Path, until: int) -> int:
    """Count the steps that the process makes in the store, up to `until` or its end."""
    steps, seen = 0, None
    with closing(sqlite3.connect(f"file:{home / 'wellbeing.db'}?mode=ro", uri=True)) as store:
        while steps < until and process.poll() is None:
            [(version,)] = store.execute("PRAGMA data_version").fetchall()
            steps += seen is not None and version != seen
            seen = version
            time.sleep(0.001)
    return steps


def killed(process: subprocess.Popen[bytes], home: Path, after: int, pause: float) -> bool:
    """Kill a pull some steps on; False when it was at its end before that."""
    watch(process, home, until=after)
    time.sleep(pause)
    process.kill()
    return process.wait() == -signal.SIGKILL


def survive(kills: int, folder: Path, server: Server, undisturbed: Undisturbed) -> None:
    """Kill until so many kills have hit a pull at work; whenever one gets through, begin with a new home."""
    dice = random.Random(kills)
    reach = 10 + undisturbed.steps // kills  # steps to the kill, at most: the first ones only repeat who is there
    hit = homes = 0
    while hit < kills:
        homes += 1
        home = folder / f"home{homes}"
        connect(home, server)
        while hit < kills:
            landed = killed(start_pull(home, server), home, dice.randint(1, reach), dice.uniform(0, 0.05))
            hit += landed
            if not landed:
                break
        finished(home, server, undisturbed)


def finished(home: Path, server: Server, undisturbed: Undisturbed) -> None:
    """Pulled to the end, a home has the events of the undisturbed one."""
    process = start_pull(home, server)
    assert process.wait() == 0
    assert exported(home, server).equals(undisturbed.events)


def test_a_pull_killed_a_handful_of_times_brings_the_same_events(tmp_path, server, undisturbed):
    survive(HANDFUL, tmp_path, server, undisturbed)


@pytest.mark.prove
def test_a_pull_killed_fifty_times_brings_the_same_events(tmp_path, server, undisturbed):
    survive(FULL, tmp_path, server, undisturbed)


@pytest.mark.prove
def test_a_pull_killed_while_it_evaluates_leads_to_the_same_answer(tmp_path, server, undisturbed):
    connect(tmp_path, server)
    dice = random.Random(5)
    for _ in range(5):
        line, environment = command("pull", "--account", "acme", home=tmp_path, server=server)
        pipe = subprocess.DEVNULL
        process = subprocess.Popen(line, env=environment, stdout=pipe, stderr=pipe)
        killed(process, tmp_path, undisturbed.steps + dice.randint(-10, 3), dice.uniform(0, 0.2))

    assert run("pull", "--account", "acme", home=tmp_path, server=server).returncode == 0

    answers = [run(*CHECK, home=home, server=server) for home in (tmp_path, undisturbed.home)]
    assert answers[0].stdout == answers[1].stdout != b""


def test_a_second_pull_brings_nothing_new(server, undisturbed):
    again = start_pull(undisturbed.home, server, subprocess.PIPE)
    _, said = again.communicate()

    assert again.returncode == 0, said
    assert b" 0 events new" in said
    assert exported(undisturbed.home, server).equals(undisturbed.events)


SAID = ("replied", "noted", "customer_replied", "rated")


def test_what_a_pull_brings_is_the_truth(server, undisturbed):
    truth = server.events.with_columns(pl.col("kind", "actor_kind").cast(pl.String))
    odd = truth.filter(pl.col("kind").is_in(["deleted", "merged"]))  # in spam, or with a note in another ticket
    odd = pl.concat([odd["ticket"], odd["after"]]).drop_nulls()
    begun = truth.filter(pl.col("kind") == "created")["ticket"]
    plain = pl.col("ticket").is_in(begun.implode()) & ~pl.col("ticket").is_in(odd.implode())
    names = ["kind", "ticket", "at", "after"]

    def told(frame, *kinds):
        at = pl.col("at").cast(pl.Datetime("us", "UTC")) if frame["at"].dtype != pl.String else instants
        rows = frame.filter(plain & pl.col("kind").is_in(kinds)).with_columns(at.dt.truncate("1s").alias("at"))
        return rows.select(names).sort(names)

    instants = pl.col("at").str.to_datetime(time_unit="us", time_zone="UTC")
    for kinds in (("created",), SAID):
        pulled, true = told(undisturbed.events, *kinds), told(truth, *kinds)
        assert true.height > 100
        assert pulled.equals(true), (pulled.join(true, on=names, how="anti", nulls_equal=True), true)
    work = undisturbed.events.filter(plain & (pl.col("actor_kind") == "agent") & pl.col("kind").is_in(SAID))
    assert work.height > 100
