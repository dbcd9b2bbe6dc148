"""The work of one run, as plain functions: each may be cut off at any instant and is then simply done again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import structlog

from helpdesk_wellbeing.errors import NothingToPull, Refused, RetryLater, StoreBusy, StoreError, in_a_line
from helpdesk_wellbeing.pipeline import schedule
from helpdesk_wellbeing.pipeline.schedule import Pace
from helpdesk_wellbeing.pipeline.warm import Warm

if TYPE_CHECKING:
    from helpdesk_wellbeing.engine import Catalogue, Engine
    from helpdesk_wellbeing.feed import Connector, Page
    from helpdesk_wellbeing.pulling import Pulled
    from helpdesk_wellbeing.store import Store
    from helpdesk_wellbeing.store.work import Run

# news | quiet: read to the end, with or without something new; more: there is more to read, at once; off: not ours to
# pull; busy: another process is writing the account; stopped: this process is going to stop
PullOutcome = Literal["news", "quiet", "more", "failed", "paused", "busy", "stopped", "off"]
ENDED_WELL = frozenset({"news", "quiet", "more", "off"})
Evaluation = Literal["done", "not needed", "no events", "busy", "failed"]

WHO = "serve"
TURN_WAIT_S = 2.0  # for another writer of the account; then the slot goes to other accounts
LEASE_WAIT_S = 0.25  # of an evaluation, on which others wait
BUSY_RETRY = timedelta(seconds=20)
BETWEEN_HINTED = timedelta(minutes=1)  # pulls that hints asked for
LONGEST_TURN_S = 120.0  # a long history is read in turns, with evaluations and other accounts between them
PLAN_EVERY = timedelta(minutes=15)  # proposals are looked at; flags move by the day
HALF_READ_RETRY = timedelta(minutes=1)
PLAN_SELDOM = timedelta(days=1)  # where nothing is flagged or proposed: a regular wave may be due
ANSWERS = 64  # of so many accounts the last one is remembered
LONGEST_UNCHANGED = timedelta(minutes=5)  # then evidence and what is not assessable are said anew
EVALUATE_AT_LEAST = timedelta(hours=6)  # what is flagged changes with time alone, slowly
NOT_LET_IN = (401, 403)


class Said:
    """The last answer about one account: most new events change no flag, and then it need not be made again."""

    def __init__(self) -> None:
        self._last: tuple[str, datetime, dict[str, Any]] | None = None

    def again(self, standing: str, as_of: datetime) -> dict[str, Any] | None:
        """The answer as of now, if nothing that it lists has changed since it was made and that was not long ago."""
        from helpdesk_wellbeing.flags import instant

        if self._last is None:
            return None
        before, made, answer = self._last
        if before != standing or as_of - made > LONGEST_UNCHANGED:
            return None
        return {**answer, "as_of": instant(as_of)}

    def keep(self, standing: str, as_of: datetime, answer: dict[str, Any]) -> None:
        """Remember an answer that has just been made."""
        self._last = (standing, as_of, answer)


@dataclass(frozen=True)
class Means:
    """What the steps work with; times and chance can be others in tests."""

    store: Store
    connect: Callable[[str], Connector] | None = None  # None: pulling is off
    pace: Pace = field(default_factory=Pace)
    acts: bool = False  # proposals are made and written
    stopping: Callable[[], bool] = lambda: False
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random
    said: Warm[Said] = field(default_factory=lambda: Warm(lambda account: Said(), ANSWERS))

    @property
    def log(self) -> Any:
        """Structured lines with an account and a run; never a person, a ticket or a text."""
        return structlog.get_logger("pipeline")


class _EndOfTurn(Exception):
    """The pull goes on in another turn."""


def pull(means: Means, account: str) -> PullOutcome:
    """Read what is new in the helpdesk, and say when to do so next."""
    store, run = means.store, means.store.work.run_of(account)
    if run.paused_at is not None:
        return "paused"
    is_connected = store.account(account).platform is not None
    if means.connect is None or not is_connected:
        store.work.note_run(account, due_at=means.now() + means.pace.seldom if is_connected else None)
        return "off"
    store.work.note_run(account, began_at=means.now())
    try:
        with store.writer(account, WHO, wait_s=TURN_WAIT_S, on_wait=_silent):
            pulled, whole = _turn(means, account, means.connect(account))
    except StoreBusy:
        store.work.note_run(account, due_at=means.now() + BUSY_RETRY)
        return "busy"
    except StoreError:
        raise
    except NothingToPull:
        store.work.note_run(account, due_at=means.now() + means.pace.seldom)
        return "off"
    except Exception as trouble:
        return _could_not(means, account, trouble)
    if not whole and means.stopping():
        return "stopped"
    return has_pulled(means, account, pulled, whole)


def _turn(means: Means, account: str, connector: Connector) -> tuple[bool, bool]:
    """Pull for a while: whether there was news, and whether everything has been read."""
    from helpdesk_wellbeing.pulling import pull as read

    until = means.clock() + LONGEST_TURN_S
    found: list[int] = []

    def after_page(page: Page, pulled: Pulled) -> None:
        found[:] = [pulled.new_events]
        if means.stopping() or means.clock() > until:
            raise _EndOfTurn

    try:
        return read(means.store, account, connector, on_page=after_page).new_events > 0, True
    except _EndOfTurn:
        return bool(found and found[0]), False
    finally:
        left = getattr(connector, "quota_left", None)  # not every platform says it
        if isinstance(left, int):
            means.store.work.note_run(account, quota_left=left)


def has_pulled(means: Means, account: str, news: bool, whole: bool) -> PullOutcome:
    """Note a pull that ended well, and when the next one is due."""
    store, now = means.store, means.now()
    run = store.work.run_of(account)
    changes: dict[str, Any] = {"quiet_pulls": 0 if news else run.quiet_pulls + 1}
    if news:
        changes["news_at"] = now
    if whole:
        changes["pulled_at"] = now
    store.work.note_run(account, **changes)
    due = schedule.after_pull(store.work.run_of(account), now, means.pace) if whole else now
    store.work.note_run(account, due_at=due)
    if not whole:
        return "more"
    return "news" if news else "quiet"


def _could_not(means: Means, account: str, trouble: Exception) -> PullOutcome:
    if could_not_pull(means, account, trouble) == "failed":
        _log_failure(means, account, "pull")
        return "failed"
    means.log.error("pull paused", account=account, problem=means.store.work.run_of(account).problem)
    return "paused"


def could_not_pull(means: Means, account: str, trouble: Exception) -> Literal["failed", "paused"]:
    """Note a pull that failed, and when to try again, which is never where we are not let in."""
    if isinstance(trouble, Refused) and getattr(trouble, "status", None) in NOT_LET_IN:
        line = f"{trouble}; pulling is paused until this account is connected again (helpdesk-wellbeing connect)"
        means.store.work.note_run(account, paused_at=means.now(), problem=line, due_at=None)
        return "paused"
    try_again_later(means, account, trouble, "pull")
    return "failed"


def try_again_later(means: Means, account: str, trouble: Exception, what: str) -> None:
    """Note a failure, and when to try again."""
    failures = means.store.work.run_of(account).failures + 1
    told = trouble.after if isinstance(trouble, RetryLater) else None
    due = schedule.after_failure(failures, means.now(), means.chance(), told)
    means.store.work.note_run(account, failures=failures, problem=in_a_line(trouble, what), due_at=due)


def _log_failure(means: Means, account: str, what: str) -> None:
    run = means.store.work.run_of(account)
    again_at = run.due_at and run.due_at.isoformat()
    means.log.warning(f"{what} failed", account=account, problem=run.problem, failures=run.failures, again_at=again_at)


def take_in(means: Means, account: str) -> int:
    """Work the account's inbox off; the number of deliveries."""
    from helpdesk_wellbeing.arrivals import MOST
    from helpdesk_wellbeing.arrivals import take_in as take

    store, total = means.store, 0
    while store.inbox.take(account, 1):
        try:
            with store.transaction():
                taken = take(store, account)
                if taken.deliveries:
                    store.work.note_run(account, **_after_hooks(means, store.work.run_of(account), hints=taken.look))
        except StoreError:
            raise
        except Exception as trouble:
            line = in_a_line(trouble, "inbox")
            store.inbox.fail(account, [item.delivery.key for item in store.inbox.take(account, MOST)], line)
            means.log.error("inbox failed", account=account, problem=line)
            break
        total += taken.deliveries
        if taken.deliveries < MOST:
            break
    return total


