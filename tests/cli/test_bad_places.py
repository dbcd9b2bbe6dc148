"""A full disk, a folder that may not be written, another writer, a reader that goes away, Ctrl-C, any terminal."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from connectors.zendesk.simulated import Faults
from helpdesk_wellbeing.store import open_store

WHOLE = "what is stored is whole"
DROP_BOUND, FILE_RIGHTS = 24, (1, 2, 3)  # prctl; the capabilities by which root writes and reads everywhere
QUICK = "import helpdesk_wellbeing.cli.pull as pull; pull._fold = lambda store, account: 0"


def no_rights_of_root():
    """Root too must keep to the modes of files from here on."""
    if os.geteuid() == 0:
        for right in FILE_RIGHTS:
            if ctypes.CDLL(None).prctl(DROP_BOUND, right, 0, 0, 0) != 0:
                os._exit(77)


def needs_modes_that_bind():
    if sys.platform != "linux" and os.geteuid() == 0:
        pytest.skip("root may write everywhere here, and its rights can only be dropped on Linux")


def one_line(ran):
    assert "Traceback" not in ran.err
    assert len(ran.lines) == 1, ran.err
    return ran.line


@contextmanager
def room_for(size):
    """No file of this process grows beyond it."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


def limited_to(size):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_an_import_on_a_disk_that_takes_no_more_changes_nothing(commands, log):
    commands.here("import", "--account", "acme")  # makes the empty store

    with room_for(150_000):
        ran = commands.here("import", str(log), "--account", "acme")

    assert ran.code == 2
    assert one_line(ran).startswith("helpdesk-wellbeing: store: ")
    assert WHOLE in ran.line
    assert commands.here("check", "--account", "acme").line.endswith('no account "acme"; run import or connect first')
    assert commands.here("import", str(log), "--account", "acme").code == 0


@pytest.mark.usefixtures("unfolded")
def test_a_pull_on_a_disk_that_takes_no_more_goes_on_when_there_is_space(commands, zendesk, undisturbed):
    commands.connect(zendesk)

    room = max(file.stat().st_size for file in commands.home.glob("wellbeing.db*")) + 100_000
    ran = commands.apart("pull", "--account", "acme", preexec_fn=limited_to(room), code=QUICK)

    assert ran.code == 1, ran.err
    assert "Traceback" not in ran.err
    assert "acme: stopped before the end; what is stored is whole, run pull again to go on: store: " in ran.line
    assert commands.here("pull", "--account", "acme").code == 0
    assert commands.exported() == undisturbed


