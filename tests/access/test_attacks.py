"""What strangers try at the doors, and what comes of it."""

from __future__ import annotations

import pytest

from connectors.oidc import provider as fetching
from helpdesk_wellbeing.access import members
from helpdesk_wellbeing.access.patience import Doorkeeper
from helpdesk_wellbeing.errors import Refused

SIGNED_OUT = 303


def is_in(browser):
    return browser.get("/a/acme/sessions").status_code == 200


def test_a_state_counts_once(app, tools):
    browser = app.test_client()
    callback = tools.chosen(tools.begun(browser, "zendesk"), tools.ADA)
    kept = browser.get_cookie("wellbeing_away", path="/a/acme/").value
    assert tools.came_back(browser, callback).status_code == 303

    again = app.test_client()
    again.set_cookie("wellbeing_away", kept, path="/a/acme/")
    assert tools.came_back(again, callback).status_code == 400
    assert not is_in(again)


def test_an_answer_for_another_browser_signs_nobody_in(app, tools):
    attacker, victim = app.test_client(), app.test_client()
    callback = tools.chosen(tools.begun(attacker, "zendesk"), tools.BO)
    tools.begun(victim, "zendesk")

    assert tools.came_back(victim, callback).status_code == 400
    assert not is_in(victim)


def test_an_answer_without_a_state_signs_nobody_in(app, tools):
    browser = app.test_client()
    tools.begun(browser, "zendesk")

    assert browser.get("/a/acme/sign-in/zendesk/back?code=x").status_code == 400
    assert browser.get("/a/acme/sign-in/zendesk/back").status_code == 400


def test_an_answer_that_comes_too_late_signs_nobody_in(app, tools, clock):
    browser = app.test_client()
    callback = tools.chosen(tools.begun(browser, "zendesk"), tools.ADA)
    clock.at += tools.timedelta(minutes=11)

    assert tools.came_back(browser, callback).status_code == 400


def test_a_try_of_one_way_or_account_is_none_of_another(app, store, tools, with_provider):
    store.create_account("initech", platform="zendesk", settings=store.account("acme").settings)
    browser = app.test_client()
    page = tools.begun(browser, "zendesk")
    state, kept = tools.argument(page, "state"), browser.get_cookie("wellbeing_away", path="/a/acme/").value

    assert browser.get(f"/a/acme/sign-in/oidc/back?code=x&state={state}").status_code == 400
    browser.set_cookie("wellbeing_away", kept, path="/a/initech/")
    assert browser.get(f"/a/initech/sign-in/zendesk/back?code=x&state={state}").status_code == 404


def test_a_stolen_code_is_nothing_without_the_verifier(app, tools, zendesk):
    import requests

    callback = tools.chosen(tools.begun(app.test_client(), "zendesk"), tools.ADA)
    body = {"grant_type": "authorization_code", "code": tools.argument(callback, "code"),
            "client_id": zendesk.client_id, "client_secret": zendesk.client_secret,
            "redirect_uri": callback.partition("?")[0], "code_verifier": "guessed"}  # fmt: skip

    assert requests.post(f"{zendesk.base_url}/oauth/tokens", json=body, timeout=5).status_code == 400


def test_a_made_up_code_signs_nobody_in(app, tools):
    browser = app.test_client()
    state = tools.argument(tools.begun(browser, "zendesk"), "state")

    assert browser.get(f"/a/acme/sign-in/zendesk/back?code=made-up&state={state}").status_code == 403
    assert not is_in(browser)


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/a/globex/", "javascript:alert(1)"])
def test_nobody_is_sent_elsewhere_after_signing_in(app, tools, back):
    assert tools.with_zendesk(app.test_client(), tools.ADA, back).headers["Location"] == "/a/acme/"


@pytest.fixture
def eve(store, clock):
    return members.add(store, "acme", "email:eve@example.com", ["ops"], by="a test", at=clock.at)


def test_a_token_that_fits_in_everything_lets_in(app, tools, crook, eve):
    assert tools.with_crook(app.test_client(), crook).status_code == 303


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "of another try"}, {"nonce": None}, {"aud": "another client"}, {"aud": None},
        {"aud": ["wellbeing", "another client"], "azp": "another client"}, {"iss": "https://evil.example"},
        {"iss": None}, {"exp": 1_700_000_000}, {"exp": None}, {"iat": None}, {"sub": None}, {"sub": ""},
        {"nbf": 4_000_000_000}, {"email_verified": False}, {"email_verified": None}, {"email_verified": "yes"},
    ],
)  # fmt: skip
def test_a_token_that_does_not_fit_lets_nobody_in(app, tools, crook, eve, claims):
    crook.claims = claims
    browser = app.test_client()

    assert tools.with_crook(browser, crook).status_code == 403
    assert not is_in(browser)


def test_a_token_signed_by_somebody_else_lets_nobody_in(app, tools, crook, eve):
    from joserfc.jwk import OctKey, RSAKey

    crook.key = RSAKey.generate_key(2048, {"kid": "k"})
    assert tools.with_crook(app.test_client(), crook).status_code == 403
    crook.key, crook.header = OctKey.import_key("k" * 32), {"alg": "HS256"}
    assert tools.with_crook(app.test_client(), crook).status_code == 403


def test_keys_of_a_curve_that_nobody_knows_keep_nobody_out(app, tools, crook, eve):
    crook.more_keys = [{"kty": "EC", "crv": "brainpoolP256r1", "x": "AA", "y": "AA"}, {"kty": "RSA", "n": "AQAB"}]

    assert tools.with_crook(app.test_client(), crook).status_code == 303


