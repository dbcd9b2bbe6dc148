"""What a platform's part in the demo is; one module a platform."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
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


class Part(Protocol):
    """A platform's part. `front` is a simulated helpdesk of that platform."""

    NAME: str

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
