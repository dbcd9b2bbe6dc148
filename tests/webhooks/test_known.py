from __future__ import annotations

import pytest

from helpdesk_wellbeing.errors import ConfigError, StoreError
from helpdesk_wellbeing.store import open_store
from webhooks.known import Remembered, from_store


def test_a_secret_is_looked_up_once_in_a_few_seconds():
    asked, clock = [], [0.0]
    remembered = Remembered(lambda *who: asked.append(who) or ("s",), seconds=5.0, clock=lambda: clock[0])

    for at in (0.0, 4.9, 5.0, 9.0):
        clock[0] = at
        assert remembered("zendesk", "acme") == ("s",)

    assert len(asked) == 2


def test_while_one_call_looks_again_the_others_do_not_wait():
    clock, inside = [0.0], []
    remembered = Remembered(lambda *_: inside.append(len(inside)) or (f"s{len(inside)}",), clock=lambda: clock[0])
    remembered("zendesk", "acme")
    clock[0] = 6.0
    remembered._look_up = lambda *who: (*remembered(*who), "new")

    assert remembered("zendesk", "acme") == ("s1", "new")
    assert remembered("zendesk", "acme") == ("s1", "new")


def test_an_error_is_not_remembered():
    answers = [StoreError("away"), None]

    def look_up(platform, account):
        answer = answers.pop(0)
        if answer is not None:
            raise answer

    remembered = Remembered(look_up)
    with pytest.raises(StoreError):
        remembered("zendesk", "acme")

    assert remembered("zendesk", "acme") is None


def test_guessed_names_do_not_fill_the_memory():
    remembered = Remembered(lambda *_: None, places=100)

    for number in range(1000):
        remembered("zendesk", f"guess{number}")

    assert len(remembered._found) <= 100


def test_the_store_knows_secrets_by_account_and_platform(store):
    look_up = from_store(store)

    assert look_up("zendesk", "acme") == ("acme-signs-with-this", "acme-signed-with-this")
    assert look_up("zendesk", "unready") == ()
    assert look_up("freshdesk", "acme") is None
    assert look_up("zendesk", "nobody") is None


def test_a_store_without_any_account_knows_nothing_and_says_so(tmp_path):
    with open_store(f"sqlite:///{tmp_path / 'wellbeing.db'}") as empty:
        look_up = from_store(empty)
        for name in ("acme", "a" * 300):
            with pytest.raises(ConfigError, match="no account yet; run connect"):
                look_up("zendesk", name)

        empty.create_account("log")

        assert look_up("zendesk", "acme") is None
