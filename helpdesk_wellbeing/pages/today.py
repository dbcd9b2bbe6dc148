"""What needs a decision now, oldest first, and what cannot be told. Never an order of people by how much they work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import polars as pl

from helpdesk_wellbeing.access.gate import Part, Sight, people_in
from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.acting.trouble import trouble_of
from helpdesk_wellbeing.acting.views import OVER, held_back, is_taken_back
from helpdesk_wellbeing.agreement.gate import NO_AGREEMENT
from helpdesk_wellbeing.condition import condition_of
from helpdesk_wellbeing.pages import told
from helpdesk_wellbeing.pages.cards import Card, Cards, Decided, Group, by_subject
from helpdesk_wellbeing.pages.told import Named, Texts
from helpdesk_wellbeing.plan.proposal import Proposal, from_json

if TYPE_CHECKING:
    from helpdesk_wellbeing.access.viewer import Viewer
    from helpdesk_wellbeing.pages.known import Known
    from helpdesk_wellbeing.store.proposals import Kept

WAITING = ("open", "snoozed", "asked")
OLD = timedelta(hours=24)  # an evaluation older than this says little about today
SOON = timedelta(hours=12)
A_PAGE = 25  # groups
ENDING_AT_MOST = 12  # that are said on top, one line each
LATELY, PASSED = timedelta(days=14), timedelta(days=4)  # how long decisions, and what ran out, are listed
LATELY_AT_MOST = 40
DECIDED = ("accepted", "done", "declined", "undone")
NAMES_AT_MOST = 10
MENDED_BY_NAMES = ("no schedule", "no zone")  # reasons that somebody can mend who knows whom they are about
_DECIDED = ("accepted", "done", "declined")
_QUEUE_DAYS = 7


@dataclass(frozen=True)
class FlagCard:
    """A flag for which nothing is proposed."""

    rule: str
    title: str
    subject: Named
    level: str
    state: str  # active | cooling
    since: str
    sentence: Texts


@dataclass(frozen=True)
class Gap:
    """What cannot be assessed for one reason: how many people, teams and queues, and what cannot be said of them."""

    reason: str  # of signals.base.REASONS
    people: int
    groups: int
    rules: tuple[tuple[str, str], ...]  # (id, title) of those that have nothing to go by
    names: tuple[str, ...]  # of some of the people, by name, where that helps to mend it


@dataclass(frozen=True)
class Queue:
    """A team's tickets on the last day that is known."""

    subject: Named
    day: date
    open: int
    created: int
    solved: int


@dataclass(frozen=True)
class Freshness:
    """How far what is shown may be trusted. Times aware UTC."""

    until: datetime | None  # the instant that the latest evaluation is about
    is_old: bool
    is_paused: bool
    is_failing: bool  # the helpdesk could not be read
    read_at: datetime | None  # when it was read last
    is_silent: bool  # nothing comes in between the readings
    writing_fails_since: datetime | None


@dataclass(frozen=True)
class Today:
    """The page."""

    is_evaluated: bool
    is_everybodys: bool  # all teams, not only led ones
    teams: tuple[Named, ...]
    open: tuple[Card, ...]
    groups: tuple[Group, ...]  # the same, those about one person or team together
    first: int  # how many groups come before those shown
    all_groups: int
    all_open: int
    ending: int  # open ones whose time passes within the next hours
    ends: tuple[Card, ...]  # of these, those that end first
    asked: tuple[Card, ...]
    aside: tuple[Card, ...]
    decided: tuple[Decided, ...]  # lately, the latest first
    over: tuple[Decided, ...]  # those of which the time passed, or that are not needed any more
    flags: tuple[FlagCard, ...]
    gaps: tuple[Gap, ...]
    is_agreed: bool  # an agreement is recorded, or none is needed
    not_agreed: tuple[tuple[str, str], ...]  # rules (id, title) about single people that are not in the agreement
    held_back: tuple[tuple[str, str], ...]  # those that reach further than what was agreed
    queues: tuple[Queue, ...]
    freshness: Freshness

    @property
    def is_withheld(self) -> bool:
        """Something is not said of single people, as it was not agreed."""
        return bool(self.not_agreed or self.held_back)

    @property
    def is_quiet(self) -> bool:
        """Nothing visible asks for anything."""
        return self.is_evaluated and not (self.all_open or self.asked or self.flags)


