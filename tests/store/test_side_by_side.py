"""An older and a newer version of the program on one database, while a rolling upgrade goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpdesk_wellbeing.errors import StoreError
from helpdesk_wellbeing.store import migrations, open_store

TOP = Path(__file__).parents[2]
ADDS = """
from alembic import op
import sqlalchemy as sa
revision, down_revision, branch_labels, depends_on = "9001", "{before}", None, None
def upgrade():
    op.add_column("runs", sa.Column("mood", sa.Text))
    op.create_table("moods", sa.Column("id", sa.Integer, primary_key=True))
"""
USE = """
import sys
from datetime import UTC, datetime
from helpdesk_wellbeing.store import migrations, open_store
with open_store(sys.argv[1]) as store:
    store.work.note_run("acme", failures=int(sys.argv[2]))
    store.work.beat(sys.argv[2], role="worker", version=sys.argv[2], host="h", pid=1, counts={})
    print(migrations.NEWEST, store.work.run_of("acme").failures, len(store.work.workers()))
"""


@pytest.fixture
def newer(tmp_path):
    """A copy of the program that has one revision more; tells whether programs of today may go on beside it."""

    def make(*, may_go_on: bool) -> Path:
        room = tmp_path / "newer"
        shutil.copytree(
            TOP / "helpdesk_wellbeing", room / "helpdesk_wellbeing", ignore=shutil.ignore_patterns("__pycache__")
        )
        place = room / "helpdesk_wellbeing" / "store" / "migrations"
        (place / "versions" / "v9001_moods.py").write_text(ADDS.format(before=migrations.NEWEST))
        text = (place / "__init__.py").read_text()
        oldest = migrations.NEWEST if may_go_on else "9001"
        known = "REVISIONS = tuple(OLDEST_PROGRAM)"
        assert text.count(known) == 1
        (place / "__init__.py").write_text(text.replace(known, f'OLDEST_PROGRAM["9001"] = "{oldest}"\n{known}'))
        return room

    return make


def use(program, url, number):
    environment = {**os.environ, "PYTHONPATH": str(program)}
    return subprocess.run(
        [sys.executable, "-c", USE, url, str(number)],
        cwd=program,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_older_program_goes_on_beside_a_newer_one_that_only_added_things(url, store, newer):
    room = newer(may_go_on=True)

    assert use(TOP, url, 1).stdout.split() == [migrations.NEWEST, "1", "1"]
    assert use(room, url, 2).stdout.split() == ["9001", "2", "2"]  # migrates under the old one's feet
    store.work.note_run("acme", failures=3)  # the old one, which has been running all along
    store.check()
    assert use(TOP, url, 4).stdout.split() == [migrations.NEWEST, "4", "3"]  # an old one that starts now
    assert use(room, url, 5).stdout.split() == ["9001", "5", "4"]
    with open_store(url) as back:  # and all the way back
        back.create_account("late")
        assert back.work.run_of("late").failures == 0


def test_an_older_program_refuses_tables_that_it_would_not_understand(url, store, newer):
    room = newer(may_go_on=False)
    assert use(room, url, 1).returncode == 0

    ran = use(TOP, url, 2)

    assert ran.returncode != 0
    assert "a newer version of helpdesk-wellbeing made this database (revision 9001" in ran.stderr
    with pytest.raises(StoreError, match="update the program"):
        store.check()


def test_each_revision_says_which_programs_may_go_on():
    for revision, oldest in migrations.OLDEST_PROGRAM.items():
        assert oldest <= revision
    allowed = list(migrations.OLDEST_PROGRAM.values())
    assert allowed == sorted(allowed)
