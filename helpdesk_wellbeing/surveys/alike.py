"""Answers that are too alike: when a number says the same of everybody in it, it says it of each.

What k hides is decided without looking at any answer; this is the second look, at the answers to one question. Whole
numbers of people by score are searched for that fit all that is shown; where every fitting one has all or none of an
atom favourable, its people are found out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from helpdesk_wellbeing.surveys.questions import FAVOURABLE, HIGHEST

MOST_S = 5.0  # for one search; one that takes longer counts as found out
_ALL, _FAVOURABLE = range(HIGHEST), range(FAVOURABLE - 1, HIGHEST)
_INFEASIBLE = 2  # SciPy's word for it


@dataclass(frozen=True)
class Number:
    """What is shown of a cell: how many of its atoms' people gave one of the scores at these positions, at least and at
    most."""

    atoms: frozenset[Hashable]
    positions: range
    least: int
    most: int


@dataclass(frozen=True)
class Tally:
    """The answers to one question in a cell: by score (`bins`), or of favourable ones only."""

    members: frozenset[Hashable]  # those asked
    answered: int
    favourable: int
    bins: tuple[int, ...] | None = None

    def numbers(self, missing: int = 0) -> list[Number]:
        """As conditions; `missing` people of the cell gave an answer that is not counted."""
        parts = [(_FAVOURABLE, self.favourable)]
        parts += [(range(n, n + 1), count) for n, count in enumerate(self.bins or ())]
        return [Number(self.members, positions, count, count + missing) for positions, count in parts]


def open_in_wave(tallies: Mapping[str, Tally], sizes: Mapping[Hashable, int]) -> set[str]:
    """The cells of one wave that leave everybody's answer open. `members` are atoms here, `sizes` their answers.

    While an atom is found out, the smallest cell is hidden without which it would not be.
    """
    left = {name for name, tally in tallies.items() if 0 < tally.favourable < tally.answered}
    live = {atom: size for atom, size in sizes.items() if size}
    while left:
        around = frozenset().union(*(tallies[name].members for name in left)) & live.keys()

        def look(names: Collection[str], among: Collection[Hashable]) -> Hashable | None:
            return found_out([number for name in names for number in tallies[name].numbers()], live, among)

        atom = look(left, around)
        if atom is None:
            return left
        left.remove(_culprit(tallies, left, atom, look))
    return left


def open_beside(
    new: Mapping[str, Tally], earlier: Sequence[Mapping[str, Tally]], candidates: Collection[str]
) -> set[str]:
    """Those of the candidates that leave everybody's answer open for one who believes that people answer as before.

    `members` are persons here. Each earlier wave is laid beside the new one, then all of them. Numbers that contradict
    each other show that people did not answer as before; then there is nothing to find out.
    """
    left = set(candidates)
    beside = [*earlier, {f"{n}{name}": tally for n, one in enumerate(earlier) for name, tally in one.items()}]
    for old in beside if len(earlier) > 1 else earlier:
        while left and old:
            known = list(old.values())
            classes = _classes([tally.members for tally in (*known, *(new[name] for name in sorted(left)))])

            def look(
                names: Collection[str],
                among: Collection[Hashable],
                known: Sequence[Tally] = known,
                classes: _Classes = classes,
            ) -> Hashable | None:
                conditions = [
                    Number(frozenset(classes.keys_in(tally.members)), number.positions, number.least, number.most)
                    for tally in (*known, *(new[name] for name in names))
                    for number in tally.numbers(len(tally.members) - tally.answered)
                ]
                return found_out(conditions, classes.sizes, among)

            atom = look(left, {atom for name in left for atom in classes.keys_in(new[name].members)})
            if atom is None:
                break
            left.remove(_culprit(new, left, atom, look))
    return left


def _culprit(
    tallies: Mapping[str, Tally],
    left: Collection[str],
    atom: Hashable,
    look: Callable[[Collection[str], Collection[Hashable]], Hashable | None],
) -> str:
    """The smallest cell without which the atom is not found out; where no single one does, the smallest."""
    by_size = sorted(left, key=lambda name: (tallies[name].answered, name))
    for name in by_size:
        if look([other for other in by_size if other != name], [atom]) is None:
            return name
    return by_size[0]


def found_out(numbers: Iterable[Number], sizes: Mapping[Hashable, int], among: Collection[Hashable]) -> Hashable | None:
    """An atom of whose people the numbers tell whether each is favourable; None: there is none, or nothing fits."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    place = {atom: HIGHEST * number for number, atom in enumerate(sizes)}
    conditions = [*numbers, *(Number(frozenset({atom}), _ALL, size, size) for atom, size in sizes.items())]
    rows = np.zeros((len(conditions), HIGHEST * len(sizes)))
    for row, number in zip(rows, conditions, strict=True):
        row[[place[atom] + position for atom in number.atoms if atom in place for position in number.positions]] = 1.0
    fits = LinearConstraint(rows, [one.least for one in conditions], [one.most for one in conditions])
    bounds = Bounds(0, np.repeat(list(sizes.values()), HIGHEST))
    whole = np.ones(rows.shape[1], dtype=np.int64)
    has_yes: set[Hashable] = set()
    has_no: set[Hashable] = set()

    def search(atom: Hashable, sign: float) -> npt.NDArray[np.int64] | None:
        aim = np.zeros(rows.shape[1])
        aim[[place[atom] + position for position in _FAVOURABLE]] = sign
        found = milp(aim, constraints=fits, bounds=bounds, integrality=whole, options={"time_limit": MOST_S})
        if found.status == _INFEASIBLE:
            raise _ContradictionError
        return None if found.status != 0 else np.rint(found.x).astype(np.int64).reshape(-1, HIGHEST)

    try:
        for atom in sorted(among, key=place.__getitem__):
            for wanted, sign in ((has_yes, -1.0), (has_no, 1.0)):
                if atom in wanted:
                    continue
                witness = search(atom, sign)
                if witness is None:
                    return atom
                for other, first in place.items():
                    favourable = int(witness[first // HIGHEST, _FAVOURABLE.start :].sum())
                    if favourable > 0:
                        has_yes.add(other)
                    if favourable < sizes[other]:
                        has_no.add(other)
                if atom not in wanted:
                    return atom
    except _ContradictionError:
        return None
    return None


class _ContradictionError(Exception):
    """No answers fit all numbers."""


@dataclass(frozen=True)
class _Classes:
    """People who are in the same cells, as one atom."""

    key_of: Mapping[Hashable, Hashable]
    sizes: Mapping[Hashable, int]

    def keys_in(self, members: Iterable[Hashable]) -> set[Hashable]:
        return {self.key_of[person] for person in members}


def _classes(cells: Sequence[frozenset[Hashable]]) -> _Classes:
    key_of: dict[Hashable, Hashable] = {}
    for number, members in enumerate(cells):
        for person in members:
            before = key_of.get(person, ())
            assert isinstance(before, tuple)
            key_of[person] = (*before, number)
    sizes: dict[Hashable, int] = {}
    for person in sorted(key_of, key=repr):
        sizes[key_of[person]] = sizes.get(key_of[person], 0) + 1
    return _Classes(key_of, sizes)
