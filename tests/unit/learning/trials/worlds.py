"""Made-up histories: sessions whose values we know to depend, or not to depend, on the toss."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence

from tachograph.learning.trials import Outcome
from tachograph.learning.trials.betting import bet, prepare_steps

Draw = Callable[[random.Random, int], Iterator[float]]
"""Values of that many sessions that nobody treated."""


def normal(chance: random.Random, n: int) -> Iterator[float]:
    return (chance.gauss(10, 2) for _ in range(n))


def lognormal(chance: random.Random, n: int) -> Iterator[float]:
    return (math.exp(chance.gauss(0, 1)) for _ in range(n))


def heavy_tailed(chance: random.Random, n: int) -> Iterator[float]:
    """Cauchy: no mean, no variance."""
    return (math.tan(math.pi * (chance.random() - 0.5)) for _ in range(n))


def seldom(chance: random.Random, n: int) -> Iterator[float]:
    return (float(chance.random() < 0.1) for _ in range(n))


def half_and_half(chance: random.Random, n: int) -> Iterator[float]:
    return (float(chance.random() < 0.5) for _ in range(n))


def drifting(chance: random.Random, n: int) -> Iterator[float]:
    """By one standard deviation in a hundred sessions."""
    return (chance.gauss(i / 100, 1) for i in range(n))


def autocorrelated(chance: random.Random, n: int) -> Iterator[float]:
    last = chance.gauss(0, 1)
    for _ in range(n):
        last = 0.8 * last + 0.6 * chance.gauss(0, 1)
        yield last


def jumping(chance: random.Random, n: int) -> Iterator[float]:
    """As when models are changed: another level and another spread every forty sessions."""
    for i in range(n):
        yield chance.gauss(*[(0, 1), (3, 0.2), (-2, 4)][i // 40 % 3])


WORLDS: dict[str, Draw] = {
    draw.__name__: draw
    for draw in (normal, lognormal, heavy_tailed, seldom, half_and_half, drifting, autocorrelated, jumping)
}


def moving_baseline(values: Sequence[float], alpha: float = 0.2) -> tuple[float, float]:
    """Exponential mean and standard deviation, as the baselines have them."""
    mean, variance = values[0], 0.0
    for value in values[1:]:
        off = value - mean
        mean += alpha * off
        variance = (1 - alpha) * (variance + alpha * off * off)
    return mean, math.sqrt(variance)


def history(
    chance: random.Random,
    n: int,
    *,
    draw: Draw = normal,
    effect: float = 0.0,
    share: float = 0.5,
    before: int = 0,
    missing: float = 0.0,
    **more: str,
) -> list[Outcome]:
    """``n`` sessions, treated ones better by ``effect``; ``before`` sessions made a baseline, 0: there is none."""
    values = list(draw(chance, before + n))
    expected, spread = moving_baseline(values[:before]) if before else (None, None)
    found = []
    for i, value in enumerate(values[before:]):
        treated = chance.random() < share
        if chance.random() >= missing:
            value += effect * treated
            found.append(Outcome(f"a:{i:04}", treated, share, i, value, expected, spread, **more))
    return found


def proven_after(outcomes: Sequence[Outcome]) -> float:
    """Number of sessions after which it is proven that higher is better; infinite: never."""
    for n, capital in enumerate(bet(prepare_steps(outcomes, "up")), 1):
        if capital >= 20:
            return n
    return math.inf
