from __future__ import annotations

import itertools
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.learning.trials import Outcome
from tachograph.learning.trials.betting import bet, bet_against_gain, measure, prepare_steps, usable
from tests.unit.learning.trials.worlds import WORLDS, heavy_tailed, history

N = 8
NUMBERS = st.floats(-1e6, 1e6)
VALUES = st.lists(NUMBERS, min_size=N, max_size=N)
SHARES = st.lists(st.floats(0.1, 0.9), min_size=N, max_size=N)
BASELINE = st.one_of(st.none(), st.tuples(NUMBERS, st.floats(0, 100)))


def sessions(values, shares, tosses, baseline=None, effects=(0.0,) * N) -> list[Outcome]:
    expected, spread = baseline or (None, None)
    return [
        Outcome(f"a:{i}", toss, share, i, value + effect * toss, expected, spread)
        for i, (value, share, toss, effect) in enumerate(zip(values, shares, tosses, effects, strict=True))
    ]


def all_courses(values, shares, baseline=None, effects=(0.0,) * N, **how):
    """Every way in which the tosses can fall: its probability, and the capital after each session."""
    for tosses in itertools.product((False, True), repeat=len(values)):
        probability = math.prod(share if toss else 1 - share for share, toss in zip(shares, tosses, strict=True))
        steps = prepare_steps(sessions(values, shares, tosses, baseline, effects), "up")
        yield probability, list(bet(steps, **how))


# ----------------------------------------------------------------------- what makes it exact, by counting all tosses


@settings(max_examples=25, deadline=None)
@given(VALUES, SHARES, BASELINE, st.booleans())
def test_the_mean_capital_stays_1_whatever_the_values_when_the_text_does_nothing(
    values, shares, baseline, worse
) -> None:
    courses = list(all_courses(values, shares, baseline, for_worse=worse))
    for i in range(N):
        assert sum(probability * course[i] for probability, course in courses) == pytest.approx(1, rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(VALUES, SHARES, BASELINE, st.lists(st.floats(0, 1e3), min_size=N, max_size=N))
def test_the_mean_capital_never_grows_when_every_treated_session_is_as_good_or_worse(
    values, shares, baseline, harm
) -> None:
    before = 1.0
    courses = list(all_courses(values, shares, baseline, [-one for one in harm]))
    for i in range(N):
        mean = sum(probability * course[i] for probability, course in courses)
        assert mean <= before + 1e-9
        before = mean


@settings(max_examples=10, deadline=None)
@given(VALUES, BASELINE)
def test_a_capital_of_x_is_reached_by_at_most_one_in_x_of_all_tosses(values, baseline) -> None:
    courses = list(all_courses(values, [0.5] * N, baseline))
    for bound in (1.5, 2, 4, 8):
        assert sum(probability for probability, course in courses if max(course) >= bound) <= 1 / bound


def test_a_known_effect_taken_away_leaves_nothing_to_bet_on() -> None:
    values, effect = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0], 2.5
    courses = list(all_courses(values, [0.3] * N, (4.0, 2.0), [effect] * N, shift=effect))
    assert sum(probability * course[-1] for probability, course in courses) == pytest.approx(1, rel=1e-12)


@settings(max_examples=50, deadline=None)
@given(VALUES, SHARES, st.lists(st.booleans(), min_size=N, max_size=N), BASELINE, st.floats(-50, 50), st.floats(0, 50))
def test_the_capital_falls_with_the_effect_that_it_bets_to_be_exceeded(
    values, shares, tosses, baseline, shift, more
) -> None:
    steps = prepare_steps(sessions(values, shares, tosses, baseline), "up")
    for low, high in zip(bet(steps, shift), bet(steps, shift + more), strict=True):
        assert high <= low * (1 + 1e-6)
    for low, high in zip(bet(steps, shift, for_worse=True), bet(steps, shift + more, for_worse=True), strict=True):
        assert high >= low * (1 - 1e-6)


# ------------------------------------------------------------------------------------------------------ single bets


def test_one_bet_by_hand() -> None:
    """Held against a baseline of 10 ± 2, a treated session of 14 lies 2 of its standard deviations above it."""
    [step] = prepare_steps([Outcome("a:1", True, 0.5, 0, 14.0, 10.0, 2.0)], "up")
    deviation, width = math.sqrt(11 / 9), 1 + 1 / 9
    ratios = [math.exp((effect * 2 / deviation - effect**2 / 2) / width) for effect in (0.5, 1.0)]
    assert list(bet([step])) == pytest.approx([sum(ratio / (0.5 * ratio + 0.5) for ratio in ratios) / 2], rel=1e-12)


def test_nothing_is_bet_before_the_spread_is_known() -> None:
    steps = prepare_steps(history(random.Random(1), 6), "up")
    assert [step.scale > 0 for step in steps] == [False] * 5 + [True]
    assert list(bet(steps))[:5] == [1.0] * 5


def test_up_and_down_mirror_each_other() -> None:
    outcomes = history(random.Random(2), 50, effect=1.0, before=10)
    mirrored = [Outcome(o.session, o.treated, o.share, o.ended_at, -o.value, -o.expected, o.spread) for o in outcomes]
    up, down = prepare_steps(outcomes, "up"), prepare_steps(mirrored, "down")
    assert up == down
    back = prepare_steps(mirrored, "up")
    assert list(bet(up, for_worse=True)) == pytest.approx(list(bet(back)), rel=1e-9)


def test_units_do_not_matter() -> None:
    outcomes = history(random.Random(3), 60, effect=1.0, before=10)
    scaled = [
        Outcome(o.session, o.treated, o.share, o.ended_at, 1e6 * o.value, 1e6 * o.expected, 1e6 * o.spread)
        for o in outcomes
    ]
    first, second = (list(bet(prepare_steps(one, "up"))) for one in (outcomes, scaled))
    assert first == pytest.approx(second, rel=1e-6)


