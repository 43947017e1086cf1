from __future__ import annotations

import math
import random

import msgspec
import pytest

from tachograph.learning.trials import Effect, Outcome, estimate_effect
from tests.unit.learning.trials.worlds import history


def outcomes(*rows: tuple) -> list[Outcome]:
    """Rows of treated, value and, where they are to be given, expected, spread, share."""
    found = []
    for i, (treated, value, *rest) in enumerate(rows):
        expected, spread, share = (*rest, *(None, None, 0.5)[len(rest) :])
        found.append(Outcome(f"a:{i}", bool(treated), share, i, value, expected, spread))
    return found


DIFFERENCES = [
    ("nothing", [], (0, 0, None, None, None)),
    ("one arm", [(1, 3.0), (1, 5.0)], (2, 0, 4.0, None, None)),
    ("one each", [(1, 3.0), (0, 5.0)], (1, 1, 3.0, 5.0, -2.0)),
    ("plain means", [(1, 3.0), (1, 5.0), (0, 1.0), (0, 2.0)], (2, 2, 4.0, 1.5, 2.5)),
    (
        "each held against its own group: the treated happened to be of the cheap one",
        [(1, 2.0, 1.0, 0.5), (1, 2.0, 1.0, 0.5), (0, 10.0, 10.0, 2.0), (0, 10.0, 10.0, 2.0)], (2, 2, 2.0, 10.0, 1.0),
    ),
    (
        "a baseline for some",
        [(1, 12.0, 10.0, 2.0), (0, 10.0, 10.0, 2.0), (1, 6.0), (0, 4.0)], (2, 2, 9.0, 7.0, 2.0),
    ),
    (
        "a share that was changed on the way: worth more where it was seldom",
        [(1, 4.0, 0.0, 1.0, 0.5), (0, 2.0, 0.0, 1.0, 0.5), (1, 1.0, 0.0, 1.0, 0.25), (0, 1.0, 0.0, 1.0, 0.25)],
        (2, 2, 2.5, 1.5, (2 * 4 + 4 * 1) / 6 - (2 * 2 + 4 / 3) / (2 + 4 / 3)),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "numbers"), [case[1:] for case in DIFFERENCES], ids=[case[0] for case in DIFFERENCES])
def test_the_difference(rows: list, numbers: tuple) -> None:
    effect = estimate_effect(outcomes(*rows), "up")
    found = (effect.n_treatment, effect.n_control, effect.mean_treatment, effect.mean_control, effect.difference)
    assert found == pytest.approx(numbers)


def test_nothing_is_known_of_nothing() -> None:
    assert estimate_effect([], "down") == Effect()


def test_the_spread_is_that_within_the_arms() -> None:
    effect = estimate_effect(outcomes((1, 11.0), (1, 13.0), (0, 1.0), (0, 3.0)), "up")
    assert effect.spread == pytest.approx(math.sqrt(2))
    assert estimate_effect(outcomes((1, 11.0), (1, 13.0), (0, 1.0)), "up").spread is None


def test_on_a_log_scale_ratios_are_compared_and_told_in_the_unit() -> None:
    rows = [(1, 2.0, 4.0, 0.5), (1, 8.0, 16.0, 0.5), (0, 4.0, 4.0, 0.5), (0, 16.0, 16.0, 0.5)]
    effect = estimate_effect(outcomes(*rows), "down", scale="log")
    assert (effect.mean_treatment, effect.mean_control) == pytest.approx((4.0, 8.0))
    assert effect.difference == pytest.approx(-4.0)  # half of what the control costs
    assert effect.spread == pytest.approx(0, abs=1e-12)


def test_a_few_sessions_bound_nothing() -> None:
    effect = estimate_effect(history(random.Random(1), 4, before=10), "up")
    assert (effect.low, effect.high, effect.proven_at) == (None, None, None)


def test_many_sessions_bound_both_sides() -> None:
    effect = estimate_effect(history(random.Random(2), 200, effect=2.0, before=10), "up")
    assert effect.low is not None
    assert effect.high is not None
    assert 0 < effect.low < effect.difference < effect.high < 4
    assert effect.low < 2.0 < effect.high
    assert effect.high - effect.low < 1.2 * 2.0, "in deviations"


def test_more_sessions_never_widen_what_was_refuted() -> None:
    some = history(random.Random(3), 240, effect=1.0, before=10)
    widths = [(effect.high - effect.low) for effect in (estimate_effect(some[:n], "up") for n in (60, 120, 240))]
    assert widths[0] > widths[1] > widths[2]


def test_proven_at_names_the_session_and_stays() -> None:
    some = history(random.Random(4), 120, effect=3.0, before=10)
    whole = estimate_effect(some, "up")
    place = next(i for i, one in enumerate(some) if one.session == whole.proven_at)
    assert estimate_effect(some[:place], "up").proven_at is None
    assert estimate_effect(some[: place + 1], "up").proven_at == whole.proven_at
    assert estimate_effect(some[: place + 1], "up").e_value >= 20
    worse_later = some + [
        Outcome(f"b:{i}", one.treated, 0.5, 1000 + i, one.value - 9 * one.treated, one.expected, one.spread)
        for i, one in enumerate(some)
    ]
    assert estimate_effect(worse_later, "up").proven_at == whole.proven_at


def test_a_stricter_alpha_takes_longer_and_bounds_less() -> None:
    some = history(random.Random(5), 200, effect=2.0, before=10)
    usual, strict = (estimate_effect(some, "up", alpha) for alpha in (0.05, 0.001))
    assert usual.proven_at < strict.proven_at
    assert strict.low < usual.low < usual.high < strict.high


def test_up_and_down_tell_the_same_story() -> None:
    some = history(random.Random(6), 100, effect=2.0, before=10)
    up = estimate_effect(some, "up")
    down = estimate_effect(some, "down")
    assert (down.difference, down.e_value, down.harm_e_value) == pytest.approx(
        (up.difference, up.harm_e_value, up.e_value)
    )
    assert (down.low, down.high) == pytest.approx((up.low, up.high))


def test_the_interval_follows_the_unit_and_the_level() -> None:
    some = history(random.Random(7), 100, effect=2.0, before=10)
    other = [
        msgspec.structs.replace(
            one, value=1000 * one.value + 5, expected=1000 * one.expected + 5, spread=1000 * one.spread
        )
        for one in some
    ]
    first, second = estimate_effect(some, "up"), estimate_effect(other, "up")
    assert (second.low, second.high) == pytest.approx((1000 * first.low, 1000 * first.high))


def test_arms_without_spread_have_an_interval_around_their_difference() -> None:
    effect = estimate_effect(outcomes(*[(i % 2, float(i % 2)) for i in range(60)]), "up")
    assert effect.spread == 0
    assert effect.difference == 1
    assert 0 < effect.low <= 1 <= effect.high


def test_what_was_given_to_all_is_no_trial() -> None:
    assert estimate_effect(outcomes(*[(1, 1.0, 0.0, 1.0, 1.0)] * 20), "up") == Effect()
