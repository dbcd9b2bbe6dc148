"""Everything held about one agent, for the agent alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.access import break_glass
from helpdesk_wellbeing.access.break_glass import Opened
from helpdesk_wellbeing.acting import telling
from helpdesk_wellbeing.acting.policy import policy_of
from helpdesk_wellbeing.agreement.gate import gate_of
from helpdesk_wellbeing.agreement.model import STATUTORY, personal_signals
from helpdesk_wellbeing.agreement.recording import in_force
from helpdesk_wellbeing.agreement.saying import own_hours_of
from helpdesk_wellbeing.flags import PAUSED, under
from helpdesk_wellbeing.pages import held
from helpdesk_wellbeing.pages.flag import said_of
from helpdesk_wellbeing.pages.own_past import Mine, own_past
from helpdesk_wellbeing.pages.self_check import Answer, self_check
from helpdesk_wellbeing.pages.series import OverTime
from helpdesk_wellbeing.pages.told import called

if TYPE_CHECKING:
    from helpdesk_wellbeing.access.viewer import Viewer
    from helpdesk_wellbeing.pages.known import Known
    from helpdesk_wellbeing.rules.model import Rule
    from helpdesk_wellbeing.store.audit import Entry
    from helpdesk_wellbeing.store.proposals import Kept
    from helpdesk_wellbeing.store.said import Contest

BACK = timedelta(weeks=26)  # how far back suggestions are shown
LOOKS = 50  # the latest that are shown
CHARTS = ("WT1", "WT4", "WT2", "LD1")  # of hours and of load; every flag of one's own has its own page and chart
WHO_LOOKED = frozenset(["looked", "page opened for a reason", "page shut again"])


@dataclass(frozen=True)
class OwnFlag:
    """One flag that is on."""

    rule: Rule
    level: str
    since: date
    said: Mapping[str, str]  # by language
    is_contested: bool


@dataclass(frozen=True)
class PastFlag:
    """One that was."""

    rule: str
    title: str
    since: date
    gone: date


@dataclass(frozen=True)
class Noted:
    """An entry of the audit that the agent stands in, with the words of it that are not about others."""

    at: datetime
    what: str
    by: str | None
    page: str | None


@dataclass(frozen=True)
class Objectable:
    """A signal that one may object to."""

    signal: str
    is_objected: bool


@dataclass(frozen=True)
class Held:
    """How much is held, in numbers."""

    shifts: int
    days: int
    first_day: date | None
    last_day: date | None
    open_tickets_known: bool


@dataclass(frozen=True)
class Door:
    """Somebody whom an admin lets in as this agent, by another way than the helpdesk's own."""

    who: str  # email:… or oidc:…
    at: datetime
    by: str


@dataclass(frozen=True)
class MePage:
    """Everything on the page."""

    agent: str
    name: str
    is_own: bool  # the reader is who it is about; else it was opened for a reason
    person: Mapping[str, Any]
    groups: tuple[str, ...]
    held: Held
    is_assessed: bool  # something has been evaluated at all
    agreed: tuple[date, tuple[str, ...]] | None  # when and by whom signals about single people were agreed to
    is_closed: bool
    flags: tuple[OwnFlag, ...]
    past_flags: tuple[PastFlag, ...]
    not_assessable: tuple[tuple[str, str], ...]
    series: tuple[tuple[str, OverTime], ...]  # (signal, series)
    answers: tuple[Answer, ...]  # for nobody else
    opened: tuple[Opened, ...]  # who opened the page for a reason, the latest first
    suggested: tuple[Kept, ...]
    looked: tuple[Noted, ...]
    noted: tuple[Noted, ...]
    contests: tuple[Contest, ...]
    objectable: tuple[Objectable, ...]
    own_hours: str | None
    schedule: str | None
    is_asked: bool  # surveys
    read_at: datetime | None  # what holds now
    is_to_read_again: bool  # more was agreed since
    doors: tuple[Door, ...]  # who may come in as this agent otherwise than by the helpdesk


