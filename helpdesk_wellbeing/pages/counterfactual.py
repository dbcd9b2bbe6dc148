"""What would have had to be different for a rule not to flag: the nearest change of its measured values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from helpdesk_wellbeing.rules.model import Alternative, Comparison, Operator, Rule

# What ends a comparison: the operator that the value would have had to fulfil instead.
_OPPOSITE: Mapping[Operator, Operator] = {
    "at_least": "below", "above": "at_most", "at_most": "above", "below": "at_least",
}  # fmt: skip
MOST_AT_ONCE = 3
OF_THE_LAW = "health_only"  # 1 where no law sets the limit
Way = Sequence[Comparison]


@dataclass(frozen=True)
class Change:
    """One value as it would have had to be: `value` `operator` `bound`; `point` is the nearest number that is so."""

    value: str
    operator: Operator
    bound: float
    point: float


def nearest(rule: Rule, values: Mapping[str, float | None], known: Mapping[str, float] | None = None) -> list[Change]:
    """The changes with which the rule's condition had not been met; empty when none of up to three values is enough.

    One change where one will do, and of several the one that is smaller against the value. `known`: numbers that the
    rule compares and that nobody could have changed (the warning line of a preset). What is not known counts as met, so
    that nothing is promised: a rule of which helpers are not known may have no answer.
    """
    given = {name: value for name, value in {**values, **(known or {})}.items() if value is not None}
    ways = [[_plain(rule.signal, one) for one in way.all] for way in (*rule.warn, *rule.critical)]
    if not _met(ways, given):
        return []
    measured = sorted({one.value for way in ways for one in way} & set(values) & set(given))
    for count in range(1, min(MOST_AT_ONCE, len(measured)) + 1):
        found = [c for names in combinations(measured, count) for c in _tries(ways, names, given)]
        if found:
            return min(found, key=lambda changes: (_size(changes, given), [c.value for c in changes]))
    return []


@dataclass(frozen=True)
class Threshold:
    """All of this together flags; `holds`: the numbers at hand say so (False also where one is not known)."""

    way: Alternative
    holds: bool


def thresholds(
    rule: Rule, ways: Sequence[Alternative], values: Mapping[str, float | None], known: Mapping[str, float]
) -> tuple[Threshold, ...]:
    """From where on one of `ways` flags: every one of them, with the numbers that hold here where these are known.

    That a law sets such a limit is not said where it does.
    """
    given = {name: value for name, value in {**values, **known}.items() if value is not None}
    found = []
    for way in ways:
        plain = [_numbered(_plain(rule.signal, one), given) for one in way.all]
        said = [one for one in plain if not (one.value == OF_THE_LAW and one.value in given and _holds(one, given))]
        together = _strictest(said or plain)
        holds = way.after == 1 and all(one.value in given and _bound(one, given) is not None for one in plain)
        found.append(
            Threshold(Alternative(all=together, after=way.after), holds and all(_holds(one, given) for one in plain))
        )
    return tuple(dict.fromkeys(found))


def _numbered(one: Comparison, given: Mapping[str, float]) -> Comparison:
    """With a number in the place of the value that it is compared with, where that is known."""
    bound = _bound(one, given)
    return one if bound is None else Comparison.model_validate({"value": one.value, one.operator: bound})


def _strictest(together: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """Of two numbers that one value must pass, the one that says it all."""
    kept: dict[tuple[str, str, str], Comparison] = {}
    for one in together:
        is_number = not isinstance(one.bound, str)
        place = (one.value, one.operator, "" if is_number else str(one.bound))
        before = kept.get(place)
        if before is not None and not isinstance(before.bound, str) and not isinstance(one.bound, str):
            lowest = one.operator in ("below", "at_most")
            one = min(before, one, key=_number) if lowest else max(before, one, key=_number)
        kept[place] = one
    return tuple(kept.values())


def _number(one: Comparison) -> float:
    return 0.0 if isinstance(one.bound, str) else one.bound


def _tries(ways: Sequence[Way], names: Iterable[str], given: Mapping[str, float]) -> list[list[Change]]:
    """Every end of comparisons of these values that keeps the rule quiet."""
    ends = [[_end(one, given) for way in ways for one in way if one.value == name] for name in names]
    known = [[end for end in of_one if end is not None] for of_one in ends]
    tried = (list(changes) for changes in product(*known))
    return [c for c in tried if not _met(ways, {**given, **{one.value: one.point for one in c}})]


def _end(one: Comparison, given: Mapping[str, float]) -> Change | None:
    bound = _bound(one, given)
    if bound is None:
        return None
    points = {"below": math.nextafter(bound, -math.inf), "above": math.nextafter(bound, math.inf)}
    operator = _OPPOSITE[one.operator]
    return Change(one.value, operator, bound, points.get(operator, bound))


def _size(changes: Iterable[Change], given: Mapping[str, float]) -> float:
    return sum(abs(one.point - given[one.value]) / max(abs(given[one.value]), 1e-9) for one in changes)


def _met(ways: Sequence[Way], given: Mapping[str, float]) -> bool:
    return any(all(_holds(one, given) for one in way) for way in ways)


def _holds(one: Comparison, given: Mapping[str, float]) -> bool:
    left, right = given.get(one.value), _bound(one, given)
    if left is None or right is None:
        return True
    return {"at_least": left >= right, "above": left > right, "at_most": left <= right, "below": left < right}[
        one.operator
    ]


def _bound(one: Comparison, given: Mapping[str, float]) -> float | None:
    if not isinstance(one.bound, str):
        return one.bound * one.times
    right = given.get(one.bound)
    return None if right is None else right * one.times


def _plain(signal: str, one: Comparison) -> Comparison:
    """A comparison of a number that nobody sees, as one of the numbers that it is made of."""
    if (signal, one.value) == ("WT3", "ratio") and not isinstance(one.bound, str):
        return Comparison(value="average_h", **{one.operator: "limit_h"}, times=one.bound * one.times)
    if (signal, one.value, one.operator) == ("WT5", "fails_7", "at_least"):
        return Comparison(value="longest_rest_7d_h", below="required_h")
    return one
