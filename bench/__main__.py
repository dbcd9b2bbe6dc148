"""Runs every section in a process of its own, so that memory is that section's, and prints one table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile

SECTIONS = ("help", "rules", "pull", "credits", "days", "river", "receipt", "idle", "fresh", "plan", "acting", "pages")


def main(sections: list[str]) -> None:
    """Run the sections asked for, or all."""
    print(f"{'what':66} {'measured':>22} {'asked for':>16}")
    for name in sections or SECTIONS:
        for row in _measure(name):
            print(f"{row['what']:66} {row['measured']:>22} {row.get('target', ''):>16}", flush=True)


def _measure(section: str) -> list[dict[str, str]]:
    with tempfile.NamedTemporaryFile("r", suffix=".json") as answer:
        command = [sys.executable, "-m", f"bench.{section}", answer.name]
        process = subprocess.run(command, env=os.environ | {"BENCH": "1"}, check=False)
        text = answer.read()
    if process.returncode or not text:
        return [{"what": f"{section}: did not run (exit {process.returncode})", "measured": ""}]
    rows: list[dict[str, str]] = json.loads(text)
    return rows


main(sys.argv[1:])