def test_a_provider_may_change_its_key(app, tools, crook, eve, monkeypatch):
    from joserfc.jwk import RSAKey

    monkeypatch.setattr(fetching, "KEYS_AGAIN_S", 0.0)
    assert tools.with_crook(app.test_client(), crook).status_code == 303
    crook.key = crook.published = RSAKey.generate_key(2048, {"kid": "new", "use": "sig"})
    crook.header = {"kid": "new"}

    assert tools.with_crook(app.test_client(), crook).status_code == 303


@pytest.mark.parametrize(
    "said",
    [{"issuer": "https://evil.example"}, {"authorization_endpoint": "javascript:alert(1)"},
     {"authorization_endpoint": "http://evil.example/"}, {"authorization_endpoint": None}, {"jwks_uri": 7},
     {"authorization_endpoint": "https://[x"}, {"authorization_endpoint": "https://x.example:99999/"}],
)  # fmt: skip
def test_a_provider_that_says_wrong_things_of_itself_is_not_gone_to(app, crook, said):
    crook.said = said

    answer = app.test_client().get("/a/acme/sign-in/oidc")

    assert answer.status_code == 503
    assert "Location" not in answer.headers


def test_a_redirect_of_the_provider_to_another_host_is_not_followed(app, crook):
    crook.redirects = crook.issuer.replace("localhost", "127.0.0.1") + "/elsewhere"

    assert app.test_client().get("/a/acme/sign-in/oidc").status_code == 503
    assert "/elsewhere" not in crook.asked


@pytest.mark.parametrize(
    ("url", "issuer"),
    [
        ("http://10.0.0.1/", "https://93.184.216.34/"), ("https://127.0.0.1/", "https://93.184.216.34/"),
        ("https://[::1]/", "https://93.184.216.34/"), ("https://169.254.169.254/latest", "https://93.184.216.34/"),
        ("https://169.254.169.254/latest", "https://10.0.0.1/"), ("https://10.0.0.1/", "https://93.184.216.34/"),
        ("https://[::ffff:127.0.0.1]/", "https://93.184.216.34/"), ("ftp://93.184.216.34/", "https://93.184.216.34/"),
        ("https://0.0.0.0/", "https://10.0.0.1/"), ("https://u@93.184.216.34/", "https://93.184.216.34/"),
    ],
)  # fmt: skip
def test_a_provider_cannot_have_us_ask_inside_the_house(url, issuer):
    with pytest.raises(Refused):
        fetching.check_address(url, issuer, here=False)


def test_a_provider_inside_the_house_may_name_its_neighbours():
    fetching.check_address("https://10.0.0.2/keys", "https://10.0.0.1/", here=False)
    fetching.check_address("https://93.184.216.35/keys", "https://93.184.216.34/", here=False)


def entered(browser, link, tools, account="a/acme", own=None):
    page = browser.get(f"/{account}/enter/{own or link}").text
    return browser.post(f"/{account}/enter", data={"token": link, "csrf_token": tools.token_in(page)})


def test_a_stolen_link_opens_nothing_once_it_was_used_or_a_new_one_was_made(app, store, tools, clock):
    link = store.access.make_link("acme", clock.at, clock.at + tools.HOUR)
    newer = store.access.make_link("acme", clock.at, clock.at + tools.HOUR)

    assert entered(app.test_client(), link, tools).status_code == 403
    assert entered(app.test_client(), newer, tools).status_code == 303
    assert entered(app.test_client(), newer, tools).status_code == 403


def test_a_link_of_one_account_opens_no_other_and_no_set_up(app, store, tools, clock):
    store.create_account("globex")
    link = store.access.make_link("acme", clock.at, clock.at + tools.HOUR)

    assert entered(app.test_client(), link, tools, "a/globex").status_code == 403
    own = store.access.make_link(None, clock.at, clock.at + tools.HOUR)
    assert entered(app.test_client(), link, tools, "setup", own).status_code == 403
    assert entered(app.test_client(), link, tools).status_code == 303


def test_a_link_is_over_after_an_hour(app, store, tools, clock):
    link = store.access.make_link("acme", clock.at, clock.at + tools.HOUR)
    clock.at += tools.HOUR

    assert entered(app.test_client(), link, tools).status_code == 403


def test_brute_force_is_put_off_and_locks_nobody_out(app, store, tools, clock):
    link = store.access.make_link("acme", clock.at, clock.at + tools.HOUR)
    browser = app.test_client()
    token = tools.token_in(browser.get("/a/acme/enter/x").text)
    tried = [
        browser.post("/a/acme/enter", data={"token": f"guess-{n}", "csrf_token": token}).status_code for n in range(70)
    ]

    assert tried[0] == 403
    assert tried[-1] == 429
    assert entered(app.test_client(), link, tools).status_code == 303


def test_a_caller_from_outside_is_counted_alone():
    keeper = Doorkeeper(of_account=5, of_caller=2, clock=lambda: 0.0)

    assert [keeper.wrong("acme", "93.184.216.34") for _ in range(9)] == [True] * 2 + [False] * 7
    assert keeper.wrong("acme", "93.184.216.35")
    assert [keeper.wrong("acme", "127.0.0.1") for _ in range(3)] == [True, True, False]
    assert keeper.wrong("globex", "127.0.0.1")


def test_pages_of_the_doors_are_framed_by_nobody(app):
    for page in ("/a/acme/sign-in", "/a/acme/enter/x", "/setup/enter/x", "/setup/"):
        answer = app.test_client().get(page)
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Frame-Options"].upper() == "DENY"


def test_no_secret_is_in_what_the_log_says(app, tools, caplog):
    browser = app.test_client()
    callback = tools.chosen(tools.begun(browser, "zendesk"), tools.CUSTOMER)
    tools.came_back(browser, callback)

    assert tools.argument(callback, "code") not in caplog.text
    assert tools.argument(callback, "state") not in caplog.text
