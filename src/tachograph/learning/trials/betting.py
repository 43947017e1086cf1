"""Evidence by betting on the coin: whoever can guess from a session's value whether it was treated has seen an effect.

Each session is treated by the toss of a keyed hash, with a chance ``share`` that is known and independent of all else.
A gambler with one coin of capital is shown the value and bets on the toss at the fair odds 1 / share and
1 / (1 - share). As long as the text changes nothing, no value says anything about the toss: the capital is a
nonnegative martingale, whatever the values look like, and the probability that it ever passes 1 / alpha is at most
alpha (Ville 1939). That needs no model of the values, no independence between sessions and no minimum number.

The gambler's guess is that of a logistic curve: the treated lie ``d`` standard deviations above the others, for each
``d`` of :data:`EFFECTS` with an equal part of the capital. For normal values this is the likelihood ratio, by which the
capital grows fastest (Kelly 1956; Grünwald, de Heide & Koolen 2024, "Safe testing"). Where the others lie is learnt
from earlier sessions alone. The guess rises with the value; so the capital can only shrink in the mean when the treated
are, as a whole, no better than they would have been: "better" is tested, not "different".
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tachograph.analysis.kpis import Direction
from tachograph.learning.trials.records import Outcome, Scale

EFFECTS = (0.5, 1.0)
"""Effects that are bet on, standard deviations. Chosen by simulation: more of them, or larger ones, find effects of
0.5 to 1.5 no sooner (docs/trials.md, "Power"). The second is twice the first: :func:`bet` squares the first's odds."""
CLIP = 2.5
"""Standard deviations beyond which a value says no more: one outlier must not decide."""
PRIOR = 9.0
"""Sessions that a baseline is worth: (2 - a) / a for an exponential mean with a = 0.2."""
MEMORY = 40.0
"""Sessions over which the level is learnt, so that it follows a drift; the spread over half as many again."""
FIRST = 3.0
"""Degrees of freedom that the spread needs before the first bet."""
LEAST_SPREAD = 0.01
"""Of the mean (log scale: of the natural logarithm): a baseline with a smaller spread is not believed to have it."""
_APART = 0.25
"""Of the distance between the arms: the least spread, so that arms without any can still be told apart."""
_LARGEST = 1e100
"""Values beyond are left out: their squares are no numbers. Also where the capital stops growing."""


class Step(NamedTuple):
    """One session, ready to be bet on. Distances are in units of its track: baseline deviations, or the KPI's own."""

    treated: bool
    share: float
    track: int
    """0: held against a baseline; 1: without one."""
    value: float
    """Higher is better."""
    unit: float
    """One unit of the KPI."""
    scale: float
    """Standard deviation within the arms, from earlier sessions; 0: not known yet, no bet."""
    gain: float
    """Weight of this session in the level."""
    slope: float
    """Log odds by the smaller effect per unit of distance from the level."""
    offsets: tuple[float, float]
    """Factors for the two effects: how far the level is that of the untreated."""


class _Level:
    """Running mean and variance within the arms, of one track."""

    def __init__(self, prior: float) -> None:
        self.n = self.freedom = self.in_control = prior
        self.variance = 1.0 if prior else 0.0
        self.treated_share = self.control = self.treatment = self.in_treatment = 0.0

    def scale(self) -> float:
        """Standard deviation to go by, widened while few sessions tell it; 0: not known."""
        if self.freedom < FIRST:
            return 0.0
        apart = abs(self.treatment - self.control) if self.in_treatment and self.in_control else 0.0
        scale = max(math.sqrt(self.variance * (self.freedom + 2) / self.freedom), _APART * apart)
        return scale if scale > 1 / _LARGEST else 0.0

    def take(self, value: float, treated: bool) -> None:
        """Learn from a session after it was bet on."""
        scale = self.scale()
        mean, n = (self.treatment, self.in_treatment) if treated else (self.control, self.in_control)
        off = _clip(value - mean, CLIP * scale) if scale else value - mean
        if n:
            self.variance += (off * off * n / (n + 1) - self.variance) / (min(self.freedom, 1.5 * MEMORY) + 1)
            self.freedom += 1
        mean += off / (min(n, MEMORY) + 1)
        if treated:
            self.treatment, self.in_treatment = mean, n + 1
        else:
            self.control, self.in_control = mean, n + 1
        self.treated_share += self.gain() * (treated - self.treated_share)
        self.n += 1

    def gain(self) -> float:
        return 1 / min(self.n + 1, MEMORY)


