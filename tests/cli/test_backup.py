"""Backup and restore as the guide says them, to the letter but for the places, on a home that is in use."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import stat
import subprocess
from pathlib import Path

import pytest

from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.store import open_store
from webhooks.known import SECRET

GUIDE = (Path(__file__).parents[2] / "docs" / "deployment.md").read_text("utf-8")
BACKUP, RESTORE = re.findall(r"```sh\n(.*?)```", GUIDE.partition("## Backup and restore")[2], re.DOTALL)[:2]

pytestmark = pytest.mark.skipif(shutil.which("sqlite3") is None, reason="needs the sqlite3 command")


@pytest.fixture
def root(tmp_path):
    """Where /var is, with commands that a test must not run for real."""
    (tmp_path / "bin").mkdir()
    for name in ("systemctl", "chown", "hw"):
        stub = tmp_path / "bin" / name
        stub.write_text(f'#!/bin/sh\necho "{name} $*" >> {tmp_path}/told\n')
        stub.chmod(0o755)
    (tmp_path / "var" / "lib").mkdir(parents=True)
    return tmp_path


def run(root, block):
    environment = os.environ | {"PATH": f"{root / 'bin'}:{os.environ['PATH']}"}
    text = block.replace("/var/", f"{root}/var/")
    ran = subprocess.run(["sh", "-c", text], env=environment, capture_output=True, text=True, umask=0o022)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def secret_in(home):
    with open_store(Settings(home, f"sqlite:///{home / 'wellbeing.db'}")) as store:
        return store.get_secret("acme", SECRET)


@pytest.mark.parametrize("more", [True, False])
def test_what_the_guide_says_brings_a_home_back_twice_and_keeps_the_key_apart(root, more):
    home, kept = root / "var/lib/helpdesk-wellbeing", root / "var/backups"
    home.mkdir(mode=0o700)
    if more:
        (home / "rules").mkdir()
        (home / "rules" / "own.toml").write_text("x = 1\n")
        (home / "settings.toml").write_text("lease_wait_seconds = 3\n")
    with open_store(Settings(home, f"sqlite:///{home / 'wellbeing.db'}")) as store:
        store.create_account("acme", platform="zendesk", settings={"subdomain": "acme"})
        store.put_secret("acme", SECRET, "acme-signs-with-this")
        said = [run(root, BACKUP), run(root, BACKUP)]  # while it is open, and over an older one

    assert said == ["ok\n", "ok\n"]
    assert sorted(one.name for one in kept.iterdir()) == ["helpdesk-wellbeing", "helpdesk-wellbeing-key"]
    assert not (kept / "helpdesk-wellbeing" / "secret.key").exists()
    for folder in kept.iterdir():
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((kept / "helpdesk-wellbeing" / "wellbeing.db").stat().st_mode) == 0o600

    for time in ("1", "2"):
        (home / "wellbeing.db").write_bytes(b"damaged")
        (home / "wellbeing.db-wal").write_bytes(b"of another database")
        (home / "wellbeing.db-shm").write_bytes(b"of another database")
        (home / "secret.key").write_bytes(b"another")
        (home / "rules").mkdir(exist_ok=True)
        (home / "rules" / "own.toml").write_text("damaged")
        run(root, RESTORE.replace("SZ)", f"SZ)-{time}"))  # the second one within the same second

        assert not (home / "wellbeing.db-wal").exists()
        assert secret_in(home) == "acme-signs-with-this"
        assert (home / "settings.toml").exists() == more
        assert (home / "rules").exists() == more
        if more:
            assert (home / "rules" / "own.toml").read_text() == "x = 1\n"
        with sqlite3.connect(home / "wellbeing.db") as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert len(list(home.glob("before-*"))) == 2
    told = (root / "told").read_text().splitlines()
    assert told[:2] == ["systemctl stop helpdesk-wellbeing", f"chown -R wellbeing:wellbeing {home}"]
    assert told[2:4] == ["systemctl start helpdesk-wellbeing", "hw status"]
