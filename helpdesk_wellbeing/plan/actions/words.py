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
    values = {**flag["values"], "name": name}
    key = f"because_{flag['signal']}"
    if flag["signal"] == "WT7" and (flag["values"].get("leave_days") or 0) > 0:
        key = "because_WT7_leave"
    rule = situation.rules.get(flag["rule"])
    if key in TEXTS[language]:
        return _filled(language, key, values)
    told = "" if rule is None else f"{rule.title}: {rule.sentence(flag['values'])}"
    return _filled(language, "because_other", {"name": name, "rule": told or flag["rule"]})


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
