"""The house itself: what the README shows is true, and no room imports what it may not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.signals.catalogue import SIGNALS

TOP = Path(__file__).parents[1]
README = (TOP / "README.md").read_text("utf-8")
GUIDES = [path for path in TOP.rglob("*.md") if not {".venv", "node_modules"} & set(path.parts)]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "helpdesk_wellbeing", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | environment, cwd=TOP, check=False)


def test_the_readme_shows_the_real_help():
    shown = re.search(r"```console\n\$ helpdesk-wellbeing --help\n(.*?)```", README, re.DOTALL)

    assert shown is not None
    assert shown.group(1).strip() == run("--help", COLUMNS="100").stdout.strip()


def test_the_readme_lists_every_rule_and_no_other():
    listed = re.findall(r"^\| (?:WT|LD|ES)\d \| `(\w+)`", README, re.MULTILINE)

    assert sorted(listed) == sorted(load_rules(SIGNALS))


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: str(path.relative_to(TOP)))
def test_links_in_guides_point_to_files_that_exist(guide):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", guide.read_text("utf-8")):
        assert (guide.parent / target).exists(), f"{guide}: {target}"


def test_every_test_that_the_table_of_attacks_names_is_there():
    named = re.findall(r"\b(?:[a-z_]+/)+test_\w+", (TOP / "docs" / "security.md").read_text("utf-8"))

    assert len(named) > 30
    assert [name for name in named if not (TOP / "tests" / f"{name}.py").exists()] == []


def test_import_directions_hold():
    linter = Path(sys.executable).parent / "lint-imports"
    ran = subprocess.run([linter, "--no-cache"], capture_output=True, text=True, cwd=TOP, check=False)

    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize("library", ["polars", "scipy", "requests", "zenpy", "sqlalchemy", "rich", "flask"])
def test_help_loads_no_heavy_library(library):
    code = f"import sys, helpdesk_wellbeing.cli as c\ntry: c.cli(['--help'])\nexcept SystemExit: pass\nassert {library!r} not in sys.modules"  # noqa: E501
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=TOP, check=False)

    assert ran.returncode == 0, ran.stderr


def test_an_unknown_account_is_one_clear_line(tmp_path):
    ran = run("check", "--account", "acme", HELPDESK_WELLBEING_HOME=str(tmp_path))

    assert ran.returncode == 2
    assert ran.stderr.strip().splitlines()[-1] == ('helpdesk-wellbeing: no account "acme"; run import or connect first')
