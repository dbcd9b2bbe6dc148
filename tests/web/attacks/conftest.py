"""An installation in which whatever others may name is hostile, and browsers of everybody who looks at it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk_wellbeing import app as web_side
from helpdesk_wellbeing.access.break_glass import open_glass
from helpdesk_wellbeing.access.roles import GIVEN, Role
from helpdesk_wellbeing.access.viewer import Viewer
from helpdesk_wellbeing.acting import review
from helpdesk_wellbeing.facts.schema import ONE_TICKET, QUEUES, SHIFTS
from helpdesk_wellbeing.people import GROUPS, PEOPLE
from helpdesk_wellbeing.plan.proposal import Because, Move, Proposal, Subject
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.store import Store, open_store
from helpdesk_wellbeing.store.access import Member
from helpdesk_wellbeing.surveys.model import Invitation, Kind, State, Theme, Venue, Wave
from helpdesk_wellbeing.surveys.model import Place as Asked
from helpdesk_wellbeing.web import cookies

ACCOUNT, OTHER = "acme", "globex"
NOW = datetime.now(UTC).replace(microsecond=0)
BILLING, NEARLY, CARE = "100", "101", "200"  # Nearly is Billing without one
TICKET = '7"><script>alert(7)</script>'
HOSTILE = (
    '<script>alert("ada")</script>', '"><img src=x onerror=alert(1)>', '=HYPERLINK("http://evil.example","x")',
    "'onmouseover='alert(1)' x='", "{{ 7*7 }}%(name)s{0}", "</title></text></svg><script>alert(1)</script>",
    "javascript:alert(1)", "]]>--><b>", "Ina\u202e<!--",
)  # fmt: skip
LEAD, BO, CHEN = "2", "2", "3"
# Who looks: an agent's id, and the roles that were given to them.
EVERYBODY: dict[str, tuple[str | None, tuple[Role, ...]]] = {
    "agent": ("1", ()), "lead": (LEAD, ()), **{role.value: (None, (role,)) for role in GIVEN},
}  # fmt: skip


def frame_of(schema: Any, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame([dict.fromkeys(schema) | row for row in rows], schema=schema)


def flag_of(rule: str, signal: str, kind: str, id: str, values: dict[str, Any], evidence: Any = ()) -> dict[str, Any]:
    return {
        "signal": signal, "rule": rule, "subject": {"kind": kind, "id": id}, "level": "warn", "state": "active",
        "since": NOW.date().isoformat(), "values": values, "evidence": list(evidence), "grade": "A",
        "window": {"start": "2026-11-18T17:30:00Z", "end": "2026-11-19T03:00:00Z"},
    }  # fmt: skip


def proposal(account_of_team: str, *tickets: str) -> Proposal:
    because = Because("team_imbalance", "v1", "LD4", Subject("team", BILLING), "warn", "2026-03-02", "A",
                      {"max_ratio": 1.9, "min_ratio": 0.6})  # fmt: skip
    moves = tuple(Move(ticket, BILLING, "1", "3", {"en": f"Room for {ticket}."}) for ticket in tickets)
    return Proposal(
        "rebalance", subject=Subject("team", account_of_team), because=(because,), made_at=NOW,
        expires_at=NOW + timedelta(days=3), lead_from=NOW, texts={"en": HOSTILE[0], "nl": HOSTILE[1]}, moves=moves,
    )  # fmt: skip


@dataclass
class Place:
    """The installation, its application, and ids of what is in it."""

    store: Store
    app: Flask
    settings: Settings
    proposal: str = ""
    ids: dict[str, str] = field(default_factory=dict)

    def browser(self, person: str = "", account: str = ACCOUNT, **more: str) -> FlaskClient:
        """Of one of `EVERYBODY`, or of nobody."""
        browser = self.app.test_client()
        if person:
            agent, _roles = EVERYBODY[person]
            who = f"zendesk:{agent}" if agent else f"email:{person}@example.com"
            token = self.store.access.begin_session(
                account, who, person, agent, "test", NOW, datetime.now(UTC) + timedelta(hours=1)
            )
            browser.set_cookie(cookies.NAME, token, path=cookies.path_of(account))
        return browser

    def token(self, browser: FlaskClient, page: str = "") -> str:
        """Of the forms that this browser was shown."""
        shown = browser.get(page or f"/a/{ACCOUNT}/sessions").text
        found = re.search(r'name="csrf_token" value="([^"]+)"', shown)
        assert found is not None, shown
        return found[1]


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    home: Path = tmp_path_factory.mktemp("attacks")
    settings = Settings(home, f"sqlite:///{home / 'wellbeing.db'}")
    with open_store(settings) as store:
        for account in (ACCOUNT, OTHER):
            _fill(store, account)
        app = web_side.web(settings, role="web")
        made = Place(store, app, settings)
        made.proposal = review.keep(store, ACCOUNT, [proposal(BILLING, TICKET, "8")], NOW)[0]
        made.ids["proposal"] = review.keep(store, OTHER, [proposal(CARE, "999")], NOW)[0]
        hr = Viewer(ACCOUNT, "email:hr@example.com", HOSTILE[1], None, frozenset({Role.HR}))
        made.ids["glass"] = open_glass(store, hr, "1", f"{HOSTILE[0]} a reason of many signs", NOW).id
        yield made
        web_side.close(app)


def _fill(store: Store, account: str) -> None:
    store.create_account(account, platform="zendesk", settings={"base_url": "http://127.0.0.1:9", "subdomain": "acme"})
    people = []
    for number, name in enumerate(HOSTILE, 1):
        groups = [BILLING, *([NEARLY] if number < 6 else [])] if number < 7 else [CARE]
        people.append({
            "agent": str(number), "name": name, "time_zone": "Europe/Amsterdam", "groups": groups,
            "schedule": "Mon-Fri 09:00-17:30", "lead_of": [BILLING] if str(number) == LEAD else None,
        })  # fmt: skip
    store.replace_people(account, "file", frame_of(PEOPLE, people))
    groups = [{"group": BILLING, "name": HOSTILE[5], "tier": 1}, {"group": NEARLY, "name": HOSTILE[0], "tier": 1},
              {"group": CARE, "name": HOSTILE[1], "tier": 1}]  # fmt: skip
    store.replace_groups(account, "platform", frame_of(GROUPS, groups))
    for person, (agent, roles) in EVERYBODY.items():
        if roles:
            who = f"email:{person}@example.com"
            store.access.put_member(account, Member(who, HOSTILE[0], agent, frozenset(roles), NOW, HOSTILE[1]))
    rest = {"rest_h": 9.5, "required_h": 11.0}
    answer = {
        "account": account, "as_of": NOW.isoformat(), "identity_review": [], "withheld": [],
        "not_assessable": [{"signal": "WT7", "subject": {"kind": "agent", "id": "1"}, "reason": "no schedule"}],
        "flags": [
            flag_of("short_daily_rest", "WT4", "agent", "1", rest, [{"ticket": TICKET}]),
            flag_of("short_daily_rest", "WT4", "agent", LEAD, rest),
            flag_of("open_work_overload", "LD1", "agent", CHEN,
                    {"open_weight": 15.6, "median_weight": 8.7, "z": 4.65, "days_of_work": 2.5}),
            flag_of("team_imbalance", "LD4", "team", BILLING, {"max_ratio": 2.2, "min_ratio": 0.6}),
            flag_of("backlog_growth", "LD6", "queue", CARE,
                    {"slope_per_day": 8.2, "p": 0.0001, "ratio": 1.6, "days_to_clear": 6.1}),
        ],
    }  # fmt: skip
    at = NOW - timedelta(minutes=5)
    with store.transaction():
        _facts(store, account)
        store.work.keep_answer(account, at, answer)
        store.work.note_run(account, evaluated_at=at, evaluated_until=at)
        spells = [(f["rule"], f["subject"]["kind"], f["subject"]["id"], NOW.date()) for f in answer["flags"]]
        store.seen.note(account, spells, at)
    place = Asked((BILLING,))
    wave = Wave(account, "w", State.PLANNED, Kind.REGULAR, Venue.OWN, (BILLING,), (place,), 1, NOW,
                NOW + timedelta(days=7), None, (BILLING,), "pulse-1")  # fmt: skip
    store.surveys.add(account, wave, [Invitation("1", place, NOW)])
    store.surveys.add_theme(account, Theme("t", "w", HOSTILE[0], HOSTILE[1], NOW.date()))


def _facts(store: Store, account: str) -> None:
    for ago in range(20, 0, -1):
        day = NOW.date() - timedelta(days=ago)
        start, length = datetime(day.year, day.month, day.day, 8, tzinfo=UTC), timedelta(hours=8 + ago % 3)
        span = {"active_15": length, "active_30": length, "active_60": length}
        shifts = [
            {"agent": agent, "start": start, "end": start + length, "date": day, "closed": True, **span,
             "work_events": 30, "grade": "A", "breaks": timedelta(minutes=40), "night": timedelta(),
             "open_weight": 9 * ONE_TICKET, "piece": day} for agent in "1234567"
        ]  # fmt: skip
        queues = [{"group": group, "date": day, "created": 5, "solved": 4, "open_at_end": 40 + ago, "escalated": 0,
                   "reopened": 0, "piece": day} for group in (BILLING, CARE)]  # fmt: skip
        kinds = {"shifts": (SHIFTS, shifts), "queues": (QUEUES, queues)}
        frames = {
            kind: frame_of({**schema, "piece": pl.Date()}, rows) for kind, (schema, rows) in kinds.items()
        }  # fmt: skip
        store.write_pieces(account, datetime(day.year, day.month, day.day, tzinfo=UTC), frames)


@pytest.fixture(scope="session")
def tools() -> Any:
    """What is above, for tests."""
    import types

    return types.SimpleNamespace(**{name: value for name, value in globals().items() if not name.startswith("_")})
