"""What both apps' own scripts may not hold: nothing, broken JavaScript, and ways to run a text as code."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from webhooks.packing import Folder, Problem

_SECONDS = 30
_DANGEROUS = re.compile(r"(?<![\w$])(?:eval\s*\(|new\s+Function\s*\(|document\s*\.\s*write)|\binnerHTML\s*\+?=(?!=)")
_LINE = re.compile(r":(\d+)$")


def empty_scripts(folder: Folder) -> Iterator[Problem]:
    """A script without a word does nothing."""
    for name, text in folder.texts(".js"):
        if not text.strip():
            yield Problem(name, "", "the file is empty; put the one that ships with helpdesk-wellbeing there")


def dangerous_scripts(folder: Folder) -> Iterator[Problem]:
    """Ways by which a text becomes code in somebody's browser."""
    for name, text in folder.texts(".js"):
        for found in _DANGEROUS.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            yield Problem(name, f"line {line}", f"{found[0]} can make code of a text; do without it (textContent shows "
                          "text as it is)")  # fmt: skip


def broken_scripts(folder: Folder) -> Iterator[Problem]:
    """What Node cannot read, by `node --check`, which runs nothing; one warning where there is no Node."""
    scripts = [(name, data) for name, data in folder.named(".js") if data.strip()]
    node = shutil.which("node")
    if node is None or not scripts:
        if scripts:
            said = "the syntax of the scripts was not checked, because node is not installed here"
            yield Problem("*.js", "", said, is_warning=True)
        return
    for name, data in scripts:
        if (found := _wrong(node, data)) is not None:
            line, said, is_warning = found
            yield Problem(name, line, said, is_warning)


@lru_cache(maxsize=64)
def _wrong(node: str, data: bytes) -> tuple[str, str, bool] | None:
    """Where, what, and whether it is a warning alone."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("NODE_")}  # options can run code
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "script.js"
        file.write_bytes(data)
        try:
            ran = subprocess.run(
                [node, "--check", str(file)], capture_output=True, text=True, errors="replace", env=clean,
                timeout=_SECONDS, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            return "", "its syntax was not checked, because node did not answer", True
    if not ran.returncode:
        return None
    lines = ran.stderr.splitlines()
    at = _LINE.search(lines[0]) if lines else None
    why = next((line for line in lines if line.startswith("SyntaxError")), "node cannot read it")
    return f"line {at[1]}" if at else "", f"no JavaScript ({why}); mend it there", False


CHECKS = (empty_scripts, dangerous_scripts, broken_scripts)
