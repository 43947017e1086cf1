"""What bringing the worse sessions to what others reach would have saved."""

from __future__ import annotations

import pytest

from tachograph.analysis.kpis import load_kpis
from tachograph.learning.records import Point
from tachograph.learning.suggestions import find_offers, load_catalogue
from tachograph.learning.suggestions.catalogue import Saving
from tachograph.learning.suggestions.savings import estimate_saving
from tests.unit.learning.suggestions.building import NOW, point, row

KPIS = load_kpis()


def saving(kind: Saving, kpi: str, points: list[Point], weeks: float = 1.0) -> float | None:
    return estimate_saving(kind, KPIS[kpi], points, weeks).usd_per_week


def test_calls_that_need_not_be() -> None:
    # The better quartile of 1, 1, 3, 3 is 1; of four calls two need not be, of $8 $4, in two sessions.
    points = row([3, 1, 3, 1], "tool_overhead_ratio", usd=8.0)
    assert saving("calls", "tool_overhead_ratio", points) == pytest.approx(8.0)
    assert saving("calls", "tool_overhead_ratio", points, 4.0) == pytest.approx(2.0)


def test_nobody_is_held_against_better_than_the_target() -> None:
    # The better quartile is 0, the target 0.5: of four calls 2.5 need not be.
    points = row([3, 0, 3, 0], "tool_overhead_ratio", usd=8.0)
    assert saving("calls", "tool_overhead_ratio", points) == pytest.approx(2 * 8 * 2.5 / 4)


def test_tokens_for_the_same_output() -> None:
    points = row([0.001, 0.004, 0.001, 0.004], "token_efficiency", usd=8.0)
    assert saving("output", "token_efficiency", points) == pytest.approx(2 * 8 * 0.75)


def test_prompts_from_the_cache() -> None:
    # 0.5 cached costs 0.55 of the full price, 0.8 cached 0.28.
    points = row([0.5, 0.8, 0.5, 0.8], "cache_efficiency", usd=8.0)
    assert saving("prompts", "cache_efficiency", points) == pytest.approx(2 * 8 * (1 - 0.28 / 0.55))


def test_half_of_a_spread_is_interpolated_and_the_reference_named() -> None:
    told = estimate_saving("calls", KPIS["tool_overhead_ratio"], row([1, 2, 3], "tool_overhead_ratio", usd=3.0), 1.0)
    assert told.usd_per_week == pytest.approx(3 * 0.5 / 3 + 3 * 1.5 / 4)
    assert told.basis == "estimate: 2 sessions brought to 1.5, which others reach; all calls weigh the same"


@pytest.mark.parametrize(
    ("kind", "points"),
    [
        ("calls", row([2, 2, 2], "tool_overhead_ratio", usd=8.0)),  # nothing to go by
        ("calls", row([1, 2, 3], "tool_overhead_ratio")),  # no prices
        ("unknown", row([1, 2, 3], "tool_overhead_ratio", usd=8.0)),
    ],
)
def test_what_cannot_be_told_is_not_told(kind: Saving, points: list[Point]) -> None:
    told = estimate_saving(kind, KPIS["tool_overhead_ratio"], points, 1.0)
    assert told.usd_per_week is None
    assert told.basis.startswith("no estimate")


def test_sessions_without_a_price_or_the_kpi_count_nothing() -> None:
    priced = row([3, 1, 3, 1], "tool_overhead_ratio", usd=8.0)
    more = [point(7, usd=99.0), point(8, tool_overhead_ratio=3.0), point(9, tool_overhead_ratio=1.0)]
    assert saving("calls", "tool_overhead_ratio", [*priced, *more]) == pytest.approx(8.0)


@pytest.mark.parametrize(("first", "weeks"), [(0.5, 1.0), (7.0, 1.0), (14.0, 2.0), (27.9, 27.9 / 7)])
def test_a_week_is_one_of_those_that_the_sessions_span(first: float, weeks: float) -> None:
    points = [
        point(n, days_ago=first if not n else 0.1, usd=8.0, tool_overhead_ratio=value)
        for n, value in enumerate([3.0, 1.0, 3.0, 1.0])
    ]
    (offer,) = find_offers(points, [], load_catalogue(), KPIS, NOW)
    assert offer.suggestion == "batch_tasks"
    assert offer.usd_per_week == pytest.approx(8.0 / weeks)
