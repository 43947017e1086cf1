"""KPIs of sessions that only telemetry knows: what spans tell gives a value, what they do not tell gives none."""

from __future__ import annotations

from typing import Any

import pytest

from tachograph.analysis.kpis import Seen, load_kpis, measure_kpis
from tests.unit.telemetry.spans import Folder


def measure(folder: Folder) -> dict[str, float]:
    """KPIs of the folder's only session."""
    told = folder.read()
    (found,) = told.sessions
    scores: dict[str, tuple[float, ...]] = {}
    for evaluation in told.evaluations:
        scores[evaluation.name] = (*scores.get(evaluation.name, ()), evaluation.score)
    seen = Seen(
        session=found.session, scores=scores, context_utilization=found.context_utilization, is_summed=found.is_summed
    )
    return measure_kpis(seen).values


def test_a_full_session_has_its_kpis(folder: Folder) -> None:
    folder.prompt(**{"context.utilization_percent": 40})
    for task in range(4):
        folder.tool("TaskCreate", task_status="pending").tool("Edit", file_path=f"/home/ada/{task}.py")
    for task in range(3):
        folder.tool("TaskUpdate", task_id=str(task), task_status="completed").tool("Bash")
    folder.tool("Bash", code=2).tool("Read").tool("Read").at(600).tokens(100, 50, 850, 150)
    folder.score("relevance", 0.95).score("hallucination", 0.03)
    found = measure(folder)
    expected = {
        "token_efficiency": 0.05, "cache_efficiency": 850 / 950, "cache_reuse": 0.85, "task_completion_rate": 0.75,
        "tool_overhead_ratio": 0.7, "error_rate": 1 / 17, "context_peak": 80_000, "quality_relevance": 0.95,
        "quality_hallucination": 0.03,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert found["active_time_ratio"] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    ("build", "missing"),
    [
        (lambda f: f.tool("Bash").tool("Bash"), ["token_efficiency", "cache_efficiency", "context_peak"]),
        (lambda f: f.tokens(1, 1, 1), ["error_rate", "task_completion_rate", "tool_overhead_ratio", "context_peak"]),
        (lambda f: f.tool("TaskUpdate").tool("Bash").at(100).tool("Bash"), ["task_completion_rate"]),
        (lambda f: f.tool("Bash").at(100).tool("Bash"), ["active_time_ratio", "quality_relevance"]),
    ],
)  # fmt: skip
def test_what_spans_do_not_tell_has_no_value(folder: Folder, build: Any, missing: list[str]) -> None:
    assert measure(build(folder)).keys() & set(missing) == set()


def test_what_spans_never_tell_is_named(folder: Folder) -> None:
    summed, single = folder.tokens(1, 1).only(), folder.tool("Bash", "other").read().sessions[1]
    assert summed.untold_kpis - single.untold_kpis == {name for name in load_kpis() if name.startswith("cost_")}
    assert {"interruption_rate", "waste_share"} < single.untold_kpis < summed.untold_kpis < set(load_kpis())
