"""How far a value lies from its baseline, in standard deviations that are never too small."""

from __future__ import annotations

import math

from tachograph.analysis.kpis import Kpi
from tachograph.learning.baselines.baseline import Deviation
from tachograph.learning.baselines.ema import BOOTSTRAP
from tachograph.learning.baselines.track import Track, from_scale, to_scale

LEAST_SHARE = 0.01
"""A spread below this share of the mean is not believed (logarithmic KPIs have their ``least_sd`` alone)."""
WIDEST_TAIL = 2.5
"""The bad side's quantiles widen the long-run spread up to this factor: an exponential distribution needs 1.7, and
what is beyond comes from a time whose level has long gone."""


def judge_value(kpi: Kpi, track: Track, value: float) -> Deviation | None:
    """Hold ``value`` against its baseline; against the KPI's default while there is none, None without one."""
    n = track.ema.n
    if n < BOOTSTRAP:
        if kpi.default is None:
            return None
        mean, sd = to_scale(kpi, kpi.default[0]), kpi.default[1]
        sd = max(sd, _least_sd(kpi, mean))
        usual = sd
    else:
        mean, variance = track.reference
        sd = max(math.sqrt(variance), _least_sd(kpi, mean))
        slow = track.ema.slow_sd
        usual = max(sd, slow, min(track.tail(kpi), WIDEST_TAIL * slow))
    scaled = to_scale(kpi, value)
    worse = mean - scaled if kpi.better == "up" else scaled - mean
    return Deviation(kpi.name, value, from_scale(kpi, mean), sd, worse / sd, worse / usual)


def _least_sd(kpi: Kpi, mean: float) -> float:
    if kpi.scale == "log":
        return max(kpi.least_sd, 1e-9)
    return max(kpi.least_sd, LEAST_SHARE * abs(mean), 1e-9)
