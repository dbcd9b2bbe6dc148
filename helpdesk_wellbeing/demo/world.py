"""What a simulated team is made of, what was planted in it, and how findings are judged against that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from helpdesk_wellbeing.people import Directory

# Every account that may act in the helpdesk, as its platform lists them. `role` is what the platform says,
# `truth` what the account really is, which a platform does not tell.
USERS = pl.Schema(
    {
        "user": pl.String(),
        "name": pl.String(),
        "role": pl.String(),  # agent | light_agent | admin
        "truth": pl.String(),  # person | shared | bot | integration
        "time_zone": pl.String(),  # IANA
        "groups": pl.List(pl.String()),  # the first one is the default group
    }
)


@dataclass(frozen=True)
class Roster:
    """Who works here, by the ids of the platform."""

    directory: Directory  # what the four CSV files say: people, leave, groups, on call
    users: pl.DataFrame  # USERS
    rules: Mapping[str, str]  # actor of system events, "rule:<number>" -> trigger | automation | routing
    first_requester: int  # requesters are numbered from here on
    requesters: int

    @property
    def people(self) -> pl.DataFrame:
        """`people.PEOPLE`; a person whose rota changed has a row per rota."""
        return self.directory.people

    @property
    def leave(self) -> pl.DataFrame:
        """`people.LEAVE`."""
        return self.directory.leave

    @property
    def groups(self) -> pl.DataFrame:
        """`people.GROUPS`."""
        return self.directory.groups

    @property
    def on_call(self) -> pl.DataFrame:
        """`people.ON_CALL`."""
        return self.directory.on_call

    def users_who_are(self, truth: str) -> list[str]:
        """Ids of the accounts that are person, shared, bot or integration."""
        return self.users.filter(pl.col("truth") == truth)["user"].to_list()


@dataclass(frozen=True)
class Companion:
    """A flag that follows from a planted problem by itself, with the reason why it does."""

    signal: str
    subject_kind: str
    subject: str
    reason: str


@dataclass(frozen=True)
class Planted:
    """A problem that must be found at the end of the simulated time."""

    signal: str
    rule: str
    subject_kind: str  # agent | team | queue
    subject: str
    from_date: date
    to_date: date
    story: str
    companions: tuple[Companion, ...] = ()


@dataclass(frozen=True)
class Innocent:
    """Somebody or something that a naive rule would flag and a good one does not."""

    subject_kind: str
    subject: str
    naive_rule: str
    story: str


@dataclass(frozen=True)
class World:
    """A simulated support team: what happened, who works there, and what should be found."""

    seed: int
    start: date  # first and last local date of the account's zone
    end: date
    as_of: datetime  # the last instant simulated (UTC)
    zone: str  # the account's zone
    events: pl.DataFrame  # events.SCHEMA, sorted by time
    roster: Roster
    planted: tuple[Planted, ...]
    innocents: tuple[Innocent, ...]


@dataclass(frozen=True)
class Verdict:
    """Findings against what was planted. Flags are the dicts of the check's JSON."""

    found: tuple[Planted, ...]
    missed: tuple[Planted, ...]
    expected: tuple[Mapping[str, Any], ...]  # companions of planted problems
    wrong: tuple[Mapping[str, Any], ...]  # neither planted nor a companion
    innocents_flagged: tuple[Innocent, ...]

    @property
    def perfect(self) -> bool:
        """Everything planted was found and nothing else."""
        return not self.missed and not self.wrong


def judge(flags: Iterable[Mapping[str, Any]], world: World) -> Verdict:
    """Compare the `flags` of a check's JSON with what `world` has planted, by signal and subject.

    A flag is right where the same signal is planted on the same subject, expected where a planted story
    names it as a companion, and wrong in every other case, on an innocent or not.
    """
    planted = {(p.signal, p.subject_kind, p.subject): p for p in world.planted}
    companions = {(c.signal, c.subject_kind, c.subject) for p in world.planted for c in p.companions}
    seen, expected, wrong = set(), [], []
    for flag in flags:
        key = (flag["signal"], flag["subject"]["kind"], str(flag["subject"]["id"]))
        if key in planted:
            seen.add(key)
        elif key in companions:
            expected.append(flag)
        else:
            wrong.append(flag)
    accused = {(flag["subject"]["kind"], str(flag["subject"]["id"])) for flag in wrong}
    return Verdict(
        found=tuple(p for key, p in planted.items() if key in seen),
        missed=tuple(p for key, p in planted.items() if key not in seen),
        expected=tuple(expected),
        wrong=tuple(wrong),
        innocents_flagged=tuple(i for i in world.innocents if (i.subject_kind, i.subject) in accused),
    )
