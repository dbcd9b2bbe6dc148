"""A change that an app told and a pull inferred is one event, whichever comes first."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk_wellbeing.events import conform
from helpdesk_wellbeing.feed import TICKETS, Page
from helpdesk_wellbeing.inferences import Change, corrections, unexplained

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
_numbers = itertools.count(1000)


def at(second: float) -> datetime:
    return NOON + timedelta(seconds=second)


def told_event(name: str, second: float, kind: str, after: str | None = None, **more: str) -> dict[str, str]:
    row = {"id": name, "at": at(second).isoformat(), "ticket": "7", "kind": kind, "actor": "11", "actor_kind": "agent"}
    return row | ({} if after is None else {"after": after}) | more


def diff(second: float, since: float, kind: str, after: str | None, ticket: str = "7", **more: str) -> dict[str, str]:
    row = {"id": f"diff:{ticket}:{kind}:{after}:{second}", "at": at(second).isoformat(), "ticket": ticket, "kind": kind,
           "started_at": at(since).isoformat(), "actor_kind": "unknown", "grade": "B"}  # fmt: skip
    return row | ({} if after is None else {"after": after}) | more


def frame(*rows: dict[str, str]) -> pl.DataFrame:
    names = sorted({name for row in rows for name in row} | {"at", "ticket", "kind"})
    events, problems = conform(pl.DataFrame(list(rows), schema=dict.fromkeys(names, pl.String)), "acme")
    assert problems.is_empty()
    return events


def sight(second: float, ticket: str = "7", **state: str | None) -> pl.DataFrame:
    row = {"ticket": ticket, "created_at": at(0), "updated_at": at(second), "channel": "email", **state}
    return pl.DataFrame([row], schema=TICKETS)


def page(*rows: dict[str, str], seen: pl.DataFrame | None = None) -> Page:
    return Page("tickets", frame(*rows), len(rows), None, tickets=seen)


def ids(store) -> list[str]:
    return store.all_events("acme", None, None)["id"].to_list()


TOLD = told_event("app:1", 100, "status", "solved")
SEEN = diff(100, 40, "status", "solved")


@pytest.mark.parametrize("first", ["told", "seen"])
def test_of_a_change_that_was_told_and_inferred_the_told_one_stays(store, first):
    if first == "told":
        store.add_told("acme", frame(TOLD))
        added = store.commit_page("acme", page(SEEN))
        assert (added.new, added.repeated) == (0, 1)
    else:
        store.commit_page("acme", page(SEEN))
        store.add_told("acme", frame(TOLD))

    assert ids(store) == ["app:1"]


@pytest.mark.parametrize("first", ["told", "seen"])
@pytest.mark.parametrize(
    ("told", "why"),
    [
        (TOLD | {"ticket": "8"}, "another ticket"),
        (TOLD | {"kind": "priority", "after": "high"}, "another kind"),
        (TOLD | {"after": "pending"}, "became something else"),
        (TOLD | {"at": at(37.9).isoformat()}, "before its time"),
        (TOLD | {"at": at(102.1).isoformat()}, "after it was seen"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_change_that_was_not_the_one_told_stays_beside_it(store, told, why, first):
    if first == "told":
        store.add_told("acme", frame(told))
    store.commit_page("acme", page(SEEN))
    if first == "seen":
        store.add_told("acme", frame(told))

    assert sorted(ids(store)) == ["app:1", SEEN["id"]]


@pytest.mark.parametrize("second", [38, 102])
def test_two_clocks_of_a_platform_may_differ_by_two_seconds(store, second):
    store.commit_page("acme", page(SEEN))
    store.add_told("acme", frame(TOLD | {"at": at(second).isoformat()}))

    assert ids(store) == ["app:1"]


def test_a_page_that_comes_again_does_not_bring_back_what_gave_way(store):
    for _ in range(2):
        store.commit_page("acme", page(SEEN))
        store.add_told("acme", frame(TOLD))
    store.commit_page("acme", page(SEEN))

    assert ids(store) == ["app:1"]


def test_what_gave_way_comes_back_when_something_told_late_shows_that_it_was_another_change(store):
    """Solved, reopened, solved again: the third was never told and the second came late."""
    store.add_told("acme", frame(TOLD | {"at": at(50).isoformat()}))
    store.commit_page("acme", page(SEEN))
    assert ids(store) == ["app:1"]

    store.add_told("acme", frame(told_event("app:2", 60, "status", "open")))
    assert ids(store) == ["app:1", "app:2", SEEN["id"]]

    store.add_told("acme", frame(told_event("app:3", 100, "status", "solved")))
    assert ids(store) == ["app:1", "app:2", "app:3"]


def test_a_change_that_undid_a_told_one_shows_in_the_sight_alone(store):
    store.add_told("acme", frame(TOLD))
    store.commit_page("acme", page(seen=sight(160, status="open", priority="low")))

    last = store.all_events("acme", None, None).row(-1, named=True)
    shown = {name: last[name] for name in ("before", "after", "at", "started_at", "actor", "actor_kind", "grade")}
    assert shown == {"before": "solved", "after": "open", "at": at(160), "started_at": at(100), "actor": None,
                     "actor_kind": "unknown", "grade": "B"}  # fmt: skip

    store.add_told("acme", frame(told_event("app:2", 130, "status", "open")))
    assert ids(store) == ["app:1", "app:2"]


def test_a_sight_from_before_the_change_says_nothing_about_it(store):
    store.add_told("acme", frame(TOLD))
    store.commit_page("acme", page(seen=sight(99, status="open")))

    assert ids(store) == ["app:1"]


def test_tags_are_told_and_inferred_one_by_one(store):
    store.add_told("acme", frame(told_event("app:1", 100, "tagged", "vip")))
    store.commit_page("acme", page(diff(100, 40, "tagged", "vip"), diff(100, 40, "tagged", "slow")))
    store.add_told("acme", frame(told_event("app:2", 130, "untagged", before="vip")))
    store.commit_page("acme", page(diff(130, 100, "untagged", None, before="vip")))

    assert ids(store) == ["app:1", "diff:7:tagged:slow:100", "app:2"]


def test_a_deletion_and_a_coming_back_are_matched_apart_from_the_status(store):
    store.add_told("acme", frame(told_event("app:1", 100, "deleted"), told_event("app:2", 100, "status", "solved")))
    store.commit_page("acme", page(diff(100, 40, "deleted", None), diff(100, 40, "status", "solved"),
                                   seen=sight(100, status="deleted")))  # fmt: skip
    assert ids(store) == ["app:1", "app:2"]

    store.commit_page("acme", page(seen=sight(160, status="solved")))
    last = store.all_events("acme", None, None).row(-1, named=True)
    assert (last["kind"], last["before"], last["after"]) == ("status", "deleted", "solved")


def test_what_only_a_pull_can_see_stays(store):
    store.add_told("acme", frame(TOLD))
    store.commit_page("acme", page(diff(100, 40, "sla_breached", "reply_time")))

    assert ids(store) == ["app:1", "diff:7:sla_breached:reply_time:100"]


@pytest.mark.parametrize("first", ["told", "seen"])
def test_who_created_a_ticket_is_told_better_than_its_first_sight_shows(store, first):
    told = [told_event("ticket:7:created", 5, "created", status="open"), told_event("app:1.1", 5, "tagged", "vip")]
    seen = [{"id": "ticket:7:created", "at": at(5).isoformat(), "ticket": "7", "kind": "created", "status": "solved"},
            {"id": "ticket:7:created:tag:vip", "at": at(5).isoformat(), "ticket": "7", "kind": "tagged",
             "after": "vip"}]  # fmt: skip
    if first == "told":
        store.add_told("acme", frame(*told))
    store.commit_page("acme", page(*seen, seen=sight(60, status="solved")))
    if first == "seen":
        store.add_told("acme", frame(*told))

    events = store.all_events("acme", None, None)
    assert events.select("kind", "actor", "status", "after").rows() == [
        ("tagged", "11", None, "vip"),
        ("created", "11", "open", None),
        ("status", None, None, "solved"),
    ]


def test_facts_are_dirty_from_what_gave_way_on(store):
    store.commit_page("acme", page(diff(100, 40, "status", "solved")))
    with store.writer("acme", "test"):
        store.set_clean("acme")
    store.add_told("acme", frame(TOLD | {"at": at(101).isoformat()}))

    assert store.dirty_since("acme") == at(100)


def test_what_is_long_behind_is_forgotten_and_an_account_sees_its_own_only(store):
    store.create_account("other")
    store.add_told("acme", frame(TOLD))
    day = 86_400

    store.commit_page("acme", page(diff(9 * day, 10, "status", "solved")))
    store.commit_page("acme", page(diff(20 * day, 19 * day, "status", "open", "8")))
    store.commit_page("acme", page(diff(20 * day + 1, 10, "status", "solved")))

    assert ids(store) == ["app:1", f"diff:8:status:open:{20 * day}", f"diff:7:status:solved:{20 * day + 1}"]
    assert store.all_events("other", None, None).is_empty()


# ---- any order ------------------------------------------------------------------------------------------------------

VALUES = {"status": ("open", "pending", "solved"), "assigned": (None, "11")}
FIRST = {key: values[0] for key, values in VALUES.items()}
COLUMN = {"status": "status", "assigned": "assignee"}


class InTheStore:
    """Told and seen changes of a new ticket, kept by a store."""

    def __init__(self, store) -> None:
        self.store = store
        self.ticket = str(next(_numbers))

    def tell(self, name: str, second: int, key: str, value: str | None) -> None:
        self.store.add_told("acme", frame(told_event(name, second, key, value, ticket=self.ticket)))

    def see(self, changed_at: int, since: int, differs: dict[str, str | None], state: dict[str, str | None]) -> None:
        rows = [diff(changed_at, since, key, value, self.ticket) for key, value in differs.items()]
        columns = {COLUMN[key]: value for key, value in state.items()}
        self.store.commit_page("acme", page(*rows, seen=sight(changed_at, self.ticket, **columns)))

    def counting(self) -> list[tuple[str, int, str, str | None]]:
        events = self.store.all_events("acme", None, None).filter(pl.col("ticket") == self.ticket)
        second = (pl.col("at") - NOON).dt.total_seconds()
        return events.select("id", second.alias("second"), "kind", "after").rows()


class ByTheRule:
    """The same with the rule alone."""

    def __init__(self, store: object) -> None:
        self.ticket = "7"
        self.known: dict[str, Change] = {}
        self.state: tuple[dict[str, str | None], int] = ({}, -1)

    def tell(self, name: str, second: int, key: str, value: str | None) -> None:
        self._keep(Change(name, key, value, second * 1_000_000))

    def see(self, changed_at: int, since: int, differs: dict[str, str | None], state: dict[str, str | None]) -> None:
        self.state = (dict(state), changed_at * 1_000_000)
        inferred = [
            Change(f"diff:7:{key}:{value}:{changed_at}", key, value, changed_at * 1_000_000, since * 1_000_000)
            for key, value in differs.items()
        ]
        self._keep(*inferred)

    def _keep(self, *changes: Change) -> None:
        self.known = {change.id: change for change in changes} | self.known
        for change, _ in list(corrections("7", self._counting(), *self.state)):
            self.known.setdefault(change.id, change)

    def _counting(self) -> list[Change]:
        counts = unexplained(self.known.values())
        return [change for change in self.known.values() if change.is_told or change.id in counts]

    def counting(self) -> list[tuple[str, int, str, str | None]]:
        found = sorted(self._counting(), key=lambda change: (change.at, change.id))
        return [(change.id, change.at // 1_000_000, change.key, change.value) for change in found]


@dataclass(frozen=True)
class Step:
    """Somebody changes something; what becomes of the app's event; whether a poll looks afterwards."""

    key: str
    value: int
    wait: int
    told: str  # now | twice | late | never
    poll: bool


