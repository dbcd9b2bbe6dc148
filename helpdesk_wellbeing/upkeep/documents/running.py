"""What an account is set to at one moment: all that the papers are written from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing import __version__
from helpdesk_wellbeing.people import meant
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
    held_back: frozenset[str]  # rules that reach further than what was agreed to, so that they say nothing of anybody
    sign_in: str | None  # the address under which agents find their own page
    contact: str | None  # whom agents may ask

    def speaks_of(self, rule: Rule) -> bool:
        """Whether anything is said of single people by this rule, which is about them."""
        if not self.agreement:
            return not self.needs_agreement
        return rule.signal in self.agreement.get("signals", ()) and rule.id not in self.held_back


def running_of(store: Store, account: str, now: datetime) -> Running:
    """From the store, the rules' files and the settings."""
    from helpdesk_wellbeing.acting import telling
    from helpdesk_wellbeing.acting.policy import policy_of
    from helpdesk_wellbeing.privacy import needs_agreement

    found, rules, acting = store.account(account), _rules(), policy_of(store, account)
    directory, agreement = store.directory(account), store.upkeep.agreed(account, now)
    people = directory.people
    kept = retention_of(store, account, now)
    return Running(
        account=account,
        platform=found.platform,
        address=found.settings.get("base_url") or found.settings.get("subdomain") or found.settings.get("domain"),
        zone=found.zone,
        at=now,
        version=__version__,
        database="postgresql" if store.file is None else "sqlite",
        rules=rules,
        days={kind: kept.age(kind).days for kind in Kind},
        exempt=is_exempt(store, account),
        agreement=agreement,
        needs_agreement=needs_agreement(found),
        acting=acting,
        agents=meant(people, now.date()).height,
        presets=tuple(sorted(people["preset"].fill_null(directory.preset).unique())) or (directory.preset,),
        members=store.upkeep.roles(account),
        held_back=_held_back(agreement, rules, account),
        sign_in=telling.address(account, acting.public_url),
        contact=telling.settings_of(store, account).contact,
    )


def _held_back(agreement: Mapping[str, Any], rules: Iterable[tuple[Rule, str]], account: str) -> frozenset[str]:
    from helpdesk_wellbeing.agreement.gate import Gate
    from helpdesk_wellbeing.agreement.model import read

    gate = Gate(thresholds=read(agreement, account).thresholds if agreement else {})
    return frozenset(rule.id for rule, about in rules if about == "agent" and gate.holds_back(rule) is not None)


def _rules() -> tuple[tuple[Rule, str], ...]:
    from helpdesk_wellbeing.rules.load import load_rules
    from helpdesk_wellbeing.settings import load_settings
    from helpdesk_wellbeing.signals.catalogue import SIGNALS

    rules = load_rules(SIGNALS, load_settings(create=False).rules_folder)
    switched_on = [(rule, SIGNALS[rule.signal].subject) for rule in rules.values() if rule.enabled]
    return tuple(sorted(switched_on, key=lambda pair: (pair[0].signal, pair[0].id)))
