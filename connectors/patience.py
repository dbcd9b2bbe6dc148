"""An end to answers that never end.

The timeouts of `requests` are for silence: a platform, or a proxy before it, that sends a byte now and then keeps a
reader for ever, while it waits for the headers as well as for the body. Here an answer has to be whole within a time.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import HTTPResponse

_of_this_thread = threading.local()


class Watch:
    """Over one request and its answer; `is_over` when its time was up."""

    def __init__(self) -> None:
        self.is_over = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None

    def see(self, connection: socket.socket | None) -> None:
        """The answer comes through this one."""
        with self._lock:
            self._socket = connection
            if self.is_over:
                self._cut()

    def end(self) -> None:
        """Whoever reads finds the end of the stream."""
        with self._lock:
            self.is_over = True
            self._cut()

    def _cut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)  # below TLS, which others may be using


@contextmanager
def within(seconds: float) -> Iterator[Watch]:
    """What this thread asks through a `PatientAdapter` is cut off when it isn't whole after so many seconds."""
    watch = Watch()
    timer = threading.Timer(seconds, watch.end)
    timer.daemon = True
    _of_this_thread.watch = watch
    timer.start()
    try:
        yield watch
    finally:
        timer.cancel()
        _of_this_thread.watch = None


def _watched(connection: HTTPConnection) -> None:
    watch: Watch | None = getattr(_of_this_thread, "watch", None)
    if watch is not None:
        watch.see(connection.sock)


class _Plain(HTTPConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        _watched(self)
        return super().getresponse()


class _Encrypted(HTTPSConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        _watched(self)
        return super().getresponse()


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _EncryptedPool(HTTPSConnectionPool):
    ConnectionCls = _Encrypted


class PatientAdapter(HTTPAdapter):
    """The usual one, with connections that `within` can end."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        _use_ours(self.poolmanager)

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*arguments, **options)
        _use_ours(manager)
        return manager


def _use_ours(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _EncryptedPool}
