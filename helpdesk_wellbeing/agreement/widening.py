"""Whether a change reaches further into what people agreed to: then it waits for a new agreement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from helpdesk_wellbeing.agreement.model import Agreement, Terms
from helpdesk_wellbeing.rules.model import Alternative, Comparison

_FROM_BELOW = ("at_least", "above")
_STRICT = ("above", "below")


def widened(before: Agreement | None, after: Agreement) -> list[str]:
    """Each way in which `after` reaches further than `before`, as a line; empty where it only narrows.

    `before` is None where nothing was agreed yet.
    """
    if before is None:
        return ["nothing is agreed yet"]
    return [
        *_more("signals about single people", before.signals, after.signals),
        *_more("roles that see what is said of one person", before.roles, after.roles),
        *_more("purposes", before.purposes, after.purposes),
        *_more("channels for notices about a person", before.notices, after.notices),
        *_longer(before, after),
        *_sooner(before.thresholds, after.thresholds),
    ]


def _more(what: str, before: Iterable[str], after: Iterable[str]) -> Iterator[str]:
    added = sorted(set(after) - set(before))
    if added:
        yield f"more {what}: {', '.join(added)}"


def _longer(before: Agreement, after: Agreement) -> Iterator[str]:
    for what, weeks in sorted(after.retention_weeks.items()):
        agreed = before.retention_weeks.get(what)
        if agreed is None:
            yield f"{what} kept for {weeks} weeks; nothing was agreed about these"
        elif weeks > agreed:
            yield f"{what} kept for {weeks} weeks instead of {agreed}"


def _sooner(before: Mapping[str, Terms], after: Mapping[str, Terms]) -> Iterator[str]:
    """Nothing is said where no thresholds were written down."""
    for rule, terms in sorted(after.items()) if before else ():
        why = speaks_sooner(before.get(rule), terms)
        if why is not None:
            yield f"rule {rule}: {why}"


def speaks_sooner(before: Terms | None, after: Terms) -> str | None:
    """Why a rule of these terms says more than one of those that were agreed to; None where it does not."""
    if before is None:
        return "a new rule"
    if before.signal != after.signal:
        return f"judges {after.signal} instead of {before.signal}"
    if after.statutory and not before.statutory:
        return "is statutory now, so leads see it at once"
    for level in ("warn", "critical"):
        agreed: Sequence[Alternative] = getattr(before, level)
        for alternative in getattr(after, level):
            if not any(_covers(known, alternative) for known in agreed):
                return f"{level} from {alternative} on"
    return None if _ends_as_soon(before, after) else f"ends only with {after.exit}"


def _covers(agreed: Alternative, new: Alternative) -> bool:
    """Whether the agreed one had spoken wherever the new one does."""
    return agreed.after <= new.after and _follows(agreed.all, new.all)


def _ends_as_soon(before: Terms, after: Terms) -> bool:
    """Whether whatever ended the flag still ends it, and as soon."""
    if after.exit.after > before.exit.after:
        return False
    return all(any(_follows(new, agreed) for new in after.exit.any) for agreed in before.exit.any)


def _follows(conclusion: Iterable[Comparison], given: Sequence[Comparison]) -> bool:
    """Whether all of the one hold wherever all of the other do, as far as single comparisons show it."""
    return all(any(_implies(one, other) for one in given) for other in conclusion)


def _implies(strict: Comparison, loose: Comparison) -> bool:
    from_below = strict.operator in _FROM_BELOW
    if strict.value != loose.value or from_below != (loose.operator in _FROM_BELOW):
        return False
    if isinstance(strict.bound, str) or isinstance(loose.bound, str):
        if strict.bound != loose.bound:
            return False
        one, other = strict.times, loose.times
    else:
        one, other = strict.bound * strict.times, loose.bound * loose.times
    if one == other:
        return strict.operator in _STRICT or loose.operator not in _STRICT
    return one > other if from_below else one < other
