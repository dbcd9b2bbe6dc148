"""Simulated teams, each made once a run whatever process asks for it first."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path

from helpdesk_wellbeing.demo import World, simulate

FOLDER = "WELLBEING_TESTS_WORLDS"  # not of the program's own: tests take those away


@cache
def world_of(seed: int, end: date, **options: int) -> World:
    """As `simulate` gives it; made anew where the run has no folder for them."""
    folder = os.environ.get(FOLDER)
    if folder is None:
        return simulate(seed, end=end, **options)
    name = "-".join([str(seed), end.isoformat(), *(f"{key}{value}" for key, value in sorted(options.items()))])
    file = Path(folder) / name
    with alone(file.with_suffix(".lock")):
        if not file.exists():
            made = simulate(seed, end=end, **options)
            file.write_bytes(pickle.dumps(made))
            return made
    found: World = pickle.loads(file.read_bytes())
    return found


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Of all processes; on systems that have such locks."""
    with file.open("w") as held:
        if os.name == "posix":
            import fcntl

            fcntl.flock(held, fcntl.LOCK_EX)
        yield
