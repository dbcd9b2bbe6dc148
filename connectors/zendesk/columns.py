"""What the rows of a Zendesk account need to be read, and what comes of a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass, field

import polars as pl


@dataclass(frozen=True)
class Context:
    """What the rows don't say: who is who, and how the account's own words map to ours. Ids are strings."""

    account: str
    staff: Set[str] = frozenset()  # agents and admins, also those who left
    own_user: str | None = None  # the account the plugin itself writes with
    people_by_api: Set[str] = frozenset()
    statuses: Mapping[str, str] = field(default_factory=dict)  # custom status id -> our word
    overrides: Mapping[str, str] = field(default_factory=dict)  # the admin's wish, which wins over `status`


@dataclass(frozen=True)
class Normalised:
    """Events of one page, and what was strange in it."""

    frame: pl.DataFrame  # events.SCHEMA
    unknown: Counter[str]  # words and kinds that we don't know
    unreadable: int  # rows left out
    puzzling: frozenset[str]  # no staff as far as known, but did what only staff can do
    newest: int | None  # epoch seconds