def build(known: Known, viewer: Viewer, now: datetime, first: int = 0) -> Today:
    """What the viewer sees today; of what waits the groups from the `first` on. Notes who was looked at."""
    store, account = known.store, viewer.account
    seen, answer = told.sight(known, viewer, now), known.answer(account)
    pending = [(kept, from_json(kept.body)) for kept in store.proposals.listed(account, WAITING)]
    mine = [
        (kept, proposal) for kept, proposal in pending
        if kept.expires_at > now and seen.part_of(proposal) is Part.DECIDES and not held_back(proposal, seen.gate)
    ]  # fmt: skip
    by_state = {state: [one for one in mine if one[0].state == state] for state in WAITING}
    waiting, cards = by_state["open"], Cards(known, seen)
    groups = by_subject(waiting)
    page = [cards.group(pairs) for pairs in groups[first : first + A_PAGE]]
    shown = {card.id for group in page for card in group.cards}
    soon = sorted((one for one in waiting if one[0].expires_at - now < SOON), key=lambda one: one[0].expires_at)
    ends = soon[:ENDING_AT_MOST]
    lately = list(islice(_decided(known, seen, DECIDED, now - LATELY), LATELY_AT_MOST))
    over = list(islice(_decided(known, seen, OVER, now - PASSED), LATELY_AT_MOST))
    flags = list(_flags(known, seen, answer, [kept for kept, _ in pending])) if answer else []
    titles = _titles(known)
    kept_back = [(signal, titles.get(signal, (signal, signal))) for signal in (answer or {}).get("withheld", ())]
    listed = shown | {kept.id for kept, _ in ends}
    open_ones = [one for one in waiting if one[0].id in listed]
    _note_look(known, viewer, now, [*open_ones, *by_state["asked"], *by_state["snoozed"], *lately, *over], flags)
    return Today(
        is_evaluated=answer is not None,
        is_everybodys=viewer.has(Role.OPS),
        teams=tuple(_by_name(told.named(known.names(account), "team", id) for id in viewer.teams)),
        open=tuple(sorted((card for group in page for card in group.cards), key=lambda card: (card.made_at, card.id))),
        groups=tuple(page), first=first, all_groups=len(groups), all_open=len(waiting), ending=len(soon),
        ends=tuple(cards.of(*one) for one in ends),
        asked=tuple(cards.of(*one) for one in by_state["asked"]),
        aside=tuple(cards.of(*one) for one in by_state["snoozed"]),
        decided=tuple(cards.decided(*one) for one in lately), over=tuple(cards.decided(*one) for one in over),
        flags=tuple(flags), gaps=tuple(_gaps(known, seen, answer or {})),
        is_agreed=seen.gate.why != NO_AGREEMENT,
        not_agreed=tuple(one for signal, one in kept_back if not seen.gate.computes(signal)),
        held_back=tuple(one for signal, one in kept_back if seen.gate.computes(signal)),
        queues=tuple(_queues(known, seen)), freshness=_freshness(known, account, now),
    )  # fmt: skip


def _decided(known: Known, seen: Sight, states: Sequence[str], since: datetime) -> Iterator[tuple[Kept, Proposal]]:
    """Those that were the viewer's to decide, the latest first; nothing of those that were taken back from them."""
    kept = known.store.proposals.listed(seen.viewer.account, states, since=since)
    for one in sorted(kept, key=lambda one: (one.changed_at, one.id), reverse=True):
        proposal = from_json(one.body)
        if seen.part_of(proposal) is Part.DECIDES and not is_taken_back(one, proposal, seen.gate):
            yield one, proposal


def _flags(known: Known, seen: Sight, answer: Mapping[str, Any], pending: Sequence[Kept]) -> Iterator[FlagCard]:
    """Flags that are theirs and for which nothing was proposed, oldest first."""
    account = seen.viewer.account
    names, rules = known.names(account), known.catalogue.rules
    answered = set(_answered(known, account, pending, seen.at))
    found = []
    for flag in answer.get("flags", ()):
        rule, kind, id = flag["rule"], flag["subject"]["kind"], flag["subject"]["id"]
        if flag["state"] != "active" or (rule, kind, id) in answered or not seen.sees_flag(flag, rules.get(rule)):
            continue
        subject = told.named(names, kind, id)
        title = rules[rule].title if rule in rules else rule.replace("_", " ")
        text = told.sentence(known, rule, flag["signal"], flag["values"], subject.name)
        found.append(FlagCard(rule, title, subject, flag["level"], flag["state"], flag["since"], text))
    yield from sorted(found, key=lambda one: (one.since, one.subject.name.casefold(), one.title))


