"""`demo`: the main job on a simulated Zendesk, over real HTTP, and what was planted beside what was found.

Then a lead acts (see demo_act.py), and it ends with `serve` (see demo_serve.py).
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from helpdesk_wellbeing.cli.common import catalogue, format_option, open_store, print_json, say, verbose_option, watched
from helpdesk_wellbeing.settings import DATABASE_VARIABLE, HOME_VARIABLE

if TYPE_CHECKING:
    from helpdesk_wellbeing.cli.check import Examined
    from helpdesk_wellbeing.cli.demo_act import Clock
    from helpdesk_wellbeing.demo import Planted, Verdict, World
    from helpdesk_wellbeing.store import Store

ACCOUNT = "demo"
LAST_DAY = date(2026, 11, 20)
LIMITED_MINUTE = 0.1  # seconds in which the simulated Zendesk lets a minute's requests through; nobody waits for a demo


@click.command(name="demo")
@click.option("--seed", default=1, show_default=True, help="Another seed is another team.")
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep everything in this folder; what was live, in live/ there.",
)
@format_option
@verbose_option
@click.pass_context
def command(ctx: click.Context, seed: int, keep: Path | None, output: str, verbose: bool) -> None:
    """Show the main job on a simulated helpdesk: connect, pull over HTTP, check, compare, then serve.

    With a terminal it goes on serving until Ctrl-C. Exit code 0: every planted problem was found and no innocent was
    flagged, 1: otherwise, 2: did not run.
    """
    from helpdesk_wellbeing.cli.check import print_text
    from helpdesk_wellbeing.cli.demo_act import MONDAY_MORNING, Clock, act
    from helpdesk_wellbeing.cli.demo_serve import show, stopped_by_sigterm
    from helpdesk_wellbeing.demo import judge

    live_home = None if keep is None else _new_folder(keep)
    with stopped_by_sigterm(), _home(keep):
        world = _simulate(seed)
        store = open_store()
        clock = Clock(world.as_of + timedelta(minutes=10))
        with _server(world, clock) as site:
            _connect_and_pull(store, site)
            _import_files(store, world)
            examined = _check(store, world)
            verdict = judge(examined.answer["flags"], world)
            if output == "text":
                print_text(store, examined, catalogue(), verbose)
                _print_verdict(verdict, world)
            clock.at = world.as_of + MONDAY_MORNING
            acted = act(store, ACCOUNT, clock, quiet=output == "json")
        try:
            with _home(live_home):
                shown = show(world, stay=output == "text" and watched(), quiet=output == "json")
        finally:
            _say_what_is_kept(keep, live_home, world)
        if output == "json":
            live = None if shown is None else asdict(shown)
            print_json({"check": examined.answer, "verdict": _as_dict(verdict), "acted": asdict(acted), "live": live})
        ctx.exit(0 if verdict.perfect else 1)


def _new_folder(keep: Path) -> Path:
    """Where the live part goes: it needs an installation of its own, because it happens today."""
    names = ("live", *(f"live-{number}" for number in range(2, 1000)))
    return next(keep / name for name in names if not (keep / name).exists())


def _say_what_is_kept(keep: Path | None, live_home: Path | None, world: World) -> None:
    if live_home is not None and live_home.exists():
        say(f"kept, what was live: {HOME_VARIABLE}={live_home} helpdesk-wellbeing check --account {ACCOUNT}")
    if keep is not None:
        as_of = f"{world.as_of:%Y-%m-%dT%H:%M:%SZ}"
        say(f"kept; next: {HOME_VARIABLE}={keep} helpdesk-wellbeing check --account {ACCOUNT} --as-of {as_of}")


@contextmanager
def _home(keep: Path | None) -> Iterator[None]:
    """The demo never touches the installation's own folder."""
    with tempfile.TemporaryDirectory(prefix="helpdesk-wellbeing-demo-") as scratch:
        before = {name: os.environ.get(name) for name in _OVERRIDDEN}
        os.environ[HOME_VARIABLE] = str(keep or scratch)
        os.environ.pop(DATABASE_VARIABLE, None)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


_OVERRIDDEN = (HOME_VARIABLE, DATABASE_VARIABLE)


