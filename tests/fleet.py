"""Processes of an installation, kept running as a service manager does, and killed on purpose."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).parents[1]
STOP_S = 12.0  # `serve` promises ten
RESTART_S = 0.1
READY_S = 60.0
READY = (b"serving on ", b"working ")  # how the line begins that says so


def until(is_so: Callable[[], object], seconds: float = 60.0) -> float:
    """Seconds until it became so."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < seconds, f"not so after {seconds:g} s"
        time.sleep(0.02)
    return time.monotonic() - began


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def serve_command(role: str, port: int | None, *more: str) -> list[str]:
    """`serve` as an admin starts it."""
    command = [sys.executable, "-m", "helpdesk_wellbeing.cli", "serve", "--role", role, *more]
    return command if port is None else [*command, "--port", str(port)]


@dataclass
class Program:
    """One process that should run; `port` is where it listens, if it does."""

    name: str
    command: Sequence[str]
    port: int | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    starts: int = 0
    log_from: int = 0  # where in its log the latest start begins


def as_if(told: Mapping[str, object], role: str, *more: str) -> Program:
    """`serve` of another version, on another host, or by another clock; `told` as in always_on/as_if.py."""
    port = None if role == "worker" else free_port()
    name = "-".join([role, *map(str, told.values())])
    command = [sys.executable, str(PROJECT / "tests/always_on/as_if.py"), json.dumps(told), "serve", "--role", role]
    return Program(name, [*command, *more, *(() if port is None else ("--port", str(port)))], port)


class Fleet:
    """Keeps programs running: who ends is started again, like `Restart=always`. Their stderr goes to `folder`.

    As a context it starts them, waits until all ports answer, and in the end stops them gently; `exit_codes` tells how
    they took that. Whatever is left of them then is killed.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], programs: Sequence[Program]) -> None:
        self.programs = list(programs)
        self.exit_codes: dict[str, int] = {}
        self.kills = 0
        self._folder = folder
        self._environment = {**os.environ, "PYTHONPATH": str(PROJECT), **environment}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._groups: set[int] = set()

    @property
    def ports(self) -> list[int]:
        return [program.port for program in self.programs if program.port is not None]

    def __enter__(self) -> Fleet:
        try:
            with self._lock:
                for program in self.programs:
                    self._start(program)
            self._keeper.start()
            self.wait_until_ready()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def wait_until_ready(self) -> None:
        """Until every program has said that it is ready, and every port answers."""
        deadline = time.monotonic() + READY_S
        for program in self.programs:
            while not self._is_ready(program):
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{program.name} is not ready after {READY_S:g} s:\n{self.log()[-3000:]}")
                time.sleep(0.05)

    def _is_ready(self, program: Program) -> bool:
        with self._file(program).open("rb") as log:
            log.seek(program.log_from)
            said = any(line.startswith(READY) for line in log)
        return said and (program.port is None or _listens(program.port))

    def _file(self, program: Program) -> Path:
        return self._folder / f"{program.name}.log"

    def kill_one(self, rng: random.Random) -> str:
        """SIGKILL to one process of a program, the one we started or a child of it; the program's name."""
        while True:
            with self._lock:
                running = [p for p in self.programs if p.process is not None and p.process.poll() is None]
                if running and self._killed(program := rng.choice(running), rng):
                    self.kills += 1
                    return program.name
            time.sleep(RESTART_S)

    @staticmethod
    def _killed(program: Program, rng: random.Random) -> bool:
        assert program.process is not None
        try:
            os.kill(rng.choice([program.process.pid, *_children(program.process.pid)]), signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def kill_for_good(self, name: str) -> None:
        """SIGKILL to a program and its children; it does not come back."""
        with self._lock:
            program = next(p for p in self.programs if p.name == name)
            self.programs.remove(program)
            assert program.process is not None
            with suppress(ProcessLookupError):
                os.killpg(program.process.pid, signal.SIGKILL)
            program.process.wait(STOP_S)
            self.kills += 1

    def restart(self, name: str) -> int:
        """SIGTERM to a program, as a service manager's restart; its exit code, when it has been started again."""
        with self._lock:
            program = next(p for p in self.programs if p.name == name)
            process, starts = program.process, program.starts
        assert process is not None
        process.terminate()
        code = process.wait(STOP_S)
        while program.starts == starts:
            time.sleep(RESTART_S)
        return code

    def log(self) -> str:
        """What all of them said on stderr."""
        return "\n".join(f"--- {file.name}\n{file.read_text('utf-8')}" for file in sorted(self._folder.glob("*.log")))

    def _start(self, program: Program) -> None:
        with self._file(program).open("ab") as log:
            program.log_from = log.tell()
            program.process = subprocess.Popen(
                program.command,
                env=self._environment,
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a group of its own, so that children can be ended with it
            )
        self._groups.add(program.process.pid)
        program.starts += 1

    def _keep(self) -> None:
        while not self._stopping.wait(RESTART_S):
            with self._lock:
                for program in self.programs:
                    if (
                        not self._stopping.is_set()
                        and program.process is not None
                        and program.process.poll() is not None
                    ):
                        self._start(program)

    def _end(self) -> None:
        self._stopping.set()
        if self._keeper.is_alive():
            self._keeper.join()
        running = [p for p in self.programs if p.process is not None]
        for program in running:
            assert program.process is not None
            with suppress(ProcessLookupError):
                program.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_S
        for program in running:
            assert program.process is not None
            with suppress(subprocess.TimeoutExpired):
                self.exit_codes[program.name] = program.process.wait(max(0.1, deadline - time.monotonic()))
        for group in self._groups:  # children of killed parents, and who did not stop
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        for program in running:
            assert program.process is not None
            program.process.wait()


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False


def _children(pid: int) -> list[int]:
    """Processes that this one started, and theirs; none where /proc does not tell."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, task.read_text().split()):
                found += [child, *_children(child)]
    return found
