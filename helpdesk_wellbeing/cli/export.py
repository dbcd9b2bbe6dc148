"""`export`: events in the event log format, facts that signals are computed from, all that is held about one agent."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from helpdesk_wellbeing.cli.common import (
    BARE_DATE,
    AsOf,
    Instant,
    account_option,
    bring_up_to_date,
    catalogue,
    open_for_reading,
    print_bytes,
    print_json,
    require_account,
    say,
    store_with,
)
from helpdesk_wellbeing.cli.looking import require_noted
from helpdesk_wellbeing.cli.platforms import lives_on_webhooks, why_no_events
from helpdesk_wellbeing.cli.proposals import by_option
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import polars as pl

    from helpdesk_wellbeing.store import Store

BATCH = 200_000
purpose_option = click.option(
    "--purpose", metavar="CODE", help="What it is for; each record then carries it. Any but the known ones is refused."
)
_ISO = "%Y-%m-%dT%H:%M:%S%.6fZ"


@click.group(name="export")
def command() -> None:
    """Events, facts, or all that is held about one agent; on stdout, `> FILE` keeps it."""


@command.command()
@account_option
@click.option("--agent", metavar="ID", help="Only what this agent did.")
@click.option("--since", type=Instant(), help="First instant, included.")
@click.option("--until", type=Instant(), help="Last instant, not included.")
@click.option("--format", "output", type=click.Choice(["csv", "parquet"]), default="csv", help="How to write them.")
@purpose_option
def events(
    account: str, agent: str | None, since: datetime | None, until: datetime | None, output: str, purpose: str | None
) -> None:
    """Events in the event log format, which `import` reads back."""
    import polars as pl

    from helpdesk_wellbeing.events import empty

    carried = _purpose(purpose, "events")
    store = open_for_reading()
    require_account(store, account)
    _require_agreement(store, account)
    require_noted(store, account, "export events", agents=None if agent is None else [agent])
    begin = since or datetime.min.replace(tzinfo=UTC)
    end = until or datetime.max.replace(tzinfo=UTC)
    frames = _frames(store, account, begin, end, agent)
    if output == "parquet":
        file = io.BytesIO()
        carried(pl.concat([empty(), *frames])).write_parquet(file)
        print_bytes(file.getvalue())
        return
    print_bytes(_csv(carried(empty()), _ISO))
    for frame in frames:
        print_bytes(_csv(carried(frame), _ISO, header=False))


def _require_agreement(store: Store, account: str) -> None:
    """Raises ConfigError while nothing may be said of single people."""
    from helpdesk_wellbeing.agreement.gate import gate_of

    gate = gate_of(store, account, datetime.now(UTC))
    if gate.is_closed:
        raise ConfigError(
            f"{account}: {gate.why}, and this is about each of them; `export facts queues` is about none, "
            "`export agent` gives somebody what is held about them; see agreement record --help"
        )


def _purpose(code: str | None, part: str) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Puts what was stated into every record; where nothing was, it is the part's own, and the columns stay as they
    are. Raises ConfigError for what the part is not for."""
    import polars as pl

    from helpdesk_wellbeing.upkeep.purposes import stated

    found = stated(code, part).value
    if code is None:
        return lambda frame: frame
    return lambda frame: frame.with_columns(pl.lit(found).alias("purpose"))


def _frames(store: Store, account: str, begin: datetime, end: datetime, agent: str | None) -> Iterator[pl.DataFrame]:
    """The account's events; what only webhooks told is among them where nothing else tells."""
    pulled, told = store.event_span(account)[2], store.all_events_span(account)[2]
    if told == 0:
        say(f"{account}: {why_no_events(store, account)}")
    elif lives_on_webhooks(store, account):
        yield _of(agent, store.all_events(account, begin, end))
        return
    elif told > pulled:
        say(f"{account}: left out until a pull has it: {counted(told - pulled, 'event')} that webhooks told about")
    for frame in store.iter_events(account, begin, end, BATCH):
        yield _of(agent, frame)


