"""What may be said of single people: the argument that stands between what the engine knows and everybody else."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.agreement.model import ROLES, Agreement, Terms, read, terms_of
from helpdesk_wellbeing.agreement.objecting import objections_of
from helpdesk_wellbeing.agreement.widening import speaks_sooner
from helpdesk_wellbeing.people import holding
from helpdesk_wellbeing.privacy import needs_agreement

if TYPE_CHECKING:
    from helpdesk_wellbeing.people import Directory
    from helpdesk_wellbeing.rules.model import Rule
    from helpdesk_wellbeing.store import Store

NOT_AVAILABLE = "not available"  # all that others hear where an agent objected
NO_AGREEMENT = "no agreement is recorded, so signals about single agents are withheld"
AGENT = "agent"
Place = tuple[str, str, str]  # rule, subject kind, subject


@dataclass(frozen=True)
class Gate:
    """What the engine may say now. Signals about teams and queues pass."""

    signals: frozenset[str] | None = None  # about single people, that may be computed; None: all of them
    roles: frozenset[str] = frozenset(ROLES)  # that may see what is said of one person
    thresholds: Mapping[str, Terms] = field(default_factory=dict)  # by rule, as agreed; empty: any
    objections: Mapping[str, frozenset[str]] = field(default_factory=dict)  # signal: agents
    contested: Mapping[Place, date] = field(default_factory=dict)  # until when a spell may have begun to be meant
    excluded: frozenset[str] = frozenset()  # agents
    why: str = "nothing keeps signals about single agents back"

    @property
    def is_closed(self) -> bool:
        """Nothing is said about any single person."""
        return self.signals is not None and not self.signals

    def allows(self, signal: str, kind: str, id: str) -> bool:
        """Whether anything may be computed, shown or written of this signal and subject."""
        if kind != AGENT:
            return True
        return self.computes(signal) and id not in self.excluded and id not in self.objectors(signal)

    def computes(self, signal: str) -> bool:
        """Whether a signal about single people is agreed to."""
        return self.signals is None or signal in self.signals

    def holds_back(self, rule: Rule) -> str | None:
        """Why a rule about single people says nothing although its signal is agreed to, if it says nothing."""
        if not self.thresholds:
            return None
        return speaks_sooner(self.thresholds.get(rule.id), terms_of(rule))

    def objectors(self, signal: str) -> frozenset[str]:
        """The agents of whom this signal says nothing because they objected."""
        return self.objections.get(signal, frozenset())

    def pauses(self, rule: str, kind: str, id: str, since: date | str) -> bool:
        """Whether this spell of a flag was contested, so that nothing follows from it."""
        meant = self.contested.get((rule, kind, id))
        begun = date.fromisoformat(since) if isinstance(since, str) else since
        return meant is not None and begun <= meant

    def lets(self, flag: Mapping[str, Any]) -> bool:
        """Whether a flag (of `flags.check`) may be shown and acted upon."""
        kind, id = flag["subject"]["kind"], flag["subject"]["id"]
        return self.allows(flag["signal"], kind, id) and not self.pauses(flag["rule"], kind, id, flag["since"])

    def shows_to(self, role: str) -> bool:
        """Whether a role may see what is said of one person who is not themselves."""
        return role in self.roles and not self.is_closed

    @cached_property
    def stamp(self) -> str:
        """The same for gates that let the same pass."""
        parts = (
            None if self.signals is None else sorted(self.signals),
            sorted(self.roles),
            sorted((signal, sorted(agents)) for signal, agents in self.objections.items()),
            sorted(self.contested.items()),
            sorted(self.excluded),
            sorted((rule, terms.model_dump_json()) for rule, terms in self.thresholds.items()),
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


OPEN = Gate()
CLOSED = Gate(signals=frozenset(), roles=frozenset(), why="nothing about single agents is shown")


def gate_of(
    store: Store, account: str, at: datetime, *, served: bool = True, directory: Directory | None = None
) -> Gate:
    """What may be said of the people of an account at an instant.

    Without an agreement nothing is, except where the log was imported or the helpdesk is on this machine; there an
    agreement binds what is `served` (pages, notices, writes, the pipeline) once one is recorded, and an operator's own
    look (`served` false) goes without. Objections and contests always hold. `directory`: the account's, of a caller who
    has just read it, which is most of the work.
    """
    with store.view():
        known = store.account(account)
        kept = store.agreements.in_force(account, at)
        objections = objections_of(store, account)
        contests = store.said.contests(account, at)
        people = (directory or store.directory(account)).people
    excluded = holding(people, at.date()).filter(excluded=True)["agent"]
    agreement = None if kept is None else read(kept.body["agreement"], account)
    return _gate(
        agreement, needs_agreement(known), served,
        objections=objections,
        contested=_latest({((c.rule, c.kind, c.subject), c.since) for c in contests}),
        excluded=frozenset(excluded),
    )  # fmt: skip


def _gate(agreement: Agreement | None, needed: bool, served: bool, **said: Any) -> Gate:
    if not needed and (agreement is None or not served):
        return Gate(why="imported or on this machine, so signals about single agents run without an agreement", **said)
    if agreement is None:
        return Gate(frozenset(), frozenset(), why=NO_AGREEMENT, **said)
    return Gate(
        frozenset(agreement.signals), frozenset(agreement.roles), agreement.thresholds,
        why=f"signals about single agents run as agreed on {agreement.agreed_on:%Y-%m-%d} "
            f"by {', '.join(agreement.parties)}", **said,
    )  # fmt: skip


def _latest(meant: set[tuple[Place, date]]) -> dict[Place, date]:
    return dict(sorted(meant))  # of several about one place the latest stands