class Measured(NamedTuple):
    """A session's numbers on the scale on which they are compared."""

    value: float
    mean: float | None
    """Of the baseline; None: there is none, so ``spread``."""
    spread: float | None


def usable(outcomes: Sequence[Outcome], scale: Scale = "linear") -> list[Outcome]:
    """Those that chance has assigned and whose value is a number on the scale; each session once."""
    first: dict[str, Outcome] = {}
    for one in outcomes:
        if 0 < one.share < 1 and abs(one.value) < _LARGEST and (scale == "linear" or one.value > 0):
            first.setdefault(one.session, one)
    return list(first.values())


def measure(one: Outcome, scale: Scale) -> Measured:
    """The numbers of a usable outcome on its scale."""
    value, mean, spread = one.value, one.expected, one.spread
    if mean is not None and not (abs(mean) < _LARGEST and (scale == "linear" or mean > 0)):
        mean = None
    least = LEAST_SPREAD
    if scale == "log":
        value, mean = math.log(value), None if mean is None else math.log(mean)
    elif mean is not None:
        least *= abs(mean)
    if mean is None or spread is None or not 1 / _LARGEST < max(least, spread) < _LARGEST:
        return Measured(value, mean, None)
    return Measured(value, mean, max(least, spread))


def prepare_steps(outcomes: Sequence[Outcome], better: Direction, scale: Scale = "linear") -> list[Step]:
    """One step for each of ``outcomes`` (see :func:`usable`), which must be in the order in which they ended.

    A step's scale and level weights come from the sessions before it. They do not depend on the effect that is tested.
    """
    sign = 1.0 if better == "up" else -1.0
    levels = (_Level(PRIOR), _Level(0.0))
    steps = []
    for one in outcomes:
        value, mean, spread = measure(one, scale)
        if mean is None or spread is None:
            track, unit, mean = 1, 1.0, 0.0
        else:
            track, unit = 0, 1 / spread
        off = sign * (value - mean) * unit
        steps.append(_step(one, track, off, unit, levels[track]))
        levels[track].take(off, one.treated)
    return steps


def _step(one: Outcome, track: int, value: float, unit: float, level: _Level) -> Step:
    scale = level.scale()
    width = 1 + 1 / max(level.n, 1.0)  # the level itself is uncertain by 1/n of the variance
    base = (level.treated_share - 0.5) / width
    slope = EFFECTS[0] / (scale * width) if scale else 0.0
    offsets = (math.exp(EFFECTS[0] ** 2 * base), math.exp(EFFECTS[1] ** 2 * base))
    return Step(one.treated, one.share, track, value, unit, scale, level.gain(), slope, offsets)


def bet(steps: Sequence[Step], shift: float = 0.0, *, for_worse: bool = False) -> Iterator[float]:
    """The capital after each step, from 1.0 on, betting that the treated are better by more than ``shift``.

    ``shift`` is in the KPI's unit, positive for better. ``for_worse``: betting that they are better by less. The
    capital falls (``for_worse``: rises) with ``shift`` at every step, so that the effects not refuted are an interval.
    """
    levels = [0.0, 0.0]
    small = large = 1.0
    sign = -1.0 if for_worse else 1.0
    for treated, share, track, value, unit, scale, gain, slope, (factor, square) in steps:
        off = value - levels[track]
        if treated:
            off -= shift * unit
        if scale:
            most = CLIP * scale
            off = most if off > most else -most if off < -most else off
            odds = math.exp(sign * slope * off)
            first, second = odds * factor, odds * odds * square
            small *= (first if treated else 1.0) / (share * first + 1 - share)
            large *= (second if treated else 1.0) / (share * second + 1 - share)
        levels[track] += gain * off
        yield min((small + large) / 2, _LARGEST)


def reaches(steps: Sequence[Step], bound: float, shift: float = 0.0, *, for_worse: bool = False) -> bool:
    """Whether the capital has ever been ``bound`` or more."""
    return any(capital >= bound for capital in bet(steps, shift, for_worse=for_worse))


def bet_against_gain(steps: Sequence[Step], gain: float) -> Iterator[float]:
    """The capital of betting that the treated are better by less than ``gain`` standard deviations within the arms."""
    return bet([step._replace(unit=step.scale) for step in steps], gain, for_worse=True)


def _clip(value: float, most: float) -> float:
    return max(-most, min(most, value))
