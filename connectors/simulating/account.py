"""What every simulated account does with a request: count it, let go wrong what the dice say, answer within limits."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Generic, Protocol, TypeVar

from .answers import Answer
from .faults import Dice
from .front import Front


class AnyRequest(Protocol):
    """What of a platform's request matters here."""

    @property
    def method(self) -> str: ...

    @property
    def path(self) -> str: ...

    @property
    def target(self) -> str: ...

    @property
    def endpoint(self) -> str: ...


Asked = TypeVar("Asked", bound=AnyRequest)


class SimulatedAccount(Front, Generic[Asked]):
    """A front whose requests are of one kind. Faults of writes come in where no other fault did."""

    def __init__(self, faults: Dice, port: int = 0) -> None:
        super().__init__(faults, port)
        self._written = 0

    def answer(self, request: Asked) -> tuple[Answer, str | None]:
        """The answer, and the spoiler that is to be done on the wire."""
        self.requests[request.endpoint] += 1
        spoiler = self.faults.spoiler(request.path, request.target)
        replaced = self.instead(spoiler, request.target)
        if replaced is None and self.is_write(request):
            return self._written_answer(request, spoiler)
        return replaced or self.limited(request), spoiler

    def _written_answer(self, request: Asked, spoiler: str | None) -> tuple[Answer, str | None]:
        own = None if spoiler else self.faults.write_spoiler(request.path, f"{request.method} {request.target}")
        refused = None if own is None else self.refusal(own)
        if refused is not None:
            return refused, None
        if own is not None:
            self.mischief(own, request)
        answer = self.limited(request)
        if answer.status < 300:
            self._written += 1
            if self._written == self.faults.writes_until_revoked:
                self.revoke()
        return (self.too_late(), None) if own == "late_error" else (answer, own or spoiler)

    @abstractmethod
    def is_write(self, request: Asked) -> bool:
        """Whether faults of writes may happen to it."""

    @abstractmethod
    def limited(self, request: Asked) -> Answer:
        """The answer, if the limits allow for one."""

    @abstractmethod
    def refusal(self, fault: str) -> Answer | None:
        """What is answered in place of a write; null: this fault lets it through."""

    @abstractmethod
    def mischief(self, fault: str, request: Asked) -> Any:
        """Other people are quicker than the request."""

    @abstractmethod
    def revoke(self) -> None:
        """The credentials open nothing any more."""

    @abstractmethod
    def too_late(self) -> Answer:
        """What a gateway says when the answer took too long."""
