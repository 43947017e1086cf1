"""What a suggestion could save, in USD a week, from the user's own sessions. Estimates, and labelled as such.

A KPI's saving is what its sessions would have cost less, had each of those that are worse than a reference been like
it. The reference is what a quarter of the user's own recent sessions reach already (the better quartile), or the KPI's
target where they are better than that. How much of a session's cost goes with the gap:

``calls``    tool_overhead_ratio: of ``1 + value`` calls, ``value - reference`` need not be; all calls weigh the same
``output``   token_efficiency: the same output from ``value / reference`` of the tokens; all tokens weigh the same
``prompts``  cache_efficiency: cached input at a tenth of the price, as if prompts were all that costs: an upper bound
``unknown``  nothing that is paid for by the token goes with the gap, or nobody can tell how much

Sessions without a price or without the KPI count nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from tachograph.analysis.axes.quantiles import Sample
from tachograph.analysis.kpis import Kpi
from tachograph.learning.records import Point
from tachograph.learning.suggestions.catalogue import Saving

PICO = 10**12
_CACHED = 0.1
"""Price of a cached input token in input tokens: Anthropic's and, for most models, OpenAI's."""


def _calls(value: float, reference: float) -> float:
    return (value - reference) / (1 + value)


def _output(value: float, reference: float) -> float:
    return 1 - value / reference


def _prompts(value: float, reference: float) -> float:
    return 1 - _prompt_price(reference) / _prompt_price(value)


def _prompt_price(cached: float) -> float:
    return 1 - cached * (1 - _CACHED)


_SHARES: dict[Saving, Callable[[float, float], float]] = {"calls": _calls, "output": _output, "prompts": _prompts}
_WORDS: dict[Saving, str] = {
    "calls": "all calls weigh the same",
    "output": "all tokens weigh the same",
    "prompts": "an upper bound: as if prompts were all that costs",
}


class Estimate(msgspec.Struct, frozen=True):
    """A saving and what it goes by."""

    usd_per_week: float | None
    """None: it cannot be told."""
    basis: str
    """A clause of ours."""


def estimate_saving(saving: Saving, kpi: Kpi, points: Sequence[Point], weeks: float) -> Estimate:
    """What bringing ``points`` (of ``weeks`` weeks) to the reference would have saved; see this module."""
    share = _SHARES.get(saving)
    known = [(point.values[kpi.name], point.cost_pico) for point in points if kpi.name in point.values]
    if share is None or not known:
        return Estimate(None, "no estimate: what it costs cannot be told from tokens")
    reference = _reference(kpi, [value for value, _ in known])
    worse = [(value, cost) for value, cost in known if cost is not None and kpi.is_worse(value, reference)]
    if not worse:
        return Estimate(None, "no estimate: no priced session is worse than a quarter of them")
    spared = sum(cost * min(1.0, max(0.0, share(value, reference))) for value, cost in worse)
    basis = f"estimate: {len(worse)} sessions brought to {reference:.3g}, which others reach; {_WORDS[saving]}"
    return Estimate(spared / PICO / weeks, basis)


def _reference(kpi: Kpi, values: Sequence[float]) -> float:
    """The better quartile of ``values``, of which there is one at least; no better than the KPI's target."""
    best = Sample(sorted(values)).quantile(75 if kpi.better == "up" else 25)
    return kpi.target if kpi.target is not None and kpi.is_worse(kpi.target, best) else best
