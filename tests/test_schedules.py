import pytest

from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.schedules import parse_schedule, schedule_minutes


def test_a_week_is_read_as_written():
    windows = parse_schedule("Mon-Tue 09:00-17:30; Sat 10:00-14:00")

    assert windows == ((0, 540, 1050), (1, 540, 1050), (5, 600, 840))


def test_a_day_may_have_several_windows_and_a_part_several_days():
    windows = parse_schedule("mon,Wed 09:00-12:00, 13:00-17:30")

    assert windows == ((0, 540, 720), (0, 780, 1050), (2, 540, 720), (2, 780, 1050))


def test_a_window_over_midnight_is_split_and_belongs_to_the_day_it_begins():
    assert parse_schedule("Sun 22:00-06:00") == ((0, 0, 360), (6, 1320, 1440))


def test_midnight_at_the_end_may_be_written_as_0_or_as_24():
    assert parse_schedule("Mon 14:00-24:00") == parse_schedule("Mon 14:00-00:00") == ((0, 840, 1440),)


def test_a_range_of_days_may_run_over_the_weekend():
    assert [day for day, _, _ in parse_schedule("Sat-Mon 09:00-10:00")] == [0, 5, 6]


def test_round_the_clock_is_a_whole_week():
    assert schedule_minutes("Mon-Sun 00:00-24:00") == 7 * 24 * 60


def test_windows_that_touch_become_one():
    assert parse_schedule("Mon 09:00-12:00, 12:00-15:00") == ((0, 540, 900),)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "names no hours"),
        ("09:00-17:00", "needs days"),
        ("Mon-Fri", "needs days and then hours"),
        ("Mon-Fri 9-17", "not a window"),
        ("Mon-Fri 09:00-25:00", "not a time of day"),
        ("Mon-Fri 09:60-17:00", "not a time of day"),
        ("Mon-Fri 09:00-09:00", "is empty"),
        ("Mon-Fri 24:00-06:00", "is empty"),
        ("Mo-Fr 09:00-17:00", "not a day"),
        ("Mon-Fri 09:00-17:00; Fri 09:00-13:00", "overlap on Fri"),
        ("Mon-Wed-Fri 09:00-17:00", "range of days"),
    ],
)
def test_what_cannot_be_read_is_refused_with_an_example(text, part):
    with pytest.raises(ConfigError, match=part) as refused:
        parse_schedule(text)

    assert "Mon-Fri 09:00-17:30" in str(refused.value)


def test_days_may_be_named_in_dutch():
    assert parse_schedule("ma-wo, vr 09:00-17:30; za 10:00-14:00") == parse_schedule(
        "Mon-Wed, Fri 09:00-17:30; Sat 10:00-14:00"
    )
