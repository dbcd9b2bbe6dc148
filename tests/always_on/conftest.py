"""Installations on SQLite and PostgreSQL, and what happens to them while calls come in."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.always_on.installation import Installation, check_truth, make_installation
from tests.fleet import Fleet
from tests.hammer import Hammer, Truth
from tests.postgresql import Server


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Installation:
    """One on SQLite with two accounts."""
    return make_installation(tmp_path / "home")


@pytest.fixture
def on_sqlite_of(tmp_path: Path) -> Callable[[str], Installation]:
    """The same with accounts of a platform."""
    return lambda platform: make_installation(tmp_path / "home", platform=platform)


@pytest.fixture
def on_postgresql(tmp_path: Path, new_database: Callable[..., str]) -> Installation:
    """One on PostgreSQL with two accounts."""
    return make_installation(tmp_path / "home", new_database())


@pytest.fixture
def on_own_server(tmp_path: Path) -> Iterator[tuple[Installation, Server]]:
    """One on a PostgreSQL server that the test may stop and start; the server comes with it."""
    if os.name != "posix":
        pytest.skip("the server is started on POSIX systems only")
    server = Server.make()
    try:
        server.start()
        server.watch(os.getpid())
        server.execute("CREATE DATABASE {}", "wellbeing")
        yield make_installation(tmp_path / "home", server.url("wellbeing")), server
    finally:
        server.remove()


@pytest.fixture
def is_the_truth() -> Callable[[Installation, Truth], None]:
    """Checks that exactly the truth is stored."""
    return check_truth


@pytest.fixture
def killing() -> Callable[[Fleet, int], Callable[[Hammer], None]]:
    """What kills processes of a fleet while a hammer is at work: so many times, at random places of the work."""

    def make(fleet: Fleet, times: int, seed: int = 7) -> Callable[[Hammer], None]:
        rng = random.Random(seed)

        def beside(hammer: Hammer) -> None:
            count = len(hammer.calls)
            for place in sorted(rng.sample(range(count // 50, count * 19 // 20), times)):
                assert hammer.reached(place), f"only {hammer.done} calls were answered in time:\n{fleet.log()[-3000:]}"
                fleet.kill_one(rng)

        return beside

    return make
