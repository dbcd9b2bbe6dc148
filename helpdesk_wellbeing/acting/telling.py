"""Agents are told what is looked at about them: by a private ticket each, or by the admin in another way.

What an agent was told is kept with their own words, so that it goes with them when they are erased. It counts for what
was agreed then: when the agreement comes to reach further, everybody is to be told again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from helpdesk_wellbeing.acting import asking
from helpdesk_wellbeing.acting.helpdesk import LETTER, Invitation
from helpdesk_wellbeing.acting.notes import note
from helpdesk_wellbeing.acting.policy import Acting, policy_of
from helpdesk_wellbeing.errors import CannotDecide, ConfigError
from helpdesk_wellbeing.store.said import READ
from helpdesk_wellbeing.store.writes import Planned, Write
from helpdesk_wellbeing.surveys.policy import Member, Policy, first_at_work

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store
    from helpdesk_wellbeing.store.said import Words

LOOKS_AHEAD = timedelta(weeks=4)  # for somebody's next hours at work; who is away for longer reads it when back
LONGEST_TEXT = 200  # signs of a contact, and of how people were told
_EARLIEST = date(2000, 1, 1)
_AHEAD = timedelta(days=1)  # a date may be tomorrow's elsewhere
_LEFT = "agent left"


class How(StrEnum):
    """How somebody was told, or why not yet."""

    READ = "read"  # they said so themselves
    TICKET = "ticket"
    OTHERWISE = "otherwise"
    WAITS = "waits"  # a ticket to them is on its way, in their next working hours
    LEFT = "left"  # no longer works in the helpdesk, so nothing reaches them there
    FAILED = "failed"
    NOT_YET = "not yet"


TOLD = frozenset({How.READ, How.TICKET, How.OTHERWISE})
TO_TELL = frozenset({How.NOT_YET, How.FAILED})


@dataclass(frozen=True)
class Scope:
    """What an agreement reaches now. `number`: of the entry since which it does; 0: nothing is agreed."""

    number: int = 0
    since: datetime | None = None
    is_seen: bool = False  # leads or operations see what is said of single people
    is_wider: bool = False  # something less was agreed before


@dataclass(frozen=True)
class Person:
    """One agent. `on`: since when that holds; `why`: of a ticket that was not written."""

    agent: str
    how: How
    on: date | None = None
    why: str | None = None
    again: bool = False  # they were told before, of something less


@dataclass(frozen=True)
class Standing:
    """Who was told; everybody of whom something may be said, by id."""

    scope: Scope
    people: tuple[Person, ...]
    settings: Settings

    def of(self, how: Collection[How]) -> tuple[Person, ...]:
        """Those of whom this holds."""
        return tuple(one for one in self.people if one.how in how)

    @property
    def is_complete(self) -> bool:
        """Everybody who can be told was."""
        return bool(self.people) and not self.of(TO_TELL | {How.WAITS})

    @property
    def is_by_ticket(self) -> bool:
        """Who comes later is written to by itself."""
        return self.settings.by_ticket == self.scope.number

    @property
    def is_untold(self) -> bool:
        """Others see what is said of single people, and not one of these was told."""
        return self.scope.is_seen and bool(self.people) and not self.of(TOLD | {How.WAITS})


@dataclass(frozen=True)
class Settings:
    """Of the letter. `by_ticket`: the scope for which the admin chose to write to everybody."""

    contact: str | None = None  # whom to ask
    by_ticket: int | None = None
    otherwise: str | None = None  # how people were told otherwise, the last time


def settings_of(store: Store, account: str) -> Settings:
    """As they were set; the defaults where nothing was."""
    return Settings(**json.loads(store.get_meta(account, LETTER) or "{}"))


def scope_of(store: Store, account: str, at: datetime) -> Scope:
    """Since when the agreement in force reaches as far as it does."""
    held = [one for one in store.agreements.entries(account) if one.at <= at and not one.is_waiting]
    if not held:
        return Scope()
    wider = [one for one in held if one.body.get("widens")] or held[:1]
    agreed = held[-1].body["agreement"]
    is_seen = bool(agreed.get("signals")) and not {"lead", "ops"}.isdisjoint(agreed.get("roles", ("lead",)))
    return Scope(wider[-1].seq, wider[-1].at, is_seen, len(wider) > 1)


def standing_of(store: Store, account: str, at: datetime) -> Standing:
    """Who was told what holds now."""
    with store.view():
        scope = scope_of(store, account, at)
        known = asking.everybody(store.directory(account), at.date())
        words = {(one.agent, one.what): one for one in store.said.words(account)}
        writes = {one.key: one for one in store.writes.of_proposal(account, LETTER)}
        settings = settings_of(store, account)
    people = (
        _person(agent, scope, words.get((agent, READ)), words.get((agent, LETTER)), writes) for agent in sorted(known)
    )
    return Standing(scope, tuple(people), settings)


def seen_by_others(store: Store, account: str, at: datetime) -> Standing | None:
    """Who was told, where leads or operations see what is said of single people; None where nobody else does."""
    return standing_of(store, account, at) if scope_of(store, account, at).is_seen else None


def read_at(store: Store, account: str, agent: str, at: datetime) -> datetime | None:
    """When an agent said that they have read what holds now."""
    since = scope_of(store, account, at).since
    said = next((one.at for one in store.said.words(account, agent) if one.what == READ), None)
    return said if said is not None and (since is None or said >= since) else None


def is_to_read_again(store: Store, account: str, agent: str, at: datetime) -> bool:
    """Whether an agent has read what was agreed before and not what reaches further now."""
    has_read = any(one.what == READ for one in store.said.words(account, agent))
    return has_read and read_at(store, account, agent, at) is None


def _person(
    agent: str, scope: Scope, read: Words | None, told: Words | None, writes: dict[str, Write]
) -> Person:  # fmt: skip
    def holds(words: Words | None) -> bool:
        return words is not None and (scope.since is None or words.at >= scope.since)

    if read is not None and holds(read):
        return Person(agent, How.READ, read.at.date())
    if told is None or not holds(told):
        return Person(agent, How.NOT_YET, again=bool(told or read))
    if told.body["way"] == "otherwise":
        return Person(agent, How.OTHERWISE, date.fromisoformat(told.body["on"]))
    write = writes.get(told.body["key"])
    if write is None:  # so long ago that it is not kept any more
        return Person(agent, How.TICKET, told.at.date())
    if write.state == "written":
        return Person(agent, How.TICKET, write.changed_at.date())
    if write.state != "skipped":
        return Person(agent, How.WAITS, write.due_at.date())
    why = str(write.receipt.get("reason", ""))
    return Person(agent, How.LEFT if why == _LEFT else How.FAILED, write.changed_at.date(), why)


# by ticket


def why_no_tickets(store: Store, account: str) -> str | None:
    """Why nobody can be written to: no helpdesk | not installed | no address; None where they can."""
    if store.account(account).platform is None:
        return "no helpdesk"
    if not store.installed.things(account):
        return "not installed"
    return "no address" if policy_of(store, account).public_url is None else None


def write_to_everybody(store: Store, account: str, by: Any, at: datetime) -> int:
    """A private ticket for everybody who was not told yet, and for those who come later; how many are new.

    Raises CannotDecide where nobody can be written to.
    """
    why = why_no_tickets(store, account)
    if why is not None:
        raise CannotDecide(f"{account}: nobody can be written to: {why}")
    with store.transaction():
        standing = standing_of(store, account, at)
        chosen = standing.of(TO_TELL)
        is_news = not standing.is_by_ticket
        _keep(store, account, standing.settings, by_ticket=standing.scope.number)
        _plan(store, account, standing, chosen, at)
        if chosen or is_news:
            store.audit.add(account, at, "agents told", by=by, way="ticket", people=len(chosen))
    return len(chosen)


def go_on(store: Store, account: str, at: datetime) -> int:
    """Write to those who came since everybody was written to; how many. Nobody, where the admin did not choose that or
    the agreement has come to reach further since."""
    if settings_of(store, account).by_ticket is None or why_no_tickets(store, account) is not None:
        return 0
    with store.transaction():
        standing = standing_of(store, account, at)
        new = standing.of({How.NOT_YET}) if standing.is_by_ticket else ()
        if new:
            _plan(store, account, standing, new, at)
            store.audit.add(account, at, "agents told", by="serve", way="ticket", people=len(new))
    return len(new)


def _plan(store: Store, account: str, standing: Standing, people: Iterable[Person], at: datetime) -> None:
    members = asking.everybody(store.directory(account), at.date())
    known = {one.key for one in store.writes.of_proposal(account, LETTER)}
    planned = []
    for one in people:
        key = _free_key(standing.scope, one.agent, known)
        asked = {"scope": standing.scope.number, "again": one.again and standing.scope.is_wider}
        planned.append(Planned(key, LETTER, "invite", one.agent, asked, _at_work(members[one.agent], at)))
        store.said.say(account, one.agent, LETTER, {"way": "ticket", "key": key}, at)
    store.writes.plan(account, planned, at)


def _free_key(scope: Scope, agent: str, known: Collection[str]) -> str:
    """Another one only where the one before ended without a ticket."""
    key, tries = f"{LETTER}:{scope.number}:{agent}", 1
    while key in known:
        tries += 1
        key = f"{LETTER}:{scope.number}:{agent}:{tries}"
    return key


def _at_work(member: Member, at: datetime) -> datetime:
    return first_at_work(member, Policy().default_schedule, at, at + LOOKS_AHEAD) or at + LOOKS_AHEAD


def invitation(store: Store, account: str, write: Write, policy: Acting, at: datetime) -> Invitation | None:
    """The ticket that tells one person; the same each time it is made. None when it need not be told any more."""
    agent = write.target
    told = next((one for one in store.said.words(account, agent) if one.what == LETTER), None)
    is_meant = told is not None and told.body.get("key") == write.key
    is_of_now = write.asked["scope"] == scope_of(store, account, at).number
    known = asking.everybody(store.directory(account), at.date())
    if not (is_meant and is_of_now and agent in known) or read_at(store, account, agent, at) is not None:
        return None
    link = address(account, policy.public_url)
    if link is None:
        return None
    contact = settings_of(store, account).contact
    body = note(
        "letter_body", policy.language, link=link,
        again=note("letter_again", policy.language) if write.asked["again"] else "",
        contact=note("letter_contact", policy.language, contact=contact) if contact else "",
    )  # fmt: skip
    return Invitation(agent, note("letter_subject", policy.language), body, group=policy.survey_group)


def address(account: str, public_url: str | None) -> str | None:
    """Where agents sign in and find their own page; None where nobody said under which address."""
    return None if public_url is None else f"{public_url.rstrip('/')}/a/{quote(account)}/me"


# otherwise


def told_otherwise(store: Store, account: str, by: Any, on: date, how: str, at: datetime) -> int:
    """The admin has told everybody who was not told yet; how many these are. Raises ConfigError."""
    if not how or len(how) > LONGEST_TEXT:
        raise ConfigError(f"say in at most {LONGEST_TEXT} signs how people were told, such as: in the team meetings")
    if not _EARLIEST <= on <= (at + _AHEAD).date():
        raise ConfigError(f"{account}: agents told on {on:%Y-%m-%d}? Take a day that is not yet to come")
    with store.transaction():
        standing = standing_of(store, account, at)
        chosen = standing.of(TO_TELL)
        for one in chosen:
            store.said.say(account, one.agent, LETTER, {"way": "otherwise", "on": on.isoformat()}, at)
        if chosen:
            _keep(store, account, standing.settings, otherwise=how)
            store.audit.add(
                account, at, "agents told", by=by, way="otherwise", on=on.isoformat(), how=how, people=len(chosen)
            )  # fmt: skip
    return len(chosen)


def set_contact(store: Store, account: str, by: Any, contact: str, at: datetime) -> None:
    """Whom agents may ask; empty: the line goes. Raises ConfigError."""
    if len(contact) > LONGEST_TEXT:
        raise ConfigError(f"whom to ask is said in at most {LONGEST_TEXT} signs")
    with store.transaction():
        settings = settings_of(store, account)
        if (settings.contact or "") != contact:
            _keep(store, account, settings, contact=contact or None)
            store.audit.add(account, at, "letter changed", by=by, contact=contact)


def _keep(store: Store, account: str, settings: Settings, **changes: Any) -> None:
    store.set_meta(account, LETTER, json.dumps({**asdict(settings), **changes}, ensure_ascii=False))
