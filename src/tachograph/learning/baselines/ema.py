"""Moving mean and spread of a series, twice: a quick one that is the baseline, and a slow one to tell noise by."""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from tachograph.learning.baselines.baseline import Status

Trend = Literal["up", "down", "stable"]

ALPHA = 0.2
"""Weight of the newest session (the plan's value)."""
BOOTSTRAP = 5
"""Sessions before there is a baseline (the plan's value): until then all weigh the same, 1 / 5 = ALPHA at last."""
SLOW_ALPHA = 0.02
"""Weight of the newest session in the long-run spread: some fifty sessions are remembered."""
SETTLED = 0.10
"""A spread has settled when the long-run one has stayed within this share of what it was (the plan's value) …"""
UPDATES = 5
"""… over so many updates."""
TREND = 0.7
"""Long-run spreads between quick and slow mean from which there is a trend; without one they are .35 apart, so that
one steady series in twenty seems to move."""


class Ema(msgspec.Struct, array_like=True, gc=False):
    """The moments of a series. Values are in the scale that they are judged in: logarithms for logarithmic KPIs."""

    n: int = 0
    mean: float = 0.0
    variance: float = 0.0
    slow_mean: float = 0.0
    slow_variance: float = 0.0
    slow_sd: float = 0.0
    """Long-run standard deviation."""
    settled_sd: float = 0.0
    """What it was when it last left the band around what it had been before."""
    settled: int = 0
    """Updates since then."""
    updated_at: int | None = None
    """ms UTC."""

    def feed(self, value: float, at: int) -> None:
        """Take in the next value of the series."""
        self.n = n = self.n + 1
        self.updated_at = at
        if n == 1:
            self.mean = self.slow_mean = value
            return
        even = 1 / n
        weight = even if even > ALPHA else ALPHA
        mean = self.mean
        distance = value - mean
        step = weight * distance
        self.mean = mean + step
        self.variance = (1 - weight) * (self.variance + step * distance)
        weight = even if even > SLOW_ALPHA else SLOW_ALPHA
        mean = self.slow_mean
        distance = value - mean
        step = weight * distance
        self.slow_mean = mean + step
        self.slow_variance = variance = (1 - weight) * (self.slow_variance + step * distance)
        self.slow_sd = sd = math.sqrt(variance)
        settled = self.settled_sd
        if abs(sd - settled) <= SETTLED * settled:
            self.settled += 1
        else:
            self.settled_sd, self.settled = sd, 0

    @property
    def status(self) -> Status:
        """Whether it may be gone by, and whether its spread has settled."""
        if self.n < BOOTSTRAP:
            return "bootstrap"
        return "converged" if self.settled >= UPDATES else "settling"

    @property
    def trend(self) -> Trend | None:
        """Where the last sessions lie against the long run; None in bootstrap."""
        if self.n < BOOTSTRAP:
            return None
        moved = self.mean - self.slow_mean
        if abs(moved) <= TREND * self.slow_sd:
            return "stable"
        return "up" if moved > 0 else "down"
