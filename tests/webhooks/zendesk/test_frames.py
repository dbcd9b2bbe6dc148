"""The pages inside Zendesk: who sees what beside a ticket and in the navigation bar, and who decides from there."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.zendesk.simulated import SimulatedZendesk
from helpdesk_wellbeing.acting import review
from helpdesk_wellbeing.plan.proposal import from_json
from tests.zendesk_frames import (
    ANOTHER,
    COLLEAGUE,
    GIVER,
    LEAD,
    RECEIVER,
    SAFE,
    STRANGER,
    TICKET,
    URL,
    Place,
    a_place,
    a_zendesk,
    make_home,
    page_of,
)
from webhooks.zendesk.app import page_tokens
from webhooks.zendesk.app.frames import SDK


@pytest.fixture(scope="module")
def front() -> Iterator[SimulatedZendesk]:
    with a_zendesk() as running:
        yield running


@pytest.fixture(scope="module")
def template(front: SimulatedZendesk, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("frames"), front)


@pytest.fixture
def place(template: Path, front: SimulatedZendesk, tmp_path: Path) -> Iterator[Place]:
    with a_place(Path(shutil.copytree(template, tmp_path / "home")), front) as opened:
        yield opened


def test_a_page_that_zendesk_did_not_open_is_not_shown_and_framed_by_nobody(place: Place) -> None:
    for token in ("", "x.y.z"):
        answer = place.open("ticket_sidebar", LEAD, token)

        assert answer.status_code == 403
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert place.client.get("/zaf/ticket_sidebar").status_code == 405


def test_a_token_of_the_navigation_bar_does_not_open_the_sidebar(place: Place) -> None:
    token = place.apps.open(place.app, "nav_bar", LEAD)

    assert place.open("ticket_sidebar", LEAD, token).status_code == 403


def test_only_the_accounts_own_helpdesk_may_frame_it_and_nothing_is_kept_in_the_browser(place: Place) -> None:
    answer = place.open("ticket_sidebar", LEAD)
    policy = answer.headers["Content-Security-Policy"]
    base = place.store.account("acme").settings["base_url"]

    assert f"frame-ancestors https://acme.zendesk.com {base}" in policy
    assert "script-src 'self' https://static.zdassets.com" in policy
    assert "unsafe" not in policy
    assert "X-Frame-Options" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert f'src="{SDK}"' in answer.text
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=", answer.text)


def test_the_sdk_finds_what_it_needs_after_a_form_was_sent(place: Place) -> None:
    place.suggest()

    assert "?origin=https%3A%2F%2Facme.zendesk.com&amp;app_guid=g-1" in place.open("ticket_sidebar", LEAD).text


def test_the_lead_sees_the_move_its_reason_and_the_loads_and_accepts_it(place: Place) -> None:
    id = place.suggest()
    html = place.sidebar(LEAD)

    assert "Gina Giver" in html
    assert SAFE[0] not in html
    assert SAFE[1] in html
    assert "The move evens out open work." in html
    assert "Measured" in html
    assert "16.2" in html
    answer = place.decide(html)
    assert answer.status_code == 200
    assert "Accepted." in answer.text
    assert place.state(id) == "accepted"
    kept = place.store.proposals.get("acme", id)
    assert kept is not None
    assert kept.decided_by == f"zendesk:{LEAD}"


def test_of_several_moves_only_this_tickets_may_be_accepted(place: Place) -> None:
    id = place.suggest(TICKET, ANOTHER)
    html = place.sidebar(LEAD)

    assert "Accept all 2 moves" in html
    assert f"<li>#{ANOTHER}: Gina Giver → {SAFE[1]}" in html  # nobody accepts what is not shown
    place.decide(html, "accept_one")
    assert {write.target for write in place.store.writes.of_proposal("acme", id) if write.kind == "move"} == {TICKET}


def test_the_lead_declines_for_a_reason(place: Place) -> None:
    id = place.suggest()
    html = place.sidebar(LEAD)

    assert place.decide(html, "decline", reason="no reason at all").status_code == 409
    assert place.state(id) == "open"
    assert place.decide(html, "decline", reason="wrong moment").status_code == 200
    assert place.state(id) == "declined"


def test_nobody_else_decides_from_the_sidebar(place: Place) -> None:
    id = place.suggest()
    for user in (GIVER, RECEIVER, COLLEAGUE, STRANGER, None):
        html = place.sidebar(user)

        assert 'name="decision"' not in html
        assert place.decide(html).status_code == 403
        assert place.decide(html, "decline", reason="not needed").status_code == 403
        assert place.state(id) == "open"


def test_who_is_not_concerned_sees_only_what_is_about_the_ticket(place: Place) -> None:
    place.suggest()
    for user in (COLLEAGUE, STRANGER, None):
        html = place.sidebar(user)

        assert "somebody else in Billing takes this ticket" in html
        assert "Gina" not in html
        assert SAFE[1] not in html
        assert "16.2" not in html


def test_who_gives_or_receives_sees_that_and_no_colleague(place: Place) -> None:
    place.suggest()
    html = place.sidebar(GIVER)

    assert "It stays within Billing." in html
    assert SAFE[1] not in html
    assert "Whoever leads the team decides." in html


@pytest.mark.parametrize("mode", ["dry_run", "off"])
def test_what_is_only_tried_shows_to_nobody_who_does_not_decide(place: Place, mode: str) -> None:
    if mode == "dry_run":
        place.suggest(mode=mode)

    assert "Nothing is suggested" in place.sidebar(COLLEAGUE)


def test_before_its_time_the_lead_sees_nothing(place: Place) -> None:
    place.suggest(lead_from=place.clock.at + timedelta(hours=2))

    assert "Nothing is suggested" in place.sidebar(LEAD)


def test_a_ticket_without_a_suggestion_says_so(place: Place) -> None:
    place.suggest()

    for ticket in (ANOTHER, "", "x", "35 or 1=1"):
        assert "Nothing is suggested" in place.sidebar(LEAD, ticket)


def test_a_page_can_decide_only_what_it_has_shown(place: Place) -> None:
    id = place.suggest()
    begun = place.open("ticket_sidebar", LEAD).text

    assert place.decide(begun).status_code == 403
    assert place.state(id) == "open"


def test_an_old_page_decides_nothing_and_says_what_to_do(place: Place) -> None:
    id = place.suggest()
    html = place.sidebar(LEAD)
    place.clock.at += page_tokens.LASTS

    answer = place.decide(html)

    assert answer.status_code == 403
    assert "open for too long" in answer.text
    assert "frame-ancestors https://acme.zendesk.com" in answer.headers["Content-Security-Policy"]
    assert place.state(id) == "open"


def test_a_page_lasts_hours_at_most_however_often_it_is_used(place: Place) -> None:
    html = place.sidebar(LEAD)
    steps = page_tokens.AT_MOST // (page_tokens.LASTS - timedelta(minutes=1))
    for _ in range(steps):
        place.clock.at += page_tokens.LASTS - timedelta(minutes=1)
        answer = place.client.post("/zaf/ticket", data={"page": page_of(html), "ticket": TICKET})
        assert answer.status_code == 200
        html = answer.text
    place.clock.at += page_tokens.LASTS - timedelta(minutes=1)

    assert place.client.post("/zaf/ticket", data={"page": page_of(html), "ticket": TICKET}).status_code == 403


def test_a_page_token_that_is_not_ours_opens_nothing(place: Place) -> None:
    for page in ("", "x", "WyJhY21lIl0.x", "é"):
        assert place.client.post("/zaf/ticket", data={"page": page, "ticket": TICKET}).status_code == 403
        assert place.client.post("/zaf/decision", data={"page": page}).status_code == 403


def test_a_page_that_outlived_its_account_is_framed_by_nobody(place: Place) -> None:
    html = place.sidebar(LEAD)
    place.store.upkeep.purge("acme")
    place.store.forget_account("acme")

    answer = place.client.post("/zaf/ticket", data={"page": page_of(html), "ticket": TICKET})

    assert answer.status_code == 403
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_why_nothing_was_changed_is_said_in_the_readers_language(place: Place) -> None:
    id = place.suggest()
    dutch = {"Accept-Language": "nl"}
    form = {"page": page_of(place.sidebar(LEAD)), "ticket": ANOTHER, "decision": "accept_one"}
    other = place.client.post("/zaf/decision", data=form, headers=dutch)
    review.decline(place.store, "acme", id, "Somebody", "other", place.clock.at)
    late = place.client.post("/zaf/decision", data=form, headers=dutch)

    for answer, said in ((other, f"{ANOTHER} hoort er niet bij."), (late, "Somebody")):
        assert answer.status_code == 409
        assert "Er is niets gewijzigd." in answer.text
        assert said in answer.text
        assert "proposal" not in answer.text


def test_what_was_decided_meanwhile_is_not_decided_again(place: Place) -> None:
    id = place.suggest()
    html = place.sidebar(LEAD)
    review.decline(place.store, "acme", id, "Somebody", "other", place.clock.at)

    answer = place.decide(html)

    assert answer.status_code == 409
    assert "Nothing was changed" in answer.text
    assert place.state(id) == "declined"


def test_what_has_changed_since_it_was_shown_is_shown_again_and_not_accepted(place: Place) -> None:
    id = place.suggest()
    html = place.sidebar(LEAD)
    old = from_json(place.store.proposals.get("acme", id).body)
    review.renew(place.store, "acme", [replace(old, renewed_at=place.clock.at)], place.clock.at)

    answer = place.decide(html)

    assert (answer.status_code, place.state(id)) == (409, "open")
    assert "This has changed since you looked at it" in answer.text
    assert place.decide(answer.text).status_code == 200
    assert place.state(id) != "open"


def test_the_navigation_bar_shows_the_lead_what_waits_oldest_first(place: Place) -> None:
    id = place.suggest()
    place.store.work.note_run("acme", evaluated_until=place.clock.at)
    html = place.open("nav_bar", LEAD).text

    assert "Everything up to" in html  # Zendesk keeps the page open for hours
    assert "not up to date" not in html
    assert f'href="{URL}/a/acme/proposals/{id}"' in html
    assert "Billing" in html


def test_the_navigation_bar_says_that_reading_is_paused(place: Place) -> None:
    place.store.work.note_run("acme", evaluated_until=place.clock.at, paused_at=place.clock.at)

    assert "not up to date" in place.open("nav_bar", LEAD).text


@pytest.mark.parametrize(
    ("user", "said"), [(GIVER, "Nothing waits for a decision of yours"), (None, "did not say who")]
)
def test_the_navigation_bar_shows_others_nothing_of_anybody(place: Place, user: int | None, said: str) -> None:
    id = place.suggest()
    html = place.open("nav_bar", user).text

    assert said in html
    assert id not in html
    assert "Billing" not in html


def test_it_speaks_the_readers_language(place: Place) -> None:
    place.suggest()
    html = place.sidebar(LEAD, headers={"Accept-Language": "nl"})

    assert "Er is voorgesteld dit ticket te verplaatsen" in html
    assert 'lang="nl"' in html
    for word in (">Accept<", ">Decline<", "A move of", "What was measured", "Open work"):
        assert word not in html


def test_a_form_that_is_too_large_is_not_read(place: Place) -> None:
    assert place.client.post("/zaf/ticket_sidebar", data={"token": "x" * 20_000}).status_code == 413


def test_whoever_has_left_since_the_page_was_opened_decides_nothing_from_it(place: Place) -> None:
    id = place.suggest()
    shown = place.sidebar(LEAD)
    everybody = [str(one) for one in (GIVER, RECEIVER, COLLEAGUE)]
    place.store.access.keep_leavers("acme", everybody, [str(LEAD)], place.clock.at + timedelta(seconds=1))

    answer = place.decide(shown)

    assert answer.status_code == 403
    assert place.state(id) == "open"
