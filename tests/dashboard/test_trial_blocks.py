"""One trial in blocks: what is proven, where, and what is not known yet."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from tachograph.app.dashboard.trial_blocks import show_trial
from tachograph.app.trials import TrialRow
from tachograph.learning.trials.records import Effect, Where
from tachograph.report.view import Code, Facts, Section, View
from tests.dashboard.walking import column, grid_of, walk

AT = datetime(2026, 5, 4, 9, tzinfo=UTC)
BETTER = Effect(
    n_treatment=20, n_control=22, mean_treatment=0.5, mean_control=1.0, difference=-0.5, low=-0.7, high=-0.3,
    e_value=41.234, harm_e_value=0.0449,
)  # fmt: skip
EMPTY = Effect()
TRIAL = TrialRow(
    "t1", "batch_tasks", "main", "proven", "evidence of 41", "tool_overhead_ratio", AT, AT, None, None, "even", 21, 23,
    BETTER, {"error_rate": EMPTY},
    [Where("task_type", "bugfix", BETTER, True), Where("project", "/home/ada/site", EMPTY, False)],
)  # fmt: skip


def view_of(trial: TrialRow) -> View:
    return View("Trial", [show_trial(trial)])


def facts_of(view: View) -> dict[str, object]:
    return {name: cell.value for b in walk(view.blocks) if isinstance(b, Facts) for name, cell, _ in b.items}


def test_the_target_comes_first_then_what_must_not_get_worse() -> None:
    grid = grid_of(view_of(TRIAL), "trial-effects")
    assert [cell.value for cell in column(grid, "kpi")] == [
        "Management calls per productive call (target)", "Failed tool calls",
    ]  # fmt: skip
    assert [cell.value for cell in column(grid, "n_treatment")] == [20, 0]
    assert [cell.value for cell in column(grid, "mean_control")] == ["1", None]
    assert [cell.value for cell in column(grid, "e_value")] == [41.23, 1.0]
    assert [cell.value for cell in column(grid, "harm_e_value")] == [0.04, 1.0]
    assert column(grid, "difference")[1].value is None, "an empty arm has no difference, and none of 0"


def test_where_it_is_proven_is_told_for_each_kind() -> None:
    grid = grid_of(view_of(TRIAL), "trial-where")
    assert [cell.value for cell in column(grid, "by")] == ["task type", "project"]
    assert [cell.value for cell in column(grid, "stratum")] == ["bugfix", "/home/ada/site"]
    assert [(cell.value, cell.tone) for cell in column(grid, "proven")] == [("proven", "good"), ("", "")]
    assert [cell.value for cell in column(grid, "n_control")] == [22, 0]


def test_without_kinds_there_is_no_such_table() -> None:
    view = view_of(msgspec.structs.replace(TRIAL, where=[]))
    assert {grid.id for grid in walk(view.blocks) if hasattr(grid, "rows")} == {"trial-effects"}


@pytest.mark.parametrize(
    ("changes", "there", "missing"),
    [
        ({}, {"decided": AT, "given the text": 21, "left without": 23}, {"ended by", "review due"}),
        ({"decided_at": None}, {"state": "proven"}, {"decided", "ended by", "review due"}),
        ({"closed_by": "retire"}, {"ended by": "retire"}, {"review due"}),
        ({"review_due_at": AT}, {"review due": AT}, {"ended by"}),
    ],
)
def test_only_what_has_happened_is_told(
    changes: dict[str, object], there: dict[str, object], missing: set[str]
) -> None:
    facts = facts_of(view_of(msgspec.structs.replace(TRIAL, **changes)))
    assert {name: facts[name] for name in there} == there
    assert not missing & set(facts)


@pytest.mark.parametrize(
    ("closed_by", "agent_type", "commands"),
    [
        (None, "main", ["tacho suggest disable batch_tasks --agent-type main"]),
        (None, "a; rm -rf ~", ["tacho suggest disable batch_tasks --agent-type 'a; rm -rf ~'"]),
        ("disable", "main", []),
    ],
)
def test_the_command_that_ends_it_is_offered_while_it_goes_on(
    closed_by: str | None, agent_type: str, commands: list[str]
) -> None:
    view = view_of(msgspec.structs.replace(TRIAL, closed_by=closed_by, agent_type=agent_type))
    assert [block.text for block in walk(view.blocks) if isinstance(block, Code)] == commands
    (section,) = (block for block in view.blocks if isinstance(block, Section))
    assert (section.title, section.id, section.how) == ("Trial of batch_tasks", "trial", "trials")


def test_a_kpi_that_is_no_longer_part_of_tacho_has_its_name() -> None:
    grid = grid_of(view_of(msgspec.structs.replace(TRIAL, kpi="gone_kpi", guards={})), "trial-effects")
    ((name, *_, mean, _n, other, difference, _e, _h),) = [[cell.value for cell in row] for row in grid.rows]
    assert str(name).endswith("(target)")
    assert (mean, other, difference) == (None, None, None)
