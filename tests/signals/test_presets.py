"""The numbers of the legal presets."""

import pytest

from helpdesk_wellbeing.people import PRESETS
from helpdesk_wellbeing.signals.presets import Alternative, Average, numbers, presets


def test_every_preset_of_the_people_file_has_numbers_and_a_source():
    assert tuple(presets()) == PRESETS
    assert all(preset.source for preset in presets().values())


@pytest.mark.parametrize(
    ("name", "averages"),
    [
        ("eu_floor", (Average(17, 48.0),)),
        ("nl_atw", (Average(4, 55.0), Average(16, 48.0))),
        ("uk_wtr", (Average(17, 48.0),)),
        ("de_arbzg", (Average(24, 48.0),)),
        ("fr_ct", (Average(12, 44.0),)),
        ("us_flsa", ()),
    ],
)
def test_the_averages_of_each_preset(name, averages):
    assert presets()[name].averages == averages


def test_only_the_netherlands_and_the_united_kingdom_have_an_alternative_weekly_rest():
    alternatives = {name: preset.alternative for name, preset in presets().items() if preset.alternative}

    assert alternatives == {"nl_atw": Alternative(32.0, 72.0, 0.0), "uk_wtr": Alternative(35.0, 48.0, 11.0)}


def test_the_united_states_borrow_rests_and_breaks_as_health_hints():
    us, eu = presets()["us_flsa"], presets()["eu_floor"]

    assert us.health_only
    assert not eu.health_only
    assert (us.daily_rest_h, us.weekly_rest_h, us.breaks) == (eu.daily_rest_h, eu.weekly_rest_h, eu.breaks)


def test_the_table_of_numbers_has_a_row_a_preset():
    table = numbers()

    assert table["preset"].to_list() == list(PRESETS)
    assert table["limit_h"].to_list() == [12.0, 12.0, 12.0, 10.0, 10.0, 12.0]
    assert table["weekly_rest_h"].to_list() == [35.0, 36.0, 35.0, 35.0, 35.0, 35.0]
