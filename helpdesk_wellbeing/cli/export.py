"""`export`: events in the event log format, and the facts that signals are computed from."""

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
    require_account,
    say,
)
from helpdesk_wellbeing.cli.looking import require_noted
from helpdesk_wellbeing.cli.platforms import lives_on_webhooks, why_no_events
from helpdesk_wellbeing.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from helpdesk_wellbeing.store import Store

BATCH = 200_000
_ISO = "%Y-%m-%dT%H:%M:%S%.6fZ"


@click.group(name="export")
def command() -> None:
    """Events or facts, on stdout; `> FILE` keeps them."""


@command.command()
@account_option
@click.option("--agent", metavar="ID", help="Only what this agent did.")
@click.option("--since", type=Instant(), help="First instant, included.")
@click.option("--until", type=Instant(), help="Last instant, not included.")
@click.option("--format", "output", type=click.Choice(["csv", "parquet"]), default="csv", help="How to write them.")
def events(account: str, agent: str | None, since: datetime | None, until: datetime | None, output: str) -> None:
    """Events in the event log format, which `import` reads back."""
    import polars as pl

    from helpdesk_wellbeing.events import empty

    store = open_for_reading()
    require_account(store, account)
    require_noted(store, account, "export events", agents=None if agent is None else [agent])
    begin = since or datetime.min.replace(tzinfo=UTC)
    end = until or datetime.max.replace(tzinfo=UTC)
    frames = _frames(store, account, begin, end, agent)
    if output == "parquet":
        file = io.BytesIO()
        pl.concat([empty(), *frames]).write_parquet(file)
        print_bytes(file.getvalue())
        return
    print_bytes(_csv(empty(), _ISO))
    for frame in frames:
        print_bytes(_csv(frame, _ISO, header=False))


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


@command.command()
@click.argument("kind", type=click.Choice(["days", "shifts", "queues"]))
@account_option
@click.option("--as-of", type=AsOf(), help=f"Facts as of this instant (default: everything); {BARE_DATE}.")
def facts(kind: str, account: str, as_of: datetime | None) -> None:
    """What the signals are computed from, as CSV."""
    from helpdesk_wellbeing.engine import Engine

    store = open_for_reading()
    require_account(store, account)
    if kind != "queues":
        require_noted(store, account, f"export facts {kind}")
    engine = Engine(store, account, catalogue())
    bring_up_to_date(store, engine, account, "export")
    frame = engine.all_facts(kind, as_of)
    shaped = {"days": _days, "shifts": _shifts, "queues": _queues}[kind](frame)
    print_bytes(_csv(shaped, "%Y-%m-%dT%H:%M:%SZ"))


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
