"""What a connector gives to the river: pages of events, each with the place to go on from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import polars as pl

# A ticket's current state as the platform lists it; for tickets whose beginning the event stream does not show.
TICKETS = pl.Schema(
    {
        "ticket": pl.String(),
        "created_at": pl.Datetime("us", "UTC"),
        "updated_at": pl.Datetime("us", "UTC"),
        "status": pl.String(),
        "group": pl.String(),
        "assignee": pl.String(),
        "priority": pl.String(),
        "channel": pl.String(),
    }
)

# What a connector must know again of a ticket when it sees it next, as text that nobody else looks inside.
MEMORY = pl.Schema({"ticket": pl.String(), "memory": pl.String()})

Remembered = Callable[[Sequence[str]], Mapping[str, str]]  # tickets -> what is stored of those that are known

# Days on which a schedule of the platform does not hold, both inclusive.
HOLIDAYS = pl.Schema({"schedule": pl.String(), "name": pl.String(), "from": pl.Date(), "to": pl.Date()})


@dataclass(frozen=True)
class Page:
    """One answer of a stream. It is stored with its watermark in one transaction, so a kill loses nothing."""

    stream: str
    events: pl.DataFrame  # events.SCHEMA
    rows: int  # rows as the platform sent them
    watermark: str | None  # opaque to everyone but the connector; null leaves the stored one as it is
    tickets: pl.DataFrame | None = None  # TICKETS
    newest: datetime | None = None  # the platform's clock at the end of this page, for progress
    done: bool = False  # the stream is at its end for now
    people: pl.DataFrame | None = None  # people.PEOPLE: staff that only this stream shows (they left), to be added
    memory: pl.DataFrame | None = None  # MEMORY, of tickets that this page tells of
    followed: datetime | None = None  # how tickets stood is known from here on; before it only what stamps still tell
    covers: datetime | None = None  # all changes of tickets before this instant are in the pages up to this one


@dataclass(frozen=True)
class Roster:
    """People and groups as the platform knows them; frames of `people.PEOPLE` and `people.GROUPS`."""

    people: pl.DataFrame
    groups: pl.DataFrame
    zone: str | None = None  # the account's zone
    automation: frozenset[str] = frozenset()  # accounts that are certainly no person (bots, the plugin itself)
    notes: tuple[str, ...] = ()  # what the plan lacks, one line each
    statuses: Mapping[str, str] = field(default_factory=dict)  # the platform's code -> our word, where it isn't usual
    holidays: pl.DataFrame | None = None  # HOLIDAYS, where the platform knows them
    left: frozenset[str] | None = None  # people who may sign in there no more; None: the list of agents is not whole


@dataclass(frozen=True)
class Ping:
    """What the credentials are good for."""

    who: str
    notes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()  # scopes or rights that are needed and absent
    refusal: str = ""  # the same as a sentence that begins small: who lacks what, and how to mend it


class Connector(Protocol):
    """What every platform offers. It only reads."""

    platform: str

    @property
    def notes(self) -> Sequence[str]:
        """What could not be read and why, one line each, each once."""
        ...

    def ping(self) -> Ping: ...

    def roster(self, watermarks: Mapping[str, str] | None = None) -> Roster | None:
        """Everybody and every group; with the watermarks of a pull also people who left before.

        None where it was read lately, as the watermarks tell: what is stored holds.
        """
        ...

    def progress_line(self) -> str:
        """How far the pull in progress has come and how long it will take."""
        ...

    def pull(self, watermarks: Mapping[str, str], since: datetime | None, remembered: Remembered) -> Iterator[Page]:
        """Pages of every stream, the last six weeks first, then older history backwards down to `since`.

        `remembered` gives the `Page.memory` of pages that are stored; pages given a moment ago may not be yet.
        """
        ...
