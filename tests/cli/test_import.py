"""`import`: what is taken, what is refused, and that a bad file changes nothing."""

from __future__ import annotations

import gzip
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.store import open_store

HEADER = "at,ticket,kind,actor"
GOOD = "2026-11-02T09:00:00+01:00,1,replied,a"


def written(path, *lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def stored(home):
    """Everything in the database; its files may differ by what waits in the write-ahead log."""
    with closing(sqlite3.connect(home / "wellbeing.db")) as connection:
        return list(connection.iterdump())


def test_every_row_taken_is_0(commands, tmp_path):
    ran = commands.here("import", written(tmp_path / "log.csv", HEADER, GOOD), "--account", "acme")

    assert (ran.code, ran.out) == (0, "")
    assert ran.line == "acme: 1 row read, 1 event new"
    assert commands.exported().count("\n") == 2


def test_refused_rows_are_named_by_the_lines_on_which_they_stand(commands, tmp_path):
    log = written(
        tmp_path / "log.csv",
        "at,ticket,kind,actor,topic",
        f'{GOOD},"two\nlines"',
        "2026-11-02 09:00,1,replied,a,",
        f"{GOOD.replace('replied', 'levitated')},",
        "",
        f"{GOOD.replace('09:00', '10:00')},fine",
        "2026-11-02T11:00:00Z,,replied,a,CANARY",
    )

    ran = commands.here("import", log, "--account", "acme")

    assert ran.code == 1
    assert ran.lines == [
        "acme: 5 rows read, 2 events new",
        f"acme: 3 rows refused; see {tmp_path / 'log.csv.rejects.csv'}",
    ]
    rejects = (tmp_path / "log.csv.rejects.csv").read_text().splitlines()
    assert rejects[0] == "line,column,reason"
    assert [row.split(",")[:2] for row in rejects[1:]] == [["4", "at"], ["5", "kind"], ["8", "ticket"]]
    assert "CANARY" not in "".join(rejects)


def test_when_every_row_is_refused_nothing_is_taken_and_no_account_made(commands, tmp_path):
    log = written(tmp_path / "log.csv", HEADER, "yesterday,1,replied,a", "tomorrow,2,replied,a")

    ran = commands.here("import", log, "--account", "acme", "--rejects", str(tmp_path / "bad.csv"))

    assert ran.code == 2
    assert ran.line == f"helpdesk-wellbeing: log.csv: all 2 rows were refused; see {tmp_path / 'bad.csv'}"
    assert (tmp_path / "bad.csv").read_text().count("\n") == 3
    assert commands.here("check", "--account", "acme").line.endswith('no account "acme"; run import or connect first')


def test_a_log_without_rows_is_2_and_makes_no_account(commands, tmp_path):
    ran = commands.here("import", written(tmp_path / "log.csv", HEADER), "--account", "acme")

    assert (ran.code, len(ran.lines)) == (2, 1)
    assert "log.csv: no rows below the line that names the columns; nothing was taken" in ran.line
    assert commands.here("check", "--account", "acme").line.endswith('no account "acme"; run import or connect first')


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ((), "log.csv: the mapping left out all 2 rows; nothing was taken, mend the mapping"),
        (("soon,3,replied,a",), "log.csv: 1 of 3 rows refused, the others left out by the mapping; see"),
    ],
)
def test_a_log_of_which_the_mapping_wants_nothing_is_2(commands, tmp_path, more, said):
    mapping = written(tmp_path / "m.toml", "[values.kind]", 'opened = "-"')
    opened = [f"2026-11-02T09:0{minute}:00Z,1,opened,a" for minute in range(2)]
    log = written(tmp_path / "log.csv", HEADER, *opened, *more)

    ran = commands.here("import", log, "--account", "acme", "--mapping", mapping)

    assert (ran.code, len(ran.lines)) == (2, 1)
    assert said in ran.line