def courses(shortest: int):
    step = st.builds(
        Step, st.sampled_from([*VALUES]), st.integers(0, 2), st.integers(shortest, 60),
        st.sampled_from(["now", "twice", "late", "never"]), st.booleans(),
    )  # fmt: skip
    return st.tuples(st.lists(step, min_size=2, max_size=12), st.randoms(use_true_random=False))


def played(book, course):
    """The true changes (second, key, value, id), the true state, and the ids of what was told, after all is told."""
    steps, chance = course
    now = changed_at = seen_at = 0
    state, seen = dict(FIRST), dict(FIRST)
    changes, heard, late = [], set(), []

    def poll() -> None:
        nonlocal seen, seen_at
        if changed_at:
            book.see(changed_at, seen_at, {key: state[key] for key in state if state[key] != seen[key]}, state)
        seen, seen_at = dict(state), now

    for step in steps:
        now += step.wait
        value = VALUES[step.key][step.value % len(VALUES[step.key])]
        if value == state[step.key]:
            continue
        change = (f"app:{book.ticket}.{len(changes):04}", now, step.key, value)
        state[step.key], changed_at = value, now
        changes.append(change)
        heard |= {change[0]} if step.told != "never" else set()
        late += [change] * (step.told == "late")
        for _ in range({"now": 1, "twice": 2}.get(step.told, 0)):
            book.tell(*change)
        if step.poll:
            now += chance.choice([0, 1, 30])
            poll()
            chance.shuffle(late)
            for _ in range(chance.randint(0, len(late))):
                book.tell(*late.pop())
    if chance.random() < 0.5:
        poll()
    for change in late:
        book.tell(*change)
    poll()
    return changes, state, heard


