"""Made-up histories: KPIs of every shape, healthy or with a planted regression. The same seed, the same history."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator

from tachograph.analysis.kpis import Kpi, load_kpis
from tachograph.learning.records import Group, Point

GROUP = Group("main", "claude_code", "claude-opus")
DAY = 86_400_000
Draw = Callable[[random.Random], float]


def make_kpi(name: str = "speed", *, better: str = "up", thresholds=None, **more) -> Kpi:
    target, warning, critical = thresholds or (None, None, None)
    return Kpi(
        name=name, unit="ratio", title=name, better=better, source="made up", target=target, warning=warning,
        critical=critical, compute=lambda seen: None, **more,
    )  # fmt: skip


def make_point(number: int, values: dict[str, float], group: Group = GROUP, **more) -> Point:
    """Session ``number`` of a history with one session an hour."""
    end = (number + 1) * 3_600_000
    return Point(f"claude_code:{number:06d}", group, "main", end - 60_000, end, values, **more)


def mixed(share: float, exact: float, draw: Draw) -> Draw:
    """Exactly ``exact`` in a share of the sessions, else drawn."""
    return lambda chance: exact if chance.random() < share else draw(chance)


def lognormal(median: float, spread: float) -> Draw:
    return lambda chance: chance.lognormvariate(math.log(median), spread)


def beta(a: float, b: float) -> Draw:
    return lambda chance: chance.betavariate(a, b)


# KPI -> share of sessions without it, how its healthy values lie
HEALTHY: dict[str, tuple[float, Draw]] = {
    "active_time_ratio": (0.0, beta(6, 4)),
    "cache_efficiency": (0.0, beta(30, 2)),
    "cache_reuse": (0.0, beta(20, 2)),
    "context_peak": (0.0, lognormal(60_000, 0.6)),
    "cost_per_completed_task": (0.6, lognormal(0.8, 1.0)),
    "cost_per_output_token": (0.2, lognormal(90, 0.4)),
    "cost_per_turn": (0.02, lognormal(0.4, 0.8)),
    "document_coverage": (0.8, mixed(0.7, 1.0, lambda chance: chance.choice([0.0, 1 / 3, 0.5, 2 / 3]))),
    "error_rate": (0.05, mixed(0.4, 0.0, beta(2, 28))),
    "follow_up_rate": (0.0, lambda chance: min(1.0, max(0.0, round(chance.gauss(0.4, 0.2) * 6) / 6))),
    "interruption_rate": (0.0, mixed(0.8, 0.0, lambda chance: chance.uniform(0.05, 0.5))),
    "quality_coherence": (0.7, lambda chance: min(1.0, chance.gauss(0.85, 0.06))),
    "quality_faithfulness": (0.7, beta(30, 3)),
    "quality_hallucination": (0.7, beta(1.5, 30)),
    "quality_relevance": (0.7, beta(30, 3)),
    "rework_rate": (0.3, mixed(0.5, 0.0, beta(2, 10))),
    "task_completion_rate": (0.6, mixed(0.7, 1.0, lambda chance: chance.uniform(0.5, 1.0))),
    "token_efficiency": (0.2, lognormal(0.008, 0.4)),
    "tool_overhead_ratio": (0.1, mixed(0.5, 0.0, lognormal(0.2, 0.7))),
    "waste_share": (0.02, mixed(0.6, 0.0, beta(1.5, 15))),
}


def healthy_of(kpi: Kpi) -> tuple[float, Draw]:
    """A KPI that is new gets the shape that its scale suggests."""
    return HEALTHY.get(kpi.name) or (0.0, lognormal(1.0, 0.5) if kpi.scale == "log" else beta(8, 8))


def healthy_history(seed: int, sessions: int, groups: int = 1) -> Iterator[Point]:
    """Sessions of several groups in turn, with every KPI there is."""
    chance = random.Random(seed)
    shapes = {name: healthy_of(kpi) for name, kpi in load_kpis().items()}
    for number in range(sessions):
        values = {name: draw(chance) for name, (absent, draw) in shapes.items() if chance.random() >= absent}
        yield make_point(number, values, Group("main", "claude_code", f"family-{number % groups}"))


def moments_of(kpi: Kpi) -> tuple[float, float]:
    """Mean and standard deviation of its healthy values, in the scale that they are judged in."""
    _, draw = healthy_of(kpi)
    chance = random.Random(kpi.name)
    values = [math.log(value) if kpi.scale == "log" else value for value in (draw(chance) for _ in range(20_000))]
    mean = sum(values) / len(values)
    return mean, math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))


def regressed(kpi: Kpi, draw: Draw, chance: random.Random, shift: float, *, noise: bool) -> float:
    """A value ``shift`` standard deviations worse than usual; without noise, than the mean."""
    mean, sd = moments_of_cached(kpi)
    value = draw(chance)
    base = (math.log(value) if kpi.scale == "log" else value) if noise else mean
    moved = base + (shift if kpi.better == "down" else -shift) * sd
    return math.exp(moved) if kpi.scale == "log" else moved


_MOMENTS: dict[str, tuple[float, float]] = {}


def moments_of_cached(kpi: Kpi) -> tuple[float, float]:
    if kpi.name not in _MOMENTS:
        _MOMENTS[kpi.name] = moments_of(kpi)
    return _MOMENTS[kpi.name]
