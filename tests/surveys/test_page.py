"""The pulse page over HTTP."""

from __future__ import annotations

import logging
import re

import pytest
from flask import Flask

from helpdesk_wellbeing.surveys import waves
from helpdesk_wellbeing.surveys.page import Patience, pulse

pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
CHOSEN = {f"q{number}": "4" for number in range(5)}


@pytest.fixture
def wave(store, tools):
    return tools.opened(store, tools.team_of(6))


@pytest.fixture
def clock(tools):
    return [tools.MONDAY + tools.timedelta(hours=2)]


@pytest.fixture
def client(store, clock):
    app = Flask("pulse-test", static_folder=None)
    app.register_blueprint(pulse(store, now=lambda: clock[0], patience=Patience(5)))
    return app.test_client()


@pytest.fixture
def token(store, tools, wave):
    return tools.tokens(store, wave)["north1"]


def answers_in(store, wave):
    return len(store.surveys.sealed(wave.account, wave.wave))


def test_the_form_is_answered_once(client, store, wave, token):
    shown = client.get(f"/pulse/{token}")
    thanked = client.post("/pulse/", data={"link": token, **CHOSEN, "comment": "more time"})
    again = client.post("/pulse/", data={"link": token, **CHOSEN})

    assert (shown.status_code, thanked.status_code, again.status_code) == (200, 200, 410)
    assert "Thank you" in thanked.text
    assert "used already" in again.text
    assert answers_in(store, wave) == 1


@pytest.mark.parametrize("data", [{}, {"switch": "nl"}, {"q0": "3"}])
def test_a_link_looks_the_same_before_and_after_it_was_used(client, store, wave, token, data):
    before = client.get(f"/pulse/{token}"), client.post("/pulse/", data={"link": token, **data})
    client.post("/pulse/", data={"link": token, **CHOSEN})
    after = client.get(f"/pulse/{token}"), client.post("/pulse/", data={"link": token, **data})

    assert [(page.status_code, page.text) for page in after] == [(page.status_code, page.text) for page in before]


def test_a_comment_that_is_far_too_long_is_said_to_be_that(client, store, wave, token):
    page = client.post("/pulse/", data={"link": token, **CHOSEN, "comment": "x" * 1_000_000})

    assert (page.status_code, "Your comment is too long" in page.text) == (413, True)
    assert answers_in(store, wave) == 0


def test_looking_at_a_link_a_hundred_times_uses_nothing_up(client, store, wave, token):
    for _ in range(100):
        assert client.get(f"/pulse/{token}").status_code == 200
    client.head(f"/pulse/{token}")
    client.options(f"/pulse/{token}")
    client.get(f"/pulse/{token}", query_string=CHOSEN)

    assert answers_in(store, wave) == 0
    assert client.post("/pulse/", data={"link": token, **CHOSEN}).status_code == 200


def test_the_page_speaks_dutch_by_link_by_browser_and_by_button(client, store, wave, token):
    by_link = client.get(f"/pulse/{token}?lang=nl")
    by_browser = client.get(f"/pulse/{token}", headers={"Accept-Language": "nl-NL,nl;q=0.9,en;q=0.5"})
    by_button = client.post("/pulse/", data={"link": token, "switch": "nl", "lang": "en", "q0": "2", "comment": "hoi"})

    for page in (by_link, by_browser, by_button):
        assert '<html lang="nl">' in page.text
        assert "De hoeveelheid werk kon ik aan." in page.text
    assert 'value="2" required checked' in by_button.text
    assert ">hoi</textarea>" in by_button.text
    assert answers_in(store, wave) == 0


def test_every_answer_has_headers_that_keep_the_link_to_itself(client, token):
    pages = [client.get(f"/pulse/{token}"), client.get("/pulse/nonsense"), client.post("/pulse/", data={})]
    for page in pages:
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"
        assert "noindex" in page.headers["X-Robots-Tag"]
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert "unsafe" not in page.headers["Content-Security-Policy"]
        assert "<script" not in page.text
        assert " style=" not in page.text
        assert "Set-Cookie" not in page.headers


def test_the_style_is_the_one_that_the_policy_allows(client, token):
    import base64
    import hashlib

    page = client.get(f"/pulse/{token}")
    style = re.search(r"<style>(.*?)</style>", page.text, re.DOTALL)[1]

    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in page.headers["Content-Security-Policy"]


