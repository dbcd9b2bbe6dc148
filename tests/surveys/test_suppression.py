"""Which cells may be shown: the worked examples, and what no selection of cells may give away."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_wellbeing.surveys.alike import Tally, open_beside, open_in_wave
from helpdesk_wellbeing.surveys.suppression import shown_beside, shown_by_answers, shown_comments

K = 5


def cells_over(**atoms):
    """Cells from the atoms they hold, each a letter."""
    return {cell: set(letters) for cell, letters in atoms.items()}


def can_work_out(cells, sizes, shown, k):
    """By exact elimination, and apart from the code tested: a total over 1 to k - 1 people that the cells give away."""
    live = sorted(atom for atom, size in sizes.items() if size)
    rows = [[Fraction(atom in cells[cell]) for atom in live] for cell in sorted(shown)]
    for count in range(1, k):
        for group in combinations(range(len(live)), count):
            if 0 < sum(sizes[live[n]] for n in group) < k:
                outside = [n for n in range(len(live)) if n not in group]
                # some combination of rows is zero outside and not zero inside
                if rank(rows) > rank([[row[n] for n in outside] for row in rows]):
                    return {live[n] for n in group}
    return None


def rank(rows):
    rows = [list(row) for row in rows]
    found = 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((n for n in range(found, len(rows)) if rows[n][column]), None)
        if pivot is None:
            continue
        rows[found], rows[pivot] = rows[pivot], rows[found]
        for n in range(found + 1, len(rows)):
            factor = rows[n][column] / rows[found][column]
            rows[n] = [a - factor * b for a, b in zip(rows[n], rows[found], strict=True)]
        found += 1
    return found


def test_a_hidden_sibling_takes_the_next_smallest_with_it():
    cells = cells_over(parent="abc", A="a", B="b", C="c")

    assert shown_by_answers(cells, {"a": 6, "b": 5, "c": 3}, K) == {"parent", "A"}


def test_of_two_siblings_both_are_hidden_when_one_is():
    cells = cells_over(parent="ab", A="a", B="b")

    assert shown_by_answers(cells, {"a": 9, "b": 4}, K) == {"parent"}


def test_hidden_siblings_that_are_many_together_hide_nobody_else():
    cells = cells_over(parent="abc", A="a", B="b", C="c")

    assert shown_by_answers(cells, {"a": 9, "b": 3, "c": 4}, K) == {"parent", "A"}


def test_overlapping_teams_that_differ_by_few_are_not_both_shown():
    cells = cells_over(north="ab", south="bc")

    assert shown_by_answers(cells, {"a": 2, "b": 6, "c": 7}, K) == {"north", "south"}
    assert shown_by_answers(cells_over(north="ab", south="b"), {"a": 2, "b": 6}, K) == {"north"}


def test_three_cells_that_work_one_out_together_are_not_all_shown():
    # everybody minus the two teams leaves two people
    cells = cells_over(everybody="abr", one="a", other="b")

    assert len(shown_by_answers(cells, {"a": 8, "b": 9, "r": 2}, K)) == 2


sizes_and_cells = st.integers(2, 7).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 8), min_size=n, max_size=n),
        st.lists(st.sets(st.integers(0, n - 1), min_size=1), min_size=1, max_size=6),
        st.integers(5, 7),
    )
)


@given(sizes_and_cells)
def test_no_combination_of_shown_cells_speaks_of_fewer_than_k(drawn):
    counts, members, k = drawn
    sizes = {chr(97 + n): count for n, count in enumerate(counts)}
    cells = {str(n): {chr(97 + m) for m in inside} for n, inside in enumerate(members)}

    shown = shown_by_answers(cells, sizes, k)

    assert all(sum(sizes[atom] for atom in cells[cell]) >= k for cell in shown)
    assert can_work_out(cells, sizes, shown, k) is None


def people(*numbers):
    return {f"p{n}" for n in numbers}


def test_a_team_that_changed_by_few_is_hidden_and_one_that_changed_by_many_or_none_is_shown():
    old = {"then": people(*range(10))}
    new = {
        "same": people(*range(10)),
        "one left": people(*range(9)),
        "four joined": people(*range(14)),
        "five joined": people(*range(15)),
    }
    for name in new:
        assert shown_beside(new, old, K, [name]) == (set() if name in ("one left", "four joined") else {name})


def test_cells_of_two_waves_that_differ_by_few_only_together_are_not_all_shown():
    old = {"all": people(*range(20))}
    new = {"first": people(*range(7)), "second": people(*range(7, 18))}

    assert len(shown_beside(new, old, K, new)) == 1


def test_comments_are_shown_where_no_overlap_of_lists_is_small():
    cells = cells_over(everybody="abc", north="a", south="bc", east="c")
    sizes = {"a": 12, "b": 8, "c": 10}

    # north and everybody leave 18; south says the same as that; east would part south into 8 and 10
    assert shown_comments(cells, sizes, 10, cells) == {"everybody", "north", "south"}


def test_a_share_of_all_or_none_is_hidden():
    tallies = {"north": Tally(frozenset("a"), 6, 6), "south": Tally(frozenset("b"), 7, 6)}

    assert open_in_wave(tallies, {"a": 6, "b": 7}) == {"south"}


def test_a_difference_that_is_all_or_none_is_hidden_too():
    # 9 of 12 and 3 of 6: the other six all agree
    tallies = {"everybody": Tally(frozenset("ab"), 12, 9), "north": Tally(frozenset("a"), 6, 3)}

    assert open_in_wave(tallies, {"a": 6, "b": 6}) == {"everybody"}


def test_what_five_new_people_all_say_is_not_told_by_the_wave_before():
    before, now = frozenset(range(10)), frozenset(range(15))
    earlier = [{"north": Tally(before, 10, 4)}]

    assert open_beside({"north": Tally(now, 15, 9)}, earlier, ["north"]) == set()
    assert open_beside({"north": Tally(now, 15, 8)}, earlier, ["north"]) == {"north"}
    # 3 of 15 and 4 of 10: somebody answered otherwise than before
    assert open_beside({"north": Tally(now, 15, 3)}, earlier, ["north"]) == {"north"}


@pytest.mark.parametrize("size", [40])
def test_many_teams_are_judged_quickly(size):
    cells = {f"t{n}": {f"a{n}", f"b{n}"} for n in range(size)} | {"all": {f"{x}{n}" for n in range(size) for x in "ab"}}
    sizes = {f"a{n}": 6 for n in range(size)} | {f"b{n}": 3 for n in range(size)}

    assert shown_by_answers(cells, sizes, K) == set(cells)


def test_cells_that_are_kept_stay_and_the_others_give_way():
    cells = cells_over(team="ab", filtered="abc")
    sizes = {"a": 4, "b": 4, "c": 2}

    assert shown_by_answers(cells, sizes, K) == {"filtered"}
    assert shown_by_answers(cells, sizes, K, ["team"]) == {"team"}
