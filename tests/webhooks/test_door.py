"""Each way to be wrong and its answer; what comes in never breaks the door and never leaks."""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from helpdesk_wellbeing.errors import ConfigError, StoreError
from webhooks.door import LARGEST, Door
from webhooks.receipts import NotKept
from webhooks.zendesk.signature import PUBLIC_TEST_SECRET, SIGNATURE, TIMESTAMP, sign

NOW = datetime.fromisoformat("2026-03-02T09:30:00Z")
SECRET, OLD_SECRET = "acme-signs-with-this", "acme-signed-with-this"
MINUTES = [("4:59", 299, 200), ("5:00", 300, 200), ("5:01", 301, 401)]


@pytest.mark.parametrize(("ago", "seconds", "status"), MINUTES)
@pytest.mark.parametrize("sign_", [1, -1])
def test_a_signature_holds_for_five_minutes_both_ways(desk, status_change, ago, seconds, status, sign_):
    answer, _ = desk.zendesk(status_change(), at=NOW - sign_ * timedelta(seconds=seconds))

    assert answer == status


@pytest.mark.parametrize(
    ("secret", "status"),
    [(SECRET, 200), (OLD_SECRET, 200), ("another", 401), ("", 401), (PUBLIC_TEST_SECRET, 401)],
)
@pytest.mark.parametrize("kind", ["freshdesk", "zendesk"])
def test_both_secrets_hold_while_one_replaces_the_other_and_no_third(
    desk, status_change, app_event, kind, secret, status
):
    if kind == "freshdesk":
        answer, _ = desk.freshdesk(app_event(), secret="fresh-shows-this" if secret == SECRET else secret)
    else:
        answer, _ = desk.zendesk(status_change(), secret=secret)

    assert answer == status


@pytest.mark.parametrize(
    ("user", "password", "status"),
    [("anybody", "fresh-shows-this", 200), ("", OLD_SECRET, 200), ("fresh-shows-this", "", 401), ("x", SECRET, 401)],
)
def test_basic_auth_shows_the_secret_as_its_password(desk, app_event, user, password, status):
    shown = b64encode(f"{user}:{password}".encode()).decode()

    assert desk.freshdesk(app_event(), secret="", Authorization=f"Basic {shown}")[0] == status


def test_the_public_test_secret_never_holds_even_when_somebody_stored_it(desk, status_change):
    desk.store.put_secret("globex", "webhook_secret", PUBLIC_TEST_SECRET)

    assert desk.zendesk(status_change(), "globex", secret=PUBLIC_TEST_SECRET)[0] == 401


