"""A helpdesk with many assigned tickets, an account that may move them, and what became of each, by the helpdesk."""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from helpdesk_wellbeing.acting import policy, review
from helpdesk_wellbeing.events import SCHEMA
from helpdesk_wellbeing.people import PEOPLE
from helpdesk_wellbeing.plan.proposal import Move, Proposal, Subject
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.store import Store, open_store
from tests.always_on.desks import PLATFORMS, Mark, Platform
from tests.fleet import PROJECT, Fleet, Program, serve_command

ACCOUNT = "acme"
GROUPS = {"11": [f"20{n:02}" for n in range(1, 6)], "12": [f"20{n:02}" for n in range(6, 11)]}
# Seconds. What takes minutes in an installation takes seconds here, in the same proportion.
PATIENCE = {"claim": 2.5, "look_again": 0.2, "arrives": 4.0, "short": 0.5, "long": 5.0, "minute": 1.0}
LIMITS = {"attempts": 3, "timeouts": 1, "answer_s": 1.2, "longest_wait_s": 2.0, "first_backoff_s": 0.1}
HANG_S = 1.5  # longer than a writer waits
EVERYTHING = {
    "throttle": 0.03, "throttle_bare": 0.01, "error": 0.03, "reset": 0.03, "truncate": 0.03, "slow": 0.03,
    "lost": 0.08, "hang": 0.01, "late_error": 0.06, "conflict": 0.06, "write_error": 0.05, "collide": 0.06,
}  # fmt: skip


def what_happened(tickets: int) -> pl.DataFrame:
    """Tickets "1" to "200", each in one of two groups and with one of its agents for 30 hours: no target is near."""
    usual = dict.fromkeys(SCHEMA) | {"account": "a", "channel": "email", "grade": "A"}
    began, rows = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=30), []
    for number in range(1, tickets + 1):
        group = list(GROUPS)[number % 2]
        at = began + timedelta(seconds=10 * number)
        one = usual | {"ticket": str(number), "at": at}
        rows += [
            one | {"id": f"{number}.1", "actor": str(5000 + number), "actor_kind": "requester", "kind": "created",
                   "status": "open", "group": group, "assignee": GROUPS[group][number % 5]},
            one | {"id": f"{number}.2", "at": at + timedelta(seconds=4), "actor": GROUPS[group][number % 5],
                   "actor_kind": "agent", "kind": "tagged", "after": "vip"},
        ]  # fmt: skip
    plain = {name: (kind if isinstance(kind, pl.Datetime) else pl.String()) for name, kind in SCHEMA.items()}
    return pl.DataFrame(rows, schema=plain).cast(SCHEMA).sort("at", maintain_order=True)


def who_works() -> pl.DataFrame:
    """Five agents in each group."""
    people = [{"agent": agent, "groups": [group]} for group, agents in GROUPS.items() for agent in agents]
    return pl.DataFrame([dict.fromkeys(PEOPLE) | one for one in people], schema=PEOPLE)


