"""What actions have in common: what they are asked, and how an answer is put together."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from helpdesk_wellbeing.plan.actions.words import conditions
from helpdesk_wellbeing.plan.people_now import now
from helpdesk_wellbeing.plan.proposal import Action, Because, Kind, Move, Proposal, Subject
from helpdesk_wellbeing.plan.situation import Flag, Situation
from helpdesk_wellbeing.rules.model import Rule

TO_DECIDE = timedelta(hours=4)  # of working time that who decides has at least after an agent's head start
OFFICE = (9, 17)  # o'clock, of those who decide: their own schedules are seldom known
SATURDAY = 5


@dataclass(frozen=True)
class Case:
    """One subject of an action with the active flags that suggest it, the worst first.

    `coming` is work that other proposals have for somebody, those of the same run among them: receiver to tickets.
    """

    situation: Situation
    action: Action
    subject: Subject
    flags: Sequence[Flag]
    coming: Mapping[str, Sequence[str]]
    standing: Proposal | None = None  # what waits for the same already, and is looked at anew

    @property
    def own_tickets(self) -> frozenset[str]:
        """Tickets that the standing one would move."""
        return frozenset(move.ticket for move in self.standing.moves) if self.standing is not None else frozenset()

    @property
    def about_agent(self) -> bool:
        return self.subject.kind == "agent"

    @property
    def statutory(self) -> bool:
        rules = (self.situation.rules.get(flag["rule"]) for flag in self.flags)
        return any(rule is not None and rule.statutory for rule in rules)

    @property
    def lead_from(self) -> datetime:
        """The agent sees first what no law asks for; a lead everything else at once."""
        waits = self.about_agent and not self.statutory
        if waits and self.standing is not None:  # the agent has had that time, or a part of it
            return max(self.situation.as_of, self.standing.lead_from)
        return self.situation.as_of + timedelta(hours=self.situation.policy.lead_after_h if waits else 0)

    @property
    def decided_by(self) -> datetime | None:
        """Before that nothing begins that the agent sees first: who decides has some working hours. None: no wait."""
        if not self.about_agent or self.statutory or not self.situation.policy.lead_after_h:
            return None
        seen = self.standing.lead_from if self.standing is not None else self.lead_from
        return after_working_hours(seen, TO_DECIDE, self.situation.zone)

    @property
    def latest(self) -> datetime:
        """When a proposal made now expires at the latest; its time begins when a lead sees it."""
        return self.lead_from + self.situation.policy.expires_after(self.action)

    @property
    def name(self) -> str:
        """What the subject is called."""
        here = now(self.situation)
        return (here.agent_names if self.about_agent else here.group_names).get(self.subject.id, self.subject.id)

    def proposal(
        self,
        texts: Mapping[str, Sequence[str]],
        *,
        details: Mapping[str, Any],
        expires_at: datetime | None = None,
        moves: Sequence[Move] = (),
        why: bool = True,
    ) -> Proposal:
        """`texts`: sentences by language that follow the conditions of the flags, unless `why` says that they stand for
        themselves."""
        reasons = conditions(self.situation, self.flags, self.name) if why else {}
        return Proposal(
            action=self.action,
            subject=self.subject,
            because=tuple(because(self.situation, flag) for flag in self.flags),
            made_at=self.situation.as_of,
            expires_at=min(expires_at or self.latest, self.latest),
            lead_from=self.lead_from,
            texts={language: " ".join([*reasons.get(language, ()), *texts[language]]) for language in texts},
            moves=tuple(moves),
            details=details,
        )


@dataclass(frozen=True)
class Way:
    """One action: for whom it is meant when a flag suggests it, and what it proposes or why not (`SKIPPED`)."""

    subject: Callable[[Situation, Flag], Subject]
    propose: Callable[[Case], Proposal | str]
    kinds: tuple[Kind, ...] = ("agent",)  # of flags that it answers
    more: Callable[[Situation], list[Flag]] = lambda situation: []  # conditions that no rule suggests it for


def after_working_hours(at: datetime, length: timedelta, zone: str) -> datetime:
    """When so much of Mondays to Fridays, nine to five in a zone, has passed since `at`; aware UTC."""
    place, left = ZoneInfo(zone), length
    day = at.astimezone(place).date()
    while True:
        opens, closes = (datetime.combine(day, time(hour), place).astimezone(UTC) for hour in OFFICE)
        begin = max(at.astimezone(UTC), opens)
        if day.weekday() < SATURDAY and begin < closes:
            if begin + left <= closes:
                return begin + left
            left -= closes - begin
        day += timedelta(days=1)


def own_subject(situation: Situation, flag: Flag) -> Subject:
    """Whom the flag is about."""
    return Subject(flag["subject"]["kind"], flag["subject"]["id"])


def because(situation: Situation, flag: Flag) -> Because:
    """The flag as it stands now."""
    rule = situation.rules.get(flag["rule"])
    return Because(
        rule=flag["rule"],
        rule_version=rule_version(rule) if rule is not None else flag.get("rule_version", ""),
        signal=flag["signal"],
        subject=own_subject(situation, flag),
        level=flag["level"],
        since=flag["since"],
        grade=flag["grade"],
        values=dict(flag["values"]),
    )


def rule_version(rule: Rule) -> str:
    """Twelve hex digits that change with anything the rule says; its examples and the order of its file don't count."""
    return version_of(rule.model_dump_json(exclude={"examples"}))


def version_of(text: str) -> str:
    """Twelve hex digits of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
