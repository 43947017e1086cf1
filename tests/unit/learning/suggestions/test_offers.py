"""Which suggestions are offered, for what, and in which order."""

from __future__ import annotations

import pytest

from tachograph.analysis.kpis import load_kpis
from tachograph.learning.records import Point
from tachograph.learning.suggestions import Offer, WasteSum, find_offers, find_session_offers, load_catalogue, render
from tachograph.learning.suggestions.catalogue import Suggestion, parse_catalogue
from tests.unit.learning.suggestions.building import NOW, point, row

SUGGESTIONS = load_catalogue()
KPIS = load_kpis()


def offer_points(points: list[Point]) -> list[Offer]:
    return find_offers(points, [], SUGGESTIONS, KPIS, NOW)


def ids(offers: list[Offer]) -> list[str]:
    return [offer.suggestion for offer in offers]


def one(when: str, saving: str = "unknown") -> dict[str, Suggestion]:
    return parse_catalogue(
        '[[suggestion]]\nid = "one"\ntitle = ""\npriority = "LOW"\ncategory = ""\nkpi = "error_rate"\n'
        'direction = "decrease"\nimpact = ""\nimplementation = ""\nguidance = "{sessions:int}"\n'
        f'when = {when}\nsaving = "{saving}"\n'
    )


# ------------------------------------------------------------------------------------------- the plan's session

POST_MORTEM = point(
    agent_type="translation",
    token_efficiency=0.001,
    tool_overhead_ratio=1.73,
    task_completion_rate=0.83,
    active_time_ratio=0.22,
    cache_efficiency=0.983,
    error_rate=0.0,
    document_coverage=1 / 3,
    quality_relevance=0.95,
    quality_faithfulness=0.94,
    quality_coherence=0.93,
    quality_hallucination=0.03,
)


def test_the_plans_session_gives_exactly_its_five_suggestions() -> None:
    offers = find_session_offers(POST_MORTEM, KPIS, SUGGESTIONS)
    assert ids(offers) == ["background_agents", "batch_tasks", "preload_documents", "close_tasks", "idle_timeout"]
    assert [offer.priority for offer in offers] == ["CRITICAL", "HIGH", "HIGH", "MEDIUM", "MEDIUM"]
    assert {offer.agent_type for offer in offers} == {"translation"}
    assert {offer.usd_per_week for offer in offers} == {None}
    assert offers[1].numbers == {"sessions": 1.0, "value": 1.73, "bound": 1.0}
    assert offers[1].evidence == ("tool_overhead_ratio 1.73 (median of 1 session), bound 1", "claude_code:s0")
    assert render(SUGGESTIONS["batch_tasks"], offers[1].numbers) == (
        "Recent sessions here (n = 1) made 1.73 task or plan calls for each productive one; guide value 1. Creating all"
        " tasks in one go, and changing a task once when its work is done, can take about half as many calls."
    )
    assert "read 33 % of the documents" in render(SUGGESTIONS["preload_documents"], offers[2].numbers)


def test_three_such_sessions_give_the_same_five() -> None:
    points = [point(n, agent_type="translation", days_ago=n + 1, **POST_MORTEM.values) for n in range(3)]
    assert sorted(ids(offer_points(points))) == sorted(ids(find_session_offers(POST_MORTEM, KPIS, SUGGESTIONS)))


def test_a_session_as_it_should_be_gives_none() -> None:
    fine = point(token_efficiency=0.05, tool_overhead_ratio=0.3, task_completion_rate=1.0, active_time_ratio=0.7,
                 cache_efficiency=0.95, document_coverage=1.0)  # fmt: skip
    assert find_session_offers(fine, KPIS, SUGGESTIONS) == []
    assert find_session_offers(point(), KPIS, SUGGESTIONS) == []


# ----------------------------------------------------------------------------------------------------- conditions


@pytest.mark.parametrize(
    ("values", "offered"),
    [
        ([0.3, 0.4, 0.5], True),
        ([0.3, 0.4], False),  # too few
        ([0.1, 0.2, 0.9], False),  # the median is at the bound
        ([0.1, 0.21, 0.9], True),
        ([0.9] * 9 + [0.1] * 11, False),
    ],
)
def test_the_median_of_recent_values_decides(values: list[float], offered: bool) -> None:
    catalogue = one('{ kpi = "error_rate", worse_than = 0.2 }')
    assert bool(find_offers(row(values, "error_rate"), [], catalogue, KPIS, NOW)) is offered


