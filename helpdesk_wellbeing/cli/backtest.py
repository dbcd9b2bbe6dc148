"""`backtest`: what would have been flagged, day by day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from helpdesk_wellbeing.cli.common import (
    BARE_DATE,
    Instant,
    account_option,
    bring_up_to_date,
    catalogue,
    format_option,
    open_for_reading,
    print_json,
    require_account,
    say,
)
from helpdesk_wellbeing.cli.platforms import require_events
from helpdesk_wellbeing.words import counted

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

DAY = timedelta(days=1)  # a bare date may begin before the first event and end after the last


@click.command(name="backtest")
@account_option
@click.option("--from", "since", type=Instant(), required=True, help=f"First instant, included; {BARE_DATE}.")
@click.option("--to", "until", type=Instant(), required=True, help=f"Last instant, not included; {BARE_DATE}.")
@format_option
@click.pass_context
def command(ctx: click.Context, account: str, since: datetime, until: datetime, output: str) -> None:
    """What would have been flagged, day by day, had it run all along: what `check` would have said each day.

    Exit code 0: nothing, 1: something would have been flagged, 2: did not run.
    """
    from helpdesk_wellbeing.agreement.gate import CLOSED, gate_of
    from helpdesk_wellbeing.cli.looking import noted
    from helpdesk_wellbeing.engine import Engine
    from helpdesk_wellbeing.errors import ConfigError
    from helpdesk_wellbeing.flags import changes

    if until <= since:
        raise ConfigError("--to must be later than --from")
    store = open_for_reading()
    require_account(store, account)
    require_events(store, account)
    known = catalogue()
    engine = Engine(store, account, known)
    bring_up_to_date(store, engine, account, "backtest")
    _say_what_is_outside(store, account, since, until)
    gate = gate_of(store, account, datetime.now(UTC), served=False)
    history, outcome = engine.history(since, until), engine.assess(until)
    rows = changes(history, outcome, known, gate=gate)
    named = {row["subject"]["id"] for row in rows if row["subject"]["kind"] == "agent"}
    if named and not noted(store, account, "backtest", agents=named):
        rows = changes(history, outcome, known, gate=CLOSED)
    if output == "json":
        print_json(rows)
    else:
        for row in rows:
            click.echo(
                f"{row['at']}  {row['signal']:4} {row['rule']:34}  {row['subject']['kind']} "
                f"{row['subject']['id']}: {row['from']} -> {row['to']}"
            )
        click.echo(f"{account}: {counted(len(rows), 'change')} of level", err=True)
    ctx.exit(1 if any(row["to"] in ("warn", "critical") for row in rows) else 0)


def _say_what_is_outside(store: Store, account: str, since: datetime, until: datetime) -> None:
    """Where nothing is known, no change is no good news."""
    first, last, _ = store.all_events_span(account)
    if first is None or last is None or (first - DAY < since and until < last + DAY):
        return
    lies = "only a part" if since <= last else "nothing"
    say(f"{account}: its events are of {first:%Y-%m-%dT%H:%M:%SZ} to {last:%Y-%m-%dT%H:%M:%SZ}; "
        f"{lies} of what was asked for lies within")  # fmt: skip
