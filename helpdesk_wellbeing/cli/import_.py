"""`import`: an event log and the files about people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from helpdesk_wellbeing.cli.common import account_option, open_store, require_account, say
from helpdesk_wellbeing.errors import ConfigError

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

_file = click.Path(path_type=Path, dir_okay=False)


@click.command(name="import")
@click.argument("log", required=False, type=_file)
@account_option
@click.option("--mapping", type=_file, help="TOML file that maps a foreign log's columns to ours.")
@click.option("--people", type=_file, help="Zones, presets, contract hours, schedules, groups.")
@click.option("--leave", type=_file, help="Days off.")
@click.option("--groups", type=_file, help="Names, tiers, zones, schedules, targets of groups.")
@click.option("--on-call", type=_file, help="On-call duty.")
@click.option("--time-zone", metavar="ZONE", help="The account's own zone (default UTC).")
@click.option("--rejects", type=_file, help="Where refused rows go (default: LOG.rejects.csv here).")
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
    frames = {
        kind: read(path)
        for kind, path, read in (
            ("people", people, files.read_people),
            ("leave", leave, files.read_leave),
            ("groups", groups, files.read_groups),
            ("on_call", on_call, files.read_on_call),
        )
        if path is not None
    }
    store = open_store()
    known = store.has_account(account)
    if log is None and not known:
        require_account(store, account)
    exit_code = 0
    if log is not None:
        exit_code = _import_log(store, account, known, log, mapping, time_zone, rejects)
    elif time_zone:
        store.update_account(account, zone=time_zone)
    with store.writer(account, "import"):
        for kind, frame in frames.items():
            getattr(store, f"replace_{kind}")(account, "file", frame)
            say(f"{account}: {kind} file: {frame.height:,} rows; it replaces what was there")
    ctx.exit(exit_code)


def _import_log(
    store: Store,
    account: str,
    known: bool,
    log: Path,
    mapping: Path | None,
    time_zone: str | None,
    rejects: Path | None,
) -> int:
    from connectors import eventlog

    read = eventlog.read_log(log, account, eventlog.load_mapping(mapping) if mapping else None)
    if read.refused and not read.events.height:
        target = rejects or Path(f"{log.name}.rejects.csv")
        eventlog.write_rejects(target, read.rejects)
        raise ConfigError(f"{log.name}: all {read.rows:,} rows were refused; see {target}")
    if not known:
        store.create_account(account, zone=time_zone or "UTC")
    elif time_zone:
        store.update_account(account, zone=time_zone)
    with store.writer(account, "import"):
        added = store.add_events(account, read.events)
        for kind in ("people", "groups"):
            frame = getattr(read, kind)
            if frame is not None:
                getattr(store, f"replace_{kind}")(account, "platform", frame)
    again = f", {added.repeated:,} were there already" if added.repeated else ""
    same = f", {read.repeated:,} identical rows counted once" if read.repeated else ""
    left = f", {read.dropped:,} left out by the mapping" if read.dropped else ""
    say(f"{account}: {read.rows:,} rows read, {added.new:,} events new{again}{same}{left}")
    for note in read.notes:
        say(f"{account}: {note}")
    if not read.refused:
        return 0
    target = rejects or Path(f"{log.name}.rejects.csv")
    eventlog.write_rejects(target, read.rejects)
    say(f"{account}: {read.refused:,} rows refused; see {target}")
    return 1
