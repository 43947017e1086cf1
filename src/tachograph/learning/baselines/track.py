"""One KPI of one group, session by session: what is usual now, and what was before the last bad sessions."""

from __future__ import annotations

import math

import msgspec

from tachograph.analysis.kpis import Kpi
from tachograph.learning.baselines.baseline import Baseline
from tachograph.learning.baselines.ema import BOOTSTRAP, Ema
from tachograph.learning.baselines.sketch import Sketch

HELD = 2
"""So many bad sessions in a row are held against the baseline as it was before them: a moving average would follow
the first one of a regression, and the next one would look usual."""
LEAST_LOG = 1e-9
"""What is 0 or below on a logarithmic scale counts as this: the best or the worst possible value, by direction."""
WIDE = 0.5
"""Share of the mean above which a spread is called wide (the plan's value)."""
STALE_MS = 7 * 86_400_000
"""Without an update for longer than this, while sessions came, a baseline is stale (the plan's value)."""

SHOWN = [0.50, 0.95, 0.99]
"""Quantiles that are shown, as shares."""
_SHARES = {"down": SHOWN, "up": [*SHOWN, 0.05, 0.01]}
"""Quantiles that are kept, by the better direction; the last two are those of the bad side."""
_TAIL = (1.645, 2.326)
"""How many standard deviations these lie from the median of a normal distribution."""


class Track(msgspec.Struct, array_like=True):
    """The state of one baseline."""

    ema: Ema = msgspec.field(default_factory=Ema)
    sketch: Sketch = msgspec.field(default_factory=Sketch)
    quantiles: list[float] = []
    """Of all values, in the KPI's unit; empty before the first one."""
    held: list[tuple[float, float]] = []
    """Mean and variance before each of the last bad sessions, the oldest first; none when the last one was not bad."""

    def feed(self, kpi: Kpi, value: float, at: int, *, is_bad: bool) -> None:
        """Take in a session's value; ``is_bad``: it and those right before it lay on the bad side.

        A value of 0 or below on a logarithmic scale is left out: its logarithm would drown all others.
        """
        if kpi.scale == "log" and value <= 0:
            return
        if is_bad:
            self.held = [*self.held[-(HELD - 1) :], (self.ema.mean, self.ema.variance)]
        self.ema.feed(to_scale(kpi, value), at)
        self.sketch.add(value)
        self.quantiles = self.sketch.quantiles(_SHARES[kpi.better])

    @property
    def reference(self) -> tuple[float, float]:
        """Mean and variance that the next session is held against, in the scale of judging."""
        return self.held[0] if self.held else (self.ema.mean, self.ema.variance)

    def tail(self, kpi: Kpi) -> float:
        """Long-run standard deviation of the bad side as its quantiles tell it, in the scale of judging."""
        median, near, far = self.quantiles[0], self.quantiles[-2], self.quantiles[-1]
        if kpi.scale == "log":
            median, near, far = math.log(median), math.log(near), math.log(far)
        return max(abs(near - median) / _TAIL[0], abs(far - median) / _TAIL[1])


def to_scale(kpi: Kpi, value: float) -> float:
    """``value`` in the scale that it is judged in."""
    return math.log(max(value, LEAST_LOG)) if kpi.scale == "log" else value


def from_scale(kpi: Kpi, value: float) -> float:
    """A value of that scale in the KPI's unit."""
    return math.exp(value) if kpi.scale == "log" else value


def describe(
    kpi: Kpi,
    ema: Ema,
    quantiles: list[float],
    seen_at: int | None,
    now: int,
    moments: tuple[float, float] | None = None,
) -> Baseline:
    """What is shown of a baseline at ``now``; ``seen_at``: end of its group's last session, whether it was fed or not.

    ``moments``: mean and variance to show, in the scale of judging, in the place of the newest ones.
    """
    p50, p95, p99 = quantiles[:3] if quantiles else (None, None, None)
    mean: float | None
    sd: float | None
    if ema.n < BOOTSTRAP:
        mean, sd = kpi.default or (None, None)
    else:
        level, variance = moments or (ema.mean, ema.variance)
        mean, sd = from_scale(kpi, level), math.sqrt(variance)
    updated_at = ema.updated_at
    is_stale = updated_at is not None and now - updated_at > STALE_MS and (seen_at or 0) > updated_at
    return Baseline(kpi.name, ema.n, mean, sd, p50, p95, p99, ema.status, _is_wide(kpi, mean, sd), is_stale, updated_at)


def _is_wide(kpi: Kpi, mean: float | None, sd: float | None) -> bool:
    if mean is None or sd is None:
        return False
    return sd > math.log1p(WIDE) if kpi.scale == "log" else sd > WIDE * abs(mean)