def test_only_the_last_twenty_values_count_and_only_those_of_four_weeks() -> None:
    catalogue = one('{ kpi = "error_rate", worse_than = 0.2 }')
    early = [point(n, days_ago=20, error_rate=0.9) for n in range(50)]
    late = [point(100 + n, days_ago=2, error_rate=0.1) for n in range(20)]
    assert find_offers([*late, *early], [], catalogue, KPIS, NOW) == []
    (offer,) = find_offers([*late[:9], *early], [], catalogue, KPIS, NOW)
    assert offer.numbers == {"sessions": 20.0, "value": 0.9, "bound": 0.2}
    gone = [point(n, days_ago=28, error_rate=0.9) for n in range(9)]
    coming = [point(n, days_ago=-1, error_rate=0.9) for n in range(9)]
    assert find_offers([*gone, *coming], [], catalogue, KPIS, NOW) == []


def test_sessions_without_the_kpi_do_not_push_others_out() -> None:
    with_it = row([0.5, 0.5, 0.5], "error_rate")
    without = [point(10 + n, days_ago=0.1, cost_per_turn=1.0) for n in range(40)]
    assert len(find_offers([*with_it, *without], [], one('{ kpi = "error_rate", worse_than = 0.2 }'), KPIS, NOW)) == 1


@pytest.mark.parametrize(
    ("bound", "value", "offered"),
    [("target", 0.04, True), ("warning", 0.04, False), ("warning", 0.06, True), ("critical", 0.06, False),
     ("critical", 0.11, True)],
)  # fmt: skip
def test_a_bound_may_be_a_threshold_of_the_kpi(bound: str, value: float, offered: bool) -> None:
    catalogue = one(f'{{ kpi = "error_rate", worse_than = "{bound}" }}')
    assert bool(find_offers(row([value] * 3, "error_rate"), [], catalogue, KPIS, NOW)) is offered


@pytest.mark.parametrize(
    "when", ['{ kpi = "unheard_of", worse_than = 1 }', '{ kpi = "cache_reuse", worse_than = "target" }']
)
def test_without_the_kpi_or_its_threshold_nothing_is_offered(when: str) -> None:
    points = [point(n, unheard_of=9.0, cache_reuse=0.0) for n in range(3)]
    assert find_offers(points, [], one(when), KPIS, NOW) == []
    assert find_session_offers(points[0], KPIS, one(when)) == []


def test_agent_types_are_told_apart_and_models_are_not() -> None:
    points = [
        *row([0.5, 0.5], "error_rate"), point(9, family="other", error_rate=0.5),
        *row([0.5, 0.5], "error_rate", agent_type="scout"), *row([0.0] * 5, "error_rate", agent_type="writer"),
    ]  # fmt: skip
    offers = find_offers(points, [], one('{ kpi = "error_rate", worse_than = 0.2 }'), KPIS, NOW)
    assert [(offer.agent_type, offer.numbers["sessions"]) for offer in offers] == [("main", 3.0)]


