"""The disk of the SQLite file is full under load, and has room again later."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from contextlib import suppress

import pytest

from tests.always_on.installation import make_installation
from tests.hammer import Hammer, plan, truth

SIZE = 24 << 20


@pytest.fixture
def small_disk(tmp_path):
    """A file system of a few megabytes; tests that may not mount one are skipped."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)]
    if os.geteuid() != 0 or shutil.which("mount") is None or subprocess.run(mount, check=False).returncode != 0:
        pytest.skip("a small file system can be mounted by root only")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(file):
    """Take all the room that is left."""
    with file.open("ab", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(b"\0" * 4096)


@pytest.mark.prove
def test_a_full_disk_costs_nothing_but_time(small_disk, is_the_truth, capsys):
    installation = make_installation(small_disk / "home")
    calls = plan(2_000, installation.secrets, garbage=0.02)
    filler = small_disk / "filler"

    def beside(hammer):
        assert hammer.reached(500)
        fill(filler)
        until = time.monotonic() + 15
        while time.monotonic() < until:
            time.sleep(1.0)
            fill(filler)  # what was given back meanwhile, too
        seen.append(hammer.busy)
        filler.unlink()

    seen = []
    with installation.fleet("all") as running:
        hammer = Hammer(running.ports, calls, a_second=200, give_up_s=90).run(beside)
        installation.wait_until_worked_off(60)
        starts = [program.starts for program in running.programs]

    with capsys.disabled():
        print(f"\ndisk full for 15 s: {seen[0]} times 503 by then; {hammer.told()}; starts {starts}")
    assert hammer.wrong == []
    assert seen[0] > 0
    assert hammer.without_retry_after == 0
    assert hammer.slowest_s < 10
    assert starts == [1]
    assert "Traceback" not in running.log()
    is_the_truth(installation, truth(calls))
