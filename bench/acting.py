"""Acting against not acting: eight weeks of a rough team, once as it is and once for each way of acting.

Overload hours are hours that people are present with more open work (by weight) than the limit from which LD1 warns.
Limits are those of the five weeks before the eight, in which nobody acts: so they are the same for all ways. On one
seed the same tickets come in, ask for the same work and are answered by their customers as fast. Under every way people
take the own ticket whose target is next; a ticket in new hands takes five minutes more. At some hours of the day those
above their limit are looked for. Moving takes tickets from them; pausing gives them no new ones until they are below
it, at most until their day ends, while colleagues below theirs are there for all that they would have got, and only
who has more than the fair share by hours.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache

import numpy as np
import polars as pl

from bench.measuring import Rows, hand_over, load, row
from bench.plan import least_open_count, percent_spare
from helpdesk_wellbeing.demo.cast import dates
from helpdesk_wellbeing.demo.rough import GROUPS, UTILISATION, rough_team
from helpdesk_wellbeing.demo.rough_desk import Acts, Case, Person, Tally
from helpdesk_wellbeing.demo.rough_desk import Desk as Team
from helpdesk_wellbeing.facts.schema import ONE_TICKET
from helpdesk_wellbeing.plan.limits import OPEN_WORK, limit
from helpdesk_wellbeing.plan.policy import Rebalancing
from helpdesk_wellbeing.plan.rebalance import AGENTS, TICKETS, Plan, Question, Settings, explain, rebalance
from helpdesk_wellbeing.plan.rebalance.desk import Desk, desk_of
from helpdesk_wellbeing.plan.rebalance.hands import Hands
from helpdesk_wellbeing.plan.rebalance.whole import greedy
from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.signals.catalogue import SIGNALS
from helpdesk_wellbeing.signals.ld1 import Usual
from helpdesk_wellbeing.statistics import Z_PER_MAD, robust_scale

MONDAY = date(2026, 3, 2)
BEFORE, WEEKS = 6, 8  # weeks in which nobody acts, the first of which fills the desk; weeks that count
SEEDS = (1, 2, 3, 4, 5)
CHECK_SEEDS = (11, 12, 13, 14, 15)  # the numbers of `Rebalancing` were chosen on neither, but on 21 to 26
BUSY = 0.88
NOTHING, BOTH = "nothing", "both, moving and pausing"
LOOKS = (8.6, 9.1, 9.6, 10.1, 11.0, 12.0, 13.5, 15.0)  # local; most shows when the answers of the night are in
CALM = 1.5  # scaled deviations below which LD1 lets a flag go, after as many days as it takes to raise it
DAYS = 2
LD1 = next(rule for rule in load_rules(SIGNALS).values() if rule.signal == OPEN_WORK)
Ways = Callable[[Question], list[tuple[str, str]]]  # ticket and receiver


def limits(team: Team) -> dict[str, float]:
    """From which open weight LD1 warns, by agent, after what was seen until now."""
    found = {person.agent.id: limit(LD1, usual(team, person)) for person in team.people}
    return {agent: own for agent, own in found.items() if own is not None}


def usual(team: Team, person: Person) -> Usual:
    """What LD1 knows of somebody from the weeks in which nobody acts, the first left out."""
    days = list(dates(team.team.start + timedelta(days=7), team.counts_from - timedelta(days=1)))
    weights = [person.snapshots[day] for day in days if day in person.snapshots]
    median = statistics.median(weights)
    deviation = statistics.median(abs(weight - median) for weight in weights)
    solved = statistics.median(person.solved[day] for day in days if day in person.solved)
    return Usual(median, float(robust_scale(np.array(median), np.array(deviation))), solved)


def flagged(team: Team, person: Person) -> bool:
    """Whether LD1 would have a flag: two days running above the limit raise it, two days of calm end it."""
    own, on, high, low = usual(team, person), False, 0, 0
    calm = own.median + CALM * own.scale / Z_PER_MAD
    for day in sorted(day for day in person.snapshots if day >= team.counts_from):
        weight = person.snapshots[day]
        high, low = high + 1 if weight >= team.limits[person.agent.id] else 0, low + 1 if weight < calm else 0
        on = high >= DAYS or (on and low < DAYS)
    return on


@dataclass(frozen=True)
class Acting:
    """One way of acting at the looks of a day for people above their limit; `waits`: only once LD1 has flagged them."""

    policy: Rebalancing
    way: Ways | None = None  # of moving; None: nothing moves
    pauses: bool = False
    waits: bool = False

    def __call__(self, team: Team, now: int) -> Acts:
        """What is done now."""
        most = {agent: self.policy.over * own for agent, own in team.limits.items()}
        above = [p for p in team.people if p.present and p.open_weight > most[p.agent.id]]
        known = [p for p in above if not self.waits or flagged(team, p)]
        excess = [p.open_weight - most[p.agent.id] for p in known]
        return Acts(
            self._moves(team, now, known, excess) if self.way is not None and known else (),
            pauses(team, now, known, above) if self.pauses else {},
        )

    def _moves(
        self, team: Team, now: int, givers: Sequence[Person], excess: Sequence[float]
    ) -> list[tuple[Case, Person]]:
        assert self.way is not None
        asked = question(team, now, givers, self.policy.settings(_instant(now), excess), self.policy.fill)
        cases = {case.ticket.id: case for person in givers for case in person.own.values()}
        return [(cases[ticket], team.by_id[receiver]) for ticket, receiver in self.way(asked)]


def pauses(team: Team, now: int, whose: Sequence[Person], above: Sequence[Person]) -> dict[str, int]:
    """Who gets nothing new, and until when: the end of their day, or of that of the last colleagues below their limits
    who are there for the same groups and skills."""
    below = [p for p in team.people if p.present and p not in above]
    found = {}
    for person in (p for p in whose if above_share(team, p, now)):
        until = [team.leaves(person, now)]
        for group in person.agent.groups:
            for skills in ({*()}, {*person.agent.skills}):
                able = [p for p in below if group in p.agent.groups and skills <= {*p.agent.skills}]
                until.append(max((team.leaves(p, now) for p in able), default=now))
        if min(until) > now:
            found[person.agent.id] = min(until)
    return found


def above_share(team: Team, person: Person, now: int) -> bool:
    """Whether somebody has more than the fair share by hours, in each group: else colleagues would be no better off."""
    for group in person.agent.groups:
        members = [p for p in team.people if group in p.agent.groups and team.minutes_ahead(p, now)]
        weight, minutes = sum(p.open_weight for p in members), sum(team.minutes_ahead(p, now) for p in members)
        if person.open_weight * minutes <= weight * team.minutes_ahead(person, now):
            return False
    return True


def question(team: Team, now: int, givers: Sequence[Person], settings: Settings, fill: float) -> Question:
    """The desk as the planner sees it. Tickets in hand are left out; only those of givers are told one by one."""
    agents = [_agent(team, person, now, fill) for person in team.people]
    tickets = [_ticket(case, person) for person in givers for case in person.own.values() if not case.in_hand]
    return Question(
        pl.DataFrame(tickets, schema=TICKETS, orient="row"),
        pl.DataFrame(agents, schema=AGENTS, orient="row"),
        settings,
        frozenset(p.agent.id for p in givers),
    )


def _agent(team: Team, person: Person, now: int, fill: float) -> tuple[object, ...]:
    agent, cases = person.agent, list(person.own.values())
    starts = team.works_from(person, now)
    return (
        agent.id,
        list(agent.groups),
        list(agent.skills),
        [],
        False,
        team.minutes_ahead(person, now),
        sum(_effort(case) for case in cases),
        round(fill * team.limits[agent.id] * ONE_TICKET),
        None if starts is None else _instant(starts),
        team.day(now) in agent.leave,
        False,
        sum(case.hard for case in cases),
    )


def _ticket(case: Case, holder: Person) -> tuple[object, ...]:
    ticket = case.ticket
    return (
        ticket.id,
        _effort(case),
        holder.agent.id,
        ticket.group,
        list(ticket.skills),
        None,
        case.hard,
        _instant(case.due) if case.status == "open" else None,
        False,
        [person.agent.id for person in case.known_by],
        None if case.moved is None else _instant(case.moved),
        False,
    )


def _effort(case: Case) -> int:
    return round(case.weight * ONE_TICKET)


def _instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def ours(asked: Question) -> list[tuple[str, str]]:
    """The planner."""
    return _pairs(rebalance(asked))


def _pairs(plan: Plan) -> list[tuple[str, str]]:
    return [(move.ticket, move.receiver) for move in plan.moves]


def plainly(way: Callable[[Desk], Hands]) -> Ways:
    """A plainer way, under the planner's limits."""

    def moves(asked: Question) -> list[tuple[str, str]]:
        desk = desk_of(asked)
        hands = way(desk)
        return [
            (desk.tickets[ticket], desk.agents[receiver])
            for bundle, receivers in zip(desk.bundles, hands.taken, strict=True)
            for ticket, receiver in zip(bundle.tickets, receivers, strict=False)
        ]

    return moves