def test_test_mode_accepts_the_public_test_secret(store, status_change):
    kept = []
    door = Door(lambda *_: (), lambda receipt: kept.append(receipt) or True, lambda *_: None, now=lambda: NOW,
                test_mode=True)  # fmt: skip
    body = json.dumps(status_change()).encode()
    stamp = "2026-03-02T09:30:00Z"
    headers = {SIGNATURE: sign(PUBLIC_TEST_SECRET, stamp, body), TIMESTAMP: stamp, "Content-Type": "application/json"}

    assert door.receive("zendesk", "acme", headers, body).status == 200
    assert len(kept) == 1


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({}, "no signature"),
        ({SIGNATURE: "", TIMESTAMP: ""}, "empty"),
        ({SIGNATURE: "é☃", TIMESTAMP: "2026-03-02T09:30:00Z"}, "not base64"),
        ({SIGNATURE: sign(SECRET, "now", b"{}"), TIMESTAMP: "now"}, "no time"),
        ({SIGNATURE: sign(SECRET, "2026-03-02T09:30:00", b"{}"), TIMESTAMP: "2026-03-02T09:30:00"}, "no zone"),
        ({SIGNATURE: sign(SECRET, "2026-03-02T09:30:00Z", b"{} "), TIMESTAMP: "2026-03-02T09:30:00Z"}, "other body"),
        ({SIGNATURE: sign(SECRET, "2026-03-02T09:30:01Z", b"{}"), TIMESTAMP: "2026-03-02T09:30:00Z"}, "other time"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_without_a_right_signature_nothing_is_kept(desk, headers, why):
    sent = {name: value.encode().decode("latin-1") for name, value in headers.items()}

    status, _ = desk.post("/webhooks/zendesk/acme", b"{}", sent)

    assert (status, desk.inbox()) == (401, [])
    assert desk.counts == {("unproven", "acme"): 1}


@pytest.mark.parametrize("account", ["nobody", "log", "OTHER", "unready", "acme/x", "a" * 300, "a%00b", "%ED%A0%80"])
@pytest.mark.parametrize(("kind", "known", "other"), [("zendesk", "acme", "fresh"), ("freshdesk", "fresh", "globex")])
def test_accounts_that_are_not_there_are_answered_like_a_wrong_proof(desk, status_change, kind, known, other, account):
    body = json.dumps(status_change()).encode()
    wrong = desk.client.post(f"/webhooks/{kind}/{known}", data=body, content_type="application/json")

    place = f"/webhooks/{kind}/{other if account == 'OTHER' else account}"
    answer = desk.client.post(place, data=body, content_type="application/json")

    assert (answer.status_code, answer.data, dict(answer.headers)) == (401, wrong.data, dict(wrong.headers))
    named = {name for _, name in desk.counts}
    assert named <= {known, "unready", None}


FUTURE, PAST = "dated more than a day ahead of now", "dated more than a week ago"
DATED = [
    (timedelta(hours=23), "kept"),
    (timedelta(hours=25), "future"),
    (timedelta(days=3650), "future"),
    (-timedelta(days=6), "kept"),
    (-timedelta(days=8), "past"),
    (-timedelta(days=9000), "past"),
]


@pytest.mark.parametrize(("ahead", "outcome"), DATED)
@pytest.mark.parametrize("platform", ["freshdesk", "zendesk"])
def test_what_is_dated_far_away_is_answered_counted_and_not_kept(desk, status_change, platform, ahead, outcome):
    at = NOW + ahead
    if platform == "zendesk":
        account, answer = "acme", desk.zendesk(status_change(time=at.isoformat()))
    else:
        record = {"id": 205, "changes": {"status": [2, 4]}}
        said = {"event": "onTicketUpdate", "timestamp": at.timestamp(), "actor": {"id": 81}, "record": record}
        account, answer = "fresh", desk.freshdesk(said)

    told = {"kept": {"kept": 1}, "future": {"kept": 0, "refused": FUTURE}, "past": {"kept": 0, "refused": PAST}}
    assert answer == (200, told[outcome])
    assert desk.counts == {(outcome, account): 1}
    assert len(desk.inbox(account)) == (outcome == "kept")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"ticket_id=205&event=%7Bstatus%3A%7Bfrom%3A4%2Cto%3A6%7D%7D"),
        ("application/xml", b"<freshdesk_webhook><ticket_id>205</ticket_id></freshdesk_webhook>"),
        ("text/xml", b"<freshdesk_webhook><ticket_id>205</ticket_id></freshdesk_webhook>"),
    ],
)
def test_a_rule_that_does_not_send_json_is_told_what_to_choose(desk, kind, body):
    status, told = desk.freshdesk(body, Content_Type=kind)

    assert status == 415
    assert "choose the encoding JSON" in told["error"]
    assert desk.counts == {("wrong_type", "fresh"): 1}


def test_a_rule_whose_placeholder_broke_the_json_still_hints(desk):
    assert desk.freshdesk(b'{"ticket_id": "205", "event": {status:{from:4,to:6}}}') == (200, {"kept": 1})
    assert desk.freshdesk(b'{"subject": "he said "no"", "ticket_id": "205"}')[0] == 400
    assert desk.zendesk(b'{"ticket_id": "205", "event": {status:{from:4,to:6}}}')[0] == 400

    assert [delivery.tickets for delivery in desk.inbox("fresh")] == [("205",)]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b'"text"', b"1", b"null", b"\xff\xfe{\x00}\x00", b'{"a": NaN}', b'{"a": -Infinity}',
        b'{"a": 1e999}', b'{"a": 1, "a": 2}', b'{"type": {"x": 1, "x": 1}}', b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}",
        b'{"a":' * 100_000, b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}", b'\xef\xbb\xbf{"a": 1}',
    ],
)  # fmt: skip
def test_what_is_not_plain_json_is_refused(desk, body):
    if len(body) > LARGEST:
        body = body[:LARGEST]

    status, told = desk.zendesk(body)

    assert status == 400
    assert desk.counts == {("not_json", "acme"): 1}
    assert told.keys() == {"error"}


@pytest.mark.parametrize("levels", [33, 20_000])
def test_what_is_nested_too_deep_is_told_so(desk, levels):
    status, told = desk.zendesk(b'{"a":' * levels + b"1" + b"}" * levels)

    assert (status, told) == (400, {"error": "the body has more than 32 levels"})


