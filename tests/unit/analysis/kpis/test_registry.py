"""What a KPI is, how the KPIs are found, and how a session is measured."""

from __future__ import annotations

import itertools
import math
import sys
from pathlib import Path

import pytest

import tachograph.analysis.kpis as home
from tachograph.analysis.kpis import Kpi, Lacking, Measured, Seen, kpi, load_kpis, measure_kpis
from tachograph.model import Session, TaskChange
from tests.builders.session import SessionScript
from tests.effort import takes_at_most

EMPTY = Session("claude_code:s1", "claude_code", "main")
THRESHOLDS = {
    "token_efficiency": (0.007, 0.003, 0.0015),
    "task_completion_rate": (0.95, 0.85, 0.70),
    "active_time_ratio": (0.60, 0.40, 0.20),
    "tool_overhead_ratio": (0.5, 1.0, 2.0),
    "cache_efficiency": (0.90, 0.80, 0.70),
    "error_rate": (0.0, 0.05, 0.10),
    "quality_relevance": (0.90, 0.70, 0.50),
    "quality_faithfulness": (0.90, 0.80, 0.60),
    "quality_coherence": (0.90, 0.75, 0.60),
    "quality_hallucination": (0.05, 0.10, 0.20),
}
BY_BASELINE = {
    "cache_reuse": "up",
    "cost_per_turn": "down",
    "cost_per_output_token": "down",
    "cost_per_completed_task": "down",
    "waste_share": "down",
    "interruption_rate": "down",
    "follow_up_rate": "down",
    "context_peak": "down",
    "rework_rate": "down",
    "document_coverage": "up",
}
LOGARITHMIC = {"cost_per_turn", "cost_per_output_token", "cost_per_completed_task", "context_peak"}

# ------------------------------------------------------------------------------------------------- all of them


def test_the_kpis_with_and_without_thresholds_are_these() -> None:
    found = load_kpis()
    assert list(found) == sorted([*THRESHOLDS, *BY_BASELINE])
    told = {name: (one.target, one.warning, one.critical) for name, one in found.items() if one.target is not None}
    assert told == THRESHOLDS
    assert {name: found[name].better for name in BY_BASELINE} == BY_BASELINE


def test_thresholds_get_worse_from_target_to_critical() -> None:
    for name, (target, warning, critical) in THRESHOLDS.items():
        one = load_kpis()[name]
        assert one.is_worse(warning, target), name
        assert one.is_worse(critical, warning), name


def test_costs_and_context_are_measured_on_a_logarithmic_scale_with_a_spread_to_suit() -> None:
    for name, one in load_kpis().items():
        assert (one.scale == "log") == (name in LOGARITHMIC), name
        assert (0.2 <= one.least_sd <= 0.5) if one.scale == "log" else (0 < one.least_sd <= 0.1), name


def test_three_kpis_have_something_to_go_by_before_there_is_a_baseline() -> None:
    assert {name: one.default for name, one in load_kpis().items() if one.default is not None} == {
        "token_efficiency": (0.006, 0.004),
        "task_completion_rate": (0.90, 0.10),
        "active_time_ratio": (0.50, 0.15),
    }


@pytest.mark.parametrize("name", sorted([*THRESHOLDS, *BY_BASELINE]))
def test_a_kpi_says_what_it_is_and_where_it_holds(name: str) -> None:
    one = load_kpis()[name]
    assert (one.name, bool(one.unit), bool(one.title)) == (name, True, True)
    assert one.source.endswith(".")
    assert "/" in one.formula or name.startswith(("quality", "context"))
    assert "not apply" in one.domain_of_validity
    assert "\n" not in one.formula + one.domain_of_validity


def test_of_an_empty_session_nothing_is_known_and_nothing_is_missing() -> None:
    measured = measure_kpis(Seen(EMPTY))
    assert measured == Measured({}, {})
    assert measured.completeness is None


def test_an_agent_that_writes_no_output_counts_leaves_two_kpis_lacking() -> None:
    script = SessionScript().prompt().response(input=10, cache_read=90, output=1, reliable=False)
    measured = measure_kpis(Seen(script.done(), cost_pico=10**12))
    assert measured.values == {
        "context_peak": 100.0,
        "cost_per_turn": 1.0,
        "follow_up_rate": 0.0,
        "interruption_rate": 0.0,
        "waste_share": 0.0,
    }
    assert set(measured.lacking) == {"token_efficiency", "cost_per_output_token"}
    assert measured.completeness == pytest.approx(5 / 7)


# ------------------------------------------------------------------------------------------------- one of them


