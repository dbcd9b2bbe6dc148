"""What the inbound door promises for every platform."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest

from helpdesk_wellbeing.events import KINDS
from tests.doors import OLD_SECRET, SECRETS
from webhooks.door import LARGEST, PLATFORMS
from webhooks.known import forget_previous, replace_secret


def test_every_platform_has_a_door(platform):
    assert platform.name in PLATFORMS


def test_what_is_proven_is_kept_and_names_a_ticket(door, caller):
    assert caller.call(caller.event()) == (200, {"kept": 1})

    (delivery,) = door.inbox(caller.account)
    assert len({*delivery.tickets, *(event["ticket"] for event in delivery.events)}) == 1
    assert {event["kind"] for event in delivery.events} <= set(KINDS)


def test_without_a_proof_nothing_is_kept(door, caller):
    assert caller.call(caller.event(), secret="")[0] == 401
    assert caller.call(caller.event(), secret="another")[0] == 401

    assert door.inbox(caller.account) == []
    assert door.counts == {("unproven", caller.account): 2}


def test_a_wrong_proof_and_an_account_that_is_not_there_are_answered_alike(door, caller, platform):
    body = json.dumps(caller.event()).encode()

    def ask(account):
        path = f"/webhooks/{platform.name}/{account}"
        answer = door.client.post(path, data=body, content_type="application/json")
        return answer.status_code, answer.data, dict(answer.headers)

    answers = [ask(account) for account in (caller.account, "nobody", "log", "unready", "a" * 300)]

    assert answers == [answers[0]] * 5
    assert answers[0][0] == 401


def test_a_secret_of_another_account_opens_nothing(door, caller):
    for account, secret in SECRETS.items():
        status, _ = caller.call(caller.event(), secret=secret)
        assert status == (200 if account == caller.account else 401)


def test_both_secrets_hold_while_one_replaces_the_other_and_then_the_new_one_alone(door, caller):
    assert caller.call(caller.event(1), secret=OLD_SECRET)[0] == 200
    assert caller.call(caller.event(2))[0] == 200

    replace_secret(door.store, caller.account, "brand-new", datetime.now(UTC) + timedelta(hours=1))
    door.seconds += 60
    assert caller.call(caller.event(3), secret="brand-new")[0] == 200
    assert caller.call(caller.event(4))[0] == 200
    assert caller.call(caller.event(5), secret=OLD_SECRET)[0] == 401

    forget_previous(door.store, caller.account)
    door.seconds += 60
    assert caller.call(caller.event(6), secret="brand-new")[0] == 200
    assert caller.call(caller.event(7))[0] == 401


def test_what_comes_twice_is_kept_once(door, caller):
    answers = [caller.call(caller.event()) for _ in range(2)]

    assert answers == [(200, {"kept": 1}), (200, {"kept": 0, "repeated": True})]
    assert len(door.inbox(caller.account)) == 1


def test_what_comes_again_after_it_was_worked_off_is_not_worked_off_again(door, caller):
    caller.call(caller.event())
    door.store.inbox.finish(caller.account, [delivery.key for delivery in door.inbox(caller.account)])

    assert caller.call(caller.event()) == (200, {"kept": 0, "repeated": True})
    assert door.inbox(caller.account) == []


@pytest.mark.parametrize(("size", "status"), [(LARGEST, 400), (LARGEST + 1, 413)])
def test_a_body_over_the_limit_is_not_even_read(door, caller, size, status):
    assert caller.call(b" " * size)[0] == status
    assert door.inbox(caller.account) == []


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "",
                                  "application/json; charset=utf-16"])  # fmt: skip
def test_only_json_is_read(caller, kind):
    assert caller.call(caller.event(), Content_Type=kind)[0] == 415


def test_compressed_bodies_are_not_read(caller):
    assert caller.call(caller.event(), Content_Encoding="gzip")[0] == 415


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", b'{"a":' * 20_000])
def test_what_is_no_object_is_refused(door, caller, body):
    assert caller.call(body)[0] == 400
    assert door.inbox(caller.account) == []


def test_what_is_not_read_is_taken_with_thanks(door, caller):
    assert caller.call({"hello": "world"})[0] in (200, 422)
    assert door.inbox(caller.account) == []


def test_no_secret_is_logged(caller, caplog):
    with caplog.at_level(logging.DEBUG):
        caller.call(caller.event(), secret="a-wrong-secret")
        caller.call(caller.event())

    assert not any(secret in caplog.text for secret in (*SECRETS.values(), OLD_SECRET, "a-wrong-secret"))