def test_the_evidence_names_the_worst_sessions_first_and_no_odd_characters() -> None:
    points = row([0.3, 0.9, 0.4, 0.8, 0.5, 0.6], "error_rate")
    hostile = point(session="claude_code:]0;x<b>ignore", error_rate=1.0)
    (offer,) = find_offers([*points, hostile], [], one('{ kpi = "error_rate", worse_than = 0.2 }'), KPIS, NOW)
    assert offer.evidence == (
        "error_rate 0.6 (median of 7 sessions), bound 0.2",
        "claude_code:??0?x??b?ignore", "claude_code:s1", "claude_code:s3", "claude_code:s5", "claude_code:s4",
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------------------- waste


@pytest.mark.parametrize(
    ("findings", "usd", "weeks", "saving"),
    [
        (3, 8.0, 4.0, [2.0]),
        (2, 80.0, 4.0, []),  # too few
        (3, 7.9, 4.0, []),  # too cheap
        (3, None, 4.0, [None]),  # not priced
        (3, 2.0, 0.2, [2.0]),  # a history of a day is not taken for more than a week
        (3, 1.0, 0.2, []),
    ],
)
def test_waste_is_offered_when_there_is_enough(
    findings: int, usd: float | None, weeks: float, saving: list[float | None]
) -> None:
    catalogue = one('{ detector = "heavy_result", min_usd_per_week = 2 }', saving="findings")
    waste = [
        WasteSum("heavy_result", "scout", usd, findings, 3, weeks), WasteSum("redundant_read", "scout", 9.0, 9, 9, 4.0)
    ]  # fmt: skip
    offers = find_offers([], waste, catalogue, KPIS, NOW)
    assert [offer.usd_per_week for offer in offers] == saving
    for offer in offers:
        assert offer.numbers == {"findings": 3.0, "sessions": 3.0, "weeks": max(1.0, weeks)}
        assert offer.evidence == (f"heavy_result: 3 findings in 3 sessions, {max(1.0, weeks)} weeks",)
        assert offer.basis.startswith("no estimate" if usd is None else "estimate")


def test_waste_of_one_or_two_sessions_is_no_habit() -> None:
    catalogue = one('{ detector = "heavy_result" }', saving="findings")
    offered = [
        find_offers([], [WasteSum("heavy_result", "scout", 80.0, 9, n, 4.0)], catalogue, KPIS, NOW) for n in (1, 2, 3)
    ]
    assert [len(offers) for offers in offered] == [0, 0, 1]


def test_each_agents_sessions_are_looked_at_by_themselves() -> None:
    catalogue = one('{ detector = "heavy_result" }', saving="findings")
    waste = [WasteSum("heavy_result", "main", usd, 9, 2 if agent == "codex" else 5, 4.0, agent)
             for agent, usd in (("claude_code", 40.0), ("codex", 80.0))]  # fmt: skip
    (offer,) = find_offers([], waste, catalogue, KPIS, NOW)
    assert (offer.agent, offer.usd_per_week, offer.numbers["sessions"]) == ("claude_code", 10.0, 5.0)


def test_of_two_agents_that_it_fits_the_one_that_saves_most_is_offered_it() -> None:
    catalogue = one('{ detector = "heavy_result" }', saving="findings")
    waste = [WasteSum("heavy_result", "main", usd, 9, 5, 4.0, agent) for agent, usd in (("a", 40.0), ("b", 80.0))]
    assert [(one.agent, one.usd_per_week) for one in find_offers([], waste, catalogue, KPIS, NOW)] == [("b", 20.0)]
    (offer,) = find_offers([], waste, catalogue, KPIS, NOW, told=["a"])  # hooks can speak to a alone
    assert (offer.agent, offer.usd_per_week) == ("a", 10.0)
    (offer,) = find_offers([], waste, catalogue, KPIS, NOW, told=["a", "b"])
    assert offer.agent == "b"


# -------------------------------------------------------------------------------------------------------- ranking


def test_the_largest_saving_comes_first_then_priority() -> None:
    waste = [
        WasteSum("redundant_read", "main", 40.0, 9, 9, 4.0),  # LOW
        WasteSum("failed_edit_loop", "main", 4.0, 9, 9, 4.0),  # HIGH
        WasteSum("heavy_result", "main", None, 9, 9, 4.0),  # MEDIUM
        WasteSum("heavy_result", "scout", 0.0, 9, 9, 4.0),  # too cheap
        WasteSum("abandoned_branch", "scout", 0.0, 9, 9, 4.0),  # MEDIUM
        WasteSum("repeated_failed_retry", "main", None, 9, 9, 4.0),  # HIGH
    ]
    offers = find_offers(row([0.1] * 3, "task_completion_rate", usd=5.0), waste, SUGGESTIONS, KPIS, NOW)
    assert [(offer.suggestion, offer.usd_per_week) for offer in offers] == [
        ("reuse_reads", 10.0),
        ("look_before_editing_again", 1.0),
        ("check_course_early", 0.0),
        ("change_before_retrying", None),
        ("close_tasks", None),
        ("narrow_results", None),
    ]


def test_the_order_of_points_does_not_matter() -> None:
    points = [
        point(n, days_ago=1 + n % 5, usd=n / 3, error_rate=n / 40, token_efficiency=n / 40_000) for n in range(40)
    ]
    catalogue = {**SUGGESTIONS, **one('{ kpi = "error_rate", worse_than = 0.2 }')}
    offers = find_offers(points, [], catalogue, KPIS, NOW)
    assert ids(offers) == ["background_agents", "one"]
    assert find_offers(points[::-1], [], catalogue, KPIS, NOW) == offers
