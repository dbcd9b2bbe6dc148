"""`serve`: one command that starts, is ready, stops in time, and ends when a part of it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import Mock

import pytest
from cryptography.fernet import Fernet

from helpdesk_wellbeing.cli.serve import _connect
from helpdesk_wellbeing.secrets import KEY_VARIABLE
from helpdesk_wellbeing.store import open_store
from webhooks.known import SECRET

pytestmark = pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="processes are looked at through /proc")


class Serving:
    """A running `serve` whose stderr goes to a file."""

    def __init__(self, process, log):
        self.process, self._log = process, log

    @property
    def said(self):
        return self._log.read_text()

    @property
    def lines(self):
        return [json.loads(line) for line in self.said.splitlines() if line.startswith("{")]

    @property
    def address(self):
        return next(word for word in self.said.split() if word.startswith("http://"))

    def until(self, true, seconds=60.0):
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, self.said
            time.sleep(0.05)

    def get(self, path):
        try:
            with urllib.request.urlopen(self.address + path, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def family(self):
        """Its process and all below it."""
        return [self.process.pid, *descendants(self.process.pid)]

    def stop(self, number=signal.SIGTERM):
        """How it ended, and how long that took."""
        begun = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(15), time.monotonic() - begun


def descendants(pid):
    children = [
        int(child) for file in Path(f"/proc/{pid}/task").glob("*/children") for child in file.read_text().split()
    ]
    return [one for child in children for one in (child, *descendants(child))]


def is_read(call):
    """Whether the other end has read all that was sent."""
    ours, theirs = call.getsockname()[1], call.getpeername()[1]
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    [queues] = [row[4] for row in rows if (row[1][-4:], row[2][-4:]) == (f"{theirs:04X}", f"{ours:04X}")]
    return queues.endswith(":00000000")


@pytest.fixture
def serving(commands, tmp_path):
    """Starts `serve` with these arguments."""
    running = []

    @contextmanager
    def start(*arguments, ready=True, **how):
        log = tmp_path / f"serve-{len(running)}.log"
        with log.open("wb") as file:
            process = commands.start("serve", "--port", "0", *arguments, stderr=file, stdout=subprocess.DEVNULL, **how)
        one = Serving(process, log)
        running.append(one)
        try:
            if ready:
                one.until(lambda: "(role " in one.said or process.poll() is not None)
            yield one
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    return start


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_serves_is_ready_and_stops_when_told_to(serving, commands, number):
    with serving() as one:
        talk = [line for line in one.said.splitlines() if not line.startswith("{")]
        assert len(talk) == 2
        assert "/setup/enter/" in talk[1]
        assert [line["level"] for line in one.lines if "no account yet" in line["event"]] == ["warning"]
        assert talk[0].startswith("serving on http://127.0.0.1:")
        assert talk[0].endswith("(role all)")
        one.until(lambda: one.get("/readyz")[0] == 200)
        assert json.loads(one.get("/healthz")[1])["status"] == "up"
        assert "helpdesk_wellbeing_store_up 1.0" in one.get("/metrics")[1]
        family = one.family()
        assert len(family) == 4  # the supervisor, gunicorn's master, the web process, the worker

        code, seconds = one.stop(number)

        assert code == 0, one.said
        assert seconds < 10
        assert not [pid for pid in family if Path(f"/proc/{pid}").exists()]
        every_line_is_json_and_says_when_and_from_whom(one)
    with open_store(f"sqlite:///{commands.home / 'wellbeing.db'}") as store:
        assert store.work.workers() == []


def every_line_is_json_and_says_when_and_from_whom(one):
    for_people = ("serving on ", "set up this installation", "acme has no admin yet")
    assert [line for line in one.said.splitlines() if not line.startswith(("{", *for_people))] == []
    assert one.lines
    for line in one.lines:
        assert {"event", "level", "role", "timestamp"} <= set(line)


def test_callers_who_never_end_their_call_hold_nobody_up_for_long_and_leave_no_line(serving):
    with serving("--role", "web") as one:
        address = ("127.0.0.1", int(one.address.rpartition(":")[2]))
        head = b"POST /webhooks/zendesk/acme HTTP/1.1\r\nHost: h\r\nContent-Length: 99\r\n"
        slow = [socket.create_connection(address) for _ in range(16)]
        for number, caller in enumerate(slow):
            caller.sendall(head if number % 2 else head + b"\r\n{")
        with socket.create_connection(address) as garbage:
            garbage.sendall(b"POST \xff\xfe no http\r\n\r\n")
            garbage.settimeout(15)
            assert garbage.recv(100).startswith(b"HTTP/1.1 400 ")

        assert one.get("/healthz")[0] == 200
        for caller in slow:
            caller.settimeout(10)
            assert caller.recv(100) == b""
            caller.close()
        one.stop(signal.SIGTERM)
    assert [line for line in one.lines if "no account yet" not in line["event"]] == []
    assert len(one.said.splitlines()) == 3, one.said


@pytest.fixture
def taken():
    """A port that somebody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield str(listening.getsockname()[1])


@pytest.mark.parametrize("role", ["web", "worker"])
def test_a_role_on_its_own_starts_and_stops_and_a_worker_needs_no_port(serving, role, taken):
    with serving("--role", role, *(("--port", taken) if role == "worker" else ())) as one:
        assert f"(role {role})" in one.said
        if role == "web":
            one.until(lambda: one.get("/readyz")[0] == 200)
        code, seconds = one.stop()
        assert (code, seconds < 10) == (0, True), one.said


