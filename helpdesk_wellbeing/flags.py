"""What `check` answers: flags with their evidence, what could not be assessed, and accounts to look at."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from helpdesk_wellbeing.agreement.gate import AGENT, NOT_AVAILABLE, Gate
from helpdesk_wellbeing.engine import WINDOWS, Catalogue, Outcome
from helpdesk_wellbeing.events import GRADES
from helpdesk_wellbeing.rules.machine import LEVEL_WORDS, WARN
from helpdesk_wellbeing.rules.model import Rule
from helpdesk_wellbeing.signals.base import NO_INPUT, Signal

# Values that are counts and are shown without a decimal point.
COUNTS = frozenset(
    [
        "weeks",
        "missed_of_5",
        "needed_min",
        "days_of_10",
        "leave_days",
        "nights_16w",
        "series",
        "x",
        "n",
        "hard",
    ]
)
PAUSED = "paused"
SHARED = "shared or automated"
REVIEW = "identity review"
# How long a flag without a new instance still counts as news: as long as its own window, within these. A week-end must
# not make Friday's shift old news, and four weeks is what a month's planning looks back on.
NEWS_AT_LEAST, NEWS_AT_MOST = timedelta(days=7), timedelta(days=28)


@dataclass(frozen=True)
class Last:
    """When a flag's condition was last met: the local date of that instance."""

    date: date
    ongoing: bool  # the condition has held ever since
    news: bool  # ongoing, or not long ago


def check(outcome: Outcome, catalogue: Catalogue, *, gate: Gate) -> dict[str, Any]:
    """The answer as one JSON-ready object; the same facts give the same object, key by key.

    What the gate keeps back about single agents is in no part of it; `withheld` names the signals. Flags that somebody
    contested are not among `flags`: they stand under `paused`, a key that is there only when there are any.
    """
    silenced = _silenced(outcome)
    flags: list[dict[str, Any]] = []
    gaps: set[tuple[str, str, str, str]] = set()
    withheld: set[str] = set()
    for rule, signal in catalogue.active():
        if is_withheld(rule, signal, gate):
            withheld.add(signal.id)
            continue
        hidden = _hidden(signal, silenced, gate)
        found = _flags_of(rule, signal, outcome, hidden)
        flags += found
        proven = {flag["subject"]["id"] for flag in found}
        for subject, reason in signal.assess(outcome.facts).iter_rows():
            if reason == NO_INPUT and subject in proven:
                continue
            gaps.add((signal.id, signal.subject, subject, hidden.get(subject, reason)))
        gaps |= {(signal.id, AGENT, subject, reason) for subject, reason in hidden.items()}
    return _split({
        "account": outcome.account,
        "as_of": instant(outcome.as_of),
        "flags": sorted(flags, key=lambda f: (f["signal"], f["subject"]["kind"], f["subject"]["id"])),
        "not_assessable": [
            {"signal": signal, "subject": {"kind": kind, "id": subject}, "reason": reason}
            for signal, kind, subject, reason in sorted(gaps)
        ],
        "identity_review": [] if gate.is_closed else sorted(outcome.review, key=lambda entry: entry["agent"]),
        "withheld": sorted(withheld),
    }, gate)  # fmt: skip


def is_withheld(rule: Rule, signal: Signal, gate: Gate) -> bool:
    """Whether a rule says nothing of anybody, because nobody agreed to that."""
    return signal.subject == AGENT and (not gate.computes(signal.id) or gate.holds_back(rule) is not None)


def under(answer: Mapping[str, Any], gate: Gate) -> dict[str, Any]:
    """An answer that was made earlier, as far as the gate of now lets it pass."""
    flags = [*answer["flags"], *answer.get(PAUSED, ())]
    gaps = []
    for gap in answer["not_assessable"]:
        kind, id = gap["subject"]["kind"], gap["subject"]["id"]
        if kind != AGENT or gate.computes(gap["signal"]):
            gaps.append(gap | {"reason": NOT_AVAILABLE} if id in gate.objectors(gap["signal"]) else gap)
    kept = {
        **answer,
        "flags": [flag for flag in flags if gate.allows(flag["signal"], *_subject(flag))],
        "not_assessable": gaps,
        "identity_review": [] if gate.is_closed else answer.get("identity_review", []),
    }  # fmt: skip
    return _split(kept, gate)


def _split(answer: dict[str, Any], gate: Gate) -> dict[str, Any]:
    """Flags that were contested apart from the others."""

    def is_paused(flag: Mapping[str, Any]) -> bool:
        return gate.pauses(flag["rule"], *_subject(flag), flag["since"])

    paused = [flag for flag in answer["flags"] if is_paused(flag)] if gate.contested else []
    answer.pop(PAUSED, None)
    if paused:
        answer["flags"] = [flag for flag in answer["flags"] if not is_paused(flag)]
        answer[PAUSED] = paused
    return answer


def _subject(flag: Mapping[str, Any]) -> tuple[str, str]:
    return flag["subject"]["kind"], flag["subject"]["id"]


def _hidden(signal: Signal, silenced: Mapping[str, str], gate: Gate) -> Mapping[str, str]:
    """Subjects of whom a signal says nothing, with the reason."""
    if signal.subject != AGENT:
        return {}
    objectors = gate.objectors(signal.id)
    return {**dict.fromkeys(objectors, NOT_AVAILABLE), **silenced} if objectors else silenced


