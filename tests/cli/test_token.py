"""`token`, and the API behind a running `serve`."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess

import pytest
import requests

from helpdesk_wellbeing.api.tokens import hash_of


def made(commands, *more):
    ran = commands.here("token", "add", "--account", "acme", *more)
    assert ran.code == 0, ran.err
    return ran


@pytest.fixture
def account(commands, log):
    ran = commands.here("import", str(log), "--account", "acme")
    assert ran.code == 0, ran.err


def test_a_token_is_shown_once_and_kept_as_a_hash(commands, account):
    ran = made(commands, "--name", "the leads")
    token = ran.out.strip()
    listed = commands.here("token", "list", "--account", "acme", "--format", "json")

    assert re.fullmatch(r"hw_[\w-]{43}", token)
    assert token not in ran.err
    assert [one["name"] for one in json.loads(listed.out)["tokens"]] == ["the leads"]
    assert token not in listed.out + listed.err
    kept = b"".join(file.read_bytes() for file in commands.home.glob("wellbeing.db*"))
    assert token.encode() not in kept
    assert hash_of(token).encode() in kept


def test_a_token_is_dropped_by_its_name(commands, account):
    made(commands, "--name", "the leads")
    assert "there is a token" in commands.here("token", "add", "--account", "acme", "--name", "the leads").line
    assert commands.here("token", "drop", "--account", "acme", "--name", "nobody").code == 2

    dropped = commands.here("token", "drop", "--account", "acme", "--name", "the leads")

    assert dropped.code == 0
    assert "nobody may use its API yet" in commands.here("token", "list", "--account", "acme").err


def test_an_unknown_account_has_no_tokens(commands, account):
    for arguments in (("add", "--name", "x"), ("drop", "--name", "x"), ("list",)):
        ran = commands.here("token", *arguments, "--account", "acne")
        assert (ran.code, 'did you mean "acme"?' in ran.line) == (2, True)


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_running_serve_answers_the_api_and_logs_neither_token_nor_link(commands, account):
    token = made(commands, "--name", "the leads").out.strip()
    process = commands.start("serve", "--role", "web", "--port", "0", stdout=subprocess.DEVNULL)
    try:
        lines = [process.stderr.readline().decode()]
        while "http://" not in lines[-1]:
            assert lines[-1], "".join(lines)
            lines.append(process.stderr.readline().decode())
        base = re.search(r"http://[\d.:]+", lines[-1])[0]
        address = f"{base}/api/v1/accounts/acme/proposals"
        good = requests.get(address, headers={"Authorization": f"Bearer {token}"}, timeout=10)
        bad = requests.get(address, headers={"Authorization": "Bearer hw_CANARY"}, timeout=10)
        page = requests.get(f"{base}/consent/CANARY", timeout=10)
    finally:
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=30)[1].decode()

    assert (good.status_code, good.json()["proposals"]) == (200, [])
    assert (bad.status_code, page.status_code) == (401, 404)
    log = "".join(lines) + rest
    assert token not in log
    assert "CANARY" not in log
