"""The tables of the papers' texts, and what the shipped rules say in Dutch."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any


def _read(name: str) -> dict[str, Any]:
    file = resources.files("helpdesk_wellbeing.upkeep.documents") / name
    return tomllib.loads(file.read_text("utf-8"))


_TABLE, _LETTER = _read("texts.toml"), _read("letter.toml")
TEXTS: Mapping[str, Mapping[str, str]] = _TABLE["texts"] | _LETTER["texts"]  # by key, then by language
RULES: Mapping[str, Mapping[str, str]] = _TABLE["rules"]  # by rule: title, why, needs; `of`: the title they translate
