"""The one declared schema of domain events, which is also the event log format.

Bulk events are Polars frames of `SCHEMA`; no Python object is made per event. `conform` is the only way in:
it fills defaults, derives ids, checks words and puts columns in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

import polars as pl

from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.instants import parse_instants
from helpdesk_wellbeing.words import did_you_mean, excerpt

KINDS = (
    "created", "replied", "noted", "customer_replied", "status", "assigned", "moved", "priority", "tagged",
    "untagged", "rated", "sla_breached", "handled", "availability", "merged", "deleted",
)  # fmt: skip
STATUSES = ("new", "open", "pending", "hold", "solved", "closed", "deleted")
PRIORITIES = ("low", "normal", "high", "urgent")
CHANNELS = ("email", "web", "chat", "messaging", "phone", "social", "api", "other")
ACTOR_KINDS = ("agent", "requester", "system", "integration", "unknown")
GRADES = ("A", "B")

# Kinds that are work when a human agent did them (the others arrive, or are about somebody else).
WORK_KINDS = (
    "created", "replied", "noted", "status", "assigned", "moved", "priority", "tagged", "untagged", "handled",
    "deleted",
)  # fmt: skip

UTC = pl.Datetime("us", "UTC")

SCHEMA = pl.Schema(
    {
        "id": pl.String(),  # unique within the account
        "account": pl.String(),
        "at": UTC,
        "ticket": pl.String(),
        "actor": pl.String(),  # null: nobody is named
        "actor_kind": pl.Enum(ACTOR_KINDS),
        "kind": pl.Enum(KINDS),
        "before": pl.String(),
        "after": pl.String(),
        "channel": pl.Enum(CHANNELS),  # of the ticket or conversation, never of the actor
        "batch": pl.String(),  # what one save did together
        "grade": pl.Enum(GRADES),
        # the ticket's state right after this event, where the source gives it
        "group": pl.String(),
        "assignee": pl.String(),
        "status": pl.Enum(STATUSES),
        "priority": pl.Enum(PRIORITIES),
        # further optional facts
        "started_at": UTC,  # of what was handled
        "topic": pl.String(),
        "due_at": UTC,  # the ticket's next due time
    }
)
REQUIRED = ("at", "ticket", "kind")

# What `conform` refused: the row of the frame it was given (from 0), our column, why.
PROBLEMS = pl.Schema({"row": pl.UInt32(), "column": pl.String(), "reason": pl.String()})

# May come along with a row and only enters its id: what tells rows apart that our columns do not.
SOURCE_ROW = "source_row"

RATINGS = ("good", "neutral", "bad")
AVAILABILITIES = ("online", "away", "offline")
_TIMES = ("at", "started_at", "due_at")
_WORDS = {
    "actor_kind": ACTOR_KINDS, "kind": KINDS, "channel": CHANNELS, "grade": GRADES, "status": STATUSES,
    "priority": PRIORITIES,
}  # fmt: skip
# Which words `before` and `after` may hold; the other kinds hold ids, tags and names.
_CHANGES = {"status": STATUSES, "priority": PRIORITIES, "rated": RATINGS, "availability": AVAILABILITIES}
_MUST_SAY = {
    "rated": "after",
    "availability": "after",
    "handled": "after",
    "tagged": "after",
    "untagged": "before",
}
_AHEAD = "is more than a day ahead of now; the clock or the format is wrong"
_BETWEEN, _ESCAPE = "\x1f", "\x1b"  # in the text that ids are derived from
_IDS_AT_ONCE = 200_000  # rows whose canonical texts are held as Python bytes at one time


def empty() -> pl.DataFrame:
    """No events, in the declared schema."""
    return pl.DataFrame(schema=SCHEMA)


def conform(frame: pl.DataFrame, account: str, *, latest: datetime | None = None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Events in `SCHEMA`, in the frame's order, and what was refused (`PROBLEMS`, every problem of a row).

    `frame` holds any of the schema's columns, at least `at`, `ticket` and `kind`, plus `source_row` if rows
    that differ only outside the schema must stay apart. Times are aware instants or ISO 8601 text with an
    offset. Empty text is null; whole numbers become ids without ".0". Defaults: `actor_kind` agent where an
    actor is given, else unknown (also where agent is claimed and nobody is named); `channel` other; `grade`
    A. `availability` is the one kind without a ticket. An absent `id` is derived from the row's content alone,
    so the same row has the same id in any order, file and version. `account` replaces what the frame says.
    Rows that are dated after `latest` are refused.

    Raises ConfigError for a column that is not ours and for a missing required one.
    """
    _check_columns(frame.columns)
    times, problems = _times(frame, latest)
    texts = frame.select(
        _text(name, frame.schema[name])
        for name in (*SCHEMA, SOURCE_ROW)
        if name in frame.columns and name not in _TIMES
    )
    absent = [
        pl.lit(None, kind if name in _TIMES else pl.String()).alias(name)
        for name, kind in SCHEMA.items()
        if name not in times.columns and name not in texts.columns
    ]
    rows = pl.concat([times, texts], how="horizontal").with_columns(absent).with_columns(
        actor_kind=pl.when(pl.col("actor").is_null() & (pl.col("actor_kind").fill_null("agent") == "agent"))
        .then(pl.lit("unknown")).otherwise(pl.col("actor_kind").fill_null("agent")),
        channel=pl.col("channel").fill_null("other"),
        grade=pl.col("grade").fill_null("A"),
    ).with_row_index("row")  # fmt: skip
    problems = pl.concat([problems, *_failed(rows)])
    if not problems.is_empty():
        rows = rows.join(problems.select("row").unique(), on="row", how="anti", maintain_order="left")
    rows = _without_customers(rows.with_columns(id=_ids(rows), account=pl.lit(account)))
    return rows.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items()), problems.sort("row")


