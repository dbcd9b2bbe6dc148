"""What many tests share: a home of their own, a simulated team, the reference material where it is there."""

from __future__ import annotations

import os
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from helpdesk_wellbeing.demo import World, simulate

# A slow machine is not a defect; examples are derived from the test's own name, so every run sees the same.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty home folder."""
    folder = tmp_path / "home"
    monkeypatch.setenv("HELPDESK_WELLBEING_HOME", str(folder))
    monkeypatch.delenv("HELPDESK_WELLBEING_DATABASE_URL", raising=False)
    return folder


@cache
def _world(seed: int) -> World:
    return simulate(seed, weeks=9, end=date(2026, 11, 20))


@pytest.fixture(scope="session")
def world() -> World:
    """Nine weeks of a simulated support team."""
    return _world(1)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the project; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("HELPDESK_WELLBEING_SHARED", Path(__file__).parents[2] / "shared"))
    if not folder.is_dir():
        pytest.skip("the public logs and recorded answers are not here")
    return folder