def test_missing_answers_are_asked_for_and_what_was_chosen_stays(client, store, wave, token):
    page = client.post("/pulse/", data={"link": token, "q0": "3", "q1": "6", "q2": "x", "comment": "<b>hi</b>"})

    assert page.status_code == 422
    assert page.text.count("Please choose an answer here.") == 4
    assert 'value="3" required checked' in page.text
    assert "&lt;b&gt;hi&lt;/b&gt;" in page.text
    assert answers_in(store, wave) == 0


def test_a_comment_that_is_too_long_is_not_cut_but_said(client, store, wave, token):
    fits = client.post("/pulse/", data={"link": token, **CHOSEN, "comment": "\u00e9\r\n" * 500 + "x"})
    page = client.post("/pulse/", data={"link": token, **CHOSEN, "comment": "x" * 1001})
    huge = client.post("/pulse/", data={"link": token, **CHOSEN, "comment": "x" * 100_000})

    assert fits.status_code == 422
    assert page.status_code == 422
    assert huge.status_code == 413
    assert "<h1>" in huge.text
    assert answers_in(store, wave) == 0
    assert client.post("/pulse/", data={"link": token, **CHOSEN, "comment": "\U0001f600" * 1000}).status_code == 200


def test_wrong_links_get_a_kind_page(client, store, tools, wave, token):
    forged = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
    for link in ("nonsense", forged, "x" * 5000):
        page = client.get(f"/pulse/{link}")
        assert page.status_code == 404
        assert "This link does not work" in page.text
        assert "Open the link from your invitation" in page.text


def test_a_link_of_another_wave_or_account_counts_nowhere_else(client, store, tools, wave, token):
    from helpdesk_wellbeing.surveys import links

    other = tools.opened(store, tools.team_of(6), account="globex")
    claim = links.read(token)
    secret = store.get_secret("acme", f"survey_wave:{wave.wave}")
    for crossed in (
        links.Claim("globex", other.wave, 0, claim.ident),
        links.Claim("globex", wave.wave, 0, claim.ident),
        links.Claim("acme", other.wave, 0, claim.ident),
    ):
        page = client.post("/pulse/", data={"link": links.sign(secret, crossed), **CHOSEN})
        assert page.status_code == 404
    assert answers_in(store, other) == 0


def test_a_link_is_over_with_its_wave(client, store, clock, tools, wave, token):
    clock[0] = wave.closes_at
    assert client.get(f"/pulse/{token}").status_code == 410
    late = client.post("/pulse/", data={"link": token, **CHOSEN})
    assert (late.status_code, "This survey is over" in late.text) == (410, True)

    tools.finished(store, wave)
    assert client.get(f"/pulse/{token}").status_code == 410
    assert store.get_secret("acme", f"survey_wave:{wave.wave}") is None


def test_a_wave_that_is_planned_only_takes_no_answer(client, store, tools):
    planned = waves.add(store, "acme", tools.plan_of(tools.team_of(5)))
    token = tools.tokens(store, planned)["north1"]

    assert client.post("/pulse/", data={"link": token, **CHOSEN}).status_code == 410


def test_who_guesses_links_is_put_off_and_who_has_one_is_not(client, token):
    codes = [client.get(f"/pulse/guess{number}").status_code for number in range(8)]

    assert codes == [404] * 5 + [429] * 3
    assert client.get("/pulse/guess").headers["Retry-After"] == "60"
    assert client.get(f"/pulse/{token}").status_code == 200


def test_no_log_line_has_a_link_or_a_comment(client, store, token, caplog, monkeypatch):
    caplog.set_level(logging.DEBUG)
    client.get(f"/pulse/{token}")

    def broken(*_):
        raise RuntimeError(token)

    monkeypatch.setattr(waves, "door", broken)
    page = client.get(f"/pulse/{token}")
    posted = client.post("/pulse/", data={"link": token, **CHOSEN, "comment": "my secret comment"})

    assert (page.status_code, posted.status_code) == (500, 500)
    assert "Something went wrong here" in page.text
    assert "not counted" in posted.text
    assert token not in caplog.text
    assert "secret comment" not in caplog.text
