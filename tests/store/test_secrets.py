from __future__ import annotations

import os
import stat

import pytest
from cryptography.fernet import Fernet

from helpdesk_wellbeing.errors import ConfigError, StoreError
from helpdesk_wellbeing.secrets import KEY_FILE, KEY_VARIABLE, Keyring
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
