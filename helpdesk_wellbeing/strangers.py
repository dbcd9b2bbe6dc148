"""Ids in files about people that the helpdesk does not know: mistakes as a rule, but nobody is refused for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from helpdesk_wellbeing.store import Store
    from helpdesk_wellbeing.store.people import Kind

MOST_NAMED = 10


@dataclass(frozen=True)
class Strangers:
    """Ids, in order; none where the helpdesk has told nobody yet."""

    agents: tuple[str, ...]
    groups: tuple[str, ...]  # also those that somebody leads


def strangers(store: Store, account: str, frames: Mapping[Kind, pl.DataFrame]) -> Strangers:
    """Of these files, who and what the helpdesk does not know."""
    agents = {agent for frame in frames.values() if "agent" in frame.columns for agent in frame["agent"]}
    groups = {group for frame in frames.values() if "group" in frame.columns for group in frame["group"]}
    if "people" in frames:
        for name in ("groups", "lead_of"):
            groups |= {group for row in frames["people"][name].drop_nulls() for group in row}
    return Strangers(_unknown(store, account, "people", agents), _unknown(store, account, "groups", groups))


def is_stranger(store: Store, account: str, agent: str) -> bool:
    """Whether the helpdesk has told of agents, and not of this one."""
    return bool(_unknown(store, account, "people", {agent}))


def named(ids: tuple[str, ...]) -> str:
    """The first of them, one after the other."""
    return ", ".join(id if len(id) <= 40 else f"{id[:39]}…" for id in ids[:MOST_NAMED])


def _unknown(store: Store, account: str, kind: Kind, ids: set[str]) -> tuple[str, ...]:
    known = set(store.told_by(account, kind, "platform").to_series(0))
    return tuple(sorted(ids - known)) if known else ()
