"""Hard tickets: which events indicate one, and when they sufficed (one strong sign or two weak ones)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from helpdesk_wellbeing.clock import Ints
from helpdesk_wellbeing.events import PRIORITIES
from helpdesk_wellbeing.facts.rows import KIND, PRIORITY, Names, Rows
from helpdesk_wellbeing.people import Directory

STRONG = ("escalated", "listed_tag", "bad_rating")
WEAK = ("reopened_twice", "priority_raised", "sla_breached", "lead_noted", "many_replies")
INDICATORS = (*STRONG, *WEAK)  # the place of a word is its bit
REOPENS = 2
REPLIES = 6
NO_TIER = 0

_BIT = {word: 1 << place for place, word in enumerate(INDICATORS)}
_STRONG_BITS = sum(_BIT[word] for word in STRONG)
_WORDS = ["+".join(sorted(word for word in INDICATORS if bits & _BIT[word])) for bits in range(1 << len(INDICATORS))]
# Bit patterns are few, so what they amount to is looked up.
_IS_HARD = np.array(
    [
        bool(bits & _STRONG_BITS) or sum(bool(bits & _BIT[word]) for word in WEAK) >= 2
        for bits in range(1 << len(INDICATORS))
    ]
)
_RAISED = (PRIORITY["high"], PRIORITY["urgent"])


@dataclass(frozen=True)
class Signs:
    """What indicates a hard ticket in this account."""

    tags: tuple[str, ...]  # lower case
    tiers: Ints  # by group number; NO_TIER: none
    leads: frozenset[int]  # agent number * number of groups + group number

    @staticmethod
    def of(tags: Sequence[str], directory: Directory, agents: Names, groups: Names) -> Signs:
        """From the account's settings and people files."""
        tier = dict(directory.groups.select("group", "tier").iter_rows())
        tiers = np.array([tier.get(name) or NO_TIER for name in groups.names], dtype=np.int64)
        led = directory.people.select("agent", "lead_of").explode("lead_of", empty_as_null=True).drop_nulls().unique()
        pairs = agents.numbers(led["agent"]) * len(groups.names) + groups.numbers(led["lead_of"])
        known = (agents.numbers(led["agent"]) >= 0) & (groups.numbers(led["lead_of"]) >= 0)
        return Signs(tuple(tag.strip().lower() for tag in tags), tiers, frozenset(pairs[known].tolist()))

    def tier(self, group: Ints) -> Ints:
        """Tiers of groups; NO_TIER where there is none."""
        if len(self.tiers) == 0:
            return np.zeros(len(group), dtype=np.int64)
        return np.where(group >= 0, self.tiers[np.maximum(group, 0)], NO_TIER)

    def higher(self, before: Ints, after: Ints) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Moves to a higher tier, where both have one."""
        first, second = self.tier(before), self.tier(after)
        raised: np.ndarray[tuple[int], np.dtype[np.bool_]] = (first > NO_TIER) & (second > first)
        return raised


@dataclass(frozen=True)
class Seen:
    """Ticket rows with their states, as `tickets.follow` has them at hand."""

    rows: Rows
    order: Ints
    kind: Ints
    group: Ints
    group_before: Ints
    assignee: Ints
    priority: Ints
    priority_before: Ints
    reopens: Ints
    replies: Ints


def marks(seen: Seen, signs: Signs) -> Ints:
    """Indicators that each row shows, as bits."""
    kind, rows = seen.kind, seen.rows
    bits = np.zeros(len(kind), dtype=np.int64)

    def mark(word: str, where: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> None:
        bits[where] |= _BIT[word]

    mark("escalated", signs.higher(seen.group_before, seen.group))
    mark("listed_tag", _listed(seen, signs))
    rated = np.flatnonzero(kind == KIND["rated"])
    bad = rows.words("after", seen.order[rated]).str.to_lowercase() == "bad"
    bits[rated[bad.fill_null(False).to_numpy()]] |= _BIT["bad_rating"]
    mark("reopened_twice", seen.reopens >= REOPENS)
    normal = PRIORITIES.index("normal")
    before = np.where(seen.priority_before < 0, normal, seen.priority_before)
    mark(
        "priority_raised",
        (kind == KIND["priority"]) & np.isin(seen.priority, _RAISED) & (seen.priority > before),
    )
    mark("sla_breached", (kind == KIND["sla_breached"]) & (seen.assignee >= 0))
    if signs.leads:
        noted = np.flatnonzero((kind == KIND["noted"]) & (seen.group >= 0))
        actor = rows.actor[seen.order[noted]]
        pair = actor * len(signs.tiers) + seen.group[noted]
        bits[noted[(actor >= 0) & np.isin(pair, list(signs.leads))]] |= _BIT["lead_noted"]
    mark("many_replies", seen.replies >= REPLIES)
    return bits


def accumulate(bits: Ints, initial: Ints, begin: Ints, part: Ints) -> Ints:
    """Indicators seen so far, per ticket."""
    total = np.zeros(len(bits), dtype=np.int64)
    for word in INDICATORS:
        shown = (bits & _BIT[word]) > 0
        if not shown.any() and not (initial & _BIT[word]).any():
            continue
        count = np.cumsum(shown)
        so_far = count - (count[begin] - shown[begin])[part] > 0
        total |= np.where(so_far | ((initial[part] & _BIT[word]) > 0), _BIT[word], 0)
    return total


def is_hard(bits: Ints) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether the indicators suffice."""
    hard: np.ndarray[tuple[int], np.dtype[np.bool_]] = _IS_HARD[bits]
    return hard


def words(bits: Ints) -> pl.Series:
    """Indicators as words joined by "+", sorted."""
    return pl.Series([_WORDS[value] for value in bits.tolist()], dtype=pl.String)


def reasons(text: str) -> Mapping[str, bool]:
    """The indicators in a row of the facts, each with whether it is a strong one."""
    return {word: word in STRONG for word in text.split("+") if word}


def _listed(seen: Seen, signs: Signs) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    listed = np.zeros(len(seen.kind), dtype=bool)
    if not signs.tags:
        return listed
    tagged = np.flatnonzero(seen.kind == KIND["tagged"])
    hit = seen.rows.words("after", seen.order[tagged]).str.to_lowercase().is_in(list(signs.tags))
    listed[tagged] = hit.fill_null(False).to_numpy()
    topics = seen.rows.frame["topic"]
    if topics.null_count() < topics.len():
        listed |= topics.str.to_lowercase().is_in(list(signs.tags)).fill_null(False).to_numpy()[seen.order]
    return listed
