"""Each platform in turn, and the accounts that are simulated on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from connectors.simulating.faults import Dice
from helpdesk_wellbeing.acting.helpdesk import Helpdesk
from helpdesk_wellbeing.errors import BadPayload, PlatformError
from helpdesk_wellbeing.events import SCHEMA
from helpdesk_wellbeing.feed import Connector
from helpdesk_wellbeing.people import PEOPLE
from tests.contract.platforms import PLATFORMS, Held, Platform, Ticket
from tests.doors import Caller, Desk, a_door, caller_of, some_accounts
from tests.freshdesk_account import START, Clock, held
from tests.kept import Kept

TICKETS, EVERY_H = 30, 44  # eight weeks: there is history beyond the recent weeks
ENDED = (PlatformError, BadPayload)  # how a pull may end before its time
_AGENTS = {"1001": ["11"], "1002": ["11", "12"], "1003": ["11"], "1004": ["12"]}


@pytest.fixture(params=PLATFORMS, ids=lambda platform: platform.name)
def platform(request: pytest.FixtureRequest) -> Platform:
    """Each platform."""
    return request.param


def frame_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Events from short rows: `at`, and what isn't usual."""
    usual = dict.fromkeys(SCHEMA) | {"account": "a", "channel": "email", "grade": "A", "actor_kind": "agent"}
    full = [usual | {"id": str(place)} | row for place, row in enumerate(rows, 1)]
    plain = {name: (kind if isinstance(kind, pl.Datetime) else pl.String()) for name, kind in SCHEMA.items()}
    return pl.DataFrame(full, schema=plain).cast(SCHEMA).sort("at", maintain_order=True)


def a_team() -> Held:
    """Some weeks of 1001, 1002, 1004 and of 1003, who has left since; rules, and our own user, are at work, too."""
    rows: list[dict[str, Any]] = []
    for number in range(1, TICKETS + 1):
        begin = START + timedelta(hours=EVERY_H * number)
        agent = {"actor": ["1001", "1002", "1003"][number % 3]}
        customer = {"actor": str(5000 + number % 7), "actor_kind": "requester"}
        rule = {"actor": "rule:55", "actor_kind": "system"}
        own = {"actor": "900000001", "actor_kind": "integration"}
        steps: list[tuple[int, dict[str, Any], dict[str, Any]]] = [
            (0, customer, {"kind": "created", "status": "open", "group": "11", "priority": "normal"}),
            (1, rule, {"kind": "tagged", "after": "routed"}),
            (5, agent, {"kind": "assigned", "after": agent["actor"]}),
            (20, agent, {"kind": "replied"}),
            (20, agent, {"kind": "status", "before": "open", "after": "hold"}),
            (45, customer, {"kind": "customer_replied"}),
            (50, rule, {"kind": "priority", "before": "normal", "after": "high"}),
            (55, own, {"kind": "noted"}),
            (56, own, {"kind": "tagged", "after": "seen"}),
            (60, agent, {"kind": "noted"}),
            (75, agent, {"kind": "replied"}),
        ]
        if number % 4:
            steps += [
                (75, agent, {"kind": "status", "before": "hold", "after": "solved"}),
                (90, customer, {"kind": "rated", "after": ["good", "neutral", "bad"][number % 3]}),
                (95, rule, {"kind": "status", "before": "solved", "after": "closed"}),
            ]
        rows += [
            {"ticket": str(number), "at": begin + timedelta(minutes=step), "batch": f"{number}.{step}"} | who | what
            for step, who, what in steps
        ]
    people = [dict.fromkeys(PEOPLE) | {"agent": agent, "groups": groups} for agent, groups in _AGENTS.items()]
    return Held(frame_of(rows), pl.DataFrame(people, schema=PEOPLE), left=frozenset(["1003"]))


@dataclass
class Running:
    """A running account, and all that was said about it."""

    platform: Platform
    front: Any
    clock: Clock
    lines: list[str] = field(default_factory=list)

    def connector(self, **given: Any) -> Connector:
        return self.platform.connector(self.front, self.lines.append, **given)

    def helpdesk(self, **given: Any) -> Helpdesk:
        return self.platform.helpdesk(self.front, **given)

    def ticket(self, ticket: str) -> Ticket:
        return self.platform.ticket(self.front, ticket)

    def truth(self, *kinds: str) -> pl.DataFrame:
        """What happened, in our words."""
        events: pl.DataFrame = self.front.site.events
        return events.filter(pl.col("kind").cast(pl.String).is_in(kinds))

    def pulled(self, tries: int = 1, since: datetime | None = None, **given: Any) -> Kept:
        """A pull that is begun again when it ends in one of our errors, each time by a new process."""
        kept = Kept()
        for left in reversed(range(tries)):
            try:
                kept.take(self.connector(**given), since)
                break
            except ENDED as ended:
                self.lines.append(str(ended))
                if not left:
                    raise
        return kept


Serve = Callable[..., Running]


@pytest.fixture
def serve(platform: Platform) -> Iterator[Serve]:
    """Start an account; `team` (for reading) or `tickets` (for writing), and what goes wrong."""
    with ExitStack() as running:

        def start(what: Held, faults: Dice | None = None, at: datetime | None = None, **options: Any) -> Running:
            clock = Clock() if at is None else Clock(at)
            return Running(platform, running.enter_context(platform.front(what, clock, faults, **options)), clock)

        yield start


@pytest.fixture(scope="session")
def the_team() -> Held:
    """Weeks of a small team."""
    return a_team()


@pytest.fixture
def team(serve: Serve, the_team: Held) -> Callable[..., Running]:
    """Start the account of that team, at the end of its weeks."""
    end = START + timedelta(hours=EVERY_H * (TICKETS + 1))
    return lambda faults=None, **options: serve(the_team, faults, end, **options)


@pytest.fixture
def desk(serve: Serve) -> Callable[..., Running]:
    """Start an account with tickets "1" to "12" of agent 1001 in group 11, each tagged vip. 1002 is in the group, too,
    and 1003, who may only comment; 1004 is in group 12, 1005 was switched off."""
    what = Held(*held(), inactive=frozenset(["1005"]), light=frozenset(["1003"]))
    return lambda faults=None, **options: serve(what, faults, **options)


@pytest.fixture
def clock_at_the_end() -> Clock:
    """When the team's weeks are over."""
    return Clock(START + timedelta(hours=EVERY_H * (TICKETS + 1)))


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Desk]:
    """The door of accounts of every platform."""
    with some_accounts(tmp_path) as store, a_door(store) as opened:
        yield opened


@pytest.fixture
def caller(platform: Platform, door: Desk) -> Caller:
    """The platform as the door meets it."""
    return caller_of(platform.name, door)
