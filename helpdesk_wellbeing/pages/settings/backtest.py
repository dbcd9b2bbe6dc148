"""What would have been flagged in the last weeks: how many, never who."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.agreement.gate import AGENT, gate_of
from helpdesk_wellbeing.agreement.showing import LEAST_K
from helpdesk_wellbeing.errors import ConfigError, StoreBusy
from helpdesk_wellbeing.people import holding

if TYPE_CHECKING:
    from helpdesk_wellbeing.engine import Catalogue
    from helpdesk_wellbeing.store import Store

WEEKS = 8
LONGEST_S = 60.0  # a run; what it has worked through is kept, and the next one goes on there
FEW = -1  # one to four people: who knows a team might know whom a small number means
_RAISED = frozenset(["warn", "critical"])
_QUIET = frozenset(["none", "pending", "cleared"])


@dataclass(frozen=True)
class Line:
    """One rule. Counts are subjects newly flagged in that week; `FEW` stands for one to four people.

    In the first week those that were flagged already count, too.
    """

    signal: str
    rule: str
    kind: str
    counts: tuple[int, ...]
    all: int


@dataclass(frozen=True)
class Backtest:
    """`weeks` are Mondays."""

    weeks: tuple[date, ...]
    lines: tuple[Line, ...]
    is_small: bool  # too few people to count any of them
    until: datetime


def run(
    store: Store, account: str, catalogue: Catalogue, now: datetime, tell: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, Any]:  # fmt: skip
    """Evaluate and count, JSON-ready. Raises ConfigError where there is nothing to evaluate, or not yet."""
    from helpdesk_wellbeing.engine import Engine
    from helpdesk_wellbeing.flags import changes

    first, last, _ = store.all_events_span(account)
    if first is None or last is None:
        raise ConfigError("nothing has been read yet, so there is nothing to look back on")
    engine = Engine(store, account, catalogue)
    _bring_up_to_date(store, engine, account, tell, clock() + LONGEST_S, clock)
    tell("evaluate")
    until = min(now, last + timedelta(hours=1))
    monday = until.date() - timedelta(days=until.weekday())
    weeks = [monday - timedelta(weeks=ago) for ago in reversed(range(WEEKS))]
    reached = store.latest_checkpoint(account, not_after=until)
    if reached is None or until - reached > timedelta(weeks=2):
        raise ConfigError("what was read is still being worked through; try again in a few minutes")
    since = until - timedelta(weeks=WEEKS)
    history, outcome = engine.history(first, until), engine.assess(until)
    # Numbers of people may be told before anything is agreed; who they are may not, and is nowhere in here.
    gate = replace(gate_of(store, account, now), signals=None, thresholds={})
    rows = changes(history, outcome, catalogue, gate=gate)
    people = holding(store.directory(account).people, until.date()).height
    lines = _lines(rows, weeks, is_small=people < LEAST_K, since=since.date())
    return {"weeks": [week.isoformat() for week in weeks], "lines": lines, "is_small": people < LEAST_K,
            "until": until.isoformat()}  # fmt: skip


def read(result: Mapping[str, Any]) -> Backtest:
    """What `run` gave, again."""
    lines = [Line(one["signal"], one["rule"], one["kind"], tuple(one["counts"]), one["all"]) for one in result["lines"]]
    weeks = tuple(date.fromisoformat(week) for week in result["weeks"])
    return Backtest(weeks, tuple(lines), bool(result["is_small"]), datetime.fromisoformat(result["until"]))


def _bring_up_to_date(
    store: Store, engine: Any, account: str, tell: Callable[[str], None], until: float, clock: Callable[[], float]
) -> None:  # fmt: skip
    def progress(line: str) -> None:
        if clock() > until:
            raise ConfigError("a minute was not enough to work through it all; what is done is kept, so begin again")
        tell(f"work:{line.rpartition(' to ')[2]}")

    try:
        with store.writer(account, "backtest", wait_s=5, on_wait=lambda line: None):
            engine.update(progress)
    except StoreBusy:
        tell("busy")  # whoever has it works through it, too


def _lines(
    rows: Iterable[Mapping[str, Any]], weeks: list[date], *, is_small: bool, since: date | None = None
) -> list[dict[str, Any]]:
    """Rows in the order of time. Those before `since` tell what was on already; it counts in the first week."""
    found: dict[tuple[str, str, str], dict[date, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        kind, day = row["subject"]["kind"], date.fromisoformat(row["date"])
        if kind == AGENT and is_small:
            continue
        if since is not None and day < since:
            already = found[row["signal"], row["rule"], kind][weeks[0]]
            (already.discard if row["to"] in _QUIET else already.add)(row["subject"]["id"])
            continue
        if row["to"] not in _RAISED or row["from"] not in _QUIET:
            continue
        monday = max(day - timedelta(days=day.weekday()), weeks[0])
        found[row["signal"], row["rule"], kind][min(monday, weeks[-1])].add(row["subject"]["id"])
    return [
        {
            "signal": signal, "rule": rule, "kind": kind,
            "counts": [_told(len(by_week.get(week, ())), kind) for week in weeks],
            "all": _told(len(set().union(*by_week.values())), kind),
        }
        for (signal, rule, kind), by_week in sorted(found.items())
        if any(by_week.values())
    ]  # fmt: skip


def _told(number: int, kind: str) -> int:
    return FEW if kind == AGENT and 0 < number < LEAST_K else number
