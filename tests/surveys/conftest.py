"""An account with teams, waves over them, and what a person does with a link."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.store import Store, open_store
from helpdesk_wellbeing.surveys import waves
from helpdesk_wellbeing.surveys.model import Invitation, Kind, Place, Plan, Wave
from helpdesk_wellbeing.surveys.waves import PATH

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
BASE = "https://help.example"


def plan_of(places: Mapping[str, Place], at: datetime = MONDAY, kind: Kind = Kind.REGULAR) -> Plan:
    """A wave that asks these persons at once."""
    teams = tuple(sorted({team for place in places.values() for team in place.teams}))
    invitations = tuple(Invitation(person, places[person], at) for person in sorted(places))
    return Plan(kind, teams, invitations, at, at + timedelta(days=7), at + timedelta(days=4))


def team_of(size: int, team: str = "north", first: int = 1) -> dict[str, Place]:
    return {f"{team}{number}": Place((team,)) for number in range(first, first + size)}


def opened(store: Store, places: Mapping[str, Place], at: datetime = MONDAY, account: str = "acme") -> Wave:
    wave = waves.add(store, account, plan_of(places, at))
    waves.open_wave(store, account, wave.wave, at.date())
    return wave


def tokens(store: Store, wave: Wave) -> dict[str, str]:
    """Everybody's token."""
    found = {}
    for invitation in store.surveys.invitations(wave.account, wave.wave):
        address = waves.link(store, wave.account, wave.wave, invitation, BASE)
        found[invitation.person] = address.removeprefix(BASE + PATH).partition("?")[0]
    return found


def give(store: Store, token: str, scores: Sequence[int] = (4, 4, 4, 4, 4), comment: str = "", at: Any = None) -> Any:
    door = waves.door(store, token)
    assert door is not None
    return waves.answer(store, door, scores, comment, at or door.wave.opens_at + timedelta(hours=1))


def finished(store: Store, wave: Wave) -> None:
    """The wave is over and its result is out."""
    day = wave.closes_at.date()
    waves.close(store, wave.account, wave.wave, day)
    waves.publish(store, wave.account, wave.wave, day)


def held(store: Store, answers: Mapping[str, tuple[Place, int]], at: datetime = MONDAY) -> Wave:
    """A whole wave: who stands where and what score they give to every question (0: no answer)."""
    wave = opened(store, {person: place for person, (place, _) in answers.items()}, at)
    for person, token in tokens(store, wave).items():
        score = answers[person][1]
        if score:
            give(store, token, [score] * 5)
    finished(store, wave)
    return wave


def found_out(equations: Mapping[tuple[frozenset[str], tuple[int, ...]], int]) -> set[str]:
    """Persons of whom every solution says the same: that they are favourable, or that they are not.

    An equation: so many of these persons gave one of these scores. Everybody in one gave exactly one score.
    """
    persons = sorted({person for inside, _ in equations for person in inside})
    if not persons:
        return set()
    place = {person: 5 * number for number, person in enumerate(persons)}
    rows, values = [], []
    once = [((frozenset({person}), (1, 2, 3, 4, 5)), 1) for person in persons]
    for (inside, scores), value in [*equations.items(), *once]:
        row = np.zeros(5 * len(persons))
        row[[place[person] + score - 1 for person in inside for score in scores]] = 1.0
        rows.append(row)
        values.append(value)
    fits = LinearConstraint(np.array(rows), values, values)
    open_both_ways: dict[str, set[bool]] = {person: set() for person in persons}
    for person in persons:
        for sign in (1.0, -1.0):
            if len(open_both_ways[person]) == 2:
                break
            aim = np.zeros(5 * len(persons))
            aim[place[person] + 3 : place[person] + 5] = sign
            found = milp(aim, constraints=fits, bounds=Bounds(0, 1), integrality=np.ones(len(aim), dtype=np.int64)).x
            assert found is not None, "the equations contradict each other"
            for one in persons:
                open_both_ways[one].add(bool(round(found[place[one] + 3] + found[place[one] + 4])))
    return {person for person, ways in open_both_ways.items() if len(ways) == 1}


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[Store]:
    with open_store(Settings(tmp_path, url)) as opened_store:
        opened_store.create_account("acme")
        opened_store.create_account("globex")
        yield opened_store


@pytest.fixture(scope="session", name="found_out")
def _found_out() -> Any:
    """The attacker's arithmetic, for properties."""
    return found_out


@pytest.fixture
def tools() -> Any:
    """The helpers above, for tests."""
    return types.SimpleNamespace(**{name: value for name, value in globals().items() if not name.startswith("_")})
