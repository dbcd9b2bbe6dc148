"""Peers run in an environment of their own, `.venv-peers`, which has nothing of ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PEERS = Path(__file__).parents[1] / ".venv-peers"


def peer_python(module: str, package: str) -> Path | None:
    """The interpreter that has `module`; with `BENCH_PEERS=1`, `package` is installed there first. None: it has not."""
    python = PEERS / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    may_install = os.environ.get("BENCH_PEERS") == "1"
    if not python.exists():
        if not may_install:
            return None
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
    if not _has(python, module):
        if not may_install:
            return None
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", package], check=True)
    return python


def _has(python: Path, module: str) -> bool:
    question = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    return subprocess.run([str(python), "-c", question], check=False).returncode == 0
