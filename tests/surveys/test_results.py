"""What a wave shows: scores, rounding, comments, and that no answer is determined by it."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_wellbeing.surveys import waves
from helpdesk_wellbeing.surveys.model import Given, Invitation, Place, Venue
from helpdesk_wellbeing.surveys.results import Ask, Hidden, Shown, Why, cell_name, count, results

on_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
TEAMS, LANGUAGES = ("chat", "mail", "phone", "tier2"), ("de", "en", "nl")


def team_with(scores, team="north"):
    return {f"{team}{number:02}": (Place((team,)), score) for number, score in enumerate(scores)}


@on_sqlite
def test_eight_answers_show_a_share_and_neither_mean_nor_distribution(store, tools):
    wave = tools.held(store, team_with([5, 4, 4, 3, 2, 5, 4, 3, 0]))

    said = results(store, "acme", Ask(wave.wave, "north"))

    assert isinstance(said, Shown)
    assert (said.esat_percent, said.answered, said.asked, said.response_percent) == (63, 8, 9, 89)
    assert (said.scores[0].mean, said.scores[0].distribution, said.comments) == (None, None, None)
    assert not said.is_indicative


@on_sqlite
def test_ten_answers_show_mean_and_distribution(store, tools):
    wave = tools.held(store, team_with([5, 4, 4, 3, 2, 5, 4, 3, 1, 4]))

    score = results(store, "acme", Ask(wave.wave, "north")).scores[1]

    assert (score.theme, score.percent, score.mean) == ("workload", 60, 3.5)
    assert score.distribution == (10, 10, 20, 40, 20)


@on_sqlite
@pytest.mark.parametrize("scores", [[5, 4, 3, 2], [5, 4, 3, 2, 0, 0, 0, 0]])
def test_four_answers_show_nothing_and_nothing_of_them_is_kept(store, tools, scores):
    wave = tools.held(store, team_with(scores))

    assert results(store, "acme", Ask(wave.wave)) == Hidden(Ask(wave.wave), Why.PROTECTED)
    assert store.surveys.all_results("acme", wave.wave) == {}
    assert store.surveys.sealed("acme", wave.wave) == []


@on_sqlite
def test_few_of_many_asked_are_said_to_be_indicative(store, tools):
    wave = tools.held(store, team_with([5, 4, 3, 2, 4, *[0] * 6]))

    assert results(store, "acme", Ask(wave.wave)).is_indicative


@on_sqlite
@pytest.mark.parametrize("score", [1, 5])
def test_a_team_that_agrees_as_one_shows_no_score(store, tools, score):
    wave = tools.held(store, team_with([score] * 7))

    said = results(store, "acme", Ask(wave.wave))

    assert said.scores == (None,) * 5
    assert said.esat_percent is None


@on_sqlite
def test_comments_come_from_ten_answers_on_and_not_in_the_order_of_sending(store, tools):
    wave = tools.opened(store, tools.team_of(30))
    sent = []
    for number, token in enumerate(tools.tokens(store, wave).values()):
        sent.append(f"comment {number}")
        tools.give(store, token, (1 + number % 5,) * 5, comment=sent[-1])
    tools.finished(store, wave)

    shown = results(store, "acme", Ask(wave.wave, "north")).comments

    assert sorted(shown) == sorted(sent)
    assert list(shown) != sent


@on_sqlite
def test_what_is_asked_wrongly_is_told_apart_from_what_is_protected(store, tools):
    wave = tools.held(store, team_with([1, 2, 3, 4, 5, 5]))

    assert results(store, "acme", Ask("none")).reason is Why.UNKNOWN
    assert results(store, "acme", Ask(wave.wave, "south")).reason is Why.UNKNOWN
    assert results(store, "acme", Ask(wave.wave, "north", ("language", "fi"))).reason is Why.PROTECTED
    assert results(store, "globex", Ask(wave.wave)).reason is Why.UNKNOWN


@on_sqlite
def test_a_wave_answered_elsewhere_goes_its_way_without_answers_of_ours(store, tools):
    wave = waves.add(store, "acme", tools.plan_of(tools.team_of(6)), Venue.ELSEWHERE)
    waves.open_wave(store, "acme", wave.wave, tools.MONDAY.date())
    tools.finished(store, wave)

    assert results(store, "acme", Ask(wave.wave)).reason is Why.ELSEWHERE


people = st.lists(
    st.tuples(
        st.sets(st.sampled_from(TEAMS), min_size=1), st.sampled_from(LANGUAGES), st.integers(0, 5)
    ),
    min_size=5, max_size=24,
)  # fmt: skip


def counts_of(places, team, trait):
    """Who counts in a cell."""
    return frozenset(
        person
        for person, place in places.items()
        if (team is None or team in place.teams) and (trait is None or trait in place.traits)
    )


@settings(max_examples=20)
@given(drawn=people)
def test_nobodys_answer_is_determined_whoever_is_in_whichever_team(found_out, drawn):
    nobody_is_determined(found_out, drawn)


@pytest.mark.prove
@settings(max_examples=200)
@given(drawn=people)
def test_nobodys_answer_is_determined_in_many_more_teams(found_out, drawn):
    nobody_is_determined(found_out, drawn)


def nobody_is_determined(found_out, drawn):
    invitations, answers, own = [], [], {}
    for number, (teams, language, score) in enumerate(drawn):
        place = Place(tuple(sorted(teams)), (("language", language),))
        invitations.append(Invitation(f"p{number}", place, None))
        if score:
            answers.append(Given(place, (score,), ""))
            own[f"p{number}"] = place

    bodies = count(answers, invitations, [], 5, 10)

    equations = {}
    for team, trait in product((None, *TEAMS), (None, *(("language", one) for one in LANGUAGES))):
        body = bodies.get(cell_name(team, trait))
        if body is not None:
            assert body["answered"] >= 5
            inside = counts_of(own, team, trait)
            score = body["scores"][0] or {}
            if "favourable" in score:
                equations[inside, (4, 5)] = score["favourable"]
            for one, number in enumerate(score.get("bins", ()), start=1):
                equations[inside, (one,)] = number
    assert found_out(equations) == set()
