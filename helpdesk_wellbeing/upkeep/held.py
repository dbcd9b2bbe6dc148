"""Everything that is held about one agent, for that agent: each record with the purpose that it is kept for.

Other people stand in it as "another agent", except those who decided or looked: who that was is the agent's to know.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.acting.views import reason_for
from helpdesk_wellbeing.store.clock import day_of, instant
from helpdesk_wellbeing.upkeep.purposes import Purpose

if TYPE_CHECKING:
    import polars as pl

    from helpdesk_wellbeing.engine import Engine
    from helpdesk_wellbeing.store import Store
    from helpdesk_wellbeing.store.erasing import Hidden

ANOTHER = "another agent"
_JSON = ("body", "asked", "receipt", "roles", "place")
_DAYS = ("since",)
_AT_ONCE = timedelta(weeks=8)  # of events
_SAID = ("who", "name", "decided_by")  # who looked or decided is the agent's to know
_ROWS: Mapping[str, Purpose] = {  # tables, and what their rows are kept for
    "objections": Purpose.WORKING_TIME,
    "own_words": Purpose.WORKING_TIME,
    "contests": Purpose.WORKING_TIME,
    "flags_seen": Purpose.WORKING_TIME,
    "notices": Purpose.WORKING_TIME,
    "proposals": Purpose.WORKLOAD,
    "writes": Purpose.WORKLOAD,
    "consents": Purpose.WORKLOAD,
    "survey_invitations": Purpose.SURVEY,
    "members": Purpose.AUDIT,
    "web_sessions": Purpose.AUDIT,
    "leavers": Purpose.AUDIT,
    "break_glass": Purpose.AUDIT,
}


def held(store: Store, account: str, agent: str, engine: Engine, now: datetime) -> dict[str, Any]:
    """One JSON-ready object; its `records` are lists by kind, and every record carries its `purpose`.

    What was answered in surveys is not among it: nobody knows whose answer is whose.
    """
    with store.view():
        hidden = store.upkeep.hidden(account, agent)
        others = _others(store, account, agent)
        records: dict[str, list[dict[str, Any]]] = {}
        _add(records, "directory", Purpose.WORKING_TIME, _directory(store, account, agent))
        _add(records, "events", Purpose.WORKING_TIME, _events(store, account, agent))
        for kind, rows in _computed(store, account, agent, engine).items():
            _add(records, kind, Purpose.WORKING_TIME, rows)
        for table, rows in store.upkeep.rows_of(account, hidden).items():
            if table in _ROWS:
                shown = (_shown(row, table) for row in rows)
                _add(records, table, _ROWS[table], (_of_theirs(row, hidden, others) for row in shown))
        _add(records, "audit", Purpose.AUDIT, _audit(store, account, hidden))
    return {
        "account": account,
        "agent": agent,
        "made_at": now.isoformat(),
        "purpose": Purpose.LEGAL.value,
        "not_in_it": ["answers to surveys: they are kept without the person", "text of tickets: none is kept"],
        "records": {kind: rows for kind, rows in records.items() if rows},
    }


def as_zip(whole: Mapping[str, Any]) -> bytes:
    """The same as a zip: `held.json`, and a CSV for each kind of record."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("held.json", json.dumps(whole, indent=2, ensure_ascii=False))
        for kind, rows in whole["records"].items():
            archive.writestr(f"{kind}.csv", _csv(rows))
    return sink.getvalue()


def _add(
    records: dict[str, list[dict[str, Any]]], kind: str, purpose: Purpose, rows: Iterable[Mapping[str, Any]]
) -> None:
    records.setdefault(kind, []).extend({"purpose": purpose.value, **_plain(row)} for row in rows)


def _others(store: Store, account: str, agent: str) -> dict[str, str]:
    """Everybody else, by id: what they are called, or the id again. Not all stand in the directory, or still do."""
    from helpdesk_wellbeing.acting.names import names_of

    names, listed = names_of(store, account), store.directory(account).people["agent"]
    met = store.read_pieces(account, "days")["agent"].unique()
    return {id: names.agent(id) for id in {*listed, *met, *store.access.leavers(account)} - {agent}}


def _directory(store: Store, account: str, agent: str) -> Iterable[dict[str, Any]]:
    directory = store.directory(account)
    for kind, frame in (("person", directory.people), ("leave", directory.leave), ("on call", directory.on_call)):
        for row in _rows(frame, "agent", agent):
            yield {"kind": kind, **row}


