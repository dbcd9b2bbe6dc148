from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from helpdesk_wellbeing.errors import StoreBusy, StoreError
from helpdesk_wellbeing.store import lease, open_store

HOLD = """
import sys, time
from helpdesk_wellbeing.store import open_store
with open_store(sys.argv[1]) as store, store.writer("acme", "pull --account acme"):
    print("holding", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def holder(url, seconds):
    process = subprocess.Popen([sys.executable, "-c", HOLD, url, str(seconds)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "holding\n"
    return process


def put_lease(store, **changes):
    now = time.time()
    row = {
        "token": "t",
        "pid": 1,
        "born": "b",
        "host": "elsewhere",
        "who": "pull",
        "since": now,
        "heartbeat": now,
    }
    with store._write("acme") as (connection, owner):
        connection.execute(lease.leases.insert(), {"account": owner.number, **row, **changes})


def test_a_second_process_is_told_who_writes_and_readers_still_work(url, store, a_series):
    process = holder(url, 60)
    try:
        said: list[str] = []
        with (
            pytest.raises(StoreBusy) as caught,
            store.writer("acme", "check", wait_s=0.3, on_wait=said.append),
        ):
            pass

        for text in (str(caught.value), *said):
            assert f"pull --account acme (process {process.pid} on {socket.gethostname()}, since 2" in text
        assert len(said) == 1
        assert store.event_span("acme")[2] == 0
        store.create_account("other")
        with store.writer("other", "check", wait_s=0):
            assert "check (process" in (store.writer_of("other") or "")
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()


def test_the_lease_of_a_killed_process_is_taken_over_at_once(url, store):
    process = holder(url, 60)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()

    assert store.writer_of("acme") is not None
    with store.writer("acme", "check", wait_s=0):
        assert "check" in (store.writer_of("acme") or "")
    assert store.writer_of("acme") is None


def test_a_waiting_process_goes_on_when_the_other_is_done(url, store):
    process = holder(url, 0.5)
    said: list[str] = []

    with store.writer("acme", "check", wait_s=20, on_wait=said.append):
        pass

    process.communicate()
    assert len(said) == 1


def test_another_process_with_the_same_pid_is_not_the_holder(store):
    machine = lease._born(os.getpid()).rpartition(":")[0]
    put_lease(store, pid=os.getpid(), host=socket.gethostname(), born=f"{machine}:1")

    with store.writer("acme", "check", wait_s=0):
        pass


def test_a_process_of_another_container_with_the_same_name_is_not_taken_for_dead(store):
    put_lease(store, pid=4_000_000, host=socket.gethostname(), born="another boot:another container:1")

    with pytest.raises(StoreBusy, match="process 4000000"), store.writer("acme", "check", wait_s=0):
        pass


def test_a_lease_of_another_host_holds_until_its_heartbeat_is_old(store):
    put_lease(store)
    with pytest.raises(StoreBusy, match="elsewhere"), store.writer("acme", "check", wait_s=0):
        pass

    with store.transaction(), store._write("acme") as (connection, _):
        connection.execute(lease.leases.update().values(heartbeat=time.time() - lease.EXPIRY_S - 1))

    with store.writer("acme", "check", wait_s=0):
        pass


def test_a_writer_that_lost_its_lease_cannot_write(store):
    with store.writer("acme", "pull", wait_s=0):
        with store._database.writing() as connection:
            connection.execute(lease.leases.update().values(token="another"))

        with pytest.raises(StoreError, match="lost its turn"):
            store.set_meta("acme", "k", "v")

    assert store.get_meta("acme", "k") is None
    assert store.writer_of("acme") is not None  # the other one's lease stays


def test_a_writer_inside_a_writer_of_the_same_store_joins_it(store):
    with store.writer("acme", "pull", wait_s=0):
        with store.writer("acme", "check", wait_s=0):
            store.set_meta("acme", "k", "v")
        assert "pull" in (store.writer_of("acme") or "")


def test_two_stores_of_one_process_are_two_writers(url, store):
    def silent(line: str) -> None:
        pass

    with (
        open_store(url) as second,
        store.writer("acme", "pull", wait_s=0),
        pytest.raises(StoreBusy),
        second.writer("acme", "check", wait_s=0, on_wait=silent),
    ):
        pass


def test_the_heartbeat_keeps_the_lease_young(store, monkeypatch):
    monkeypatch.setattr(lease, "HEARTBEAT_S", 0.02)
    with store.writer("acme", "pull", wait_s=0):
        deadline = time.monotonic() + 5
        with store._read("acme") as (connection, owner):
            first = lease.holder(connection, owner)
        while time.monotonic() < deadline:
            time.sleep(0.02)
            with store._read("acme") as (connection, owner):
                now = lease.holder(connection, owner)
            if now.heartbeat > first.heartbeat:
                break
        assert now.heartbeat > first.heartbeat
        assert now.since == first.since


def test_threads_write_one_after_the_other_and_nothing_is_lost(store, a_series):
    frames = [a_series(50, prefix=f"t{n}-") for n in range(4)]
    threads = [threading.Thread(target=store.add_events, args=("acme", frame)) for frame in frames]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert store.event_span("acme")[2] == 200
