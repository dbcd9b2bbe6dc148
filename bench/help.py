"""How long `--help` takes, as a whole process."""

from __future__ import annotations

import subprocess
import sys

from bench.measuring import hand_over, row, seconds


def ask_for_help() -> None:
    subprocess.run([sys.executable, "-m", "helpdesk_wellbeing", "--help"], capture_output=True, check=True)


ask_for_help()
took = seconds(ask_for_help, repeats=7)
hand_over([row("--help, whole process", f"{took:.2f} s", "< 0.30 s")])
