"""Small desks in plain values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import polars as pl
import pytest

from helpdesk_wellbeing.facts.schema import ONE_TICKET
from helpdesk_wellbeing.plan.rebalance import AGENTS, TICKETS, Question, Settings

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