def check_course(book, course) -> None:
    _, state, heard = played(book, course)
    counting = book.counting()

    assert dict(FIRST) | {key: value for _, _, key, value in counting} == state
    assert heard <= {name for name, *_ in counting}
    assert len({name for name, *_ in counting}) == len(counting)


def check_names(book, course) -> None:
    changes, _, heard = played(book, course)

    inferred = [row for row in book.counting() if row[0].startswith("diff:")]
    meant = [
        [name for name, when, its_key, _ in changes if its_key == key and when <= second][-1]
        for _, second, key, _ in inferred
    ]
    assert heard.isdisjoint(meant)
    assert len(meant) == len(set(meant))


MANY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400, deadline=None)
FEW = settings(MANY, max_examples=8)


@MANY
@given(course=courses(1))
def test_whatever_is_told_late_twice_or_never_the_folded_state_is_the_platforms(course):
    check_course(ByTheRule(None), course)


@MANY
@given(course=courses(3))
def test_whatever_is_told_late_twice_or_never_each_change_is_named_once(course):
    check_names(ByTheRule(None), course)


@FEW
@given(course=courses(3))
def test_the_store_keeps_to_the_rule(store, course):
    check_course(InTheStore(store), course)
    check_names(InTheStore(store), course)


# The platform's export of activities


