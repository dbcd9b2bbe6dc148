"""Which numbers of a wave may be shown, so that no combination of them speaks of fewer than k people.

A *cell* is a number that could be shown: those of a team, of everybody, or of either with one trait. People who are in
the same cells are an *atom*; nothing published tells them apart. What all shown cells give away together is the row
space of the matrix cells × atoms: a total over few people can be worked out exactly when that space holds a vector
whose only entries are at atoms with fewer than k people.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

MOST_CHECKS = 60_000  # groups of atoms looked at; where there are more, a cell is hidden instead
_ZERO = 1e-8


def shown_by_answers(
    cells: Mapping[str, Collection[Hashable]],
    sizes: Mapping[Hashable, int],
    k: int,
    keep: Collection[str] = (),
) -> set[str]:
    """The cells of one wave that may be shown.

    `cells`: the atoms of each cell; `sizes`: how many answered in each atom. First those with fewer than k answers are
    hidden, then, while the rest lets anybody work out a total over 1 to k - 1 people, the smallest one that takes part
    in it. Cells in `keep` are shown in any case, so they must be safe by themselves; the others give way to them. What
    k hides is decided without looking at any answer.
    """
    counts = {cell: sum(sizes[atom] for atom in atoms) for cell, atoms in cells.items()}
    shown = {cell for cell, count in counts.items() if count >= k}
    while shown:
        culprits = _culprits(cells, sizes, k, shown)
        if not culprits or shown <= set(keep):
            return shown
        culprits = culprits - set(keep) or shown - set(keep)
        shown.remove(min(culprits, key=lambda cell: (counts[cell], cell)))
    return shown


def shown_beside(
    new: Mapping[str, Collection[str]],
    old: Mapping[str, Collection[str]],
    k: int,
    candidates: Collection[str],
    keep: Collection[str] = (),
) -> set[str]:
    """Those of the candidates that may be shown although the old cells, of earlier waves, are known.

    `new` and `old`: the members asked in each cell, by person. The same people may well answer the same again, so a
    cell is hidden when its members differ from an old cell's by 1 to k - 1 people, or when all of them together would
    give away so few. Cells in `keep` are among the candidates and stay, as in `shown_by_answers`.
    """
    olds = {cell: frozenset(members) for cell, members in old.items()}
    mine = {cell: frozenset(new[cell]) for cell in candidates}
    shown = {cell for cell, members in mine.items() if not any(0 < len(members ^ other) < k for other in olds.values())}
    rows = {("old", cell): members for cell, members in olds.items()}
    while shown:
        everything = rows | {("new", cell): mine[cell] for cell in shown}
        cells, sizes = _by_atom(everything)
        names = {str(number): key for number, key in enumerate(everything)}
        by_name = {name: cells[key] for name, key in names.items()}
        involved = {names[name] for name in _culprits(by_name, sizes, k, set(names))}
        guilty = {cell for side, cell in involved if side == "new" and cell not in keep}
        if not guilty:  # what old cells give away among themselves is out already
            return shown
        shown.remove(min(guilty, key=lambda cell: (len(mine[cell]), cell)))
    return shown


def shown_comments(
    cells: Mapping[str, Collection[Hashable]], sizes: Mapping[Hashable, int], k: int, candidates: Collection[str]
) -> set[str]:
    """The cells whose comments may be shown word for word: the largest first, while every way to be in some of the
    lists and not in the others fits nobody or at least k people. A comment is recognised wherever it stands.
    """
    counts = {cell: sum(sizes[atom] for atom in cells[cell]) for cell in candidates}
    chosen: list[str] = []
    for cell in sorted(candidates, key=lambda one: (-counts[one], one)):
        tried = [*chosen, cell]
        together: dict[tuple[bool, ...], int] = {}
        for atom, size in sizes.items():
            pattern = tuple(atom in cells[one] for one in tried)
            if any(pattern):
                together[pattern] = together.get(pattern, 0) + size
        if all(size == 0 or size >= k for size in together.values()):
            chosen = tried
    return set(chosen)


def _culprits(
    cells: Mapping[str, Collection[Hashable]], sizes: Mapping[Hashable, int], k: int, shown: set[str]
) -> set[str]:
    """Cells that together give away a total over 1 to k - 1 people; none: nothing like that can be worked out."""
    names = sorted(shown)
    atoms = sorted((atom for atom, size in sizes.items() if size), key=repr)
    matrix = np.array([[atom in cells[name] for atom in atoms] for name in names], dtype=np.float64)
    matrix, weights = _merged(matrix, np.array([sizes[atom] for atom in atoms]))
    small = np.flatnonzero((weights < k) & matrix.any(axis=0))
    if not len(small):
        return set()
    rest = _null_space(matrix)
    for size in range(1, min(k - 1, len(small)) + 1):
        if comb(len(small), size) > MOST_CHECKS:
            return {name for name, row in zip(names, matrix, strict=True) if row[small].any()}
        groups = np.array(list(combinations(small.tolist(), size)), dtype=np.int64)
        groups = groups[weights[groups].sum(axis=1) < k]
        if not len(groups):
            continue
        # a vector on these atoms only is in the row space exactly when their columns of the null space depend
        if rest.shape[0] < size:
            return _involved(matrix, rest, groups[0], names)
        dependent = np.linalg.svd(rest[:, groups].transpose(1, 0, 2), compute_uv=False)[:, -1] < _ZERO
        if dependent.any():
            group = groups[int(np.argmax(dependent))]
            return _involved(matrix, rest, group, names)
    return set()


def _merged(matrix: Floats, weights: npt.NDArray[np.int64]) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Atoms that are in the same of these cells are one."""
    columns, where = np.unique(matrix, axis=1, return_inverse=True)
    return columns, np.bincount(where.ravel(), weights=weights, minlength=columns.shape[1]).astype(np.int64)


def _null_space(matrix: Floats) -> Floats:
    """Rows that are orthogonal to every cell, each of length 1."""
    _, values, rows = np.linalg.svd(matrix, full_matrices=True)
    return np.asarray(rows[int((values > _ZERO).sum()) :])


def _involved(matrix: Floats, rest: Floats, group: npt.NDArray[np.int64], names: list[str]) -> set[str]:
    """The cells in the combination that leaves these atoms only."""
    vector = np.zeros(matrix.shape[1])
    if rest.shape[0] == 0:
        vector[group[0]] = 1.0
    else:
        _, _, rows = np.linalg.svd(rest[:, group], full_matrices=True)
        vector[group] = rows[-1]
    factors = np.linalg.lstsq(matrix.T, vector, rcond=None)[0]
    return {name for name, factor in zip(names, factors, strict=True) if abs(factor) > _ZERO}


def _by_atom(
    cells: Mapping[tuple[str, str], frozenset[str]],
) -> tuple[dict[tuple[str, str], set[Hashable]], dict[Hashable, int]]:
    people = sorted({person for members in cells.values() for person in members})
    atom_of: dict[str, Hashable] = {
        person: frozenset(cell for cell, members in cells.items() if person in members) for person in people
    }
    sizes: dict[Hashable, int] = {}
    for person in people:
        sizes[atom_of[person]] = sizes.get(atom_of[person], 0) + 1
    return {cell: {atom_of[person] for person in members} for cell, members in cells.items()}, sizes
