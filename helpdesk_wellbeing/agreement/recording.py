"""Agreements recorded, and changes asked for: what reaches further waits, what narrows holds at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.acting.obeying import obey
from helpdesk_wellbeing.agreement.model import Agreement, read, thresholds_of
from helpdesk_wellbeing.agreement.widening import widened
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.store.agreements import WAITING
from helpdesk_wellbeing.upkeep.retention import refuse_too_short

if TYPE_CHECKING:
    from helpdesk_wellbeing.engine import Catalogue
    from helpdesk_wellbeing.store import Store
    from helpdesk_wellbeing.store.agreements import Kept

IN_FORCE = "in force"
_AHEAD = timedelta(days=1)  # a date may be tomorrow's elsewhere


@dataclass(frozen=True)
class Recorded:
    """What became of an entry."""

    seq: int
    holds: bool  # else it waits for a new agreement
    widens: list[str]  # in which it reaches further than what held before


def record(store: Store, account: str, agreement: Agreement, by: str, at: datetime, catalogue: Catalogue) -> Recorded:
    """Record that parties agreed; it holds at once, with the thresholds of the rules of now. `by`: who writes it down.

    Raises ConfigError when the date is yet to come, and for data kept shorter than is possible.
    """
    refuse_too_short(agreement.retention_weeks, account)
    if agreement.agreed_on > (at + _AHEAD).date():
        raise ConfigError(f"{account}: agreed on {agreement.agreed_on:%Y-%m-%d}? That day is yet to come")
    _refuse_to_come(agreement, account, at)
    return _keep(store, account, _with_thresholds(agreement, catalogue), by, at, asked_only=False)


def propose(
    store: Store, account: str, changes: dict[str, Any], by: str, at: datetime, catalogue: Catalogue
) -> Recorded:
    """Ask for a change of the agreement in force: `changes` are fields of `Agreement`.

    What narrows it holds at once. What widens it waits and changes nothing until a new agreement is recorded. Raises
    ConfigError where there is none to change, or for what does not fit.
    """
    for name in ("parties", "agreed_on"):
        if name in changes:
            raise ConfigError(
                f"{account}: {name} can only come with a new agreement: helpdesk-wellbeing agreement record"
            )
    with store.transaction():
        before = in_force(store, account, at)
        if before is None:
            raise ConfigError(
                f"{account}: nothing is agreed yet; record an agreement: helpdesk-wellbeing agreement record"
            )
        after = read({**before.model_dump(mode="json"), **changes}, account)
        if "dpia_on" in changes:
            _refuse_to_come(after, account, at)
        if after.retention_weeks != before.retention_weeks:
            refuse_too_short(after.retention_weeks, account)
        return _keep(store, account, _changed(before, after, catalogue), by, at, asked_only=True)


def in_force(store: Store, account: str, at: datetime) -> Agreement | None:
    """The agreement that holds at an instant."""
    kept = store.agreements.in_force(account, at)
    return None if kept is None else read(kept.body["agreement"], account)


def waiting(store: Store, account: str) -> tuple[Kept, Agreement] | None:
    """The change that waits for an agreement, if one does."""
    kept = store.agreements.waiting(account)
    return None if kept is None else (kept, read(kept.body["agreement"], account))


def rules_held_back(agreement: Agreement, catalogue: Catalogue) -> dict[str, str]:
    """Rules that reach further than what was agreed to, and how: they say nothing of anybody until it is agreed to."""
    from helpdesk_wellbeing.agreement.gate import Gate

    gate = Gate(thresholds=agreement.thresholds)
    rules = [
        rule for rule, signal in catalogue.active() if signal.subject == "agent" and signal.id in agreement.signals
    ]
    return {rule.id: why for rule in rules if (why := gate.holds_back(rule)) is not None}


def _refuse_to_come(agreement: Agreement, account: str, at: datetime) -> None:
    if agreement.dpia_on is not None and agreement.dpia_on > (at + _AHEAD).date():
        raise ConfigError(
            f"{account}: assessment of risks (DPIA) on {agreement.dpia_on:%Y-%m-%d}? That day is yet to come"
        )


def _with_thresholds(agreement: Agreement, catalogue: Catalogue) -> Agreement:
    thresholds = thresholds_of(catalogue.rules.values(), agreement.signals)
    return agreement.model_copy(update={"thresholds": thresholds})


def _changed(before: Agreement, after: Agreement, catalogue: Catalogue) -> Agreement:
    """With the thresholds agreed to, and for more signals those of now: a rule that changed keeps nothing waiting.

    Where nothing else changes, it is the rules of now that are asked for.
    """
    now = _with_thresholds(after, catalogue)
    stay = {rule: terms for rule, terms in before.thresholds.items() if terms.signal in after.signals}
    new = {rule: terms for rule, terms in now.thresholds.items() if terms.signal not in before.signals}
    kept = after.model_copy(update={"thresholds": {**new, **stay}})
    return now if kept == before else kept


def _keep(store: Store, account: str, agreement: Agreement, by: str, at: datetime, *, asked_only: bool) -> Recorded:
    with store.transaction():
        widens = widened(in_force(store, account, at), agreement)
        holds = not (asked_only and widens)
        body = {
            "state": IN_FORCE if holds else WAITING, "by": by, "widens": widens,
            "agreement": agreement.model_dump(mode="json", exclude_none=True),
        }  # fmt: skip
        seq = store.agreements.add(account, at, body)
        what = "agreement" if holds else "agreement asked for"
        store.audit.add(account, at, what, by=by, number=seq, widens=widens, **_for_the_audit(agreement))
        if holds:
            obey(store, account, at)
    return Recorded(seq, holds, widens)


def _for_the_audit(agreement: Agreement) -> dict[str, Any]:
    said = agreement.model_dump(mode="json", exclude={"thresholds"})
    return {**said, "rules": sorted(agreement.thresholds)}
