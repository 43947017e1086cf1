"""Task completion: each task once, as it was left."""

from __future__ import annotations

from typing import Any

import pytest

from tachograph.analysis.kpis import Lacking, Seen
from tachograph.analysis.kpis.tasks import task_completion_rate
from tachograph.model import Session, TaskChange
from tests.builders.session import SessionScript

UNTOLD = Lacking("its task calls do not say what became of the tasks")
STATES: dict[str, Any] = {"o": "open", "s": "started", "c": "completed", "d": "dropped"}


def tasks(*steps: str) -> Session:
    """Calls in short: ``TaskUpdate 1c``, ``TodoWrite 1o 2s``: the tool, then each task's number and its new state."""
    script = SessionScript()
    for step in steps:
        name, *changes = step.split()
        changed = tuple(TaskChange(int(change[:-1]), STATES[change[-1]]) for change in changes)
        script.call(name, "task", tasks=changed)
    return script.done()


@pytest.mark.parametrize(
    ("steps", "value"),
    [
        (["TaskCreate 1o", "TaskCreate 2o", "TaskUpdate 1s", "TaskUpdate 1c"], 0.5),
        (["TaskCreate 1o", "TaskUpdate 1c", "TaskUpdate 1c", "TaskUpdate 1c", "TaskCreate 2o"], 0.5),
        (["TaskCreate 1o", "TaskUpdate 1c", "TaskUpdate 1s"], 0.0),
        (["TaskCreate 1o", "TaskCreate 2o", "TaskUpdate 1c", "TaskUpdate 2d"], 1.0),
        (["TaskCreate 1o", "TaskUpdate 1c", "TaskUpdate 1d", "TaskCreate 2o"], 0.0),
        (["TaskCreate 1o", "TaskUpdate 1d"], None),
        (["TaskUpdate 7c"], 1.0),
        (["TodoWrite 1s 2o 3o", "TodoWrite 1c 2s 3o", "TodoWrite 1c 2c 3c"], 1.0),
        (["update_plan 1c 2c 3s 4o"], 0.5),
    ],
)
def test_completed_tasks_among_those_made(steps: list[str], value: float | None) -> None:
    assert task_completion_rate(Seen(tasks(*steps))) == value


@pytest.mark.parametrize(
    ("steps", "value"),
    [
        (["TodoWrite 1c 2o 3o", "TodoWrite 1c 4c"], 1.0),
        (["TodoWrite 1o 2c", "TodoWrite 1o"], 0.5),
        (["TodoWrite 1o 2o", "TodoWrite 2c", "TodoWrite 1o 2c"], 0.5),
        (["TodoWrite 1c 2o", "TodoWrite 3c 4c"], 0.75),
        (["TodoWrite 1c 2o", "TodoWrite"], 0.5),
        (["TodoWrite 1o", "TaskCreate 9o", "TodoWrite 1c"], 0.5),
    ],
    ids=["refined", "completed before", "back again", "another list", "emptied", "a task of another tool"],
)
def test_an_open_item_taken_off_a_list_that_goes_on_is_dropped(steps: list[str], value: float) -> None:
    assert task_completion_rate(Seen(tasks(*steps))) == value


def test_the_order_of_the_calls_counts_not_that_of_the_records() -> None:
    session = tasks("TaskCreate 1o", "TaskUpdate 1c")
    turned = Session(session.id, "claude_code", "main", tool_calls=session.tool_calls[::-1])
    assert task_completion_rate(Seen(turned)) == 1.0


def test_without_tasks_it_is_absent_and_without_their_states_it_is_lacking() -> None:
    assert task_completion_rate(Seen(tasks())) is None
    assert task_completion_rate(Seen(tasks("TaskList"))) is None
    assert task_completion_rate(Seen(SessionScript().call("TaskCreate", "task", "error").done())) is None
    assert task_completion_rate(Seen(tasks("TaskCreate", "TaskList"))) == UNTOLD


def test_before_there_is_a_baseline_nine_in_ten_are_expected() -> None:
    assert task_completion_rate.default == (0.90, 0.10)
    assert [task_completion_rate.status(value) for value in (0.95, 0.9, 0.83, 0.7, 0.69)] == [
        "good", "fair", "warning", "warning", "critical",
    ]  # fmt: skip
