"""Instants from text: ISO 8601 with an offset, or a local clock time with a zone."""

from __future__ import annotations

from datetime import UTC as UTC_ZONE
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import available_timezones

import polars as pl

from helpdesk_wellbeing.words import did_you_mean

UTC = pl.Datetime("us", "UTC")
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC_ZONE)
LATEST = datetime(2100, 1, 1, tzinfo=UTC_ZONE)
AHEAD = timedelta(days=1)  # what is dated further ahead of now has not happened: a clock or a format is wrong

# Tried in this order; the first reads nearly everything, so the others see only what it left.
_WITH_OFFSET = ("%+", "%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z", "%Y%m%dT%H%M%S%.f%#z")
_LOCAL = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y%m%dT%H%M%S%.f")
_NOT_ISO = 'is not an ISO 8601 time with offset, such as "2026-11-20T14:30:00+01:00"'
_SKIPPED = "is a time that no clock in {} showed (it went forward); is the zone right?"
_NO_OFFSET = "has no offset; name the time zone in a mapping (time_zone)"


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def zone_problem(name: str) -> str | None:
    """What is wrong with a zone's name, or None. Only names such as "Europe/Berlin" and "UTC" are zones."""
    if name in _zones():
        return None
    return f'"{name[:60]}" is not a time zone{did_you_mean(name, _zones())}; use a name such as "Europe/Berlin"'


def parse_instants(texts: pl.Series, zones: pl.Series | None = None, time_format: str | None = None) -> pl.DataFrame:
    """Instants of a column of text, in its order: `at` (UTC), `reason` (null: it was read), `guessed`.

    `zones` holds a valid IANA name for each row, or null; it serves only times without an offset. A local
    time that the clock showed twice (the hour when it goes back) is read as the first of the two and is
    `guessed`; one that the clock never showed (the hour when it goes forward) is refused. `time_format` is a
    strftime pattern (fractions: %.f) that replaces ISO 8601. Null texts give null without a reason.
    """
    texts = texts.cast(pl.String)
    # "2026-11-20 14:30" is as common as the "T" that the norm asks for
    plain = texts.str.replace(r"^(\d{4}-\d{2}-\d{2}) ", "${1}T")
    formats = _WITH_OFFSET if time_format is None else (time_format,) if "z" in time_format else ()
    at = _first_that_reads(plain if time_format is None else texts, formats, aware=True)
    local_formats = _LOCAL if time_format is None else () if formats else (time_format,)
    return _with_local_times(texts, at, local_formats, zones, time_format)


def _with_local_times(
    texts: pl.Series,
    at: pl.Series,
    formats: tuple[str, ...],
    zones: pl.Series | None,
    time_format: str | None,
) -> pl.DataFrame:
    frame = pl.DataFrame({"text": texts, "at": at, "zone": _texts_or_nulls(zones, len(texts))})
    unread = frame["at"].is_null() & frame["text"].is_not_null()
    reason = pl.Series("reason", [None], dtype=pl.String).new_from_index(0, len(frame))
    guessed = pl.Series("guessed", [False]).new_from_index(0, len(frame))
    if unread.any():
        rows = frame.with_row_index("row").filter(unread)
        plain = rows["text"].str.replace(r"^(\d{4}-\d{2}-\d{2}) ", "${1}T") if not time_format else rows["text"]
        local = _first_that_reads(plain, formats, aware=False)
        told = _localised(rows.with_columns(local.alias("local")), time_format)
        at = at.scatter(told["row"], told["at"])
        reason = reason.scatter(told["row"], told["reason"])
        guessed = guessed.scatter(told["row"], told["guessed"])
    strange = ((at < EARLIEST) | (at >= LATEST)).fill_null(False)
    if strange.any():
        year = at.dt.year().cast(pl.String)
        reason = pl.select(
            pl.when(strange).then(pl.format("is in the year {}; the clock or the format is wrong", year))
            .otherwise(reason).alias("reason")
        ).to_series()  # fmt: skip
        at = at.set(strange, None)
    return pl.DataFrame({"at": at.alias("at"), "reason": reason, "guessed": guessed})


def _localised(rows: pl.DataFrame, time_format: str | None) -> pl.DataFrame:
    """Local clock times as instants, zone by zone (there are few zones and many rows)."""
    parts = [_in_zone(part, str(zone)) for (zone,), part in rows.group_by("zone") if zone is not None]
    told = pl.concat(parts) if parts else rows.clear().with_columns(at=pl.lit(None, UTC), guessed=False)
    unreadable = _NOT_ISO if time_format is None else f"does not fit the time_format {time_format}"
    return (
        pl.concat([told, rows.filter(pl.col("zone").is_null()).with_columns(guessed=pl.lit(False))])
        .with_columns(
            reason=pl.when(pl.col("local").is_null()).then(pl.lit(unreadable))
            .when(pl.col("at").is_not_null()).then(None)
            .when(pl.col("zone").is_null()).then(pl.lit(_NO_OFFSET))
            .otherwise(pl.format(_SKIPPED, "zone"))
        )
    )  # fmt: skip


def _in_zone(rows: pl.DataFrame, zone: str) -> pl.DataFrame:
    local = pl.col("local").dt
    return (
        rows.with_columns(
            at=local.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC"),
            latest=local.replace_time_zone(zone, ambiguous="latest", non_existent="null").dt.convert_time_zone("UTC"),
        )
        .with_columns(guessed=(pl.col("at") != pl.col("latest")).fill_null(False))
        .drop("latest")
    )


def _first_that_reads(texts: pl.Series, formats: tuple[str, ...], aware: bool) -> pl.Series:
    zone = "UTC" if aware else None
    found = pl.Series([None], dtype=pl.Datetime("us", zone)).new_from_index(0, len(texts))
    for number, pattern in enumerate(formats):
        if number == 0:
            found = texts.str.to_datetime(pattern, time_unit="us", time_zone=zone, strict=False)
            continue
        missing = (found.is_null() & texts.is_not_null()).arg_true()
        if missing.is_empty():
            break
        more = texts.gather(missing).str.to_datetime(pattern, time_unit="us", time_zone=zone, strict=False)
        found = found.scatter(missing, more)
    return found


def _texts_or_nulls(zones: pl.Series | None, length: int) -> pl.Series:
    if zones is not None:
        return zones.cast(pl.String)
    return pl.Series([None], dtype=pl.String).new_from_index(0, length)
