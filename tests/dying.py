"""A process that ends right after a request of its was answered, again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectors.session import PlatformSession


class Killed(BaseException):
    """Stands for the end of the process."""


def killed_after(patch: pytest.MonkeyPatch, number: int) -> None:
    """From now on the process ends once its request with this number was answered."""
    whole, left = PlatformSession._whole_answer, [number]

    def counted(self: PlatformSession, *arguments: Any, **named: Any) -> Any:
        answer = whole(self, *arguments, **named)
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return answer

    patch.setattr(PlatformSession, "_whole_answer", counted)


def killed_in_turn(patch: pytest.MonkeyPatch, act: Callable[[], Any]) -> int:
    """Run something again and again, killed after its first request, after its second, and so on, until it ends; how
    many were killed."""
    for number in range(1, 200):
        with patch.context() as patched:
            killed_after(patched, number)
            try:
                act()
            except Killed:
                continue
            return number - 1
    raise AssertionError("it never ended")
