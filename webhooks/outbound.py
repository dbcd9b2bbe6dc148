"""What was decided is written into the helpdesk: each write once, whatever is cut off, refused or done by others.

    claim ─ look ─ arrived already? ─ decide ─ keep what is about to be sent ─ send ─ keep what came back
                         └─ half of it ─────────────── keep that ─ send its note ─┘

Any number of processes may do this for one account: a write is claimed by one of them at a time, and should a dead
one's request still be on its way, the ticket's stamp lets only one of the two through. Looking comes before asking
whether it has arrived: what arrives after the question meets a decision that rests on an older stamp. A helpdesk
without versions lets both through (it isn't `forgiving`), so there a request is made again only when the one before it
can't be on its way any more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

from helpdesk_wellbeing.acting import review
from helpdesk_wellbeing.acting.decide import Decided, Skip, decide, without_assignee
from helpdesk_wellbeing.acting.helpdesk import (
    Conflict,
    Half,
    Helpdesk,
    Invitation,
    NothingSent,
    Outcome,
    Reason,
    Refused,
    Seen,
    Sent,
    Written,
    after,
    change_to_json,
    state_to_json,
)
from helpdesk_wellbeing.acting.policy import policy_of
from helpdesk_wellbeing.errors import NotLetIn, RetryLater, StoreError, in_a_line
from helpdesk_wellbeing.errors import Refused as RefusedForGood

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store
    from helpdesk_wellbeing.store.writes import Write

MOST_CONFLICTS = 4  # in a row; then somebody else is working on the ticket
MOST_TROUBLE = 3  # writes in a row that could not be made; then it is not the ticket
# A stamp has whole seconds: what others do in the rest of its second would not be noticed.
SAME_SECOND = timedelta(seconds=1)

End = Literal["written", "skipped", "later"]


@dataclass(frozen=True)
class Patience:
    """How long is waited for what."""

    claim: timedelta = timedelta(seconds=90)  # longer than one request takes with all its tries
    look_again: timedelta = timedelta(seconds=3)  # after a request whose fate is unknown; doubled from time to time
    arrives: timedelta = timedelta(minutes=2)  # a request of which nobody has heard may still be on its way so long
    short: timedelta = timedelta(seconds=30)
    long: timedelta = timedelta(minutes=10)
    minute: timedelta = timedelta(minutes=1)  # of the budget of updates


@dataclass
class Tally:
    """What one round did."""

    written: int = 0
    skipped: int = 0
    later: int = 0
    stopped: str | None = None  # why the round ended before its work did
    reasons: dict[str, int] = field(default_factory=dict)  # of what was skipped
    problem: str | None = None  # what a person has to mend
    failed: str | None = None  # the key of the write that has this problem; None: all have


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
    patience: Patience = Patience()
    who: str = field(default_factory=lambda: uuid4().hex)  # whose claims these are


class _TakenOver(Exception):
    """The claim has passed to another process, or the write has ended."""


def work_off(means: Means, most: int = 1000) -> Tally:
    """Make the writes that are due, oldest first, within the account's budget a minute."""
    tally, trouble_in_a_row = Tally(), 0
    for _ in range(most):
        policy = policy_of(means.store, means.account)  # anew each time: the switch holds from one write to the next
        if policy.stopped:
            tally.stopped = "acting is stopped for this account"
            means.store.writes.put_off(means.account, means.now() + means.patience.minute)
            break
        if means.stopping():
            tally.stopped = "the process is going to stop"
            break
        now = means.now()
        free_at = _free_at(means.store, means.account, policy.updates_a_minute, now, means.patience.minute)
        if free_at > now:
            tally.stopped = f"{policy.updates_a_minute} updates a minute are used up until {free_at:%H:%M:%S}"
            break
        write = means.store.writes.claim(means.account, now, now + means.patience.claim, means.who)
        if write is None:
            break
        try:
            end = _make(means, write)
        except _TakenOver:
            continue
        except RetryLater as trouble:
            wait = timedelta(seconds=trouble.after) if trouble.after else means.patience.short
            tally.later += 1
            trouble_in_a_row += 1
            if trouble.after or trouble_in_a_row == MOST_TROUBLE:
                _put_off(means, write, wait)
                asked = f"the helpdesk asks to wait {trouble.after:.0f} s" if trouble.after else None
                tally.stopped = asked or "the helpdesk has trouble"
                break
            means.store.writes.later(means.account, write.key, means.now() + wait, means.who)
            continue
        except RefusedForGood as refused:  # such as a redirect to another host: for a person to mend
            _put_off(means, write, means.patience.short if isinstance(refused, NotLetIn) else means.patience.long)
            tally.stopped, tally.problem, tally.failed = str(refused), str(refused), None
            break
        except StoreError:
            raise
        except Exception as defect:  # of this write, or of all: the next ones tell
            tally.problem, tally.failed = in_a_line(defect, f"writing ({write.kind})"), write.key
            tally.later += 1
            trouble_in_a_row += 1
            if trouble_in_a_row == MOST_TROUBLE:
                _put_off(means, write, means.patience.long)
                tally.stopped = "one write after the other failed"
                break
            means.store.writes.later(means.account, write.key, means.now() + means.patience.long, means.who)
            continue
        trouble_in_a_row = 0
        _count(means, tally, write.key, end)
    review.finish(means.store, means.account, means.now())
    return tally


