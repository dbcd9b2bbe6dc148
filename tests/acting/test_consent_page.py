"""The consent page over HTTP."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from flask import Flask

from helpdesk_wellbeing import signed
from helpdesk_wellbeing.acting import consent, policy, review
from helpdesk_wellbeing.acting.consent import Asked
from helpdesk_wellbeing.acting.consent_page import consents
from helpdesk_wellbeing.errors import CannotDecide, ConfigError, StoreError
from helpdesk_wellbeing.plan.proposal import Move
from helpdesk_wellbeing.secrets import Keyring
from helpdesk_wellbeing.sheets import Patience
from tests.acting_helpdesk import MONDAY

pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
BASE = "https://help.example"


@pytest.fixture
def clock():
    return [MONDAY + timedelta(hours=2)]


@pytest.fixture
def client(store, clock):
    app = Flask("consent-test", static_folder=None)
    app.register_blueprint(consents(store, now=lambda: clock[0], patience=Patience(5)))
    return app.test_client()


@pytest.fixture
def asked(store, a_proposal):
    """A proposal whose two receivers are asked: ben for the tickets 1 and 2, cleo for 3; 4 was not accepted."""
    policy.change(store, "acme", "an admin", MONDAY, modes={"rebalance": "approve"}, consent=True)
    moves = tuple(Move(t, "g1", "anna", who) for t, who in [("1", "ben"), ("2", "ben"), ("3", "cleo"), ("4", "ben")])
    proposal = a_proposal(moves=moves)
    review.keep(store, "acme", [proposal], MONDAY)
    review.accept(store, "acme", proposal.id, "a lead", MONDAY, only=["1", "2", "3"])
    return proposal.id


@pytest.fixture
def token(store, asked):
    return token_of(store, asked, "ben")


def token_of(store, id, agent):
    return consent.link(store, "acme", id, agent, BASE + "/").removeprefix(f"{BASE}/consent/")


def answers(store, id):
    return {one.agent: one.answer for one in store.proposals.consents("acme", id)}


def test_a_link_is_the_same_each_time_and_names_nobody(store, asked, token):
    assert token_of(store, asked, "ben") == token
    assert token_of(store, asked, "cleo") != token
    assert "ben" not in str(signed.said_by(token))
    assert consent.read(store, token) == Asked("acme", asked, "ben")


def test_a_link_outlives_a_change_of_the_key(store, asked, token, tmp_path):
    Keyring(tmp_path).renew()
    store.encrypt_anew()
    Keyring(tmp_path).forget()

    assert token_of(store, asked, "ben") == token


def test_links_are_for_those_who_are_asked_and_need_an_address(store, asked):
    with pytest.raises(CannotDecide, match="not asked"):
        consent.link(store, "acme", asked, "dora", BASE)
    with pytest.raises(ConfigError, match="--public-url"):
        consent.link(store, "acme", asked, "ben", None)


def test_the_page_shows_ones_own_tickets_and_nothing_of_anybody_else(client, asked, token):
    page = client.get(f"/consent/{token}").text

    assert "Ticket 1" in page
    assert "Ticket 2" in page
    assert "2 tickets" in page
    for other in ("Ticket 3", "Ticket 4", "anna", "cleo"):
        assert other not in page


def test_a_yes_of_all_moves_and_a_no_leaves(client, store, asked, token):
    thanked = client.post("/consent/", data={"link": token, "answer": "yes"})
    client.post("/consent/", data={"link": token_of(store, asked, "cleo"), "answer": "no"})

    assert (thanked.status_code, "Your yes was noted" in thanked.text) == (200, True)
    assert answers(store, asked) == {"ben": "yes", "cleo": "no"}
    planned = store.writes.of_proposal("acme", asked)
    assert [w.target for w in planned if w.kind == "move"] == ["1", "2"]


def test_an_answer_counts_once(client, store, asked, token):
    client.post("/consent/", data={"link": token, "answer": "no"})
    again = client.post("/consent/", data={"link": token, "answer": "yes"})

    assert (again.status_code, client.get(f"/consent/{token}").status_code) == (410, 410)
    assert "answered already" in again.text
    assert answers(store, asked)["ben"] == "no"


def test_looking_a_hundred_times_answers_nothing(client, store, asked, token):
    for _ in range(100):
        assert client.get(f"/consent/{token}?answer=yes").status_code == 200
    client.head(f"/consent/{token}")
    client.options(f"/consent/{token}")

    assert answers(store, asked) == {"ben": None, "cleo": None}


@pytest.mark.parametrize("sent", [{}, {"answer": ""}, {"answer": "YES"}, {"answer": "maybe"}, {"q0": "yes"}])
def test_only_one_of_the_two_buttons_is_an_answer(client, store, asked, token, sent):
    asked_again = client.post("/consent/", data={"link": token, **sent})

    assert asked_again.status_code == 422
    assert "Please choose" in asked_again.text
    assert answers(store, asked)["ben"] is None


def test_the_page_speaks_dutch_by_browser_and_by_button(client, store, asked, token):
    by_browser = client.get(f"/consent/{token}", headers={"Accept-Language": "nl"})
    by_button = client.post("/consent/", data={"link": token, "switch": "nl", "lang": "en"})
    answered = client.post("/consent/", data={"link": token, "lang": "nl", "answer": "yes"})

    for page in (by_browser, by_button, answered):
        assert '<html lang="nl">' in page.text
    assert "Wil je werk overnemen?" in by_button.text
    assert answers(store, asked)["ben"] == "yes"


@pytest.mark.parametrize("part", [0, 1])
def test_a_forged_link_is_unknown(client, store, asked, token, part):
    pieces = token.split(".")
    pieces[part] = pieces[part][:-2] + ("AA" if not pieces[part].endswith("AA") else "BB")
    for forged in (".".join(pieces), token[:-1], token + "x", "x" * 700, "..", "%00", "a.b", token.swapcase()):
        assert client.get(f"/consent/{forged}").status_code in (404, 429)
        assert client.post("/consent/", data={"link": forged, "answer": "yes"}).status_code in (404, 429)
    assert answers(store, asked)["ben"] is None


def test_a_link_signed_by_another_accounts_secret_opens_nothing(client, store, asked, token, a_proposal):
    store.create_account("globex")
    store.put_secret("globex", consent.SECRET, signed.new_secret())
    theirs = store.get_secret("globex", consent.SECRET)
    forged = signed.sign(theirs, "consent", ["acme", asked, signed.ident_of(theirs, "ben")])
    lifted = signed.sign(theirs, "consent", ["globex", asked, signed.ident_of(theirs, "ben")])

    for one in (forged, lifted):
        assert client.get(f"/consent/{one}").status_code == 404


def test_wrong_links_are_put_off_while_the_right_one_works(client, token):
    codes = [client.get("/consent/nonsense").status_code for _ in range(7)]

    assert codes == [404] * 5 + [429] * 2
    assert client.get(f"/consent/{token}").status_code == 200


def test_a_question_that_is_settled_or_too_old_is_closed(client, store, asked, token, clock):
    clock[0] = MONDAY + timedelta(hours=24)
    too_late = client.post("/consent/", data={"link": token, "answer": "yes"})
    clock[0] = MONDAY
    review.decline(store, "acme", asked, "a lead", "other", MONDAY)
    settled = client.post("/consent/", data={"link": token, "answer": "yes"})

    assert (too_late.status_code, settled.status_code) == (410, 410)
    assert "closed" in settled.text
    assert answers(store, asked)["ben"] is None


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_answer_nothing(client, store, asked, token, method):
    for path in (f"/consent/{token}", "/consent/"):
        assert getattr(client, method)(path, data={"link": token, "answer": "yes"}).status_code == 405
    assert client.post(f"/consent/{token}", data={"answer": "yes"}).status_code == 405
    assert answers(store, asked)["ben"] is None


def test_the_page_keeps_the_link_to_itself(client, token):
    for answer in (client.get(f"/consent/{token}"), client.get("/consent/nonsense")):
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "Set-Cookie" not in answer.headers
        assert "<script" not in answer.text


def test_when_something_breaks_the_log_has_no_link(client, store, token, monkeypatch, caplog, capsys):
    for error, status in ((StoreError("away"), 503), (ZeroDivisionError(token), 500)):

        def breaks(*_, error=error):
            raise error

        monkeypatch.setattr(consent, "read", breaks)
        with caplog.at_level(logging.DEBUG):
            assert client.get(f"/consent/{token}").status_code == status
    shown = capsys.readouterr()
    assert token not in caplog.text + shown.out + shown.err
