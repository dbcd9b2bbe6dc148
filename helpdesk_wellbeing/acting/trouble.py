"""That an account cannot be written to, why and since when: kept until it can be again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from helpdesk_wellbeing.store.writes import OPEN

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

_KEY = "writing fails"


@dataclass(frozen=True)
class Trouble:
    """What `status` tells; `since` is aware UTC."""

    since: datetime
    problem: str
    write: str | None = None  # the key of the one write that fails; None: any would


def trouble_of(store: Store, account: str) -> Trouble | None:
    """Why writing fails; None where it does not, or nothing waits to be written."""
    kept = store.get_meta(account, _KEY)
    if kept is None or store.writes.waiting_since(account) is None:
        return None
    row = json.loads(kept)
    return Trouble(datetime.fromisoformat(row["since"]), row["problem"], row["write"])


def note(store: Store, account: str, at: datetime, problem: str, write: str | None = None) -> None:
    """Writing failed at `at`; where it failed before, it has since then."""
    with store.transaction():
        if store.writes.waiting_since(account) is None:
            return
        before = trouble_of(store, account)
        since = at if before is None else before.since
        store.set_meta(account, _KEY, json.dumps({"since": since.isoformat(), "problem": problem, "write": write}))


def is_over(store: Store, account: str) -> None:
    """A round came to its end; a write that failed by itself must have ended, too."""
    if store.get_meta(account, _KEY) is None:
        return
    with store.transaction():
        trouble = trouble_of(store, account)
        stuck = None if trouble is None or trouble.write is None else store.writes.get(account, trouble.write)
        if stuck is None or stuck.state not in OPEN:
            store.set_meta(account, _KEY, None)
