"""The connector against the simulated Freshdesk, over HTTP."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from connectors.freshdesk import FreshdeskSettings
from connectors.freshdesk.connector import FreshdeskConnector
from connectors.freshdesk.simulated import Faults, Options, SimulatedFreshdesk, Site
from connectors.session import Limits
from helpdesk_wellbeing.errors import RetryLater

SPOKEN = ("replied", "noted", "customer_replied")


class Clock:
    """Waiting costs nothing; an answer takes `latency` seconds."""

    def __init__(self) -> None:
        self.at = 1000.0

    def sleep(self, seconds: float) -> None:
        self.at += seconds

    def now(self) -> float:
        return self.at


class There:
    """The platform's clock, to be set."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture(scope="module")
def days(world) -> Site:
    """A day of the simulated team, without what was merged or deleted."""
    whole = Site.from_world(world, unlimited=True)
    begin = world.as_of - timedelta(hours=22)
    recent = whole.events.filter(pl.col("at") >= begin)
    born = recent.filter(pl.col("kind") == "created")["ticket"].to_list()
    gone = recent.filter(pl.col("kind").is_in(["merged", "deleted"]))["ticket"].to_list()
    return replace(whole, events=recent.filter(pl.col("ticket").is_in(born) & ~pl.col("ticket").is_in(gone)))


def connector(
    front: SimulatedFreshdesk, clock: Clock | None = None, limits: Limits | None = None, **values
) -> FreshdeskConnector:
    clock = clock or Clock()
    settings = FreshdeskSettings(
        account="acme", domain="acme.freshdesk.com", api_key=front.api_key, base_url=front.base_url, **values
    )
    return FreshdeskConnector(settings, limits=limits, sleep=clock.sleep, now=clock.now)


def said(events: pl.DataFrame) -> Counter:
    """Who said what, where and when."""
    kinds = events.filter(pl.col("kind").is_in(SPOKEN))
    return Counter(kinds.select(pl.col("at").dt.truncate("1s"), "ticket", "kind", "actor").rows())


def told(store) -> Counter:
    return Counter(
        (row["at"], row["ticket"], row["kind"], row["actor"]) for row in store.events.values() if row["kind"] in SPOKEN
    )


def test_everything_that_was_said_is_read_once_by_its_author_and_every_beginning_and_solving(days, store):
    with SimulatedFreshdesk(days) as front:
        store.take(connector(front))
        truth = front.events_so_far()

    assert told(store) == said(truth)
    assert len(store.of("created")) == truth.filter(pl.col("kind") == "created").height
    last = (
        truth.filter((pl.col("kind") == "status") & (pl.col("after") == "solved"))
        .group_by("ticket")
        .agg(pl.col("at").max())
    )
    solved = Counter((row["ticket"], row["at"]) for row in store.of("status") if row["after"] == "solved")
    seen = Counter(last.select("ticket", pl.col("at").dt.truncate("1s")).rows())
    assert sum((seen - solved).values()) < 0.02 * seen.total()


def test_a_hostile_platform_and_kills_change_nothing(days, new_store):
    undisturbed, disturbed = new_store(), new_store()
    with SimulatedFreshdesk(days) as front:
        undisturbed.take(connector(front))
    with SimulatedFreshdesk(days, faults=Faults.hostile(3, slow=0.0)) as front:
        for number in range(12):
            disturbed.take(connector(front), pages=1 + number % 5)
        disturbed.take(connector(front))

    assert disturbed.events == undisturbed.events
    assert disturbed.tickets == undisturbed.tickets


def test_a_first_pull_takes_little_more_than_the_quota_less_the_reserve_allows(days, store):
    clock = Clock()
    limited = replace(days, options=replace(days.options, unlimited=False, plan="growth", decimal_headers=True))
    with SimulatedFreshdesk(limited, ticks=clock.now) as front:
        pulling = connector(front, clock)
        began, lines = clock.at, []
        for page in pulling.pull({}, None, store.remembered):
            store.commit(page)
            lines.append(pulling.progress_line())
        minutes, credits, refused = (clock.at - began) / 60, front.credits.total(), front.quota.refused

    assert refused == 0
    assert credits < 1.1 * len(store.tickets)
    assert minutes <= 1.1 * credits / 140
    assert any("to go" in line for line in lines)


