"""How long what is kept, and taking out what is older; carried out by `serve`, a piece at a time.

Ages are counted from the account's newest event, so that an account in which nothing happens loses nothing. Events,
facts and checkpoints are never kept shorter than an evaluation needs that begins anew at the oldest event: its signals
look back from there as far as from today.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.engine import WINDOWS
from helpdesk_wellbeing.errors import ConfigError

if TYPE_CHECKING:
    from helpdesk_wellbeing.engine import Engine
    from helpdesk_wellbeing.store import Store


class Kind(StrEnum):
    """A class of data."""

    EVENTS = "events"
    FACTS = "facts"
    FLAGS = "flags"
    SURVEYS = "surveys"
    AUDIT = "audit"
    INBOX = "inbox"
    SESSIONS = "sessions"
    NOTICES = "notices"


YEAR = 365
DEFAULTS: Mapping[Kind, int] = {  # days
    Kind.EVENTS: 28 * 7,
    Kind.FACTS: 56 * 7,
    Kind.FLAGS: YEAR,
    Kind.SURVEYS: YEAR,
    Kind.AUDIT: 2 * YEAR,
    Kind.INBOX: 7,
    Kind.SESSIONS: 30,
    Kind.NOTICES: 90,
}
_AGREED = {  # what agreements call them
    "events": Kind.EVENTS,
    "facts": Kind.FACTS,
    "decisions": Kind.FLAGS,
    "answers": Kind.SURVEYS,
    "audit": Kind.AUDIT,
}
LONGEST_DAYS = 10 * YEAR
WEEK = timedelta(weeks=1)
LONGEST_WINDOW = max(WINDOWS.values())
EVERY = timedelta(days=1)
DAYS_AT_ONCE = 14  # of events in one transaction
_LEAST: Mapping[Kind, int] = {
    Kind.INBOX: 7,  # platforms send again for a day; the keys tell that
    Kind.FLAGS: 56,  # planning looks back on what was proposed and declined lately
    Kind.SURVEYS: 200,  # how often somebody is asked
    Kind.AUDIT: 52 * 7,
}
_SO_LONG: Mapping[Kind, str] = {
    Kind.EVENTS: "signals look back so far",
    Kind.FACTS: "signals look back so far",
    Kind.FLAGS: "planning looks back so far",
    Kind.SURVEYS: "surveys look back so far, so that nobody is asked too often",
    Kind.AUDIT: "what was done can be checked for a year",
    Kind.INBOX: "helpdesks send again",
}


@dataclass(frozen=True)
class Retention:
    """How many days each class is kept: what was set, and what was agreed on, which holds where it is shorter."""

    days: Mapping[Kind, int]
    agreed: Mapping[Kind, int] = field(default_factory=dict)

    def age(self, kind: Kind) -> timedelta:
        """How old what is kept of a class may become."""
        longest = min(self.days[kind], self.agreed.get(kind, self.days[kind]))
        return timedelta(days=max(longest, self.least(kind)))

    def is_longer(self, kind: Kind) -> bool:
        """Whether a class is kept longer than was set or agreed on; `why_so_long` says why."""
        return self.age(kind).days > min(self.days[kind], self.agreed.get(kind, self.days[kind]))

    def least(self, kind: Kind) -> int:
        """The shortest that is possible, in days."""
        if kind == Kind.EVENTS:  # evidence is shown until the next weekly evaluation: to the Monday, and a week
            return (LONGEST_WINDOW + WEEK).days
        if kind == Kind.FACTS:
            return (self.age(Kind.EVENTS) + LONGEST_WINDOW + WEEK).days
        return _LEAST.get(kind, 1)


def why_so_long(kind: Kind) -> str:
    """Why a class is kept for no shorter than `Retention.least`."""
    return _SO_LONG.get(kind, "it is needed so long")


def too_short(weeks: Mapping[str, int]) -> dict[str, int]:
    """The terms of an agreement that could not be kept, by its names for the classes: the shortest possible, in weeks.

    Facts depend on the events: what is computed holds for as long as is looked back from the oldest of these.
    """
    agreed = {_AGREED[name]: 7 * number for name, number in weeks.items() if name in _AGREED}
    found = Retention({**DEFAULTS, **agreed})
    names = {kind: name for name, kind in _AGREED.items()}
    return {names[kind]: -(-found.least(kind) // 7) for kind, days in agreed.items() if days < found.least(kind)}


def refuse_too_short(weeks: Mapping[str, int], account: str) -> None:
    """Raises ConfigError naming the shortest possible where terms of an agreement could not be kept."""
    said = [
        f"{name} {weeks[name]} weeks: the shortest possible is {least}, because {why_so_long(_AGREED[name])}"
        for name, least in too_short(weeks).items()
    ]
    if said:
        raise ConfigError(f"{account}: agreement: {'; '.join(said)}")


def retention_of(store: Store, account: str, at: datetime | None = None) -> Retention:
    """What an account keeps how long; `at` is when, by which it is known what is agreed (default: now)."""
    own = store.upkeep.retention(account)
    weeks = store.upkeep.agreed(account, at or datetime.now(UTC)).get("retention_weeks", {})
    agreed = {kind: 7 * int(weeks[name]) for name, kind in _AGREED.items() if name in weeks}
    return Retention({kind: int(own.get(kind, days)) for kind, days in DEFAULTS.items()}, agreed)


def set_retention(store: Store, account: str, changes: Mapping[str, int], by: str, at: datetime) -> Retention:
    """Keep some classes longer or shorter; the audit says who changed that.

    Raises ConfigError for a class that is none and for a number of days that does not fit.
    """
    known = [kind.value for kind in Kind]
    for name, days in changes.items():
        if name not in known:
            raise ConfigError(f"retention: {name!r} is not a class of data; there are {', '.join(known)}")
        if not 1 <= days <= LONGEST_DAYS:
            raise ConfigError(f"retention: {name} {days}: the number of days is from 1 to {LONGEST_DAYS}")
    with store.transaction():
        before = retention_of(store, account)
        after = replace(before, days={kind: changes.get(kind.value, days) for kind, days in before.days.items()})
        if after != before:
            own = {kind.value: days for kind, days in after.days.items() if days != DEFAULTS[kind]}
            store.upkeep.keep_retention(account, own)
            said = {k.value: {"from": before.days[k], "to": d} for k, d in after.days.items() if d != before.days[k]}
            store.audit.add(account, at, "retention set", by=by, days=said)
    return after


def is_exempt(store: Store, account: str) -> bool:
    """Whether nothing is taken out by itself: of an imported log only its owner knows how long it may be kept."""
    return store.account(account).platform is None


def is_due(store: Store, account: str, now: datetime) -> bool:
    """Whether a day has passed since the last time, or the last time did not come to its end."""
    said = store.upkeep.ran(account)
    if is_exempt(store, account):
        return False
    if not said or not said.get("whole", False):
        return True
    began = datetime.fromisoformat(said["at"])
    return now - began >= EVERY or began > now + EVERY


def carry_out(
    store: Store, account: str, engine: Engine, now: datetime, stopping: Callable[[], bool] = lambda: False
) -> dict[str, Any]:
    """Take out what is too old; the account's writer lease must be held. What was done, as it is noted.

    Cut off at any moment, what is left is whole, and the next time goes on.
    """
    span = store.all_events_span(account)
    before = store.upkeep.ran(account)
    goes_on = bool(before) and not before.get("whole", True)
    removed: dict[str, int] = dict(before["removed"]) if goes_on else {}
    said: dict[str, Any] = {"at": now.isoformat(), "whole": False, "clock": None, "removed": removed}

    def took(kind: Kind, rows: int) -> None:
        if rows:
            removed[kind.value] = removed.get(kind.value, 0) + rows

    first, last, _ = span
    if first is not None and last is not None:
        clock = min(last, now)  # an event of the future must not age all others
        said["clock"] = clock.isoformat()
        kept = retention_of(store, account, now)
        store.upkeep.note_ran(account, said)
        for rows in _cut_events(store, account, engine, clock - kept.age(Kind.EVENTS), first):
            took(Kind.EVENTS, rows)
            store.upkeep.note_ran(account, said)
            if stopping():
                return said
        floor = store.upkeep.floor(account)
        if floor is not None:  # what is worked through anew begins there, and looks back from there
            bound = min(clock - kept.age(Kind.FACTS), floor - LONGEST_WINDOW - WEEK)
            took(Kind.FACTS, store.upkeep.cut_facts(account, bound, transitions=False))
            took(Kind.FACTS, store.upkeep.cut_state(account, floor))
        took(Kind.FLAGS, store.upkeep.cut_facts(account, clock - kept.age(Kind.FLAGS), transitions=True))
        for kind in (Kind.FLAGS, Kind.SURVEYS, Kind.AUDIT, Kind.INBOX, Kind.SESSIONS, Kind.NOTICES):
            took(kind, store.upkeep.cut(account, kind.value, clock - kept.age(kind)))
        took(Kind.AUDIT, store.audit.cut(account, clock - kept.age(Kind.AUDIT), now))
    said["whole"] = True
    with store.transaction():
        store.upkeep.note_ran(account, said)
        if removed:
            store.audit.add(account, now, "retention", removed=removed, clock=said["clock"])
    return said


def _cut_events(store: Store, account: str, engine: Engine, bound: datetime, first: datetime) -> Any:
    """How many events went, piece by piece. First nothing older is taken any more, then what there is goes."""
    if first < bound:
        start = engine.keep_checkpoint(bound)
        if start is not None:
            store.upkeep.raise_floor(account, start, first)
    floor = store.upkeep.floor(account)
    while floor is not None and (rows := store.upkeep.cut_events(account, floor, DAYS_AT_ONCE)):
        yield rows


def in_a_line(store: Store, account: str) -> str:
    """When it was carried out last and what that removed, for `doctor` and `status`."""
    if is_exempt(store, account):
        return "imported: kept until you erase it"
    said = store.upkeep.ran(account)
    if not said:
        return "not carried out yet; serve does it once a day"
    at = datetime.fromisoformat(said["at"]).astimezone(UTC)
    removed = ", ".join(f"{count:,} of {kind}" for kind, count in said["removed"].items()) or "nothing"
    end = "" if said["whole"] else "; it goes on"
    floor = store.upkeep.floor(account)
    since = "" if floor is None else f"; events since {floor:%Y-%m-%d} are kept"
    return f"{at:%Y-%m-%d %H:%M} UTC: removed {removed}{since}{end}"
