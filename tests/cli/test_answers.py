"""`check`, `backtest`, `export`, `doctor`, `rules`: shapes to the letter, exit codes, hints."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import polars as pl
import pytest

from helpdesk_wellbeing.cli.check import Examined, print_text
from helpdesk_wellbeing.engine import Catalogue
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.store import open_store

REASONS = {
    "no events in window", "no schedule", "no zone", "too few days", "too few events", "too few tickets",
    "too few comparisons", "no baseline", "no input on this platform", "shared or automated", "identity review",
    "projection", "excluded", "no limit in preset",
}  # fmt: skip
ENDING = ("--as-of", "2026-11-13T23:00:00Z")


def shape_holds(answer):
    assert list(answer) == ["account", "as_of", "flags", "not_assessable", "identity_review", "withheld"]
    for flag in answer["flags"]:
        assert list(flag) == [
            "signal", "rule", "subject", "level", "state", "since", "window", "values", "evidence", "grade",
        ]  # fmt: skip
        assert list(flag["subject"]) == ["kind", "id"]
        assert flag["subject"]["kind"] in ("agent", "team", "queue")
        assert (flag["level"] in ("warn", "critical"), flag["state"] in ("active", "cooling")) == (True, True)
        assert list(flag["window"]) == ["start", "end"]
        assert flag["grade"] in ("A", "B")
        assert all(isinstance(entry, dict) for entry in flag["evidence"])
    for gap in answer["not_assessable"]:
        assert list(gap) == ["signal", "subject", "reason"]
        assert gap["reason"] in REASONS
    for entry in answer["identity_review"]:
        assert list(entry) == ["agent", "reason"]


def test_check_finds_the_short_rests_and_answers_in_the_agreed_shape(imported):
    ran = imported.here("check", "--account", "acme", *ENDING, "--format", "json")

    answer = json.loads(ran.out)
    assert ran.code == 1
    assert (answer["account"], answer["as_of"]) == ("acme", "2026-11-13T23:00:00Z")
    shape_holds(answer)
    [flag] = [flag for flag in answer["flags"] if flag["signal"] == "WT4"]
    assert (flag["rule"], flag["subject"]) == ("short_daily_rest", {"kind": "agent", "id": "1003"})
    assert list(flag["values"]) == ["rest_h", "required_h"]
    assert flag["window"]["end"] <= answer["as_of"]


def test_nothing_found_is_0_and_the_shape_is_the_same(imported):
    ran = imported.here("check", "--account", "acme", "--as-of", "2026-10-01T00:00:00Z", "--format", "json")

    assert ran.code == 0
    shape_holds(json.loads(ran.out))
    assert json.loads(ran.out)["flags"] == []
    text = imported.here("check", "--account", "acme", "--as-of", "2026-10-01T00:00:00Z")
    assert "nothing visible in the helpdesk" in text.out


def test_findings_go_to_stdout_and_talk_about_the_run_to_stderr(imported):
    ran = imported.here("check", "--account", "acme", *ENDING)

    assert ran.out.splitlines()[0].split() == ["LEVEL", "SIGNAL", "SUBJECT", "SINCE", "LAST", "BECAUSE"]
    assert ran.err == "acme: imported or on this machine, so signals about single agents run without an agreement\n"


def test_check_as_text_says_when_each_flag_was_last_seen_and_the_newest_comes_first(imported):
    table = imported.here("check", "--account", "acme", *ENDING).out.partition("\n\n")[0].splitlines()

    last = [re.findall(r"\d{4}-\d\d-\d\d", line)[1] for line in table[1:] if "ongoing" not in line]
    assert last
    assert last == sorted(last, reverse=True)
    [rest] = [line for line in table if "WT4" in line]
    assert "2026-11-13" in rest


def test_flags_without_a_new_instance_for_long_stand_apart(imported):
    ran = imported.here("check", "--account", "acme", "--as-of", "2026-11-19T23:00:00Z")
    assert "Nothing new since" not in ran.out

    later = imported.here("check", "--account", "acme", "--as-of", "2026-11-22T23:00:00Z")
    before, _, old = later.out.partition("\nNothing new since LAST:\n")
    assert "WT4" not in before
    assert "WT4" in old.partition("\n\n")[0]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-10-14", "2026-10-14T00:00:00Z"),
        ("2026-10-14T02:00:00+02:00", "2026-10-14T00:00:00Z"),
        ("2026-10-14T00:00Z", "2026-10-14T00:00:00Z"),
        ("20261014T000000Z", "2026-10-14T00:00:00Z"),
    ],
)
def test_an_instant_may_be_written_in_several_ways(imported, written, read):
    ran = imported.here("check", "--account", "acme", "--as-of", written, "--format", "json")

    assert json.loads(ran.out)["as_of"] == read


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("yesterday", '"yesterday" is not a time; write it as 2026-11-20T23:00:00Z'),
        ("2026-02-30", '"2026-02-30" is not a time'),
        ("2026-11-20T10:00", "has no offset; add Z for UTC or an offset such as +01:00"),
        ("0001-01-01T00:00:00+05:00", "is not within the years 1970 to 2100"),
        ("9999-12-31T23:59:59Z", "is not within the years 1970 to 2100"),
        ("2000-01-01T00:00:00Z", "the first event is of 2026-09-14; nothing is known at"),
    ],
)
def test_an_instant_that_means_nothing_is_said(imported, written, said):
    ran = imported.here("check", "--account", "acme", "--as-of", written)

    assert (ran.code, ran.out) == (2, "")
    assert len(ran.lines) == 1
    assert said in ran.line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("check", "--account", "acne"), 'no account "acne"; did you mean "acme"?'),
        (("pull", "--account", "acne"), 'no account "acne"; did you mean "acme"?'),
        (("export", "events", "--account", "zzz"), 'no account "zzz"; run import or connect first'),
        (("chekc",), "No such command 'chekc'. Did you mean 'check'?; see helpdesk-wellbeing --help"),
        (("check", "--acount", "acme"), "Did you mean '--account'?; see helpdesk-wellbeing check --help"),
        (("check",), "Missing option '--account'; see helpdesk-wellbeing check --help"),
        (("connect", "zendsk"), "Did you mean 'zendesk'?; see helpdesk-wellbeing connect --help"),
        (("rules", "show", "short_dayly_rest"), 'no rule "short_dayly_rest"; did you mean "short_daily_rest"?'),
        (("pull", "--account", "acme"), "was imported from a file; there is nothing to pull, run import again"),
        (("export", "facts", "dayz", "--account", "acme"), "see helpdesk-wellbeing export facts --help"),
        (("backtest", "--account", "acme", "--from", "2026-11-02", "--to", "2026-11-01"), "--to must be later than"),
        (("check", "--account", "acme", "--format", "xml"), "see helpdesk-wellbeing check --help"),
    ],
)
def test_a_slip_of_the_pen_gets_one_line_with_the_next_step(imported, arguments, said):
    ran = imported.here(*arguments)

    assert (ran.code, ran.out) == (2, "")
    assert len(ran.lines) == 1, ran.err
    assert ran.line.startswith("helpdesk-wellbeing: ")
    assert said in ran.line


def test_events_survive_the_way_out_and_in_again(imported, tmp_path):
    first = imported.exported()
    log, people = tmp_path / "out.csv", tmp_path / "people.csv"
    log.write_text(first)
    people.write_text("agent,name,time_zone\n1003,Agent Ž 李,Europe/Berlin\n", encoding="utf-8")
    ran = imported.here(
        "import", str(log), "--account", "copy", "--time-zone", "Europe/Berlin", "--people", str(people)
    )
    assert ran.code == 0, ran.err

    again = imported.exported("copy")

    assert (
        pl.read_csv(io.StringIO(again), infer_schema=False)
        .drop("account")
        .equals(pl.read_csv(io.StringIO(first), infer_schema=False).drop("account"))
    )
    checked = [imported.here("check", "--account", name, *ENDING, "--format", "json").out for name in ("acme", "copy")]
    assert json.loads(checked[0]) | {"account": ""} == json.loads(checked[1]) | {"account": ""}


def test_events_survive_as_parquet_too(imported, tmp_path):
    file = tmp_path / "out.parquet"
    with file.open("wb") as out:
        assert imported.apart("export", "events", "--account", "acme", "--format", "parquet", stdout=out).code == 0

    assert imported.here("import", str(file), "--account", "copy").code == 0
    assert imported.exported("copy").replace(",copy,", ",acme,") == imported.exported()


def test_an_export_can_be_cut_by_agent_and_time(imported):
    def rows(*arguments):
        ran = imported.here("export", "events", "--account", "acme", *arguments)
        assert ran.code == 0, ran.err
        return list(csv.DictReader(io.StringIO(ran.out)))

    everything = rows()
    some = rows("--agent", "1003", "--since", "2026-10-05", "--until", "2026-10-06")
    assert some
    expected = [row for row in everything if row["actor"] == "1003" and row["at"][:10] == "2026-10-05"]
    assert some == expected
    assert rows("--since", "2030-01-01") == []
    assert imported.here("export", "events", "--account", "acme", "--since", "2030-01-01").out.startswith("id,account,")


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        ("days", "agent,date,first,last,work_events,active_min_15,active_min_30,active_min_60,tickets"),
        ("shifts", "agent,start,end,date,span_min,active_min_30,longest_gap_min,work_events"),
        ("queues", "group,date,created,solved,open_at_end,escalated,reopened"),
    ],
)
def test_facts_have_the_agreed_columns(imported, kind, columns):
    ran = imported.here("export", "facts", kind, "--account", "acme")

    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[0] == columns
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert len(rows) > 50
    keys = [tuple(row[name] for name in columns.split(",")[:2]) for row in rows]
    assert keys == sorted(set(keys))
    for row in rows:
        assert all(row[name].endswith("Z") for name in ("first", "last", "start", "end") if name in row)
    before = imported.here("export", "facts", kind, "--account", "acme", "--as-of", "2026-10-01")
    assert len(before.out) < len(ran.out)


def test_backtest_tells_day_by_day_what_check_then_says(imported):
    whole = ("backtest", "--account", "acme", "--from", "2026-09-14", "--to", "2026-11-13T23:00:00.000001Z")
    ran = imported.here(*whole, "--format", "json")

    rows = json.loads(ran.out)
    assert ran.code == 1
    assert all(list(row) == ["at", "date", "signal", "rule", "subject", "from", "to"] for row in rows)
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
    standing = {(row["rule"], row["subject"]["id"]): row["to"] for row in rows}
    flags = json.loads(imported.here("check", "--account", "acme", *ENDING, "--format", "json").out)["flags"]
    flagged = {key: level for key, level in standing.items() if level in ("warn", "critical")}
    assert flagged == {(flag["rule"], flag["subject"]["id"]): flag["level"] for flag in flags}
    quiet = imported.here("backtest", "--account", "acme", "--from", "2026-09-21", "--to", "2026-09-22")
    assert (quiet.code, quiet.out) == (0, "")


def test_doctor_tells_what_is_connected_and_what_is_missing(imported):
    ran = imported.here("doctor")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("acme: a file; nothing to connect\n")
    assert "agents without zone     2: 1001, 1002" in ran.out
    [report] = json.loads(imported.here("doctor", "--account", "acme", "--format", "json").out)
    assert report["without_zone"] == ["1001", "1002"]
    assert report["without_schedule"] == ["1001", "1002", "1003"]
    assert report["groups_without_tier"] == ["11", "12"]
    assert report["trouble"] == []


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        ("2026-11-16", "2026-11-18", "; nothing of what was asked for lies within"),
        ("2026-08-01", "2026-10-01", "; only a part of what was asked for lies within"),
        ("2026-11-10", "2026-11-20", "; only a part of what was asked for lies within"),
        ("2026-09-14", "2026-11-14", None),
    ],
)
def test_backtest_says_what_it_cannot_know(imported, since, until, said):
    ran = imported.here("backtest", "--account", "acme", "--from", since, "--to", until)

    told = [line for line in ran.lines if "its events are of" in line]
    if said is None:
        assert told == []
    else:
        assert told == [f"acme: its events are of 2026-09-14T07:00:00Z to 2026-11-13T22:34:00Z{said}"]


def test_a_bare_date_is_said_as_the_instant_that_it_means(imported):
    bare = imported.here("check", "--account", "acme", "--as-of", "2026-11-13")
    exact = imported.here("check", "--account", "acme", "--as-of", "2026-11-13T00:00:00Z")
    facts = imported.here("export", "facts", "days", "--account", "acme", "--as-of", "2026-11-13")

    line = (
        "--as-of 2026-11-13 means 2026-11-13T00:00:00Z, where that day begins in UTC; its end is 2026-11-13T23:59:59Z"
    )
    assert line in bare.lines
    assert line in facts.lines
    assert bare.out == exact.out
    assert "means" not in exact.err
    assert "00:00 UTC" in " ".join(imported.here("check", "--help").out.split())


def test_doctor_of_a_connected_account_shows_no_secret(commands, zendesk):
    commands.connect(zendesk)

    ran = commands.here("doctor")

    assert ran.code == 1
    assert f"acme: zendesk at {zendesk.base_url}, OAuth client" in ran.out
    assert "no events yet; run pull" in ran.out
    assert zendesk.client_secret not in ran.out


def test_before_the_first_account_doctor_says_how_to_begin_and_makes_no_database(commands):
    ran = commands.here("doctor")

    assert (ran.code, ran.err) == (0, "")
    for command in ("connect zendesk --account", "import LOG --account", "demo"):
        assert f"helpdesk-wellbeing {command}" in ran.out
    assert commands.here("doctor", "--format", "json").out == "[]\n"
    assert not (commands.home / "wellbeing.db").exists()


def test_doctor_of_an_account_that_is_not_there_is_2(commands):
    ran = commands.here("doctor", "--account", "acme")

    assert ran.code == 2
    assert ran.line.endswith("there is no database yet; run import or connect first")


def test_rules_are_listed_shown_and_tested(commands):
    listed = json.loads(commands.here("rules", "list", "--format", "json").out)
    assert len(listed) == 14
    assert all(list(row) == ["rule", "signal", "subject", "title"] for row in listed)
    assert len(commands.here("rules", "list").out.splitlines()) == 14
    shown = commands.here("rules", "show", "WT4")
    assert shown.out.startswith("WT4 Short daily rest\n")
    assert commands.here("rules", "show", "short_daily_rest").out == shown.out
    assert json.loads(commands.here("rules", "show", "WT4", "--format", "json").out)["signal"] == "WT4"
    tested = commands.here("rules", "test")
    assert (tested.code, tested.out) == (0, "")
    assert tested.line.endswith(", 0 failed")


def own_rule(commands, change):
    from helpdesk_wellbeing import rules

    folder = commands.home / "rules"
    folder.mkdir(parents=True, exist_ok=True)
    shipped = Path(rules.__path__[0]) / "catalogue" / "short_daily_rest.toml"
    (folder / shipped.name).write_text(change(shipped.read_text(encoding="utf-8")), encoding="utf-8")


def test_a_rule_of_ones_own_overrides_and_its_examples_are_run(commands):
    own_rule(commands, lambda text: text.replace("Short daily rest", "Rest, our way", 1))
    assert "Rest, our way" in commands.here("rules", "list").out
    assert commands.here("rules", "test").code == 0


def test_a_rule_of_ones_own_whose_examples_fail_is_1(commands):
    own_rule(commands, lambda text: text.replace('levels = ["warn"]', 'levels = ["none"]', 1))

    ran = commands.here("rules", "test")

    assert ran.code == 1
    assert ran.out.startswith("short_daily_rest: ")
    assert ran.lines == [ran.line]
    assert ran.line.endswith(" examples, 1 failed")
    used = commands.here("rules", "list").line
    assert used.startswith(f"{commands.home / 'rules' / 'short_daily_rest.toml'}: rule short_daily_rest: ")
    assert used.endswith("; the rule is used all the same, mend it")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: "id = [", "short_daily_rest.toml: not TOML"),
        (lambda text: text.replace('signal = "WT4"', 'signal = "WT44"'), 'no signal "WT44"'),
        (lambda text: 'colour = "red"\n' + text, "colour: not a field of a rule"),
    ],
)
def test_a_broken_rule_file_is_named_and_nothing_runs(imported, change, said):
    own_rule(imported, change)

    for command in (("rules", "list"), ("rules", "test"), ("check", "--account", "acme", *ENDING)):
        ran = imported.here(*command)
        assert (ran.code, ran.out) == (2, "")
        assert said in ran.err
        assert str(imported.home / "rules" / "short_daily_rest.toml") in ran.err
        assert "Traceback" not in ran.err


PAGES = [
    (), ("backtest",), ("check",), ("connect",), ("connect", "zendesk"), ("demo",), ("doctor",), ("export",),
    ("export", "events"), ("export", "facts"), ("import",), ("pull",), ("rules",), ("rules", "list"),
    ("rules", "show"), ("rules", "test"),
]  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=" ".join)
def test_every_command_explains_itself(commands, page):
    ran = commands.here(*page, "--help")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Usage: {' '.join(['helpdesk-wellbeing', *page])} ")
    assert "python -m" not in ran.out
    assert "..." not in ran.out.replace("[ARGS]...", ""), "a sentence is cut off"
    for line in ran.out.splitlines():
        assert not line.rstrip().endswith(("--account NAME", "--format [text|json]", "ISO")), line
    assert commands.here(*page, "-h").out == ran.out


@pytest.mark.parametrize(
    ("platform", "kind", "reason", "told"),
    [
        ("freshdesk", "agent", "no input on this platform", True),
        ("freshdesk", "queue", "no input on this platform", False),  # nothing that could escalate, says ES1
        ("freshdesk", "agent", "no baseline", False),
        ("zendesk", "agent", "no input on this platform", False),
        (None, "agent", "no input on this platform", False),
    ],
)
def test_where_nobody_told_who_changed_tickets_a_lead_hears_what_that_means(
    tmp_path, capsys, platform, kind, reason, told
):
    gap = {"signal": "WT4", "subject": {"kind": kind, "id": "1"}, "reason": reason}
    answer = {"account": "acme", "as_of": "2026-11-20T00:00:00Z", "flags": [], "not_assessable": [gap]}
    answer |= {"identity_review": [], "withheld": []}

    with open_store(Settings(tmp_path, f"sqlite:///{tmp_path}/wellbeing.db")) as store:
        store.create_account("acme", platform=platform)
        print_text(store, Examined(answer, {}), Catalogue({}, {}), verbose=False)

    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == f"not assessable for 1 subject: {reason} (WT4)"
    assert [
        line for line in lines if "can prove too much, never that all is well; the Freshworks app tells" in line
    ] == (lines[2:3] if told else [])
    assert len(lines) == 2 + told
