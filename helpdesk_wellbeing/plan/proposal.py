"""What planning answers: proposals with their reasons, or why nothing is proposed.

A proposal names no field of a platform. What a person must do by hand is an instruction; what the helpdesk can be told
is a step, and only `rebalance` (moves) and `esat_wave` (invitations) have steps: everything else would be a statement
about a person in a place that colleagues read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

Action = Literal[
    "rebalance", "esat_wave", "pause_intake", "protect_break", "recovery_slot", "no_new_escalations", "check_in",
    "staffing_note",
]  # fmt: skip
ACTIONS: tuple[Action, ...] = (
    "rebalance", "esat_wave", "pause_intake", "protect_break", "recovery_slot", "no_new_escalations", "check_in",
    "staffing_note",
)  # fmt: skip
WRITING: tuple[Action, ...] = ("rebalance", "esat_wave")  # the helpdesk is told; the others are done by people
Kind = Literal["agent", "team", "queue"]

# Why nothing is proposed although a rule suggests it: a closed list.
SKIPPED = (
    "off",  # the account has switched this action off
    "cooling",  # the flag is about to end
    "already proposed",  # an open or accepted one for the same subject
    "declined lately",
    "snoozed",
    "done lately",
    "budget of the day used up",
    "nothing to move",
    "no better distribution",
    "nobody can take work",
    "on leave",
    "not scheduled soon",
    "no schedule",
    "too few members",
    "survey too recent",
    "last survey unanswered",  # no answer to it has been published yet
    "survey under way",
    "unknown action",  # of an admin's own rule
    "not for this subject",  # an own rule suggests for a queue what is for agents, or the other way round
    "excluded",  # an agent of whom nothing is said
    "not critical",  # only a critical level of this rule is worth the action
    "too long ago",  # what the flag rests on; nothing in the plan ahead repeats it
)


@dataclass(frozen=True)
class Subject:
    """Whom or what a proposal is for."""

    kind: Kind
    id: str


@dataclass(frozen=True)
class Because:
    """The flag that a proposal rests on, as it stood when it was made."""

    rule: str
    rule_version: str  # see `rule_version`
    signal: str
    subject: Subject
    level: str  # warn | critical
    since: str  # local date
    grade: str
    values: Mapping[str, float | int | None]
    added: str | None = None  # when it came to a proposal that waited already (ISO 8601, UTC)

    @property
    def added_at(self) -> datetime | None:
        """The same, aware UTC."""
        return None if self.added is None else datetime.fromisoformat(self.added)


@dataclass(frozen=True)
class Move:
    """One ticket from whom to whom, inside one group; `reasons` are whole sentences by language."""

    ticket: str
    group: str
    giver: str
    receiver: str
    reasons: Mapping[str, str] = field(default_factory=dict)
    next_sla: str | None = None  # when the next SLA target is breached (ISO 8601, UTC); checked when it moves


@dataclass(frozen=True)
class Proposal:
    """Something to do, for a person to accept or decline. Times aware UTC, everything JSON-ready but times."""

    action: Action
    subject: Subject
    because: tuple[Because, ...]
    made_at: datetime
    expires_at: datetime
    lead_from: datetime  # a lead sees it from then on; the agent it is about at once
    texts: Mapping[str, str]  # by language: what is proposed and why, in whole sentences
    moves: tuple[Move, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)  # by action: loads before and after, a slot, …
    renewed_at: datetime | None = None  # when its numbers were measured anew; None: they are those of `made_at`

    @property
    def measured_at(self) -> datetime:
        """When all that it says was so. Changes with everything that a person could decide about."""
        return self.renewed_at or self.made_at

    @property
    def id(self) -> str:
        """Twelve hex digits; the same proposal made again at the same instant has the same."""
        what = [self.action, self.subject.kind, self.subject.id, self.made_at.isoformat()]
        return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Skipped:
    """A rule suggests an action that is not proposed now, with one of `SKIPPED`."""

    action: str
    subject: Subject
    reason: str
    rule: str


def to_json(proposal: Proposal) -> dict[str, Any]:
    """A JSON-ready object that `from_json` reads again."""
    plain = asdict(proposal)
    for name in ("made_at", "expires_at", "lead_from"):
        plain[name] = plain[name].isoformat()
    plain["renewed_at"] = None if proposal.renewed_at is None else proposal.renewed_at.isoformat()
    return plain


def from_json(plain: Mapping[str, Any]) -> Proposal:
    """The proposal of `to_json`. Raises KeyError and ValueError for anything else."""
    return Proposal(
        action=plain["action"],
        subject=Subject(**plain["subject"]),
        because=tuple(Because(**{**entry, "subject": Subject(**entry["subject"])}) for entry in plain["because"]),
        made_at=datetime.fromisoformat(plain["made_at"]),
        expires_at=datetime.fromisoformat(plain["expires_at"]),
        lead_from=datetime.fromisoformat(plain["lead_from"]),
        texts=dict(plain["texts"]),
        moves=tuple(Move(**move) for move in plain["moves"]),
        details=dict(plain["details"]),
        renewed_at=None if plain.get("renewed_at") is None else datetime.fromisoformat(plain["renewed_at"]),
    )
