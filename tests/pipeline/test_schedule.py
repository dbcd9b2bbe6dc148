"""When accounts are pulled."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_wellbeing.pipeline import schedule
from helpdesk_wellbeing.pipeline.schedule import Pace
from helpdesk_wellbeing.store.work import Run

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def test_a_busy_account_is_pulled_every_five_minutes():
    run = Run("acme", news_at=NOW - MINUTE)

    assert schedule.interval(run, NOW, Pace()) == 5 * MINUTE
    assert abs(schedule.after_pull(run, NOW, Pace()) - NOW - 5 * MINUTE) <= 2.5 * MINUTE


@pytest.mark.parametrize(
    ("silent", "minutes"), [(HOUR, 5), (2 * HOUR, 5), (6 * HOUR, 15), (12 * HOUR, 30), (24 * HOUR, 60), (99 * HOUR, 60)]
)
def test_the_longer_an_account_is_silent_the_less_often_it_is_pulled(silent, minutes):
    assert schedule.interval(Run("acme", news_at=NOW - silent), NOW, Pace()) == minutes * MINUTE


def test_a_webhook_ends_the_silence():
    run = Run("acme", news_at=NOW - 24 * HOUR, hook_at=NOW - MINUTE)

    assert schedule.interval(run, NOW, Pace()) == 5 * MINUTE


def test_an_account_that_never_had_anything_is_pulled_less_often_with_every_pull():
    waits = [schedule.interval(Run("acme", quiet_pulls=n), NOW, Pace()) / MINUTE for n in (0, 1, 2, 5, 50)]

    assert waits == [5, 5, 10, 25, 60]


def test_a_thousand_accounts_are_not_pulled_at_once():
    due = [schedule.first(f"account-{n}", NOW, Pace()) for n in range(1000)]

    assert min(due) >= NOW
    assert max(due) <= NOW + 5 * MINUTE
    assert max(Counter(int((at - NOW).total_seconds()) for at in due).values()) < 15


@given(st.text(min_size=1, max_size=20), st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)))
def test_an_account_keeps_its_own_place_in_the_five_minutes(account, at):
    at = at.replace(tzinfo=UTC)
    one, other = schedule.first(account, at, Pace()), schedule.first(account, at + HOUR, Pace())

    assert at <= one <= at + 5 * MINUTE + timedelta(microseconds=1)
    off = (other - one) % (5 * MINUTE)
    assert min(off, 5 * MINUTE - off) <= timedelta(microseconds=1)


@pytest.mark.parametrize(("failures", "minutes"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (60, 30)])
def test_failures_wait_longer_and_longer_up_to_half_an_hour(failures, minutes):
    assert schedule.after_failure(failures, NOW, 0.5) == NOW + minutes * MINUTE


@given(st.integers(1, 100), st.floats(0, 1, exclude_max=True))
def test_retries_of_many_accounts_do_not_come_together(failures, chance):
    usual = schedule.after_failure(failures, NOW, 0.5) - NOW

    assert 0.79 * usual <= schedule.after_failure(failures, NOW, chance) - NOW <= 1.21 * usual


def test_the_platform_may_ask_for_more():
    assert schedule.after_failure(1, NOW, 0.5, told=600.0) == NOW + 10 * MINUTE
    assert schedule.after_failure(1, NOW, 0.5, told=6.0) == NOW + MINUTE


def test_webhooks_that_fall_silent_while_pulls_bring_news_are_told_of():
    line = schedule.silent_webhooks(Run("acme", hook_at=NOW - 3 * HOUR, news_at=NOW))

    assert line is not None
    assert "2026-11-20 09:00 UTC" in line


@pytest.mark.parametrize(
    "run",
    [
        Run("acme", news_at=NOW),  # there never was a webhook
        Run("acme", hook_at=NOW - HOUR, news_at=NOW),  # not every change has one
        Run("acme", hook_at=NOW - 48 * HOUR, news_at=NOW - 48 * HOUR),  # a week-end
        Run("acme", hook_at=NOW, news_at=NOW - 48 * HOUR),
    ],
)
def test_other_silence_is_nothing_to_tell(run):
    assert schedule.silent_webhooks(run) is None