def build(known: Known, viewer: Viewer, now: datetime, of: str | None = None) -> MePage | None:
    """The page of the viewer themselves, or `of` an agent that is open to them for a reason; else None."""
    account, store = viewer.account, known.store
    agent = of or viewer.agent
    is_own = agent == viewer.agent
    if agent is None or not (is_own or break_glass.is_open(store, viewer, agent, now)):
        return None
    gate = gate_of(store, account, now, directory=known.directory(account))
    answer = known.answer(account)
    mine = Mine.of(known, account, agent, now)
    person = held.person(known, account, agent, now.date()) or {}
    own_hours = own_hours_of(store, account, agent)
    schedule = own_hours or person.get("schedule")
    said = under(answer, gate) if answer else {"flags": [], "not_assessable": []}
    called_once = cache(partial(_called, known, account))  # most entries are of the same few people
    entries = [_noted(one, called_once) for one in store.audit.about(account, agent, LOOKS)]
    objected = {one.signal for one in store.said.objections(account) if one.agent == agent}
    is_closed = gate.is_closed
    names = known.names(account)
    return MePage(
        agent=agent, name=names.agent(agent), is_own=is_own, person=person,
        groups=tuple(sorted(names.group(group) for group in person.get("groups") or ())),
        held=_held(mine), is_assessed=answer is not None, agreed=_agreed(known, account, now), is_closed=is_closed,
        flags=_flags(known, account, agent, said), past_flags=_past(known, account, agent),
        not_assessable=_gaps(said, agent),
        series=() if is_closed else _series(mine),
        answers=tuple(self_check(mine, _last_day(known, account, now), schedule)) if is_own else (),
        opened=tuple(break_glass.see_own(store, viewer, now) if is_own else ()),
        suggested=tuple(store.proposals.about(account, "agent", agent, now - BACK)),
        looked=tuple(one for one in entries if one.what in WHO_LOOKED),
        noted=tuple(one for one in entries if one.what not in WHO_LOOKED),
        contests=tuple(one for one in store.said.contests(account) if (one.kind, one.subject) == ("agent", agent)),
        objectable=tuple(
            Objectable(signal, signal in objected)
            for signal in personal_signals(known.catalogue) if signal not in STATUTORY
        ),
        own_hours=own_hours, schedule=person.get("schedule"),
        is_asked=agent not in policy_of(store, account).not_asked,
        read_at=telling.read_at(store, account, agent, now),
        is_to_read_again=telling.is_to_read_again(store, account, agent, now),
        doors=tuple(
            Door(one.who, one.added_at, called(known, account, one.added_by) or "")
            for one in store.access.members(account)
            if one.agent == agent and one.who not in (f"zendesk:{agent}", f"freshdesk:{agent}")
        ),
    )  # fmt: skip


def _agreed(known: Known, account: str, now: datetime) -> tuple[date, tuple[str, ...]] | None:
    found = in_force(known.store, account, now)
    return None if found is None else (found.agreed_on, found.parties)


def _held(mine: Mine) -> Held:
    days = mine.days["date"]
    return Held(
        mine.shifts.height, mine.days.height, days[0] if len(days) else None, days[-1] if len(days) else None,
        bool(mine.shifts["open_weight"].is_not_null().any()),
    )  # fmt: skip


def _last_day(known: Known, account: str, now: datetime) -> date:
    return (known.evaluated(account) or now).date()


def _series(mine: Mine) -> tuple[tuple[str, OverTime], ...]:
    found = ((signal, own_past(signal, mine)) for signal in CHARTS)
    return tuple((signal, series) for signal, series in found if series is not None)


def _flags(known: Known, account: str, agent: str, said: Mapping[str, Any]) -> tuple[OwnFlag, ...]:
    found = []
    for is_contested, flags in ((False, said["flags"]), (True, said.get(PAUSED, ()))):
        for flag in flags:
            rule = known.catalogue.rules.get(flag["rule"])
            if rule is not None and (flag["subject"]["kind"], flag["subject"]["id"]) == ("agent", agent):
                since = date.fromisoformat(flag["since"])
                found.append(OwnFlag(rule, flag["level"], since, said_of(known, account, flag), is_contested))
    return tuple(sorted(found, key=lambda one: (one.since, one.rule.id)))


def _past(known: Known, account: str, agent: str) -> tuple[PastFlag, ...]:
    rules = known.catalogue.rules
    return tuple(
        PastFlag(one.rule, rules[one.rule].title if one.rule in rules else one.rule, one.since, one.gone_at.date())
        for one in reversed(known.store.seen.spells(account, ("agent", agent))) if one.gone_at is not None
    )  # fmt: skip


def _gaps(said: Mapping[str, Any], agent: str) -> tuple[tuple[str, str], ...]:
    me = {"kind": "agent", "id": agent}
    return tuple(sorted({(one["signal"], one["reason"]) for one in said["not_assessable"] if one["subject"] == me}))


def _noted(entry: Entry, named: Callable[[Any], str | None]) -> Noted:
    by = entry.body.get("by")
    return Noted(entry.at, entry.what, named(by if isinstance(by, str) else None), entry.body.get("page"))


def _called(known: Known, account: str, by: str | None) -> str | None:
    """Who did it, by name: an agent is told who looked."""
    if by is None:
        return None
    persons = known.store.audit.persons(account) if by.startswith("person-") else {}
    return known.names(account).agent(persons[by]) if by in persons else called(known, account, by)
