"""Small desks in plain values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import polars as pl
import pytest

from helpdesk_wellbeing.facts.schema import ONE_TICKET, SCHEMAS
from helpdesk_wellbeing.people import GROUPS, LEAVE, ON_CALL, PEOPLE, Directory
from helpdesk_wellbeing.plan.open_work import OPEN
from helpdesk_wellbeing.plan.planning import Situation, propose
from helpdesk_wellbeing.plan.rebalance import AGENTS, TICKETS, Question, Settings
from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.signals.base import Facts
from helpdesk_wellbeing.signals.catalogue import SIGNALS

NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)


def ticket(name, assignee="A", effort=1.0, **other):
    usual = {
        "group": "support",
        "skills": [],
        "language": None,
        "hard": False,
        "next_sla": None,
        "call_back": False,
        "known_by": [],
        "last_move": None,
        "made_by_plugin": False,
    }
    return {"ticket": name, "effort": round(effort * ONE_TICKET), "assignee": assignee, **usual, **other}


def agent(name, effort, hours=40.0, cap=None, **other):
    usual = {
        "groups": ["support"],
        "skills": [],
        "languages": [],
        "light": False,
        "works_from": NOW - timedelta(hours=1),
        "on_leave": False,
        "over_legal_hours": False,
        "hard": 0,
    }
    own = {
        "agent": name,
        "minutes": round(hours * 60),
        "effort": round(effort * ONE_TICKET),
        "cap": None if cap is None else round(cap * ONE_TICKET),
    }
    return {**own, **usual, **other}


def question(tickets, agents, from_whom=None, **settings):
    return Question(
        pl.DataFrame(tickets, schema=TICKETS),
        pl.DataFrame(agents, schema=AGENTS),
        Settings(**{"now": NOW, **settings}),
        from_whom,
    )


@pytest.fixture(scope="session")
def desk():
    """`desk.ticket`, `desk.agent`, `desk.question` and `desk.now`."""
    return SimpleNamespace(ticket=ticket, agent=agent, question=question, now=NOW)


RULES = load_rules(SIGNALS)
VALUES = {
    "WT1": {"active_h": 12.5, "span_h": 13.5, "limit_h": 12.0},
    "WT2": {"week_h": 50.2, "limit_h": 48.0},
    "WT3": {"average_h": 45.0, "limit_h": 44.0, "weeks": 12},
    "WT4": {"rest_h": 9.5, "required_h": 11.0},
    "WT5": {"longest_rest_7d_h": 18.0, "rest_14d_h": 40.0, "required_h": 35.0},
    "WT6": {"missed_of_5": 4, "needed_min": 30.0},
    "WT7": {"after_hours_h_per_week": 3.5, "share": 0.1, "days_of_10": 4, "leave_days": 0},
    "WT8": {"nights_16w": 16, "series": 6, "longest_night_h": 5.0},
    "LD1": {"open_weight": 18.0, "median_weight": 9.0, "z": 3.1, "days_of_work": 4.0},
    "LD3": {"cusum": 6.0},
    "LD4": {"max_ratio": 2.2, "min_ratio": 0.6},
    "LD6": {"slope_per_day": 8.0, "p": 0.01, "ratio": 1.6, "days_to_clear": 6.0},
    "ES1": {"x": 30, "n": 200, "rate": 0.15, "p0": 0.05},
    "ES2": {"hard": 19, "active_h": 70.0, "expected": 3.8, "ratio": 5.0, "p_adjusted": 0.01},
}


class Scene:
    """A small account: people, open tickets and flags in plain values; `situation()` is what planning sees of it."""

    now = NOW  # a Wednesday, 11:00 in Amsterdam
    zone = "Europe/Amsterdam"

    def __init__(self):
        self.people, self.leave, self.groups, self.tickets, self.flags, self.ended = [], [], [], [], [], []
        self.shared, self.review, self.queues = {}, [], []

    def person(self, agent, **known):
        usual = {
            "name": f"Name of {agent}",
            "groups": ["support"],
            "schedule": "Mon-Fri 09:00-17:00",
            "excluded": False,
        }
        self.people.append({"agent": agent, **usual, **known})

    def group(self, group, **known):
        self.groups.append({"group": group, "name": f"Team {group}", **known})

    def ticket(self, name, assignee, effort=1.0, **other):
        self.tickets.append(ticket(name, assignee, effort, **other))

    def flag(self, signal, subject, kind="agent", level="warn", state="active", since="2026-03-02", **values):
        rule = next(rule.id for rule in RULES.values() if rule.signal == signal)
        window = {"start": "2026-03-02T08:00:00Z", "end": "2026-03-03T16:00:00Z"}
        self.flags.append(
            {
                "signal": signal, "rule": rule, "subject": {"kind": kind, "id": subject}, "level": level,
                "state": state, "since": since, "window": window, "values": {**VALUES[signal], **values},
                "evidence": [], "grade": "A",
            }
        )  # fmt: skip

    def situation(self, now=NOW, rules=RULES, **more):
        directory = Directory(
            self.zone,
            pl.DataFrame(self.people, schema=PEOPLE),
            pl.DataFrame(self.leave, schema=LEAVE, orient="row"),
            pl.DataFrame(self.groups, schema=GROUPS),
            pl.DataFrame(schema=ON_CALL),
        )
        frames = {name: pl.DataFrame(schema=shape) for name, shape in SCHEMAS.items()}
        frames["queues"] = pl.DataFrame(self.queues, schema=SCHEMAS["queues"])
        frames["shifts"] = pl.DataFrame(
            [{"agent": agent, "end": end} for agent, end in self.ended], schema=SCHEMAS["shifts"]
        )
        facts = Facts(
            since=now, until=now, history_start=now - timedelta(days=100), zone=self.zone, week_start=0,
            directory=directory, hard_possible=True, shared=self.shared, review=self.review, **frames,
        )  # fmt: skip
        work = pl.DataFrame(self.tickets, schema=OPEN)
        return Situation("acme", now, self.zone, tuple(self.flags), rules, facts, work, **more)

    def plan(self, **more):
        return propose(self.situation(**more))


@pytest.fixture
def scene():
    """A desk of four; nobody has a ticket and nobody a flag."""
    made = Scene()
    made.group("support", schedule="Mon-Fri 09:00-17:00")
    for name in "ABCD":
        made.person(name)
    return made


@pytest.fixture(scope="session")
def make_scene():
    """An empty account."""
    return Scene


@pytest.fixture
def crowded(scene):
    """A has twelve tickets, B and C three each, D four; the team is flagged."""
    for agent, count in (("A", 12), ("B", 3), ("C", 3), ("D", 4)):
        for number in range(count):
            scene.ticket(f"{agent}{number:02}", agent)
    scene.flag("LD4", "support", kind="team")
    return scene
