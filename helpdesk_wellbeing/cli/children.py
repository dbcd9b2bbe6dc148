"""The processes of `serve --role all`: started together, stopped together, and when one ends, all end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from select import select

import structlog

from helpdesk_wellbeing.cli import DID_NOT_RUN
from helpdesk_wellbeing.cli.common import say
from helpdesk_wellbeing.cli.serve import ENDED, LIFELINE_VARIABLE, READY_BYTES, READY_VARIABLE, STOP_S, told_to_stop

_LOOK_S = 0.2
_GRACE_S = STOP_S + 1.0

_log = structlog.get_logger(__name__)


@dataclass
class Child:
    """One of our processes."""

    role: str
    process: subprocess.Popen[bytes]
    ready: int  # what it says when it is ready arrives here
    said: str = ""

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def hear(self) -> None:
        """Take in what it has said."""
        if not self.said and select([self.ready], [], [], 0)[0]:
            self.said = os.read(self.ready, READY_BYTES).decode(errors="replace").strip()

    def end(self) -> str:
        """How it ended, as a person says it."""
        code = self.process.returncode
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def supervise(host: str, port: int, workers: int = 1, *, pull: bool) -> int:
    """Run a web process and so many workers until told to stop; the exit code."""
    told = told_to_stop()
    lifeline, held = os.pipe()  # held: as long as we live
    web = ("--role", "web", "--host", host, "--port", str(port))
    work = ("--role", "worker", *(() if pull else ("--no-pull",)))
    children = [_start("web", web, lifeline), *(_start("worker", work, lifeline) for _ in range(workers))]
    os.close(lifeline)
    is_said = False
    try:
        while not told.wait(_LOOK_S):
            ended = [child for child in children if not child.is_running]
            if ended:
                for child in ended:
                    if not is_said and child.process.returncode == DID_NOT_RUN:
                        continue  # it has told why it cannot begin
                    _log.error(f"the {child.role} process {child.end()}; stopping the others", ended=child.role)
                return ENDED if is_said else DID_NOT_RUN
            for child in children:
                child.hear()
            if not is_said and all(child.said for child in children):
                say(children[0].said.replace("(role web)", "(role all)"))
                is_said = True
    finally:
        in_time = _stop(children, quietly=not is_said)
        os.close(held)
    return 0 if in_time else ENDED


def _start(role: str, arguments: Sequence[str], lifeline: int) -> Child:
    heard, ready = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "helpdesk_wellbeing", "serve", *arguments],
        stdin=subprocess.DEVNULL,
        env=_environment(ready, lifeline),
        pass_fds=(ready, lifeline),
        process_group=0,  # Ctrl-C is for us; we tell them
    )
    os.close(ready)
    return Child(role, process, heard)


def _environment(ready: int, lifeline: int) -> Mapping[str, str]:
    return os.environ | {READY_VARIABLE: str(ready), LIFELINE_VARIABLE: str(lifeline)}


def _stop(children: Sequence[Child], *, quietly: bool) -> bool:
    """Ask all to stop; whoever doesn't in time is made to. Whether all ended well and in time.

    `quietly` is for those that had hardly begun: they may not know yet how to stop well.
    """
    running = [child for child in children if child.is_running]
    for child in running:
        child.process.terminate()
    until = time.monotonic() + _GRACE_S
    good = True
    for child in running:
        try:
            code = child.process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
            code = -signal.SIGKILL
        if code != 0 and not quietly:
            _log.error(f"while stopping, the {child.role} process {child.end()}", ended=child.role)
            good = False
    return good