def make(value: object, better: str = "down", thresholds: tuple[float, float, float] | None = (1, 2, 3)) -> Kpi:
    given: dict[str, object] = {"better": better, "source": "Made up.", "thresholds": thresholds}
    return kpi("made_up", "calls", "Made up", **given)(lambda seen: value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_lacking(value: float) -> None:
    assert make(value)(Seen(EMPTY)) == Lacking("it cannot be computed from such numbers")


@pytest.mark.parametrize("value", [0.5, 0, None, Lacking("of this")])
def test_other_values_are_handed_on(value: object) -> None:
    assert make(value)(Seen(EMPTY)) == value


@pytest.mark.parametrize(
    ("better", "thresholds", "statuses"),
    [
        ("down", (1, 2, 3), ["good", "good", "fair", "warning", "critical"]),
        ("up", (3, 2, 1), ["critical", "warning", "fair", "good", "good"]),
        ("up", None, [None] * 5),
    ],
)
def test_a_bound_itself_is_still_on_the_better_side(
    better: str, thresholds: tuple[float, float, float] | None, statuses: list[str | None]
) -> None:
    one = make(0, better, thresholds)
    assert [one.status(value) for value in (0.5, 1, 2, 3, 3.5)] == statuses


def test_the_docstring_falls_into_formula_and_domain() -> None:
    def share(seen: Seen) -> float:
        """A / b,
        in tokens.

        Does not apply
        to some.

        Nor to others.
        """
        return 1

    one = kpi("share", "ratio", "Share", better="up", source="Made up.")(share)
    assert one.formula == "A / b, in tokens."
    assert one.domain_of_validity == "Does not apply to some. Nor to others."
    assert one.doc.startswith("A / b,\nin tokens.\n\nDoes not")


# ------------------------------------------------------------------------------------------------- adding a KPI

NEW_KPI = '''
from tachograph.analysis.kpis import Lacking, kpi

@kpi("longest_prompt", "characters", "Longest prompt", better="down", source="Made up.", thresholds=(9, 99, 999))
def longest_prompt(seen):
    """Characters of the longest prompt.

    Does not apply without a prompt; lacking where one is empty."""
    chars = [prompt.chars for prompt in seen.session.prompts]
    return Lacking("a prompt is empty") if 0 in chars else max(chars, default=None)
'''
_numbers = itertools.count()


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that belongs to the KPIs' package as long as the test runs."""
    monkeypatch.setattr(home, "__path__", [*home.__path__, str(tmp_path)])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    load_kpis.cache_clear()
    yield tmp_path  # type: ignore[misc]
    load_kpis.cache_clear()


def test_a_new_module_with_one_function_is_a_new_kpi(added: Path) -> None:
    (added / f"new_{next(_numbers)}.py").write_text(NEW_KPI)
    assert measure_kpis(Seen(SessionScript().prompt("Repair it.").done())).values["longest_prompt"] == 10.0
    assert measure_kpis(Seen(SessionScript().prompt("").done())).lacking["longest_prompt"] == "a prompt is empty"
    assert "longest_prompt" not in measure_kpis(Seen(EMPTY)).values
    assert load_kpis()["longest_prompt"].status(100) == "warning"


def test_a_package_of_its_own_can_be_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / f"house_kpis_{next(_numbers)}"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "prompts.py").write_text(NEW_KPI)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert list(load_kpis(folder.name)) == ["longest_prompt"]


def test_two_kpis_of_one_name_are_refused(added: Path) -> None:
    (added / f"new_{next(_numbers)}.py").write_text(NEW_KPI.replace("longest_prompt", "error_rate"))
    with pytest.raises(ValueError, match="two KPIs named 'error_rate'"):
        load_kpis()


def test_a_module_with_an_underscore_is_no_place_for_kpis(added: Path) -> None:
    (added / f"_new_{next(_numbers)}.py").write_text(NEW_KPI)
    assert "longest_prompt" not in load_kpis()


# --------------------------------------------------------------------------------------------------------- speed


def long_session() -> Session:
    """2,000 records: 40 turns with edits, commands, questions and lists of tasks."""
    script = SessionScript()
    for turn in range(40):
        script.prompt(f"Look at docs/page{turn}.md and go on.")
        for step in range(24):
            script.response(took=1, input=5, cache_read=90_000, cache_write_5m=900, output=300)
            if step == 0:
                script.call("AskUserQuestion", "other", took=20)
            elif step == 1:
                script.call("TodoWrite", "task", tasks=tuple(TaskChange(key, "completed") for key in range(5)))
            elif step % 2:
                script.call("Edit", "edit", took=1, path=f"/f{step}", lines_added=3, lines_removed=1)
            else:
                script.call(command=f"cat docs/page{turn}.md", took=1)
        script.marker("interruption")
    return script.done()


def test_all_kpis_of_a_long_session_take_a_few_milliseconds() -> None:
    seen = Seen(long_session(), cost_pico=10**13)
    measure_kpis(seen)  # commands are examined once in a process
    measured = takes_at_most(0.06, lambda: measure_kpis(seen))  # 6 ms on the machine it was written on
    assert len(measured.values) == 16
