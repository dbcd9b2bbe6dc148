"""The fold: events of a stretch of time and what was carried into it become facts and what is carried on.

The result is the same for any cuts at whole UTC hours, any order of rows and any batching: everything that
depends on more than one event is either in the carry or decided within one UTC hour. Long stretches are
worked through week by week.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cache
from itertools import pairwise
from typing import ClassVar

import numpy as np
import polars as pl

from helpdesk_wellbeing.clock import DAY, Ints, micros
from helpdesk_wellbeing.events import WORK_KINDS
from helpdesk_wellbeing.facts import agents as agent_facts
from helpdesk_wellbeing.facts import hard, listed, load, queues, schema, tickets, timeline, weights, work
from helpdesk_wellbeing.facts.agents import Stretch, Worked
from helpdesk_wellbeing.facts.roster import Roster, not_people
from helpdesk_wellbeing.facts.rows import AGENT, KIND, Names, Rows, lay_out, numbers, ordered_by, places
from helpdesk_wellbeing.facts.tickets import History
from helpdesk_wellbeing.people import Directory

DEFAULT_HARD_TAGS = ("legal", "complaint", "abuse", "threat", "press", "churn")
PIECE = {"piece": pl.Date()}

# Work events of shifts and local dates that a later event may still change.
TAIL = pl.Schema(
    {
        "agent": pl.String(),
        "at": pl.Int64(),
        "ticket": pl.String(),
        "grade": pl.Int8(),
        "effort": pl.Int64(),
        "solved": pl.Int64(),
        "open_weight": pl.Int64(),
    }
)
# One row: the instant of the cut and the first instant of the log (microseconds since 1970).
CUT = pl.Schema({"at": pl.Int64(), "log_start": pl.Int64()})
_TOUCHED = pl.Schema({"day": pl.Date(), "group": pl.String(), "ticket": pl.String()})


@dataclass(frozen=True)
class FoldContext:
    """What the fold needs to know about the account."""

    zone: str  # the account's
    week_start: int  # 0 = Monday
    directory: Directory
    hard_tags: tuple[str, ...] = DEFAULT_HARD_TAGS
    automation: frozenset[str] = frozenset()  # accounts that are certainly no person
    followed_since: datetime | None = None  # how tickets stood before is not known; null: it always is

    def machines(self) -> list[str]:
        """Accounts whose acts are nobody's work."""
        return sorted(self.automation | not_people(self.directory).keys())


@dataclass(frozen=True)
class Carry:
    """What is carried from one stretch to the next; frames only, so that it can be stored."""

    PARTS: ClassVar[tuple[str, ...]] = ("cut", "tail", "tickets", "loads", "queues", "queue_days", "touched")

    cut: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=CUT))
    tail: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=TAIL))
    tickets: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=tickets.STATE))
    loads: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=load.BASE))
    queues: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=queues.OPEN))
    queue_days: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=queues.RUNNING))
    touched: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_TOUCHED))

    @staticmethod
    def empty() -> Carry:
        """Nothing has happened yet."""
        return Carry()

    def to_parts(self) -> dict[str, pl.DataFrame]:
        """The frames by name."""
        return {part.name: getattr(self, part.name) for part in fields(self)}

    @staticmethod
    def from_parts(parts: Mapping[str, pl.DataFrame]) -> Carry:
        """The other way round."""
        return Carry(**{name: parts[name] for name in Carry.PARTS})


@dataclass(frozen=True)
class Folded:
    """Facts that changed (`facts.schema` and `piece`, a UTC day of the stretch) and the carry."""

    frames: dict[str, pl.DataFrame]
    carry: Carry


def fold(carry: Carry, events: pl.DataFrame, until: datetime, context: FoldContext, snapshots: pl.DataFrame) -> Folded:
    """Fold the events of [end of the last stretch, until), in any order, each once.

    `events` has `events.SCHEMA`, `snapshots` has `feed.TICKETS`. With an empty carry the stretch begins at
    the UTC midnight before the first event.
    """
    end = micros(until)
    events = _in_order(events)
    at = events["at"].to_physical().to_numpy()
    if carry.cut.height:
        since = int(carry.cut["at"][0])
    elif len(at):
        since = int(at[0]) // DAY * DAY
        carry = _begun(carry, since, snapshots, context)
    else:
        return Folded(dict(_nothing()), carry)
    found: list[dict[str, pl.DataFrame]] = []
    for low, high in _weeks(since, end):
        first, last = np.searchsorted(at, [low, high])
        part = events.slice(int(first), int(last - first))
        frames, carry = _fold_week(carry, part, Stretch(low, high), context, snapshots)
        found.append(frames)
    if len(found) == 1:
        return Folded(found[0], carry)
    found.insert(0, dict(_nothing()))
    return Folded({name: pl.concat([frames[name] for frames in found]) for name in schema.SCHEMAS}, carry)