def _after_hooks(means: Means, run: Run, *, hints: bool) -> dict[str, Any]:
    now = means.now()
    changes: dict[str, Any] = {"hook_at": now}
    if run.problem is not None and run.problem.startswith(schedule.HOOKS_SILENT):
        changes["problem"] = None
    # it said only where to look; a busy account is told so all the time
    soon = now if run.began_at is None else max(now, run.began_at + BETWEEN_HINTED)
    ahead = run.due_at is None or run.due_at > soon
    if hints and ahead and run.paused_at is None and run.failures == 0 and means.connect is not None:
        changes["due_at"] = soon
    return changes


def evaluate(
    means: Means, account: str, engine: Engine, catalogue: Catalogue, pulled: PullOutcome | None = None
) -> Evaluation:
    """Fold, judge and keep the answer where something has changed; `pulled` is how the pull of this run ended."""
    try:
        outcome = _evaluate(means, account, engine, catalogue)
    except StoreBusy:
        means.store.work.note_run(account, due_at=means.now() + BUSY_RETRY)
        return "busy"
    except StoreError:
        raise
    except Exception as trouble:
        try_again_later(means, account, trouble, "evaluation")
        _log_failure(means, account, "evaluation")
        return "failed"
    if pulled in ENDED_WELL:
        run = means.store.work.run_of(account)
        problem = schedule.silent_webhooks(run)
        if problem is not None and run.problem != problem:
            means.log.warning("webhooks silent", account=account, problem=problem)
        if (run.failures, run.problem) != (0, problem):
            means.store.work.note_run(account, failures=0, problem=problem)
    return outcome


