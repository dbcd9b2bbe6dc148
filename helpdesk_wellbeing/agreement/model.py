"""An agreement: who agreed, on what, since when. What is recorded is never changed; the last one holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.rules.model import Alternative, Exit, Rule
from helpdesk_wellbeing.words import did_you_mean, excerpt

if TYPE_CHECKING:
    from helpdesk_wellbeing.engine import Catalogue

# Signals that rest on a duty of the employer: nobody can object to these, and nobody waits before they are shown.
STATUTORY = frozenset(["WT1", "WT2", "WT3", "WT4", "WT5", "WT6", "WT8"])
RoleWord = Literal["agent", "lead", "ops"]
ROLES: tuple[RoleWord, ...] = ("agent", "lead", "ops")  # those who may see what is said of one person
Decision = Literal["consented", "advised", "no council", "not recorded"]
DECISIONS: tuple[Decision, ...] = ("consented", "advised", "no council", "not recorded")
Purpose = Literal["working_time", "workload", "team_survey"]
PURPOSES: tuple[Purpose, ...] = ("working_time", "workload", "team_survey")
RETENTION: Mapping[str, int] = {  # weeks, by class of data; of events and facts the shortest that signals need
    "events": 28,
    "facts": 56,
    "decisions": 52,
    "answers": 52,
    "audit": 104,
}
ALL = "all"
LONGEST_RETENTION = 520  # weeks
Text = Annotated[str, Field(min_length=1, max_length=200)]
Weeks = Annotated[int, Field(ge=1, le=LONGEST_RETENTION)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Terms(_Strict):
    """From which numbers on a rule speaks, as it stood when it was agreed to."""

    signal: str
    statutory: bool = False
    warn: tuple[Alternative, ...]
    critical: tuple[Alternative, ...] = ()
    exit: Exit


class Agreement(_Strict):
    """What holds for the signals about single people."""

    parties: tuple[Text, ...] = Field(min_length=1)  # who agreed
    agreed_on: date
    dpia_on: date | None = None  # of the assessment of risks (GDPR, article 35)
    works_council: Decision = "not recorded"
    signals: tuple[str, ...]  # ids, sorted; "all" is written out when it is recorded
    roles: tuple[RoleWord, ...] = ROLES
    retention_weeks: Mapping[str, Weeks] = Field(default_factory=lambda: dict(RETENTION))
    purposes: tuple[Purpose, ...] = PURPOSES
    notices: tuple[Text, ...] = ()  # channels by which something about a person may be told, such as "email"
    thresholds: Mapping[str, Terms] = Field(default_factory=dict)  # by rule, of the signals above

    @field_validator("signals", "roles", "purposes", "notices")
    @classmethod
    def _once_each(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(set(words)))

    @field_validator("roles")
    @classmethod
    def _with_the_agents(cls, roles: tuple[RoleWord, ...]) -> tuple[RoleWord, ...]:
        if "agent" not in roles:
            raise ValueError("agents always see what is said of them; name agent, too")
        return roles

    def weeks(self, what: str) -> int:
        """How long a class of data is kept; the default where nothing was agreed."""
        return self.retention_weeks.get(what, RETENTION[what])

    def missing(self) -> list[str]:
        """What an agreement should have and this one does not, for people to read."""
        lines = []
        if self.dpia_on is None:
            lines.append("no date of a data protection impact assessment (DPIA) is recorded")
        if self.works_council == "not recorded":
            lines.append("what the works council decided is not recorded")
        if not self.purposes:
            lines.append("no purpose is recorded")
        return lines


def read(body: Mapping[str, Any], account: str) -> Agreement:
    """An agreement from JSON. Raises ConfigError naming what does not fit."""
    try:
        return Agreement.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "agreement"
        raise ConfigError(f"{account}: agreement: {where}: {first['msg'].removeprefix('Value error, ')}") from None


def terms_of(rule: Rule) -> Terms:
    """What is agreed to of a rule."""
    return Terms(
        signal=rule.signal, statutory=rule.statutory, warn=rule.warn, critical=rule.critical, exit=rule.exit
    )  # fmt: skip


def thresholds_of(rules: Iterable[Rule], signals: Collection[str]) -> dict[str, Terms]:
    """The terms of the enabled rules that judge these signals, by rule."""
    return {rule.id: terms_of(rule) for rule in rules if rule.enabled and rule.signal in signals}


def personal_signals(catalogue: Catalogue) -> tuple[str, ...]:
    """The signals about single people that there are, sorted."""
    return tuple(sorted(signal.id for signal in catalogue.signals.values() if signal.subject == "agent"))


def signals_named(text: str, catalogue: Catalogue) -> tuple[str, ...]:
    """The signals about single people that "all" or "WT1,LD3" name; others need no agreement and are left out.

    Raises ConfigError for a signal that there is not.
    """
    personal = personal_signals(catalogue)
    words = [word.strip() for word in text.split(",") if word.strip()]
    if [word.lower() for word in words] == [ALL]:
        return personal
    by_name = {name.upper(): name for name in catalogue.signals}
    for word in words:
        if word.upper() not in by_name:
            hint = did_you_mean(word.upper(), list(by_name))
            raise ConfigError(f'"{excerpt(word)}" is no signal{hint}; there are: {", ".join(sorted(by_name))}, or all')
    return tuple(sorted({by_name[word.upper()] for word in words} & set(personal)))
