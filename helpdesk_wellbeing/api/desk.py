"""What every part of the API works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from flask import g

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store


@dataclass(frozen=True)
class Desk:
    """The store, the clock, and who calls."""

    store: Store
    now: Callable[[], datetime]

    @property
    def by(self) -> str:
        """In whose name this request decides."""
        return str(g.helpdesk_wellbeing_by)


def decides(by: str) -> None:
    """From now on this request decides in the name of `by`."""
    g.helpdesk_wellbeing_by = by
