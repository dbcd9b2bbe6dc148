"""What was agreed, objected to or contested holds at once: in the kept answer and among the proposals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.acting.review import keep_to
from helpdesk_wellbeing.agreement.gate import Gate, gate_of
from helpdesk_wellbeing.flags import under

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store


def kept_answer(store: Store, account: str, at: datetime, gate: Gate | None = None) -> dict[str, Any] | None:
    """What the latest evaluation found, as far as it may be said now; None before the first. For pages and notices."""
    with store.view():
        answer = store.work.answer_of(account)
        return None if answer is None else under(answer, gate or gate_of(store, account, at))


def obey(store: Store, account: str, at: datetime) -> list[str]:
    """Call it, in the same transaction, after anything that changes the gate: what may not be said any more is taken
    out of the kept answer, proposals that rest on it (on any contested flag, too) are withdrawn (their ids), and a new
    evaluation is asked for."""
    with store.transaction():
        gate = gate_of(store, account, at)
        answer = store.work.answer_of(account)
        if answer is not None:
            store.work.keep_answer(account, store.work.answers_made()[account], under(answer, gate))
        ended = keep_to(store, account, gate, at)
        ask_for_evaluation(store, account, at)
    return ended


def ask_for_evaluation(store: Store, account: str, at: datetime) -> None:
    """Whoever serves the account looks at it again at once, unless it is paused."""
    run = store.work.run_of(account)
    changes: Mapping[str, Any] = {"evaluated_at": None}
    if run.evaluated_until is not None or run.due_at is not None:  # it is served
        changes = {**changes, "due_at": at, "plan_due_at": at}
    store.work.note_run(account, **changes)
