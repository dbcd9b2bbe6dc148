"""From flags to proposals, or why nothing is proposed.

Which rule suggests which action is data (`Rule.suggests`); what an action proposes is a file in `actions/`. Here is
what holds for all of them: what was proposed, declined or done before, and how much a reviewer is asked in a day.
What waits for a decision already is looked at anew: it stays while it still says how things are, else it is renewed, or
it lapses. That costs nothing of the day's budget.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from helpdesk_wellbeing.plan.actions import WAYS
from helpdesk_wellbeing.plan.actions.base import Case, own_subject, rule_version
from helpdesk_wellbeing.plan.people_now import now
from helpdesk_wellbeing.plan.proposal import ACTIONS, Action, Proposal, Skipped, Subject
from helpdesk_wellbeing.plan.reviewers import reviewer_of
from helpdesk_wellbeing.plan.situation import Flag, History, Past, Planned, Situation
from helpdesk_wellbeing.plan.standing import (
    MAKES_NO_SENSE,
    moves_hold,
    numbers_hold,
    reasons_kept,
    renewed,
    seen_together,
)

__all__ = ["History", "Past", "Planned", "Situation", "propose", "rule_version"]

_CRITICAL = "critical"


def propose(situation: Situation) -> Planned:
    """What should be done now, the worst first. The order of rows changes nothing."""
    plan = _Planning(situation)
    for action, subject, flags in sorted(plan.wanted(), key=_worst_first):
        plan.decide(action, subject, sorted(flags, key=_worst_flag_first))
    plan.look_at_the_rest()
    skipped = tuple(sorted(plan.skipped, key=_place))
    return Planned(tuple(plan.proposals), skipped, tuple(plan.renewed), tuple(plan.lapsed))


@dataclass
class _Planning:
    """What has been decided so far."""

    situation: Situation
    proposals: list[Proposal] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    renewed: list[Proposal] = field(default_factory=list)
    lapsed: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._asked = Counter(dict(self.situation.history.made_today))
        self._coming: dict[str, list[str]] = {}
        for ticket, receiver in self.situation.history.pending.items():
            self._coming.setdefault(receiver, []).append(ticket)
        self._unseen = dict(self.situation.history.standing)

    def wanted(self) -> Iterator[tuple[Action, Subject, list[Flag]]]:
        """Actions with their subject and all flags that suggest them for it; what is out of the question is skipped."""
        found: dict[tuple[Action, Subject], list[Flag]] = {}
        for flag, action in self._suggested():
            found.setdefault((action, WAYS[action].subject(self.situation, flag)), []).append(flag)
        for action, way in WAYS.items():
            for flag in () if action in self.situation.policy.off else way.more(self.situation):
                found.setdefault((action, way.subject(self.situation, flag)), []).append(flag)
        for (action, subject), flags in found.items():
            yield action, subject, flags

    def _suggested(self) -> Iterator[tuple[Flag, Action]]:
        for flag in self.situation.flags:
            rule = self.situation.rules.get(flag["rule"])
            for word in dict.fromkeys(rule.suggests) if rule is not None else ():
                reason = self._out_of_question(flag, word)
                if reason is not None:
                    self._skip(word, [flag], reason)
                else:
                    yield flag, _known(word)

    def _out_of_question(self, flag: Flag, action: str) -> str | None:
        is_agent = flag["subject"]["kind"] == "agent"
        if action not in WAYS:
            return "unknown action"
        if flag["subject"]["kind"] not in WAYS[_known(action)].kinds:
            return "not for this subject"
        if not self.situation.gate.lets(flag):
            return "excluded"
        if is_agent and flag["subject"]["id"] in now(self.situation).left_out:
            return "excluded"
        if flag["state"] != "active":
            return "cooling"
        return "off" if action in self.situation.policy.off else None

    def decide(self, action: Action, subject: Subject, flags: list[Flag]) -> None:
        """One subject of an action: a proposal or a reason why not."""
        standing = self._unseen.pop((action, subject), None)
        if standing is not None:
            self._decide_anew(standing, flags)
            return
        told = seen_together(self.situation, subject, flags)
        case = Case(self.situation, action, subject, tuple(told), self._coming)
        reviewer = reviewer_of(self.situation, subject)
        reason = past_reason(self.situation, action, subject)
        if reason is None and not case.statutory and self._asked[reviewer] >= self.situation.policy.alerts_a_day:
            reason = "budget of the day used up"
        outcome = WAYS[action].propose(case) if reason is None else reason
        if isinstance(outcome, str):
            self._skip(action, flags, outcome)
            return
        self._skip(action, [flag for flag in flags if flag not in told], "already proposed")
        self.proposals.append(outcome)
        for move in outcome.moves:
            self._coming.setdefault(move.receiver, []).append(move.ticket)
        if not case.statutory:
            self._asked[reviewer] += 1

    def _decide_anew(self, standing: Proposal, flags: list[Flag]) -> None:
        """What waits already: it stays, is renewed or lapses."""
        action, own = standing.action, {move.ticket for move in standing.moves}
        coming = {who: [one for one in tickets if one not in own] for who, tickets in self._coming.items()}
        kept = reasons_kept(self.situation, flags, standing)
        case = Case(self.situation, action, standing.subject, tuple(kept), coming, standing)
        holds = moves_hold(self.situation, standing)
        is_same = holds and numbers_hold(case, standing)
        if not kept or (is_same and standing.moves):  # planning moves costs time
            self._skip(action, flags, "already proposed")
            return
        outcome = WAYS[action].propose(case)
        if isinstance(outcome, str):
            lapses = not holds or outcome in MAKES_NO_SENSE
            self.lapsed += [(standing.id, outcome)] if lapses else []
            self._skip(action, flags, outcome if lapses else "already proposed")
            return
        if is_same:
            self._skip(action, flags, "already proposed")
            return
        self._skip(action, [flag for flag in flags if flag not in kept], "already proposed")
        self.renewed.append(renewed(self.situation, standing, outcome))
        self._coming = coming
        for move in outcome.moves:
            coming.setdefault(move.receiver, []).append(move.ticket)

    def look_at_the_rest(self) -> None:
        """What waits though no flag asks for it at the moment, as it is about to end or asks for the same elsewhere."""
        for standing in self._unseen.values():
            if not moves_hold(self.situation, standing):
                self.lapsed.append((standing.id, "nothing to move"))

    def _skip(self, action: str, flags: list[Flag], reason: str) -> None:
        self.skipped += [Skipped(action, own_subject(self.situation, flag), reason, flag["rule"]) for flag in flags]


def _known(word: str) -> Action:
    return next(action for action in ACTIONS if action == word)


def past_reason(situation: Situation, action: Action, subject: Subject) -> str | None:
    """Why an earlier proposal for the same subject keeps this one from being made (`SKIPPED`), if one does."""
    past = situation.history.latest.get((action, subject))
    if past is None:
        return None
    as_of, policy = situation.as_of, situation.policy
    if past.state in ("open", "accepted"):
        return "already proposed"
    if past.state == "snoozed":
        return "snoozed" if past.until is None or past.until > as_of else None
    if past.state in ("declined", "undone"):  # who takes something back does not want it again tomorrow either
        return "declined lately" if as_of < past.when + timedelta(days=policy.decline_days) else None
    if past.state == "done" and policy.rests_after_done(action):
        return "done lately" if _weekdays(past.when, as_of) < policy.done_worked_days else None
    return None  # expired and withdrawn ones: nobody has decided


def _weekdays(start: datetime, end: datetime) -> int:
    """Mondays to Fridays after the day of `start` up to the day of `end`."""
    days = (end.date() - start.date()).days
    weeks, rest = divmod(max(days, 0), 7)
    return weeks * 5 + sum((start.weekday() + number) % 7 < 5 for number in range(1, rest + 1))


def _worst_first(wanted: tuple[Action, Subject, list[Flag]]) -> tuple[object, ...]:
    """Critical before warn, then the oldest."""
    action, subject, flags = wanted
    level = all(flag["level"] != _CRITICAL for flag in flags)
    return level, min(flag["since"] for flag in flags), ACTIONS.index(action), subject.kind, subject.id


def _worst_flag_first(flag: Flag) -> tuple[object, ...]:
    return flag["level"] != _CRITICAL, flag["since"], flag["signal"], flag["rule"], flag["subject"]["id"]


def _place(skipped: Skipped) -> tuple[str, ...]:
    return skipped.action, skipped.subject.kind, skipped.subject.id, skipped.rule, skipped.reason
