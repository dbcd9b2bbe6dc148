"""`retention`: how long what is kept, and what was taken out last."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from helpdesk_wellbeing.cli.common import account_option, format_option, print_json, store_with
from helpdesk_wellbeing.cli.proposals import by_option


@click.command(name="retention")
@account_option
@click.option("--keep", multiple=True, metavar="CLASS=DAYS", help="Keep a class of data for so many days.")
@by_option
@format_option
def command(account: str, keep: tuple[str, ...], by: str | None, output: str) -> None:
    """How long what is kept, in days, counted back from the newest event; what serve took out last.

    Nothing is kept shorter than what the signals look back on. Imported accounts are exempt.
    """
    from helpdesk_wellbeing.cli.proposals import decider
    from helpdesk_wellbeing.upkeep.retention import Kind, in_a_line, retention_of, set_retention, why_so_long

    store = store_with(account, reading=not keep)
    if keep:
        set_retention(store, account, dict(map(_pair, keep)), decider(by), datetime.now(UTC))
    kept = retention_of(store, account)
    rows = {kind.value: {"set": kept.days[kind], "holds": kept.age(kind).days} for kind in Kind}
    for kind, days in kept.agreed.items():
        rows[kind.value]["agreed"] = days
    if output == "json":
        print_json({"account": account, "days": rows, "last": store.upkeep.ran(account)})
        return
    for kind in Kind:
        row = rows[kind.value]
        click.echo(f"{kind.value:9} {row['holds']:5} days{_beside(row, kept.is_longer(kind), why_so_long(kind))}")
    click.echo(in_a_line(store, account))


def _beside(row: dict[str, int], is_longer: bool, why: str) -> str:
    """What was set and agreed on, where something else holds."""
    said = [f"{verb} {row[name]}" for name, verb in (("set", "set to"), ("agreed", "agreed on"))
            if row.get(name, row["holds"]) != row["holds"]]  # fmt: skip
    said += [why] if is_longer else []
    return f"  ({'; '.join(said)})" if said else ""


def _pair(text: str) -> tuple[str, int]:
    name, _, days = text.partition("=")
    if not days.isdecimal():
        raise click.UsageError(f"--keep {text}: write CLASS=DAYS, such as audit=730")
    return name, int(days)