def _put_off(means: Means, write: Write, wait: timedelta) -> None:
    """This write and all that would come next: one that is refused for the account's sake speaks for all."""
    until = means.now() + wait
    with means.store.transaction():
        means.store.writes.later(means.account, write.key, until, means.who)
        means.store.writes.put_off(means.account, until)


def _free_at(
    store: Store, account: str, updates_a_minute: int, now: datetime, minute: timedelta = Patience.minute
) -> datetime:
    lately = store.writes.sent_since(account, now - minute)
    if len(lately) < updates_a_minute:
        return now
    return max(now, lately[len(lately) - updates_a_minute] + minute)


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
        return _later(means, write, means.patience.look_again)
    if isinstance(asked, Skip):
        return _skip(means, write, asked.reason)
    sent = _sent(write.receipt, asked) if _may_have_arrived(write) else None
    for _ in range(MOST_CONFLICTS):
        seen = _look(means, write.target)
        found = None if sent is None else means.helpdesk.find(seen, sent, write.key)
        if not isinstance(found, Written) and (wait := _on_its_way(means, write, seen, found)):
            return _later(means, write, wait)
        outcome: Outcome | None = found
        if outcome is None:
            decided = decide(write.kind, asked, seen, means.now())
            if isinstance(decided, Skip):
                may_yet = _may_yet_arrive(means, write, seen)
                return _later(means, write) if may_yet else _skip(means, write, decided.reason)
            before = sent
            outcome, sent = _send(means, write, seen, decided)
            if isinstance(outcome, Refused) and before is not None:  # this one; an earlier one may have got through
                outcome = means.helpdesk.find(seen, before, write.key) or outcome
        if isinstance(outcome, Half):
            outcome = _finish(means, write, outcome)
        if isinstance(outcome, Written):
            return _written(means, write, outcome)
        if isinstance(outcome, Refused):
            return _skip(means, write, outcome.reason)
        if not isinstance(outcome, Conflict):
            return _later(means, write, _after_so_many(write.tries, means.patience))
    return _skip(means, write, "kept changing") if write.tries > 3 * MOST_CONFLICTS else _later(means, write)


def _sent(receipt: Mapping[str, Any], asked: Mapping[str, Any]) -> Sent:
    """What a receipt tells of the request that it was kept for."""
    note = asked.get("note") if receipt.get("note") else None
    return Sent(receipt["before"], receipt["after"], receipt["stamp"], note, bool(receipt.get("half")))


def _on_its_way(means: Means, write: Write, seen: Seen, found: Half | None) -> timedelta | None:
    """How long to wait, because an earlier request may still be on its way to a helpdesk that would apply it besides
    another one. No note is sent before it was kept that the rest has arrived.
    """
    may_be = found is None or bool(write.receipt.get("half"))
    return _wait_out(means, write) if may_be and seen.problem is None else None


def _may_have_arrived(write: Write) -> bool:
    """Whether anything of it may; of a half one, the first half has."""
    return write.sent_at is not None and not (write.receipt.get("unsent") and not write.receipt.get("half"))


def _wait_out(means: Means, write: Write) -> timedelta | None:
    if means.helpdesk.forgiving or write.sent_at is None or write.receipt.get("unsent"):
        return None
    left = write.sent_at + means.patience.arrives - means.now()
    return left if left > timedelta(0) else None


def _finish(means: Means, write: Write, half: Half) -> Outcome:
    """Send the note; that the rest has arrived is kept before."""
    kept = means.store.writes.get(means.account, write.key)
    receipt = dict(kept.receipt if kept else write.receipt) | {"half": True}
    receipt.pop("unsent", None)
    if half.lost_label:
        _lose_label(receipt)
    return _sending(means, write, receipt, half.finish)


def _may_yet_arrive(means: Means, write: Write, seen: Seen) -> bool:
    """Whether a request that nobody has heard of could still get through: lately made, on the stamp of today."""
    if write.sent_at is None or seen.problem is not None or write.receipt.get("stamp") != seen.stamp:
        return False
    if not _may_have_arrived(write):
        return False
    return means.now() < write.sent_at + means.patience.arrives


def _after_so_many(tries: int, patience: Patience) -> timedelta:
    doubled: timedelta = patience.look_again * 2 ** min(tries, 10)
    return min(doubled, patience.long)


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


def _send(means: Means, write: Write, seen: Seen, decided: Decided) -> tuple[Outcome, Sent]:
    outcome, sent = _send_once(means, write, seen, decided)
    gone = isinstance(outcome, Refused) and outcome.reason in ("agent left", "not in group", "group empty")
    if gone and write.kind == "undo":
        less = without_assignee(decided)
        if isinstance(less, Decided):
            return _send_once(means, write, seen, less)
    return outcome, sent


