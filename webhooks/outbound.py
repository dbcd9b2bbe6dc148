"""What was decided is written into the helpdesk: each write once, whatever is cut off, refused or done by others.

    claim ─ look ─ arrived already? ─ decide ─ keep what is about to be sent ─ send ─ keep what came back

Any number of processes may do this for one account: a write is claimed by one of them at a time, and should a dead
one's request still be on its way, the ticket's stamp lets only one of the two through.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

from helpdesk_wellbeing.acting import review
from helpdesk_wellbeing.acting.decide import Decided, Skip, decide, without_assignee
from helpdesk_wellbeing.acting.helpdesk import (
    KEEP,
    Conflict,
    Helpdesk,
    Invitation,
    Outcome,
    Reason,
    Refused,
    Seen,
    Written,
    after,
    change_to_json,
    state_to_json,
)
from helpdesk_wellbeing.acting.policy import policy_of
from helpdesk_wellbeing.errors import NotLetIn, RetryLater

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store
    from helpdesk_wellbeing.store.writes import Write

CLAIMED_FOR = timedelta(seconds=90)  # longer than one write takes with all its patience
LOOK_AGAIN = timedelta(seconds=3)  # after a request of which nobody knows whether it arrived
SHORT, LONG = timedelta(seconds=30), timedelta(minutes=10)
MOST_CONFLICTS = 4  # in a row; then somebody else is working on the ticket
WINDOW = timedelta(minutes=1)
# A stamp has whole seconds: a write into the very second of another's would not notice that one.
SAME_SECOND = timedelta(seconds=1)

End = Literal["written", "skipped", "later"]


@dataclass
class Tally:
    """What one round did."""

    written: int = 0
    skipped: int = 0
    later: int = 0
    stopped: str | None = None  # why the round ended before its work did
    reasons: dict[str, int] = field(default_factory=dict)  # of what was skipped


@dataclass(frozen=True)
class Means:
    """What a round works with."""

    store: Store
    account: str
    helpdesk: Helpdesk
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep
    stopping: Callable[[], bool] = lambda: False
    invitation_of: Callable[[Write], Invitation | None] = lambda write: None


def work_off(means: Means, most: int = 1000) -> Tally:
    """Make the writes that are due, oldest first, within the account's budget a minute."""
    tally, who = Tally(), uuid4().hex
    for _ in range(most):
        policy = policy_of(means.store, means.account)  # anew each time: the switch holds from one write to the next
        if policy.stopped:
            tally.stopped = "acting is stopped for this account"
            break
        if means.stopping():
            tally.stopped = "the process is going to stop"
            break
        now = means.now()
        free_at = _free_at(means.store, means.account, policy.updates_a_minute, now)
        if free_at > now:
            tally.stopped = f"{policy.updates_a_minute} updates a minute are used up until {free_at:%H:%M:%S}"
            break
        write = means.store.writes.claim(means.account, now, now + CLAIMED_FOR, who)
        if write is None:
            break
        try:
            end = _make(means, write)
        except NotLetIn as refused:
            means.store.writes.later(means.account, write.key, means.now() + LONG)
            tally.stopped = str(refused)
            break
        except RetryLater as trouble:
            wait = timedelta(seconds=trouble.after) if trouble.after else SHORT
            means.store.writes.later(means.account, write.key, means.now() + wait)
            tally.later += 1
            if trouble.after:
                tally.stopped = f"the helpdesk asks to wait {trouble.after:.0f} s"
                break
            continue
        _count(means, tally, write.key, end)
    review.finish(means.store, means.account, means.now())
    return tally


def free_at(store: Store, account: str, now: datetime) -> datetime:
    """When the next write may be made: now, or when the budget of the minute has room again."""
    return _free_at(store, account, policy_of(store, account).updates_a_minute, now)


def _free_at(store: Store, account: str, updates_a_minute: int, now: datetime) -> datetime:
    lately = store.writes.sent_since(account, now - WINDOW)
    if len(lately) < updates_a_minute:
        return now
    return max(now, lately[len(lately) - updates_a_minute] + WINDOW)


def _count(means: Means, tally: Tally, key: str, end: End) -> None:
    if end == "written":
        tally.written += 1
    elif end == "later":
        tally.later += 1
    else:
        tally.skipped += 1
        ended = means.store.writes.get(means.account, key)
        reason = str(ended.receipt.get("reason", "")) if ended else ""
        tally.reasons[reason] = tally.reasons.get(reason, 0) + 1


# ---- one write ------------------------------------------------------------------------------------------------------