def _evaluate(means: Means, account: str, engine: Engine, catalogue: Catalogue) -> Evaluation:
    from helpdesk_wellbeing.agreement.gate import gate_of
    from helpdesk_wellbeing.agreement.showing import spells_of
    from helpdesk_wellbeing.flags import check, standing_of

    store, began = means.store, means.now()
    first, _, _ = store.all_events_span(account)
    if first is None or first > began:
        return "no events"
    if not _is_needed(store, account, began):
        return "not needed"
    with store.writer(account, WHO, wait_s=LEASE_WAIT_S, on_wait=_silent):
        engine.update()
    as_of = means.now()
    outcome = engine.assess(as_of)
    gate = gate_of(store, account, as_of, directory=outcome.facts.directory)
    standing = f"{gate.stamp}:{standing_of(outcome, catalogue)}"
    standing = f"{store.revision(account)}:{standing}"  # who was erased since is not among what is not assessable
    said = means.said.of(account)
    answer, plans = said.again(standing, as_of), False
    is_new = answer is None
    if answer is None:
        answer = check(outcome, catalogue, gate=gate)
        said.keep(standing, as_of, answer)
        plans = means.acts and _raised(answer) != _raised(store.work.answer_of(account))
    with store.transaction():
        store.work.keep_answer(account, as_of, answer)
        if is_new:
            store.seen.note(account, spells_of(answer), as_of)
        # What came while this ran is evaluated by the next run: that compares with the beginning.
        store.work.note_run(account, evaluated_at=began, evaluated_until=as_of)
        if plans or (means.acts and store.work.run_of(account).plan_due_at is None):
            store.work.note_run(account, plan_due_at=as_of)
    return "done"


