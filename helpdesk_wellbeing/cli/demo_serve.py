"""How `demo` ends: `serve` runs against the simulated helpdesk, and what somebody does there shows in `check` seconds
later."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from helpdesk_wellbeing.cli.common import catalogue, open_store, say
from helpdesk_wellbeing.cli.demo_platforms import ACCOUNT
from helpdesk_wellbeing.errors import WellbeingError

if TYPE_CHECKING:
    from helpdesk_wellbeing.cli.demo_platforms import Part
    from helpdesk_wellbeing.demo import World
    from helpdesk_wellbeing.store import Store

WEBHOOK_SECRET = "webhook_secret"
WEEKS = 1  # of the team's past, so that nobody waits for a demo
STARTED_S, SEEN_S, STOPPED_S = 60.0, 60.0, 12.0
BETWEEN_TOUCHES_S = 5.0
RULE = "long_day"
# Before the touch: at work twice, 13 h from first to last not yet exceeded. Minutes before now.
_AT_WORK = ((790, 560), (310, 40))
_EVERY_MIN = 10


@dataclass(frozen=True)
class Shown:
    """What was touched and how long it took, from the touch on."""

    agent: str
    name: str
    ticket: str
    stored_s: float  # until the webhook was answered 200: kept durably
    in_check_s: float  # until the stored answer had it
    because: str  # in the words of `check`

    def line(self) -> str:
        return (
            f"{self.name} answered ticket {self.ticket}: stored after {self.stored_s:.2f} s, "
            f"in check after {self.in_check_s:.2f} s"
        )


@dataclass(frozen=True)
class Served:
    """`serve` in a process of its own."""

    process: subprocess.Popen[bytes]
    log: Path
    address: str = ""

    @property
    def said(self) -> str:
        """What it has said so far."""
        return self.log.read_text("utf-8", errors="replace")

    def check(self) -> None:
        """Raises WellbeingError with its last words when it has ended."""
        code = self.process.poll()
        if code is not None:
            ready = "" if self.address else " before it was ready"
            raise WellbeingError(f"demo: serve ended{ready}, with exit code {code}: {last_words(self.said)}")


def show(world: World, part: Part, *, quiet: bool = False) -> Shown | None:
    """Serve, touch a ticket, tell what came of it.

    In the home folder of the environment, which has nothing yet. None where `serve` does not run. Raises WellbeingError
    when the touch does not arrive. Whatever happens, no process of ours is left.
    """
    if os.name != "posix":
        say("serve is not shown: it runs on Linux, macOS and other POSIX systems")
        return None
    agent, name = _somebody_ordinary(world)
    today = _moved_to_today(world, agent)
    with (
        stopped_by_sigterm(),
        part.front(today, lambda: datetime.now(UTC)) as helpdesk,
        open_store() as store,
    ):
        secret = _connect(store, part, helpdesk)
        with _serving() as served, part.calls(helpdesk, served.address, secret) as sender:
            shown = _touch(store, part, helpdesk, sender, served, agent, name)
            if not quiet:
                click.echo(f"\nLIVE\n  {shown.line()}\n  now flagged: {shown.because}")
    return shown


def _somebody_ordinary(world: World) -> tuple[str, str]:
    """Somebody who answers tickets and about whom the simulation has no story."""
    stories = {planted.subject for planted in world.planted} | {innocent.subject for innocent in world.innocents}
    stories |= {companion.subject for planted in world.planted for companion in planted.companions}
    ordinary = [
        (str(user["user"]), str(user["name"]))
        for user in world.roster.users.iter_rows(named=True)
        if user["role"] == "agent" and user["truth"] == "person" and user["user"] not in stories
    ]
    return min(ordinary)


def _moved_to_today(world: World, agent: str) -> World:
    """The last weeks of the team, moved by whole weeks until shortly before today, and `agent` at work since."""
    import polars as pl

    now = datetime.now(UTC).replace(microsecond=0)
    last = world.events["at"].max()
    assert isinstance(last, datetime)
    moved = timedelta(weeks=(now - timedelta(days=2) - last) // timedelta(weeks=1))
    started = pl.col("at").min().over("ticket") > last - timedelta(weeks=WEEKS)
    times = [pl.col(column) + moved for column in ("at", "started_at", "due_at")]
    events = world.events.filter(started | pl.col("ticket").is_null()).with_columns(times)
    ticket = _tickets(events)[0]
    extra = [
        {"id": f"today-{minutes}", "at": now - timedelta(minutes=minutes), "ticket": ticket, "actor": agent,
         "batch": f"today-{minutes}"}
        for first, last_ in _AT_WORK
        for minutes in range(first, last_ - 1, -_EVERY_MIN)
    ]  # fmt: skip
    usual = {"account": ACCOUNT, "actor_kind": "agent", "kind": "noted", "channel": "email", "grade": "A"}
    at_work = pl.DataFrame([usual | row for row in extra])
    schema = events.schema
    filled = at_work.select(
        (pl.col(column) if column in at_work.columns else pl.lit(None)).cast(kind).alias(column)
        for column, kind in schema.items()
    )
    return replace(world, events=pl.concat([events, filled]).sort("at", maintain_order=True))


def _tickets(events: Any) -> list[str]:
    """Tickets that are not closed, the newest first."""
    import polars as pl

    over = events.filter(pl.col("after").is_in(["closed", "deleted"]) | (pl.col("kind").cast(pl.String) == "deleted"))
    left = events.filter(~pl.col("ticket").is_in(over["ticket"].to_list()))
    return [str(ticket) for ticket in left["ticket"].drop_nulls().unique(maintain_order=True).reverse().to_list()]


def _connect(store: Store, part: Part, helpdesk: Any) -> str:
    """Connect and pull once, as `connect` and `pull` do; the secret that webhooks are to prove themselves with."""
    from helpdesk_wellbeing.cli.check import examine
    from helpdesk_wellbeing.cli.pull import run

    part.connect(store, helpdesk)
    with store.writer(ACCOUNT, "demo"):
        run(store, ACCOUNT, fold=False)
    examine(store, ACCOUNT, catalogue(try_examples=False), datetime.now(UTC))
    secret = secrets.token_urlsafe(32)
    store.put_secret(ACCOUNT, WEBHOOK_SECRET, secret)
    return secret


@contextmanager
def _serving() -> Iterator[Served]:
    """`serve` in a process of its own, once it is ready."""
    from helpdesk_wellbeing.settings import load_settings

    log = load_settings().home / "serve.log"
    command = [sys.executable, "-m", "helpdesk_wellbeing.cli", "serve", "--port", "0"]
    with log.open("wb") as said:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    try:
        yield _ready(Served(process, log))
    finally:
        process.terminate()
        try:
            process.wait(STOPPED_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _ready(served: Served) -> Served:
    deadline = time.monotonic() + STARTED_S
    while time.monotonic() < deadline:
        found = re.search(r"^serving on (http://\S+)", served.said, re.MULTILINE)
        if found:
            return replace(served, address=found[1])
        served.check()
        time.sleep(0.05)
    raise WellbeingError(f"demo: serve was not ready after {STARTED_S:g} s: {last_words(served.said)}")


def last_words(said: str) -> str:
    """The last line that tells of trouble, or else the last one; of a line of the log what it says."""
    lines = [_told(line) for line in said.strip().splitlines()]
    troubles = [text for text, is_trouble in lines if is_trouble]
    return (troubles or [text for text, _ in lines] or ["it said nothing"])[-1]


def _told(line: str) -> tuple[str, bool]:
    try:
        entry = json.loads(line)
        return str(entry["event"]), entry["level"] in ("error", "critical")
    except (ValueError, TypeError, KeyError):
        return line, line.startswith("helpdesk-wellbeing: ")


def _touch(store: Store, part: Part, helpdesk: Any, sender: Any, served: Served, agent: str, name: str) -> Shown:
    """Let the agent answer a ticket once more; wait until the flag that follows from it is in the stored answer."""
    if _flag_of(store, agent) is not None:
        raise WellbeingError(f"demo: {agent} is flagged before anything was touched; please report this line")
    ticket = _tickets(helpdesk.site.events)[0]
    began = time.monotonic()
    touch = helpdesk.touch(ticket, agent)
    stored = _wait(served, lambda: part.has_told(sender, touch))
    if stored is None:
        raise WellbeingError(f"demo: the webhook did not arrive; it was answered {dict(sender.outcomes)}")
    stored_s = stored - began
    seen = _wait(served, lambda: _flag_of(store, agent) is not None)
    if seen is None:
        raise WellbeingError(
            f"demo: what a webhook brought was not evaluated within {SEEN_S:g} s; serve said: {last_words(served.said)}"
        )
    flag = _flag_of(store, agent)
    assert flag is not None
    rule = catalogue(try_examples=False).rules[RULE]
    because = f"{flag['signal']} {rule.title.lower()}, agent {agent} {name}: {rule.sentence(flag['values'])}"
    return Shown(agent, name, ticket, stored_s, seen - began, because)


def _flag_of(store: Store, agent: str) -> dict[str, Any] | None:
    answer = store.work.answer_of(ACCOUNT) or {"flags": []}
    flags: list[dict[str, Any]] = answer["flags"]
    return next((flag for flag in flags if flag["rule"] == RULE and flag["subject"]["id"] == agent), None)


def _wait(served: Served, is_so: Callable[[], bool], seconds: float = SEEN_S) -> float | None:
    """When it became so, by the monotonic clock; None when it did not in time. Raises when `serve` has ended."""
    deadline = time.monotonic() + seconds
    while not is_so():
        served.check()
        if time.monotonic() > deadline:
            return None
        time.sleep(0.02)
    return time.monotonic()


@contextmanager
def stopped_by_sigterm() -> Iterator[None]:
    """SIGTERM ends us as Ctrl-C does, so that what we started is ended, too."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
