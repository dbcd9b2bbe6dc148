"""What is open, flagged, over and in trouble in an account, as far as anybody may be told of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from helpdesk_wellbeing.notices.people import Staff, Team, staff_of

if TYPE_CHECKING:
    from helpdesk_wellbeing.agreement.gate import Gate
    from helpdesk_wellbeing.store import Store
    from helpdesk_wellbeing.store.seen import Seen

MAIL = "email"  # as agreements name it
GOOD_FOR = timedelta(days=7)  # a good thing is news for as long
WRITES_FAIL_FOR = timedelta(hours=1)
PULLS_FAIL_FOR, PULLS_FAILED = timedelta(hours=6), 5
_AUDIT_LOOKED = "notices_audit"

What = Literal["paused", "failing", "silent", "writing", "audit", "notices"]


@dataclass(frozen=True)
class Decision:
    """An open proposal."""

    id: str
    action: str
    kind: str  # of its subject: agent | team | queue
    subject: str
    made_at: datetime
    lead_from: datetime
    groups: frozenset[str]


@dataclass(frozen=True)
class Flag:
    """A flag that stands. `mark` is another when it begins anew or becomes critical."""

    mark: str
    rule: str
    kind: str
    subject: str
    level: str
    statutory: bool
    since: date
    lead_from: datetime | None  # None: not yet
    groups: frozenset[str]


@dataclass(frozen=True)
class Good:
    """Something good that happened."""

    mark: str
    what: Literal["ended", "answered", "moved"]
    at: date
    groups: frozenset[str]
    kind: str  # of what it is about
    subject: str
    rule: str = ""
    count: int = 0


@dataclass(frozen=True)
class Trouble:
    """Something that an operator has to mend; never anybody's name, never what a server said."""

    mark: str
    what: What
    since: datetime
    urgent: bool
    detail: str = ""  # a word of ours: the channels that fail


@dataclass(frozen=True)
class Picture:
    """Everything that a notice of an account may be made from; `base` is where its pages are."""

    account: str
    base: str
    at: datetime
    staff: Staff = field(default_factory=Staff)
    decisions: tuple[Decision, ...] = ()
    flags: tuple[Flag, ...] = ()
    good: tuple[Good, ...] = ()
    told_of_persons: frozenset[str] = frozenset({"lead", "ops"})  # roles that may know of single people, as agreed
    opened: tuple[tuple[str, str], ...] = ()  # marks, and whose page somebody opened who may not see it otherwise
    troubles: tuple[Trouble, ...] = ()


def mark(*parts: object) -> str:
    """A short word for something that people were told of; it cannot be read."""
    return hashlib.sha256(json.dumps([str(part) for part in parts]).encode()).hexdigest()[:16]


def picture_of(
    store: Store, account: str, at: datetime, base: str, statutory: Collection[str], failing: Mapping[str, datetime]
) -> Picture:
    """From what the store holds; flags and persons as the agreement lets them pass.

    `statutory` are rules of law; `failing` are notices' own channels that fail, since when.
    """
    from helpdesk_wellbeing.agreement.gate import gate_of

    day = at.date()
    staff = staff_of(store.directory(account), day)
    answer = store.work.answer_of(account) or {"flags": ()}
    seen, gate = store.seen.spells(account), gate_of(store, account, at)
    decisions, flags = _decisions(store, account, at, staff), _flags(answer, seen, staff, statutory, gate)
    wrong = {(one.rule, one.kind, one.subject) for one in store.said.contests(account)}
    ended = _ended([one for one in seen if (one.rule, one.kind, one.subject) not in wrong], answer, staff, at)
    good = (*ended, *_answered(store, account, day), *_moved(store, account, at))
    if gate.is_closed:
        decisions = (one for one in decisions if one.kind != "agent")
        flags = (one for one in flags if one.kind != "agent")
        good = tuple(one for one in good if one.kind != "agent")
    return Picture(
        account,
        f"{base.rstrip('/')}/a/{account}",
        at,
        staff,
        tuple(decisions),
        tuple(flags),
        good,
        _told_of_persons(store, account, at, gate),
        tuple((mark("opened", id), agent) for id, agent in store.notices.opened(account, at - GOOD_FOR)),
        tuple(_troubles(store, account, at, failing)),
    )


def _told_of_persons(store: Store, account: str, at: datetime, gate: Gate) -> frozenset[str]:
    """Roles that may hear by mail that there is something about somebody: those that may see it, where an agreement
    that was recorded names mail among its notices."""
    from helpdesk_wellbeing.agreement.recording import in_force

    agreement = in_force(store, account, at)
    if agreement is not None and MAIL not in agreement.notices:
        return frozenset()
    return frozenset(role for role in ("lead", "ops") if gate.shows_to(role))


def _groups(staff: Staff, kind: str, subject: str) -> frozenset[str]:
    return staff.groups_of.get(subject, frozenset()) if kind == "agent" else frozenset({subject})


