"""From values to sentences, in every language that an account reads."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from helpdesk_wellbeing.plan.actions.texts import MONTHS, TEXTS, UNKNOWN, WEEKDAYS
from helpdesk_wellbeing.plan.situation import Flag, Situation
from helpdesk_wellbeing.rules.model import Rule
from helpdesk_wellbeing.signals.wt2 import WARN_SHARE

_LIMITED = {"WT1": "active_h", "WT2": "week_h", "WT3": "average_h"}  # what `limit_h` is the limit of
LONGEST_SPAN_H = 13.0  # from first to last
_PARTS = frozenset(["share", "rate", "p0", "wilson_low", "wilson_high", "part"])  # shown in per cent


@dataclass(frozen=True)
class Slot:
    """From when to when, on the wall clock of a zone."""

    start: datetime
    end: datetime
    zone: str
    names_zone: bool = False  # the reader may live by another clock


def say(languages: Sequence[str], key: str, **values: Any) -> dict[str, str]:
    """One text of the table in each language. Names and ids are shown as they are, on one line."""
    return {language: _filled(language, key, values) for language in languages}


def together(languages: Sequence[str], *texts: Mapping[str, str]) -> dict[str, list[str]]:
    """Sentences one after the other, by language."""
    return {language: [text[language] for text in texts] for language in languages}


def conditions(situation: Situation, flags: Sequence[Flag], name: str) -> dict[str, list[str]]:
    """What each flag says about the work, a sentence a flag."""
    return {
        language: [_condition(situation, language, flag, name) for flag in flags] for language in situation.languages
    }


def _condition(situation: Situation, language: str, flag: Flag, name: str) -> str:
    rule = situation.rules.get(flag["rule"])
    key, values = because(flag["signal"], flag["values"], rule)
    if key in TEXTS[language]:
        return _filled(language, key, {**values, "name": name})
    told = "" if rule is None else f"{rule.title}: {rule.sentence(flag['values'])}"
    return _filled(language, "because_other", {"name": name, "rule": told or flag["rule"]})


def because(signal: str, values: Mapping[str, Any], rule: Rule | None) -> tuple[str, dict[str, Any]]:
    """Which text says why, and the values in it. Of what is flagged before its limit it says from where on."""
    key, limit = f"because_{signal}", values.get("limit_h")
    if signal == "WT7" and (values.get("leave_days") or 0) > 0:
        return "because_WT7_leave", dict(values)
    what = _LIMITED.get(signal)
    value = values.get(what) if what else None
    if limit is None or value is None or value >= limit or (values.get("span_h") or 0) > LONGEST_SPAN_H:
        return key, dict(values)
    part = {"WT2": WARN_SHARE, "WT3": _warned_from(rule)}.get(signal)
    if part is None and signal != "WT1":
        return key, dict(values)
    return f"{key}_near", {**values, "part": part}


def _warned_from(rule: Rule | None) -> float | None:
    """From which part of the limit on WT3 warns."""
    compared = [one for way in rule.warn for one in way.all] if rule else []
    parts = [one.bound * one.times for one in compared if one.value == "ratio" and not isinstance(one.bound, str)]
    return min(parts, default=None)


def _filled(language: str, key: str, values: Mapping[str, Any]) -> str:
    shown = _Shown({name: _shown(language, name, value) for name, value in values.items()})
    return TEXTS[language][key].format_map(shown)


class _Shown(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return UNKNOWN


def _shown(language: str, name: str, value: Any) -> str:
    if isinstance(value, Slot):
        return _time(language, value)
    if isinstance(value, bool) or value is None:
        return UNKNOWN
    if isinstance(value, int | float):
        return _number(language, name, float(value))
    return " ".join(str(value).split())


def _number(language: str, name: str, value: float) -> str:
    if not math.isfinite(value):
        return UNKNOWN
    if name in _PARTS:
        return f"{value * 100:.0f}%"
    text = f"{value:.1f}".removesuffix(".0")
    return text.replace(".", ",") if language == "nl" else text


def _time(language: str, slot: Slot) -> str:
    place = ZoneInfo(slot.zone)
    start, end = slot.start.astimezone(place), slot.end.astimezone(place)
    first = f"{_day(language, start)} {start:%H:%M}"
    last = f"{end:%H:%M}" if start.date() == end.date() else f"{_day(language, end)} {end:%H:%M}"
    shown = first if slot.start == slot.end else TEXTS[language]["from_to"].format(start=first, end=last)
    return f"{shown} ({slot.zone})" if slot.names_zone else shown


def _day(language: str, at: datetime) -> str:
    return f"{WEEKDAYS[language][at.weekday()]} {at.day} {MONTHS[language][at.month - 1]}"