def standing_of(outcome: Outcome, catalogue: Catalogue) -> str:
    """A text that stays the same as long as `check` would list the same flags with the same instances."""
    known = [
        _on(outcome.standing.states[rule.id]) for rule, _ in catalogue.active() if rule.id in outcome.standing.states
    ]
    return repr((known, sorted(outcome.facts.shared), outcome.review))


def _on(states: pl.DataFrame) -> list[tuple[Any, ...]]:
    at = np.flatnonzero(states["level"].to_numpy() >= WARN)
    return states[at].rows() if len(at) else []


def changes(history: pl.DataFrame, outcome: Outcome, catalogue: Catalogue, *, gate: Gate) -> list[dict[str, Any]]:
    """Changes of level (columns of `engine.TRANSITIONS`) as JSON-ready rows, in the order of time."""
    silenced = _silenced(outcome)
    known = {rule.id: (signal, is_withheld(rule, signal, gate)) for rule, signal in catalogue.active()}
    hidden = {signal.id: _hidden(signal, silenced, gate) for signal, _ in known.values()}
    rows = []
    for row in history.iter_rows(named=True):
        signal, withheld = known[row["rule"]]
        if withheld or row["subject"] in hidden[signal.id]:
            continue
        rows.append(
            {
                "at": instant(row["at"]),
                "date": row["date"].isoformat(),
                "signal": signal.id,
                "rule": row["rule"],
                "subject": {"kind": signal.subject, "id": row["subject"]},
                "from": row["from"],
                "to": row["to"],
            }
        )
    return rows


def last_instances(outcome: Outcome, catalogue: Catalogue) -> dict[tuple[str, str], Last]:
    """By rule and subject, for every level that stands: when its condition was last met."""
    found: dict[tuple[str, str], Last] = {}
    for rule, _ in catalogue.active():
        state = outcome.standing.states.get(rule.id)
        if state is None:
            continue
        for row in state.filter(pl.col("level") >= WARN).iter_rows(named=True):
            ongoing = rule.frozen and row["exit_count"] == 0
            window = row["window_end"] - row["window_start"]
            age = outcome.as_of - row["at"]
            news = ongoing or age <= min(max(window, NEWS_AT_LEAST), NEWS_AT_MOST)
            found[rule.id, row["subject"]] = Last(row["date"], ongoing, news)
    return found


def instant(at: datetime) -> str:
    """ISO 8601 in UTC, to the second, as the platforms write it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _silenced(outcome: Outcome) -> dict[str, str]:
    """Agents of whom nothing is said, with the reason."""
    now = pl.col("valid_from").is_null() | (pl.col("valid_from") <= outcome.as_of.date())
    latest = outcome.facts.directory.people.filter(now).sort("valid_from", nulls_last=False)
    latest = latest.unique("agent", keep="last", maintain_order=True)
    reasons = dict.fromkeys(latest.filter(pl.col("excluded").fill_null(False))["agent"], "excluded")
    reasons |= {entry["agent"]: REVIEW for entry in outcome.review}
    reasons |= dict.fromkeys(outcome.facts.shared, SHARED)
    return reasons


def _flags_of(rule: Rule, signal: Signal, outcome: Outcome, hidden: Mapping[str, str]) -> list[dict[str, Any]]:
    state = outcome.standing.states.get(rule.id)
    if state is None:
        return []
    rows = state.filter((pl.col("level") >= WARN) & ~pl.col("subject").is_in(list(hidden)))
    if signal.subject != "team":
        rows = rows.join(_seen_lately(signal.subject, outcome), on="subject", how="semi")
    return [_flag(rule, signal, outcome, row) for row in rows.iter_rows(named=True)]


def _seen_lately(kind: str, outcome: Outcome) -> pl.DataFrame:
    """Agents and queues seen within the longest window; the others have left, nothing is known about them any more."""
    name, key = ("days", "agent") if kind == "agent" else ("queues", "group")
    frame: pl.DataFrame = getattr(outcome.facts, name)
    earliest = (outcome.as_of - WINDOWS[name]).date()
    return frame.filter(pl.col("date") >= earliest).select(subject=key).unique()


def _flag(rule: Rule, signal: Signal, outcome: Outcome, row: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: row[f"v_{name}"] for name in signal.values}
    instance = {**values, **{name: row[name] for name in ("at", "date", "window_start", "window_end")}}
    return {
        "signal": signal.id,
        "rule": rule.id,
        "subject": {"kind": signal.subject, "id": row["subject"]},
        "level": LEVEL_WORDS[row["level"]],
        "state": "cooling" if row["exit_count"] > 0 else "active",
        "since": row["since"].isoformat(),
        "window": {"start": instant(row["window_start"]), "end": instant(row["window_end"])},
        "values": {name: _number(name, value) if _known(value) else None for name, value in values.items()},
        "evidence": [_plain(entry) for entry in signal.explain(outcome.facts, row["subject"], instance)],
        "grade": GRADES[row["grade"]],
    }


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _number(name: str, value: float) -> float | int:
    if name in COUNTS and value == int(value):
        return int(value)
    return round(value, 4) if abs(value) >= 0.001 or value == 0 else float(f"{value:.3g}")


def _plain(entry: Mapping[str, Any]) -> dict[str, Any]:
    def plain(key: str, value: Any) -> Any:
        if isinstance(value, datetime):
            return instant(value)
        if isinstance(value, float):
            return _number(key, value) if math.isfinite(value) else None
        return value.isoformat() if hasattr(value, "isoformat") else value

    return {key: plain(key, value) for key, value in entry.items()}