@dataclass(frozen=True)
class Setup:
    """What kind of desk it is."""

    weeks: int = WEEKS
    before: int = BEFORE
    routing: str = "in turn"
    utilisation: float = UTILISATION


_drawn = cache(rough_team)


def run(seed: int, acting: Acting | None, setup: Setup = Setup()) -> tuple[Tally, list[float]]:
    """What is counted in the weeks, and the time that each person spent on hard tickets as a part of the own hours."""
    drawn = _drawn(seed, MONDAY, setup.before + setup.weeks, setup.utilisation)
    first = MONDAY + timedelta(days=7 * setup.before)
    team = Team(drawn, first, limits, acting, LOOKS, setup.routing)
    tally = team.run()
    hours = [sum(b - a for day, s in p.agent.spans.items() if day >= first for a, b in s) for p in team.people]
    return tally, [p.hard_work / h for p, h in zip(team.people, hours, strict=True) if h]


def ways(policy: Rebalancing) -> dict[str, Acting | None]:
    """All that are compared.

    The plainer ways only move, and know no price of a move; otherwise they have the planner's rights: they are asked
    when it is, may take from the same people and move as many.
    """
    plain = {"greedy": greedy, "least open count": least_open_count, "percent spare": percent_spare}
    cheap = policy.model_copy(update={"move_cost": 0.0, "continuity_bonus": 0.0})
    return {
        NOTHING: None,
        "moving only": Acting(policy, ours),
        "pausing only": Acting(policy, pauses=True),
        BOTH: Acting(policy, ours, pauses=True),
        "both, not before LD1's flag": Acting(policy, ours, pauses=True, waits=True),
        **{f"{name}, moving only": Acting(cheap, plainly(way)) for name, way in plain.items()},
    }


