"""Who gets in, what is refused, and how errors look."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk_wellbeing.api import tokens
from helpdesk_wellbeing.errors import ConfigError, StoreError
from tests.acting_helpdesk import MONDAY

PLACES = [
    ("GET", "proposals"), ("GET", "proposals/{id}"), ("POST", "proposals/{id}/accept"),
    ("POST", "proposals/{id}/decline"), ("POST", "proposals/{id}/snooze"), ("POST", "proposals/{id}/undo"),
    ("POST", "proposals/{id}/put-back"),
    ("GET", "settings"), ("PATCH", "settings"), ("GET", "audit"), ("GET", "audit/verify"), ("GET", "surveys/waves"),
    ("GET", "surveys/waves/{id}/results"), ("POST", "surveys/waves/{id}/themes"), ("GET", "surveys/themes"),
    ("POST", "surveys/themes/{id}/answer"), ("GET", "surveys/themes/{id}/effect"),
]  # fmt: skip
TAKES_A_BODY = [(method, path) for method, path in PLACES if method != "GET"]


def said(answer):
    """The error of an answer; every error has this shape and these headers."""
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.mimetype == "application/json"
    assert list(answer.json) == ["error"]
    assert sorted(answer.json["error"]) == ["code", "message"]
    return answer.status_code, answer.json["error"]["code"]


def state_of(store, account):
    kept = store.proposals.listed(account)
    return [(one.state, one.decided_by) for one in kept], store.audit.head(account), store.proposals.policy(account)


def every_route(call):
    rules = call.client.application.url_map.iter_rules()
    return {(method, rule.rule) for rule in rules for method in rule.methods - {"HEAD", "OPTIONS"}}


def test_the_places_tried_here_are_all_there_are(call):
    names = {"id": "<id>", "wave": "<wave>", "theme": "<theme>"}
    found = set()
    for method, rule in every_route(call):
        for name in names.values():
            rule = rule.replace(name, "{id}")
        found.add((method, rule.removeprefix("/api/v1/accounts/<account>/")))
    assert found == set(PLACES)


@pytest.mark.parametrize(("method", "path"), PLACES)
def test_without_a_token_nothing_is_answered_or_changed(call, store, proposed, method, path):
    before = state_of(store, "acme")
    answer = call(method, path.format(id=proposed["acme"]), token=None, json={})

    assert said(answer) == (401, "no_token")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert state_of(store, "acme") == before


@pytest.mark.parametrize(("method", "path"), PLACES)
def test_the_token_of_one_account_opens_nothing_of_another(call, store, proposed, method, path):
    before = state_of(store, "globex")
    theirs = call(method, path.format(id=proposed["globex"]), "globex", call.tokens["acme"], json={})
    nobodys = call(method, path.format(id=proposed["globex"]), "initech", call.tokens["acme"], json={})

    assert said(theirs) == (401, "no_token")
    assert (theirs.data, theirs.status_code) == (nobodys.data, nobodys.status_code)
    assert state_of(store, "globex") == before


@pytest.mark.parametrize(("method", "path"), [place for place in PLACES if "{id}" in place[1]])
def test_what_belongs_to_another_account_is_not_found_as_if_it_were_not_there(call, store, proposed, method, path):
    theirs = call(method, path.format(id=proposed["globex"]), json={})
    nobodys = call(method, path.format(id="0" * 12), json={})

    assert said(theirs) == (404, "not_found")
    assert theirs.data == nobodys.data
    assert b"globex" not in theirs.data
    assert state_of(store, "globex")[0] == [("open", None)]


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer nonsense", "Bearer hw_" + "a" * 43, "Bearer " + "x" * 5000,
     "Bearer é", "hw_token", "Bearer \x7f"],
)  # fmt: skip
def test_a_header_that_is_no_token_of_ours_is_refused(call, header):
    answer = call.get("proposals", token=None, headers={"Authorization": header})

    assert said(answer) == (401, "no_token")


@pytest.mark.parametrize("account", ["no%20such", "..", "%00", "a" * 500, "%F0%9F%90%B1", "acme%0A"])
def test_a_name_that_no_account_has_is_refused_like_one_that_is_unknown(call, account):
    answer = call.client.get(
        f"/api/v1/accounts/{account}/proposals", headers={"Authorization": f"Bearer {call.tokens['acme']}"}
    )
    assert answer.status_code in (401, 404)
    said(answer)


def test_a_token_in_the_address_or_in_a_cookie_opens_nothing(call):
    call.client.set_cookie("token", call.tokens["acme"])
    answer = call.get(f"proposals?token={call.tokens['acme']}&access_token={call.tokens['acme']}", token=None)

    assert said(answer) == (401, "no_token")
    assert "Set-Cookie" not in answer.headers


def test_wrong_tokens_are_put_off_after_some_while_right_ones_still_work(call, caplog):
    with caplog.at_level(logging.DEBUG):
        for _ in range(5):
            assert call.get("audit", token="hw_wrong-CANARY").status_code == 401
        put_off = call.get("audit", token="hw_wrong-CANARY")

    assert said(put_off) == (429, "too_many")
    assert put_off.headers["Retry-After"] == "60"
    assert call.get("audit").status_code == 200
    assert "CANARY" not in caplog.text


def test_a_token_is_kept_as_a_hash_only_and_opens_nothing_once_dropped(call, store, tmp_path):
    token = call.tokens["acme"]
    tokens.drop(store, "acme", "acme lead", MONDAY)

    assert said(call.get("proposals", token=token)) == (401, "no_token")
    for file in tmp_path.iterdir():
        assert token.encode() not in file.read_bytes()


def test_tokens_are_long_and_random_and_a_name_has_one(store):
    made = {tokens.add(store, "acme", f"lead {number}", MONDAY) for number in range(20)}

    assert len(made) == 20
    assert min(map(len, made)) >= 3 + 43  # 256 bits in base64
    with pytest.raises(ConfigError, match="drop it first"):
        tokens.add(store, "acme", "lead 1", MONDAY)


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "x" * 101, "bell\a"])
def test_a_token_needs_a_name_that_fits_on_a_line(store, name):
    with pytest.raises(ConfigError, match="who decides"):
        tokens.add(store, "acme", name, MONDAY)


@pytest.mark.parametrize("wrong", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_other_methods_are_refused_with_those_that_are_answered(call, store, proposed, wrong):
    before = state_of(store, "acme")
    for method, path in PLACES:
        if (wrong, path) not in PLACES:
            answer = call(wrong, path.format(id=proposed["acme"]), json={})
            assert said(answer) == (405, "not_allowed")
            assert method in answer.headers["Allow"]
    assert state_of(store, "acme") == before


@pytest.mark.parametrize("path", ["", "nonsense", "proposals/", "proposals/1/2/3", "surveys"])
def test_an_address_with_nothing_behind_it_is_json_too(call, path):
    assert said(call.get(path)) == (404, "not_found")


def test_addresses_outside_of_the_api_keep_their_own_errors(call):
    assert call.client.get("/elsewhere").mimetype == "text/html"


@pytest.mark.parametrize(("method", "path"), TAKES_A_BODY)
@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"data": "{", "content_type": "application/json"}, (400, "not_json")),
        ({"data": b"\xff\xfe", "content_type": "application/json"}, (400, "not_json")),
        ({"data": "[" * 30_000, "content_type": "application/json"}, (400, "not_json")),
        ({"data": '{"a": NaN}', "content_type": "application/json"}, (422, "invalid")),
        ({"data": "[]", "content_type": "application/json"}, (422, "invalid")),
        ({"data": "null", "content_type": "application/json"}, (422, "invalid")),
        ({"data": '{"CANARY": 1}', "content_type": "application/json"}, (422, "invalid")),
        ({"data": "{}", "content_type": "text/plain"}, (415, "not_json")),
        ({"data": {"reason": "other"}}, (415, "not_json")),
        ({"data": b" " * 70_000, "content_type": "application/json"}, (413, "too_large")),
    ],
)
def test_a_body_that_does_not_fit_changes_nothing(call, store, proposed, survey, method, path, how, expected):
    thing = proposed["acme"] if path.startswith("proposals") else survey[path.split("/")[1]] if "/" in path else ""
    before = state_of(store, "acme")
    answer = call(method, path.format(id=thing), **how)

    assert said(answer) == expected
    assert "CANARY" not in answer.text
    assert state_of(store, "acme") == before


@pytest.mark.parametrize(("method", "path"), [place for place in PLACES if place[0] == "GET"])
def test_parameters_that_are_unknown_or_given_twice_are_refused(call, proposed, survey, method, path):
    thing = proposed["acme"] if path.startswith("proposals") else survey.get(path.rpartition("/")[0].split("/")[-2:][0])
    address = path.format(id=thing)

    assert said(call.get(f"{address}?CANARY=1")) == (422, "invalid")
    assert "CANARY" not in call.get(f"{address}?CANARY=1").text
    assert said(call.get(f"{address}?after=1&after=2")) == (422, "invalid")


def test_when_the_database_is_away_callers_are_told_when_to_come_again(call, proposed, monkeypatch, caplog):
    def away(*_):
        raise StoreError("store: /somewhere/wellbeing.db: gone")

    monkeypatch.setattr("helpdesk_wellbeing.store.proposals.Proposals.get", away)
    answer = call.post(f"proposals/{proposed['acme']}/accept", json={})

    assert said(answer) == (503, "store_away")
    assert answer.headers["Retry-After"] == "5"
    assert "/somewhere" not in answer.text


def test_what_nobody_foresaw_is_told_without_what_was_read(call, proposed, monkeypatch, caplog):
    def breaks(*_):
        raise ZeroDivisionError("CANARY")

    monkeypatch.setattr("helpdesk_wellbeing.store.proposals.Proposals.get", breaks)
    answer = call.get(f"proposals/{proposed['acme']}")

    assert said(answer) == (500, "failed")
    assert "CANARY" not in answer.text + caplog.text


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
known = st.sampled_from(
    ["only", "reason", "until", "stopped", "modes", "planning", "consent", "language", "title", "owner", "question",
     "text", "standing", "public_url", "by"]
)  # fmt: skip


ONE_DESK = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
bodies = st.dictionaries(known, anything, max_size=3) | anything


@ONE_DESK
@given(body=bodies, place=st.sampled_from(TAKES_A_BODY))
def test_whatever_is_sent_gets_an_answer_of_ours(call, proposed, body, place):
    is_answered(call, proposed, body, *place)


@pytest.mark.prove
@settings(ONE_DESK, max_examples=600)
@given(body=bodies, place=st.sampled_from(TAKES_A_BODY))
def test_whatever_is_sent_many_more_times_gets_an_answer_of_ours(call, proposed, body, place):
    is_answered(call, proposed, body, *place)


def is_answered(call, proposed, body, method, path):
    sent = json.dumps(body).encode()
    answer = call(method, path.format(id=proposed["acme"]), data=sent, content_type="application/json")

    assert answer.status_code in (200, 400, 404, 409, 422)
    if answer.status_code != 200:
        said(answer)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(["state", "after", "most", "seq", "hash", "team", "dimension", "value"]), value=st.text(),
       path=st.sampled_from([path for method, path in PLACES if method == "GET"]))  # fmt: skip
def test_whatever_is_asked_gets_an_answer_of_ours(call, proposed, name, value, path):
    answer = call.get(path.format(id=proposed["acme"]), query_string={name: value})

    assert answer.status_code in (200, 404, 422)