def test_the_same_file_twice_in_any_order_changes_nothing(imported, log, tmp_path):
    before = imported.exported()
    header, *rows = log.read_text().splitlines()
    shuffled = written(tmp_path / "shuffled.csv", header, *reversed(rows), rows[0])

    ran = imported.here("import", shuffled, "--account", "acme")

    assert ran.code == 0
    assert f"0 events new, {len(rows):,} there already, 1 identical row counted once" in ran.line
    assert imported.exported() == before


@pytest.mark.parametrize(
    ("kind", "good", "bad", "said"),
    [
        ("people", "agent,time_zone\n1001,Europe/Berlin", "agent,time_zone\n1001,Europe/Berlinn", "Europe/Berlin"),
        ("leave", "agent,from,to\n1001,2026-10-05,2026-10-06", "agent,from,to\n1001,2026-10-06,2026-10-05", "before"),
        ("groups", "group,tier\n11,2", "group,tier\n11,4", "tier"),
        (
            "on-call",
            "agent,from,to\n1001,2026-10-05T18:00:00Z,2026-10-06T08:00:00Z",
            "agent,from,to\n1001,2026-10-05 18:00,2026-10-06 08:00",
            "offset",
        ),
    ],
)
def test_a_file_about_people_alone_is_taken_and_a_bad_one_changes_nothing(imported, tmp_path, kind, good, bad, said):
    fine, broken = written(tmp_path / "good.csv", good), written(tmp_path / "bad.csv", bad)
    taken = imported.here("import", "--account", "acme", f"--{kind}", fine)
    assert taken.code == 0, taken.err
    assert taken.line.endswith("file: 1 row; it replaces what was there")
    before = stored(imported.home)
    log = written(tmp_path / "more.csv", HEADER, GOOD)

    ran = imported.here("import", log, "--account", "acme", f"--{kind}", broken, "--time-zone", "Europe/Paris")

    assert ran.code == 2
    assert "bad.csv" in ran.err
    assert "line 2" in ran.err
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert stored(imported.home) == before


def bad_files(tmp_path):
    good = f"{HEADER}\n{GOOD}\n".encode()
    return {
        "no such file": (None, "no such file; check the path"),
        "empty": (b"", "the file is empty; the first line must name the columns"),
        "a web page": (b"<html>CANARY</html>", "looks like HTML or XML; a CSV or Parquet file is needed"),
        "json": (b'{"CANARY": 1}', "looks like JSON; a CSV or Parquet file is needed"),
        "UTF-16": ("at,ticket,kind\n".encode("utf-16"), "is UTF-16; save it as UTF-8"),
        "Latin-1": (f"{HEADER}\n{GOOD}é\n".encode("latin-1"), "line 2 is not UTF-8"),
        "a gzip cut short": (gzip.compress(good * 50)[:60], "the gzip file ends too early"),
        "a Parquet cut short": (b"PAR1" + b"x" * 50, "Parquet"),
        "a zip": (b"PK\x03\x04CANARY", "is a zip or Excel file"),
        "columns missing": (b"time,id\n1,2\n", "at"),
    }


@pytest.mark.parametrize("name", bad_files(None))
def test_a_file_that_is_no_log_is_one_line_and_changes_nothing(commands, tmp_path, name):
    content, said = bad_files(tmp_path)[name]
    if content is not None:
        (tmp_path / "log.csv").write_bytes(content)

    ran = commands.here("import", str(tmp_path / "log.csv"), "--account", "acme")

    assert ran.code == 2
    assert len(ran.lines) == 1, ran.err
    assert said in ran.line
    assert "CANARY" not in ran.err
    assert not (tmp_path / "log.csv.rejects.csv").exists()
    assert commands.here("check", "--account", "acme").line.endswith('no account "acme"; run import or connect first')


