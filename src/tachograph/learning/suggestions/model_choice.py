"""Which model does one kind of task for less money, and not worse: by the user's own sessions."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import product

import msgspec

from tachograph.analysis.axes.quantiles import Sample
from tachograph.analysis.task_type import TASK_TYPES
from tachograph.learning.records import Point
from tachograph.learning.suggestions.savings import PICO

_ROUNDING = 1e-9
_FAMILY = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


class Choice(msgspec.Struct, frozen=True):
    """One kind of task that was done with two models. Costs are medians of a session's own responses, USD."""

    task_type: str
    usual: str
    """Model family; so the next one. ``?`` where its name is not fit to be shown."""
    cheaper: str
    usd: float
    """With the usual model."""
    other_usd: float
    """With the cheaper one."""
    sessions: tuple[str, ...]
    """Ids of the sessions with the usual model, in order."""
    other_sessions: tuple[str, ...]
    """Ids of those with the cheaper one."""
    compared: tuple[str, ...]
    """Names of what the cheaper one was not worse in; never empty."""


_SUCCESS = {"interruption_rate": -1, "error_rate": -1, "follow_up_rate": -1, "task_completion_rate": 1}
"""KPIs that tell of success, and where they are better. Of interruptions, whether there was one counts."""


def find_choices(points: Sequence[Point], min_sessions: int) -> Iterator[Choice]:
    """Every pair of a usual and a cheaper model of one task type, each with ``min_sessions`` sessions or more.

    The usual one is the model family with most sessions, of equals the dearer. The cheaper one has a lower median cost
    and is not worse in any of: the share of sessions that a person interrupted, the mean error rate, the mean
    follow-up rate, the mean of tasks completed. A measure is compared where ``min_sessions`` sessions of both have it;
    one must be.
    """
    groups: dict[str, dict[str, list[Point]]] = defaultdict(lambda: defaultdict(list))
    for point in points:
        if point.task_type in TASK_TYPES and point.cost_pico is not None:
            groups[point.task_type][point.group.family].append(point)
    for task_type, families in sorted(groups.items()):
        able = {family: found for family, found in families.items() if family and len(found) >= min_sessions}
        usual = max(able, key=lambda family: (len(able[family]), _median_usd(able[family]), family), default="")
        for one, other in product([usual], sorted(able.keys() - {usual})):
            choice = _compare(task_type, one, other, able, min_sessions)
            if choice is not None:
                yield choice


def _compare(task_type: str, usual: str, other: str, able: dict[str, list[Point]], least: int) -> Choice | None:
    usd, other_usd = (_median_usd(able[family]) for family in (usual, other))
    compared = []
    for kpi, sign in _SUCCESS.items():
        before, after = (_measures(able[family], kpi) for family in (usual, other))
        if min(len(before), len(after)) < least:
            continue
        if sign * (math.fsum(after) / len(after) - math.fsum(before) / len(before)) < -_ROUNDING:
            return None
        compared.append(kpi)
    if not compared or other_usd >= usd:
        return None
    return Choice(
        task_type=task_type, usual=_shown(usual), cheaper=_shown(other), usd=usd, other_usd=other_usd,
        sessions=tuple(p.session for p in able[usual]), other_sessions=tuple(p.session for p in able[other]),
        compared=tuple(compared),
    )  # fmt: skip


def _median_usd(points: Sequence[Point]) -> float:
    return Sample(sorted(point.cost_pico or 0 for point in points)).quantile(50) / PICO


def _measures(points: Sequence[Point], kpi: str) -> list[float]:
    values = [point.values[kpi] for point in points if kpi in point.values]
    return [float(value > 0) for value in values] if kpi == "interruption_rate" else values


def _shown(family: str) -> str:
    """A family's name comes from a log."""
    return family if _FAMILY.fullmatch(family) else "?"
