"""The tables of the papers' texts, by language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any


def _read(name: str) -> dict[str, Any]:
    file = resources.files("helpdesk_wellbeing.upkeep.documents") / name
    return tomllib.loads(file.read_text("utf-8"))


# By key, then by language.
TEXTS: Mapping[str, Mapping[str, str]] = _read("texts.toml")["texts"] | _read("letter.toml")["texts"]