def _make(means: Means, write: Write) -> End:
    if write.kind == "invite":
        return _invite(means, write)
    asked = _asked(means, write)
    if asked is None:
        means.store.writes.later(means.account, write.key, means.now() + LOOK_AGAIN)
        return "later"
    if isinstance(asked, Skip):
        return _skip(means, write, asked.reason)
    may_have_arrived = write.sent_at is not None
    for _ in range(MOST_CONFLICTS):
        if may_have_arrived:
            found = means.helpdesk.find(write.target, write.key)
            if found is not None:
                return _written(means, write, found)
        seen = means.helpdesk.look(write.target)
        _let_the_second_pass(means, seen)
        decided = decide(write.kind, asked, seen, means.now())
        if isinstance(decided, Skip):
            return _skip(means, write, decided.reason)
        outcome, decided = _send(means, write, seen, decided)
        if isinstance(outcome, Written):
            return _written(means, write, outcome)
        if isinstance(outcome, Refused):
            return _skip(means, write, outcome.reason)
        if not isinstance(outcome, Conflict):
            means.store.writes.later(means.account, write.key, means.now() + LOOK_AGAIN)
            return "later"
        may_have_arrived = True
    return _skip(means, write, "kept changing") if write.tries > 3 * MOST_CONFLICTS else _later(means, write)


def _asked(means: Means, write: Write) -> dict[str, Any] | Skip | None:
    """What the write asks for; of one that takes another back only that one's receipt tells. None: not known yet."""
    if "of" not in write.asked:
        return write.asked
    first = means.store.writes.get(means.account, write.asked["of"])
    if first is None or first.state == "skipped":
        return Skip("nothing to undo")
    if first.state != "written":
        return None
    return {**write.asked, "before": first.receipt["before"], "after": first.receipt["after"]}


def _send(means: Means, write: Write, seen: Seen, decided: Decided) -> tuple[Outcome, Decided]:
    outcome = _send_once(means, write, seen, decided)
    gone = isinstance(outcome, Refused) and outcome.reason in ("agent left", "not in group", "group empty")
    if gone and write.kind == "undo":
        less = without_assignee(decided)
        if isinstance(less, Decided):
            return _send_once(means, write, seen, less), less
    return outcome, decided


def _send_once(means: Means, write: Write, seen: Seen, decided: Decided) -> Outcome:
    before, changed = state_to_json(seen), change_to_json(decided.change)
    receipt: dict[str, Any] = {"before": before, "after": after(before, changed)}
    if decided.not_restored:
        receipt["not_restored"] = list(decided.not_restored)
    means.store.writes.sending(means.account, write.key, receipt, means.now())
    return means.helpdesk.change(seen, decided.change, write.key)


def _let_the_second_pass(means: Means, seen: Seen) -> None:
    try:
        stamp = datetime.fromisoformat(seen.stamp)
    except ValueError:
        return
    left = stamp.replace(tzinfo=stamp.tzinfo or UTC) + SAME_SECOND - means.now()
    if timedelta(0) < left <= SAME_SECOND:
        means.sleep(left.total_seconds())


def _invite(means: Means, write: Write) -> End:
    invitation = means.invitation_of(write)
    if invitation is None:
        return _skip(means, write, "withdrawn")
    means.store.writes.sending(means.account, write.key, {}, means.now())
    outcome = means.helpdesk.invite(invitation, write.key)
    if isinstance(outcome, Written):
        now = means.now()
        with means.store.transaction():
            means.store.writes.made_ticket(means.account, outcome.ticket, now)
            means.store.mark_dirty(means.account, now - timedelta(hours=1))
            return _written(means, write, outcome)
    if isinstance(outcome, Refused):
        return _skip(means, write, outcome.reason)
    return _later(means, write)


def _written(means: Means, write: Write, written: Written) -> End:
    now = means.now()
    kept = means.store.writes.get(means.account, write.key)
    receipt = dict(kept.receipt if kept else write.receipt)
    if written.receipt is not None:
        receipt["platform"] = written.receipt
    if write.kind == "invite":
        receipt["ticket"] = written.ticket
    if written.lost_label and "after" in receipt:
        receipt["after"]["label"] = receipt["before"]["label"]
        receipt["lost_label"] = True
    with means.store.transaction():
        means.store.writes.end(means.account, write.key, "written", receipt, now)
        means.store.audit.add(
            means.account, now, "written", proposal=write.proposal, kind=write.kind,
            ticket=written.ticket, platform=written.receipt, not_restored=receipt.get("not_restored", []),
        )  # fmt: skip
    return "written"


def _skip(means: Means, write: Write, reason: Reason) -> End:
    now = means.now()
    with means.store.transaction():
        means.store.writes.end(means.account, write.key, "skipped", {"reason": reason}, now)
        ticket = None if write.kind == "invite" else write.target
        means.store.audit.add(
            means.account, now, "skipped", proposal=write.proposal, kind=write.kind, ticket=ticket, reason=reason
        )
    return "skipped"


def _later(means: Means, write: Write) -> End:
    means.store.writes.later(means.account, write.key, means.now() + SHORT)
    return "later"


__all__ = ["KEEP", "Means", "Tally", "free_at", "work_off"]
