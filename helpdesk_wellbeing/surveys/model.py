"""What a wave is made of. Persons, teams and groups go by the platform's ids; times are aware UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class Kind(StrEnum):
    """Why a wave goes out."""

    REGULAR = "regular"
    TRIGGERED = "triggered"


class State(StrEnum):
    """Where a wave stands; each follows the one before, none is left out."""

    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"  # counted, seen by nobody yet
    PUBLISHED = "published"  # the result can be seen by those asked and by the lead
    ANSWERED = "answered"  # management's answer was published to those asked


class Venue(StrEnum):
    """Where people answer: on our own page, or in a survey tool of the customer's that a tag or a field sets off."""

    OWN = "own"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, order=True)
class Place:
    """What an answer keeps of the one who gave it: the teams of the wave, and a value in each filter dimension."""

    teams: tuple[str, ...]
    traits: tuple[tuple[str, str], ...] = ()  # (dimension, value), sorted


@dataclass(frozen=True)
class Invitation:
    """One person of a wave; nothing here tells whether an answer was given, and nothing anywhere does."""

    person: str
    place: Place
    not_before: datetime  # in the person's own working hours


@dataclass(frozen=True)
class Plan:
    """A wave that should go out."""

    kind: Kind
    teams: tuple[str, ...]
    invitations: tuple[Invitation, ...]
    opens_at: datetime
    closes_at: datetime
    remind_at: datetime | None  # everybody, because nobody knows who has answered
    triggers: tuple[str, ...] = ()  # conditions of queues, such as "LD6 critical"; never a person
    question_set: str = "pulse-1"


@dataclass(frozen=True)
class Wave:
    """A stored wave. Days only, where a time would say too much."""

    account: str
    wave: str
    state: State
    kind: Kind
    venue: Venue
    teams: tuple[str, ...]
    places: tuple[Place, ...]  # a link names one by its number
    invited: int
    opens_at: datetime
    closes_at: datetime
    remind_at: datetime | None
    triggers: tuple[str, ...]
    question_set: str
    closed_on: date | None = None
    published_on: date | None = None
    answered_on: date | None = None


@dataclass(frozen=True)
class Asked:
    """A person was asked on a day."""

    on: date
    kind: Kind


@dataclass(frozen=True)
class PastWave:
    """An earlier wave, as the policy needs it."""

    wave: str
    teams: tuple[str, ...]
    kind: Kind
    on: date
    state: State


@dataclass(frozen=True)
class History:
    """Earlier waves of the account, and who was asked when."""

    waves: tuple[PastWave, ...] = ()
    asked: Mapping[str, tuple[Asked, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Given:
    """One answer: a score from 1 to 5 for each question, and what was written, if anything."""

    place: Place
    scores: tuple[int, ...]
    comment: str = ""


@dataclass(frozen=True)
class Theme:
    """Something that a wave brought up, with who answers it by when, and the answer once there is one."""

    theme: str
    wave: str
    title: str
    owner: str
    raised_on: date
    answer: str | None = None
    answered_on: date | None = None
    question: int | None = None  # the question whose next result shows the effect; None: the first one