@pytest.fixture
def tiny_disk(tmp_path):
    """A disk of 1 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small disk cannot be mounted here; the limit on a file's size stands in for it")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_is_called_full_and_what_is_stored_stays(commands, zendesk, tiny_disk, undisturbed):
    commands.home = tiny_disk
    commands.patch.setenv("HELPDESK_WELLBEING_HOME", str(tiny_disk))
    commands.connect(zendesk)
    ballast = tiny_disk / "ballast"
    ballast.write_bytes(b"x" * 400_000)

    ran = commands.apart("pull", "--account", "acme", code=QUICK)

    assert ran.code == 1, ran.err
    assert "the disk is full; free some space and run it again, what is stored is whole" in ran.line
    before = commands.exported()
    assert set(before.splitlines()) <= set(undisturbed.splitlines())
    checked = commands.here("doctor", "--account", "acme")
    assert "Traceback" not in checked.err


def test_output_to_a_full_disk_is_one_line(imported):
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full here")
    for command in (["export", "events", "--account", "acme"], ["rules", "list"]):
        with full.open("wb") as out:
            ran = imported.apart(*command, stdout=out)
        assert ran.code == 2
        assert one_line(ran).endswith("No space left on device; what is stored is whole, mend that and run it again")


def test_a_home_that_cannot_be_made_is_said(commands, tmp_path):
    (tmp_path / "home").write_text("a file where the folder should be")

    ran = commands.here("check", "--account", "acme")

    assert ran.code == 2
    assert one_line(ran).endswith("home is not a folder; set HELPDESK_WELLBEING_HOME to another one")


@pytest.fixture
def read_only(imported):
    """Commands whose home may only be read, also by root."""
    needs_modes_that_bind()
    for file in imported.home.iterdir():
        file.chmod(0o400)
    imported.home.chmod(0o500)
    yield imported
    imported.home.chmod(0o700)


def test_a_read_only_home_still_answers(read_only):
    checked = read_only.apart("check", "--account", "acme", "--format", "json", preexec_fn=no_rights_of_root)
    assert checked.code in (0, 1), checked.err
    assert json.loads(checked.out)["account"] == "acme"
    assert "answering from what is stored" in checked.err

    exported = read_only.apart("export", "events", "--account", "acme", preexec_fn=no_rights_of_root)
    assert (exported.code, exported.out.count("\n")) == (0, exported.out.count("acme") + 1)
    looked = read_only.apart("doctor", preexec_fn=no_rights_of_root)
    assert looked.code == 0, looked.err


def test_a_read_only_home_takes_no_import_and_says_so(read_only, log):
    before = {file.name: file.read_bytes() for file in read_only.home.iterdir()}

    ran = read_only.apart("import", str(log), "--account", "other", preexec_fn=no_rights_of_root)

    assert ran.code == 2
    assert "it is read-only; give this user write access" in one_line(ran)
    assert {file.name: file.read_bytes() for file in read_only.home.iterdir()} == before


def test_a_second_writer_says_who_holds_the_account_and_readers_go_on(imported):
    (imported.home / "settings.toml").write_text("lease_wait_seconds = 0.3\n")
    imported.patch.setattr("helpdesk_wellbeing.cli.common.BUSY_S", 0.2)
    people = imported.home / "people.csv"
    people.write_text("agent,time_zone\n1001,Europe/Berlin\n")

    with open_store(f"sqlite:///{imported.home / 'wellbeing.db'}") as store, store.writer("acme", "pull"):
        ran = imported.apart("import", "--account", "acme", "--people", str(people))
        checked = imported.here("check", "--account", "acme", "--as-of", "2026-11-13T23:00:00Z")
        facts = imported.here("export", "facts", "days", "--account", "acme")
        exported = imported.here("export", "events", "--account", "acme")

    holder = f"account acme is being written by pull (process {os.getpid()} on "
    assert ran.code == 2
    assert ran.lines[0].startswith(holder)
    assert ran.line.startswith("helpdesk-wellbeing: " + holder)
    assert ran.line.endswith("; try again when it is done")
    assert (checked.code, facts.code, exported.code) in ((0, 0, 0), (1, 0, 0))
    assert "answering from what is stored so far, because acme is being written by pull (process " in checked.err
    assert "try again" not in checked.err


def test_a_second_writer_waits_for_the_first(imported, tmp_path):
    people = tmp_path / "people.csv"
    people.write_text("agent,time_zone\n1001,Europe/Berlin\n")

    with open_store(f"sqlite:///{imported.home / 'wellbeing.db'}") as store, store.writer("acme", "pull"):
        waiting = imported.start("import", "--account", "acme", "--people", str(people))
        assert b"is being written by pull" in waiting.stderr.readline()
    _, err = waiting.communicate(timeout=30)

    assert waiting.returncode == 0, err


@pytest.mark.usefixtures("unfolded")
def test_ctrl_c_ends_a_pull_in_one_line_and_the_next_one_completes_it(commands, zendesk, undisturbed):
    commands.connect(zendesk)
    zendesk.faults = Faults(share={"slow": 1.0}, slow_seconds=0.5)
    pulling = commands.start("pull", "--account", "acme", code=QUICK)
    asked = zendesk.requests["incremental/ticket_events"]
    until = time.monotonic() + 30
    while zendesk.requests["incremental/ticket_events"] == asked and time.monotonic() < until:
        time.sleep(0.02)

    pulling.send_signal(signal.SIGINT)
    _, err = pulling.communicate(timeout=30)

    assert pulling.returncode == 130, err
    assert b"Traceback" not in err
    assert err.decode().splitlines()[-1] == "helpdesk-wellbeing: stopped; what is stored is whole"
    zendesk.behave()
    assert commands.here("pull", "--account", "acme").code == 0
    assert commands.exported() == undisturbed


@pytest.mark.parametrize("what", [["export", "events"], ["check", "--verbose", "--as-of", "2026-11-13T23:00:00Z"]])
def test_a_reader_that_goes_away_ends_it_silently(imported, what):
    process = imported.start(*what, "--account", "acme")
    process.stdout.close()

    process.wait(timeout=60)

    said = process.stderr.read().decode()
    assert "Error" not in said, said
    assert "Traceback" not in said, said
    assert process.returncode == 141


LATIN = {"PYTHONIOENCODING": "latin-1", "NO_COLOR": "1", "COLUMNS": "20"}
POSIX = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "TERM": "dumb"}


@pytest.mark.parametrize("terminal", [LATIN, POSIX])
def test_a_name_that_the_terminal_lacks_ends_nothing(imported, terminal):
    plain = imported.apart("check", "--account", "acme", "--as-of", "2026-11-13T23:00:00Z", environment=terminal)

    assert plain.code == 1, plain.err
    assert "\\u674e" in plain.out or "李" in plain.out
    assert "\x1b[" not in plain.out + plain.err


def test_json_is_the_same_in_any_terminal(imported):
    arguments = ("check", "--account", "acme", "--as-of", "2026-11-13T23:00:00Z", "--format", "json")

    odd, usual = imported.apart(*arguments, environment=LATIN), imported.here(*arguments)

    assert odd.out.isascii()
    assert json.loads(odd.out) == json.loads(usual.out)


def test_a_file_that_is_no_database_is_said(commands):
    commands.home.mkdir()
    (commands.home / "wellbeing.db").write_bytes(b"not a database" * 500)

    for command in (["check", "--account", "acme"], ["doctor"], ["export", "events", "--account", "acme"]):
        ran = commands.here(*command)
        assert ran.code == 2
        assert "put back a backup, or move it away and import or pull again" in one_line(ran)


def test_settings_that_do_not_fit_are_named(commands):
    commands.home.mkdir()
    (commands.home / "settings.toml").write_text("database_ulr = 'postgresql://user:secret@host/name'\n")

    ran = commands.here("doctor")

    assert ran.code == 2
    assert one_line(ran).endswith('settings.toml: database_ulr: not a setting; did you mean "database_url"?')


def test_a_defect_of_ours_is_one_line_without_what_was_read(imported):
    def broken(*_):
        raise KeyError("CANARY")

    imported.patch.setattr("helpdesk_wellbeing.store.store.Store.all_events_span", broken)

    ran = imported.here("check", "--account", "acme")

    assert ran.code == 2
    assert "a defect: KeyError in helpdesk_wellbeing/cli/platforms.py:" in one_line(ran)
    assert "CANARY" not in ran.err


def test_serve_without_space_is_one_line_and_starts_nothing(commands):
    commands.without_a_key()
    before = sorted(file.name for file in commands.home.iterdir())

    ran = commands.apart("serve", "--port", "0", preexec_fn=limited_to(500_000))

    assert (ran.code, ran.out) == (2, "")
    assert one_line(ran).startswith(f"helpdesk-wellbeing: store: {commands.home}: it cannot be written (")
    assert ran.line.endswith("free some space, then run this again")
    assert sorted(file.name for file in commands.home.iterdir()) == before


@pytest.mark.parametrize("role", ["all", "web", "worker"])
def test_serve_in_a_read_only_home_is_one_line(read_only, role):
    ran = read_only.apart("serve", "--port", "0", "--role", role, preexec_fn=no_rights_of_root)

    assert ran.code == 2
    assert one_line(ran).endswith("give this user the rights to write there, then run this again")


def test_a_worker_whose_own_tables_cannot_be_used_says_so_in_one_line(commands):
    commands.without_a_key()
    (commands.home / "pipeline.db").write_bytes(b"not a database" * 500)

    ran = commands.apart("serve", "--role", "worker")

    assert ran.code == 2
    assert f"{commands.home / 'pipeline.db'}: this is not a database" in one_line(ran)


def test_where_no_database_can_be_made_nobody_is_told_to_begin(commands):
    with room_for(10_000):
        ran = commands.here("doctor")

    assert (ran.code, ran.out) == (2, "")
    assert one_line(ran).endswith("free some space, then run this again")


def test_a_database_that_was_begun_on_a_full_disk_is_not_taken_for_none(commands):
    commands.home.mkdir()
    (commands.home / "wellbeing.db").touch()

    ran = commands.apart("doctor", preexec_fn=limited_to(10_000))

    assert (ran.code, ran.out) == (2, "")
    assert one_line(ran).endswith("free some space, then run this again")


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("doctor",)])
def test_a_folder_for_the_database_that_is_not_there_is_said(commands, tmp_path, command):
    place = tmp_path / "nowhere"

    commands.environment["HELPDESK_WELLBEING_DATABASE_URL"] = f"sqlite:///{place}/wellbeing.db"
    commands.patch.setenv("HELPDESK_WELLBEING_DATABASE_URL", commands.environment["HELPDESK_WELLBEING_DATABASE_URL"])
    ran = commands.apart(*command) if command[0] == "serve" else commands.here(*command)

    assert (ran.code, ran.out) == (2, "")
    assert f"store: {place}: it cannot be written (No such file or directory); make that folder, " in one_line(ran)
