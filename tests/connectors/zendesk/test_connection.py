"""Getting in: grants, scopes, roles, and what is said when it doesn't work."""

from __future__ import annotations

import orjson
import pytest

from connectors import CONNECTORS
from connectors.zendesk import ZendeskSettings, connect
from helpdesk_wellbeing.errors import BadPayload, ConfigError, PlatformError, Refused
from helpdesk_wellbeing.feed import Connector

OAUTH = {"client_id": "wellbeing", "client_secret": "s3cret"}


def settings(**given):
    return ZendeskSettings(account="acme", **({"subdomain": "acme"} | OAUTH | given))


def test_zendesk_is_registered_and_offers_what_every_connector_does():
    connector: Connector = CONNECTORS["zendesk"](settings())

    assert connector.platform == "zendesk"


def test_ping_says_who_and_that_all_is_there(zendesk):
    ping = zendesk.connector().ping()

    assert ping.who == "zendesk acme: user 9 (admin), OAuth client wellbeing"
    assert ping.missing == ()
    assert ping.notes[0] == "granted scopes: read"


def test_scopes_that_were_not_granted_and_a_missing_role_are_named(zendesk):
    zendesk.scope = "tickets:read users:read"
    zendesk.users[3]["role"] = "agent"

    ping = zendesk.connector().ping()

    assert ping.missing == ("scope read", "role admin (the exports are for admins)")


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (401, "invalid_client", "copy both anew"),
        (400, "invalid_scope", "allow `read` in its scopes"),
        (403, "unauthorized_client", "must be \\*confidential\\*"),
        (400, "unsupported_grant_type", "make a \\*confidential\\* one"),
        (400, "invalid_grant", "can't sign in"),
        (
            404,
            "InvalidEndpoint",
            "no Zendesk account answers at https://acme.zendesk.com; check the subdomain",
        ),
        (400, "Mrs Private did something", "check its id, its secret and its kind"),
    ],
)
def test_each_wrong_grant_has_its_own_line(zendesk, status, code, said):
    zendesk.broken["/oauth/tokens"] = (status, {"error": code, "error_description": "s3cret isn't right"})

    with pytest.raises(Refused, match=said) as caught:
        zendesk.connector().ping()

    assert "POST /oauth/tokens (client wellbeing)" in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert "Private" not in str(caught.value)


def test_a_token_that_opens_nothing_is_explained(zendesk):
    zendesk.broken["/users/me"] = (403, {"error": {"title": "Forbidden", "message": "x"}})

    with pytest.raises(Refused, match=r'granted but opens nothing; the scopes asked for \("reed"\)'):
        zendesk.connector(scopes=("reed",)).ping()


def test_a_token_answer_without_a_token_is_said(zendesk):
    zendesk.broken["/oauth/tokens"] = (200, {"hello": 1})

    with pytest.raises(BadPayload, match="without an access token"):
        zendesk.connector().ping()


def test_the_token_request_asks_for_a_lifetime_and_the_scopes(zendesk):
    bodies = []
    real = zendesk.answer

    def answer(request):
        if "oauth" in request.url:
            bodies.append(orjson.loads(request.body))
            assert "Authorization" not in request.headers
        return real(request)

    zendesk.answer = answer
    zendesk.connector().ping()

    assert bodies == [
        {
            "grant_type": "client_credentials",
            "client_id": "wellbeing",
            "client_secret": "s3cret",
            "scope": "read",
            "expires_in": 3600,
        }
    ]


def test_a_token_is_made_anew_before_it_ends_also_when_the_answer_keeps_its_end_to_itself(zendesk):
    connector = zendesk.connector()
    connector.ping()
    zendesk.clock.at += 1300
    connector.api.session.answer("GET", "/api/v2/users/me")
    assert zendesk.minted == 1

    zendesk.clock.at += 200
    connector.api.session.answer("GET", "/api/v2/users/me")

    assert zendesk.minted == 2


def test_a_401_in_the_middle_gets_a_new_token_once(zendesk):
    connector = zendesk.connector()
    turns = iter([(401, {"error": "invalid_token"})])
    zendesk.broken["/groups"] = lambda query: next(turns, None)

    connector.roster()

    assert zendesk.minted == 2


def test_an_api_token_shows_its_end(zendesk):
    connector = zendesk.connector(client_id=None, client_secret=None, email="boss@example.org", api_token="t0ken")

    ping = connector.ping()

    assert any("2027-04-30" in note for note in ping.notes)
    assert zendesk.minted == 0


def test_an_api_token_that_is_not_accepted_leads_to_oauth(zendesk):
    zendesk.broken["/users/me"] = (401, {"error": "Couldn't authenticate you"})
    connector = zendesk.connector(client_id=None, client_secret=None, email="boss@example.org", api_token="t0ken")

    with pytest.raises(Refused, match="connect with an OAuth client") as caught:
        connector.ping()
    assert "t0ken" not in str(caught.value)
    assert "boss" not in str(caught.value)


def test_anonymous_is_not_taken_for_somebody(zendesk):
    zendesk.broken["/users/me"] = (200, {"user": {"id": None, "role": "end-user"}})

    with pytest.raises(PlatformError, match="aren't accepted"):
        zendesk.connector().ping()


def test_secrets_are_in_no_printed_form():
    oauth = settings()
    legacy = ZendeskSettings("acme", "acme", email="boss@example.org", api_token="t0ken")

    said = repr(oauth) + repr(legacy) + repr(connect(oauth).api.credentials) + repr(connect(legacy).api.credentials)

    assert "s3cret" not in said
    assert "t0ken" not in said
    assert "boss" not in said


@pytest.mark.parametrize(
    "wrong",
    [
        {"subdomain": "acme.zendesk.com"},
        {"subdomain": ""},
        {"base_url": "http://acme.example"},
        {"base_url": "https://acme.example/api/v2"},
        {"base_url": "ftp://127.0.0.1"},
        {"base_url": "http://127.0.0.1.evil.example"},
        {"reserve": 1.5},
        {"client_secret": None},
    ],
)
def test_settings_that_cannot_work_are_refused_at_once(wrong):
    with pytest.raises(ConfigError, match=r"^account acme: "):
        settings(**wrong)


@pytest.mark.parametrize("right", ["http://127.0.0.1:8080", "http://localhost:1", "https://acme.example:8443"])
def test_a_connection_may_point_elsewhere(right):
    assert settings(base_url=right).origin == right
