"""One durable commit for all calls that wait at the same time.

A commit that survives a power cut costs a write-through of the disk, whatever is in it. So each process has one
thread that commits what is waiting, and the calls are answered after that.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence

from helpdesk_wellbeing.deliveries import Receipt
from helpdesk_wellbeing.errors import StoreError, WellbeingError
from webhooks.outages import Outage

PLACES = 2000  # calls that may wait; more are turned away
WAIT_S = 8.0  # platforms hang up after 10
_AT_ONCE = 500

_log = logging.getLogger(__name__)


class NotKept(WellbeingError):
    """The delivery was not stored, or too late to say so; the platform should send it again."""


class _Ticket:
    """One call that waits for its commit."""

    __slots__ = ("error", "is_new", "ready", "receipt")

    def __init__(self, receipt: Receipt) -> None:
        self.receipt = receipt
        self.ready = threading.Lock()
        self.ready.acquire()
        self.is_new = False
        self.error: Exception | None = None


class Receipts:
    """Hands deliveries to `commit` (as `Inbox.add_many`), from any number of threads.

    The thread starts with the first delivery, so that a server may fork before.
    """

    def __init__(
        self, commit: Callable[[Sequence[Receipt]], Sequence[bool]], *, places: int = PLACES, wait_s: float = WAIT_S
    ) -> None:
        self._commit = commit
        self._places = places
        self._wait_s = wait_s
        self._waiting: deque[_Ticket] = deque()
        self._arrived = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._outage = Outage(_log, "storing what webhooks bring")

    @property
    def depth(self) -> int:
        """Calls that wait for their commit."""
        return len(self._waiting)

    def keep(self, receipt: Receipt) -> bool:
        """True when the delivery is stored, False when it was there; on return it is on the disk.

        Raises NotKept when it isn't: too many wait, it took too long, the store failed, or we are stopping.
        """
        ticket = _Ticket(receipt)
        with self._arrived:
            if self._stopping:
                raise NotKept("webhooks: stopping; send it again")
            if len(self._waiting) >= self._places:
                raise NotKept(f"webhooks: {self._places} calls are waiting already; send it again")
            self._waiting.append(ticket)
            self._start()
            self._arrived.notify()
        if not ticket.ready.acquire(timeout=self._wait_s):
            self._withdraw(ticket)
            raise NotKept(f"webhooks: not stored within {self._wait_s:g} s; send it again")
        if ticket.error is not None:
            raise NotKept("webhooks: the store failed; send it again") from ticket.error
        return ticket.is_new

    def stop(self, timeout_s: float = 10.0) -> bool:
        """Take no more, commit what waits; whether that was done in time."""
        with self._arrived:
            self._stopping = True
            self._arrived.notify()
            thread = self._thread
        if thread is None:
            return True
        thread.join(timeout_s)
        return not thread.is_alive()

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="webhook-receipts", daemon=True)
            self._thread.start()

    def _withdraw(self, ticket: _Ticket) -> None:
        with self._arrived:
            if ticket in self._waiting:
                self._waiting.remove(ticket)

    def _run(self) -> None:
        while True:
            with self._arrived:
                while not self._waiting and not self._stopping:
                    self._arrived.wait()
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _AT_ONCE))]
            if not batch:
                return
            self._commit_together(batch)
            for ticket in batch:
                ticket.ready.release()

    def _commit_together(self, batch: Sequence[_Ticket]) -> None:
        try:
            found = self._commit([ticket.receipt for ticket in batch])
        except StoreError as error:
            self._outage.begun(error)
            for ticket in batch:
                ticket.error = error
        except Exception as error:
            if len(batch) > 1:  # one account's trouble is not the others'
                for ticket in batch:
                    self._commit_together([ticket])
                return
            batch[0].error = error
            _log.error("a delivery could not be stored: %s", type(error).__name__)
        else:
            self._outage.over()
            for ticket, is_new in zip(batch, found, strict=True):
                ticket.is_new = is_new