def _events(store: Store, account: str, agent: str) -> Iterable[dict[str, Any]]:
    import polars as pl

    theirs = (pl.col("actor") == agent) | (pl.col("assignee") == agent)
    assigned = (pl.col("kind") == "assigned") & ((pl.col("before") == agent) | (pl.col("after") == agent))
    for frame in _all_events(store, account):
        found = frame.filter((theirs | assigned).fill_null(False)).drop("account")
        by_others = (pl.col("actor") != agent) & pl.col("actor_kind").is_in(["agent", "requester", "unknown"])
        found = found.with_columns(
            pl.when(by_others).then(pl.lit("somebody else")).otherwise("actor").alias("actor"),
            pl.when(pl.col("assignee") != agent).then(pl.lit(ANOTHER)).otherwise("assignee").alias("assignee"),
            *(
                pl.when((pl.col("kind") == "assigned") & (pl.col(name) != agent))
                .then(pl.lit(ANOTHER)).otherwise(name).alias(name)
                for name in ("before", "after")
            ),
        )  # fmt: skip
        yield from ({k: v for k, v in row.items() if v is not None} for row in found.iter_rows(named=True))


def _all_events(store: Store, account: str) -> Iterable[pl.DataFrame]:
    """Those that were pulled, then those that only webhooks told."""
    import polars as pl

    yield from store.iter_events(account)
    start, last, number = store.all_events_span(account)
    if start is None or last is None or number == store.event_span(account)[2]:
        return
    while start <= last:
        until = start + _AT_ONCE
        pulled = store.read_events(account, start, until, columns=["id"])["id"]
        yield store.all_events(account, start, until).filter(~pl.col("id").is_in(pulled.implode()))
        start = until


def _computed(store: Store, account: str, agent: str, engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """Facts, flags with their evidence, and how levels changed."""
    first, last, _ = store.all_events_span(account)
    if first is None or last is None:
        return {}
    found = {kind: list(_rows(engine.all_facts(kind), "agent", agent)) for kind in ("days", "shifts")}
    history = engine.history(first, last + timedelta(microseconds=1))
    found["levels"] = list(_rows(history, "subject", agent))
    answer = store.work.answer_of(account) or {}
    theirs = {"kind": "agent", "id": agent}
    found["flags"] = [flag for flag in answer.get("flags", ()) if flag["subject"] == theirs]
    found["not_assessable"] = [gap for gap in answer.get("not_assessable", ()) if gap["subject"] == theirs]
    found["identity_review"] = [one for one in answer.get("identity_review", ()) if one["agent"] == agent]
    return found


def _rows(frame: pl.DataFrame, column: str, agent: str) -> Iterable[dict[str, Any]]:
    for row in frame.filter(frame[column] == agent).iter_rows(named=True):
        yield {key: value for key, value in row.items() if value is not None and key != "piece"}


def _audit(store: Store, account: str, hidden: Hidden) -> Iterable[dict[str, Any]]:
    """The entries that they stand in by their word: what happened, and who looked."""
    word = store.audit.word_of(account, hidden.agent)
    if word is None:
        return
    for entry in store.audit.naming(account, word):
        body = json.loads(json.dumps(entry.body).replace(word, hidden.agent))
        yield {"seq": entry.seq, "at": entry.at, "what": entry.what, **body}


def _shown(row: Mapping[str, Any], table: str) -> dict[str, Any]:
    """A row of a table as people read it: times as times, JSON as what it says."""
    shown: dict[str, Any] = {}
    for key, value in row.items():
        if value is None or key in ("claimed_by", "claimed_until"):
            continue
        if isinstance(value, int) and (key in ("at", "until", "not_before") or key.endswith("_at")):
            shown[key] = instant(value)
        elif isinstance(value, int) and key in _DAYS:
            shown[key] = day_of(value)
        else:
            shown[key] = _read(value) if key in _JSON and isinstance(value, str) else value
    return shown


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _of_theirs(row: dict[str, Any], hidden: Hidden, others: Mapping[str, str]) -> dict[str, Any]:
    """Without what is about other agents."""
    body = row.get("body")
    if isinstance(body, dict) and "because" in body:
        row = {**row, "reason": reason_for(row.get("reason"), body, hidden.agent)}
    if isinstance(body, dict) and "moves" in body:
        moves = [m for m in body["moves"] if hidden.agent in (m.get("giver"), m.get("receiver"))]
        body = {**body, "moves": [{k: v for k, v in m.items() if k != "reasons"} for m in moves]}
        if body["moves"] or body.get("subject", {}).get("id") != hidden.agent:
            body.pop("texts", None)  # sentences name the others
        row = {**row, "body": body}
    names = set(others.values())
    return {key: value if key in _SAID else _without(value, others, names) for key, value in row.items()}


def _without(value: Any, others: Mapping[str, str], names: Collection[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(one, others, names) for key, one in value.items() if key not in others}
    if isinstance(value, list):
        return [_without(one, others, names) for one in value]
    return ANOTHER if isinstance(value, str) and (value in others or value in names) else value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, timedelta):
        return f"{value.total_seconds() / 60:.2f} min"
    return value.isoformat() if isinstance(value, datetime | date) else value


def _csv(rows: list[dict[str, Any]]) -> str:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    sink = io.StringIO()
    writer = csv.writer(sink)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
    return sink.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    # a sheet takes a cell that begins so for a formula
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value