def _simulate(seed: int) -> World:
    from helpdesk_wellbeing.demo import simulate

    began = time.perf_counter()
    world = simulate(seed, end=LAST_DAY)
    say(
        f"simulated: {world.events.height:,} events of {world.roster.users.height} accounts up to "
        f"{world.as_of:%Y-%m-%d %H:%M} UTC, seed {seed} ({time.perf_counter() - began:.1f} s)"
    )
    return world


@contextmanager
def _server(world: World, clock: Clock) -> Iterator[Any]:
    from connectors.zendesk.settings import WRITING_SCOPES
    from connectors.zendesk.simulated import SimulatedZendesk, Site

    site = Site.from_world(world)
    site = replace(site, options=replace(site.options, minute=LIMITED_MINUTE, allowed_scopes=WRITING_SCOPES))
    with SimulatedZendesk(site, now=lambda: clock.at) as server:
        say(f"simulated Zendesk at {server.base_url}")
        yield server


def _connect_and_pull(store: Store, server: Any) -> None:
    from helpdesk_wellbeing.cli.connect import connect_zendesk
    from helpdesk_wellbeing.cli.platforms import CLIENT_SECRET
    from helpdesk_wellbeing.cli.pull import run

    settings = {"subdomain": "acme", "base_url": server.base_url, "client_id": server.client_id}
    connect_zendesk(store, ACCOUNT, settings, CLIENT_SECRET, server.client_secret)
    began = time.perf_counter()
    with store.writer(ACCOUNT, "demo"):
        run(store, ACCOUNT, fold=False)
    say(f"pulled over HTTP in {time.perf_counter() - began:.1f} s, {sum(server.requests.values()):,} requests")


def _import_files(store: Store, world: World) -> None:
    from helpdesk_wellbeing import people as files
    from helpdesk_wellbeing.demo import write_files

    with tempfile.TemporaryDirectory() as folder:
        write_files(world, Path(folder))
        with store.writer(ACCOUNT, "demo"):
            store.replace_people(ACCOUNT, "file", files.read_people(Path(folder) / "people.csv"))
            store.replace_leave(ACCOUNT, "file", files.read_leave(Path(folder) / "leave.csv"))
            store.replace_groups(ACCOUNT, "file", files.read_groups(Path(folder) / "groups.csv"))
            store.replace_on_call(ACCOUNT, "file", files.read_on_call(Path(folder) / "on_call.csv"))


def _check(store: Store, world: World) -> Examined:
    from helpdesk_wellbeing.cli.check import examine

    began = time.perf_counter()
    examined = examine(store, ACCOUNT, catalogue(), world.as_of)
    say(f"folded and evaluated in {time.perf_counter() - began:.1f} s\n")
    return examined


def _print_verdict(verdict: Verdict, world: World) -> None:
    click.echo("\nPLANTED")
    for planted in world.planted:
        mark = "found " if planted in verdict.found else "MISSED"
        click.echo(f"  {mark}  {planted.signal:4} {planted.subject_kind} {planted.subject}: {planted.story}")
    click.echo("\nINNOCENT")
    for innocent in world.innocents:
        mark = "FLAGGED" if innocent in verdict.innocents_flagged else "quiet "
        click.echo(f"  {mark}  {innocent.subject_kind} {innocent.subject}: {innocent.story}")
    reasons = {(c.signal, c.subject): c.reason for p in world.planted for c in p.companions}
    for flag in verdict.expected:
        reason = reasons[flag["signal"], flag["subject"]["id"]]
        click.echo(f"  follows  {flag['signal']:4} {flag['subject']['kind']} {flag['subject']['id']}: {reason}")
    for flag in verdict.wrong:
        click.echo(f"  WRONG   {flag['signal']:4} {flag['subject']['kind']} {flag['subject']['id']}")
    click.echo(
        f"\n{len(verdict.found)} of {len(world.planted)} planted problems found, "
        f"{len(world.innocents) - len(verdict.innocents_flagged)} of {len(world.innocents)} innocents left alone, "
        f"{len(verdict.wrong)} flags that nobody planted"
    )


def _as_dict(verdict: Verdict) -> dict[str, Any]:
    def plain(planted: Planted) -> dict[str, Any]:
        return asdict(planted) | {day: getattr(planted, day).isoformat() for day in ("from_date", "to_date")}

    return {
        "found": [plain(planted) for planted in verdict.found],
        "missed": [plain(planted) for planted in verdict.missed],
        "wrong": list(verdict.wrong),
        "innocents_flagged": [asdict(innocent) for innocent in verdict.innocents_flagged],
    }
