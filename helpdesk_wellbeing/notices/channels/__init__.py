"""The ways out: one file a service. Each sends one message, or says what came of it by an error."""

from __future__ import annotations

from typing import Protocol

from helpdesk_wellbeing.errors import PlatformError, RetryLater
from helpdesk_wellbeing.notices.content import Message
from helpdesk_wellbeing.notices.people import Recipient

ANSWER_S = 15.0  # how long a server may take to answer


class Away(RetryLater):
    """The server is not there, or lets nobody in: nothing goes out by this channel now."""


class Unsure(PlatformError):
    """It may have arrived: nobody answered after it was sent, and nothing tells."""


class Channel(Protocol):
    """A way out. May keep a connection until it is closed."""

    def send(self, to: Recipient, message: Message, key: str) -> None:
        """Send one message; `key` is the same when it is sent again.

        Raises Away, RetryLater, Unsure, or Refused where trying again does not help.
        """

    def close(self) -> None:
        """Give back what was kept."""
