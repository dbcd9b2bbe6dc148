"""Calls that leave the account: webhooks of automation rules, and what an app of ours forwards.

Nothing is signed. A rule's execution counts against the account's quota, and what exceeds that waits for the next hour;
a call that fails comes again after 5, 30 and 60 minutes: https://support.freshdesk.com/en/support/solutions/articles/225431.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from connectors.simulating.outbox import Attempt, Habits, Job, Outbox

from .record import Happening
from .touches import SHAPES, app_events, filled, simple, triggered, worded

if TYPE_CHECKING:
    from .server import SimulatedFreshdesk

__all__ = ["AppForwarder", "Attempt", "Habits", "RuleWebhook"]

CONTENT = '{"ticket_id": "{{ticket.id}}", "event": "{{triggered_event}}"}'
SECRET_HEADER = "X-Helpdesk-Wellbeing-Secret"
TIMEOUT_S = 10.0
RETRY_MIN = (5, 30, 60)
JSON = "application/json"


class RuleWebhook(Outbox):
    """A rule of the account that posts `content` to `url` whenever a person creates or changes a ticket.

    `content` null is the platform's own layout of ticked fields. Whoever is in `without` sets nothing off. Minutes are
    those of the account's options. `outcomes` counts answers by status, and `postponed` for what had no quota.
    """

    def __init__(
        self,
        front: SimulatedFreshdesk,
        url: str,
        secret: str = "",
        *,
        content: str | None = CONTENT,
        headers: Mapping[str, str] | None = None,
        without: frozenset[int] = frozenset(),
        habits: Habits | None = None,
        timeout_s: float = TIMEOUT_S,
        threads: int = 2,
    ) -> None:
        self._front = front
        self._content = content
        self._headers = {**({SECRET_HEADER: secret} if secret else {}), **(headers or {})}
        self._without = without
        super().__init__(url, habits=habits, timeout_s=timeout_s, threads=threads)
        front.subscribe(self._tell)

    def headers(self, body: bytes, invocation: str) -> dict[str, str]:
        """What an admin put into the rule."""
        return {"Content-Type": JSON, "User-Agent": "Freshdesk", **self._headers}

    def held_back(self, job: Job) -> tuple[str, float | None] | None:
        """An execution costs a credit; without one it waits for the next hour."""
        _, waits = self._front.quota.charge("webhook", None, 1)
        return None if waits is None else ("postponed", 60 * self._minute)

    def again_after(self, status: int, retry: int, asked: float) -> float | None:
        """Any failure is tried again, three times."""
        return RETRY_MIN[retry] * self._minute if status >= 300 and retry < len(RETRY_MIN) else None

    def close(self) -> None:
        """Send nothing more; what is under way ends first."""
        self._front.unsubscribe(self._tell)
        super().close()

    def __enter__(self) -> RuleWebhook:
        return self

    @property
    def _minute(self) -> float:
        return self._front.record.options.minute

    def _tell(self, happening: Happening) -> None:
        event = triggered(happening, self._front.record.tags.sets)
        if event is None or happening.actor in self._without:
            return
        name = str(happening.ticket)
        if self._content is None:
            self.send(simple(happening, event), event, name)
        else:
            self.post(filled(self._content, happening, event).encode(), event, name)


class AppForwarder(Outbox):
    """An installed app that posts each event to `url`, in one of `touches.SHAPES`.

    A call that fails is made `attempts` times in all, two seconds apart; then the event is lost.
    """

    def __init__(
        self,
        front: SimulatedFreshdesk,
        url: str,
        secret: str = "",
        *,
        shape: str = SHAPES[0],
        subscriptions: frozenset[str] | None = None,
        attempts: int = 1,
        habits: Habits | None = None,
        timeout_s: float = TIMEOUT_S,
        threads: int = 2,
    ) -> None:
        if shape not in SHAPES:
            raise ValueError(f"no shape {shape}; shapes: {', '.join(SHAPES)}")
        self._front = front
        self._secret = secret
        self._shape = shape
        self._subscriptions = subscriptions
        self._most = attempts
        super().__init__(url, habits=habits, timeout_s=timeout_s, threads=threads)
        front.subscribe(self._tell)

    def headers(self, body: bytes, invocation: str) -> dict[str, str]:
        """The secret that was typed in when the app was installed."""
        return {"Content-Type": JSON, "User-Agent": "Freshworks", SECRET_HEADER: self._secret}

    def again_after(self, status: int, retry: int, asked: float) -> float | None:
        """What may pass is tried again, as often as the app asks for."""
        return 2.0 if (status == 429 or status >= 500) and retry + 1 < self._most else None

    def close(self) -> None:
        """Send nothing more; what is under way ends first."""
        self._front.unsubscribe(self._tell)
        super().close()

    def __enter__(self) -> AppForwarder:
        return self

    def _tell(self, happening: Happening) -> None:
        record = self._front.record
        for event in app_events(happening, record.tags.sets):
            if self._subscriptions is None or event[0] in self._subscriptions:
                told = worded(event, happening, record.options, self._shape)
                self.send(told, event[0], f"{event[0]} {event[2]['id']}")
