"""Numbers of two groups beside each other may tell of the few by which they differ: then only the larger is told.

Who reads does not matter: two readers may put their pages together.
"""

from __future__ import annotations

from collections.abc import Mapping, Set

from helpdesk_wellbeing.agreement.showing import LEAST_K


def shown(people: Mapping[str, Set[str]], k: int = LEAST_K) -> frozenset[str]:
    """The groups whose numbers may be told together: `people` who stand behind them, by group.

    From the largest down: a group is left out when a larger one less it, or less it and all told parts of that larger
    one, would be fewer than `k` people. Groups that overlap without one holding the other mix several persons.
    """
    told: dict[str, Set[str]] = {}
    for group in sorted(people, key=lambda one: (-len(people[one]), one)):
        own = people[group]
        if len(own) < k:
            continue
        wholes = [whole for whole in told.values() if whole > own]
        if all(_tells_nobody(whole, own, told, k) for whole in wholes):
            told[group] = own
    return frozenset(told)


def _tells_nobody(whole: Set[str], part: Set[str], told: Mapping[str, Set[str]], k: int) -> bool:
    left = set(whole) - part
    for other in told.values():
        if other < whole and other != part:
            left -= other
    return len(whole - part) >= k and (not left or len(left) >= k)