def _raised(answer: Mapping[str, Any] | None) -> list[tuple[Any, ...]]:
    """What is flagged, without its numbers."""
    flags = answer["flags"] if answer is not None else ()
    return [(flag["rule"], flag["subject"]["id"], flag["level"], flag["state"]) for flag in flags]


def plan(means: Means, account: str, engine: Engine, catalogue: Catalogue) -> str:
    """Look at the proposals again: end those that are past, make those that flags ask for.

    Not while the history is being read for the first time: what is flagged then may be gone when the rest is known.
    """
    from helpdesk_wellbeing.acting.proposing import look_again

    store, at = means.store, means.now()
    if _is_half_read(store, account):
        store.work.note_run(account, plan_due_at=at + HALF_READ_RETRY)
        return "half read"
    try:
        looked = look_again(store, engine.assess(at), catalogue, at)
    except StoreError:
        raise
    except Exception as trouble:
        means.log.error("planning failed", account=account, problem=in_a_line(trouble, "planning"))
        store.work.note_run(account, plan_due_at=at + PLAN_EVERY)
        return "failed"
    store.work.note_run(account, plan_due_at=at + (PLAN_EVERY if looked.goes_on else PLAN_SELDOM))
    if looked.made or looked.renewed or looked.ended:
        counts = {"made": len(looked.made), "renewed": len(looked.renewed), "ended": len(looked.ended)}
        means.log.info("proposals", account=account, **counts)
    return "done"


def _is_half_read(store: Store, account: str) -> bool:
    """Whether the first pull has brought something and not come to its end; webhooks alone never do."""
    if store.account(account).platform is None or store.work.run_of(account).pulled_at is not None:
        return False
    return store.event_span(account)[2] > 0


def upkeep(means: Means, account: str, engine: Engine) -> str:
    """What is due once a day: what is too old goes, and an erasure that was cut off comes to its end."""
    from helpdesk_wellbeing.upkeep import erase, retention

    store, at = means.store, means.now()
    begun, is_due = store.upkeep.erasing(account), retention.is_due(store, account, at)
    if not begun and not store.upkeep.is_compact_due(account) and not is_due:
        return "not due"
    try:
        with store.writer(account, WHO, wait_s=LEASE_WAIT_S, on_wait=_silent):
            for agent in begun:
                erase.go_on(store, account, agent, at)
            erase.compact(store, account)
            if not is_due:  # never of an imported account
                return "done"
            said = retention.carry_out(store, account, engine, at, means.stopping)
    except StoreBusy:
        return "busy"
    except StoreError:
        raise
    except Exception as trouble:
        means.log.error("upkeep failed", account=account, problem=in_a_line(trouble, "upkeep"))
        return "failed"
    if said["removed"]:
        means.log.info("retention", account=account, removed=said["removed"])
    return "done" if said["whole"] else "more"


def _is_needed(store: Store, account: str, now: datetime) -> bool:
    run = store.work.run_of(account)
    if run.evaluated_at is None or now - run.evaluated_at >= EVALUATE_AT_LEAST:
        return True
    news = [at for at in (run.news_at, run.hook_at) if at is not None]
    return max(news, default=run.evaluated_at) > run.evaluated_at or store.dirty_since(account) is not None


def resume(store: Store, account: str) -> None:
    """The account has been connected (again): nothing holds it up any more, and its next pull is due at once."""
    store.work.note_run(account, paused_at=None, problem=None, failures=0, quiet_pulls=0, due_at=datetime.now(UTC))


def _silent(line: str) -> None:
    """Waiting for a turn is nothing to speak of."""
