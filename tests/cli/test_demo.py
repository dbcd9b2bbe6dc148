"""`demo` as its reader runs it: over HTTP, with the output that the README shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.cli import cli
from helpdesk_wellbeing.cli.demo_morning import ROLES
from helpdesk_wellbeing.cli.demo_serve import last_words

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
SHOWN = re.search(r"```console\n(\$ helpdesk-wellbeing demo .*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A folder in which a demo was kept, and how the demo ended."""
    folder = tmp_path_factory.mktemp("demo")
    ran = CliRunner().invoke(cli, ["demo", "--verbose", "--keep", str(folder)])
    assert ran.exit_code == 0, ran.output
    return folder, ran


def stable(line: str) -> tuple[str, ...]:
    """Who is flagged with what, to the letter; the numbers behind it may move a little when facts get better."""
    cells = re.split(r" {2,}", line)
    return (*cells[:3], *(re.sub(r"\d+(\.\d+)?", "0", cell) for cell in cells[3:]))


def test_every_planted_problem_is_found_and_no_innocent_flagged(kept):
    printed = kept[1].stdout

    assert printed.count("\n  found ") == 15
    assert "MISSED" not in printed
    assert "FLAGGED" not in printed
    assert "innocents left alone, 0 flags that nobody planted\n" in printed


def test_the_demo_ends_with_serve_and_a_ticket_that_is_touched_shows_in_check_seconds_later(kept):
    touched, flagged = kept[1].stdout.partition("\nLIVE\n")[2].splitlines()

    took = re.fullmatch(r"  Agent 04 answered ticket \d+: stored after (.*) s, in check after (.*) s", touched)
    assert took is not None, touched
    assert float(took[1]) < float(took[2]) < 30
    assert re.fullmatch(r"  now flagged: WT1 long day, agent 410004 Agent 04: .* active, 13.2 h from .*", flagged)


def test_no_process_of_the_demo_is_left_when_it_has_ended(kept):
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    if not children.exists():
        pytest.skip("this system does not tell who started a process")

    commands = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children.read_text().split()]

    assert not [command for command in commands if b"serve" in command.split(b"\0")]


@pytest.mark.prove
def test_a_person_who_watches_goes_on_in_the_browser_until_the_demo_is_told_to_stop(tmp_path):
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "helpdesk_wellbeing", "demo", "--browse", "--keep", str(tmp_path)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    process = subprocess.Popen(command, env=environment, **pipes)
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "Ctrl-C ends this" in line:
            break
    address = re.search(r"http://127\.0\.0\.1:\d+/a/demo/", said)
    assert address is not None, said

    page = requests.get(address[0], timeout=10)
    process.terminate()
    rest, _ = process.communicate(timeout=20)

    assert "<h1>Sign in</h1>" in page.text
    assert process.returncode == 0, said + rest


def test_the_demo_tells_what_could_not_be_assessed_when_asked_and_how_to_go_on(kept):
    folder, ran = kept

    assert "\nnot assessable  WT3  agent " in ran.stdout
    assert ran.stderr.endswith(
        f"next: HELPDESK_WELLBEING_HOME={folder} helpdesk-wellbeing check --account demo --as-of 2026-11-20T23:59:59Z\n"
    )


def test_what_was_live_is_kept_too_and_said(kept):
    folder, ran = kept
    line = f"kept, what was live: HELPDESK_WELLBEING_HOME={folder / 'live'} helpdesk-wellbeing check --account demo\n"

    checked = CliRunner().invoke(
        cli, ["check", "--account", "demo"], env={"HELPDESK_WELLBEING_HOME": str(folder / "live")}
    )

    assert line in ran.stderr
    assert checked.exit_code == 1, checked.output
    assert "WT1 long day" in checked.stdout
    assert "agent 410004 Agent 04" in checked.stdout


@pytest.mark.parametrize(
    ("said", "last"),
    [
        ("", "it said nothing"),
        ("one\ntwo\n", "two"),
        ('{"event": "it fell", "level": "error"}\n{"event": "stopped", "level": "info"}\n', "it fell"),
        ('helpdesk-wellbeing: no port\n{"event": 1}\n', "helpdesk-wellbeing: no port"),
        ("[1]\n", "[1]"),
    ],
)
def test_the_last_words_of_a_process_are_those_of_its_trouble(said, last):
    assert last_words(said) == last


def test_the_readme_shows_what_check_says_of_the_demo(kept):
    folder, _ = kept
    assert SHOWN is not None
    command, _, shown = SHOWN.group(1).replace("\\\n", " ").partition("\n")
    arguments = command.split("helpdesk-wellbeing check ")[1].split()

    ran = CliRunner().invoke(cli, ["check", *arguments], env={"HELPDESK_WELLBEING_HOME": str(folder)})

    assert ran.exit_code == 1, ran.output
    said = iter([stable(line) for line in ran.stdout.splitlines()])
    for line in shown.strip().splitlines():
        # each line that is shown is said, in the order in which it is shown
        assert line == "…" or stable(line) in said, line


def test_each_role_of_the_demo_is_seen_by_itself():
    assert ROLES["410902"] == {Role.COUNCIL}  # the Observer
    assert sorted(role for roles in ROLES.values() for role in roles) == sorted(
        [Role.OPS, Role.HR, Role.COUNCIL, Role.DPO]
    )
