"""The table of the papers' texts, by language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any


def _read() -> dict[str, Any]:
    file = resources.files("helpdesk_wellbeing.upkeep.documents") / "texts.toml"
    return tomllib.loads(file.read_text("utf-8"))


TEXTS: Mapping[str, Mapping[str, str]] = _read()["texts"]  # by key, then by language
