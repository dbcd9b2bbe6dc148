"""One change is one event: what was told, and what two sights of a ticket only let one infer. Pure, plain values.

A platform's app event tells a change with its actor, and so does its export of activities, later. A poll that sees the
ticket in another state than before infers that the change happened in between. Which of the inferred changes count
beside those that were told is asked anew with every page and every arrival, so the order in which they come makes no
difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

INFERRED = "diff:"  # how the ids of inferred events begin
EXPORTED = "activity:"  # and those that the platform's export of activities tells, a day late
SECOND_US = 1_000_000
SLACK_US = 2 * SECOND_US  # events are dated to the second, and by more than one clock of the platform


@dataclass(frozen=True, slots=True)
class Change:
    """What a ticket's `key` became. Times are microseconds since 1970.

    Of `at` and `id` the fold makes its order, too: told ids sort before inferred ones of the same instant.
    """

    id: str
    key: str  # an event kind, or one tag
    value: str | None
    at: int
    since: int | None = None  # inferred: it happened after this and no later than `at`; None: told

    @property
    def is_told(self) -> bool:
        """Whether somebody told it."""
        return self.since is None


def unexplained(changes: Iterable[Change]) -> set[str]:
    """The ids of a ticket's inferred changes that nothing told explains: only they count.

    Told changes explain an inferred one when they lead to its value within its time: the last one before it was seen,
    or, as clocks differ, the first one within `SLACK_US` after. What was inferred earlier bounds that time, so one told
    change never explains two.
    """
    found = set()
    for of_key in _by_key(changes).values():
        told = [change for change in of_key if change.is_told]
        latest_before: int | None = None  # of the inferred ones
        for seen in of_key:
            if seen.since is None:
                continue
            begins = seen.since - SLACK_US
            if latest_before is not None:
                begins = max(begins, _end_of_second(latest_before) + 1)
            if not _explains(told, seen, begins):
                found.add(seen.id)
            latest_before = seen.at
    return found


def _explains(told: Sequence[Change], seen: Change, begins: int) -> bool:
    shown = _end_of_second(seen.at)
    before = [change for change in told if begins <= change.at <= shown]
    after = [change for change in told if max(begins, shown + 1) <= change.at <= seen.at + SLACK_US]
    return any(change.value == seen.value for change in (*before[-1:], *after[:1]))


def repeated(new: Iterable[Change], known: Iterable[Change]) -> set[str]:
    """The ids of a ticket's `new` told changes that say what is `known` from the other teller: app or export."""
    found = set()
    others = _by_key(change for change in known if change.is_told)
    for change in sorted(new, key=attrgetter("at", "id")):
        of_key = others.get(change.key, [])
        same = next((other for other in of_key if _is_the_same(change, other)), None)
        if same is not None:
            of_key.remove(same)  # who does the same twice within moments did it twice
            found.add(change.id)
    return found


def _is_the_same(one: Change, other: Change) -> bool:
    tellers = one.id.startswith(EXPORTED), other.id.startswith(EXPORTED)
    return tellers[0] != tellers[1] and one.value == other.value and abs(one.at - other.at) <= SLACK_US


def corrections(
    ticket: str, counting: Iterable[Change], state: Mapping[str, str | None], seen_at: int
) -> Iterator[tuple[Change, str | None]]:
    """What must have changed untold, as a sight of the ticket at `seen_at` shows another `state` than was told.

    With each the value before. Such a change shows nowhere else when it undid a told one: two sights are the same then.
    `counting` are the told changes of the ticket and the unexplained ones.
    """
    shown = _end_of_second(seen_at)
    for key, of_key in _by_key(change for change in counting if change.at <= shown).items():
        last = of_key[-1]
        if last.is_told and key in state and state[key] != last.value:
            name = f"{INFERRED}{ticket}:{key}:unseen:{seen_at}"
            yield Change(name, key, state[key], max(seen_at, last.at), last.at), last.value


def _end_of_second(at: int) -> int:
    """Sights are dated to the second, what was told may be in order within it."""
    return at - at % SECOND_US + SECOND_US - 1


def _by_key(changes: Iterable[Change]) -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = defaultdict(list)
    for change in sorted(changes, key=attrgetter("at", "id")):
        found[change.key].append(change)
    return found
