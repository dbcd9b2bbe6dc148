"""From stored events to flags: fold what is dirty, evaluate what is new, remember where to go on.

Time is worked through in slices. At the end of each slice stands a checkpoint: what the fold and the rules carry over.
New events make everything from their oldest day on dirty; the engine goes back to the checkpoint before that day and
works forward from there. `check` does the same for the stretch after the last checkpoint, without keeping it, so live,
replay and `--as-of` are one path and never see an event later than asked for.
"""

from __future__ import annotations

import hashlib
import secrets
from bisect import bisect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import polars as pl

from helpdesk_wellbeing.agreement.objecting import objections_of
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.facts import fold as folding
from helpdesk_wellbeing.facts import identity
from helpdesk_wellbeing.facts import schema as shapes
from helpdesk_wellbeing.facts.window import Window, combine
from helpdesk_wellbeing.pulling import remembered_roster
from helpdesk_wellbeing.rules.again import Look, look
from helpdesk_wellbeing.rules.model import Rule
from helpdesk_wellbeing.rules.run import TRANSITION
from helpdesk_wellbeing.signals.base import CHANGES, Facts, Signal

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

# How far back signals look (averages over 24 weeks; ten worked days of someone who works two days a week; four weeks of
# queues), and a week more: evidence is shown until the next weekly evaluation.
WINDOWS = {
    "shifts": timedelta(weeks=27),
    "days": timedelta(weeks=27),
    "queues": timedelta(weeks=8),
    "touches": timedelta(days=37),
    "handled": timedelta(weeks=9),
    "hard": timedelta(weeks=9),
    "loads": timedelta(days=9),
}
# Checkpoints are kept for every Monday, for the midnights of the last days and for the last whole hours, so that new
# events cost an hour's work, a late one a day's, and a very late one a week's.
DAILY_CHECKPOINTS = timedelta(days=8)
HOURLY_CHECKPOINTS = timedelta(hours=3)
EVENTS_A_SLICE = 300_000
LONGEST_SLICE_WEEKS = 13
SHORT_STRETCH = timedelta(days=1)  # up to here, reading the tickets it touches beats reading all of them
SILENCE = timedelta(weeks=5)
FOLD_VERSION = "3"  # raise it when facts, signals or the machine change what they compute
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_LAST = datetime(9999, 12, 31, tzinfo=UTC)

DEFAULT_HARD_TAGS = ("legal", "complaint", "abuse", "threat", "press", "churn")


@dataclass(frozen=True)
class Catalogue:
    """Which signals are computed and which rules judge them."""

    signals: Mapping[str, Signal]
    rules: Mapping[str, Rule]

    def active(self) -> Iterator[tuple[Rule, Signal]]:
        """Enabled rules with their signals."""
        return ((rule, self.signals[rule.signal]) for rule in self.rules.values() if rule.enabled)

    def fingerprint(self) -> str:
        """Changes when a rule does, so that stored states are not judged by other thresholds."""
        text = "\n".join(rule.model_dump_json(exclude={"examples"}) for rule in self.rules.values())
        return hashlib.sha256(text.encode()).hexdigest()[:16]


CHANGES_REACH = timedelta(weeks=27)  # the longest reference period, and the weeks around it


@dataclass(frozen=True)
class Standing:
    """Everything that is carried from one stretch to the next."""

    at: datetime
    carry: folding.Carry
    states: dict[str, pl.DataFrame] = field(default_factory=dict)  # rule id -> state
    memories: dict[str, pl.DataFrame] = field(default_factory=dict)  # rule id -> memory of its signal
    strong_seen: bool = False  # ratings or listed tags were seen so far
    changes: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=CHANGES))


@dataclass(frozen=True)
class _Warm:
    """Everything to go on from a checkpoint with."""

    stamp: str | None  # which writing of the checkpoint it was; None before the first one
    window: Window
    standing: Standing


@dataclass(frozen=True)
class Outcome:
    """Where an account stands at an instant."""

    account: str
    as_of: datetime
    facts: Facts
    standing: Standing
    since: datetime  # where the stretch after the last checkpoint began
    transitions: pl.DataFrame  # of that stretch: rule + TRANSITION
    review: list[dict[str, str]]


TRANSITIONS = pl.Schema({"rule": pl.String(), **TRANSITION})


