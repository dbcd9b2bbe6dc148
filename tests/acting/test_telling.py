"""Everybody is told what is looked at about them: once, and again when more is agreed."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from helpdesk_wellbeing.acting import asking, policy, telling
from helpdesk_wellbeing.acting.telling import How
from helpdesk_wellbeing.agreement import recording
from helpdesk_wellbeing.agreement.model import Agreement
from helpdesk_wellbeing.engine import Catalogue
from helpdesk_wellbeing.errors import CannotDecide, ConfigError
from helpdesk_wellbeing.people import LEAVE, PEOPLE
from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.signals.catalogue import SIGNALS
from helpdesk_wellbeing.store import open_store
from helpdesk_wellbeing.store.said import READ
from helpdesk_wellbeing.store.writes import Writes
from helpdesk_wellbeing.upkeep import erase
from tests.acting_helpdesk import MONDAY, a_desk
from webhooks.outbound import Means, work_off

CATALOGUE = Catalogue(SIGNALS, load_rules(SIGNALS))
NIGHT = MONDAY.replace(hour=3)  # nobody works then
TEAM = {"anna": "Anna Ahrens", "ben": "Ben Brandt", "cem": "Cem Can"}


def people(store, *agents, **of_all):
    rows = [
        {"agent": agent, "name": TEAM.get(agent, agent), "time_zone": "Europe/Berlin", "groups": ["g1"],
         "schedule": "Mon-Fri 09:00-17:00", **of_all}
        for agent in agents
    ]  # fmt: skip
    store.replace_people("acme", "file", pl.DataFrame([dict.fromkeys(PEOPLE) | row for row in rows], schema=PEOPLE))


def agree(store, at, *signals, **changes):
    body = Agreement(parties=("council",), agreed_on=at.date(), signals=signals, **changes)
    return recording.record(store, "acme", body, "an admin", at, CATALOGUE)


@pytest.fixture
def store(tmp_path):
    with open_store(Settings(tmp_path, f"sqlite:///{tmp_path / 'wellbeing.db'}")) as opened:
        yield opened


@pytest.fixture
def account(store):
    """A connected account with three agents, an agreement, and all that writing needs."""
    store.create_account("globex")
    store.create_account("acme", platform="zendesk", zone="Europe/Berlin", settings={"subdomain": "acme"})
    people(store, *TEAM)
    store.installed.keep("acme", "field", "field", "1", MONDAY)
    policy.change(store, "acme", "an admin", MONDAY, public_url="https://wellbeing.example", survey_group="g9")
    agree(store, NIGHT, "WT4")
    return store


@pytest.fixture
def desk():
    made = a_desk([])
    made.clock.at = NIGHT + timedelta(minutes=1)
    return made


@pytest.fixture
def rounds(account, desk):
    """Writes that are due are made, hour after hour."""

    def work(hours=1):
        made = lambda write: asking.invitation(  # noqa: E731
            account, "acme", write, policy.policy_of(account, "acme"), desk.clock.now()
        )
        for _ in range(hours):
            work_off(Means(account, "acme", desk, now=desk.clock.now, sleep=desk.clock.sleep, invitation_of=made))
            desk.clock.at += timedelta(hours=1)

    return work


def hows(store, at):
    return {one.agent: one.how for one in telling.standing_of(store, "acme", at).people}


def asked(desk):
    return sorted(one.agent for one in desk.invited.values())


def test_everybody_gets_one_private_ticket_in_their_own_hours(account, desk, rounds):
    assert telling.standing_of(account, "acme", NIGHT).is_untold
    assert telling.write_to_everybody(account, "acme", "an admin", desk.clock.at) == 3
    rounds(2)
    assert asked(desk) == []  # it is night
    assert set(hows(account, desk.clock.at).values()) == {How.WAITS}
    rounds(6)

    assert asked(desk) == ["anna", "ben", "cem"]
    assert set(hows(account, desk.clock.at).values()) == {How.TICKET}
    assert telling.standing_of(account, "acme", desk.clock.at).is_complete


def test_pressed_twice_or_killed_in_between_it_is_one_ticket_each(account, desk, rounds):
    telling.write_to_everybody(account, "acme", "an admin", desk.clock.at)
    assert telling.write_to_everybody(account, "acme", "another admin", desk.clock.at) == 0
    assert telling.go_on(account, "acme", desk.clock.at) == 0
    desk.clock.at += timedelta(hours=6)
    desk.lost_answers = 1  # applied, and who sent it never heard

    rounds(4)

    assert asked(desk) == ["anna", "ben", "cem"]
    assert len(account.writes.made_tickets("acme")) == 3


def test_who_is_killed_while_writing_to_everybody_has_written_to_nobody(account, desk, rounds, monkeypatch):
    def dies(*_):
        raise KeyboardInterrupt

    plans = Writes.plan
    monkeypatch.setattr(Writes, "plan", dies)
    with pytest.raises(KeyboardInterrupt):
        telling.write_to_everybody(account, "acme", "an admin", desk.clock.at)
    monkeypatch.setattr(Writes, "plan", plans)
    assert set(hows(account, desk.clock.at).values()) == {How.NOT_YET}
    assert not telling.standing_of(account, "acme", desk.clock.at).is_by_ticket

    assert telling.write_to_everybody(account, "acme", "an admin", desk.clock.at) == 3


def test_what_stands_in_the_ticket_is_about_nobody_and_the_same_for_all(account, desk, rounds):
    telling.set_contact(account, "acme", "an admin", "privacy@example.com", NIGHT)
    for language, words in (("en", "who changed which ticket"), ("nl", "wie welk ticket")):
        policy.change(account, "acme", "an admin", NIGHT, language=language)
        agree(account, desk.clock.at, "WT4", "LD1" if language == "nl" else "WT5")
        telling.write_to_everybody(account, "acme", "an admin", desk.clock.at)
        desk.clock.at += timedelta(hours=6)
        desk.invited.clear()
        rounds()
        texts = {(one.subject, one.body) for one in desk.invited.values()}
        assert len(texts) == 1
        text = " ".join(texts.pop())
        assert words in text
        assert "https://wellbeing.example/a/acme/me" in text
        assert "privacy@example.com" in text
        assert not any(name.split()[0] in text for name in TEAM.values())
        assert {one.group for one in desk.invited.values()} == {"g9"}


def test_who_comes_later_is_told_by_itself_once_the_admin_has_chosen_tickets(account, desk, rounds):
    people(account, *TEAM, "dora")
    assert telling.go_on(account, "acme", desk.clock.at) == 0  # nobody has chosen that
    people(account, *TEAM)
    telling.write_to_everybody(account, "acme", "an admin", desk.clock.at)
    people(account, *TEAM, "dora")

    assert telling.go_on(account, "acme", desk.clock.at) == 1
    assert telling.go_on(account, "acme", desk.clock.at) == 0
    rounds(8)

    assert asked(desk) == ["anna", "ben", "cem", "dora"]


def test_the_switch_stops_it_and_what_waits_is_kept(account, desk, rounds):
    telling.write_to_everybody(account, "acme", "an admin", desk.clock.at)
    policy.change(account, "acme", "an admin", desk.clock.at, stopped=True)
    rounds(10)
    assert asked(desk) == []
    policy.change(account, "acme", "an admin", desk.clock.at, stopped=False)
    rounds()
    assert asked(desk) == ["anna", "ben", "cem"]


def test_more_than_was_agreed_makes_it_due_again_and_less_does_not(account, desk, rounds):
    telling.told_otherwise(account, "acme", "an admin", NIGHT.date(), "in the meeting", desk.clock.at)
    agree(account, desk.clock.at + timedelta(hours=1), "WT4")
    assert telling.standing_of(account, "acme", desk.clock.at + timedelta(hours=2)).is_complete

    desk.clock.at += timedelta(hours=6)
    agree(account, desk.clock.at, "WT4", "LD1")

    standing = telling.standing_of(account, "acme", desk.clock.at)
    assert standing.is_untold
    assert all(one.again for one in standing.people)
    telling.write_to_everybody(account, "acme", "an admin", desk.clock.at)
    rounds()
    assert all("read this again" in one.body for one in desk.invited.values())
    assert asked(desk) == sorted(TEAM)


def test_a_ticket_of_what_was_agreed_before_is_not_sent_any_more(account, desk, rounds):
    telling.write_to_everybody(account, "acme", "an admin", desk.clock.at)
    agree(account, desk.clock.at + timedelta(minutes=1), "WT4", "LD1")
    rounds(8)
    assert asked(desk) == []
    assert telling.write_to_everybody(account, "acme", "an admin", desk.clock.at) == 3


def test_who_has_read_it_needs_no_ticket(account, desk, rounds):
    telling.write_to_everybody(account, "acme", "an admin", desk.clock.at)
    account.said.say("acme", "ben", READ, {}, desk.clock.at)
    rounds(8)
    assert asked(desk) == ["anna", "cem"]
    assert hows(account, desk.clock.at)["ben"] is How.READ


def test_who_left_the_helpdesk_holds_nothing_up_and_who_was_refused_is_tried_again(account, desk, rounds):
    from helpdesk_wellbeing.acting.helpdesk import Refused

    answers = {"anna": Refused("agent left"), "ben": Refused("invalid")}
    desk.before = lambda request, agent: answers.get(agent) if request == "invite" else None
    telling.write_to_everybody(account, "acme", "an admin", desk.clock.at)
    rounds(8)
    assert hows(account, desk.clock.at) == {"anna": How.LEFT, "ben": How.FAILED, "cem": How.TICKET}
    answers.clear()

    assert telling.write_to_everybody(account, "acme", "an admin", desk.clock.at) == 1
    rounds(8)

    assert asked(desk) == ["ben", "cem"]
    assert telling.standing_of(account, "acme", desk.clock.at).is_complete


def test_told_in_another_way_is_said_with_its_day_and_stands_in_the_audit(account):
    with pytest.raises(ConfigError, match="yet to come"):
        telling.told_otherwise(account, "acme", "an admin", date(2030, 1, 1), "in the meeting", NIGHT)
    with pytest.raises(ConfigError, match="how people were told"):
        telling.told_otherwise(account, "acme", "an admin", NIGHT.date(), "", NIGHT)
    assert telling.told_otherwise(account, "acme", "an admin", date(2026, 2, 27), "in the meeting", NIGHT) == 3

    told = telling.standing_of(account, "acme", NIGHT)
    assert {(one.how, one.on) for one in told.people} == {(How.OTHERWISE, date(2026, 2, 27))}
    entry = [entry for entry in account.audit.entries("acme") if entry.what == "agents told"][-1]
    assert (entry.body["how"], entry.body["people"]) == ("in the meeting", 3)
    people(account, *TEAM, "dora")
    assert hows(account, NIGHT)["dora"] is How.NOT_YET


def test_machines_and_those_who_are_left_out_are_not_told(account):
    people(account, "anna", excluded=True)
    assert telling.standing_of(account, "acme", NIGHT).people == ()
    people(account, "anna", identity="shared")
    assert telling.standing_of(account, "acme", NIGHT).people == ()


def test_nobody_is_written_to_where_that_cannot_be(account):
    policy.change(account, "acme", "an admin", NIGHT, public_url=None)
    with pytest.raises(CannotDecide, match="no address"):
        telling.write_to_everybody(account, "acme", "an admin", NIGHT)
    assert telling.why_no_tickets(account, "globex") == "no helpdesk"
    assert account.writes.counts("acme") == {}


def test_who_is_away_for_long_gets_it_when_they_are_back(account, desk):
    away = [{"agent": "anna", "from": NIGHT.date(), "to": NIGHT.date() + timedelta(days=9)}]
    account.replace_leave("acme", "file", pl.DataFrame(away, schema=LEAVE))
    telling.write_to_everybody(account, "acme", "an admin", desk.clock.at)
    due = {one.target: one.due_at for one in account.writes.of_proposal("acme", "letter")}
    assert due["anna"].date() == date(2026, 3, 12)
    assert due["ben"].date() == NIGHT.date()


def test_an_erased_agent_leaves_no_word_of_having_been_told(account, desk, rounds):
    telling.write_to_everybody(account, "acme", "an admin", desk.clock.at)
    rounds(8)
    with account.writer("acme", "a test"):
        erase.erase(account, "acme", "ben", "an admin", desk.clock.at)
    assert "ben" not in {one.agent for one in account.said.words("acme")}
    assert "ben" not in hows(account, desk.clock.at)
