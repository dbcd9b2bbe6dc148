"""What Prometheus reads: the store's rows at the moment of asking, and what each process has counted.

Counters carry the process that counted, so that one that ends takes its own series along and no sum runs backwards.
No label is about a person.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector

from helpdesk_wellbeing.condition import Condition, condition_of, is_alive, tally
from helpdesk_wellbeing.errors import WellbeingError

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

P = "helpdesk_wellbeing_"

_SECONDS: tuple[tuple[str, str, Callable[[Condition], datetime | None]], ...] = (
    ("pull_lag_seconds", "Since the last pull came to its end.", lambda one: one.run.pulled_at),
    ("evaluated_age_seconds", "Since the last evaluation.", lambda one: one.run.evaluated_at),
    ("inbox_oldest_age_seconds", "How long the oldest delivery has been waiting.", lambda one: one.oldest),
)
_NUMBERS: tuple[tuple[str, str, Callable[[Condition], float | None]], ...] = (
    ("quota_left", "API calls left in the present minute, as the platform said last.", lambda one: one.run.quota_left),
    ("inbox_waiting", "Deliveries that wait to be worked off.", lambda one: one.waiting),
    ("inbox_set_aside", "Deliveries that failed too often.", lambda one: one.set_aside),
    ("pull_failures", "Runs in a row that failed.", lambda one: one.run.failures),
    ("paused", "1: paused until somebody does something, see status.", lambda one: one.is_paused),
    ("webhooks_silent", "1: pulls bring news and webhooks don't.", lambda one: one.is_silent),
)


class Deliveries:
    """Counts what came to the door, by outcome and account; from any number of threads."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def count(self, outcome: str, account: str | None) -> None:
        """One more call; the account is None where the caller has not proven to be one."""
        with self._lock:
            self._counts[account or "", outcome] += 1

    def counts(self) -> dict[str, dict[str, int]]:
        """By account ("" for the unproven), by outcome."""
        found: dict[str, dict[str, int]] = {}
        with self._lock:
            for (account, outcome), number in self._counts.items():
                found.setdefault(account, {})[outcome] = number
        return found


class StoreCollector(Collector):
    """Reads the store when it is asked. Where that fails, it says so and shows what this process has counted."""

    def __init__(
        self,
        store: Store,
        process: str,
        counts: Callable[[], Mapping[str, Any]],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._process = process
        self._counts = counts
        self._now = now
        self._flags: dict[str, tuple[datetime, Counter[tuple[str, str]]]] = {}
        self._lock = threading.Lock()

    def describe(self) -> Iterable[Metric]:
        """Nothing is known before the store has been read."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """All metrics, as of now."""
        counts = {self._process: dict(self._counts())}
        try:
            found = list(self._of_the_store(counts))
        except WellbeingError:
            found = []
        yield GaugeMetricFamily(f"{P}store_up", "1: the database answers.", value=bool(found))
        yield from found
        yield from _counted(counts)

    def _of_the_store(self, counts: dict[str, dict[str, Any]]) -> Iterator[Metric]:
        now = self._now()
        depths = self._store.inbox.depth()
        found = [condition_of(run, depths.get(run.account), now) for run in self._store.work.runs()]
        for name, text, since in _SECONDS:
            ages = ((one, since(one)) for one in found)
            yield _gauge(name, text, {one.run.account: (now - at).total_seconds() for one, at in ages if at})
        for name, text, number in _NUMBERS:
            values = ((one.run.account, number(one)) for one in found)
            yield _gauge(name, text, {account: float(value) for account, value in values if value is not None})
        yield self._of_flags()
        alive: Counter[str] = Counter({"all": 0, "web": 0, "worker": 0})
        for worker in self._store.work.workers():
            if is_alive(worker):
                alive[worker.role] += 1
                counts.setdefault(worker.name, worker.counts)
        family = GaugeMetricFamily(f"{P}processes", "Processes that are alive.", labels=["role"])
        for role, number_alive in sorted(alive.items()):
            family.add_metric([role], number_alive)
        yield family

    def _of_flags(self) -> Metric:
        text = "Active flags. Level `any` stands for all levels of flags about agents; small teams have none of those."
        family = GaugeMetricFamily(f"{P}flags", text, labels=["account", "signal", "level"])
        for account, made in sorted(self._store.work.answers_made().items()):
            for (signal, level), number in sorted(self._tally(account, made).items()):
                family.add_metric([account, signal, level], number)
        return family

    def _tally(self, account: str, made: datetime) -> Counter[tuple[str, str]]:
        """Answers are long and change seldom; a count is kept until there is another answer."""
        with self._lock:
            kept = self._flags.get(account)
        if kept is not None and kept[0] == made:
            return kept[1]
        answer = self._store.work.answer_of(account)
        agents = self._store.directory(account).people["agent"].n_unique()
        counts = tally(answer or {}, agents)
        with self._lock:
            self._flags[account] = (made, counts)
        return counts


def _gauge(name: str, text: str, by_account: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(P + name, text, labels=["account"])
    for account, value in by_account.items():
        family.add_metric([account], value)
    return family


def _counted(counts: Mapping[str, Mapping[str, Any]]) -> Iterator[Metric]:
    """What processes have counted; a newer version's may count things that are not known here."""
    deliveries = CounterMetricFamily(
        f"{P}deliveries", "Calls to the door.", labels=["account", "outcome", "process"]
    )  # fmt: skip
    pulls = CounterMetricFamily(f"{P}pulls", "Pulls that have ended.", labels=["account", "outcome", "process"])
    steps = CounterMetricFamily(f"{P}steps", "Steps of the pipeline.", labels=["step", "process"])
    taken = SummaryMetricFamily(f"{P}evaluation_seconds", "Time of evaluations.", labels=["account", "process"])
    for process, said in counts.items():
        for family, by_account in ((deliveries, said.get("deliveries", {})), (pulls, said.get("pulls", {}))):
            for account, outcomes in by_account.items():
                for outcome, number in outcomes.items():
                    family.add_metric([account, outcome, process], number)
        for step, number in said.get("steps", {}).items():
            if isinstance(number, int | float):
                steps.add_metric([step, process], number)
        for account, one in said.get("evaluations", {}).items():
            taken.add_metric([account, process], count_value=one["count"], sum_value=one["seconds"])
    yield from (deliveries, pulls, steps, taken)
