"""A worker: looks what is to be done, does its share of it, and says that it is alive.

Two threads beside those that work: one looks (five times a second for deliveries, every second for due pulls; one
query for all accounts), one beats (every five seconds), and takes over from those that beat no more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.exc import DBAPIError

from helpdesk_wellbeing import __version__
from helpdesk_wellbeing.engine import Catalogue, Engine
from helpdesk_wellbeing.errors import StoreBusy, StoreError
from helpdesk_wellbeing.pipeline import schedule, steps
from helpdesk_wellbeing.pipeline.counts import Counts
from helpdesk_wellbeing.pipeline.durable import Durable, Why, Work
from helpdesk_wellbeing.pipeline.schedule import Pace
from helpdesk_wellbeing.pipeline.warm import Lanes, Turns, Warm
from helpdesk_wellbeing.process import ALIVE_S, BEAT_S, Process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from helpdesk_wellbeing.feed import Connector
    from helpdesk_wellbeing.settings import Settings
    from helpdesk_wellbeing.store import Store
    from helpdesk_wellbeing.store.work import Worker as Known

LOOK_S = 0.2
DEBOUNCE = timedelta(seconds=0.1)  # deliveries come in bunches; with LOOK_S the first one waits 0.3 s at most
DUE_S = 1.0
ORPHANS_S = 30.0
# a run that left things as they were is asked for again after as long
AGAIN_S = {"hooks": 5, "due": 60, "acts": 5, "notices": 30}
# Runs that wait (of pulls also those that are going on), for each that can go on at once. DBOS takes accounts by chance
# and only the queue is filled by age, so it is kept short.
QUEUED = {"hooks": 0.5, "due": 2, "acts": 2, "notices": 2}
BEGUN_AT_ONCE = 4
LONGEST_QUICK = timedelta(hours=3)
STOPPED_S = 15.0  # a thread that has not come round for as long is not alive
ACTS_AT_ONCE = 4
PULLS_AT_ONCE = 8  # at least: they wait for helpdesks more than they work
ENGINES = 64
_MARGIN_S = 2.5  # of the time to stop in, for giving connections back


@dataclass(frozen=True)
class _Seen:
    """A heartbeat that another process was found with."""

    heartbeat: float
    times: int


class Worker:
    """One a process. What it is to do it finds in the store; others may run beside it, here or elsewhere."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        connect: Callable[[str], Connector],
        *,
        role: str,
        write: Callable[[str], str] | None = None,
        notify: Callable[[str], str] | None = None,
        pull: bool = True,
        pace: Pace | None = None,
        at_once: int | None = None,
        engines: int = ENGINES,
        catalogue: Catalogue | None = None,
    ) -> None:
        """`connect` gives an account's connector; `write` makes the writes that are due and says how that went (None:
        nothing is proposed or written); `notify` tells people what waits for them (None: nobody is told); `at_once` is
        how many evaluations are begun at a time, and how many pulls at least beside them. Evaluations take turns
        (`Lanes`); more are begun because a free place is filled only five times a second."""
        self._settings, self._store, self._role = settings, store, role
        self._at_once = at_once or BEGUN_AT_ONCE
        self._places = {"hooks": self._at_once, "due": max(self._at_once, PULLS_AT_ONCE), "acts": ACTS_AT_ONCE}
        self._places["notices"] = ACTS_AT_ONCE
        self._writer, self._notifier = write, notify
        self._stop = threading.Event()
        self._means = steps.Means(
            store,
            connect if pull else None,
            pace or Pace(),
            acts=write is not None,
            stopping=self._stop.is_set,
            clock=time.monotonic,
        )
        self._catalogue = catalogue
        self._engines = Warm(lambda account: Engine(store, account, self._known()), engines)
        self._turns, self._lanes, self._counts = Turns(), Lanes(), Counts()
        self._process = Process(store, role, self._counts.snapshot)
        self.name = self._process.name
        self._running: dict[str, int] = {}
        self._changed = threading.Condition()
        self._round: dict[str, float] = {}  # of each thread, by the monotonic clock
        self._threads: list[threading.Thread] = []
        self._seen: dict[str, _Seen] = {}
        self._lost: frozenset[str] = frozenset()
        self._versions: frozenset[str] = frozenset({__version__})
        self._workers = 1  # that are alive, this one included
        self._durable: Durable | None = None
        self._log = structlog.get_logger("pipeline")

    # ---- outside ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin. Raises what keeps it from beginning: a rule file, the database."""
        self._known()
        self._process.beat()
        self._durable = Durable(
            self._settings.database_url,
            self.name,
            Work(self._pull, self._evaluate, self._plan, self._write, self._notify, self._attended, self._upkeep),
            hooks_at_once=self._at_once,
            pulls_at_once=self._places["due"],
            acts_at_once=self._places["acts"],
        )
        loops = (("look", LOOK_S, self._look), ("beat", BEAT_S, self._beat_and_take_over))
        self._threads = [
            threading.Thread(target=self._loop, args=loop, name=f"pipeline-{loop[0]}", daemon=True) for loop in loops
        ]
        for thread in self._threads:
            thread.start()
        self._log.info("worker started", worker=self.name, role=self._role)

    def stop(self, timeout_s: float) -> bool:
        """End within `timeout_s`: what runs is finished, or cut where it can go on, or handed back.

        False when something still runs (a platform that does not answer): others do it already, and the process should
        end without waiting for its threads (`os._exit`).
        """
        deadline = time.monotonic() + timeout_s
        self._stop.set()
        durable = self._durable
        if durable is None:
            return True
        durable.stop_taking()
        for thread in self._threads:
            thread.join(max(0.0, deadline - _MARGIN_S - time.monotonic()))
        with self._changed:
            finished = self._changed.wait_for(
                lambda: not self._running, max(0.0, deadline - _MARGIN_S - time.monotonic())
            )
        with _survived(self._log, "hand back"):
            durable.hand_over(durable.begun_by([self.name]))
        with _survived(self._log, "say goodbye"):
            self._process.say_goodbye()
        durable.close()
        self._durable = None
        self._log.info("worker stopped", worker=self.name, finished=finished)
        return finished

    def alive(self) -> bool:
        """Whether it looks and beats."""
        now = time.monotonic()
        return bool(self._threads) and all(
            thread.is_alive() and now - self._round.get(thread.name, now) < STOPPED_S + BEAT_S
            for thread in self._threads
        )

    def counts(self) -> dict[str, Any]:
        """What this process has done so far: see `Counts.snapshot`."""
        return self._counts.snapshot()

    # ---- the work ---------------------------------------------------------------------------------------------------

    def _pull(self, account: str) -> str:
        self._counts.step("pull")
        try:
            with self._turns.turn(account, steps.TURN_WAIT_S):
                outcome = steps.pull(self._means, account)
        except StoreBusy:
            self._store.work.note_run(account, due_at=datetime.now(UTC) + steps.BUSY_RETRY)
            outcome = "busy"
        self._counts.pulled(account, outcome)
        return outcome

    def _evaluate(self, account: str, pulled: str | None) -> str:
        self._counts.step("evaluate")
        self._take_in(account)
        try:
            with self._turns.turn(account, steps.TURN_WAIT_S), self._lanes.lane(quick=self._is_quick(account)):
                outcome = self._evaluate_now(account, pulled)
        except StoreBusy:
            self._store.work.note_run(account, due_at=datetime.now(UTC) + steps.BUSY_RETRY)
            return "busy"
        if outcome == "failed":
            self._engines.drop(account)
        return outcome

    def _evaluate_now(self, account: str, pulled: str | None) -> str:
        self._take_in(account)  # what has come while others had their turn
        began = time.perf_counter()
        engine = self._engines.of(account)
        outcome = steps.evaluate(self._means, account, engine, self._known(), pulled)  # type: ignore[arg-type]
        if outcome == "done":
            self._counts.evaluated(account, time.perf_counter() - began)
        return outcome

    def _plan(self, account: str) -> str:
        due = self._store.work.run_of(account).plan_due_at
        if due is None or due > datetime.now(UTC):
            return "not due"
        self._counts.step("plan")
        try:
            with self._turns.turn(account, steps.TURN_WAIT_S), self._lanes.lane(quick=self._is_quick(account)):
                return steps.plan(self._means, account, self._engines.of(account), self._known())
        except StoreBusy:
            self._store.work.note_run(account, plan_due_at=datetime.now(UTC) + steps.BUSY_RETRY)
            return "busy"

    def _write(self, account: str) -> str:
        if self._writer is None:
            return "off"
        self._counts.step("write")
        return self._writer(account)

    def _notify(self, account: str) -> str:
        if self._notifier is None:
            return "off"
        self._counts.step("notify")
        return self._notifier(account)

    def _upkeep(self, account: str) -> str:
        try:
            with self._turns.turn(account, steps.TURN_WAIT_S):
                outcome = steps.upkeep(self._means, account, self._engines.of(account))
        except StoreBusy:
            return "busy"
        if outcome != "not due":
            self._counts.step("upkeep")
        return outcome

    def _is_quick(self, account: str) -> bool:
        """Whether little is to be worked through: the engine is warm, and nothing came for a time long ago."""
        dirty = self._store.dirty_since(account)
        return account in self._engines and (dirty is None or datetime.now(UTC) - dirty < LONGEST_QUICK)

    def _take_in(self, account: str) -> None:
        for _ in range(steps.take_in(self._means, account)):
            self._counts.step("delivery")

    def _attended(self, run: str, account: str, why: Why, begins: bool) -> None:
        with self._changed:
            self._running[run] = self._running.get(run, 0) + (1 if begins else -1)
            if self._running[run] == 0:
                del self._running[run]
            self._changed.notify_all()

    def _known(self) -> Catalogue:
        if self._catalogue is None:
            from helpdesk_wellbeing.rules.load import load_rules
            from helpdesk_wellbeing.signals.catalogue import SIGNALS

            self._catalogue = Catalogue(SIGNALS, load_rules(SIGNALS, self._settings.rules_folder))
        return self._catalogue

    # ---- looking ----------------------------------------------------------------------------------------------------

    def _loop(self, name: str, every_s: float, work: Callable[[], None]) -> None:
        while True:
            self._round[f"pipeline-{name}"] = time.monotonic()
            with _survived(self._log, name):
                work()
            if self._stop.wait(every_s):
                return

    def _look(self) -> None:
        now = datetime.now(UTC)
        self._ask_for_deliveries(now)
        if time.monotonic() - self._round.get("due", float("-inf")) >= DUE_S:
            self._round["due"] = time.monotonic()
            self._ask_for_pulls(now)
            self._ask_for_acts(now)
            if self._notifier is not None:
                self._ask("notices", self._store.notices.due(now), now, begun=True)

    def _ask_for_deliveries(self, now: datetime) -> None:
        depth = self._store.inbox.depth()
        oldest = {account: one.oldest for account, one in depth.items() if one.waiting and one.oldest is not None}
        # a delivery of the future comes from a machine whose clock is ahead of ours
        ready = {account: at for account, at in oldest.items() if not timedelta(0) <= now - at < DEBOUNCE}
        self._ask("hooks", ready, now, begun=False)

    def _ask_for_pulls(self, now: datetime) -> None:
        due = self._store.work.due(now)
        unplanned = [account for account, at in due.items() if at is None]
        if unplanned:
            with self._store.transaction():
                for account in unplanned:
                    self._store.work.note_run(account, due_at=schedule.first(account, now, self._means.pace))
        self._ask("due", {account: at for account, at in due.items() if at is not None}, now, begun=True)

    def _ask_for_acts(self, now: datetime) -> None:
        if self._writer is None:
            return
        ready = self._store.work.plans_due(now)
        for account, at in self._store.writes.due(now).items():
            ready[account] = min(at, ready.get(account, at))
        self._ask("acts", ready, now, begun=True)

    def _ask(self, why: Why, ready: Mapping[str, datetime], now: datetime, *, begun: bool) -> None:
        """Ask for runs, unless one is there already; all workers give one run the same key."""
        durable = self._durable
        if not ready or durable is None:
            return
        there = durable.asked_for(why, self._versions, begun=begun)
        # those that have waited longest come next
        room = max(1, int(QUEUED[why] * self._places[why] * self._workers)) - len(there)
        for account in sorted(set(ready) - there, key=lambda name: ready[name])[: max(room, 0)]:
            since = f"{ready[account]:%Y%m%dT%H%M%S.%f}"
            durable.ask(account, why, f"{since}:{int(now.timestamp()) // AGAIN_S[why]}")
            self._counts.step(f"asked {why}")

    # ---- being alive, and others not --------------------------------------------------------------------------------

    def _beat_and_take_over(self) -> None:
        self._process.beat()
        durable = self._durable
        if durable is None:
            return
        everybody = self._store.work.workers()
        living = [one for one in everybody if one.age_s < ALIVE_S and one.role != "web"]
        self._versions = frozenset(one.version for one in living)
        for one in self._dead_among(everybody):
            if self._store.work.forget_worker(one.name):
                self._took_over(one.name, durable.hand_over(durable.begun_by([one.name])))
        self._hand_back_the_lost(durable)
        self._workers = max(1, len(living))
        if living and living[0].name == self.name and time.monotonic() - self._round.get("orphans", 0.0) >= ORPHANS_S:
            self._round["orphans"] = time.monotonic()
            self._look_after_orphans(durable)

    def _dead_among(self, everybody: list[Known]) -> list[Known]:
        """Those found twice with the same old heartbeat: after the database stood still everybody's is old once."""
        before, self._seen = self._seen, {}
        dead = []
        for one in everybody:
            if one.name == self.name or one.age_s < ALIVE_S:
                continue
            last = before.get(one.name)
            times = last.times + 1 if last is not None and last.heartbeat == one.heartbeat else 1
            self._seen[one.name] = _Seen(one.heartbeat, times)
            if times >= 2:
                dead.append(one)
        return dead

    def _hand_back_the_lost(self, durable: Durable) -> None:
        """Runs that stand as begun by this process, though nothing of it works on them: their end was not recorded.

        It happens when the database goes away at the wrong moment. Twice in a row, as an end takes a while to record.
        """
        with self._changed:
            running = set(self._running)
        lost = {run.workflow_id: run for run in durable.begun_by([self.name]) if run.workflow_id not in running}
        again = [run for name, run in lost.items() if name in self._lost]
        self._lost = frozenset(lost)
        if again:
            self._took_over(self.name, durable.hand_over(again))

    def _look_after_orphans(self, durable: Durable) -> None:
        """The eldest does what nobody else would: runs of processes that were forgotten before their work was."""
        found = durable.begun_by_none_of(one.name for one in self._store.work.workers())
        if found:
            self._took_over("processes unknown", durable.hand_over(found))
        durable.forget_other_versions(self._versions)
        while durable.tidy() and not self._stop.is_set():
            pass

    def _took_over(self, worker: str, runs: int) -> None:
        self._counts.step("take-over")
        self._log.warning("taken over", worker=worker, runs=runs)


@contextmanager
def _survived(log: Any, what: str) -> Iterator[None]:
    """A database that is away for a while ends nothing; the next round tries again."""
    try:
        yield
    except (StoreError, DBAPIError) as trouble:
        log.warning(
            "database trouble",
            during=what,
            problem=str(trouble) if isinstance(trouble, StoreError) else type(trouble).__name__,
        )
    except Exception as trouble:
        log.error("unexpected", during=what, problem=type(trouble).__name__, exc_info=True)