class Engine:
    """Works one account's events through facts, signals and rules."""

    def __init__(self, store: Store, account: str, catalogue: Catalogue) -> None:
        self._store = store
        self._account = account
        self._catalogue = catalogue
        self._warm: _Warm | None = None
        self._look: Look | None = None
        self._revision: int | None = None

    def _look_around(self) -> None:
        """See what the account is like now; it may have changed since this engine was used last."""
        revision = self._store.revision(self._account)
        if revision != self._revision:
            self._directory = self._store.directory(self._account)
            self._settings = self._store.account(self._account)
            self._revision = revision
        self._objections = objections_of(self._store, self._account)
        self.__dict__.pop("_all_snapshots", None)
        self.__dict__.pop("_context", None)

    # ---- keeping up -----------------------------------------------------------------------------------------------

    def update(self, progress: Callable[[str], None] = lambda line: None) -> bool:
        """Fold and evaluate everything up to the last whole UTC hour; true when there was something to do.

        The account's writer lease must be held. Each slice lands with its checkpoint in one transaction.
        """
        self._look_around()
        self._forget_other_versions()
        # One transaction: whatever arrives after it marks the account dirty again, and the next update sees that.
        with self._store.transaction():
            first, last, count = self._store.all_events_span(self._account)
            if first is None or last is None:
                return False
            dirty = self._dirty_since()
            not_after = dirty or last
            if self._store.upkeep.floor(self._account) is None:
                not_after = max(not_after, first)
            start = self._store.latest_checkpoint(self._account, not_after=not_after)
            since = start or _midnight(first)
            cuts = _cuts(since, last, _stride(first, last, count))
            if not cuts and dirty is None:
                return False
            self._store.drop_checkpoints_after(self._account, since)
            self._store.drop_pieces_from(self._account, since)
            self._store.set_clean(self._account)
        if not cuts:
            return True
        warm = self._resumed(start, first)
        window, standing = warm.window, warm.standing
        for cut in cuts:
            progress(f"{self._account}: working through {standing.at:%Y-%m-%d} to {cut:%Y-%m-%d}")
            began = standing.at
            window, standing, transitions, _, new = self._advance(window, standing, cut, first)
            with self._store.transaction():
                self._warm = self._keep(began, new, window, standing, transitions)
        self._thin_checkpoints(last)
        return True

    def assess(self, as_of: datetime) -> Outcome:
        """Where everything stands at `as_of` (inclusive), as if the product had run all along.

        Reads one state of the store, whatever a writer does meanwhile.
        """
        with self._store.view():
            return self._assess(as_of)

    def _assess(self, as_of: datetime) -> Outcome:
        first, last, count = self._store.all_events_span(self._account)
        if first is None or last is None:
            raise ConfigError(f"{self._account}: no events yet; run pull or import first")
        if as_of < first:
            raise ConfigError(f"{self._account}: the first event is of {first:%Y-%m-%d}; nothing is known at {as_of}")
        self._look_around()
        self._warm = self._resumed(self._resume(as_of), first)
        window, standing = self._warm.window, self._warm.standing
        since = standing.at
        # After a long silence nothing can rise or count towards an end any more.
        until = min(as_of, last + SILENCE) + _TICK
        changes = [pl.DataFrame(schema=TRANSITIONS)]
        for cut in [*_cuts(standing.at, until - _TICK, _stride(first, last, count), kept=False), until]:
            window, standing, transitions, facts, _ = self._advance(window, standing, cut, first, as_of=cut == until)
            changes.append(transitions)
        # Otherwise the very facts that the rules saw: what signals remember of them serves the answer, too.
        if until != as_of + _TICK:
            facts = self._facts(window, standing, standing, as_of + _TICK, first)
        return Outcome(
            account=self._account,
            as_of=as_of,
            facts=facts,
            standing=standing,
            since=since,
            transitions=pl.concat(changes),
            review=list(facts.review),
        )

    def history(self, since: datetime, until: datetime) -> pl.DataFrame:
        """Every change of level with since <= at < until (columns `TRANSITIONS`), as it would have happened live."""
        outcome = self.assess(until - _TICK)
        stored = self._store.read_pieces(self._account, "transitions", None, outcome.since)
        kept = [] if stored.height == 0 else [stored.select(TRANSITIONS.names())]
        changes = pl.concat([*kept, outcome.transitions])
        return changes.filter(pl.col("at").is_between(since, until, closed="left")).sort("at", "rule", "subject")

    def all_facts(self, kind: str, as_of: datetime | None = None) -> pl.DataFrame:
        """Every row of one kind of facts (`days`, `shifts`, `queues`) from the first event to `as_of`."""
        first, last, _ = self._store.all_events_span(self._account)
        if first is None or last is None:
            return pl.DataFrame(schema=shapes.SCHEMAS[kind])
        until = (as_of or last) + _TICK
        self._look_around()
        standing = self._standing(self._resume(until), first)
        stored = self._store.read_pieces(self._account, kind, None, standing.at)
        events = self._store.all_events(self._account, standing.at, until)
        snapshots = self._snapshots(standing, events, until)
        new = folding.fold(standing.carry, events, until, self._context, snapshots).frames[kind]
        frames = [new] if stored.height == 0 else [stored.select(new.columns), new]
        return combine({kind: pl.concat(frames)})[kind]

    # ---- one slice ------------------------------------------------------------------------------------------------

    def _advance(
        self,
        window: Window,
        standing: Standing,
        until: datetime,
        first: datetime,
        *,
        as_of: bool = False,
    ) -> tuple[Window, Standing, pl.DataFrame, Facts, Mapping[str, pl.DataFrame]]:
        events = self._store.all_events(self._account, standing.at, until)
        folded = folding.fold(standing.carry, events, until, self._context, self._snapshots(standing, events, until))
        window = window.grown(folded.frames).from_days(_from_days(standing.at))
        strong = standing.strong_seen or self._strong_indicator_in(events)
        changed = _changes(standing.changes, events, until)
        standing_now = replace(standing, carry=folded.carry, strong_seen=strong, changes=changed)
        facts = replace(self._facts(window, standing, standing_now, until, first), as_of=as_of)
        seen = self._look = look(self._catalogue.active(), facts, standing.states, standing.memories, self._look)
        states = {**standing.states, **{rule: ran.state for rule, ran in seen.runs.items()}}
        memories = {**standing.memories, **{rule: ran.memory for rule, ran in seen.runs.items()}}
        changes = [(rule, ran.transitions) for rule, ran in seen.runs.items() if ran.transitions.height]
        named = [rows.select(pl.lit(rule).alias("rule"), pl.all()) for rule, rows in changes]
        after = Standing(until, folded.carry, states, memories, strong, changed)
        transitions = pl.concat(named) if named else pl.DataFrame(schema=TRANSITIONS)
        return window, after, transitions, facts, folded.frames

    def _facts(
        self,
        window: Window,
        before: Standing,
        now: Standing,
        until: datetime,
        first: datetime,
    ) -> Facts:
        frames = window.facts()
        days = frames["days"]
        shared, review = identity.recognise(days, self._directory)
        return Facts(
            since=before.at - _TICK,
            until=until - _TICK,
            history_start=min(first, self._store.upkeep.history_start(self._account) or first),
            zone=self._settings.zone,
            week_start=self._settings.week_start,
            directory=self._directory,
            loads=frames["loads"],
            hard_possible=now.strong_seen or self._has_tiers(),
            changes=now.changes,
            followed_since=self._context.followed_since,
            shared=shared,
            review=review,
            objections=self._objections,
            shifts=frames["shifts"],
            days=days,
            queues=frames["queues"],
            touches=frames["touches"],
            handled=frames["handled"],
            hard=frames["hard"],
        )

    def _snapshots(self, standing: Standing, events: pl.DataFrame, until: datetime) -> pl.DataFrame:
        """The platform's own view of tickets: of all, or of those that a short stretch is about."""
        if standing.carry.cut.height == 0 or until - standing.at > SHORT_STRETCH:
            return self._all_snapshots
        return self._store.tickets_among(self._account, events["ticket"], standing.at, until)

    @cached_property
    def _all_snapshots(self) -> pl.DataFrame:
        return self._store.tickets(self._account)

    @cached_property
    def _context(self) -> folding.FoldContext:
        return folding.FoldContext(
            zone=self._settings.zone,
            week_start=self._settings.week_start,
            directory=self._directory,
            hard_tags=tuple(self._settings.settings.get("hard_tags") or DEFAULT_HARD_TAGS),
            automation=frozenset(remembered_roster(self._store, self._account).get("automation", ())),
            followed_since=self._store.followed_since(self._account),
        )

    def _has_tiers(self) -> bool:
        return self._directory.groups["tier"].drop_nulls().n_unique() > 1

    def _strong_indicator_in(self, events: pl.DataFrame) -> bool:
        listed = pl.col("after").is_in(list(self._context.hard_tags))
        strong = (pl.col("kind") == "rated") | ((pl.col("kind") == "tagged") & listed)
        return bool(events.select(strong.any()).item()) if events.height else False

    # ---- what is kept ---------------------------------------------------------------------------------------------

    def _resume(self, not_after: datetime) -> datetime | None:
        """The checkpoint to go on from. A reader may come before the writer has folded, or after a rule was changed."""
        if self._store.get_meta(self._account, "fold_version") != self._version():
            return None
        dirty = self._dirty_since() or not_after
        return self._store.latest_checkpoint(self._account, not_after=min(not_after, dirty))

    def _dirty_since(self) -> datetime | None:
        """Where the facts stop to hold. What retention has cut cannot be folded again: from there on, at the most."""
        dirty, floor = self._store.dirty_since(self._account), self._store.upkeep.floor(self._account)
        return dirty if dirty is None or floor is None else max(dirty, floor)

    def _version(self) -> str:
        return f"{FOLD_VERSION}:{self._catalogue.fingerprint()}"

    def _standing(self, at: datetime | None, first: datetime) -> Standing:
        if at is None:
            return Standing(_midnight(first), folding.Carry.empty())
        parts = _Parts(self._store, self._account, at)
        states, memories = {}, {}
        for rule, _ in self._catalogue.active():
            states[rule.id] = parts[f"state:{rule.id}"]
            memories[rule.id] = parts[f"memory:{rule.id}"]
        carry = folding.Carry.from_parts({name: parts[f"carry:{name}"] for name in folding.Carry.PARTS})
        return Standing(at, carry, states, memories, bool(parts["seen"]["strong"].item()), parts["changes"])

    def _resumed(self, at: datetime | None, first: datetime) -> _Warm:
        """What stood at a checkpoint; from memory when this engine was there last and nobody has rewritten it."""
        stamp = None if at is None else _Parts(self._store, self._account, at)["seen"]["stamp"].item()
        warm = self._warm
        if warm is not None and stamp is not None and (warm.standing.at, warm.stamp) == (at, stamp):
            return warm
        standing = self._standing(at, first)
        days = _from_days(standing.at)
        if at is None and not self._facts_hold():
            return _Warm(None, Window.of({name: _no_pieces(name) for name in WINDOWS}), standing)
        pieces = {name: self._store.read_pieces(self._account, name, days[name], standing.at) for name in WINDOWS}
        return _Warm(stamp, Window.of(pieces), standing)

    def _facts_hold(self) -> bool:
        """Whether what is stored was computed as this program would; rules may be others."""
        kept = self._store.get_meta(self._account, "fold_version") or ""
        return kept.partition(":")[0] == FOLD_VERSION

    def keep_checkpoint(self, not_after: datetime) -> datetime | None:
        """See to it that there is a checkpoint at the last Monday up to `not_after`, from which all later facts can be
        made again; that Monday. None: nothing was worked through as far, or not all of it holds.

        The account's writer lease must be held.
        """
        self._look_around()
        monday = _midnight(not_after) - timedelta(days=not_after.weekday())
        first, _, _ = self._store.all_events_span(self._account)
        dirty = self._store.dirty_since(self._account)
        if first is None or monday <= first or (dirty is not None and dirty < monday):
            return None
        before = self._resume(monday)
        if before is None or self._store.latest_checkpoint(self._account, not_after=_LAST) == before:
            return None
        if before < monday:
            warm = self._resumed(before, first)
            window, standing = warm.window, warm.standing
            for cut in _cuts(before, monday, kept=False):
                window, standing, _, _, _ = self._advance(window, standing, cut, first)
            self._keep_standing(standing)
            self._warm = None
        return monday

    def _keep(
        self,
        began: datetime,
        frames: Mapping[str, pl.DataFrame],
        window: Window,
        standing: Standing,
        transitions: pl.DataFrame,
    ) -> _Warm:
        new = {name: frames[name] for name in WINDOWS}
        new["transitions"] = transitions.with_columns(piece=pl.col("at").dt.date())
        for start, end in pairwise([began, *_cuts(began, standing.at - _TICK, kept=False), standing.at]):
            in_week = pl.col("piece").is_between(start.date(), (end - _TICK).date())
            weekly = {name: frame.filter(in_week) for name, frame in new.items()}
            self._store.write_pieces(self._account, start, {name: rows for name, rows in weekly.items() if rows.height})
        return _Warm(self._keep_standing(standing), window, standing)

    def _keep_standing(self, standing: Standing) -> str:
        stamp = secrets.token_hex(8)
        parts = {f"carry:{name}": frame for name, frame in standing.carry.to_parts().items()}
        parts |= {f"state:{rule}": frame for rule, frame in standing.states.items()}
        parts |= {f"memory:{rule}": frame for rule, frame in standing.memories.items()}
        parts["changes"] = standing.changes
        parts["seen"] = pl.DataFrame({"strong": [standing.strong_seen], "stamp": [stamp]})
        self._store.write_checkpoint(self._account, standing.at, parts)
        return stamp

    def _forget_other_versions(self) -> None:
        if self._store.get_meta(self._account, "fold_version") == self._version():
            return
        with self._store.transaction():
            kept = self._store.get_meta(self._account, "fold_version") or ""
            floor = self._store.upkeep.floor(self._account)
            if kept.partition(":")[0] != FOLD_VERSION:
                floor = None
                self._store.upkeep.forget_history_start(self._account)
            self._store.drop_checkpoints_after(self._account, datetime(1, 1, 1, tzinfo=UTC))
            # facts from before the floor cannot be made again, and those of other rules are the same
            self._store.drop_pieces_from(self._account, floor or datetime(1, 1, 1, tzinfo=UTC))
            self._store.set_meta(self._account, "fold_version", self._version())

    def _thin_checkpoints(self, last: datetime) -> None:
        there = self._store.list_checkpoints(self._account)
        kept = [at for at in there if _is_kept(at, last)]
        with self._store.transaction():
            for at in set(there).difference(kept):
                self._store.drop_checkpoint(self._account, at)
                around = bisect(kept, at)
                self._store.join_pieces(self._account, kept[around - 1], kept[around])


