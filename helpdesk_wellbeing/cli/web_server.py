"""The web role: the application under gunicorn, in one process with threads below a master that never restarts it."""

from __future__ import annotations

import logging
import os
import socket
import struct
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import structlog
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker

from helpdesk_wellbeing import app
from helpdesk_wellbeing.errors import WellbeingError

if TYPE_CHECKING:
    from flask import Flask

    from helpdesk_wellbeing.settings import Settings

THREADS = 16
SLOWEST_S = 5  # to wait for the next piece of a call: each thread that waits is missing for others
GRACE_S = 6  # for calls that are being answered; nothing waits longer than WAIT_S for its commit
ENDED, DID_NOT_RUN = 1, 2
_COULD_NOT_BEGIN = (Arbiter.WORKER_BOOT_ERROR, Arbiter.APP_LOAD_ERROR)

_log = structlog.get_logger(__name__)


def serve_web(
    settings: Settings, host: str, port: int, role: str, on_ready: Callable[[str], None], processes: int = 1
) -> NoReturn:
    """Serve until SIGTERM or SIGINT, then end this process with 0; with another code when a process of ours ended.

    `on_ready` is called once with the address, in the process that serves.
    """
    ours = os.getpid()
    try:
        _Arbiter(_Application(settings, host, port, role, on_ready, processes)).run()
    except SystemExit as end:
        if os.getpid() != ours:
            raise  # a process below ours: gunicorn knows its codes
        raise SystemExit(DID_NOT_RUN if end.code in _COULD_NOT_BEGIN else end.code) from None
    raise AssertionError("gunicorn ends the process itself")


class _Application(BaseApplication):  # type: ignore[misc]
    """Our settings instead of files and arguments of gunicorn's; the store is opened after the fork."""

    def __init__(
        self, settings: Settings, host: str, port: int, role: str, on_ready: Callable[[str], None], processes: int
    ) -> None:
        self._settings = settings
        self._address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._role = role
        self._on_ready = on_ready
        self._processes = processes
        self._app: Flask | None = None
        super().__init__()

    def load_config(self) -> None:
        for name, value in {
            "bind": self._address,
            "workers": self._processes,
            "worker_class": _Worker,
            "threads": THREADS,
            "keepalive": 30,
            "graceful_timeout": GRACE_S,
            "timeout": 60,
            "proc_name": "helpdesk-wellbeing",
            "logger_class": _Logger,
            "control_socket_disable": True,
            "forwarded_allow_ips": "",  # nothing here depends on who calls
            "post_worker_init": self._ready,
            "worker_exit": self._exit,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        try:
            self._app = app.web(self._settings, role=self._role)
        except WellbeingError as error:
            _log.error(str(error))
            raise SystemExit(Arbiter.APP_LOAD_ERROR) from None
        return self._app

    def _ready(self, worker: Any) -> None:
        for listening in worker.sockets:  # what is accepted there has the same limit, which gunicorn doesn't know
            listening.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", SLOWEST_S, 0))
        host, port = worker.sockets[0].getsockname()[:2]
        self._on_ready(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")

    def _exit(self, arbiter: Any, worker: Any) -> None:
        if self._app is not None:
            app.close(self._app)


class _Worker(ThreadWorker):  # type: ignore[misc]
    """Ends a call in the thread that had it: gunicorn would wait for the caller in the one thread that takes calls."""

    def handle(self, conn: Any) -> Any:
        keeps = super().handle(conn)
        if keeps is False:
            conn.close(graceful=True)
        return keeps


class _Arbiter(Arbiter):  # type: ignore[misc]
    """Ends when a process of it ends, instead of starting another one silently."""

    def __init__(self, application: _Application) -> None:
        self._is_stopping = False
        super().__init__(application)

    def stop(self, graceful: bool = True) -> None:
        self._is_stopping = True
        super().stop(graceful)

    def reap_workers(self) -> None:
        before = len(self.WORKERS)
        super().reap_workers()
        if len(self.WORKERS) < before and not self._is_stopping:
            raise HaltServer("a web process ended although nobody asked it to", ENDED)

    def halt(self, reason: str | None = None, exit_status: int = 0) -> NoReturn:
        if exit_status == Arbiter.APP_LOAD_ERROR:  # whose reason the process below has told
            self.log.error_log.setLevel(logging.CRITICAL)
        super().halt(reason, exit_status)
        raise AssertionError("gunicorn ends the process itself")

    def handle_int(self) -> NoReturn:
        self.handle_term()
        raise AssertionError

    def handle_hup(self) -> None:
        """There is no configuration of gunicorn's to read again."""

    handle_usr2 = handle_ttin = handle_ttou = handle_winch = handle_hup


class _Logger(Logger):  # type: ignore[misc]
    """Gunicorn's lines go where all lines go; those about each start and stop of a process are not told."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self._access_log_enabled = False
        self.loglevel = logging.WARNING
        self.error_log.setLevel(logging.WARNING)
        self.error_log.propagate = True
        self.error_log.handlers.clear()

    def warning(self, msg: str, *args: Any, **more: Any) -> None:
        """Nothing about calls that are not HTTP: it would show who calls, and what."""
        if not msg.startswith("Invalid request"):
            super().warning(msg, *args, **more)

    def exception(self, msg: str, *args: Any, **more: Any) -> None:
        """Nothing about callers who are too slow."""
        if not isinstance(sys.exc_info()[1], BlockingIOError):
            super().exception(msg, *args, **more)

    def access(self, *_: Any) -> None:
        """No line for each call: it would show who calls."""

    def reopen_files(self) -> None:
        """There are none."""