def _of(agent: str | None, frame: pl.DataFrame) -> pl.DataFrame:
    return frame if agent is None else frame.filter(actor=agent)


@command.command(short_help="All that is held about one agent.")
@account_option
@click.option("--agent", required=True, metavar="ID", help="The platform's id of the agent.")
@click.option("--output", type=click.Path(dir_okay=False), metavar="FILE", help="Where to; .zip adds CSVs.")
@by_option
def agent(account: str, agent: str, output: str | None, by: str | None) -> None:
    """All that is held about one agent, for them: as JSON on stdout or in FILE, or as a zip with JSON and CSVs.

    Every record carries the purpose that it is kept for. The audit says that this was exported.
    """
    import json
    from pathlib import Path

    from helpdesk_wellbeing.cli.proposals import decider
    from helpdesk_wellbeing.engine import Engine
    from helpdesk_wellbeing.store.audit import Person
    from helpdesk_wellbeing.upkeep.held import as_zip, held

    store = store_with(account)
    engine = Engine(store, account, catalogue())
    bring_up_to_date(store, engine, account, "export")
    now = datetime.now(UTC)
    found = held(store, account, agent, engine, now)
    if not found["records"]:
        raise ConfigError(f"{account}: nothing is held about an agent {agent}")
    store.audit.add(account, now, "exported", by=decider(by), agent=Person(agent), purpose=found["purpose"])
    if output is None:
        print_json(found)
        return
    content = as_zip(found) if output.endswith(".zip") else json.dumps(found, indent=2, ensure_ascii=False).encode()
    Path(output).write_bytes(content)
    say(f"{account}: {sum(map(len, found['records'].values())):,} records about agent {agent} in {output}")


@command.command()
@click.argument("kind", type=click.Choice(["days", "shifts", "queues"]))
@account_option
@click.option("--as-of", type=AsOf(), help=f"Facts as of this instant (default: everything); {BARE_DATE}.")
@purpose_option
def facts(kind: str, account: str, as_of: datetime | None, purpose: str | None) -> None:
    """What the signals are computed from, as CSV."""
    from helpdesk_wellbeing.engine import Engine

    carried = _purpose(purpose, "facts")
    store = open_for_reading()
    require_account(store, account)
    if kind != "queues":
        _require_agreement(store, account)
        require_noted(store, account, f"export facts {kind}")
    engine = Engine(store, account, catalogue())
    bring_up_to_date(store, engine, account, "export")
    frame = engine.all_facts(kind, as_of)
    shaped = {"days": _days, "shifts": _shifts, "queues": _queues}[kind](frame)
    print_bytes(_csv(carried(shaped), "%Y-%m-%dT%H:%M:%SZ"))


def _csv(frame: pl.DataFrame, instants: str, *, header: bool = True) -> bytes:
    return frame.write_csv(include_header=header, datetime_format=instants).encode()


def _minutes(name: str) -> pl.Expr:
    import polars as pl

    return (pl.col(name).dt.total_microseconds() / 60_000_000).round(2)


def _days(frame: pl.DataFrame) -> pl.DataFrame:
    minutes = [_minutes(f"active_{gap}").alias(f"active_min_{gap}") for gap in (15, 30, 60)]
    return frame.sort("agent", "date").select("agent", "date", "first", "last", "work_events", *minutes, "tickets")


def _shifts(frame: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    span = ((pl.col("end") - pl.col("start")).dt.total_microseconds() / 60_000_000).round(2)
    return frame.sort("agent", "start").select(
        "agent", "start", "end", "date", span_min=span, active_min_30=_minutes("active_30"),
        longest_gap_min=_minutes("longest_gap"), work_events=pl.col("work_events"),
    )  # fmt: skip


def _queues(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sort("group", "date").select(
        "group", "date", "created", "solved", "open_at_end", "escalated", "reopened"
    )