@dataclass
class Moving:
    """The account on both sides: `store` is ours, `desk` theirs; `saves` is all that was saved there, in order."""

    home: Path
    url: str
    desk: Any
    store: Store
    platform: Platform
    saves: list[Any] = field(default_factory=list)
    ahead: timedelta = timedelta(0)  # of the helpdesk's clock, and of that of rounds in this process

    def now(self) -> datetime:
        """The helpdesk's time."""
        return datetime.now(UTC) + self.ahead

    @property
    def ours(self) -> list[Any]:
        """What was saved by writes of ours; their notes, where these are saves of their own, left aside."""
        return [save for save in self.saves if self.platform.is_ours(save)]

    def accepted(self, tickets: Sequence[str]) -> str:
        """A proposal to give each of these to the next agent of its group, accepted; its id."""
        at = datetime.now(UTC)
        moves = tuple(
            Move(ticket, group, giver, receiver) for ticket, group, giver, receiver in map(self._move, tickets)
        )
        proposal = Proposal(
            "rebalance", Subject("team", "11"), (), at, at + timedelta(hours=24), at, {"en": "Move tickets."}, moves
        )
        review.keep(self.store, ACCOUNT, [proposal], at)
        review.accept(self.store, ACCOUNT, proposal.id, "a lead", at)
        return proposal.id

    def _move(self, ticket: str) -> tuple[str, str, str, str]:
        group, place = list(GROUPS)[int(ticket) % 2], int(ticket) % 5
        return ticket, group, GROUPS[group][place], self.receiver(ticket)

    @staticmethod
    def receiver(ticket: str) -> str:
        return GROUPS[list(GROUPS)[int(ticket) % 2]][(int(ticket) + 1) % 5]

    def row(self, ticket: str) -> dict[str, Any]:
        """The ticket as the helpdesk has it: assignee, group, tags, our field, status."""
        return self.platform.row(self.desk, ticket)

    def marks(self, proposal: str, ticket: str, kind: str) -> list[Mark]:
        """What our move of a ticket, or taking it back, left there, by the helpdesk."""
        key = f"{proposal}:move:{ticket}" + (":undo" if kind == "undo" else "")
        return self.platform.marks(self.desk, self.saves, ticket, key)

    def assignments(self, ticket: str) -> list[str]:
        """To whom the ticket went, whoever did that, by the helpdesk."""
        return self.platform.assignments(self.desk, self.saves, ticket)

    def edit(self, ticket: str, **changes: Any) -> None:
        """Somebody else edits `assignee`, `group`, `tags` or `status`."""
        self.platform.edit(self.desk, ticket, GROUPS["11"][0], **changes)

    def merge(self, ticket: str, into: str) -> None:
        """Somebody else merges a ticket away."""
        self.platform.merge(self.desk, ticket, into, GROUPS["11"][0])

    def connect(self) -> None:
        """Again, as an admin does."""
        self.platform.connect(self.store, ACCOUNT, self.desk)

    def states(self, proposal: str, kind: str = "move") -> Counter[str]:
        """How many writes are in each state; skipped ones by their reason."""
        return Counter(
            w.receipt.get("reason", "skipped") if w.state == "skipped" else w.state
            for w in self.store.writes.of_proposal(ACCOUNT, proposal)
            if w.kind == kind
        )

    def open_writes(self) -> int:
        counts = self.store.writes.counts(ACCOUNT)
        return counts.get("planned", 0) + counts.get("sent", 0)

    def fleet(self, processes: int = 1, *, as_installed: bool = False) -> Fleet:
        """Writers, or workers as an admin starts them; not yet started."""
        told = json.dumps({"account": ACCOUNT, "patience": PATIENCE, "limits": LIMITS})
        command = [sys.executable, str(PROJECT / "tests/always_on/writer.py"), told]
        if as_installed:
            command = serve_command("worker", None, "--no-pull")
        environment = {"HELPDESK_WELLBEING_HOME": str(self.home), "HELPDESK_WELLBEING_DATABASE_URL": self.url}
        return Fleet(self.home, environment, [Program(f"writer-{n}", command) for n in range(processes)])

    def wait_until_written(self, fleet: Fleet, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self.open_writes():
            assert time.monotonic() < deadline, f"{self.open_writes()} left after {seconds:g} s\n{fleet.log()[-3000:]}"
            time.sleep(0.2)

    def wait_for_saves(self, fleet: Fleet, count: int, seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        while len(self.ours) < count and self.open_writes():
            assert time.monotonic() < deadline, f"{len(self.ours)} of {count} saves\n{fleet.log()[-3000:]}"
            time.sleep(0.01)

    def kill(self, fleet: Fleet, kills: int, writes: int, seed: int = 7) -> None:
        """SIGKILL so many times, after random numbers of saves and a random moment."""
        rng, already = random.Random(seed), len(self.ours)
        for place in sorted(rng.choices(range(writes * 19 // 20), k=kills)):
            self.wait_for_saves(fleet, already + place)
            time.sleep(rng.uniform(0, 0.12))
            fleet.kill_one(rng)


@contextmanager
def moving(
    tmp_path: Path, url: str, tickets: int, faults: Mapping[str, float] | None = None, platform: str = "zendesk",
    **options: Any,
) -> Any:  # fmt: skip
    """An account in mode approve, connected to a helpdesk with so many tickets, which starts out friendly."""
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    made: list[Moving] = []
    theirs = PLATFORMS[platform]
    clock: Callable[[], datetime] = lambda: made[0].now() if made else datetime.now(UTC)  # noqa: E731
    with (
        theirs.served(what_happened(tickets), who_works(), clock, **options) as desk,
        open_store(Settings(home, url)) as store,
    ):
        theirs.connect(store, ACCOUNT, desk)
        one = Moving(home, url, desk, store, theirs)
        made.append(one)
        desk.on_write.append(one.saves.append)
        theirs.install(store, ACCOUNT, desk)
        policy.change(
            store, ACCOUNT, "an admin", datetime.now(UTC), modes={"rebalance": "approve"}, updates_a_minute=100
        )
        hostile(faults or {}, desk)
        yield one


def hostile(share: Mapping[str, float], desk: Any, seed: int = 3) -> Any:
    """From now on; the log-in is left alone, so that it is writes and looks that suffer."""
    made = type(desk.faults)
    desk.faults = made(share=dict(share), seed=seed, only=r"^/api/v2/tickets", hang_seconds=HANG_S, slow_seconds=0.2)
    return desk.faults
