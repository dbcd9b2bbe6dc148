"""What people say about what is said of them: an objection, "this is wrong", hours of their own. It holds at once."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.acting.obeying import ask_for_evaluation, obey
from helpdesk_wellbeing.agreement.model import STATUTORY
from helpdesk_wellbeing.errors import CannotDecide, ConfigError
from helpdesk_wellbeing.schedules import parse_schedule
from helpdesk_wellbeing.store.audit import Person
from helpdesk_wellbeing.store.said import HOURS, Contest

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

# Why a flag is wrong: a closed list, so that nothing personal is typed in. The first two are about who did the work.
CONTESTED_BECAUSE = ("automation", "not me", "on-call swap", "agreed overtime", "other")
ABOUT_ATTRIBUTION = CONTESTED_BECAUSE[:2]
OF_ONE_PERSON = CONTESTED_BECAUSE[2:4]  # said of a team or a queue they mean nothing
LONGEST_PAUSE = timedelta(weeks=26)  # a condition that never ends speaks again after it
LONGEST_SCHEDULE = 400


@dataclass(frozen=True)
class Doubt:
    """Something for the admin to look at: what was contested, without any value of it."""

    id: str
    reason: str
    rule: str
    kind: str
    subject: str
    since: date
    at: datetime
    about_attribution: bool  # say in the people file who it is: `identity`


def object_to(store: Store, account: str, agent: str, signal: str, at: datetime) -> None:
    """An agent wants nothing of this signal computed about them; others hear "not available". Raises CannotDecide."""
    if signal in STATUTORY:
        raise CannotDecide(
            f"{signal} rests on a duty of the employer by law, so nobody can object to it; contest a flag"
        )
    with store.transaction():
        if store.said.object_to(account, agent, signal, at):
            store.audit.add(account, at, "objection", by=Person(agent), agent=Person(agent), signal=signal)
            obey(store, account, at)


def withdraw_objection(store: Store, account: str, agent: str, signal: str, at: datetime) -> None:
    """The agent takes an objection back."""
    with store.transaction():
        if store.said.withdraw(account, agent, signal):
            store.audit.add(account, at, "objection withdrawn", by=Person(agent), agent=Person(agent), signal=signal)
            obey(store, account, at)


def reasons_for(kind: str) -> tuple[str, ...]:
    """With which a flag about an agent, a team or a queue may be contested."""
    return tuple(one for one in CONTESTED_BECAUSE if kind == "agent" or one not in OF_ONE_PERSON)


def contest(
    store: Store, account: str, flag: Mapping[str, Any], reason: str, at: datetime, *, by: str, agent: str | None = None
) -> str:
    """Somebody says that a flag (of `flags.check`) is wrong: nothing follows from it until the condition begins anew.

    `by` is for the audit, `agent` who says it, where that is an agent. Returns the contest's id; said again while it
    holds, it stays one. Raises CannotDecide.
    """
    kind, subject = flag["subject"]["kind"], flag["subject"]["id"]
    if reason not in reasons_for(kind):
        raise CannotDecide(f'"{reason}" is not a reason; take one of: {", ".join(reasons_for(kind))}')
    is_theirs = kind == "agent" and agent == subject
    since = date.fromisoformat(flag["since"])
    new = Contest(
        secrets.token_hex(6), flag["rule"], kind, subject, since, reason, is_theirs, at, at + LONGEST_PAUSE
    )  # fmt: skip
    about = Person(subject) if kind == "agent" else subject
    with store.transaction():
        for held in store.said.contests(account, at):
            if replace(new, id=held.id, at=held.at, until=held.until) == held:
                return held.id
        store.said.contest(account, new)
        store.audit.add(
            account, at, "contested", by=Person(agent) if is_theirs and agent else by, rule=new.rule,
            subject={"kind": kind, "id": about}, since=flag["since"], reason=reason, contest=new.id,
        )  # fmt: skip
        obey(store, account, at)
    return new.id


def settle(store: Store, account: str, id: str, by: str, at: datetime) -> None:
    """The admin has looked: the flag speaks again from now on, where it is still on. Raises CannotDecide."""
    with store.transaction():
        if not store.said.end_contest(account, id, at):
            raise CannotDecide(f"{account}: there is no contest {id} that still holds")
        store.audit.add(account, at, "contest settled", by=by, contest=id)
        obey(store, account, at)


def doubts(store: Store, account: str, at: datetime) -> list[Doubt]:
    """What was contested and still holds, oldest first: for the admin, who mends the files about people."""
    return [
        Doubt(c.id, c.reason, c.rule, c.kind, c.subject, c.since, c.at, c.reason in ABOUT_ATTRIBUTION)
        for c in store.said.contests(account, at)
    ]


def set_own_hours(store: Store, account: str, agent: str, schedule: str, at: datetime) -> None:
    """An agent says when they choose to work: work in these hours is not after hours (WT7), all other work is.

    Everything is folded anew. Raises ConfigError for a schedule that cannot be read.
    """
    if len(schedule) > LONGEST_SCHEDULE:
        raise ConfigError(f"hours are written in at most {LONGEST_SCHEDULE} signs, such as Mon-Fri 09:00-17:30")
    parse_schedule(schedule)
    with store.transaction():
        store.said.say(account, agent, HOURS, {"schedule": schedule}, at)
        store.audit.add(account, at, "own hours", by=Person(agent), agent=Person(agent))
        ask_for_evaluation(store, account, at)


def forget_own_hours(store: Store, account: str, agent: str, at: datetime) -> bool:
    """The schedule that others keep holds again; False: there were no own hours."""
    with store.transaction():
        were_there = store.said.unsay(account, agent, HOURS)
        if were_there:
            store.audit.add(account, at, "own hours", by=Person(agent), agent=Person(agent), removed=True)
            ask_for_evaluation(store, account, at)
    return were_there


def own_hours_of(store: Store, account: str, agent: str) -> str | None:
    """The hours that an agent chose; None: none."""
    found = [words for words in store.said.words(account, agent) if words.what == HOURS]
    return str(found[0].body["schedule"]) if found else None
