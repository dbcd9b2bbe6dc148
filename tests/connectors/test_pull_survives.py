"""A pull that is killed at any moment loses nothing and doubles nothing."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from connectors.zendesk.simulated import SimulatedZendesk, Site

TOP = Path(__file__).parents[2]
HANDFUL, FULL = 4, 50


@pytest.fixture(scope="module")
def server(world):
    """Three weeks of the simulated team, behind a Zendesk without limits."""
    begin = world.as_of - timedelta(weeks=3)
    site = Site.from_world(world)
    unlimited = replace(site.options, unlimited=True)
    recent = replace(site, events=site.events.filter(pl.col("at") >= begin), options=unlimited)
    with SimulatedZendesk(recent, now=lambda: world.as_of + timedelta(minutes=10)) as running:
        yield running


def command(*arguments: str, home: Path, server: SimulatedZendesk) -> tuple[list[str], dict[str, str]]:
    environment = os.environ | {
        "HELPDESK_WELLBEING_HOME": str(home),
        "HELPDESK_WELLBEING_CLIENT_SECRET": server.client_secret,
        "PYTHONPATH": str(TOP),
    }
    return [sys.executable, "-m", "helpdesk_wellbeing", *arguments], environment


def run(*arguments: str, home: Path, server: SimulatedZendesk) -> subprocess.CompletedProcess[bytes]:
    line, environment = command(*arguments, home=home, server=server)
    return subprocess.run(line, env=environment, capture_output=True, check=False)


def connect(home: Path, server: SimulatedZendesk) -> None:
    ran = run(
        "connect", "zendesk", "--account", "acme", "--subdomain", "acme", "--client-id", server.client_id,
        "--base-url", server.base_url, home=home, server=server,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr


def exported(home: Path, server: SimulatedZendesk) -> pl.DataFrame:
    ran = run("export", "events", "--account", "acme", home=home, server=server)
    assert ran.returncode == 0, ran.stderr
    return pl.read_csv(ran.stdout, infer_schema=False).sort("at", "id")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, server):
    """The events of a pull that nobody disturbed, and how long it took in seconds."""
    home = tmp_path_factory.mktemp("undisturbed")
    connect(home, server)
    began = time.monotonic()
    ran = run("pull", "--account", "acme", home=home, server=server)
    assert ran.returncode == 0, ran.stderr
    return exported(home, server), time.monotonic() - began


def kill_while_pulling(home: Path, server: SimulatedZendesk, after: float) -> None:
    line, environment = command("pull", "--account", "acme", home=home, server=server)
    process = subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(after)
    process.kill()
    process.wait()


def survive(kills: int, home: Path, server: SimulatedZendesk, undisturbed: tuple[pl.DataFrame, float]) -> None:
    expected, took = undisturbed
    dice = random.Random(kills)
    connect(home, server)
    for _ in range(kills):
        kill_while_pulling(home, server, after=dice.uniform(0.3, took))
    ran = run("pull", "--account", "acme", home=home, server=server)
    assert ran.returncode == 0, ran.stderr
    assert exported(home, server).equals(expected)


def test_a_pull_killed_a_handful_of_times_brings_the_same_events(tmp_path, server, undisturbed):
    survive(HANDFUL, tmp_path, server, undisturbed)


@pytest.mark.prove
def test_a_pull_killed_fifty_times_brings_the_same_events(tmp_path, server, undisturbed):
    survive(FULL, tmp_path, server, undisturbed)


def test_a_second_pull_brings_nothing_new(tmp_path, server, undisturbed):
    connect(tmp_path, server)
    run("pull", "--account", "acme", home=tmp_path, server=server)

    again = run("pull", "--account", "acme", home=tmp_path, server=server)

    assert again.returncode == 0, again.stderr
    assert b" 0 events new" in again.stderr
    assert exported(tmp_path, server).equals(undisturbed[0])
