"""When somebody may be told something."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_wellbeing.notices.timing import (
    Hours,
    Quiet,
    digest_at,
    digest_is_due,
    may_send,
    next_moment,
    works_on,
)

BERLIN = Hours("Europe/Berlin")
EIGHT = 8 * 60
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Cairo",
         "America/St_Johns", "UTC")  # fmt: skip
SCHEDULES = (None, "Mon-Fri 09:00-17:30", "Mon-Thu 22:00-06:00", "Sat-Sun 10:00-14:00", "Mon-Sun 00:00-24:00",
             "Mon-Fri 05:00-09:00, 14:00-19:00", "Tue 18:30-23:00")  # fmt: skip


def at(text: str, zone: str = "Europe/Berlin") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def test_who_has_no_schedule_gets_the_digest_at_eight_from_monday_to_friday():
    assert digest_at(BERLIN, Quiet(), date(2026, 3, 2), EIGHT) == at("2026-03-02 08:00")
    assert digest_at(BERLIN, Quiet(), date(2026, 2, 28), EIGHT) is None  # a Saturday


def test_the_digest_comes_as_the_working_day_begins():
    early = Hours("Europe/Berlin", "Mon-Fri 06:00-14:00")
    late = Hours("Europe/Berlin", "Sat 11:00-15:00")

    assert digest_at(early, Quiet(), date(2026, 3, 2), EIGHT) == at("2026-03-02 08:00")  # not in the quiet hours
    assert digest_at(late, Quiet(), date(2026, 2, 28), EIGHT) == at("2026-02-28 11:00")
    assert digest_at(late, Quiet(), date(2026, 3, 2), EIGHT) is None


def test_who_works_at_night_finds_it_there_and_is_told_nothing_on_the_morning_after():
    night = Hours("Europe/Berlin", "Mon 22:00-24:00; Tue 00:00-06:00")

    assert digest_at(night, Quiet(), date(2026, 3, 2), EIGHT) == at("2026-03-02 17:00")
    assert not works_on(night, date(2026, 3, 3))


def test_nothing_comes_on_leave():
    away = Hours("Europe/Berlin", None, ((date(2026, 3, 2), date(2026, 3, 4)),))

    assert not may_send(away, Quiet(), at("2026-03-02 10:00"))
    assert not may_send(away, Quiet(), at("2026-03-04 10:00"))
    assert next_moment(away, Quiet(), at("2026-03-02 10:00")) == at("2026-03-05 08:00")


def test_what_comes_up_in_the_quiet_hours_waits_for_the_next_working_day():
    assert not may_send(BERLIN, Quiet(), at("2026-03-06 18:00"))
    assert next_moment(BERLIN, Quiet(), at("2026-03-06 18:00")) == at("2026-03-09 08:00")
    assert next_moment(BERLIN, Quiet(), at("2026-03-06 17:59")) == at("2026-03-06 17:59")


def test_quiet_hours_follow_the_clock_of_summer_and_winter():
    friday, monday = at("2026-03-27 08:00"), at("2026-03-30 08:00")  # the clocks go forward between them

    assert digest_at(BERLIN, Quiet(), date(2026, 3, 27), EIGHT) == friday == datetime(2026, 3, 27, 7, tzinfo=UTC)
    assert digest_at(BERLIN, Quiet(), date(2026, 3, 30), EIGHT) == monday == datetime(2026, 3, 30, 6, tzinfo=UTC)


def test_everybody_has_a_clock_of_their_own():
    monday_at_nine = at("2026-03-02 09:00")

    assert may_send(BERLIN, Quiet(), monday_at_nine)
    assert not may_send(Hours("America/New_York"), Quiet(), monday_at_nine)


def test_a_digest_that_is_late_is_left_out_after_four_hours():
    night = at("2026-03-02 00:00")

    assert digest_is_due(BERLIN, Quiet(), EIGHT, night, at("2026-03-02 11:59"))
    assert not digest_is_due(BERLIN, Quiet(), EIGHT, night, at("2026-03-02 12:00"))
    assert not digest_is_due(BERLIN, Quiet(), EIGHT, night, at("2026-03-02 07:59"))


def test_the_time_of_a_digest_comes_once_a_day():
    assert digest_is_due(BERLIN, Quiet(), EIGHT, at("2026-03-02 07:58"), at("2026-03-02 08:00"))
    assert not digest_is_due(BERLIN, Quiet(), EIGHT, at("2026-03-02 08:00"), at("2026-03-02 08:02"))


def test_a_date_that_a_zone_leapt_over_has_no_digest():
    daily = Hours("Pacific/Apia", "Mon-Sun 09:00-17:00")

    assert digest_at(daily, Quiet(), date(2011, 12, 30), EIGHT) is None
    assert digest_at(daily, Quiet(), date(2011, 12, 31), EIGHT) is not None


@settings(max_examples=60)
@given(
    st.sampled_from(ZONES),
    st.sampled_from(SCHEDULES),
    st.builds(Quiet, st.integers(0, 1439), st.integers(0, 1439)),
    st.integers(0, 1439),
    st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31)),
)
def test_whatever_is_set_nothing_is_sent_at_night_or_on_a_day_off(zone, schedule, quiet, usual, moment):
    hours, now = Hours(zone, schedule), moment.replace(tzinfo=UTC)
    found = [one for one in (
        next_moment(hours, quiet, now),
        digest_at(hours, quiet, now.astimezone(ZoneInfo(zone)).date(), usual),
        now if may_send(hours, quiet, now) else None,
    ) if one is not None]  # fmt: skip
    for one in found:
        local = one.astimezone(ZoneInfo(zone))
        assert 7 <= local.hour < 22
        assert max(quiet.ends, 420) <= local.hour * 60 + local.minute < max(min(quiet.begins, 1320), 421)
        assert works_on(hours, local.date())
        assert may_send(hours, quiet, one)


@given(st.sampled_from(ZONES), st.sampled_from(SCHEDULES), st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31)))
def test_the_next_moment_is_never_before_now_and_leaves_out_none_that_fits(zone, schedule, moment):
    hours, now = Hours(zone, schedule), moment.replace(tzinfo=UTC)
    later = next_moment(hours, Quiet(), now)

    assert later is not None
    assert later >= now
    middle = now + (later - now) / 2
    assert later == now or not may_send(hours, Quiet(), middle)
    assert later - now < timedelta(days=8)