@pytest.mark.parametrize("zone", ["Atlantis", "europe/Berlinn", "../etc/passwd", ""])
def test_a_zone_that_does_not_exist_is_said_and_makes_no_account(commands, log, zone):
    ran = commands.here("import", str(log), "--account", "acme", "--time-zone", zone)

    assert ran.code == (2 if zone else 0), ran.err
    if zone:
        assert ran.line.endswith("is not a time zone; use a name such as Europe/Berlin")
        assert commands.here("doctor", "--account", "acme").code == 2


ROME = 'time_zone = "Europe/Rome"'


@pytest.mark.parametrize(
    ("mapping", "more", "zone", "said"),
    [
        (ROME, (), "Europe/Rome", "acme: its zone is Europe/Rome, as in the mapping; --time-zone says another one"),
        (ROME, ("--time-zone", "Europe/Paris"), "Europe/Paris", "acme: its zone is Europe/Paris now"),
        ('time_zone = "column:zone"', (), "UTC", None),
        ("", (), "UTC", None),
    ],
)
def test_a_new_account_has_the_zone_of_its_mapping_unless_another_is_told(
    commands, tmp_path, mapping, more, zone, said
):
    log = written(tmp_path / "log.csv", f"{HEADER},zone", f"{GOOD},Europe/Oslo")
    how = written(tmp_path / "m.toml", mapping)

    ran = commands.here("import", log, "--account", "acme", "--mapping", how, *more)

    assert ran.code == 0, ran.err
    assert [line for line in ran.lines if "its zone is" in line] == ([] if said is None else [said])
    assert f"zone                    {zone}\n" in commands.here("doctor", "--account", "acme").out


def test_the_zone_of_an_account_that_is_there_stays_whatever_a_mapping_says(imported, tmp_path):
    log, how = written(tmp_path / "more.csv", HEADER, GOOD), written(tmp_path / "m.toml", ROME)

    ran = imported.here("import", log, "--account", "acme", "--mapping", how)

    assert (ran.code, "its zone is" in ran.err) == (0, False)
    assert "zone                    Europe/Berlin\n" in imported.here("doctor", "--account", "acme").out


def test_a_new_zone_alone_is_said(imported):
    ran = imported.here("import", "--account", "acme", "--time-zone", "Europe/Paris")

    assert (ran.code, ran.err) == (0, "acme: its zone is Europe/Paris now\n")


@pytest.mark.parametrize("named", [None, "bad.csv"])
def test_where_the_rejects_are_is_said_in_full_whatever_folder_one_is_in(commands, tmp_path, named):
    (tmp_path / "logs").mkdir()
    (tmp_path / "here").mkdir()
    written(tmp_path / "logs" / "log.csv", HEADER, GOOD, "yesterday,1,replied,a")
    commands.patch.chdir(tmp_path / "here")

    ran = commands.here("import", "../logs/log.csv", "--account", "acme", *(("--rejects", named) if named else ()))

    wanted = tmp_path / "here" / named if named else tmp_path / "logs" / "log.csv.rejects.csv"
    assert ran.code == 1
    assert ran.line == f"acme: 1 row refused; see {wanted}"
    assert wanted.read_text().count("\n") == 2
    assert [file.name for file in (tmp_path / "here").iterdir()] == ([named] if named else [])


def test_what_has_not_happened_yet_is_refused(commands, tmp_path):
    now = datetime.now(UTC)
    ahead = [timedelta(days=-9000), timedelta(hours=23), timedelta(hours=25), timedelta(days=900)]
    times = [now + one for one in ahead]
    rows = [f"{at.isoformat()},{number},replied,a,{now + timedelta(days=40)}" for number, at in enumerate(times)]
    log = written(tmp_path / "log.csv", f"{HEADER},due_at", *rows)

    ran = commands.here("import", log, "--account", "acme")

    assert ran.code == 1
    assert ran.lines[0] == "acme: 4 rows read, 2 events new"
    rejects = (tmp_path / "log.csv.rejects.csv").read_text().splitlines()
    reason = "is more than a day ahead of now; the clock or the format is wrong"
    assert rejects[1:] == [f"{line},at,{reason}" for line in (4, 5)]


