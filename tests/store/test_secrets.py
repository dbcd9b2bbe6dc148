from __future__ import annotations

import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.fernet import Fernet

from helpdesk_wellbeing.errors import ConfigError, StoreError
from helpdesk_wellbeing.secrets import KEY_FILE, KEY_VARIABLE, Keyring
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.store import open_store
from helpdesk_wellbeing.store.tables import secrets

NONE: dict[str, str] = {}


def test_a_secret_comes_back_and_is_nowhere_in_the_file(store, tmp_path):
    store.put_secret("acme", "client_secret", "hunter2-hunter2")
    store.put_secret("acme", "client_secret", "hunter3-hunter3")

    assert store.get_secret("acme", "client_secret") == "hunter3-hunter3"
    assert store.get_secret("acme", "api_key") is None
    with store._read("acme") as (connection, _):
        kept = connection.execute(secrets.select()).all()
    assert len(kept) == 1
    assert b"hunter" not in repr(kept).encode()
    files = [file for file in tmp_path.iterdir() if file.is_file()]
    assert files
    for file in files:
        assert b"hunter" not in file.read_bytes()


def test_the_key_file_is_made_for_its_owner_only_and_kept(tmp_path):
    token = Keyring(tmp_path, NONE).encrypt("s")

    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert Keyring(tmp_path, NONE).decrypt(token, "it") == "s"
    assert [file.name for file in tmp_path.iterdir()] == [KEY_FILE]


@pytest.mark.skipif(os.name != "posix", reason="rights are kept elsewhere")
def test_a_key_file_that_others_can_read_is_refused_with_the_command_to_run(tmp_path):
    Keyring(tmp_path, NONE).encrypt("s")
    (tmp_path / KEY_FILE).chmod(0o640)

    with pytest.raises(ConfigError, match=f"run: chmod 600 {tmp_path / KEY_FILE}"):
        Keyring(tmp_path, NONE).encrypt("s")


def test_another_key_is_said_without_any_content(tmp_path):
    token = Keyring(tmp_path, NONE).encrypt("hunter2")
    other = Fernet.generate_key().decode()

    with pytest.raises(ConfigError, match="the api_key of account acme was encrypted with another key") as caught:
        Keyring(tmp_path, {KEY_VARIABLE: other}).decrypt(token, "the api_key of account acme")

    assert KEY_VARIABLE in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert other not in str(caught.value)


def test_a_key_can_be_changed(tmp_path):
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    token = Keyring(tmp_path, {KEY_VARIABLE: old}).encrypt("s")
    both = Keyring(tmp_path, {KEY_VARIABLE: f"{new}, {old}"})

    assert both.decrypt(token, "it") == "s"
    assert Keyring(tmp_path, {KEY_VARIABLE: new}).decrypt(both.encrypt("t"), "it") == "t"
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_is_none_is_said_without_showing_it(tmp_path):
    for text in ("short", ",", "ä" * 44):
        with pytest.raises(ConfigError, match="holds no key of 32 bytes") as caught:
            Keyring(tmp_path, {KEY_VARIABLE: text}).encrypt("s")
        assert "short" not in str(caught.value)


def test_a_lost_key_file_is_not_replaced_when_something_is_to_be_read(tmp_path):
    token = Keyring(tmp_path, NONE).encrypt("s")
    (tmp_path / KEY_FILE).unlink()

    with pytest.raises(ConfigError, match="bring the key back"):
        Keyring(tmp_path, NONE).decrypt(token, "it")


def test_a_home_that_cannot_hold_a_key_is_said(tmp_path):
    with pytest.raises(StoreError, match=KEY_VARIABLE):
        Keyring(tmp_path / "nowhere", NONE).encrypt("s")


def test_keys_of_the_file_change_in_steps_and_everything_stays_readable(tmp_path):
    ring, other = Keyring(tmp_path, NONE), Keyring(tmp_path, NONE)
    first = ring.encrypt("s")

    ring.prepare()
    assert other.decrypt(first, "it") == "s"
    assert (ring.count, other.count) == (2, 2)
    with_old = other.encrypt("t")
    ring.switch()
    second = other.encrypt("u")
    assert [other.decrypt(token, "it") for token in (first, with_old, second)] == ["s", "t", "u"]
    ring.forget()

    assert other.decrypt(second, "it") == "u"
    assert other.decrypt(other.encrypt("v"), "it") == "v"
    with pytest.raises(ConfigError, match="another key"):
        other.decrypt(with_old, "it")
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == [KEY_FILE]


def test_there_is_nothing_to_switch_to_before_a_key_is_prepared(tmp_path):
    ring = Keyring(tmp_path, NONE)
    ring.encrypt("s")

    with pytest.raises(ConfigError, match="holds one key only; prepare a new one first"):
        ring.switch()


def test_a_key_of_the_environment_is_not_changed_by_us_but_how_to_is_said(tmp_path):
    key = Fernet.generate_key().decode()
    with pytest.raises(ConfigError, match=f"the key is in {KEY_VARIABLE}, which only you can change") as caught:
        Keyring(tmp_path, {KEY_VARIABLE: key}).renew()

    assert key not in str(caught.value)


def test_every_secret_of_every_account_is_encrypted_anew_or_none(store, monkeypatch):
    store.create_account("globex")
    for account in ("acme", "globex"):
        store.put_secret(account, "api_key", f"{account}-hunter2")
    before = tokens(store)
    ring = store._keyring
    ring.renew()

    with monkeypatch.context() as patch:
        done = []

        def fail_at_the_second(token, what):
            done.append(what)
            if len(done) == 2:
                raise ConfigError("no")
            return ring.encrypt("x")

        patch.setattr(ring, "encrypt_anew", fail_at_the_second)
        with pytest.raises(ConfigError):
            store.encrypt_anew()
    assert tokens(store) == before

    assert store.encrypt_anew() == 2
    ring.forget()
    assert not set(tokens(store)) & set(before)
    assert [store.get_secret(account, "api_key") for account in ("acme", "globex")] == [
        "acme-hunter2",
        "globex-hunter2",
    ]


def test_secrets_that_are_kept_while_the_key_changes_stay_readable(store, url, tmp_path):
    """Another process, with a store and a ring of its own, keeps and reads secrets all the time."""
    store.put_secret("acme", "fixed", "always")
    over, wrong = threading.Event(), []

    def use():
        with open_store(Settings(tmp_path, url)) as mine:
            number = 0
            while not over.is_set():
                number += 1
                mine.put_secret("acme", "changing", str(number))
                found = mine.get_secret("acme", "changing"), mine.get_secret("acme", "fixed")
                if found != (str(number), "always"):
                    wrong.append(found)

    with ThreadPoolExecutor(1) as pool:
        using = pool.submit(use)
        for _ in range(15):
            store._keyring.renew()
            store.encrypt_anew()
            store._keyring.forget()
        over.set()
        using.result(30)
    assert wrong == []
    assert store.get_secret("acme", "fixed") == "always"
    assert store._keyring.count == 1


def test_a_secret_can_be_forgotten(store):
    store.put_secret("acme", "api_key", "hunter2")

    assert store.drop_secret("acme", "api_key")
    assert not store.drop_secret("acme", "api_key")
    assert store.get_secret("acme", "api_key") is None


def tokens(store):
    with store._read("acme") as (connection, _):
        return [row.value for row in connection.execute(secrets.select().order_by(secrets.c.account))]