def test_others_who_use_up_the_quota_for_ten_minutes_stop_a_pull_and_the_next_goes_on(days, store, new_store):
    clock = Clock()
    limited = replace(days, options=replace(days.options, unlimited=False, plan="pro"))
    with SimulatedFreshdesk(limited, ticks=clock.now) as front:
        store.take(connector(front, clock), pages=8)
        front.drain(10)
        with pytest.raises(RetryLater):
            store.take(connector(front, clock, Limits(attempts=3)))
        clock.sleep(600)
        store.take(connector(front, clock))
    undisturbed = new_store()
    with SimulatedFreshdesk(days) as front:
        undisturbed.take(connector(front))

    assert store.events == undisturbed.events


@pytest.mark.prove
@pytest.mark.parametrize("plan", ["growth", "pro", "enterprise"])
def test_patient_pulls_lose_nothing_and_cost_less_than_half_of_plain_ones(world, store, plan):
    """A day in steady state, a pull every five minutes; plain: a list and the conversations of each changed ticket."""
    there, clock = There(datetime(2026, 11, 17, tzinfo=UTC)), Clock()
    begin, plain = there.at, 0
    since = begin - timedelta(days=12)
    with SimulatedFreshdesk(Site.from_world(world, plan=plan), now=there, ticks=clock.now) as front:
        store.take(connector(front, clock, patient=True), since)
        front.credits.clear()
        while there.at < begin + timedelta(days=1):
            before = there.at
            there.at += timedelta(minutes=5)
            clock.sleep(300)
            store.take(connector(front, clock, patient=True), since)
            changed = sum(1 for row in store.tickets.values() if row[2] > before)
            plain += max(1, -(-changed // 100)) + changed
        spent = front.credits.total()
        store.take(connector(front, clock), since)
        truth = front.events_so_far().filter((pl.col("at") >= begin) & (pl.col("at") <= there.at))

    lately = Counter({key: count for key, count in told(store).items() if begin <= key[0] <= there.at})
    assert said(truth) - lately == Counter()
    assert spent < 0.5 * plain


def test_patient_pulls_followed_by_a_complete_one_bring_everything(days, store, world):
    there = There(world.as_of - timedelta(hours=12))
    with SimulatedFreshdesk(days, now=there) as front:
        for _ in range(12):
            there.at += timedelta(minutes=30)
            store.take(connector(front, patient=True))
        store.take(connector(front))
        truth = front.events_so_far().filter(pl.col("at") <= there.at)

    assert told(store) == said(truth)


def test_what_a_plan_lacks_is_said_once_and_asked_for_once_a_day(days, store):
    lacking = frozenset(["time_entries", "satisfaction_ratings", "availability", "business_hours", "admin_groups"])
    poor = replace(days, options=replace(days.options, lacking=lacking))
    with SimulatedFreshdesk(poor) as front:
        first = connector(front, patient=True)
        store.take(first, first.api.platform_now())
        front.requests.clear()
        store.take(connector(front, patient=True), first.api.platform_now())
        again = set(front.requests)

    assert sum("not available here" in note for note in first.notes) == 4  # groups have a second endpoint
    assert not any("time_entries" in name or "surveys" in name or "agents" in name for name in again)


def test_a_key_of_group_scope_is_noticed(days):
    narrow = replace(days, options=replace(days.options, scope=2, groups=("36000",), admin=False))
    with SimulatedFreshdesk(narrow) as front:
        missing = connector(front).ping().missing

    assert [line.split(" (")[0] for line in missing] == ["global ticket scope", "admin rights"]


def test_options_of_the_account_change_nothing_of_what_was_said(days, new_store):
    plain, other = new_store(), new_store()
    with SimulatedFreshdesk(days) as front:
        plain.take(connector(front))
    strange: Options = replace(days.options, refused_includes=frozenset({"stats"}), reopening_clears=True)
    with SimulatedFreshdesk(replace(days, options=strange)) as front:
        pulling = connector(front)
        other.take(pulling)

    assert told(other) == told(plain)
    assert any("does not come with `stats`" in note for note in pulling.notes)