def test_one_outlier_does_not_decide() -> None:
    for before in (0, 10):
        outcomes = history(random.Random(4), 20, before=before)
        outcomes[-1] = Outcome("a:x", True, 0.5, 20, 1e9, outcomes[-1].expected, outcomes[-1].spread)
        *_, last, now = bet(prepare_steps(outcomes, "up"))
        assert 1 < now / last < 2


def test_values_that_never_vary_prove_nothing() -> None:
    same = [Outcome(f"a:{i}", i % 2 == 0, 0.5, i, 1.0) for i in range(200)]
    assert set(bet(prepare_steps(same, "up"))) == {1.0}
    with_baseline = [Outcome(f"a:{i}", i % 2 == 0, 0.5, i, 0.0, 0.0, 0.0) for i in range(200)]
    assert set(bet(prepare_steps(with_baseline, "down"))) == {1.0}


def test_a_spread_too_small_for_a_number_is_none() -> None:
    tiny = [Outcome(f"a:{i}", i % 2 == 0, 0.5, i, -2.2e-313 * (i % 7 == 6)) for i in range(20)]
    assert set(bet(prepare_steps(tiny, "up"))) == {1.0}


def test_arms_without_any_spread_that_lie_apart_are_told_apart() -> None:
    apart = [Outcome(f"a:{i}", i % 3 == 0, 0.5, i, float(i % 3 == 0)) for i in range(40)]
    assert max(bet(prepare_steps(apart, "up"))) > 20
    assert max(bet(prepare_steps(apart, "down"))) <= 1


def test_the_capital_stays_a_number() -> None:
    rare = [Outcome(f"a:{i}", i % 2 == 0, 0.01, i, float(i % 2 == 0) + i % 5 / 100) for i in range(500)]
    assert max(bet(prepare_steps(rare, "up"))) == 1e100


def test_a_gain_not_worth_having_is_measured_in_deviations() -> None:
    outcomes = history(random.Random(5), 120, effect=-2.0, before=10)
    against = list(bet_against_gain(prepare_steps(outcomes, "up"), 0.2))
    plain = list(bet(prepare_steps(outcomes, "up"), for_worse=True))
    assert against[-1] > plain[-1] > 20


# ------------------------------------------------------------------------------------------------------- what counts

USABLE = [
    ("as it should be", {}, True),
    ("no chance of control", {"share": 1.0}, False),
    ("no chance of treatment", {"share": 0.0}, False),
    ("not a number", {"value": math.nan}, False),
    ("infinite", {"value": -math.inf}, False),
    ("too large to be squared", {"value": 1e200}, False),
    ("zero", {"value": 0.0}, True),
]


@pytest.mark.parametrize(("change", "counts"), [case[1:] for case in USABLE], ids=[case[0] for case in USABLE])
def test_what_counts(change: dict, counts: bool) -> None:
    one = Outcome(**{"session": "a:1", "treated": True, "share": 0.5, "ended_at": 1, "value": 3.0, **change})
    assert usable([one]) == ([one] if counts else [])


def test_on_a_log_scale_only_values_above_0_count() -> None:
    some = [Outcome(f"a:{i}", True, 0.5, i, value) for i, value in enumerate((-1.0, 0.0, 2.0))]
    assert usable(some, "log") == some[2:]


def test_a_session_counts_once() -> None:
    first, again = Outcome("a:1", True, 0.5, 1, 3.0), Outcome("a:1", False, 0.5, 2, 5.0)
    assert usable([first, again]) == [first]


MEASURED = [
    ("plain", (3.0, 2.0, 0.5), "linear", (3.0, 2.0, 0.5)),
    ("no baseline", (3.0, None, None), "linear", (3.0, None, None)),
    ("no spread is not believed", (3.0, 2.0, 0.0), "linear", (3.0, 2.0, 0.02)),
    ("nor is it around 0", (3.0, 0.0, 0.0), "linear", (3.0, 0.0, None)),
    ("a baseline that is no number", (3.0, math.nan, 1.0), "linear", (3.0, None, None)),
    ("a spread that is no number", (3.0, 2.0, math.inf), "linear", (3.0, 2.0, None)),
    ("log", (math.e, 1.0, 0.5), "log", (1.0, 0.0, 0.5)),
    ("log, a baseline of 0", (math.e, 0.0, 0.5), "log", (1.0, None, None)),
    ("log, no spread", (math.e, math.e, 0.0), "log", (1.0, 1.0, 0.01)),
]


@pytest.mark.parametrize(
    ("numbers", "scale", "measured"), [case[1:] for case in MEASURED], ids=[c[0] for c in MEASURED]
)
def test_what_a_session_is_held_against(numbers, scale, measured) -> None:
    assert measure(Outcome("a:1", True, 0.5, 1, *numbers), scale) == measured


@pytest.mark.parametrize("world", WORLDS)
def test_every_capital_is_a_positive_number(world: str) -> None:
    for before in (0, 10):
        capital = list(bet(prepare_steps(history(random.Random(6), 300, draw=WORLDS[world], before=before), "up")))
        assert len(capital) == 300
        assert all(0 < one < math.inf for one in capital)


def test_hostile_numbers_do_no_harm() -> None:
    chance = random.Random(7)
    wild = [
        Outcome(
            f"a:{i}", i % 2 == 0, 0.5, i, value * 10 ** chance.randint(-90, 90), 0.0, 10.0 ** chance.randint(-300, 90)
        )
        for i, value in enumerate(heavy_tailed(chance, 200))
    ]
    assert all(0 < one < math.inf for one in bet(prepare_steps(usable(wild), "up")))