def _without_customers(rows: pl.DataFrame) -> pl.DataFrame:
    """Names and addresses of customers give way to a fingerprint: that somebody asked is enough to know."""
    customer = (pl.col("actor_kind") == "requester") & pl.col("actor").str.contains(r"[@\s]")
    named = rows.filter(customer)["actor"].unique()
    if named.is_empty():
        return rows
    prints = [f"requester-{blake2b(name.encode(), digest_size=8).hexdigest()}" for name in named]
    hidden = pl.col("actor").replace_strict(named, pl.Series(prints, dtype=pl.String), default=None)
    return rows.with_columns(actor=pl.when(customer).then(hidden).otherwise("actor"))


def content_ids(rows: pl.DataFrame) -> pl.Series:
    """128-bit ids (hex) of rows, from the names and values of their columns that are not null.

    A column that is null for a row, or absent, makes no difference; nor do the other rows.
    """
    return pl.concat(
        [pl.Series("id", [], dtype=pl.String)]
        + [
            pl.Series(
                "id",
                [blake2b(text, digest_size=16).hexdigest() for text in _canonical(part)],
                dtype=pl.String,
            )
            for part in rows.iter_slices(_IDS_AT_ONCE)
        ]
    )


def _canonical(rows: pl.DataFrame) -> list[bytes]:
    filled = sorted(name for name in rows.columns if rows[name].null_count() < len(rows))
    if not filled:
        return [b""] * len(rows)
    values = rows.select(
        (pl.col(name).to_physical() if rows.schema[name].is_temporal() else pl.col(name)).cast(pl.String)
        for name in filled
    )
    values = _unambiguous(values)
    pieces: list[pl.Expr] = []
    for name in filled:
        piece = [pl.lit(f"{name}="), pl.col(name)]
        pieces += [pl.concat_str(piece, separator=_BETWEEN)] if values[name].has_nulls() else piece
    text = pl.concat_str(pieces, separator=_BETWEEN, ignore_nulls=True)
    return values.select(text.cast(pl.Binary)).to_series().to_list()


def _unambiguous(values: pl.DataFrame) -> pl.DataFrame:
    """Values without the sign that stands between them (almost none has it, so most are left alone)."""
    marked = values.select(
        pl.col(name).str.contains(sign, literal=True).any().alias(f"{name}{sign}")
        for name in values.columns
        for sign in (_BETWEEN, _ESCAPE)
    )
    if not any(marked.row(0)):
        return values
    return values.with_columns(
        pl.all()
        .str.replace_all(_ESCAPE, f"{_ESCAPE}e", literal=True)
        .str.replace_all(_BETWEEN, f"{_ESCAPE}b", literal=True)
    )


def _ids(rows: pl.DataFrame) -> pl.Series:
    unnamed = rows["id"].is_null()
    if not unnamed.any():
        return rows["id"]
    places = unnamed.arg_true()
    content = [name for name in (*SCHEMA, SOURCE_ROW) if name in rows.columns and name not in ("id", "account")]
    return rows["id"].scatter(places, content_ids(rows.select(content)[places]))


def _check_columns(columns: list[str]) -> None:
    for name in columns:
        if name not in SCHEMA and name != SOURCE_ROW:
            raise ConfigError(f'events: no column "{excerpt(name)}"{did_you_mean(name, SCHEMA)}')
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        raise ConfigError(f"events: {', '.join(missing)} missing; every event needs {', '.join(REQUIRED)}")