def test_the_rejects_never_overwrite_what_is_read(commands, tmp_path):
    log = written(tmp_path / "log.csv", HEADER, GOOD, "yesterday,1,replied,a")

    ran = commands.here("import", log, "--account", "acme", "--rejects", log)

    assert ran.code == 2
    assert ran.line.endswith("would overwrite what is read; name another file with --rejects")
    assert GOOD in (tmp_path / "log.csv").read_text()


def test_rejects_that_cannot_be_written_mean_that_nothing_is_taken(commands, tmp_path):
    log = written(tmp_path / "log.csv", HEADER, GOOD, "yesterday,1,replied,a")

    ran = commands.here("import", log, "--account", "acme", "--rejects", str(tmp_path / "nowhere" / "bad.csv"))

    assert ran.code == 2
    assert ran.line.endswith("the rejects cannot be written (No such file or directory); name another file")
    assert commands.here("doctor", "--account", "acme").code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "nothing to import; give a LOG, or --people, --leave, --groups or --on-call"),
        (("--mapping", "m.toml"), "nothing to import"),
        (("--people", "p.csv", "--mapping", "m.toml"), "--mapping needs a LOG to map"),
        (("nowhere.csv",), "nowhere.csv: no such file; check the path"),
    ],
)
def test_what_is_missing_is_said(commands, arguments, said):
    ran = commands.here("import", "--account", "acme", *arguments)

    assert ran.code == 2
    assert said in ran.line


@pytest.mark.parametrize("name", ["acme", "acme.eu-2_b", "4711", "a" * 64, "_acme"])
def test_an_account_may_be_named_with_letters_digits_and_a_few_signs(commands, log, name):
    ran = commands.here("import", str(log), "--account", name)

    assert ran.code == 0, ran.err


@pytest.mark.parametrize(
    "name", ["a\nb", "", " ", "acme inc", "../acme", "a/b", ".hidden", "a" * 65, "café", "a\x1b[1m"]
)
@pytest.mark.parametrize(
    "command", [("import", "LOG"), ("check",), ("pull",), ("export", "events"), ("doctor",), ("connect", "zendesk")]
)
def test_any_other_account_name_is_refused_by_every_command(commands, log, command, name):
    given = [str(log) if word == "LOG" else word for word in command]
    needed = ["--subdomain", "acme", "--email", "a@example.com"] if "zendesk" in command else []

    ran = commands.here(*given, "--account", name, *needed)

    assert (ran.code, len(ran.lines)) == (2, 1)
    assert ran.line.endswith(
        "a name is 1 to 64 letters (a to z), digits, - _ and ., and does not begin with a dot; such as acme-support"
    )
    assert "\x1b" not in ran.line


def test_a_mapping_that_does_not_fit_is_named(commands, log, tmp_path):
    mapping = written(tmp_path / "m.toml", 'time_zone = "Europe/Berlin"', "[colums]", 'at = "at"')

    ran = commands.here("import", str(log), "--account", "acme", "--mapping", mapping)

    assert ran.code == 2
    assert "m.toml" in ran.err
    assert "columns" in ran.err


def test_ids_that_the_helpdesk_does_not_know_are_named_and_taken(commands, tmp_path):
    commands.here("import", written(tmp_path / "log.csv", HEADER, GOOD), "--account", "acme")
    with open_store(Settings(commands.home, f"sqlite:///{commands.home / 'wellbeing.db'}")) as store:
        store.replace_people("acme", "platform", pl.DataFrame([{"agent": "1"}], schema={"agent": pl.String()}))

    ran = commands.here("import", "--account", "acme", "--people", written(tmp_path / "p.csv", "agent", "1", "47"))

    assert ran.code == 0
    assert "the helpdesk knows no agents with these ids: 47; they were taken all the same" in ran.err
