"""What an account is set to at one moment: all that the papers are written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing import __version__
from helpdesk_wellbeing.upkeep.retention import Kind, is_exempt, retention_of

if TYPE_CHECKING:
    from helpdesk_wellbeing.acting.policy import Acting
    from helpdesk_wellbeing.rules.model import Rule
    from helpdesk_wellbeing.store import Store


@dataclass(frozen=True)
class Running:
    """The configuration of one account."""

    account: str
    platform: str | None
    address: str | None  # of the helpdesk
    zone: str
    at: datetime
    version: str
    database: str  # sqlite | postgresql
    rules: tuple[tuple[Rule, str], ...]  # that are switched on, each with what it is about: agent, queue, team
    days: Mapping[Kind, int]  # how long each class of data is kept
    exempt: bool  # from retention by itself
    agreement: Mapping[str, Any]  # in force; empty: none
    needs_agreement: bool
    acting: Acting
    agents: int
    presets: tuple[str, ...]
    members: Mapping[str, int]  # how many people have each role that was given


def running_of(store: Store, account: str, now: datetime) -> Running:
    """From the store, the rules' files and the settings."""
    from helpdesk_wellbeing.acting.policy import policy_of
    from helpdesk_wellbeing.privacy import needs_agreement

    found = store.account(account)
    people = store.directory(account).people
    kept = retention_of(store, account, now)
    return Running(
        account=account,
        platform=found.platform,
        address=found.settings.get("base_url") or found.settings.get("subdomain") or found.settings.get("domain"),
        zone=found.zone,
        at=now,
        version=__version__,
        database="postgresql" if store.file is None else "sqlite",
        rules=_rules(),
        days={kind: kept.age(kind).days for kind in Kind},
        exempt=is_exempt(store, account),
        agreement=store.upkeep.agreed(account, now),
        needs_agreement=needs_agreement(found),
        acting=policy_of(store, account),
        agents=people["agent"].n_unique(),
        presets=tuple(sorted(people["preset"].drop_nulls().unique())) or ("eu_floor",),
        members=store.upkeep.roles(account),
    )


def _rules() -> tuple[tuple[Rule, str], ...]:
    from helpdesk_wellbeing.rules.load import load_rules
    from helpdesk_wellbeing.settings import load_settings
    from helpdesk_wellbeing.signals.catalogue import SIGNALS

    rules = load_rules(SIGNALS, load_settings(create=False).rules_folder)
    switched_on = [(rule, SIGNALS[rule.signal].subject) for rule in rules.values() if rule.enabled]
    return tuple(sorted(switched_on, key=lambda pair: (pair[0].signal, pair[0].id)))