EXPORTED = told_event("activity:1:status", 100, "status", "solved", actor="12")


def deliver(store, *rows: dict[str, str]) -> None:
    """Each as it comes: what apps tell at the door, the rest with pages."""
    for row in rows:
        if row["id"].startswith("app:"):
            store.add_told("acme", frame(row))
        else:
            store.commit_page("acme", page(row))


@pytest.mark.parametrize("order", list(itertools.permutations([EXPORTED, SEEN])))
def test_what_was_inferred_gives_way_to_the_export_in_any_order(store, order):
    deliver(store, *order)
    deliver(store, *order)
    assert ids(store) == ["activity:1:status"]


@pytest.mark.parametrize("order", list(itertools.permutations([EXPORTED, TOLD, SEEN])))
def test_of_app_and_export_the_first_one_stays(store, order):
    deliver(store, *order)
    deliver(store, *order)
    first = next(row["id"] for row in order if row is not SEEN)
    assert ids(store) == [first]


@pytest.mark.parametrize(
    ("exported", "both"),
    [
        (EXPORTED | {"at": at(102).isoformat()}, False),
        (EXPORTED | {"at": at(102.1).isoformat()}, True),
        (EXPORTED | {"after": "closed"}, True),
        (EXPORTED | {"ticket": "8"}, True),
        (EXPORTED | {"kind": "priority", "after": "low"}, True),
    ],
    ids=["2 s later", "later", "other value", "other ticket", "other kind"],
)
def test_the_export_repeats_an_app_event_where_it_says_the_same_within_two_seconds(store, exported, both):
    deliver(store, TOLD, exported)
    assert len(ids(store)) == 1 + both


def test_each_of_two_equal_changes_is_repeated_once(store):
    deliver(store, TOLD)
    for _ in range(2):
        store.commit_page("acme", page(EXPORTED, EXPORTED | {"id": "activity:2:status", "at": at(101).isoformat()}))
    assert ids(store) == ["app:1", "activity:2:status"]


def test_a_beginning_that_the_export_tells_replaces_the_first_sight_in_either_order(store):
    sight_of_it = told_event("ticket:7:created", 0, "created", group="20", actor_kind="unknown", actor="")
    beginning = told_event("activity:1:created", 0, "created", group="10", status="open", priority="low")
    deliver(store, sight_of_it, beginning, sight_of_it)
    assert ids(store) == ["activity:1:created"]


def test_what_was_told_in_order_within_the_second_of_a_sight_explains_it(store):
    for micro, value in ((1, "open"), (2, "solved")):
        moment = (at(100) + timedelta(microseconds=micro)).isoformat()
        deliver(store, told_event(f"activity:{micro}:status", 0, "status", value) | {"at": moment})
    store.commit_page("acme", page(SEEN, seen=sight(100, status="solved", group=None, assignee=None, priority="low")))
    assert ids(store) == ["activity:1:status", "activity:2:status"]


def test_changes_of_a_month_are_known_where_there_is_an_export(store):
    day = 24 * 3600.0
    deliver(store, told_event("activity:0:priority", 40 * day, "priority", "low", ticket="9"))
    deliver(store, diff(10 * day, 9 * day, "status", "solved"), diff(40 * day, 39 * day, "status", "open", ticket="8"))
    deliver(store, told_event("activity:1:status", 9.5 * day, "status", "solved"))
    assert "activity:1:status" in ids(store)
    assert not any(name.startswith("diff:7") for name in ids(store))
