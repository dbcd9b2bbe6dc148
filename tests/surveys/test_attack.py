"""An attacker who may ask everything, at any time, and knows who is in which team: what can be found out?

Three waves over four overlapping teams. Between any two answers, and whenever somebody joins or leaves, every question
that the interface takes is asked. The attacker believes the worst case: everybody asked has answered, and says the same
in each wave. Every number then is one equation over persons; whoever's answer is the same in all solutions is found.
"""

from __future__ import annotations

import random
from datetime import timedelta
from itertools import product

import pytest

from helpdesk_wellbeing.surveys import alike, suppression, waves
from helpdesk_wellbeing.surveys.model import Place
from helpdesk_wellbeing.surveys.results import Ask, Hidden, Shown, results

pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
TEAMS = ("chat", "mail", "phone", "tier2")
TRAITS = (None, ("language", "en"), ("language", "nl"))


def staff():
    """26 persons: person -> (place, score). Two are in mail and tier2, one alone speaks Dutch in her team."""
    dice = random.Random(3)
    teams = (
        [("chat",)] * 7 + [("mail",)] * 6 + [("phone",)] * 5 + [("chat", "mail")] * 3
        + [("mail", "tier2")] * 2 + [("tier2",)] * 3
    )  # fmt: skip
    found = {}
    for number, of in enumerate(teams):
        language = "nl" if number % 5 == 0 else "en"
        found[f"p{number:02}"] = (Place(of, (("language", language),)), dice.randint(1, 5))
    return found


def everything(store, asked_waves):
    """Every question that the interface takes, and what it said."""
    for wave, team, trait in product(asked_waves, (None, *TEAMS), TRAITS):
        yield Ask(wave, team, trait), results(store, "acme", Ask(wave, team, trait))


def matches(place, ask):
    return (ask.team is None or ask.team in place.teams) and (ask.trait is None or ask.trait in place.traits)


class Attacker:
    """Notes every number as an equation over persons: how many of them gave one of these scores."""

    def __init__(self):
        self.seen = {}
        self.equations = {}

    def look(self, store, members_of):
        for ask, said in everything(store, list(members_of)):
            assert self.seen.setdefault(ask, said) == said or isinstance(self.seen[ask], Hidden)
            self.seen[ask] = said
            if isinstance(said, Shown):
                inside = frozenset(p for p, place in members_of[ask.wave].items() if matches(place, ask))
                assert said.answered <= len(inside)
                if said.scores[0] is not None:
                    self.note(inside, said.scores[0], said.answered)

    def note(self, inside, score, answered):
        def whole(percent):
            return round(percent * answered / 100)

        self.equations[inside, (4, 5)] = whole(score.percent)
        for one, percent in enumerate(score.distribution or (), start=1):
            self.equations[inside, (one,)] = whole(percent)


def run_waves(store, tools, attacker):
    """Three quarters: nobody changes, then one leaves and one joins, then six join one team."""
    team, asked = staff(), {}
    for quarter in range(3):
        if quarter == 1:
            team = {person: of for person, of in team.items() if person != "p01"}
            team["q00"] = (Place(("phone",), (("language", "en"),)), 2)
        if quarter == 2:
            for number in range(6):
                team[f"r{number:02}"] = (Place(("phone",), (("language", "en"),)), 1 + number % 5)
        at = tools.MONDAY + timedelta(days=91 * quarter)
        places = {person: place for person, (place, _) in team.items()}
        wave = tools.opened(store, places, at)
        asked[wave.wave] = places
        for person, token in sorted(tools.tokens(store, wave).items()):
            attacker.look(store, {wave.wave: places})
            tools.give(store, token, [team[person][1]] * 5, comment=f"from {person}")
        attacker.look(store, asked)
        waves.close(store, "acme", wave.wave, wave.closes_at.date())
        attacker.look(store, asked)
        waves.publish(store, "acme", wave.wave, wave.closes_at.date())
        attacker.look(store, asked)
    return asked


def test_nobody_is_found_out_by_all_questions_together(store, tools):
    attacker = Attacker()

    asked = run_waves(store, tools, attacker)

    shown = [ask for ask, said in attacker.seen.items() if isinstance(said, Shown)]
    assert len({ask.wave for ask in shown}) == 3
    assert {ask.team for ask in shown} >= {None, "chat"}
    assert tools.found_out(attacker.equations) == set()
    for ask in shown:
        for other in shown:
            inside, there = ({p for p, place in asked[one.wave].items() if matches(place, one)} for one in (ask, other))
            assert len(inside) >= 5
            assert not 0 < len(inside ^ there) < 5


def test_the_same_attack_finds_people_where_only_small_groups_are_hidden(store, tools, monkeypatch):
    def only_small(cells, sizes, k, keep=()):
        return {cell for cell, atoms in cells.items() if sum(sizes[atom] for atom in atoms) >= k}

    monkeypatch.setattr(suppression, "shown_by_answers", only_small)
    monkeypatch.setattr(suppression, "shown_beside", lambda new, old, k, candidates, keep=(): set(candidates))
    monkeypatch.setattr(alike, "found_out", lambda *_: None)
    attacker = Attacker()

    run_waves(store, tools, attacker)

    assert len(tools.found_out(attacker.equations)) >= 3


def test_no_comment_is_pinned_to_few_by_the_lists_it_stands_in(store, tools):
    attacker = Attacker()

    asked = run_waves(store, tools, attacker)

    lists = {ask: said.comments for ask, said in attacker.seen.items() if isinstance(said, Shown) and said.comments}
    assert lists
    for wave, places in asked.items():
        mine = {ask: set(texts) for ask, texts in lists.items() if ask.wave == wave}
        assert all(len(texts) >= 10 for texts in mine.values())
        for person in places:
            text = f"from {person}"
            suspects = set(places)
            for ask, texts in mine.items():
                inside = {p for p, place in places.items() if matches(place, ask)}
                suspects = suspects & inside if text in texts else suspects - inside
            assert len(suspects) >= 10 or not any(text in texts for texts in mine.values())


def test_before_a_wave_is_published_nothing_tells_how_many_have_answered(store, tools):
    wave = tools.opened(store, tools.team_of(8))
    said = set()
    for token in tools.tokens(store, wave).values():
        said.add(results(store, "acme", Ask(wave.wave)))
        tools.give(store, token)
    waves.close(store, "acme", wave.wave, wave.closes_at.date())
    said.add(results(store, "acme", Ask(wave.wave)))

    assert len(said) == 1
