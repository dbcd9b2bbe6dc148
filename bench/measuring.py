"""What the sections share: timing, peak memory, processes of their own, handing the rows over."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

Rows = list[dict[str, str]]
P = ParamSpec("P")
T = TypeVar("T")
_STATUS = Path("/proc/self/status")


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
    if _STATUS.exists():  # `ru_maxrss` of a child begins at what its parent had
        line = next(line for line in _STATUS.read_text("ascii").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def alone(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `work` returns, called in a fresh process, so that memory and warm caches are its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *args, **kwargs).result()


def load() -> str:
    """How busy the machine was in the last minute, as figures only mean something together with it."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def row(what: str, measured: str, target: str = "") -> dict[str, str]:
    """One line of the table."""
    return {"what": what, "measured": measured, "target": target}


def hand_over(rows: Rows) -> None:
    """Write the rows where the caller asked for them; print them when nobody did."""
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(json.dumps(rows), "utf-8")
        return
    for line in rows:
        print(f"{line['what']:66} {line['measured']:>22} {line.get('target', ''):>16}")