def test_a_body_that_is_too_large_is_not_even_read(desk):
    status, _ = desk.zendesk(b" " * (LARGEST + 1))

    assert status == 413
    assert desk.counts == {("too_large", None): 1}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"time": "yesterday"}, "time"),
        ({"time": "2026-03-02T09:29:58"}, "time"),
        ({"time": "1200-03-02T09:29:58Z"}, "time"),
        ({"id": ""}, "id"),
        ({"id": 7}, "id"),
        ({"detail": {}}, "detail.id"),
        ({"detail": []}, "detail.id"),
        ({"detail": {"id": "Ms Smith"}}, "detail.id"),
        ({"detail": {"id": "0"}, "time": None}, "time, detail.id"),
    ],
)
def test_fields_that_do_not_fit_are_named(desk, status_change, changes, named):
    status, told = desk.zendesk(status_change(**changes))

    assert status == 422
    assert told["error"].startswith(f"{named}: ")
    assert "Smith" not in told["error"]


@pytest.mark.parametrize("said", [{}, {"type": "zen:event-type:ticket.unheard_of"}, {"type": 1}, {"hello": "world"}])
def test_kinds_that_are_not_read_are_taken_with_thanks(desk, said):
    assert desk.zendesk(said) == (200, {"kept": 0, "ignored": True})
    assert desk.counts == {("ignored", "acme"): 1}


def test_a_bulk_edit_comes_as_a_burst_and_each_ticket_is_kept(desk, app_event):
    for ticket in range(1, 61):
        rule = {"ticket_id": str(ticket), "event": "{status:{from:2,to:5}}"}
        assert desk.freshdesk(rule) == (200, {"kept": 1})
        record = {"id": ticket, "updated_at": "2026-03-02T09:29:58Z", "changes": {"status": [2, 5]}}
        assert desk.freshdesk(app_event(record=record)) == (200, {"kept": 1})

    told = [event for delivery in desk.inbox("fresh") for event in delivery.events]
    assert {event["ticket"] for event in told} == {str(ticket) for ticket in range(1, 61)}
    assert len({event["id"] for event in told}) == 60


def test_accounts_do_not_meet(desk, status_change):
    desk.zendesk(status_change(), "acme")
    status, _ = desk.zendesk(status_change(), "globex")

    assert status == 200  # the same id of another account is another event
    assert desk.zendesk(status_change(2), "globex", secret=SECRET)[0] == 401
    assert (len(desk.inbox("acme")), len(desk.inbox("globex")), desk.inbox("fresh")) == (1, 1, [])


def test_an_account_has_one_platform(desk):
    assert desk.freshdesk({"ticket_id": "5"}, secret=SECRET, account="acme")[0] == 401


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/webhooks/zendesk/acme", 405),
        ("put", "/webhooks/zendesk/acme", 405),
        ("post", "/webhooks/other/a", 404),
    ],
)
def test_there_is_no_other_way_in(desk, method, path, status):
    assert getattr(desk.client, method)(path).status_code == status


def test_while_the_store_fails_the_platform_is_asked_to_send_again(status_change):
    def fails(receipt: object) -> bool:
        raise NotKept("the store failed")

    body = json.dumps(status_change()).encode()
    door = Door(lambda *_: (SECRET,), fails, lambda *_: None, now=lambda: NOW)
    stamp = "2026-03-02T09:30:00Z"
    headers = {SIGNATURE: sign(SECRET, stamp, body), TIMESTAMP: stamp, "Content-Type": "application/json"}

    answer = door.receive("zendesk", "acme", headers, body)

    assert (answer.status, answer.headers) == (503, {"Retry-After": "5"})


@pytest.mark.parametrize("error", [StoreError("store: away"), ConfigError("another key")])
def test_while_secrets_cannot_be_read_calls_are_put_off_and_one_line_is_logged(error, caplog):
    def look_up(platform: str, account: str) -> None:
        raise error

    door = Door(look_up, lambda receipt: True, lambda *_: None)
    with caplog.at_level(logging.WARNING):
        statuses = [door.receive("zendesk", "acme", {}, b"{}").status for _ in range(3)]

    assert statuses == [503, 503, 503]
    assert len(caplog.records) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)
KINDS = ["ticket.status_changed", "ticket.created", "ticket.comment_added", "ticket.tags_changed",
         "ticket.agent_assignment_changed", "agent.state_changed", "ticket.merged", "ticket.soft_deleted"]  # fmt: skip
SAID = st.fixed_dictionaries(
    {"type": st.sampled_from([f"zen:event-type:{kind}" for kind in KINDS])},
    optional={
        "id": st.text() | JSON, "time": st.just("2026-03-02T09:29:58Z") | JSON,
        "detail": st.fixed_dictionaries({"id": st.just("35") | JSON, "agent_id": st.just("81") | JSON},
                                        optional={"tags": JSON, "status": JSON, "via": JSON, "group_id": JSON}) | JSON,
        "event": st.fixed_dictionaries({}, optional=dict.fromkeys(
            ["current", "previous", "comment", "tags_added", "tags_removed", "new_state", "previous_state", "channel",
             "meta"], JSON)) | JSON,
    },
)  # fmt: skip
PAIRS = st.dictionaries(st.sampled_from(["status", "priority", "responder_id", "tags", "deleted", "spam"]),
                        st.lists(st.sampled_from([2, 6, "4", None, True, False]) | JSON, max_size=3))  # fmt: skip
