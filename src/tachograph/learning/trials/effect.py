"""How large an effect is, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tachograph.analysis.kpis import Direction
from tachograph.learning.trials.betting import Step, bet, measure, prepare_steps, reaches, usable
from tachograph.learning.trials.records import Effect, Outcome, Scale

ALPHA = 0.05
"""Chance of a false proof, at any time of looking."""
_FARTHEST = 32.0
"""Standard deviations from the difference beyond which no bound is looked for."""
_FINE = 0.02
"""Standard deviations to which a bound is found; it is given on the outer side."""


def estimate_effect(
    outcomes: Sequence[Outcome], better: Direction, alpha: float = ALPHA, scale: Scale = "linear"
) -> Effect:
    """The effect of the text on one KPI; ``outcomes`` in the order in which the sessions ended.

    ``difference`` is that of the arms' means of (value - baseline mean); each session weighs 1 / its chance of its arm,
    so that a share changed in the course of the trial does no harm. It is likely to be too large when a trial has just
    been proven, for the lucky are proven first; the interval allows for that.

    ``low`` to ``high`` is an anytime-valid (1 - alpha) confidence interval of an effect that is the same for all
    sessions (log scale: the same factor): the effects that a bet at alpha / 2 on either side has never refuted, and the
    difference. ``proven_at`` goes by a bet on the better side alone, at alpha; so the interval may still reach a little
    past 0 then.
    """
    used = usable(outcomes, scale)
    steps = prepare_steps(used, better, scale)
    capital = list(bet(steps))
    proven = next((one.session for one, now in zip(used, capital, strict=True) if now >= 1 / alpha), None)
    treatment = _mean([one.value for one in used if one.treated], scale)
    control = _mean([one.value for one in used if not one.treated], scale)
    difference, spread = _compare(used, scale)
    ends = _interval(steps, better, difference, spread, 2 / alpha)
    difference, low, high = (_in_unit(one, control, scale) for one in (difference, *ends))
    treated = sum(one.treated for one in used)
    return Effect(
        treated, len(used) - treated, treatment, control, difference, low, high, spread,
        max(capital, default=1.0), max(bet(steps, for_worse=True), default=1.0), proven,
    )  # fmt: skip


def _mean(values: Sequence[float], scale: Scale = "linear") -> float | None:
    """Arithmetic or, on a log scale, geometric."""
    if not values:
        return None
    if scale == "log":
        return math.exp(math.fsum(map(math.log, values)) / len(values))
    return math.fsum(values) / len(values)


def _in_unit(difference: float | None, control: float | None, scale: Scale) -> float | None:
    """A difference of logarithms as one from the control's mean; a ratio too large for a number is no bound."""
    if scale == "linear" or difference is None or control is None:
        return difference
    return control * math.expm1(difference) if difference < _FARTHEST else None


def _compare(outcomes: Sequence[Outcome], scale: Scale) -> tuple[float | None, float | None]:
    """Difference of the arms and standard deviation within them, of values less their baseline's mean."""
    measured = [measure(one, scale) for one in outcomes]
    bare = _mean([value for value, mean, _ in measured if mean is None]) or 0.0
    arms: tuple[list[tuple[float, float]], ...] = ([], [])
    for one, (value, mean, _) in zip(outcomes, measured, strict=True):
        weight = 1 / (one.share if one.treated else 1 - one.share)
        arms[one.treated].append((weight, value - (bare if mean is None else mean)))
    if not all(arms):
        return None, None
    control, treatment = (math.fsum(w * off for w, off in arm) / math.fsum(w for w, _ in arm) for arm in arms)
    if min(map(len, arms)) < 2:
        return treatment - control, None
    around = zip(arms, (control, treatment), strict=True)
    squares = math.fsum((off - centre) ** 2 for arm, centre in around for _, off in arm)
    return treatment - control, math.sqrt(squares / (len(outcomes) - 2))


def _interval(
    steps: Sequence[Step], better: Direction, difference: float | None, spread: float | None, bound: float
) -> tuple[float | None, float | None]:
    """Lower and upper bound, in the unit of the scale."""
    if difference is None or spread is None:
        return None, None
    width = spread or abs(difference)
    sign = 1.0 if better == "up" else -1.0
    below = _distance(steps, sign * difference, -width, bound)
    above = _distance(steps, sign * difference, width, bound)
    if better == "down":
        below, above = above, below
    return None if below is None else difference - below, None if above is None else difference + above


def _distance(steps: Sequence[Step], centre: float, width: float, bound: float) -> float | None:
    """How far from ``centre``, in direction of ``width`` and to within a part of it, all effects are refuted."""

    def is_refuted(distance: float) -> bool:
        return reaches(steps, bound, centre + distance * width, for_worse=width > 0)

    if not width or not is_refuted(_FARTHEST):
        return None
    inner, outer = 0.0, 0.5
    while not is_refuted(outer):
        inner, outer = outer, 2 * outer
    while outer - inner > _FINE * max(1.0, outer):
        middle = (inner + outer) / 2
        inner, outer = (inner, middle) if is_refuted(middle) else (middle, outer)
    return outer * abs(width)
