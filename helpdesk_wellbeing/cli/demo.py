"""`demo`: the main job on a simulated helpdesk, over real HTTP, and what was planted beside what was found.

Then a lead acts (see demo_act.py), and it ends with `serve` (see demo_serve.py).
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from helpdesk_wellbeing.cli.common import catalogue, format_option, open_store, print_json, say, verbose_option, watched
from helpdesk_wellbeing.cli.demo_platforms import ACCOUNT, PLATFORMS, Clock, part_of
from helpdesk_wellbeing.settings import DATABASE_VARIABLE, HOME_VARIABLE, load_settings

if TYPE_CHECKING:
    from helpdesk_wellbeing.cli.check import Examined
    from helpdesk_wellbeing.cli.demo_compare import Column
    from helpdesk_wellbeing.demo import Planted, Verdict, World
    from helpdesk_wellbeing.store import Store

LAST_DAY = date(2026, 11, 20)


@click.command(name="demo")
@click.option(
    "--platform", type=click.Choice(PLATFORMS), default=PLATFORMS[0], show_default=True, help="Which helpdesk."
)
@click.option("--seed", default=1, show_default=True, help="Another seed is another team.")
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep everything in this folder; what was live, in live/ there.",
)
@click.option("--browse/--no-browse", default=None, help="End with pages for the browser (default: with a terminal).")
@format_option
@verbose_option
@click.pass_context
def command(
    ctx: click.Context, platform: str, seed: int, keep: Path | None, browse: bool | None, output: str, verbose: bool
) -> None:
    """Show the main job on a simulated helpdesk: connect, pull over HTTP, check, compare, serve, browse.

    On Freshdesk, which takes a few minutes, the same team's Zendesk is shown beside it. With a terminal it goes on
    in the browser until Ctrl-C.

    Exit code 0: every planted problem was found, or on Freshdesk said to be not assessable, and no innocent was
    flagged, 1: otherwise, 2: did not run.
    """
    from helpdesk_wellbeing.cli import demo_browse, demo_compare
    from helpdesk_wellbeing.cli.check import print_text
    from helpdesk_wellbeing.cli.demo_act import MONDAY_MORNING, act
    from helpdesk_wellbeing.cli.demo_serve import show, stopped_by_sigterm
    from helpdesk_wellbeing.demo import judge

    part, live_home = part_of(platform), None if keep is None else _new_folder(keep)
    compared = demo_compare.others(seed) if platform != PLATFORMS[0] else demo_compare.nobody()
    browses = output == "text" and (watched() if browse is None else browse)
    if browses and platform != PLATFORMS[0]:
        say("the browser's part is shown on Zendesk, whose people can sign in here: helpdesk-wellbeing demo --browse")
        browses = False
    with stopped_by_sigterm(), of_its_own(keep), compared as others, _morning_home(keep) as morning:
        world = _simulate(seed)
        store = open_store()
        clock = Clock(world.as_of + timedelta(minutes=10))
        with part.front(part.beginning(world), lambda: clock.at) as front:
            part.connect(store, front)
            part.read(store, front, world, clock)
            import_files(store, world)
            examined = _check(store, world)
            if browses:
                demo_browse.copy(load_settings().home, morning)
            verdict = judge(examined.answer["flags"], world)
            columns = [demo_compare.Column.of(title, answer.result(), world) for title, answer in others.items()]
            columns.insert(1, demo_compare.Column.of(part.TITLE, examined.answer, world))
            if output == "text":
                print_text(store, examined, catalogue(), verbose)
                _print_verdict(verdict, world, columns[min(1, len(others))])
                if others:
                    demo_compare.show(world, columns)
            clock.at = world.as_of + MONDAY_MORNING
            acted = act(store, ACCOUNT, part, clock, quiet=output == "json")
        try:
            with of_its_own(live_home):
                shown = show(world, part, quiet=output == "json")
        finally:
            _say_what_is_kept(keep, live_home, world)
        if output == "json":
            live = None if shown is None else asdict(shown)
            beside = {"platforms": [asdict(column) for column in columns]} if others else {}
            judged = _as_dict(verdict)
            print_json({"check": examined.answer, "verdict": judged, **beside, "acted": asdict(acted), "live": live})
        if browses:
            with of_its_own(morning):
                demo_browse.browse(world, part)
        ctx.exit(0 if all(column.is_right for column in columns) else 1)


def _new_folder(keep: Path) -> Path:
    """Where the live part goes: it needs an installation of its own, because it happens today."""
    names = ("live", *(f"live-{number}" for number in range(2, 1000)))
    return next(keep / name for name in names if not (keep / name).exists())


@contextmanager
def _morning_home(keep: Path | None) -> Iterator[Path]:
    """Where the installation is that is looked at in the browser."""
    with tempfile.TemporaryDirectory(prefix="helpdesk-wellbeing-demo-") as scratch:
        yield Path(scratch) if keep is None else keep / "morning"


def _say_what_is_kept(keep: Path | None, live_home: Path | None, world: World) -> None:
    if live_home is not None and live_home.exists():
        say(f"kept, what was live: {HOME_VARIABLE}={live_home} helpdesk-wellbeing check --account {ACCOUNT}")
    if keep is not None:
        as_of = f"{world.as_of:%Y-%m-%dT%H:%M:%SZ}"
        say(f"kept; next: {HOME_VARIABLE}={keep} helpdesk-wellbeing check --account {ACCOUNT} --as-of {as_of}")


@contextmanager
def of_its_own(keep: Path | None) -> Iterator[None]:
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


def simulated(seed: int) -> World:
    """The team of a seed."""
    from helpdesk_wellbeing.demo import simulate

    return simulate(seed, end=LAST_DAY)


def _simulate(seed: int) -> World:
    began = time.perf_counter()
    world = simulated(seed)
    say(
        f"simulated: {world.events.height:,} events of {world.roster.users.height} accounts up to "
        f"{world.as_of:%Y-%m-%d %H:%M} UTC, seed {seed} ({time.perf_counter() - began:.1f} s)"
    )
    return world


def import_files(store: Store, world: World) -> None:
    """As `import` does it."""
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


def _print_verdict(verdict: Verdict, world: World, column: Column) -> None:
    click.echo("\nPLANTED")
    for planted, outcome in zip(world.planted, column.outcomes, strict=True):
        mark = outcome if outcome in ("found", "MISSED") else f"not assessable ({outcome})"
        click.echo(f"  {mark:6}  {planted.signal:4} {planted.subject_kind} {planted.subject}: {planted.story}")
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