RECORD = st.fixed_dictionaries(
    {"id": st.just(5) | JSON, "ticket_id": st.just(5) | JSON},
    optional={"changes": PAIRS | JSON}
    | dict.fromkeys(["tags", "status", "created_at", "time_spent", "private"], JSON),
) | JSON  # fmt: skip
FRESH = st.fixed_dictionaries(
    {}, optional={"ticket_id": JSON, "freshdesk_webhook": JSON, "actor": JSON,
                  "timestamp": st.just(1636116313.9) | JSON,
                  "event": st.sampled_from(["onTicketCreate", "onTicketUpdate", "onConversationCreate",
                                            "onTimeEntryCreate", "onTicketFieldUpdate"]) | JSON,
                  "record": RECORD, "data": st.fixed_dictionaries({}, optional=dict.fromkeys(
                      ["ticket", "conversation", "time_entry"], RECORD) | {"actor": JSON, "changes": JSON}) | JSON},
)  # fmt: skip
ONE_DESK = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
MANY = settings(ONE_DESK, max_examples=500)


@ONE_DESK
@given(said=SAID | JSON)
@example(said={"type": "zen:event-type:ticket.created", "id": "\ud800", "time": "2026-03-02T09:29:58Z",
               "detail": {"id": "35", "tags": ["\x00", "a b", "\ud800"]}})  # fmt: skip
def test_signed_garbage_is_answered_and_whatever_is_kept_fits_the_schema(desk, fits_the_schema, said):
    is_answered(desk.zendesk(said))
    fits_the_schema(desk.inbox())


@pytest.mark.prove
@MANY
@given(said=SAID | JSON)
def test_much_more_signed_garbage_is_answered_and_fits_the_schema(desk, fits_the_schema, said):
    is_answered(desk.zendesk(said))
    fits_the_schema(desk.inbox())


def is_answered(answer):
    assert answer[0] in (200, 400, 422)


@ONE_DESK
@given(said=FRESH | JSON)
def test_freshdesk_garbage_is_answered_and_whatever_is_kept_fits_the_schema(desk, fits_the_schema, said):
    is_answered(desk.freshdesk(said))
    fits_the_schema(desk.inbox("fresh"))


@pytest.mark.prove
@MANY
@given(said=FRESH | JSON)
def test_much_more_freshdesk_garbage_is_answered_and_fits_the_schema(desk, fits_the_schema, said):
    is_answered(desk.freshdesk(said))
    fits_the_schema(desk.inbox("fresh"))


@ONE_DESK
@given(body=st.binary(max_size=300), header=st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"])))
def test_unsigned_bytes_leave_no_trace(desk, caplog, body, header):
    for name in ("Authorization", SIGNATURE, TIMESTAMP, "X-Helpdesk-Wellbeing-Secret"):
        for path in ("/webhooks/zendesk/acme", "/webhooks/freshdesk/fresh", "/webhooks/zendesk/nobody"):
            assert desk.post(path, body, {name: header})[0] == 401
    assert (desk.inbox(), desk.inbox("fresh"), desk.store.inbox.depth()) == ([], [], {})
    assert caplog.records == []


def test_no_secret_and_no_words_of_the_ticket_reach_inbox_or_log(desk, status_change, caplog, tmp_path):
    comment = {"comment": {"id": 1, "body": "Ms Smith wept", "is_public": True,
                           "author": {"id": 7, "is_staff": False, "name": "Smith"}}}  # fmt: skip
    with caplog.at_level(logging.DEBUG):
        desk.zendesk(status_change())
        desk.zendesk(status_change(2, type="zen:event-type:ticket.created"))
        desk.zendesk(status_change(3, type="zen:event-type:ticket.comment_added", event=comment))
        desk.zendesk(status_change(4), secret="wrong")
        desk.freshdesk({"freshdesk_webhook": {"ticket_id": "5", "ticket_subject": "Smith's invoice"}})
    desk.receipts.stop()

    assert len(desk.inbox()) == 3
    written = b"".join(file.read_bytes() for file in Path(tmp_path).glob("wellbeing.db*")) + caplog.text.encode()
    for word in (b"Smith", b"invoice", b"wept", SECRET.encode(), OLD_SECRET.encode(), b"fresh-shows-this"):
        assert word not in written
