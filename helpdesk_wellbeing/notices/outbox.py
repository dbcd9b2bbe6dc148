"""One round of notices for an account: who is to be told something now, and sending what waits.

A notice is kept under its key before it is sent, so that whoever is killed and begins again writes no second one. What
was begun and not noted as sent is tried again by mail, under the same Message-ID, and not in a room, where nothing
tells one from two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from helpdesk_wellbeing.errors import PlatformError, Refused, RetryLater, WellbeingError, in_a_line
from helpdesk_wellbeing.notices import content, timing
from helpdesk_wellbeing.notices.channels import Away, Channel, Unsure
from helpdesk_wellbeing.notices.people import Recipient, recipients
from helpdesk_wellbeing.notices.picture import Picture, mark, picture_of
from helpdesk_wellbeing.notices.settings import Settings, settings_of
from helpdesk_wellbeing.store.notices import Notice

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

LOOK_EVERY = timedelta(minutes=2)
LEASE = timedelta(minutes=5)  # of one that is being sent
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=2), timedelta(hours=2)
GIVEN_UP = timedelta(days=1)
KEPT = timedelta(days=200)  # longer than a flag stands that people were told of
FAILING_SINCE = timedelta(days=2)  # trouble that is older is no news
_BEFORE = "notices_before"  # names of what the store keeps
_LOOKED = "notices_looked"

Open = Callable[["Store", str, Settings, Recipient], Channel]


@dataclass(frozen=True)
class Means:
    """What a round works with. `open` gives the way to a recipient; `statutory` are rules of law."""

    store: Store
    open: Open
    statutory: frozenset[str] = frozenset()
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    stopping: Callable[[], bool] = lambda: False


@dataclass
class Tally:
    """What a round did; `problems` by channel."""

    state: str = "on"  # on | off | stopped
    made: int = 0
    sent: int = 0
    later: int = 0
    dropped: int = 0
    problems: dict[str, str] = field(default_factory=dict)


def work(means: Means, account: str) -> Tally:
    """Look who is to be told something, send what is due, and say when to look again."""
    from helpdesk_wellbeing.acting.policy import policy_of

    store, at, tally = means.store, means.now(), Tally()
    settings, acting = settings_of(store, account), policy_of(store, account)
    if not settings.on:
        store.notices.drop_waiting(account)
        tally.state = "off"
        return tally
    if acting.stopped or acting.public_url is None:
        tally.state = "stopped"
        store.notices.look_at(account, at)
        store.notices.put_off(account, at + LOOK_EVERY)
        return tally
    store.notices.look_at(account, at + LOOK_EVERY)
    language = settings.language or acting.language
    failing = {channel: since for channel, (since, _) in failing_channels(store, account, at).items()}
    picture = picture_of(store, account, at, acting.public_url, means.statutory, failing)
    everybody = recipients(store.access.members(account), picture.staff, settings)
    tally.made = _make(store, account, settings, picture, everybody, language)
    _send_due(means, account, settings, everybody, tally)
    store.notices.tidy(account, at - KEPT)
    return tally


# ---- making ---------------------------------------------------------------------------------------------------------


def _make(
    store: Store, account: str, settings: Settings, picture: Picture, everybody: list[Recipient], language: str
) -> int:
    """Keep what is to be told now; how many notices are new."""
    made, at = 0, picture.at
    before = _before(store, account, settings, picture, everybody, language)
    looked = store.get_meta(account, _LOOKED)
    since = max(datetime.fromisoformat(one) for one in (looked, settings.since and settings.since.isoformat()) if one)
    for to in everybody:
        if not timing.may_send(to.hours, settings.quiet, at):
            continue
        alarms = content.urgent(to, picture, before, language) is not None
        if not alarms and not timing.digest_is_due(to.hours, settings.quiet, settings.usual, since, at):
            continue  # nearly always; what they were told before need not be read
        earlier = store.notices.listed(account, at - KEPT, to.who)
        for kind, message in _messages(settings, to, picture, earlier, since, before, language):
            day = timing.local_date(to.hours, at).isoformat()
            what = day if kind == "digest" else mark(*sorted(message.about))
            new = Notice(f"{kind}:{mark(to.who)}:{to.channel}:{what}", to.who, kind, to.channel, at, at,
                         content.to_json(message))  # fmt: skip
            made += store.notices.add(account, new)
    store.set_meta(account, _LOOKED, at.isoformat())
    return made


def _messages(
    settings: Settings, to: Recipient, picture: Picture, earlier: list[Notice], since: datetime, before: set[str],
    language: str,
) -> Iterator[tuple[str, content.Message]]:  # fmt: skip
    """What a recipient is told now: a digest that is due, then what is urgent and not in it."""
    at = picture.at
    told = _marks(earlier)
    today = [one for one in earlier if timing.local_date(to.hours, one.made_at) == timing.local_date(to.hours, at)]
    has_digest = any(one.kind == "digest" for one in today)
    alarmed = [one for one in today if one.kind == "urgent"]
    said = _marks(alarmed)
    message = content.urgent(to, picture, told | before, language)
    was_tried = message is not None and any(_marks([one], anyway=True) == set(message.about) for one in earlier)
    if message is not None and not was_tried and len(alarmed) < settings.urgent_a_day:
        yield "urgent", message
        said |= set(message.about)
    if not has_digest and timing.digest_is_due(to.hours, settings.quiet, settings.usual, since, at):
        message = content.digest(to, picture, told | said, language, said)
        if message is not None:
            yield "digest", message


def _marks(notices: list[Notice], *, anyway: bool = False) -> set[str]:
    """What they were about; `anyway`: of those that never arrived, too."""
    return {one for notice in notices if anyway or notice.state != "dropped" for one in notice.body.get("about", ())}


def _before(
    store: Store, account: str, settings: Settings, picture: Picture, everybody: list[Recipient], language: str
) -> set[str]:
    """Marks of what was urgent when notices were switched on: it is in the digests, but nobody is alarmed by it."""
    import json

    since = settings.since.isoformat() if settings.since else ""
    kept = store.get_meta(account, _BEFORE)
    known = json.loads(kept) if kept is not None else {}
    if known.get("since") != since:
        messages = [content.urgent(to, picture, (), language) for to in everybody]
        marks = sorted({one for message in messages if message is not None for one in message.about})
        known = {"since": since, "marks": marks}
        store.set_meta(account, _BEFORE, json.dumps(known))
    return set(known["marks"])


# ---- sending --------------------------------------------------------------------------------------------------------


def _send_due(means: Means, account: str, settings: Settings, everybody: list[Recipient], tally: Tally) -> None:
    store, known = means.store, {(to.who, to.channel): to for to in everybody}
    opened: dict[str, Channel] = {}
    away: set[str] = set()
    try:
        for notice in store.notices.waiting(account, means.now()):
            if means.stopping():
                return
            way = notice.channel if notice.channel == "mail" else notice.who
            if way in away:
                continue
            to = known.get((notice.who, notice.channel))
            if to is None:
                tally.dropped += 1
                store.notices.give_up(account, notice.key, "dropped", "the recipient is none any more")
            elif _may_go(means, account, settings, to, notice, tally):
                _send(means, account, settings, to, notice, opened, way, away, tally)
    finally:
        for channel in opened.values():
            channel.close()


def _may_go(means: Means, account: str, settings: Settings, to: Recipient, notice: Notice, tally: Tally) -> bool:
    """Whether it is sent now; else it is put off until it may be, or given up."""
    store, at = means.store, means.now()
    if notice.state == "sending" and to.is_room:
        tally.dropped += 1
        store.notices.give_up(account, notice.key, "unsure", "it was being sent when the process ended; not sent again")
        return False
    is_old = notice.kind == "digest" and timing.local_date(to.hours, notice.made_at) != timing.local_date(to.hours, at)
    if is_old or at - notice.made_at >= GIVEN_UP:  # the digest of another day would be a second one today
        tally.dropped += 1
        store.notices.give_up(account, notice.key, "dropped", notice.problem or "it could not be sent in time")
        return False
    if timing.may_send(to.hours, settings.quiet, at):
        return True
    later = timing.next_moment(to.hours, settings.quiet, at)
    store.notices.later(account, notice.key, later or at + GIVEN_UP, None)
    tally.later += 1
    return False


def _send(
    means: Means, account: str, settings: Settings, to: Recipient, notice: Notice, opened: dict[str, Channel], way: str,
    away: set[str], tally: Tally,
) -> None:  # fmt: skip
    store, at = means.store, means.now()
    if not store.notices.claim(account, notice.key, at, at + LEASE):
        return
    try:
        if way not in opened:
            opened[way] = means.open(store, account, settings, to)
        opened[way].send(to, content.from_json(notice.body), f"{account}:{notice.key}")
    except Exception as trouble:
        _note_trouble(means, account, notice, to, trouble, tally)
        if isinstance(trouble, Away):
            away.add(way)
        return
    store.notices.sent(account, notice.key, means.now())
    tally.sent += 1


def _note_trouble(means: Means, account: str, notice: Notice, to: Recipient, trouble: Exception, tally: Tally) -> None:
    store, at, line = means.store, means.now(), in_a_line(trouble, "notices")
    tally.problems[_channel(notice)] = line
    if isinstance(trouble, Unsure):
        tally.dropped += 1
        store.notices.give_up(account, notice.key, "unsure", line)
    elif isinstance(trouble, RetryLater):
        wait = min(FIRST_WAIT * 2 ** min(notice.tries, 10), LONGEST_WAIT)
        told = timedelta(seconds=min(trouble.after or 0.0, LONGEST_WAIT.total_seconds()))
        store.notices.later(account, notice.key, at + max(wait, told), line)
        tally.later += 1
    elif isinstance(trouble, Refused):
        tally.dropped += 1
        store.notices.give_up(account, notice.key, "dropped", line)
    else:  # settings that a person has to mend; it is tried again meanwhile
        store.notices.later(account, notice.key, at + LONGEST_WAIT, line)
        tally.later += 1


# ---- how it goes ----------------------------------------------------------------------------------------------------


def failing_channels(store: Store, account: str, at: datetime) -> Mapping[str, tuple[datetime, str]]:
    """Channels by which nothing has gone out since something did not: since when, and why. One refused recipient among
    others is no failing channel."""
    notices = store.notices.listed(account, at - FAILING_SINCE)
    worked: dict[str, datetime] = {}
    for notice in notices:
        if notice.sent_at is not None:
            worked[_channel(notice)] = max(notice.sent_at, worked.get(_channel(notice), notice.sent_at))
    found: dict[str, tuple[datetime, str]] = {}
    for notice in notices:
        channel = _channel(notice)
        has_failed = notice.problem is not None and notice.tries > 0 and notice.sent_at is None
        if notice.problem is not None and has_failed and (channel not in worked or worked[channel] < notice.made_at):
            found.setdefault(channel, (notice.made_at, notice.problem))
    return found


def _channel(notice: Notice) -> str:
    return "mail" if notice.channel == "mail" else f"{notice.channel} ({notice.who.partition(':')[2]})"


__all__ = ["Means", "PlatformError", "Tally", "WellbeingError", "failing_channels", "work"]
