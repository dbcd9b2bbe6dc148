"""Who gets in."""

from __future__ import annotations

import requests


def test_a_token_request_is_answered_with_201_and_what_was_granted(serve, world):
    _, reader = serve(world)
    answer = reader.mint()
    body = answer.json()
    assert answer.status_code == 201
    assert (body["token_type"], body["scope"], body["expires_in"]) == ("bearer", "read", 3600)


def test_the_lifetime_is_left_out_when_it_was_not_asked_for(serve, world):
    _, reader = serve(world)
    assert "expires_in" not in reader.mint(expires_in=None).json()


def test_a_wrong_secret_is_an_invalid_client(serve, world):
    _, reader = serve(world)
    answer = reader.mint(client_secret="wrong")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_scope_that_the_client_may_not_have_is_invalid(serve, world):
    _, reader = serve(world)
    answer = reader.mint(scope="read write")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


def test_a_misspelt_scope_gives_a_token_that_opens_nothing(serve, world):
    _, reader = serve(world)
    assert reader.mint(scope="raed").status_code == 201
    assert reader.raw("users/me.json").status_code == 403


def test_a_narrow_scope_opens_tickets_and_not_their_audits(serve, world):
    _, reader = serve(world)
    reader.mint(scope="tickets:read")
    assert reader.raw("tickets/3.json").status_code == 200
    assert reader.raw("tickets/3/audits").status_code == 403
    assert reader.raw("incremental/ticket_events.json?start_time=0").status_code == 403


def test_other_grants_and_bad_lifetimes_are_refused(serve, world):
    _, reader = serve(world)
    assert reader.mint(grant_type="password").json()["error"] == "unsupported_grant_type"
    assert reader.mint(expires_in=200).json()["error"] == "invalid_request"


def test_without_or_with_an_unknown_token_nobody_gets_in(serve, world):
    front, reader = serve(world)
    bare = requests.get(f"{front.base_url}/api/v2/users/me.json", timeout=5)
    assert (bare.status_code, bare.json()) == (401, {"error": "Couldn't authenticate you"})
    reader.session.headers["Authorization"] = "Bearer nonsense"
    assert reader.raw("users/me").json()["error"] == "invalid_token"


def test_a_token_ends(serve, world):
    _, reader = serve(world, token_ttl=0.0)
    assert reader.raw("users/me").status_code == 401


def test_the_current_token_shows_its_scopes_and_only_its_first_characters(serve, world):
    _, reader = serve(world)
    token = reader.get("oauth/tokens/current.json")["token"]
    assert token["scopes"] == ["read"]
    assert len(token["token"]) == 10
    assert token["expires_at"].endswith("Z")


def test_the_legacy_token_still_opens(serve, world):
    front, reader = serve(world)
    reader.legacy("service@example.com", front.api_token)
    assert reader.get("users/me.json")["user"]["role"] == "admin"
    reader.legacy("service@example.com", "wrong")
    assert reader.raw("users/me.json").status_code == 401


def test_credentials_differ_from_start_to_start(serve, world):
    first, _ = serve(world)
    second, _ = serve(world)
    assert first.client_secret != second.client_secret
    assert first.api_token != second.api_token
