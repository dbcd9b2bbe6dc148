from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.access.viewer import Viewer
from helpdesk_wellbeing.engine import Catalogue
from helpdesk_wellbeing.pages import esat as page
from helpdesk_wellbeing.pages.known import Known
from helpdesk_wellbeing.surveys import waves
from helpdesk_wellbeing.surveys.model import Invitation, Kind, Place, Plan
from helpdesk_wellbeing.surveys.results import Why

NOW = datetime.now(UTC).replace(microsecond=0)
MEMBERS = [str(number) for number in range(1, 7)]


def viewer(*roles: Role, agent: str | None = None, teams: frozenset[str] = frozenset()) -> Viewer:
    return Viewer("acme", f"zendesk:{agent}", "X", agent, frozenset(roles), teams)


ADA = viewer(Role.AGENT, agent="1")
BO = viewer(Role.AGENT, Role.LEAD, agent="2", teams=frozenset({"100"}))
CLEO = viewer(Role.AGENT, Role.LEAD, agent="8", teams=frozenset({"200"}))
HR, COUNCIL, OPS = viewer(Role.HR), viewer(Role.COUNCIL), viewer(Role.OPS)


@pytest.fixture
def known(store):
    return Known(store, Catalogue({}, {}))


@pytest.fixture
def ask(store):
    """A wave of Billing in which the first so many answer; open or published."""

    def asked(answers=6, publish=True, people=MEMBERS, score=lambda n: 2 + n % 4):
        at = NOW - timedelta(days=10)
        invitations = tuple(Invitation(one, Place(("100",)), at) for one in people)
        plan = Plan(Kind.REGULAR, ("100",), invitations, at, at + timedelta(days=20), None)
        wave = waves.add(store, "acme", plan).wave
        waves.open_wave(store, "acme", wave, at.date())
        for number, invitation in enumerate(invitations[:answers]):
            address = waves.link(store, "acme", wave, invitation, "https://x")
            token = address.removeprefix("https://x" + waves.PATH).partition("?")[0]
            waves.answer(store, waves.door(store, token), [score(number)] * 5, f"note {number}", NOW)
        if publish:
            waves.close(store, "acme", wave, NOW.date())
            waves.publish(store, "acme", wave, NOW.date())
        return wave

    return asked


def token_in(text: str) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', text).group(1)


def test_an_open_wave_tells_nobody_how_many_have_answered(known, ask):
    wave = ask(publish=False)

    for one in (BO, HR, OPS):
        found = page.build_wave(known, one, wave, NOW)
        assert (found.row.response_percent, found.cells, found.themes) == (None, (), ())


def test_a_published_wave_is_for_its_team_its_lead_and_those_who_see_all(known, ask):
    wave = ask()

    assert {page.build_wave(known, one, wave, NOW).row.response_percent for one in (ADA, BO, HR, COUNCIL, OPS)} == {100}
    assert page.build_wave(known, CLEO, wave, NOW) is page.build_wave(known, viewer(Role.DPO), wave, NOW) is None
    assert page.build(known, CLEO, NOW).waves == ()


def test_what_is_open_is_no_business_of_its_agents(known, ask):
    wave = ask(publish=False)

    assert page.build_wave(known, ADA, wave, NOW) is None
    assert page.build(known, ADA, NOW).waves == ()


def test_too_few_answers_say_why_and_nothing_else(known, ask):
    [cell] = page.build_wave(known, OPS, ask(answers=4), NOW).cells

    assert (cell.hidden, cell.answered, cell.asked, cell.questions) == (Why.PROTECTED, 0, 0, ())


def test_comments_are_for_those_who_answer_for_the_team(known, ask):
    wave = ask(answers=12, people=[str(n) for n in range(1, 13)])

    def comments(one):
        return page.build_wave(known, one, wave, NOW).cells[0].comments

    assert len(comments(BO)) == len(comments(HR)) == 12
    assert comments(ADA) is comments(COUNCIL) is None


def test_a_lead_adds_a_theme_and_answers_it_and_the_team_reads_both(signed_in, ask, store):
    wave, bo = ask(), signed_in("2")
    token = token_in(bo.get(f"/a/acme/esat/{wave}").text)
    added = bo.post(f"/a/acme/esat/{wave}/themes", data={"csrf_token": token, "title": "Mondays <b>", "owner": "Bo"})
    [theme] = store.surveys.themes("acme")
    done = bo.post(f"/a/acme/esat/{wave}/themes/{theme.theme}", data={"csrf_token": token, "answer": "Two\nmore"})
    text = signed_in("1").get(f"/a/acme/esat/{wave}").text

    assert (added.status_code, done.status_code) == (303, 303)
    assert "Mondays &lt;b&gt;" in text
    assert "Two\nmore" in text
    assert [e.what for e in store.audit.entries("acme")][-2:] == ["theme added", "theme answered"]
    again = bo.post(f"/a/acme/esat/{wave}/themes/{theme.theme}", data={"csrf_token": token, "answer": "No"})
    assert again.status_code == 409


WRONG = [
    {"title": "", "owner": "Bo"},
    {"title": "x" * 201, "owner": "Bo"},
    {"title": "x", "owner": "a\u202eb"},
    {"title": "x", "owner": "y", "question": "9"},
]


@pytest.mark.parametrize("form", WRONG)
def test_a_theme_that_cannot_be_kept_comes_back_with_what_is_wrong(signed_in, ask, store, form):
    wave, bo = ask(), signed_in("2")
    token = token_in(bo.get(f"/a/acme/esat/{wave}").text)

    assert bo.post(f"/a/acme/esat/{wave}/themes", data={"csrf_token": token, **form}).status_code == 422
    assert store.surveys.themes("acme") == []


def test_only_who_leads_the_team_answers_for_it(signed_in, ask, store):
    wave = ask()
    for browser, status in (
        (signed_in("1"), 403), (signed_in("8"), 404), (signed_in(None, Role.COUNCIL), 403),
        (signed_in(None, Role.HR), 403), (signed_in(None, Role.DPO), 403),
    ):  # fmt: skip
        token = token_in(browser.get("/a/acme/esat").text)
        form = {"csrf_token": token, "title": "x", "owner": "y"}
        assert browser.post(f"/a/acme/esat/{wave}/themes", data=form).status_code == status
    assert store.surveys.themes("acme") == []


def test_a_survey_that_is_not_there_and_one_of_others_look_the_same(signed_in, ask):
    texts = {signed_in("8").get(f"/a/acme/esat/{one}").text for one in (ask(), "0" * 16, "<script>")}

    assert len({re.sub(r'value="[^"]*"', "", text) for text in texts}) == 1


def test_without_any_survey_the_page_says_when_one_comes(signed_in):
    assert "every three months" in signed_in("1").get("/a/acme/esat").text