@dataclass(frozen=True)
class Result:
    """One way over several seeds."""

    overload: float
    by_seed: tuple[float, ...]  # overload hours
    hours: float
    together: float  # of the overload hours; all colleagues who were there were above their limits, taken together
    alone: float  # and: each of them
    moved: float  # of the tickets that came in
    paused: float  # of the hours
    answers: int
    late: int
    long_wait: float  # 99 of 100 waits are shorter
    hard: float  # Jain's index of the time with hard tickets by hours worked; 1: the same for everybody

    @property
    def on_time(self) -> float:
        """Answers before their target."""
        return 1 - self.late / self.answers


def result(runs: Sequence[tuple[Tally, list[float]]]) -> Result:
    """Sums and means over runs."""
    tallies = [tally for tally, _ in runs]
    overload, hours = sum(t.over_limit for t in tallies), sum(t.hours for t in tallies)
    return Result(
        overload,
        tuple(t.over_limit for t in tallies),
        hours,
        sum(t.together for t in tallies) / max(overload, 1e-9),
        sum(t.alone for t in tallies) / max(overload, 1e-9),
        sum(t.moves for t in tallies) / sum(t.arrived for t in tallies),
        sum(t.paused for t in tallies) / hours,
        sum(t.answers for t in tallies),
        sum(t.late for t in tallies),
        float(np.quantile([wait for tally in tallies for wait in tally.waits], 0.99)),
        statistics.mean(sum(x) ** 2 / (len(x) * sum(v * v for v in x)) for _, x in runs),
    )


def compare(seeds: Sequence[int], compared: dict[str, Acting | None], setup: Setup = Setup()) -> dict[str, Result]:
    """Each way on every seed."""
    return {name: result([run(seed, acting, setup) for seed in seeds]) for name, acting in compared.items()}


