"""What the sections share: timing, peak memory, handing the rows over."""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

Rows = list[dict[str, str]]


def seconds(work: Callable[[], object], repeats: int = 1) -> float:
    """Median wall time of `work`."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def peak_mb() -> float:
    """Highest memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def row(what: str, measured: str, target: str = "") -> dict[str, str]:
    """One line of the table."""
    return {"what": what, "measured": measured, "target": target}


def hand_over(rows: Rows) -> None:
    """Write the rows where the caller asked for them."""
    Path(sys.argv[1]).write_text(json.dumps(rows), "utf-8")