def fold_time(events: pl.DataFrame, context: FoldContext) -> dict[str, pl.DataFrame]:
    """Shifts and agent-days alone (weights 0), from all events at once."""
    is_work = (pl.col("actor_kind") == "agent") & pl.col("kind").is_in(WORK_KINDS)
    unused = [pl.lit(None, dtype=pl.String).alias(name) for name in ("group", "assignee", "before", "after")]
    events = events.filter(is_work).with_columns(unused).sort("at", "id")
    agents, groups = Names.of(events["actor"]), Names(())
    nothing = pl.Series(dtype=pl.String)
    rows = lay_out(events, agents, groups, nothing)
    if len(rows) == 0:
        return {name: _nothing()[name] for name in ("shifts", "days")}
    stretch = Stretch(int(rows.at[0]) // DAY * DAY, int(rows.at[-1]) + DAY)
    zeros = np.zeros(len(rows), dtype=np.int64)
    own = _work_events(rows, zeros, zeros, agents, context)
    roster = Roster(agents.names, context.zone, context.directory, stretch.since, stretch.until)
    line = timeline.lay(own["agent"], own["at"], roster)
    runs = timeline.Runs.starting(line.starts)
    worked = Worked(own["ticket"], own["grade"], own["effort"], own["solved"], np.zeros(len(line.at), dtype=np.int64))
    return {
        "shifts": agent_facts.shifts(line, runs, worked, roster, agents, stretch),
        "days": agent_facts.days(line, worked, roster, agents, stretch),
    }


def _in_order(events: pl.DataFrame) -> pl.DataFrame:
    """Sorted by instant and id, as the store gives them; looking is far cheaper than sorting again."""
    at, name = pl.col("at").to_physical(), pl.col("id")
    follows = (at > at.shift(1)) | ((at == at.shift(1)) & (name >= name.shift(1)))
    is_sorted = events.select(follows.all()).item()  # the first row has none before it: null, which counts for nothing
    return events if is_sorted else events.sort("at", "id")


def _weeks(since: int, until: int) -> list[tuple[int, int]]:
    """The stretch, cut at Mondays 00:00 UTC."""
    week = 7 * DAY
    monday = 4 * DAY  # 1970-01-05
    cuts = range((since - monday) // week * week + monday + week, until, week)
    edges = [since, *cuts, until]
    return [(low, high) for low, high in pairwise(edges) if low < high]


def _begun(carry: Carry, since: int, snapshots: pl.DataFrame, context: FoldContext) -> Carry:
    """The carry at the beginning of the log: open work that was there already."""
    states = listed.open_at_start(snapshots, since)
    groups = Names.of(states["group"], context.directory.groups["group"])
    clock, zone = queues.zones_of(groups, context.directory, context.zone, since, since)
    return Carry(
        cut=pl.DataFrame({"at": [since], "log_start": [since]}, schema=CUT),
        tickets=states,
        loads=load.base_of(states, _weights_of(states)),
        queues=queues.opening(states, groups, clock, zone, since),
    )


def _weights_of(states: pl.DataFrame) -> Ints:
    channel, priority, status, reopens, is_hard = (
        numbers(states[name]) for name in ("channel", "priority", "status", "reopens", "hard")
    )
    return weights.open_weight(channel, priority, status, reopens, is_hard)


def _fold_week(
    carry: Carry, events: pl.DataFrame, stretch: Stretch, context: FoldContext, snapshots: pl.DataFrame
) -> tuple[dict[str, pl.DataFrame], Carry]:
    events = _with_untouched(events, carry, stretch, snapshots)
    agents, groups = _names(carry, events, context, snapshots)
    rows = lay_out(events, agents, groups, carry.tail["ticket"])
    signs = hard.Signs.of(context.hard_tags, context.directory, agents, groups)
    history, states = tickets.follow(rows, carry.tickets, snapshots, agents, groups, signs)
    known = tickets.remember(carry.tickets, states)
    if stretch.until % (7 * DAY) == 4 * DAY:
        known = tickets.forget(known, stretch.until)
    open_work = load.OpenWork.of(carry.loads, history, agents, stretch.since, stretch.until)
    clock, zone = queues.zones_of(groups, context.directory, context.zone, stretch.since, stretch.until)
    queue_days = queues.count(
        history, carry.queues, carry.queue_days, groups, signs, clock, zone, stretch.since, stretch.until
    )
    account_zone = clock.zones.index(context.zone)
    touches = queues.touches(history, clock, account_zone, rows.tickets, groups)
    touches = touches.join(carry.touched, on=["day", "group", "ticket"], how="anti", maintain_order="left")
    frames, tail = _agent_frames(carry, rows, history, open_work, agents, stretch, context)
    frames |= {
        "queues": _shaped("queues", queue_days.frame),
        "loads": _shaped("loads", _with_day(open_work.snapshots(agents, context.zone, stretch.since, stretch.until))),
        "touches": touches,
        "hard": _hard(history, rows),
    }
    today = queues.evaluation_day(clock, account_zone, stretch.until)
    if context.followed_since is not None:
        frames = _as_far_as_followed(frames, context.followed_since)
    touched = pl.concat([carry.touched, touches.drop("piece")]).filter(pl.col("day") >= today)
    after = Carry(
        cut=carry.cut.with_columns(at=pl.lit(stretch.until, dtype=pl.Int64)),
        tail=tail,
        tickets=known,
        loads=open_work.base_at(agents, stretch.until),
        queues=queue_days.open,
        queue_days=queue_days.running,
        touched=touched,
    )
    return frames, after


def _as_far_as_followed(frames: dict[str, pl.DataFrame], since: datetime) -> dict[str, pl.DataFrame]:
    """Without what rests on the state of tickets at a time at which nobody followed it."""
    unknown = pl.when(pl.col("start") >= since).then("open_weight")
    return frames | {
        "shifts": frames["shifts"].with_columns(unknown.alias("open_weight")),
        "loads": frames["loads"].filter(pl.col("at") >= since),
        "queues": frames["queues"].filter(pl.col("date") > since.date()),
        "touches": frames["touches"].filter(pl.col("day") > since.date()),
        "hard": frames["hard"].filter(pl.col("at") >= since),
    }


def _names(carry: Carry, events: pl.DataFrame, context: FoldContext, snapshots: pl.DataFrame) -> tuple[Names, Names]:
    assigned = events.filter(pl.col("kind") == "assigned")
    moved = events.filter(pl.col("kind") == "moved")
    agents = Names.of(
        _acting(events), events["assignee"], assigned["before"], assigned["after"], carry.tail["agent"],
        carry.tickets["assignee"], carry.loads["agent"], snapshots["assignee"],
    )  # fmt: skip
    groups = Names.of(
        events["group"], moved["before"], moved["after"], carry.tickets["group"], carry.queues["group"],
        carry.queue_days["group"], snapshots["group"],
    )  # fmt: skip
    return agents, groups


def _acting(events: pl.DataFrame) -> pl.Series:
    return events.filter(pl.col("actor_kind") == "agent")["actor"]


def _with_untouched(events: pl.DataFrame, carry: Carry, stretch: Stretch, snapshots: pl.DataFrame) -> pl.DataFrame:
    """Events and, for tickets of which only the snapshot is known, their creation."""
    lone = listed.never_touched(snapshots, stretch.since, stretch.until)
    if lone.height == 0:
        return events
    first = events.group_by("ticket").agg(pl.col("at").min().to_physical().alias("first"))
    lone = (
        lone.join(carry.tickets.select("ticket"), on="ticket", how="anti")
        .join(first, on="ticket", how="left")
        .filter(pl.col("first").is_null() | (pl.col("first") > pl.col("last")))
    )
    return pl.concat([events, listed.creations(lone, events.schema)]).sort("at", "id")


def _agent_frames(
    carry: Carry,
    rows: Rows,
    history: History,
    open_work: load.OpenWork,
    agents: Names,
    stretch: Stretch,
    context: FoldContext,
) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    effort, solved = np.zeros(len(rows), dtype=np.int64), np.zeros(len(rows), dtype=np.int64)
    effort[history.row] = history.effort
    solved[history.row] = np.where(history.solved, history.effort, 0)
    new = _work_events(rows, effort, solved, agents, context)
    old = carry.tail
    tail = {
        "agent": agents.numbers(old["agent"]),
        "ticket": places(old["ticket"], rows.tickets),
        **{name: numbers(old[name]) for name in ("at", "grade", "effort", "solved", "open_weight")},
    }
    both = {name: np.concatenate([tail[name], new[name]]) for name in tail}
    order = ordered_by(both["agent"])
    both = {name: column[order] for name, column in both.items()}
    first = int(both["at"].min()) if len(order) else stretch.since
    roster = Roster(agents.names, context.zone, context.directory, min(first, stretch.since), stretch.until)
    line = timeline.lay(both["agent"], both["at"], roster)
    runs = timeline.Runs.starting(line.starts)
    fresh = runs.first[line.at[runs.first] >= stretch.since]
    both["open_weight"][fresh] = open_work.just_before(line.agent[fresh], line.at[fresh])
    worked = Worked(**{name: both[name] for name in ("ticket", "grade", "effort", "solved", "open_weight")})
    if len(order) == 0:
        return {name: _nothing()[name] for name in ("shifts", "days", "handled")}, old
    frames = {
        "shifts": agent_facts.shifts(line, runs, worked, roster, agents, stretch),
        "days": agent_facts.days(line, worked, roster, agents, stretch),
        "handled": agent_facts.handled(line, runs, worked, agents, rows.tickets, stretch),
    }
    kept = timeline.kept_from(line, runs, roster, stretch.until)
    names = {
        "agent": agents.series(both["agent"][kept]),
        "ticket": _tickets_at(rows.tickets, both["ticket"][kept]),
    }
    columns = {name: names.get(name, pl.Series(both[name][kept])) for name in TAIL}
    return frames, pl.DataFrame(columns).cast(dict(TAIL))  # type: ignore[arg-type]


def _work_events(rows: Rows, effort: Ints, solved: Ints, agents: Names, context: FoldContext) -> dict[str, Ints]:
    """Acts of people, sorted by agent, instant and id."""
    machines = agents.numbers(pl.Series(context.machines(), dtype=pl.String))
    is_work = np.isin(rows.kind, [KIND[kind] for kind in WORK_KINDS]) & (rows.actor_kind == AGENT) & (rows.actor >= 0)
    if len(machines):
        is_work &= ~np.isin(rows.actor, machines)
    chosen = np.flatnonzero(is_work)
    chosen = chosen[ordered_by(rows.actor[chosen])]
    batch = rows.frame["batch"].gather(pl.Series(chosen.astype(np.uint32)))
    save = np.where(batch.is_null().to_numpy(), np.uint64(0), batch.hash().to_numpy() | np.uint64(1))
    did = work.acts(rows.actor[chosen], rows.at[chosen], rows.ticket[chosen], save)
    counted = np.flatnonzero(did.counts)
    row = chosen[counted]
    return {
        "agent": rows.actor[row],
        "at": rows.at[row],
        "ticket": rows.ticket[row],
        "grade": rows.grade[row],
        "effort": effort[row],
        "solved": work.weigh_solved(did, solved[chosen])[counted],
        "open_weight": np.zeros(len(row), dtype=np.int64),
    }


def _hard(history: History, rows: Rows) -> pl.DataFrame:
    became = np.flatnonzero(history.became_hard)
    frame = pl.DataFrame(
        {
            "ticket": _tickets_at(rows.tickets, history.ticket[became]),
            "at": pl.Series(history.at[became], dtype=pl.Int64).cast(pl.Datetime("us", "UTC")),
            "indicators": hard.words(history.signs[became]),
        }
    )
    return _shaped("hard", _with_day(frame).sort("at", "ticket"))


def _tickets_at(names: pl.Series, places: Ints) -> pl.Series:
    wanted = pl.Series(places, dtype=pl.Int64).to_frame("n").select(pl.when(pl.col("n") >= 0).then(pl.col("n")))["n"]
    return names.gather(wanted.cast(pl.UInt32))


def _with_day(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(piece=pl.col("at").dt.date())


def _shaped(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    shape = {**schema.SCHEMAS[name], **PIECE}
    return frame.select(*shape).cast(shape)  # type: ignore[arg-type]


@cache
def _nothing() -> Mapping[str, pl.DataFrame]:
    return {name: pl.DataFrame(schema={**shape, **PIECE}) for name, shape in schema.SCHEMAS.items()}