def _answered(known: Known, account: str, pending: Sequence[Kept], now: datetime) -> Iterator[tuple[str, str, str]]:
    """Flags (rule, kind, subject) on which a proposal rests that waits or was decided within the last week."""
    for kept in (*pending, *known.store.proposals.listed(account, _DECIDED, since=now - timedelta(days=7))):
        for because in kept.body["because"]:
            yield because["rule"], because["subject"]["kind"], because["subject"]["id"]


def _gaps(known: Known, seen: Sight, answer: Mapping[str, Any]) -> Iterator[Gap]:
    """One for each reason, those that concern most people first."""
    account = seen.viewer.account
    names, titles = known.names(account), _titles(known)
    people: dict[str, set[str]] = {}
    groups: dict[str, set[str]] = {}
    signals: dict[str, set[str]] = {}
    for one in answer.get("not_assessable", ()):
        kind, id, reason = one["subject"]["kind"], one["subject"]["id"], one["reason"]
        if not seen.leads(kind, id):
            continue
        (people if kind == "agent" else groups).setdefault(reason, set()).add(id)
        signals.setdefault(reason, set()).add(one["signal"])
    for reason in sorted(signals, key=lambda one: (-len(people.get(one, ())), -len(groups.get(one, ())), one)):
        who = sorted((names.agent(id) for id in people.get(reason, ())), key=str.casefold)
        is_named = reason in MENDED_BY_NAMES and len(who) <= NAMES_AT_MOST
        about = tuple(sorted(titles.get(signal, (signal, signal)) for signal in signals[reason]))
        yield Gap(reason, len(who), len(groups.get(reason, ())), about, tuple(who) if is_named else ())


def _titles(known: Known) -> dict[str, tuple[str, str]]:
    """What each signal is called: by the rule that judges it."""
    return {rule.signal: (rule.id, rule.title) for rule in known.catalogue.rules.values()}


def _queues(known: Known, seen: Sight) -> Iterator[Queue]:
    """The last known day of each team's tickets, by name."""
    account = seen.viewer.account
    until = known.evaluated(account)
    if until is None:
        return
    last = known.kept(("last queue days", account), until, lambda: _last_days(known, account, until))
    names = known.names(account)
    mine = [row for row in last if seen.leads("queue", row["group"])]
    for row in sorted(mine, key=lambda row: names.group(row["group"]).casefold()):
        yield Queue(
            told.named(names, "queue", row["group"]), row["date"], row["open_at_end"], row["created"], row["solved"]
        )


def _last_days(known: Known, account: str, until: datetime) -> list[dict[str, Any]]:
    frame = known.store.read_pieces(account, "queues", (until - timedelta(days=_QUEUE_DAYS)).date())
    if not frame.height:
        return []
    return (
        frame.sort("date", "piece")
        .group_by("group", maintain_order=True)
        .last()
        .filter(pl.col("group") != "")
        .to_dicts()
    )


def _freshness(known: Known, account: str, now: datetime) -> Freshness:
    run = known.store.work.run_of(account)
    condition = condition_of(run, None, now)
    trouble = trouble_of(known.store, account)
    is_connected = known.store.account(account).platform is not None
    is_old = is_connected and run.evaluated_until is not None and now - run.evaluated_until > OLD
    return Freshness(
        run.evaluated_until, is_old, condition.is_paused, run.failures > 0 or condition.is_late, run.pulled_at,
        condition.is_silent, trouble.since if trouble else None,
    )  # fmt: skip


def _note_look(
    known: Known, viewer: Viewer, now: datetime, shown: Sequence[tuple[Kept, Proposal]], flags: Sequence[FlagCard]
) -> None:
    agents = {agent for _, proposal in shown for agent in people_in(proposal)}
    agents |= {flag.subject.id for flag in flags if flag.subject.kind == "agent"}
    told.note_look(known, viewer, now, "today", listed=[kept.id for kept, _ in shown], agents=agents)


def _by_name(subjects: Iterator[Named]) -> list[Named]:
    return sorted(subjects, key=lambda one: one.name.casefold())