def _no_pieces(kind: str) -> pl.DataFrame:
    return pl.DataFrame(schema={**shapes.SCHEMAS[kind], "piece": pl.Date()})


class _Parts:
    """The parts of one checkpoint, read when asked for."""

    def __init__(self, store: Store, account: str, at: datetime) -> None:
        self._store, self._account, self._at = store, account, at

    def __getitem__(self, name: str) -> pl.DataFrame:
        part = self._store.read_checkpoint_part(self._account, self._at, name)
        assert isinstance(part, pl.DataFrame)
        return part


def _changes(before: pl.DataFrame, events: pl.DataFrame, until: datetime) -> pl.DataFrame:
    """CHANGES with those of more events."""
    is_change = pl.col("kind").is_in(["status", "assigned", "moved", "priority"])
    unnamed = (pl.col("grade") == "B") & pl.col("actor").is_null()
    new = (
        events.filter(is_change)
        .group_by(day=pl.col("at").dt.date())
        .agg(pl.len().cast(pl.Int64).alias("all"), unnamed.sum().cast(pl.Int64).alias("unnamed"))
    )
    both = pl.concat([before, new]).group_by("day").sum().sort("day")
    return both.filter(pl.col("day") > (until - _TICK - CHANGES_REACH).date())


def _midnight(at: datetime) -> datetime:
    return _hour(at).replace(hour=0)


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _cuts(start: datetime, last: datetime, weeks: int = 1, *, kept: bool = True) -> list[datetime]:
    """Where to cut the time after `start` up to `last`: at Mondays 00:00 UTC, every so many weeks.

    With `kept` also where checkpoints of the last days and hours are needed.
    """
    days = _steps(start, last, timedelta(days=1))
    cuts = {day for day in days if day.weekday() == 0 and day.toordinal() // 7 % weeks == 0}
    if kept:
        cuts.update(_steps(max(start, _midnight(last) - DAILY_CHECKPOINTS - _TICK), last, timedelta(days=1)))
        cuts.update(_steps(max(start, _hour(last) - HOURLY_CHECKPOINTS), last, timedelta(hours=1)))
    return sorted(cuts)


def _is_kept(checkpoint: datetime, last: datetime) -> bool:
    """Whether a checkpoint is still needed when events reach up to `last`."""
    if checkpoint > _hour(last) - HOURLY_CHECKPOINTS:
        return True
    is_midnight = checkpoint == _midnight(checkpoint)
    return is_midnight and (checkpoint >= _midnight(last) - DAILY_CHECKPOINTS or checkpoint.weekday() == 0)


def _steps(after: datetime, up_to: datetime, step: timedelta) -> list[datetime]:
    """Whole UTC days or hours in (after, up_to]."""
    first = (after - EPOCH) // step + 1
    return [EPOCH + number * step for number in range(first, (up_to - EPOCH) // step + 1)]


def _stride(first: datetime, last: datetime, events: int) -> int:
    """Weeks in one slice: as many as a slice holds events for, so that thin years go quickly."""
    weeks = max((last - first) / timedelta(weeks=1), 1.0)
    return min(max(int(EVENTS_A_SLICE * weeks / max(events, 1)), 1), LONGEST_SLICE_WEEKS)


def _from_days(at: datetime) -> dict[str, date]:
    """How far back each kind of facts reaches when a stretch begins at `at`: whole weeks before its Monday."""
    monday = at.date() - timedelta(days=at.weekday())
    return {name: monday - reach for name, reach in WINDOWS.items()}
