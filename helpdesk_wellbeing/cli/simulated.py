"""The simulated team in an account of its own, as `import` would bring it in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

SEED = 1
_FRIDAY = 4


def fill(store: Store, account: str, now: datetime, tell: Callable[[str], None]) -> None:
    """Ten weeks of the team up to the last Friday evening before `now`; then whoever works here evaluates them."""
    from helpdesk_wellbeing.demo import simulate

    tell("simulate")
    yesterday = now.astimezone(UTC).date() - timedelta(days=1)
    world = simulate(SEED, end=yesterday - timedelta(days=(yesterday.weekday() - _FRIDAY) % 7), account=account)
    tell("keep")
    with store.writer(account, "set-up", on_wait=lambda line: None), store.transaction():
        store.add_events(account, world.events)
        store.replace_people(account, "file", world.roster.people)
        store.replace_leave(account, "file", world.roster.leave)
        store.replace_groups(account, "file", world.roster.groups)
        store.replace_on_call(account, "file", world.roster.on_call)
        store.work.note_run(account, due_at=now)
