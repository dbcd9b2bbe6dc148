"""Secrets change without a gap, and are found nowhere: no log, error, argument, environment, core file or row."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from helpdesk_wellbeing.secrets import KEY_FILE, Keyring
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.store import open_store
from webhooks.known import PREVIOUS_SECRET, SECRET, from_store
from webhooks.zendesk.signature import PUBLIC_TEST_SECRET, SIGNATURE, TIMESTAMP, sign

FIRST, SECOND, THIRD = "first-webhook-secret-1", "second-webhook-secret-2", "third-webhook-secret-3"
VARIABLE = "HELPDESK_WELLBEING_WEBHOOK_SECRET"


@pytest.fixture
def store(commands):
    commands.home.mkdir()
    with open_store(Settings(commands.home, f"sqlite:///{commands.home / 'wellbeing.db'}")) as opened:
        opened.create_account("acme", platform="zendesk", settings={"subdomain": "acme"})
        yield opened


def run(commands, *arguments, secret=None, code=0):
    commands.patch.delenv(VARIABLE, raising=False)
    if secret:
        commands.patch.setenv(VARIABLE, secret)
    ran = commands.here("secrets", *arguments)
    assert ran.code == code, ran.err
    assert not [one for one in (FIRST, SECOND, THIRD) if one in ran.out + ran.err]
    return ran


def test_a_webhook_secret_changes_and_the_old_one_is_accepted_until_it_is_forgotten(commands, store):
    accepted = from_store(store)
    run(commands, "set", "--account", "acme", "webhook_secret", secret=FIRST)
    assert accepted("zendesk", "acme") == (FIRST,)

    run(commands, "rotate", "--account", "acme", secret=SECOND)
    assert accepted("zendesk", "acme") == (SECOND, FIRST)

    run(commands, "forget-previous", "--account", "acme")
    assert accepted("zendesk", "acme") == (SECOND,)
    assert store.get_secret("acme", PREVIOUS_SECRET) is None


def test_the_old_one_ends_by_itself_after_some_days(commands, store):
    run(commands, "set", "--account", "acme", "webhook_secret", secret=FIRST)
    said = run(commands, "rotate", "--account", "acme", "--keep-days", "3", secret=SECOND).line
    assert f"the old one is accepted until {datetime.now(UTC) + timedelta(days=3):%Y-%m-%d}" in said

    store.set_meta("acme", "webhook_secret_previous_until", (datetime.now(UTC) - timedelta(seconds=1)).isoformat())

    assert from_store(store)("zendesk", "acme") == (SECOND,)


def test_to_set_a_secret_ends_the_old_ones_at_once(commands, store):
    for how, secret in (("set", FIRST), ("rotate", SECOND), ("set", THIRD)):
        run(commands, how, "--account", "acme", *(["webhook_secret"] if how == "set" else []), secret=secret)

    assert from_store(store)("zendesk", "acme") == (THIRD,)


@pytest.mark.parametrize(
    ("arguments", "secret", "said"),
    [
        (("rotate", "--account", "nobody"), FIRST, 'no account "nobody"'),
        (("rotate", "--account", "acme"), "short", "has fewer than 16 characters"),
        (("rotate", "--account", "acme"), None, f"no terminal to ask for the webhook secret; set {VARIABLE}"),
        (("rotate", "--account", "acme", "--step", "switch"), FIRST, "--step is for the key"),
        (("rotate", "--step", "switch"), None, "prepare a new one first"),
        (("rotate", "--keep-days", "7"), None, "--keep-days is for a webhook secret; add --account NAME"),
        (("set", "--account", "acme", "webhook_secret"), PUBLIC_TEST_SECRET, "prints in its documentation for test"),
        (("rotate", "--account", "acme"), PUBLIC_TEST_SECRET, "take the one that the webhook itself shows"),
        (("set", "--account", "acme", "api_token"), FIRST, "webhook_secret"),
    ],
)
def test_what_cannot_be_done_is_one_line(commands, store, arguments, secret, said):
    store.put_secret("acme", "client_secret", "so that there is a key")
    ran = run(commands, *arguments, secret=secret, code=2)
    assert said in ran.line
    assert PUBLIC_TEST_SECRET not in ran.err


def test_the_same_secret_again_is_no_change(commands, store):
    run(commands, "set", "--account", "acme", "webhook_secret", secret=FIRST)

    assert "the one that is kept already" in run(commands, "rotate", "--account", "acme", secret=FIRST, code=2).line
    assert from_store(store)("zendesk", "acme") == (FIRST,)


def test_the_key_changes_under_a_process_that_goes_on(commands, store):
    store.put_secret("acme", SECRET, FIRST)
    before = (commands.home / KEY_FILE).read_text()

    ran = commands.apart("secrets", "rotate")

    assert ran.code == 0, ran.err
    assert "1 secret encrypted with the new key; the old one is forgotten" in ran.err
    after = (commands.home / KEY_FILE).read_text()
    assert after != before
    assert "," not in after
    assert store.get_secret("acme", SECRET) == FIRST
    store.put_secret("acme", SECRET, SECOND)
    run(commands, "rotate")
    assert store.get_secret("acme", SECRET) == SECOND
    assert before.strip() not in ran.out + ran.err
    assert after.strip() not in ran.out + ran.err


KILLS = {
    "before the keys are written": "k.Keyring._write = die",
    "after the new key is there": "s.Store.encrypt_anew = die",
    "in the middle of encrypting": "k.Keyring.encrypt_anew = die",
    "before the old key is forgotten": "k.Keyring.forget = die",
    "while the old key is forgotten": "k._to_the_disk = third(k._to_the_disk)",
}


@pytest.mark.parametrize("moment", KILLS)
def test_a_change_of_the_key_that_is_cut_off_leaves_everything_readable(commands, store, moment):
    for number in range(5):
        store.put_secret("acme", f"secret-{number}", f"hunter{number}")
    code = (
        "import os\nimport helpdesk_wellbeing.secrets as k, helpdesk_wellbeing.store.store as s\n"
        "def die(*a): os._exit(9)\n"
        "def third(f, n=[0]):\n    def g(*a):\n        n[0] += 1\n        return die() if n[0] == 2 else f(*a)\n"
        f"    return g\n{KILLS[moment]}\n"
    )

    assert commands.apart("secrets", "rotate", code=code).code == 9

    def readable():
        settings = Settings(commands.home, f"sqlite:///{commands.home / 'wellbeing.db'}")
        with open_store(settings) as fresh:
            both = (store, fresh)
            return [one.get_secret("acme", f"secret-{n}") == f"hunter{n}" for one in both for n in range(5)]

    assert all(readable())
    run(commands, "rotate")
    assert all(readable())
    assert Keyring(commands.home, {}).count == 1


def test_the_steps_for_several_machines(commands, store):
    store.put_secret("acme", SECRET, FIRST)
    for step, keys in (("prepare", 2), ("switch", 2), ("forget", 1)):
        run(commands, "rotate", "--step", step)
        assert Keyring(commands.home, {}).count == keys
        assert store.get_secret("acme", SECRET) == FIRST


def test_a_key_in_the_environment_is_changed_by_who_set_it(commands, store):
    from cryptography.fernet import Fernet

    old, new = (Fernet.generate_key().decode() for _ in range(2))
    for value, code, said in (
        (old, 2, "put a new key and a comma before the old one"),
        (f"{new},{old}", 0, "1 secret encrypted with the first key in the environment"),
    ):
        commands.patch.setenv("HELPDESK_WELLBEING_KEY", value)
        if code:
            with open_store(Settings(commands.home, f"sqlite:///{commands.home / 'wellbeing.db'}")) as mine:
                mine.put_secret("acme", SECRET, FIRST)
        assert said in run(commands, "rotate", code=code).line
    commands.patch.setenv("HELPDESK_WELLBEING_KEY", new)
    with open_store(Settings(commands.home, f"sqlite:///{commands.home / 'wellbeing.db'}")) as mine:
        assert mine.get_secret("acme", SECRET) == FIRST


# found nowhere


def post(address, body, headers):
    request = urllib.request.Request(address, body, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def signed(body, secret, stamp=None):
    stamp = stamp or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {TIMESTAMP: stamp, SIGNATURE: sign(secret, stamp, body)}


def below(pid):
    children = [int(one) for file in Path(f"/proc/{pid}/task").glob("*/children") for one in file.read_text().split()]
    return [pid, *(one for child in children for one in below(child))]


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are looked at through /proc")
def test_no_secret_is_in_a_log_an_answer_an_argument_an_environment_a_core_file_or_the_database(
    commands, zendesk, tmp_path
):
    commands.connect(zendesk)
    token = zendesk.access_token if hasattr(zendesk, "access_token") else None
    for name in ("CLIENT_SECRET", "API_TOKEN"):
        commands.environment.pop(f"HELPDESK_WELLBEING_{name}", None)
        commands.patch.delenv(f"HELPDESK_WELLBEING_{name}", raising=False)
    said = [run(commands, "set", "--account", "acme", "webhook_secret", secret=FIRST)]
    commands.patch.delenv(VARIABLE)
    keys = [(commands.home / KEY_FILE).read_text().strip()]
    log = tmp_path / "serve.log"
    with log.open("wb") as file:
        process = commands.start("serve", "--port", "0", stderr=file, stdout=file)
    try:
        while "serving on" not in log.read_text():
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        place = next(word for word in log.read_text().split() if word.startswith("http://"))
        door = f"{place}/webhooks/zendesk/acme"
        body = json.dumps({"type": "zen:event-type:other", "id": "1", FIRST: SECOND}).encode()
        answers = [
            post(door, body, signed(body, FIRST)),
            post(door, body, signed(body, "forged")),
            post(door, b"not json " + FIRST.encode(), signed(b"not json " + FIRST.encode(), FIRST)),
            post(f"{place}/webhooks/freshdesk/acme", body, {"X-Helpdesk-Wellbeing-Secret": FIRST}),
            post(f"{place}/webhooks/zendesk/{FIRST}", body, {}),
        ]
        assert [status for status, _ in answers[:3]] == [200, 401, 400]
        said.append(run(commands, "rotate", "--account", "acme", secret=SECOND))
        commands.patch.delenv(VARIABLE)
        said.append(run(commands, "rotate"))
        keys.append((commands.home / KEY_FILE).read_text().strip())
        until = time.monotonic() + 30  # a running serve knows it within seconds; a busy machine takes longer
        while post(door, body, signed(body, SECOND))[0] != 200:
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.2)
        assert post(door, body, signed(body, FIRST))[0] == 200
        answers += [(200, urllib.request.urlopen(f"{place}/{path}").read().decode()) for path in ("metrics", "healthz")]
        said += [commands.here(*one) for one in (("status",), ("doctor",), ("status", "--format", "json"))]
        seen = {}
        for pid in below(process.pid):
            limits = Path(f"/proc/{pid}/limits").read_text()
            core = next(line for line in limits.splitlines() if line.startswith("Max core file size")).split()
            assert core[4:6] == ["0", "0"]
            seen |= {f"{part} of {pid}": Path(f"/proc/{pid}/{part}").read_bytes() for part in ("cmdline", "environ")}
    finally:
        process.terminate()
        assert process.wait(15) == 0, log.read_text()

    seen["the log"] = log.read_bytes()
    seen["answers"] = repr(answers).encode()
    seen["commands"] = repr(said).encode()
    seen |= {
        str(file): file.read_bytes() for file in commands.home.rglob("*") if file.is_file() and file.name != KEY_FILE
    }
    assert any(name.endswith("wellbeing.db") for name in seen)
    for secret in filter(None, (FIRST, SECOND, zendesk.client_secret, token, *keys)):
        assert [name for name, content in seen.items() if secret.encode() in content] == []