@pytest.mark.parametrize("part", ["web", "master", "worker"])
def test_it_ends_with_a_clear_line_when_a_part_is_killed(serving, part):
    with serving() as one:
        by_role = {}
        for pid in descendants(one.process.pid):
            words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
            role = words[words.index("--role") + 1]
            by_role["master" if role == "web" and descendants(pid) else role] = pid
        os.kill(by_role[part], signal.SIGKILL)

        assert one.process.wait(15) == 1
        role = "worker" if part == "worker" else "web"
        assert any(line["level"] == "error" and f"the {role} process" in line["event"] for line in one.lines), one.said
        one.until(lambda: not [pid for pid in by_role.values() if Path(f"/proc/{pid}").exists()], 10)


def test_nothing_stays_behind_when_the_supervisor_is_killed(serving):
    with serving() as one:
        children = descendants(one.process.pid)
        one.process.kill()
        one.process.wait()

        one.until(lambda: not [pid for pid in children if Path(f"/proc/{pid}").exists()], 12)


@pytest.mark.parametrize("role", ["all", "web"])
def test_a_port_that_is_taken_is_one_line_and_nothing_has_started(commands, role, taken):
    ran = commands.apart("serve", "--role", role, "--port", taken)

    assert (ran.code, len(ran.lines)) == (2, 1), ran.err
    assert ran.line.startswith(f"helpdesk-wellbeing: serve: 127.0.0.1:{taken}: the port is taken; ")
    assert not (commands.home / "wellbeing.db").exists()


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("192.0.2.1", "192.0.2.1:8765: this machine does not have that address"),
        ("not a host", "not a host:8765: there is no such host"),
        ("a..b", "a..b:8765: there is no such host"),
        ("::zz", "[::zz]:8765: there is no such host"),
    ],
)
def test_an_address_that_is_not_ours_is_one_line(commands, host, said):
    ran = commands.apart("serve", "--host", host)

    assert (ran.code, len(ran.lines)) == (2, 1), ran.err
    assert said in ran.line
    assert "--host" in ran.line


def test_a_database_that_is_none_ends_it_with_a_line(serving, commands):
    commands.home.mkdir()
    (commands.home / "wellbeing.db").write_bytes(b"this is no database at all" * 50)
    for role in ("all", "web"):
        with serving("--role", role, ready=False) as one:
            assert one.process.wait(20) == 2
            assert any("this is not a database" in line["event"] for line in one.lines), one.said
            assert not [line for line in one.lines if "Shutting down" in line["event"] or "stopping" in line["event"]]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("missing", "secret.key is missing, HELPDESK_WELLBEING_KEY is not set"),
        ("another", "was encrypted with another key than the one in HELPDESK_WELLBEING_KEY"),
        ("malformed", "HELPDESK_WELLBEING_KEY holds no key of 32 bytes"),
    ],
)
def test_without_the_key_of_its_secrets_it_does_not_begin(commands, key, said):
    commands.home.mkdir()
    with open_store(f"sqlite:///{commands.home / 'wellbeing.db'}") as store:
        if key != "malformed":
            store.create_account("acme", platform="zendesk")
            store.put_secret("acme", SECRET, "acme-signs-with-this")
            (commands.home / "secret.key").unlink()
    if key != "missing":
        commands.environment[KEY_VARIABLE] = Fernet.generate_key().decode() if key == "another" else "no key"

    ran = commands.apart("serve", "--port", "0")

    told = [json.loads(line) for line in ran.lines if key != "malformed" or "no account yet" not in line]
    assert (ran.code, len(told)) == (2, 1), ran.err
    assert said in told[0]["event"]
    assert "copy secret.key from its backup or another machine, or set HELPDESK_WELLBEING_KEY" in told[0]["event"]


def test_what_a_plan_lacks_is_told_once_and_waits_each_time(commands, monkeypatch):
    lacks, waits = "x: agent availability is not available here", "x: waiting 30 s"

    class Lacking:
        def __init__(self, tell):
            self.notes, self._tell = [], tell

        def pull(self):
            self.notes.append(lacks)
            self._tell(lacks)
            self._tell(waits)

    monkeypatch.setattr(
        "helpdesk_wellbeing.cli.platforms.connector_of", lambda store, account, tell, limits, patient: Lacking(tell)
    )
    log = Mock()
    connect = _connect(None, log)
    for account in ("acme", "acme", "globex"):
        connect(account).pull()

    told = [(call.kwargs["account"], call.kwargs["said"]) for call in log.info.call_args_list]
    assert told == [("acme", lacks), ("acme", waits), ("acme", waits), ("globex", lacks), ("globex", waits)]


def test_a_database_url_that_is_none_is_one_line(commands):
    commands.environment["HELPDESK_WELLBEING_DATABASE_URL"] = "nonsense"

    ran = commands.apart("serve", "--port", "0")

    assert (ran.code, len(ran.lines)) == (2, 1), ran.err
    assert "the database URL cannot be read" in ran.line


def test_calls_that_are_under_way_are_answered_before_it_stops(serving):
    with serving("--role", "web") as one:
        host, port = one.address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), 10) as call:
            call.sendall(b"POST /webhooks/zendesk/acme HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{")
            one.until(lambda: is_read(call))
            one.process.terminate()
            time.sleep(0.5)
            call.sendall(b"}")
            assert b" 503 " in call.recv(1000).splitlines()[0]
        assert one.process.wait(10) == 0