def _send_once(means: Means, write: Write, seen: Seen, decided: Decided) -> tuple[Outcome, Sent]:
    before, changed = state_to_json(seen), change_to_json(decided.change)
    receipt: dict[str, Any] = {"before": before, "after": after(before, changed), "stamp": seen.stamp}
    if decided.not_restored:
        receipt["not_restored"] = list(decided.not_restored)
    if decided.change.note is not None:
        receipt["note"] = True
    outcome = _sending(
        means, write, receipt, lambda: means.helpdesk.change(seen, decided.change, write.key)
    )  # fmt: skip
    return outcome, _sent(receipt, {"note": decided.change.note})


def _sending(means: Means, write: Write, receipt: Mapping[str, Any], send: Callable[[], Outcome]) -> Outcome:
    """Keep what is about to be sent, then send it; that nothing was sent after all is kept, too."""
    now = means.now()
    if not means.store.writes.sending(
        means.account, write.key, receipt, now, now + means.patience.claim, means.who
    ):  # fmt: skip
        raise _TakenOver
    try:
        return send()
    except NothingSent:  # nor is an earlier one on its way: that was waited out
        if not means.helpdesk.forgiving:
            means.store.writes.unsent(means.account, write.key, {**receipt, "unsent": True}, means.who)
        raise


def _look(means: Means, ticket: str) -> Seen:
    """The ticket, looked at after the second of its stamp."""
    for _ in range(MOST_CONFLICTS):
        seen = means.helpdesk.look(ticket)
        left = _left_of_its_second(seen, means.now())
        if not left:
            break
        means.sleep(left.total_seconds())
    return seen


def _left_of_its_second(seen: Seen, now: datetime) -> timedelta:
    """By the helpdesk's clock where it tells, whose whole seconds may just have begun."""
    try:
        stamp = datetime.fromisoformat(seen.stamp)
    except ValueError:
        return timedelta(0)
    stamp = stamp.replace(tzinfo=stamp.tzinfo or UTC)
    if seen.at is not None:
        return SAME_SECOND if timedelta(0) <= seen.at - stamp < SAME_SECOND else timedelta(0)
    left = stamp + SAME_SECOND - now
    return left if timedelta(0) < left <= SAME_SECOND else timedelta(0)


def _invite(means: Means, write: Write) -> End:
    invitation = means.invitation_of(write)
    outcome: Outcome | None = means.helpdesk.made(write.key) if _may_have_arrived(write) else None
    if outcome is None:
        wait = _wait_out(means, write)
        if wait is not None:
            return _later(means, write, wait)
        if invitation is None:
            return _skip(means, write, "withdrawn")
        asked = invitation
        outcome = _sending(means, write, {}, lambda: means.helpdesk.invite(asked, write.key))
    if isinstance(outcome, Written):
        now = means.now()
        with means.store.transaction():
            means.store.writes.made_ticket(means.account, outcome.ticket, now)
            means.store.mark_dirty(means.account, now - timedelta(hours=1))
            return _written(means, write, outcome)
    if isinstance(outcome, Refused):
        return _skip(means, write, outcome.reason)
    return _later(means, write, _after_so_many(write.tries, means.patience))


def _written(means: Means, write: Write, written: Written) -> End:
    now = means.now()
    kept = means.store.writes.get(means.account, write.key)
    receipt = dict(kept.receipt if kept else write.receipt)
    if written.receipt is not None:
        receipt["platform"] = written.receipt
    if write.kind == "invite":
        receipt["ticket"] = written.ticket
    for name in ("half", "unsent"):
        receipt.pop(name, None)
    if written.lost_label:
        _lose_label(receipt)
    if written.lost_note:
        receipt["lost_note"] = True
    with means.store.transaction():
        if means.store.writes.end(means.account, write.key, "written", receipt, now, means.who):
            means.store.audit.add(
                means.account, now, "written", proposal=write.proposal, kind=write.kind,
                ticket=written.ticket, platform=written.receipt, not_restored=receipt.get("not_restored", []),
            )  # fmt: skip
    return "written"


def _lose_label(receipt: dict[str, Any]) -> None:
    """Our custom field was gone, so it stays as it was."""
    if "after" in receipt:
        receipt["after"]["label"] = receipt["before"]["label"]
        receipt["lost_label"] = True


def _skip(means: Means, write: Write, reason: Reason) -> End:
    now = means.now()
    with means.store.transaction():
        if not means.store.writes.end(means.account, write.key, "skipped", {"reason": reason}, now, means.who):
            raise _TakenOver
        ticket = None if write.kind == "invite" else write.target
        means.store.audit.add(
            means.account, now, "skipped", proposal=write.proposal, kind=write.kind, ticket=ticket, reason=reason
        )
    return "skipped"


def _later(means: Means, write: Write, wait: timedelta | None = None) -> End:
    means.store.writes.later(means.account, write.key, means.now() + (wait or means.patience.short), means.who)
    return "later"
