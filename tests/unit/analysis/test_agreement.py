from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.analysis import agreement
from tachograph.analysis.agreement import SCALE, Agreement, measure_agreement
from tachograph.analysis.bootstrap import Statistic

NO = None


def verdicts(steps: str) -> list:
    """``"04"``: MUCH_WORSE, MUCH_BETTER."""
    return [SCALE[int(step)] for step in steps]


def measure(reference: str, tested: str, seed: int = 42) -> Agreement:
    return measure_agreement(verdicts(reference), verdicts(tested), seed=seed)


@pytest.fixture
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests in which no interval matters."""
    monkeypatch.setattr(agreement, "RESAMPLES", 5)


def test_the_scale_goes_from_worst_to_best() -> None:
    assert SCALE == ("MUCH_WORSE", "WORSE", "SIMILAR", "BETTER", "MUCH_BETTER")


# ------------------------------------------------------------------------------------------------------ formulas

# Checked against scipy.stats.spearmanr and, of sklearn.metrics, cohen_kappa_score(weights="quadratic"), precision_score
# and recall_score.
CASES = [
    ("the same", "01234", "01234", 1.0, 1.0, 1.0, 1.0, [1, 1, 1, 1, 1], [1, 1, 1, 1, 1]),
    ("reversed", "01234", "43210", -1.0, -1.0, 0.2, 0.2, [0, 0, 1, 0, 0], [0, 0, 1, 0, 0]),
    ("one step up", "0123", "1234", 1.0, 0.7142857142857143, 0, 1.0, [NO, 0, 0, 0, 0], [0, 0, 0, 0, NO]),
    (
        "many ties", "0011222333444", "0122212343434", 0.884914986968517, 0.8626760563380282, 7 / 13, 1.0,
        [1, 0, 1 / 2, 2 / 3, 2 / 3], [1 / 2, 0, 2 / 3, 2 / 3, 2 / 3],
    ),
    ("as by chance", "0242", "2024", 0.0, 0.0, 0, 0, [0, NO, 0, NO, 0], [0, NO, 0, NO, 0]),
    ("two", "13", "13", 1.0, 1.0, 1.0, 1.0, [NO, 1, NO, 1, NO], [NO, 1, NO, 1, NO]),
    (
        "mostly one class", "2222222201", "2222222213", 0.11111111111111113, 0.2857142857142857, 0.8, 0.9,
        [NO, 0, 1, 0, NO], [0, 0, 1, NO, NO],
    ),
    ("a judge that says one thing", "0123", "2222", NO, 0.0, 0.25, 0.75, [NO, NO, 0.25, NO, NO], [0, 0, 1, 0, NO]),
    ("both say the same one thing", "222", "222", NO, NO, 1.0, 1.0, [NO, NO, 1, NO, NO], [NO, NO, 1, NO, NO]),
    ("both say one thing, not the same", "222", "333", NO, 0.0, 0, 1.0, [NO, NO, NO, 0, NO], [NO, NO, 0, NO, NO]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reference", "tested", "spearman", "kappa", "exact", "top2", "precision", "strict"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_numbers_are_those_of_the_reference_libraries(
    few_resamples: None, reference, tested, spearman, kappa, exact, top2, precision, strict
) -> None:
    found = measure(reference, tested)
    assert found.pairs == len(reference)
    assert found.spearman.value == approx(spearman)
    assert found.kappa.value == approx(kappa)
    assert (found.exact.value, found.top2.value) == (approx(exact), approx(top2))
    assert [one.precision.value for one in found.classes] == [approx(value) for value in precision]
    assert [one.strict.value for one in found.classes] == [approx(value) for value in strict]


def approx(value: float | None):
    return None if value is None else pytest.approx(value, abs=1e-12)


def test_each_class_is_counted_on_both_sides(few_resamples: None) -> None:
    found = measure("0011222333444", "0122212343434")
    assert [(one.verdict, one.reference, one.tested, one.both) for one in found.classes] == [
        ("MUCH_WORSE", 2, 1, 1),
        ("WORSE", 2, 2, 0),
        ("SIMILAR", 3, 4, 2),
        ("BETTER", 3, 3, 2),
        ("MUCH_BETTER", 3, 3, 2),
    ]


@pytest.mark.parametrize(
    ("tested", "strict", "top2"),
    [("2", 1, 1), ("1", 0, 1), ("3", 0, 1), ("0", 0, 0), ("4", 0, 0)],
)
def test_top_2_takes_the_neighbours_on_the_scale(few_resamples: None, tested: str, strict: int, top2: int) -> None:
    similar = measure("22", tested * 2).classes[2]
    assert (similar.strict.value, similar.top2.value) == (strict, top2)


def test_the_ends_of_the_scale_have_one_neighbour(few_resamples: None) -> None:
    found = measure("00004444", "01234321")
    assert [found.classes[step].top2.value for step in (0, 4)] == [0.5, 0.5]


# ---------------------------------------------------------------------------------------- what cannot be told


@pytest.mark.parametrize("steps", ["", "2"])
def test_nothing_is_told_of_fewer_than_two(steps: str) -> None:
    found = measure(steps, steps)
    silent = Statistic(None, None, None, "fewer than 2 sessions that both judged")
    assert found.pairs == len(steps)
    assert [found.exact, found.top2, found.spearman, found.kappa] == [silent] * 4
    assert {stat for one in found.classes for stat in (one.precision, one.strict, one.top2)} == {silent}


def test_what_is_undefined_has_its_reason() -> None:
    one_sided = measure("0123", "2222")
    assert one_sided.spearman == Statistic(reason="one side gave the same verdict throughout")
    assert measure("222", "222").kappa == Statistic(reason="both sides gave the same verdict throughout")
    assert one_sided.classes[0].precision == Statistic(reason="it was never given")
    assert one_sided.classes[4].strict == Statistic(reason="the reference never gave it")
    assert one_sided.classes[4].top2 == Statistic(reason="the reference never gave it")


def test_too_few_sessions_have_a_number_but_no_interval() -> None:
    """A third of the resamples of five pairs lack the one that is not SIMILAR: there nothing varies."""
    found = measure("22220", "22221")
    assert found.spearman == Statistic(1.0, reason="too few sessions for an interval")
    assert found.classes[0].strict == Statistic(0.0, reason="too few sessions for an interval")


def test_perfect_agreement_on_a_few_sessions_is_no_certainty() -> None:
    found = measure("0123401234", "0123401234")
    assert found.exact == Statistic(1.0, reason="no spread to tell an interval from")
    assert found.kappa == Statistic(1.0, reason="no spread to tell an interval from")


def test_series_of_different_length_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="shorter"):
        measure("012", "01")


# --------------------------------------------------------------------------------------------------- intervals

FORTY = "0011222333444001122233344400112223334440"
NEARLY = "0122212343434012221234343401222123434341"


def test_intervals_are_those_of_the_percentile_bootstrap() -> None:
    """scipy.stats.bootstrap(paired=True, method="percentile") gives the same to within its own chance."""
    found = measure(FORTY, NEARLY)
    assert bounds(found.exact) == pytest.approx((0.375, 0.675), abs=0.03)  # steps of 1 / 40
    assert bounds(found.spearman) == pytest.approx((0.803, 0.942), abs=0.01)
    assert bounds(found.kappa) == pytest.approx((0.788, 0.912), abs=0.01)


def bounds(found: Statistic) -> tuple:
    return found.low, found.high


def test_the_seed_decides() -> None:
    assert measure(FORTY, NEARLY, seed=7) == measure(FORTY, NEARLY, seed=7)
    assert bounds(measure(FORTY, NEARLY, seed=7).spearman) != bounds(measure(FORTY, NEARLY, seed=8).spearman)


def test_more_sessions_make_a_narrower_interval() -> None:
    few, many = measure(FORTY, NEARLY), measure(FORTY * 9, NEARLY * 9)
    assert many.kappa.value == pytest.approx(few.kappa.value)
    width = [found.kappa.high - found.kappa.low for found in (few, many)]
    assert width[1] == pytest.approx(width[0] / 3, rel=0.25)  # nine times as many: a third as wide


# -------------------------------------------------------------------------------------------------- properties

pairs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=30)


@given(pairs)
def test_sides_and_direction_are_symmetric(drawn: list[tuple[int, int]]) -> None:
    first, second = ("".join(str(pair[side]) for pair in drawn) for side in (0, 1))
    mirrored = "".join(str(4 - int(step)) for step in second)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(agreement, "RESAMPLES", 1)
        one, other, turned = measure(first, second), measure(second, first), measure(first, mirrored)
    assert one.spearman.value == approx(other.spearman.value)
    assert one.kappa.value == approx(other.kappa.value)
    assert one.exact.value == other.exact.value
    assert [a.precision.value for a in one.classes] == [b.strict.value for b in other.classes]
    if one.spearman.value is not None:
        assert turned.spearman.value == pytest.approx(-one.spearman.value)
        assert -1 - 1e-9 <= one.spearman.value <= 1 + 1e-9
    assert one.top2.value >= one.exact.value
    assert sum(a.both for a in one.classes) == round(one.exact.value * len(drawn))
    assert math.isfinite(one.kappa.value or 0)