def _text(name: str, kind: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if kind.is_float():  # ids that passed through a table with gaps: 4711.0
        whole = column.is_finite() & (column == column.floor()) & (column.abs() < 2**53)
        column = (
            pl.when(whole).then(column.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(column.cast(pl.String))
        )
    column = column.cast(pl.String)
    return pl.when(column.str.len_bytes() > 0).then(column).alias(name)


def _times(frame: pl.DataFrame, latest: datetime | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    times: list[pl.Series] = []
    problems = [pl.DataFrame(schema=PROBLEMS)]
    for name in _TIMES:
        if name not in frame.columns:
            continue
        column = frame[name]
        if name != "at" and column.null_count() == len(column):
            times.append(pl.Series(name, [None], dtype=UTC).new_from_index(0, len(column)))
            continue
        if isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone is not None:
            read = pl.DataFrame({"at": column.dt.convert_time_zone("UTC").cast(UTC), "reason": None})
        else:
            text = column.cast(pl.String)
            read = parse_instants(text.set(text.str.len_bytes() == 0, None))
        times.append(read["at"].alias(name))
        empty_reason = pl.lit("is empty" if name == "at" else None, pl.String)
        reason = pl.coalesce("reason", pl.when(pl.col("at").is_null()).then(empty_reason))
        if name == "at" and latest is not None:
            reason = pl.when(pl.col("at") > latest).then(pl.lit(_AHEAD)).otherwise(reason)
        problems.append(_problems(read.with_row_index("row"), reason.is_not_null(), name, reason))
    return pl.DataFrame(times), pl.concat(problems)


@dataclass(frozen=True)
class _Check:
    """One thing that rows must not be, and what to say of those that are."""

    bad: pl.Expr
    column: str
    reason: Callable[[pl.Series], pl.Expr]  # of the bad rows' values in that column

    @staticmethod
    def plain(bad: pl.Expr, column: str, reason: str) -> _Check:
        return _Check(bad, column, lambda values: pl.lit(reason))

    @staticmethod
    def one_of(words: tuple[str, ...], column: str, kind: str | None = None) -> _Check:
        """A word that is not in the list; with `kind` only of rows of that kind."""

        def reason(values: pl.Series) -> pl.Expr:
            reasons = {
                word: f"is not one of {', '.join(words)}, as {kind} needs"
                if kind
                else f'"{excerpt(word)}" is not a word for {column}{did_you_mean(word, words)}'
                for word in values.unique()
            }
            return pl.col(column).replace_strict(reasons, return_dtype=pl.String)

        unknown = pl.col(column).is_not_null() & ~pl.col(column).is_in(list(words))
        return _Check(unknown if kind is None else (pl.col("kind") == kind) & unknown, column, reason)


def _checks() -> Iterator[_Check]:
    kind, after = pl.col("kind"), pl.col("after")
    ticketless = (kind == "availability").fill_null(False)
    yield _Check.plain(pl.col("ticket").is_null() & ~ticketless, "ticket", "is empty")
    yield _Check.plain(kind.is_null(), "kind", "is empty")
    for name, words in _WORDS.items():
        yield _Check.one_of(words, name)
    for name, words in _CHANGES.items():
        yield _Check.one_of(words, "before", name)
        yield _Check.one_of(words, "after", name)
    for name, column in _MUST_SAY.items():
        yield _Check.plain((kind == name) & pl.col(column).is_null(), column, f"is empty; {name} needs it")
    seconds = after.cast(pl.Float64, strict=False)
    wrong = (kind == "handled") & after.is_not_null() & ~(seconds.is_finite() & (seconds >= 0)).fill_null(False)
    yield _Check.plain(wrong, "after", "is not a number of seconds; handled needs one")


_CHECKS = tuple(_checks())
_ANY_BAD = [check.bad.any().alias(str(number)) for number, check in enumerate(_CHECKS)]


def _failed(rows: pl.DataFrame) -> list[pl.DataFrame]:
    """PROBLEMS of each check that some row does not pass; nearly always there are none."""
    failed = [check for check, bad in zip(_CHECKS, rows.select(_ANY_BAD).row(0), strict=True) if bad]
    found = [(check, rows.filter(check.bad)) for check in failed]
    return [_problems(bad, pl.lit(True), check.column, check.reason(bad[check.column])) for check, bad in found]


def _problems(rows: pl.DataFrame, bad: pl.Expr, column: str, reason: pl.Expr) -> pl.DataFrame:
    return rows.filter(bad).select(
        pl.col("row").cast(pl.UInt32), pl.lit(column).alias("column"), reason.cast(pl.String).alias("reason")
    )
