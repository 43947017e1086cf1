"""Who learns and who judges: by time and by group."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.learning.ml.matrix import Matrix, read_matrix
from tachograph.learning.ml.splits import Split, judged_kinds, split
from tachograph.learning.ml.table import Row
from tachograph.learning.ml.weights import row_weights, weigh


def matrix(rows: list[tuple[str, int, str]]) -> Matrix:
    """From group, time and kind."""
    ordered = sorted(enumerate(rows), key=lambda pair: (pair[1][1], pair[0]))
    return read_matrix([Row(f"r{n}", (1.0,), 5.0, kind, "", group, at) for n, (group, at, kind) in ordered], 1)


def one_after_the_other(groups: int, each: int) -> Matrix:
    return matrix([(f"g{number // each:02d}", number, "outcome") for number in range(groups * each)])


def need(data: Matrix) -> Split:
    parts = split(data)
    assert parts is not None
    return parts


def test_the_newest_groups_are_held_out_whole() -> None:
    data = one_after_the_other(10, 20)
    parts = need(data)
    assert data.groups[parts.held_out].tolist() == [8] * 20 + [9] * 20
    assert data.groups[parts.learned].tolist() == [group for group in range(8) for _ in range(20)]
    assert parts.cut_at == 160


def test_rows_on_the_wrong_side_of_the_cut_are_left_out() -> None:
    """The old repository is still worked on, and the new one had a row long ago."""
    rows = [("old", at, "outcome") for at in range(0, 100, 2)] + [("other", at, "outcome") for at in range(1, 70, 2)]
    rows += [("new", 3, "outcome"), *(("new", at, "outcome") for at in range(80, 100))]
    data = matrix(rows)
    parts = need(data)
    assert parts.cut_at == 85
    assert set(data.groups[parts.held_out].tolist()) == {0}  # new
    assert data.at[parts.held_out].tolist() == list(range(85, 100))
    assert data.at[parts.learned].max() == 84
    assert int((~parts.learned & ~parts.held_out).sum()) == 1 + 5 + 7  # of new before the cut, of old after it


def test_groups_that_all_go_on_are_divided_too() -> None:
    data = matrix([(f"g{number % 10}", number, "outcome") for number in range(1000)])
    parts = need(data)
    assert int(parts.held_out.sum()) == 100  # five groups, of each the newest fifth
    assert int(parts.learned.sum()) == 400


def test_one_large_group_is_learned_from_and_the_small_ones_judge() -> None:
    """Eighteen of twenty rows are of one repository that is always worked on; the others come late."""
    rows = [("large" if number % 20 > 1 else f"small-{number // 250}", number, "outcome") for number in range(1000)]
    data = matrix(rows)
    parts = need(data)
    assert set(data.groups[parts.held_out].tolist()) == {4}  # small-3
    assert int(parts.held_out.sum()) == 20
    assert int(parts.learned.sum()) == 720 + 76


def test_folds_hold_whole_groups_and_about_as_many_rows_each() -> None:
    data = one_after_the_other(12, 10)
    parts = need(data)
    assert np.bincount(parts.folds[parts.learned]).tolist() == [20, 20, 20, 20, 16]  # the cut took 4 of the tenth group
    for group in set(data.groups[parts.learned].tolist()):
        assert len(set(parts.folds[parts.learned & (data.groups == group)].tolist())) == 1
    assert set(parts.folds[~parts.learned].tolist()) == {-1}


def test_a_row_without_a_group_is_one_of_its_own() -> None:
    data = matrix([("", number, "outcome") for number in range(50)])
    parts = need(data)
    assert int(parts.held_out.sum()) == 10
    assert int(parts.learned.sum()) == 40


def test_one_group_cannot_be_divided() -> None:
    assert split(matrix([("only", number, "outcome") for number in range(100)])) is None


def test_rows_of_one_moment_cannot_be_divided() -> None:
    assert split(matrix([(f"g{number % 9}", 7, "outcome") for number in range(100)])) is None


def test_synthetic_rows_teach_at_any_time_and_pseudo_ones_only_before_the_cut() -> None:
    rows = [(f"g{number // 20:02d}", number, "outcome") for number in range(200)]
    rows += [("made-up", at, "synthetic") for at in (5, 10**9)] + [("guess", at, "pseudo") for at in (5, 999)]
    data = matrix(rows)
    parts = need(data)
    assert data.at[parts.learned & (data.kinds == "synthetic")].tolist() == [5, 10**9]
    assert data.at[parts.learned & (data.kinds == "pseudo")].tolist() == [5]
    assert set(parts.folds[data.kinds != "outcome"].tolist()) == {-1}
    assert set(data.kinds[parts.held_out].tolist()) == {"outcome"}


@pytest.mark.parametrize(
    ("kinds", "judged"),
    [
        ({"human", "outcome", "pseudo", "synthetic"}, ("human", "outcome")),
        ({"outcome", "synthetic"}, ("outcome",)),
        ({"human"}, ("human",)),
        ({"pseudo", "synthetic"}, ("synthetic",)),
        ({"pseudo"}, ("synthetic",)),
    ],
)
def test_who_judges(kinds: set[str], judged: tuple[str, ...]) -> None:
    assert judged_kinds(kinds) == judged


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "a", "b", "c", "d", "e"]),
            st.integers(0, 60),
            st.sampled_from(["human", "outcome", "pseudo", "synthetic"]),
        ),
        min_size=10,
        max_size=80,
    )
)
@settings(max_examples=150, deadline=None)
def test_no_group_is_on_both_sides_and_no_judge_is_older_than_a_lesson(rows: list[tuple[str, int, str]]) -> None:
    data = matrix(rows)
    parts = split(data)
    if parts is None:
        return
    assert not set(data.groups[parts.learned].tolist()) & set(data.groups[parts.held_out].tolist())
    assert not (parts.learned & parts.held_out).any()
    assert data.at[parts.learned & parts.judged].max() < parts.cut_at <= data.at[parts.held_out].min()
    assert "pseudo" not in data.kinds[parts.held_out | (parts.judged & (parts.folds >= 0))].tolist()
    for fold in range(int(parts.folds.max()) + 1):
        inside = parts.folds == fold
        assert (inside & parts.judged).any()
        assert not set(data.groups[inside].tolist()) & set(data.groups[parts.learned & ~inside].tolist())


@pytest.mark.parametrize(
    ("kinds", "weights"),
    [
        (["human"] * 2 + ["outcome"] * 4, {"human": 1.0, "outcome": 0.5}),
        (["human"] * 10 + ["synthetic"] * 100, {"human": 1.0, "synthetic": 0.05}),
        (["human"] * 10 + ["synthetic"] * 1000, {"human": 1.0, "synthetic": 0.01}),
        (["outcome"] * 10 + ["pseudo"] * 50, {"outcome": 0.5, "pseudo": 0.1}),
        (["synthetic"] * 1000, {"synthetic": 0.05}),
    ],
)
def test_what_a_label_weighs(kinds: list[str], weights: dict[str, float]) -> None:
    assert weigh(kinds) == pytest.approx(weights)


def test_rows_weigh_one_on_average() -> None:
    data = matrix([("a", 1, "human"), ("b", 2, "outcome"), ("c", 3, "outcome")])
    assert row_weights(data).tolist() == pytest.approx([1.5, 0.75, 0.75])