def _decisions(store: Store, account: str, at: datetime, staff: Staff) -> Iterator[Decision]:
    for kept in store.proposals.listed(account, ("open", "snoozed")):
        is_aside = kept.snoozed_until is not None and kept.snoozed_until > at
        if is_aside or kept.expires_at <= at:
            continue
        lead_from = datetime.fromisoformat(kept.body["lead_from"])
        groups = _groups(staff, kept.subject_kind, kept.subject)
        yield Decision(kept.id, kept.action, kept.subject_kind, kept.subject, kept.made_at, lead_from, groups)


def _flags(
    answer: Mapping[str, Any], seen: list[Seen], staff: Staff, statutory: Collection[str], gate: Gate
) -> Iterator[Flag]:
    from helpdesk_wellbeing.agreement.showing import HEAD_START, contributors, guessable, spell_of

    first = {(one.rule, one.kind, one.subject, one.since): one.first_at for one in seen}
    nobody = Team("", "")
    for flag in answer["flags"]:
        rule, kind, subject, since = spell_of(flag)
        members = len(staff.teams.get(subject, nobody).members)
        if flag["state"] != "active" or not gate.lets(flag) or guessable(flag, contributors(flag, members)):
            continue
        by_law, first_at = rule in statutory, first.get((rule, kind, subject, since))
        at_once = by_law or kind != "agent"
        lead_from = datetime.min.replace(tzinfo=UTC) if at_once else first_at and first_at + HEAD_START
        yield Flag(mark(rule, kind, subject, since, flag["level"]), rule, kind, subject, flag["level"], by_law, since,
                   lead_from, _groups(staff, kind, subject))  # fmt: skip


def _ended(seen: list[Seen], answer: Mapping[str, Any], staff: Staff, at: datetime) -> Iterator[Good]:
    """Flags that are gone and not back."""
    still = {(flag["rule"], flag["subject"]["id"]) for flag in answer["flags"]}
    for one in seen:
        is_over = one.gone_at is not None and at - GOOD_FOR <= one.gone_at <= at
        if not is_over or (one.rule, one.subject) in still:
            continue
        assert one.gone_at is not None
        yield Good(mark("ended", one.rule, one.kind, one.subject, one.since), "ended", one.gone_at.date(),
                   _groups(staff, one.kind, one.subject), one.kind, one.subject, one.rule)  # fmt: skip


def _answered(store: Store, account: str, day: date) -> Iterator[Good]:
    for wave in store.surveys.waves(account):
        if wave.answered_on is not None and day - GOOD_FOR <= wave.answered_on <= day:
            for team in wave.teams:
                yield Good(mark("answered", wave.wave, team), "answered", wave.answered_on, frozenset({team}), "team",
                           team)  # fmt: skip


def _moved(store: Store, account: str, at: datetime) -> Iterator[Good]:
    for kept in store.proposals.listed(account, ("done",), since=at - GOOD_FOR):
        if kept.action != "rebalance" or kept.subject_kind == "agent":
            continue
        moved = sum(w.kind == "move" and w.state == "written" for w in store.writes.of_proposal(account, kept.id))
        if moved:
            yield Good(mark("moved", kept.id), "moved", kept.changed_at.date(), frozenset({kept.subject}),
                       kept.subject_kind, kept.subject, count=moved)  # fmt: skip


def _troubles(store: Store, account: str, at: datetime, failing: Mapping[str, datetime]) -> Iterator[Trouble]:
    from helpdesk_wellbeing.acting.trouble import trouble_of
    from helpdesk_wellbeing.pipeline.schedule import silent_webhooks

    run = store.work.run_of(account)
    if run.paused_at is not None:
        yield Trouble(mark("paused", run.paused_at), "paused", run.paused_at, urgent=True)
    elif run.failures >= PULLS_FAILED and run.pulled_at is not None and at - run.pulled_at >= PULLS_FAIL_FOR:
        yield Trouble(mark("failing", run.pulled_at), "failing", run.pulled_at, urgent=True)
    elif silent_webhooks(run) is not None and run.hook_at is not None:
        yield Trouble(mark("silent", run.hook_at), "silent", run.hook_at, urgent=False)
    writing = trouble_of(store, account)
    if writing is not None and at - writing.since >= WRITES_FAIL_FOR:
        yield Trouble(mark("writing", writing.since), "writing", writing.since, urgent=True)
    broken = _audit_broken_since(store, account, at)
    if broken is not None:
        yield Trouble(mark("audit", broken), "audit", broken, urgent=True)
    for channel, since in sorted(failing.items()):
        yield Trouble(mark("notices", channel, since), "notices", since, urgent=False, detail=channel)


def _audit_broken_since(store: Store, account: str, at: datetime) -> datetime | None:
    """When the audit's chain was first found broken. It is read whole, so once a day."""
    kept = store.get_meta(account, _AUDIT_LOOKED)
    last = json.loads(kept) if kept is not None else {"on": "", "broken": None}
    if last["on"] != at.date().isoformat():
        whole = store.audit.verify(account).problem is None
        last = {"on": at.date().isoformat(), "broken": None if whole else last["broken"] or at.isoformat()}
        store.set_meta(account, _AUDIT_LOOKED, json.dumps(last))
    return None if last["broken"] is None else datetime.fromisoformat(last["broken"])
