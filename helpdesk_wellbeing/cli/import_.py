"""`import`: an event log and the files about people."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from helpdesk_wellbeing.cli.common import account_option, open_store, require_account, say
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.words import counted

if TYPE_CHECKING:
    import polars as pl

    from connectors.eventlog import LogRead, Mapping
    from helpdesk_wellbeing.store import Store
    from helpdesk_wellbeing.store.events import Added
    from helpdesk_wellbeing.store.people import Kind

_file = click.Path(path_type=Path, dir_okay=False)


@click.command(name="import")
@click.argument("log", required=False, type=_file)
@account_option
@click.option("--mapping", type=_file, help="TOML file that maps a foreign log's columns to ours.")
@click.option("--people", type=_file, help="Each agent's zone, preset, contract hours, schedule, groups.")
@click.option("--leave", type=_file, help="Days off, so that work on them is seen and their lack is not.")
@click.option("--groups", type=_file, help="Names, tiers, zones, schedules, targets of groups.")
@click.option("--on-call", type=_file, help="On-call duty, which is no after-hours work.")
@click.option(
    "--time-zone",
    metavar="ZONE",
    help="The account's own zone, such as Europe/Berlin (default: the mapping's, else UTC).",
)
@click.option("--rejects", type=_file, help="Where refused rows go (default: LOG.rejects.csv, beside LOG).")
@click.pass_context
def command(
    ctx: click.Context,
    log: Path | None,
    account: str,
    mapping: Path | None,
    people: Path | None,
    leave: Path | None,
    groups: Path | None,
    on_call: Path | None,
    time_zone: str | None,
    rejects: Path | None,
) -> None:
    """Read an event log (CSV or Parquet) and the files that tell what no helpdesk knows.

    Exit code 0: every row was taken, 1: some rows were refused, 2: nothing was taken.
    """
    from helpdesk_wellbeing import people as files

    if not any((log, people, leave, groups, on_call, time_zone)):
        raise ConfigError("nothing to import; give a LOG, or --people, --leave, --groups or --on-call")
    if mapping is not None and log is None:
        raise ConfigError("--mapping needs a LOG to map")
    # every file is read before anything is written, so that a bad one changes nothing
    readers: tuple[tuple[Kind, Path | None, Callable[[Path], pl.DataFrame]], ...] = (
        ("people", people, files.read_people),
        ("leave", leave, files.read_leave),
        ("groups", groups, files.read_groups),
        ("on_call", on_call, files.read_on_call),
    )
    frames = {kind: read(path) for kind, path, read in readers if path is not None}
    how = _mapping(mapping)
    taken = _read_log(log, account, mapping, how, rejects) if log is not None else None
    store = open_store()
    known = store.has_account(account)
    if taken is None and not known:
        require_account(store, account)
    writing = store.writer(account, "import") if known else nullcontext()
    with writing, store.transaction():
        zone = _set_zone(store, account, known, time_zone, how)
        added = None if taken is None else _store_log(store, account, taken)
        for kind, frame in frames.items():
            getattr(store, f"replace_{kind}")(account, "file", frame)
    if zone:
        say(f"{account}: its zone is {zone}")
    if taken is not None and added is not None:
        _say_log(account, taken, added)
    for kind, frame in frames.items():
        say(f"{account}: {kind} file: {counted(frame.height, 'row')}; it replaces what was there")
    _say_strangers(store, account, frames)
    if taken is None or log is None or not taken.refused:
        ctx.exit(0)
    say(f"{account}: {counted(taken.refused, 'row')} refused; see {_rejects_file(log, rejects)}")
    ctx.exit(1)


def _say_strangers(store: Store, account: str, frames: dict[Kind, pl.DataFrame]) -> None:
    from helpdesk_wellbeing.strangers import MOST_NAMED, named, strangers

    found = strangers(store, account, frames)
    for what, ids in (("agents", found.agents), ("groups", found.groups)):
        if ids:
            more = f" and {len(ids) - MOST_NAMED:,} more" if len(ids) > MOST_NAMED else ""
            say(f"{account}: the helpdesk knows no {what} with these ids: {named(ids)}{more}; they were taken all the "
                "same, look whether each is right")  # fmt: skip


def _mapping(file: Path | None) -> Mapping | None:
    if file is None:
        return None
    from connectors import eventlog

    return eventlog.load_mapping(file)


def _read_log(log: Path, account: str, mapping: Path | None, how: Mapping | None, rejects: Path | None) -> LogRead:
    """The log, with its refused rows written down before anything is stored."""
    from connectors import eventlog
    from helpdesk_wellbeing.instants import AHEAD

    target = _rejects_file(log, rejects)
    if target.exists() and any(file and file.exists() and target.samefile(file) for file in (log, mapping)):
        raise ConfigError(f"{target}: the rejects would overwrite what is read; name another file with --rejects")
    taken = eventlog.read_log(log, account, how, latest=datetime.now(UTC) + AHEAD)
    if taken.refused:
        eventlog.write_rejects(target, taken.rejects)
    if not taken.events.height:
        raise ConfigError(f"{log.name}: {_why_nothing(taken, target)}")
    return taken


def _why_nothing(taken: LogRead, target: Path) -> str:
    """Why a log that was read gave no event, and what to do."""
    if not taken.rows:
        return "no rows below the line that names the columns; nothing was taken, check how it was exported"
    if taken.refused == taken.rows:
        return f"all {taken.rows:,} rows were refused; see {target}"
    if taken.refused:
        return f"{taken.refused:,} of {taken.rows:,} rows refused, the others left out by the mapping; see {target}"
    return f"the mapping left out all {taken.rows:,} rows; nothing was taken, mend the mapping"


def _rejects_file(log: Path, named: Path | None) -> Path:
    """Beside the log, unless another file is named; in full, so that it is found from anywhere."""
    return (named or log.with_name(f"{log.name}.rejects.csv")).resolve()


def _set_zone(store: Store, account: str, known: bool, told: str | None, how: Mapping | None) -> str | None:
    """Make the account if it is new, in the zone that was told, or else in that of the mapping; what to say of it."""
    if known:
        if told:
            store.update_account(account, zone=told)
        return f"{told} now" if told else None
    mapped = None if how is None or how.zone_column else how.time_zone
    store.create_account(account, zone=told or mapped or "UTC")
    if told or not mapped:
        return f"{told} now" if told else None
    return f"{mapped}, as in the mapping; --time-zone says another one"


def _store_log(store: Store, account: str, taken: LogRead) -> Added:
    added = store.add_events(account, taken.events)
    for kind in ("people", "groups"):
        frame = getattr(taken, kind)
        if frame is not None:
            getattr(store, f"replace_{kind}")(account, "platform", frame)
    return added


def _say_log(account: str, taken: LogRead, added: Added) -> None:
    again = f", {added.repeated:,} there already" if added.repeated else ""
    same = f", {counted(taken.repeated, 'identical row')} counted once" if taken.repeated else ""
    left = f", {taken.dropped:,} left out by the mapping" if taken.dropped else ""
    say(f"{account}: {counted(taken.rows, 'row')} read, {counted(added.new, 'event')} new{again}{same}{left}")
    for note in taken.notes:
        say(f"{account}: {note}")
