"""What planning looks at: plain values of one account at one instant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import polars as pl

from helpdesk_wellbeing.agreement.gate import OPEN, Gate
from helpdesk_wellbeing.plan.policy import Policy
from helpdesk_wellbeing.plan.proposal import Proposal, Skipped, Subject
from helpdesk_wellbeing.rules.model import Rule
from helpdesk_wellbeing.signals.base import Facts

State = Literal["open", "snoozed", "accepted", "declined", "expired", "withdrawn", "done", "undone"]
Flag = Mapping[str, Any]  # one of `flags.check`


@dataclass(frozen=True)
class Past:
    """The latest proposal of one action for one subject."""

    state: State
    when: datetime  # since when it has been in this state (UTC)
    until: datetime | None = None  # snoozed until then


@dataclass(frozen=True)
class History:
    """What is known of earlier proposals. Nothing known is an empty one."""

    latest: Mapping[tuple[str, Subject], Past] = field(default_factory=dict)  # by action and subject
    refused: Mapping[tuple[str, str], datetime] = field(default_factory=dict)  # (ticket, receiver): until when
    moved: Mapping[str, datetime] = field(default_factory=dict)  # ticket: when this app moved it last
    pending: Mapping[str, str] = field(default_factory=dict)  # ticket: receiver, of open and accepted proposals
    made_today: Mapping[str, int] = field(default_factory=dict)  # non-statutory ones by `reviewers.reviewer_of`
    standing: Mapping[tuple[str, Subject], Proposal] = field(default_factory=dict)  # wait, and nobody put them aside


@dataclass(frozen=True)
class Situation:
    """One account at one instant. `flags`, `facts` and `work` are of the same instant."""

    account: str
    as_of: datetime  # aware UTC
    zone: str  # the account's
    flags: Sequence[Flag]  # of `flags.check` with the same gate, in any order
    rules: Mapping[str, Rule]  # by id
    facts: Facts
    work: pl.DataFrame  # `open_work.OPEN`
    policy: Policy = field(default_factory=Policy)
    history: History = field(default_factory=History)
    surveys: Mapping[str, str | None] = field(default_factory=dict)  # team: why it may not be asked now (`SKIPPED`)
    light: frozenset[str] = frozenset()  # agents who cannot answer customers
    gate: Gate = OPEN  # what may be said about single agents

    @property
    def languages(self) -> tuple[str, ...]:
        """In which texts are written."""
        return self.policy.languages


@dataclass(frozen=True)
class Planned:
    """What is proposed now, the worst first, and what is not, with the reason.

    Every action that the rule of a flag suggests is once in here: as one of the `because` of a proposal (a renewed one,
    too), or as a `Skipped` whose subject is the flag's.
    """

    proposals: tuple[Proposal, ...]
    skipped: tuple[Skipped, ...]
    renewed: tuple[Proposal, ...] = ()  # those that stood, with what is so now; their ids are the same
    lapsed: tuple[tuple[str, str], ...] = ()  # ids of those that stood and make no sense now, with one of `SKIPPED`
