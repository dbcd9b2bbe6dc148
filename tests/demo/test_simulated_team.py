"""The simulated team judged by simple sums of its own, written apart from the product's facts and signals."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from scipy import stats

from helpdesk_wellbeing.demo import World, judge, simulate, write_files
from helpdesk_wellbeing.demo.rota import epoch, week
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.events import SCHEMA, WORK_KINDS
from helpdesk_wellbeing.people import GROUPS, LEAVE, ON_CALL, PEOPLE
from tests.worlds import world_of

END = date(2026, 11, 20)
SEEDS = (1, 2, *(pytest.param(seed, marks=pytest.mark.prove) for seed in (3, 4, 5)))
HOUR, DAY = 3600, 86400
STATUS = {"new": 1.0, "open": 1.0, "pending": 0.25, "hold": 0.1}
PRIORITY = {"low": 0.8, "normal": 1.0, "high": 1.3, "urgent": 1.6}
CHANNEL = {"chat": 0.8, "messaging": 0.8, "phone": 1.2}


@cache
def world(seed: int) -> World:
    return world_of(seed, END)


def planted(w: World, *signals: str) -> set[str]:
    return {p.subject for p in w.planted if p.signal in signals}


def zones(w: World) -> dict[str, str]:
    people = w.roster.users.filter(pl.col("truth") == "person")
    return dict(people.select("user", "time_zone").iter_rows())


@cache
def saves(seed: int) -> pl.DataFrame:
    """One row per save that is work of an account the platform takes for an agent."""
    return (
        world(seed)
        .events.filter((pl.col("actor_kind") == "agent") & pl.col("kind").is_in(WORK_KINDS))
        .unique(["actor", "batch"], keep="first", maintain_order=True)
        .sort("at", maintain_order=True)
    )


@cache
def shifts(seed: int) -> dict[str, dict[str, np.ndarray]]:
    """Per person: start, end, span, active and longest gap of each shift, in hours."""
    found = {}
    people = zones(world(seed))
    for (agent,), rows in saves(seed).group_by("actor", maintain_order=True):
        if agent not in people:
            continue
        t = rows["at"].dt.epoch("s").to_numpy() / HOUR
        gaps = np.diff(t)
        first = np.r_[0, np.flatnonzero(gaps >= 6) + 1]
        last = np.r_[first[1:] - 1, len(t) - 1]
        within = [gaps[a:b] for a, b in zip(first, last, strict=True)]
        found[agent] = {
            "start": t[first],
            "end": t[last],
            "span": t[last] - t[first],
            "active": np.array([g[g <= 0.5].sum() for g in within]),
            "gap": np.array([g.max() if len(g) else 0 for g in within]),
            "events": last - first + 1,
        }
    return found


class Walk:
    """One walk over the events: open weight by agent, unsolved by group, hard tickets, daily effort."""

    def __init__(self, w: World) -> None:
        self.tier = dict(w.roster.groups.select("group", "tier").iter_rows())
        people = zones(w)
        offsets: dict[tuple[str, date], int] = {}
        self.hard: dict[str, int] = {}
        self.held: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self.unsolved: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self.activity: dict[str, set[tuple[int, str]]] = defaultdict(set)
        self.effort: dict[str, dict[date, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
        state: dict[str, tuple[str | None, float, str | None, int]] = {}
        reopens: dict[str, int] = defaultdict(int)
        bulk = {b for (b,) in _bulk_batches(w).iter_rows()}
        columns = ("at", "ticket", "actor", "actor_kind", "kind", "before", "after", "channel", "group",
                   "assignee", "status", "priority", "batch")  # fmt: skip
        events = w.events.select(pl.col("at").dt.epoch("s"), *columns[1:])
        for (
            t,
            ticket,
            actor,
            who,
            kind,
            before,
            after,
            channel,
            group,
            agent,
            status,
            priority,
            batch,
        ) in events.iter_rows():
            reopens[ticket] += kind == "status" and before == "solved" and after == "open"
            if self._strong(kind, before, after):
                self.hard.setdefault(ticket, t)
            effort = CHANNEL.get(channel, 1.0) * PRIORITY[priority] * (1 + min(0.25 * reopens[ticket], 0.5))
            effort *= 1.5 if ticket in self.hard else 1
            was = state.get(ticket, (None, 0.0, None, 0))
            now = (agent, effort * STATUS.get(status, 0), group, int(status in STATUS))
            if was[:2] != now[:2]:
                for holder, change in ((was[0], -was[1]), (now[0], now[1])):
                    if holder:
                        self.held[holder].append((t, change))
            if was[2:] != now[2:]:
                for queue, change in ((was[2], -was[3]), (now[2], now[3])):
                    if queue and change:
                        self.unsolved[queue].append((t, change))
            state[ticket] = now
            if group:
                self.activity[group].add((t // DAY, ticket))
            if who == "agent" and actor in people and kind in WORK_KINDS and batch not in bulk:
                key = (people[actor], datetime.fromtimestamp(t, UTC).date())
                if key not in offsets:
                    offsets[key] = epoch(key[1], 0, "UTC") - epoch(key[1], 0, key[0])
                day = datetime.fromtimestamp(t + offsets[key], UTC).date()
                self.effort[actor][day].setdefault(ticket, effort)

    def _strong(self, kind: str, before: str | None, after: str | None) -> bool:
        if kind == "moved":
            low, high = self.tier.get(before or ""), self.tier.get(after or "")
            return low is not None and high is not None and high > low
        return (kind, after) in {("tagged", "complaint"), ("rated", "bad")}

    def at(self, series: dict, key: str, instants: list[int]) -> np.ndarray:
        steps = series.get(key, [])
        if not steps:
            return np.zeros(len(instants))
        t = np.array([s[0] for s in steps])
        total = np.r_[0, np.cumsum([s[1] for s in steps])]
        return total[np.searchsorted(t, instants, "right")]


def _bulk_batches(w: World) -> pl.DataFrame:
    """All saves but the first of every ten seconds in which one agent solves five tickets or more."""
    solved = w.events.filter((pl.col("kind") == "status") & (pl.col("actor_kind") == "agent"))
    slot = pl.col("at").dt.epoch("s") // 10
    many = solved.with_columns(slot.alias("slot")).filter(pl.len().over("actor", "slot") >= 5)
    return many.select("batch")


@cache
def walk(seed: int) -> Walk:
    return Walk(world(seed))


def workdays(w: World) -> list[date]:
    days = [w.start + timedelta(days=n) for n in range((w.end - w.start).days + 1)]
    return [d for d in days if d.weekday() < 5]


def test_the_same_seed_gives_the_same_world() -> None:
    assert simulate(1, end=END).events.equals(world(1).events)


def test_too_few_weeks_are_refused() -> None:
    with pytest.raises(ConfigError, match="at least 9 weeks"):
        simulate(1, weeks=4, end=END)


def test_a_larger_scale_adds_quiet_companies_with_ids_of_their_own() -> None:
    double = simulate(1, end=END, scale=2)
    assert double.roster.users["user"].is_unique().all()
    assert double.events.height > 1.7 * world(1).events.height
    assert double.planted == world(1).planted


@pytest.mark.parametrize("seed", SEEDS)
def test_events_fit_the_schema_and_every_ticket_begins_with_created(seed: int) -> None:
    events = world(seed).events
    assert events.schema == SCHEMA
    assert events["at"].is_sorted()
    assert events["id"].is_unique().all()
    firsts = events.group_by("ticket", maintain_order=True).agg(pl.col("kind").first())
    assert set(firsts["kind"].to_list()) == {"created"}
    assert events.group_by("batch").agg(pl.col("ticket").n_unique())["ticket"].max() == 1
    assert events["at"].max() <= world(seed).as_of
    assert {"merged", "deleted", "sla_breached", "rated", "moved", "customer_replied"} <= set(events["kind"].unique())


@pytest.mark.parametrize("seed", SEEDS)
def test_a_status_event_starts_from_the_status_the_ticket_had(seed: int) -> None:
    events = world(seed).events.with_columns(pl.col("status").shift(1).over("ticket").alias("was"))
    changes = events.filter(pl.col("kind") == "status")
    assert (changes["before"] == changes["was"].cast(pl.String)).all()
    assert (changes["after"] == changes["status"].cast(pl.String)).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_only_planted_people_have_long_days_and_weeks_short_rests_or_no_breaks(seed: int) -> None:
    w = world(seed)
    for agent, s in shifts(seed).items():
        assert (s["active"].max() >= 10) == (agent in planted(w, "WT1")), agent
        assert s["span"].max() < 13, agent
        assert (np.min(s["start"][1:] - s["end"][:-1]) < 11) == (agent in planted(w, "WT4")), agent
        long_without = (s["span"] > 5.5) & (s["gap"] < 0.5)
        assert (long_without.sum() >= 4) == (agent in planted(w, "WT6")), agent
        assert long_without.sum() == 0 or agent in planted(w, "WT6"), agent


@pytest.mark.parametrize("seed", SEEDS)
def test_only_the_planted_person_works_above_a_tenth_over_contract(seed: int) -> None:
    w = world(seed)
    contract = dict(w.roster.people.select("agent", "contract_hours").iter_rows())
    for agent, s in shifts(seed).items():
        offset = epoch(w.start, 0, "UTC") - epoch(w.start, 0, zones(w)[agent])
        weeks = ((s["start"] * HOUR + offset) // DAY + 3) // 7
        hours = [s["active"][weeks == n].sum() for n in np.unique(weeks)]
        if (contract.get(agent) or 0) < 20:  # nights: under the four worked days that a week needs
            continue
        assert (max(hours) >= 1.1 * contract[agent]) == (agent in planted(w, "WT2")), (agent, max(hours))
        average = np.mean(sorted(hours)[2:])
        assert (average >= 40.48) == (agent in planted(w, "WT3", "WT2") and average >= 40.48), agent
        if agent in planted(w, "WT3"):
            assert 40.48 <= average < 44


@pytest.mark.parametrize("seed", SEEDS)
def test_only_the_planted_person_has_a_week_without_thirty_five_hours_off(seed: int) -> None:
    w = world(seed)
    for agent, s in shifts(seed).items():
        rests = s["start"][1:] - s["end"][:-1]
        short = False
        for end in s["end"][s["end"] >= s["start"][0] + 168]:
            inside = (s["start"][1:] > end - 168) & (s["start"][1:] <= end)
            short |= bool(inside.any() and rests[inside].max() < 36)
        assert short == (agent in planted(w, "WT5")), agent


@pytest.mark.parametrize("seed", SEEDS)
def test_only_planted_people_work_outside_their_rota_unless_on_call(seed: int) -> None:
    w = world(seed)
    rotas: dict[str, list] = defaultdict(list)
    for agent, since, schedule in w.roster.people.select("agent", "valid_from", "schedule").iter_rows():
        rotas[agent].append((since, week(schedule) if schedule else {}))
    leave: dict[str, list] = defaultdict(list)
    for agent, first, last in w.roster.leave.iter_rows():
        leave[agent].append((first, last))
    callers = set(w.roster.on_call["agent"])
    local = {a: saves(seed).filter(pl.col("actor") == a) for a in zones(w) if rotas[a][0][1]}
    for agent, rows in local.items():
        outside = 0
        for moment in rows["at"].dt.convert_time_zone(zones(w)[agent]):
            minute, day = moment.hour * 60 + moment.minute, moment.date()
            on_rota = False
            for d, m in ((day, minute), (day - timedelta(days=1), minute + 1440)):
                rota = [r for since, r in rotas[agent] if since is None or since <= d][-1].get(d.weekday())
                off = any(a <= d <= b for a, b in leave[agent])
                on_rota |= rota is not None and rota.start <= m <= rota.end and not off
            outside += not on_rota
        assert (outside > 3) == (agent in planted(w, "WT7") or agent in callers), (agent, outside)


@pytest.mark.parametrize("seed", SEEDS)
def test_work_before_six_is_night_work_by_contract_or_planted(seed: int) -> None:
    w = world(seed)
    by_contract = {i.subject for i in w.innocents if i.naive_rule == "work at night"}
    for agent, zone in zones(w).items():
        rows = saves(seed).filter(pl.col("actor") == agent)
        early = rows.filter(pl.col("at").dt.convert_time_zone(zone).dt.hour() < 6)
        nights = early["at"].dt.convert_time_zone(zone).dt.date().unique().sort()
        assert (len(nights) > 0) == (agent in planted(w, "WT8") or agent in by_contract), agent
        if agent in by_contract:
            assert len(nights) < 29
        if agent in planted(w, "WT8"):
            runs = (nights.diff() != timedelta(days=1)).fill_null(True).cum_sum()
            assert runs.value_counts()["count"].max() == 6


@pytest.mark.parametrize("seed", SEEDS)
def test_only_the_planted_person_touches_more_and_more(seed: int) -> None:
    w = world(seed)
    for agent, days in walk(seed).effort.items():
        x = [sum(days[d].values()) for d in sorted(days)]
        c, highest = 0.0, 0.0
        for n, value in enumerate(x):
            base = np.array(x[max(0, n - 44) : max(0, n - 4)])
            if len(base) >= 20:
                middle = np.median(base)
                spread = 1.4826 * max(np.median(abs(base - middle)), 0.05 * middle, 0.5)
                c = max(0.0, c + min(3.0, (value - middle) / spread) - 0.5)
                highest = max(highest, c)
        assert (highest > 4) == (agent in planted(w, "LD3")), (agent, highest)
        if agent in planted(w, "LD3"):
            assert c > 5


@pytest.mark.parametrize("seed", SEEDS)
def test_only_the_planted_person_is_piled_up_with_open_work(seed: int) -> None:
    w, found = world(seed), walk(seed)
    for agent, zone in zones(w).items():
        days = sorted(found.effort[agent])
        if len(days) < 30 or agent not in found.held:
            continue
        held = found.at(found.held, agent, [epoch(d, 7 * 60, zone) for d in days])
        over = []
        for n in range(25, len(held)):
            base = held[max(0, n - 44) : n - 4]
            middle = np.median(base)
            z = 0.6745 * (held[n] - middle) / max(np.median(abs(base - middle)), 0.1 * middle, 1.0)
            over.append(z >= 2.5 and held[n] >= 1.3 * middle and middle >= 4)
        twice = any(a and b for a, b in pairwise(over))
        assert twice == (agent in planted(w, "LD1")), agent


@pytest.mark.parametrize("seed", SEEDS)
def test_only_the_planted_team_shares_its_open_work_badly(seed: int) -> None:
    w, found = world(seed), walk(seed)
    people = zones(w)
    snapshots = [epoch(d, h * 60, w.zone) for d in workdays(w)[3:] for h in (6, 9, 12, 15, 18)]
    for group in w.roster.groups["group"]:
        members = [u for u, g in w.roster.users.select("user", "groups").iter_rows() if group in g and u in people]
        if len(members) < 3:
            continue
        held = np.array([found.at(found.held, a, snapshots) for a in members])
        enough = held.sum(0) >= 10
        ratio = held[:, enough] / held[:, enough].mean(0)
        bad = (ratio.max(0) >= 1.5) & (ratio.min(0) <= 0.75) if enough.any() else np.array([False])
        assert bad.any() == (group in planted(w, "LD4")), group
        if group in planted(w, "LD4"):
            assert enough.all()
            assert bad[-10:].all()


@pytest.mark.parametrize("seed", SEEDS)
def test_only_the_planted_queue_grows(seed: int) -> None:
    w, found = world(seed), walk(seed)
    zone_of = dict(w.roster.groups.select("group", "time_zone").iter_rows())
    solved = w.events.filter((pl.col("kind") == "status") & (pl.col("after") == "solved"))
    for group in found.unsolved:
        level = found.at(found.unsolved, group, [epoch(d, 1440, zone_of[group]) - 1 for d in workdays(w)])
        mine = solved.filter(pl.col("group") == group)["at"].dt.convert_time_zone(zone_of[group]).dt.date()
        a_day = np.median([(mine == d).sum() for d in workdays(w)[-20:]])
        growing = []
        for n in range(20, len(level)):
            last, four_weeks = level[n - 9 : n + 1], level[n - 19 : n + 1]
            trend = stats.kendalltau(range(10), last)
            grows = trend.statistic > 0 and trend.pvalue < 0.05
            growing.append(
                grows and a_day >= 4.5 and (last[-1] >= 1.25 * np.median(four_weeks) or last[-1] >= 3 * a_day)
            )
        assert any(growing[-10:]) == (group in planted(w, "LD6")), group
        assert growing[-1] == (group in planted(w, "LD6")), group


@pytest.mark.parametrize("seed", SEEDS)
def test_only_the_planted_queue_has_a_high_rate_of_hard_tickets(seed: int) -> None:
    w, found = world(seed), walk(seed)
    monday = epoch(w.end - timedelta(days=w.end.weekday()), 0, "UTC") // DAY
    counts = {}
    for group, seen in found.activity.items():
        if found.tier[group] == 1:
            tickets = {ticket for day, ticket in seen if monday - 28 <= day < monday}
            hard = [t for t in tickets if monday - 28 <= found.hard.get(t, 0) // DAY < monday]
            counts[group] = (len(hard), len(tickets))
    assert sum(n >= 30 for _, n in counts.values()) >= 5
    for group, (x, n) in counts.items():
        others = [c for g, c in counts.items() if g != group]
        p0 = sum(c[0] for c in others) / sum(c[1] for c in others)
        ratio = (x + 50 * p0) / (n + 50) / p0
        assert (ratio >= 1.25) == (group in planted(w, "ES1")), (group, ratio)
        if group in planted(w, "ES1"):
            assert x >= 5
            assert stats.binom.sf(x - 1, n, p0) < 1e-6


@pytest.mark.parametrize("seed", SEEDS)
def test_only_the_planted_person_has_a_dose_of_hard_tickets(seed: int) -> None:
    w, found = world(seed), walk(seed)
    people = zones(w)
    monday = w.end - timedelta(days=w.end.weekday())
    doses: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    home = {u: g[0] for u, g in w.roster.users.select("user", "groups").iter_rows()}
    for agent, days in found.effort.items():
        last = [d for d in sorted(days) if d < monday][-10:]
        if not last:
            continue
        since = epoch(last[0], 0, people[agent])
        hard = [[t for t in days[d] if since <= found.hard.get(t, 0) < epoch(monday, 0, "UTC")] for d in last]
        doses[home[agent]][agent] = (len({t for day in hard for t in day}), len(last))
        if len([u for u, g in home.items() if g == home[agent] and u in people]) >= 5:
            assert max(len(day) for day in hard) < 5, agent
    for group, members in doses.items():
        if len(members) < 5:
            continue
        for agent, (h, days_worked) in members.items():
            others = [m for a, m in members.items() if a != agent]
            expected = sum(m[0] for m in others) / sum(m[1] for m in others) * days_worked
            significant = h >= 6 and h >= 1.5 * expected and stats.poisson.sf(h - 1, expected) < 0.005
            assert significant == (agent in planted(w, "ES2")), (group, agent, h, expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_machines_and_shared_accounts_show_in_the_hours_they_work(seed: int) -> None:
    w = world(seed)
    users = w.roster.users.select("user", "time_zone", "truth")
    for user, zone, truth in users.iter_rows():
        rows = saves(seed).filter(pl.col("actor") == user)
        local = rows["at"].dt.convert_time_zone(zone)
        hours = pl.DataFrame({"d": local.dt.date(), "h": local.dt.hour()}).group_by("d").agg(pl.col("h").n_unique())
        if truth == "bot":
            assert (hours["h"] > 18).sum() >= 3
            counts = w.events.filter(pl.col("actor_kind") == "agent").group_by("actor").agg(pl.col("ticket").n_unique())
            assert counts.sort("ticket")["actor"][-1] == user
        elif truth == "shared":
            assert (hours["h"].is_between(16, 18)).sum() >= 3
            assert hours["h"].max() <= 18
        elif truth == "person":
            assert hours.is_empty() or hours["h"].max() < 16, user
        else:
            assert rows.is_empty()
            assert w.events.filter((pl.col("actor") == user) & (pl.col("actor_kind") == "integration")).height > 100


@pytest.mark.parametrize("seed", SEEDS)
def test_the_innocents_do_what_a_naive_rule_would_flag(seed: int) -> None:
    w, found = world(seed), walk(seed)
    by_story = {i.story: i.subject for i in w.innocents}
    freak = next(s for story, s in by_story.items() if "freak" in story)
    assert max(len(t) for t in found.effort[freak].values()) >= 60
    bulk = next(s for story, s in by_story.items() if "in one go" in story)
    assert saves(seed).filter(pl.col("actor") == bulk).group_by("at").len()["len"].max() >= 8
    tiny = next(i.subject for i in w.innocents if i.subject_kind == "queue")
    tickets = {t for _, t in found.activity[tiny]}
    assert len(tickets) == 6
    assert sum(t in found.hard for t in tickets) == 2
    owner = next(s for story, s in by_story.items() if "automation" in story)
    nightly = w.events.filter(
        (pl.col("actor_kind") == "system") & (pl.col("assignee") == owner) & (pl.col("kind") == "status")
    )
    assert nightly.height >= 5
    assert nightly["at"].dt.convert_time_zone(w.zone).dt.hour().unique().to_list() == [1]


def test_judging_counts_found_missed_expected_and_wrong() -> None:
    w = world(1)
    right = [{"signal": p.signal, "subject": {"kind": p.subject_kind, "id": p.subject}} for p in w.planted]
    perfect = judge(right, w)
    assert perfect.perfect
    assert len(perfect.found) == len(w.planted)
    innocent = w.innocents[0]
    accusing = {"signal": "WT1", "subject": {"kind": innocent.subject_kind, "id": innocent.subject}}
    verdict = judge([*right[1:], accusing], w)
    assert verdict.missed == (w.planted[0],)
    assert verdict.wrong == (accusing,)
    assert verdict.innocents_flagged == (innocent,)
    assert not verdict.perfect


def test_files_have_the_columns_that_import_takes(tmp_path) -> None:
    paths = write_files(world(1), tmp_path)
    assert [p.name for p in paths] == ["people.csv", "leave.csv", "groups.csv", "on_call.csv"]
    for path, schema in zip(paths, (PEOPLE, LEAVE, GROUPS, ON_CALL), strict=True):
        frame = pl.read_csv(path, infer_schema=False)
        assert frame.columns == list(schema)
        assert frame.height > 0
    people = pl.read_csv(paths[0], infer_schema=False)
    assert set(people["excluded"]) == {"yes", "no"}
    assert people.group_by("agent").len()["len"].max() == 2
