"""What was agreed, what waits, and what could be agreed to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from helpdesk_wellbeing.agreement import recording
from helpdesk_wellbeing.agreement.gate import gate_of
from helpdesk_wellbeing.agreement.model import STATUTORY, Agreement, personal_signals, read
from helpdesk_wellbeing.privacy import needs_agreement

if TYPE_CHECKING:
    from helpdesk_wellbeing.access.viewer import Viewer
    from helpdesk_wellbeing.pages.known import Known


@dataclass(frozen=True)
class Offered:
    """A signal about single people that could be agreed to, with the titles of its rules."""

    signal: str
    titles: tuple[str, ...]
    is_statutory: bool


@dataclass(frozen=True)
class Entry:
    """One recorded agreement or wish."""

    number: int
    at: datetime
    by: str
    is_waiting: bool
    widens: tuple[str, ...]
    agreement: Agreement


@dataclass(frozen=True)
class AgreementPage:
    """`holds` None: nothing is agreed. `is_needed`: without one nothing is said of single people."""

    holds: Agreement | None
    since: datetime | None
    waiting: Entry | None
    entries: tuple[Entry, ...]  # the newest first
    missing: tuple[str, ...]
    held_back: Mapping[str, str]  # rules, and why
    is_needed: bool
    speaks: bool  # something is said of single people now
    offered: tuple[Offered, ...]


def build(known: Known, viewer: Viewer, now: datetime) -> AgreementPage:
    """What holds now."""
    store, account, catalogue = known.store, viewer.account, known.catalogue
    with store.view():
        kept = store.agreements.in_force(account, now)
        entries = [
            Entry(one.seq, one.at, one.body["by"], one.is_waiting, tuple(one.body["widens"]),
                  read(one.body["agreement"], account))
            for one in reversed(store.agreements.entries(account))
        ]  # fmt: skip
        newest = entries[0] if entries and entries[0].is_waiting else None
        holds = None if kept is None else read(kept.body["agreement"], account)
        gate, is_needed = gate_of(store, account, now), needs_agreement(store.account(account))
    titles: dict[str, list[str]] = {}
    for rule, signal in catalogue.active():
        titles.setdefault(signal.id, []).append(rule.title)
    offered = [
        Offered(signal, tuple(titles.get(signal, ())), signal in STATUTORY) for signal in personal_signals(catalogue)
    ]
    return AgreementPage(
        holds, None if kept is None else kept.at, newest, tuple(entries),
        () if holds is None else tuple(holds.missing()),
        {} if holds is None else recording.rules_held_back(holds, catalogue), is_needed, not gate.is_closed,
        tuple(offered),
    )  # fmt: skip
