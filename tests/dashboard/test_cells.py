"""Cells that several pages show alike: nothing, not known, a lower bound and an estimate are four different things."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tachograph.app.dashboard.cells import (
    chart_waste,
    cost_cell,
    detector_cell,
    finding_target,
    project_cell,
    trajectory_cell,
    verdict_cell,
    waste_cost_cell,
    waste_tokens_cell,
)
from tachograph.app.dashboard.waste_sums import DetectorWaste, WasteAmounts
from tachograph.app.findings import FindingRecord
from tachograph.report.view import Cell
from tests.dashboard.walking import scope_of

SCOPE = scope_of(range="7d")


@pytest.mark.parametrize(
    ("usd", "unpriced", "used", "shown"),
    [
        (1.5, 0, 100, Cell(1.5)),
        (1.5, 2, 100, Cell(1.5, at_least=True)),
        (0.0, 0, 100, Cell(0.0)),
        (None, 2, 100, Cell(None)),
        (None, 2, 0, Cell(None)),
        (None, 0, 100, Cell(None)),
        (None, 0, 0, Cell(0.0)),
    ],
)
def test_only_what_used_nothing_cost_nothing(usd: float | None, unpriced: int, used: int, shown: Cell) -> None:
    assert cost_cell(usd, unpriced, used) == shown


def test_a_missing_log_makes_a_cost_a_lower_bound() -> None:
    assert cost_cell(1.5, 0, 100, at_least=True) == Cell(1.5, at_least=True)
    assert cost_cell(None, 1, 100, at_least=True) == Cell(None), "what is not known bounds nothing"


@pytest.mark.parametrize(
    ("verdict", "words", "tone"),
    [
        ("above_p75", "above", "warn"), ("within_band", "within", ""), ("below_p25", "below", ""),
        ("of_a_later_version", "of_a_later_version", ""),
    ],
)  # fmt: skip
def test_a_verdict_is_a_label_in_a_word(verdict: str, words: str, tone: str) -> None:
    cell = verdict_cell(verdict)
    assert (cell.value, cell.tone, cell.tag) == (words, tone, True)


@pytest.mark.parametrize("verdict", [None, "unavailable"])
def test_no_verdict_is_no_label(verdict: str | None) -> None:
    assert verdict_cell(verdict) == Cell("")


@pytest.mark.parametrize(
    ("verdict", "cell"),
    [
        (None, Cell("")),
        ("MUCH_BETTER", Cell("much better", tone="good", tag=True)),
        ("SIMILAR", Cell("similar", tag=True)),
        ("WORSE", Cell("worse", tone="warn", tag=True)),
        ("MUCH_WORSE", Cell("much worse", tone="bad", tag=True)),
    ],
)
def test_a_judges_answer_in_words(verdict: str | None, cell: Cell) -> None:
    assert trajectory_cell(verdict) == cell


def test_a_project_leads_to_itself_by_its_short_name() -> None:
    names = {"/home/ada/a & b": "a & b"}
    cell = project_cell("/home/ada/a & b", names, SCOPE)
    assert (cell.value, cell.title) == ("a & b", "/home/ada/a & b")
    assert cell.href == "/sessions?range=7d&project=%2Fhome%2Fada%2Fa+%26+b"
    assert project_cell("/home/ada/a & b", names, SCOPE, "waste").href.startswith("/waste?")
    assert project_cell(None, names, SCOPE) == Cell("(no project)", tone="dim")


@pytest.mark.parametrize(
    ("amounts", "tokens", "cost"),
    [
        (WasteAmounts(2, 2, 900, 0, 0.5), Cell(900), Cell(0.5, about=True)),
        (WasteAmounts(2, 2, 900, 0, 0.5, 1, 1), Cell(900, at_least=True), Cell(0.5, at_least=True)),
        (WasteAmounts(2, 2, None, 0, None, 2, 2), Cell(None), Cell(None)),
        (WasteAmounts(), Cell(None), Cell(None)),
    ],
)
def test_waste_is_an_estimate_or_a_lower_bound_never_both(amounts: WasteAmounts, tokens: Cell, cost: Cell) -> None:
    assert (waste_tokens_cell(amounts), waste_cost_cell(amounts)) == (tokens, cost)


def waste_of(name: str, usd: float | None) -> DetectorWaste:
    amounts = WasteAmounts(1, 1, 10, 0, usd)
    return DetectorWaste(
        detector=name, title=name.title(), about="It counts.", sessions=1, of=2, rate=0.5, amounts=amounts
    )


def test_a_detector_leads_to_its_findings() -> None:
    cell = detector_cell(waste_of("heavy_result", 1.0), SCOPE)
    assert (cell.value, cell.note, cell.title) == ("Heavy_Result", "heavy result", "It counts.")
    assert cell.href == "/waste?range=7d&detector=heavy_result#findings"


def test_the_chart_of_waste_has_a_bar_for_what_has_a_price_and_no_sum() -> None:
    chart = chart_waste([waste_of("heavy_result", 1.25), waste_of("night_work", None), waste_of("pairs", 0.5)], SCOPE)
    assert (chart.axis, chart.series[0].values) == (["heavy result", "pairs"], [1.25, 0.5])
    assert chart.hrefs == [f"/waste?range=7d&detector={name}#findings" for name in ("heavy_result", "pairs")]
    assert (chart.kind, chart.unit) == ("bars", "usd")
    assert "no sum" in chart.description


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"prompts": 1}, "1 prompt taken back"),
        ({"prompts": 3, "command": "make"}, "3 prompts taken back"),
        ({"command": "make test", "path": "/home/ada/x.py"}, "make test"),
        ({"command": "", "path": "/home/ada/x.py"}, "/home/ada/x.py"),
        ({"path": "/home/ada/orchard/shop/checkout/discounts.py"}, "…/shop/checkout/discounts.py"),
        ({"path": "C:\\Users\\ada\\orchard\\shop\\checkout\\discounts.py"}, "…/shop/checkout/discounts.py"),
        ({"target": "a long text that is / no path but words"}, "a long text that is / no path but words"),
        ({"cause": "longer_than_the_cache"}, "cache rebuilt: longer than the cache"),
        ({"other_session": "claude_code:abc/agent-7"}, "as in agent-7"),
        ({"other_session": "codex:0199"}, "as in 0199"),
        ({"tool": "Read"}, "Read"),
        ({"calls": 3}, ""),
        ({}, ""),
    ],
)  # fmt: skip
def test_a_finding_says_what_it_is_about(facts: dict[str, Any], words: str) -> None:
    evidence = {"calls": [], "responses": [], "turns": [], "facts": facts}
    at = datetime(2026, 5, 4, tzinfo=UTC)
    finding = FindingRecord("f", "heavy_result", "codex:a", "a", None, None, at, 1, None, 0, None, True, evidence)
    assert finding_target(finding) == words
