"""A wave in the store: counted once, sealed, and with no way back from an answer to a person."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from helpdesk_wellbeing.errors import BadPayload, ConfigError
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.store import open_store, tables
from helpdesk_wellbeing.store.surveys import Used
from helpdesk_wellbeing.surveys import links, waves
from helpdesk_wellbeing.surveys.loop import NoChange
from helpdesk_wellbeing.surveys.model import Given, Kind, Place, State, Venue
from helpdesk_wellbeing.surveys.results import Ask, Hidden, Why, results

on_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


@pytest.fixture
def wave(store, tools):
    return tools.opened(store, tools.team_of(12))


def rows(store, table):
    with store._database.reading() as connection:
        return [tuple(row) for row in connection.execute(sa.select(table))]


def test_a_link_counts_once_however_many_use_it_at_once(store, tools, wave, url, tmp_path):
    every = list(tools.tokens(store, wave).values())
    at = wave.opens_at + timedelta(hours=1)
    with open_store(Settings(tmp_path, url)) as other, ThreadPoolExecutor(8) as pool:
        doors = [(one, waves.door(one, token)) for token in every for one in (store, other, store)]
        said = list(pool.map(lambda pair: waves.answer(pair[0], pair[1], [4, 3, 2, 1, 5], "", at), doors))

    assert said.count(Used.COUNTED) == len(every)
    assert said.count(Used.BEFORE) == 2 * len(every)
    assert len(store.surveys.sealed("acme", wave.wave)) == len(every)
    tools.finished(store, wave)
    assert results(store, "acme", Ask(wave.wave)).answered == len(every)


def test_answers_that_meet_the_closing_are_counted_or_refused(store, tools, wave):
    every = list(tools.tokens(store, wave).values())
    at = wave.opens_at + timedelta(hours=1)
    doors = [waves.door(store, token) for token in every]
    scores = [[1 + number % 5] * 5 for number in range(len(every))]
    for door, score in zip(doors[:6], scores, strict=False):
        waves.answer(store, door, score, "", at)
    with ThreadPoolExecutor(7) as pool:
        closing = pool.submit(waves.close, store, "acme", wave.wave, at.date())
        late = list(
            pool.map(
                lambda pair: waves.answer(store, pair[0], pair[1], "", at), zip(doors[6:], scores[6:], strict=True)
            )
        )
        closing.result()

    counted = 6 + late.count(Used.COUNTED)
    assert set(late) <= {Used.COUNTED, Used.CLOSED}
    waves.publish(store, "acme", wave.wave, at.date())
    assert results(store, "acme", Ask(wave.wave)).answered == counted
    assert store.surveys.sealed("acme", wave.wave) == []


@on_sqlite
def test_use_and_answer_land_together_or_not_at_all(store, tools, wave, monkeypatch):
    token = tools.tokens(store, wave)["north1"]

    def cut_off():
        with store.transaction():
            tools.give(store, token)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut_off()

    assert store.surveys.sealed("acme", wave.wave) == []
    assert tools.give(store, token) is Used.COUNTED
    assert tools.give(store, token) is Used.BEFORE


def test_a_close_that_fails_loses_no_answer(store, tools, wave, monkeypatch):
    for token in tools.tokens(store, wave).values():
        tools.give(store, token)
    monkeypatch.setattr(waves, "count", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        waves.close(store, "acme", wave.wave, wave.closes_at.date())

    assert store.surveys.wave("acme", wave.wave).state is State.OPEN
    assert len(store.surveys.sealed("acme", wave.wave)) == 12
    monkeypatch.undo()
    tools.finished(store, wave)
    assert results(store, "acme", Ask(wave.wave)).answered == 12


def test_no_table_joins_an_answer_to_a_person(store, tools, wave):
    """What a copy of the database shows that is taken between any two answers."""
    people = set(tools.tokens(store, wave))
    lengths, slots = set(), []
    for number, (person, token) in enumerate(sorted(tools.tokens(store, wave).items())):
        before = set(rows(store, tables.survey_sealed)), set(rows(store, tables.survey_used))
        tools.give(store, token, [1 + number % 5] * 5, comment="x" * (number * 80))
        (sealed,) = set(rows(store, tables.survey_sealed)) - before[0]
        (used,) = set(rows(store, tables.survey_used)) - before[1]
        lengths.add(len(sealed[3]))
        slots.append(sealed[2])
        assert b"xxxx" not in sealed[3]
        assert not any(person in str(value) for value in (*sealed[:3], *used))
        assert not set(map(str, used[1:])) & set(map(str, sealed))
        assert len(used) == 2  # the account and a hash: no wave, no day
    assert len(lengths) == 1
    assert slots != sorted(slots)
    assert len(people) == len(slots)
    columns = {column.name for table in (tables.survey_sealed, tables.survey_used) for column in table.columns}
    assert columns == {"account", "wave", "slot", "sealed", "mark"}

    tools.finished(store, wave)

    assert rows(store, tables.survey_sealed) == rows(store, tables.survey_used) == []
    assert store.get_secret("acme", f"survey_wave:{wave.wave}") is None


@on_sqlite
def test_rows_of_answers_have_no_row_number(store):
    with store._database.reading() as connection:
        for table in ("survey_sealed", "survey_used", "survey_results"):
            made = connection.execute(sa.text("SELECT sql FROM sqlite_master WHERE name = :n"), {"n": table}).scalar()
            assert "WITHOUT ROWID" in made


def test_what_is_sealed_opens_with_its_own_wave_only(store, tools, wave):
    secret, given = links.new_secret(), Given(Place(("north",)), (1, 2, 3, 4, 5), "caf\u00e9 \U0001f600")
    sealed = links.seal(secret, "w1", 0, given)

    assert links.unseal(secret, "w1", (given.place,), sealed) == given
    assert links.seal(secret, "w1", 0, given) != sealed
    for other_secret, other_wave, other_body in (
        (links.new_secret(), "w1", sealed),
        (secret, "w2", sealed),
        (secret, "w1", sealed[:-1] + bytes([sealed[-1] ^ 1])),
    ):
        with pytest.raises(BadPayload):
            links.unseal(other_secret, other_wave, (given.place,), other_body)


@on_sqlite
def test_an_invitation_that_is_sent_again_has_the_same_link(store, tools, wave):
    assert tools.tokens(store, wave) == tools.tokens(store, wave)
    assert len(set(tools.tokens(store, wave).values())) == 12


@on_sqlite
def test_nobody_is_invited_before_their_moment_or_after_the_end(store, tools):
    plan = tools.plan_of(tools.team_of(5))
    later = plan.opens_at + timedelta(days=1)
    plan = replace(plan, invitations=(replace(plan.invitations[0], not_before=later), *plan.invitations[1:]))
    wave = waves.add(store, "acme", plan)

    assert waves.to_invite(store, "acme", wave.wave, later) == []
    waves.open_wave(store, "acme", wave.wave, plan.opens_at.date())
    assert len(waves.to_invite(store, "acme", wave.wave, plan.opens_at)) == 4
    assert len(waves.to_invite(store, "acme", wave.wave, later)) == 5
    assert waves.to_invite(store, "acme", wave.wave, plan.closes_at) == []


@on_sqlite
def test_a_wave_takes_every_step_and_no_other(store, tools, wave):
    day = wave.closes_at.date()
    with pytest.raises(ConfigError, match="is not closed, so it cannot be published"):
        waves.publish(store, "acme", wave.wave, day)
    with pytest.raises(ConfigError, match="themes come when it is published"):
        waves.add_theme(store, "acme", wave.wave, "tools", "lead", day)
    assert waves.close_due(store, "acme", wave.closes_at - timedelta(seconds=1)) == []
    assert waves.close_due(store, "acme", wave.closes_at) == [wave.wave]
    with pytest.raises(ConfigError, match="is not open"):
        waves.close(store, "acme", wave.wave, day)
    with pytest.raises(ConfigError, match="has no links"):
        waves.link(store, "acme", wave.wave, store.surveys.invitations("acme", wave.wave)[0], "https://x")
    waves.publish(store, "acme", wave.wave, day)
    first = waves.add_theme(store, "acme", wave.wave, "tools", "lead", day, question=2)
    second = waves.add_theme(store, "acme", wave.wave, "breaks", "lead", day)
    assert waves.answer_theme(store, "acme", first.theme, "A new screen in May.", day).state is State.PUBLISHED
    assert [one.theme for one in waves.open_themes(store, "acme")] == [second.theme]
    assert waves.answer_theme(store, "acme", second.theme, "Breaks are planned.", day).state is State.ANSWERED
    with pytest.raises(ConfigError, match="has its answer already"):
        waves.answer_theme(store, "acme", first.theme, "again", day)


@on_sqlite
def test_the_wave_after_shows_the_effect(store, tools):
    def team(scores):
        return {f"n{number:02}": (Place(("north",)), score) for number, score in enumerate(scores)}

    first = tools.held(store, team([1] * 14 + [4] * 8))
    theme = waves.add_theme(store, "acme", first.wave, "tools", "lead", first.closes_at.date())
    assert waves.effect(store, "acme", theme) is None
    tools.held(store, team([1] * 4 + [4] * 18), tools.MONDAY + timedelta(days=91))

    found = waves.effect(store, "acme", theme, "north")

    assert not isinstance(found, NoChange)
    assert (found.now, found.before) == pytest.approx((18 / 22, 8 / 22))
    assert found.ci_low > 0


@on_sqlite
def test_a_team_that_lost_one_is_not_shown_again(store, tools):
    def team(size):
        return {f"n{number:02}": (Place(("north",)), 1 + number % 5) for number in range(size)}

    tools.held(store, team(12))
    second = tools.held(store, team(11), tools.MONDAY + timedelta(days=91))

    assert results(store, "acme", Ask(second.wave)) == Hidden(Ask(second.wave), Why.PROTECTED)


@on_sqlite
def test_history_knows_who_was_asked_and_erasing_takes_the_name_away(store, tools, wave):
    history = waves.history(store, "acme")

    assert [(one.wave, one.state, one.kind) for one in history.waves] == [(wave.wave, State.OPEN, Kind.REGULAR)]
    assert history.asked["north1"][0].on == tools.MONDAY.date()
    waves.forget_person(store, "acme", "north1")
    assert "north1" not in waves.history(store, "acme").asked
    assert len(store.surveys.invitations("acme", wave.wave)) == 12
    assert not any("north1" in row for row in rows(store, tables.survey_invitations))


@on_sqlite
def test_a_wave_answered_elsewhere_has_no_links(store, tools):
    wave = waves.add(store, "acme", tools.plan_of(tools.team_of(6)), Venue.ELSEWHERE)

    with pytest.raises(ConfigError, match="answered elsewhere"):
        tools.tokens(store, wave)