def verdict(results: dict[str, Result], name: str) -> Rows:
    """Moving and pausing against nothing."""
    base, mine = results[NOTHING], results[BOTH]
    return [
        row(f"acting, {name}: overload hours", f"{mine.overload / base.overload - 1:+.0%}", "-40 %"),
        row("  seed by seed", _changes(base, mine)),
        row("  answers on time, difference", f"{100 * (mine.on_time - base.on_time):+.2f} points", ">= 0"),
        row("  tickets moved", f"{mine.moved:.1%}", "<= 3 %"),
        row("  without acting, part of all hours that are overload", f"{base.overload / base.hours:.1%}"),
        row("    of these with all colleagues there above, together", f"{base.together:.1%}"),
        row("    and with nobody there below the own limit", f"{base.alone:.1%}"),
    ]


def _changes(base: Result, other: Result) -> str:
    pairs = zip(base.by_seed, other.by_seed, strict=True)
    return " ".join(f"{100 * (after / before - 1):+.0f}" for before, after in pairs if before)


def table(results: dict[str, Result]) -> Rows:
    """All that were compared."""
    base = results[NOTHING]
    lines = [
        row("  way: overload hours, tickets moved, hours without new ones", "change, by seed %"),
        row("    answers on time (late), p99 wait, evenness of hard ones", ""),
    ]
    for way, r in results.items():
        change = "" if r is base else f"{r.overload / base.overload - 1:+.0%}  {_changes(base, r)}"
        lines += [
            row(f"  {way}: {r.overload:,.0f} h, {r.moved:.1%}, {r.paused:.1%}", change),
            row(f"    {r.on_time:.2%} ({r.late:,}), {r.long_wait:.0f} h, {r.hard:.3f}", ""),
        ]
    return lines


def as_a_lead_reads_it(seed: int) -> Rows:
    """The first move of a seed's weeks, and a ticket of the same look that stays."""
    plans: list[tuple[Plan, Team]] = []
    drawn = _drawn(seed, MONDAY, BEFORE + 1, UTILISATION)

    def look(team: Team, now: int) -> Acts:
        def kept(asked: Question) -> list[tuple[str, str]]:
            plan = rebalance(asked)
            plans.append((plan, team))
            return _pairs(plan)

        return Acting(Rebalancing(), kept)(team, now)

    Team(drawn, MONDAY + timedelta(days=7 * BEFORE), limits, look, LOOKS).run()
    plan, team = next((found for found in plans if found[0].moves), plans[0])
    names = {p.agent.id: f"Agent {number}" for number, p in enumerate(team.people, 1)}
    names |= {f"g{number}": f"Group {number + 1}" for number in range(GROUPS)}
    stayed = [ticket for ticket, why in plan.stayed.items() if why != "not_asked"]
    tickets = [*(move.ticket for move in plan.moves[:1]), *stayed[:1]]
    return [row("  one look, as a lead reads it:", "")] + [
        row(f"    {sentence}", "") for ticket in tickets for sentence in explain(plan, ticket, names=names)
    ]


def measure() -> Rows:
    """All rows."""
    every = ways(Rebalancing())
    own = {name: acting for name, acting in every.items() if acting is None or acting.way in (ours, None)}
    peers = {name: acting for name, acting in every.items() if name not in own}
    least = {name: every[name] for name in (NOTHING, BOTH)}
    parts = os.environ.get("BENCH_PARTS", "own,peers,check,fewest,busy").split(",")
    seeds = tuple(int(seed) for seed in os.environ.get("BENCH_SEEDS", "").split(",") if seed) or SEEDS
    rows: Rows = []
    if "own" in parts:
        results = compare(seeds, own)
        rows += verdict(results, f"{WEEKS} weeks, {len(seeds)} seeds, {load()}") + table(results)
        rows += as_a_lead_reads_it(seeds[0])
    if "peers" in parts:
        rows += table(compare(seeds, {NOTHING: None, **peers}))
    if "check" in parts:
        results = compare(CHECK_SEEDS, own)
        rows += verdict(results, f"{len(CHECK_SEEDS)} other seeds") + table(results)
    if "fewest" in parts:
        rows += verdict(compare(CHECK_SEEDS, least, Setup(routing="fewest open")), "routing by fewest open tickets")
    if "busy" in parts:
        rows += verdict(compare(CHECK_SEEDS, least, Setup(utilisation=BUSY)), f"utilisation {BUSY:.2f}")
    return rows


if __name__ == "__main__":
    hand_over(measure())
