"""What a platform's part in the demo is; one module a platform."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from helpdesk_wellbeing.cli.common import say

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from helpdesk_wellbeing.demo import World
    from helpdesk_wellbeing.store import Store

ACCOUNT = "demo"
PLATFORMS = ("zendesk", "freshdesk")
LIMITED_MINUTE = 0.1  # seconds in which simulated helpdesks let a minute's requests through; nobody waits for a demo


@dataclass
class Clock:
    """The time of the demo; goes on with every look and by hand."""

    at: datetime

    def now(self) -> datetime:
        """A little later than before."""
        self.at += timedelta(milliseconds=20)
        return self.at

    def sleep(self, seconds: float) -> None:
        """It is later."""
        self.at += timedelta(seconds=seconds)


class Running:
    """The time of the demo that goes on by itself, as fast as ours."""

    def __init__(self, began: datetime) -> None:
        self._began, self._from = began, time.monotonic()

    def now(self) -> datetime:
        """In that time."""
        return self._began + timedelta(seconds=time.monotonic() - self._from)


def pull(store: Store, front: Any, what: str) -> None:
    """As `pull` does it, but nothing is folded yet; `front` is who is asked."""
    from helpdesk_wellbeing.cli.pull import run

    began, before = time.perf_counter(), sum(front.requests.values())
    with store.writer(ACCOUNT, "demo"):
        run(store, ACCOUNT, fold=False)
    requests = sum(front.requests.values()) - before
    say(f"{what} over HTTP in {time.perf_counter() - began:.1f} s, {requests:,} requests")


@contextmanager
def served(application: WSGIApplication, port: int = 0) -> Iterator[str]:
    """An application on a loopback port (0: a free one), silent about requests, because addresses may be links."""
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Silent(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"  # connections stay

        def log(self, *_: object) -> None:
            """Nothing."""

    server = make_server("127.0.0.1", port, application, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Part(Protocol):
    """A platform's part. `front` is a simulated helpdesk of that platform."""

    TITLE: str

    def front(self, world: World, now: Callable[[], datetime]) -> AbstractContextManager[Any]:
        """A simulated helpdesk in which all of this has happened."""
        ...

    def beginning(self, world: World) -> World:
        """What has happened when the account is connected."""
        ...

    def connect(self, store: Store, front: Any) -> None:
        """As `connect` does it."""
        ...

    def read(self, store: Store, front: Any, world: World, clock: Clock) -> None:
        """Everything up to the end of the simulated weeks comes into the store, over HTTP."""
        ...

    def calls(self, front: Any, address: str, secret: str) -> AbstractContextManager[Any]:
        """The helpdesk tells what happens to `serve` at this address; repeats and disorders included."""
        ...

    def has_told(self, sender: Any, touch: Any) -> bool:
        """Whether what was touched has been taken in."""
        ...

    def text_of(self, store: Store, ticket: str) -> str:
        """What the person reads to whom a ticket belongs."""
        ...


def part_of(platform: str) -> Part:
    """The part of one of `PLATFORMS`."""
    return cast(Part, import_module(f"helpdesk_wellbeing.cli.demo_{platform}"))
