"""What the method promises, counted in histories of which we know the truth (docs/trials.md)."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest

from tachograph.learning.trials import Outcome, Trial, estimate_effect, judge_trial
from tests.unit.learning.trials.worlds import WORLDS, Draw, history, normal, proven_after

LOOKS = 500
"""Sessions of a trial without an effect, after each of which somebody looks."""


def false_proofs(draw: Draw, share: float, before: int, histories: int, seed: int) -> int:
    chance = random.Random(seed)
    return sum(
        proven_after(history(chance, LOOKS, draw=draw, share=share, before=before, missing=0.1)) < math.inf
        for _ in range(histories)
    )


def three_guards(chance: random.Random, outcomes: list[Outcome]) -> dict[str, list[Outcome]]:
    """KPIs of the same sessions that the text does not touch."""
    return {
        name: [Outcome(o.session, o.treated, o.share, o.ended_at, chance.gauss(0, 1), 0.0, 1.0) for o in outcomes]
        for name in ("guard_1", "guard_2", "guard_3")
    }


def states(effect: float, trials: int, seed: int) -> Counter[str]:
    """How so many trials end; ``effect`` in standard deviations."""
    chance = random.Random(seed)
    trial = Trial("t:main:1", "t", "main", "made_up", "up", 0)
    found = Counter()
    for _ in range(trials):
        outcomes = history(chance, 150, effect=2 * effect, before=10)
        found[judge_trial(trial, {"made_up": outcomes, **three_guards(chance, outcomes)}, "trial", 10**9).state] += 1
    return found


def most_of(histories: int) -> float:
    """Five of a hundred, and three standard errors for the luck of the simulation."""
    return 0.05 * histories + 3 * math.sqrt(0.05 * 0.95 * histories)


def power(effect: float, n: int, histories: int, **how: float) -> float:
    chance = random.Random(17)
    spread = 2.0  # of normal()
    return (
        sum(proven_after(history(chance, n, draw=normal, effect=effect * spread, **how)) <= n for _ in range(histories))
        / histories
    )


def test_without_an_effect_at_most_5_percent_are_ever_proven() -> None:
    histories = 100
    counts = {
        (world, share, before): false_proofs(draw, share, before, histories, seed=11)
        for world, draw in WORLDS.items()
        for share, before in ((0.5, 10), (0.3, 0))
    }
    assert max(counts.values()) <= most_of(histories)
    assert sum(counts.values()) <= most_of(histories * len(counts))
    assert sum(counts.values()) > 0, "a test that never says yes would pass too"


@pytest.mark.soak
@pytest.mark.parametrize("before", [0, 10])
@pytest.mark.parametrize("share", [0.3, 0.5])
@pytest.mark.parametrize("world", WORLDS)
def test_without_an_effect_at_most_5_percent_are_ever_proven_in_any_world(
    world: str, share: float, before: int
) -> None:
    histories = 2000
    assert false_proofs(WORLDS[world], share, before, histories, seed=12) <= most_of(histories)


@pytest.mark.parametrize(
    ("before", "least"), [pytest.param(10, 0.85, id="baseline of 10 sessions"), pytest.param(0, 0.80, id="no baseline")]
)
def test_an_effect_of_1_sd_is_proven_within_60_sessions_of_both_arms(before: int, least: float) -> None:
    assert power(1.0, 60, 500, before=before) >= least


@pytest.mark.soak
@pytest.mark.parametrize(
    ("effect", "n", "share", "least"),
    [
        (0.5, 60, 0.5, 0.30), (0.5, 120, 0.5, 0.60), (1.0, 30, 0.5, 0.50), (1.0, 60, 0.5, 0.88), (1.0, 120, 0.5, 0.98),
        (1.5, 30, 0.5, 0.88), (1.5, 60, 0.5, 0.99), (1.0, 60, 0.3, 0.80),
    ],
)  # fmt: skip
def test_power(effect: float, n: int, share: float, least: float) -> None:
    assert power(effect, n, 3000, before=10, share=share) >= least


def test_the_interval_holds_the_true_effect_at_every_look() -> None:
    chance, histories, missed = random.Random(19), 120, 0
    for number in range(histories):
        outcomes = history(chance, 100, effect=2.0, before=10 * (number % 2))
        looks = (estimate_effect(outcomes[:n], "up") for n in (10, 25, 50, 100))
        missed += any(
            (look.low is not None and look.low > 2.0) or (look.high is not None and look.high < 2.0) for look in looks
        )
    assert missed <= 0.05 * histories


@pytest.mark.soak
def test_trials_of_texts_that_do_nothing_end_without_effect() -> None:
    found = states(0.0, 1000, seed=29)
    assert found["proven"] <= most_of(1000)
    assert found["harmful"] <= most_of(1000)
    assert found["no_effect"] == 1000 - found["proven"] - found["harmful"]


def test_what_does_harm_is_called_harmful_and_what_helps_is_proven() -> None:
    assert states(-1.5, 60, seed=37)["harmful"] >= 55
    assert states(1.0, 60, seed=41)["proven"] >= 55
