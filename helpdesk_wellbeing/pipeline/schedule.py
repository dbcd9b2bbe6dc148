"""When the next pull of an account is due, and when the silence of its webhooks is suspicious. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from helpdesk_wellbeing.store.work import Run

EVERY = timedelta(minutes=5)
SELDOM = timedelta(hours=1)  # an account in which nothing happens is looked at as often as this
_SILENCE_SHARE = 24  # who has been silent for a day waits an hour, for six hours a quarter of one
FIRST_RETRY, LAST_RETRY = timedelta(minutes=1), timedelta(minutes=30)
_JITTER = 0.2

# Something in the account changed and a pull saw it, but no webhook told: within minutes that is chance (not every kind
# of change has a webhook), after hours it is a webhook that the platform has switched off.
HOOKS_SILENT_AFTER = timedelta(hours=2)
HOOKS_SILENT = "webhooks: "  # how the line about it begins
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Pace:
    """How often an account is pulled: while something happens in it, and at the least."""

    every: timedelta = EVERY
    seldom: timedelta = SELDOM


def after_pull(run: Run, now: datetime, pace: Pace) -> datetime:
    """When to pull next; `run` as the pull that has just ended left it.

    On a grid that is each account's own, so that those which were pulled together drift apart.
    """
    wait = interval(run, now, pace)
    return _on_grid(run.account, now + wait - pace.every / 2, pace.every)


def first(account: str, now: datetime, pace: Pace) -> datetime:
    """When to pull an account that nobody has planned yet: within one interval, each at its own time."""
    return _on_grid(account, now, pace.every)


def interval(run: Run, now: datetime, pace: Pace) -> timedelta:
    """How long to wait after a pull: the longer nothing has happened, the longer, within the pace."""
    heard = [at for at in (run.news_at, run.hook_at) if at is not None]
    if not heard:
        # Nothing has ever happened: it grows with the number of pulls instead.
        return min(pace.every * max(1, run.quiet_pulls), pace.seldom)
    return min(max((now - max(heard)) / _SILENCE_SHARE, pace.every), pace.seldom)


def after_failure(failures: int, now: datetime, chance: float, told: float | None = None) -> datetime:
    """When to try again after so many failures in a row: 1, 2, 4 … 30 minutes, a fifth more or less.

    `chance` is in [0, 1); `told` is what the platform asked for, in seconds.
    """
    steps = min(max(failures, 1) - 1, 10)
    wait = min(FIRST_RETRY * int(2**steps), LAST_RETRY) * (1 - _JITTER + 2 * _JITTER * chance)
    return now + max(wait, timedelta(seconds=told or 0))


def silent_webhooks(run: Run) -> str | None:
    """A line that says so when webhooks have come once, and pulls still bring news, but webhooks bring nothing."""
    if run.hook_at is None or run.news_at is None or run.news_at - run.hook_at < HOOKS_SILENT_AFTER:
        return None
    return (
        f"{HOOKS_SILENT}none has come since {run.hook_at:%Y-%m-%d %H:%M} UTC while pulls bring news; "
        "look in the helpdesk whether the webhook was switched off and whether its address and secret still hold"
    )


def _on_grid(account: str, earliest: datetime, step: timedelta) -> datetime:
    """The first of the account's own instants, one every `step`, that is not before `earliest`."""
    share = int.from_bytes(blake2b(account.encode(), digest_size=8).digest(), "big") / 2**64
    offset = step * share
    number = -((_EPOCH + offset - earliest) // step)
    return _EPOCH + offset + number * step
