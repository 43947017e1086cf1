"""KPIs of tool calls: which calls count, and from how many on."""

from __future__ import annotations

from typing import Any

import pytest

from tachograph.analysis.kpis import Seen
from tachograph.analysis.kpis.tool_use import error_rate, tool_overhead_ratio
from tests.builders.session import SessionScript


def calls(**numbers: int) -> Seen:
    """A session with so many calls of each category, or of each status where the name is one."""
    script = SessionScript()
    for name, number in numbers.items():
        given: dict[str, Any] = {"status": name} if name in STATUSES else {"category": name.replace("__", ":")}
        for _ in range(number):
            script.call(**given)
    return Seen(script.done())


STATUSES = ("ok", "error", "denied", "cancelled", "missing")


@pytest.mark.parametrize(
    ("numbers", "value"),
    [
        ({"task": 26, "shell": 10, "read": 1, "edit": 4}, 26 / 15),
        ({"task": 5, "read": 1, "edit": 1, "search": 1, "shell": 1, "web": 1}, 1.0),
        ({"shell": 10}, 0.0),
        ({"task": 3, "shell": 6}, None),
        ({"task": 3, "shell": 7}, 3 / 7),
        ({"task": 12}, 12.0),
        ({"task": 9}, None),
        ({"task": 10, "subagent": 1}, None),
        ({"task": 5, "shell": 10, "mcp__notes": 6, "subagent": 3, "other": 1}, 0.5),
        ({"task": 5, "shell": 10, "mcp__notes": 6, "subagent": 3, "other": 2}, None),
        ({}, None),
    ],
)
def test_overhead_is_management_per_productive_call(numbers: dict[str, int], value: float | None) -> None:
    assert tool_overhead_ratio(calls(**numbers)) == value


def test_calls_count_as_overhead_whatever_came_of_them() -> None:
    script = SessionScript()
    for status in STATUSES:
        script.call("TaskUpdate", "task", status)
        script.call("Read", "read", status)
    assert tool_overhead_ratio(Seen(script.done())) == 1.0


@pytest.mark.parametrize(
    ("value", "status"),
    [(0.5, "good"), (0.51, "fair"), (1.0, "fair"), (1.73, "warning"), (2.0, "warning"), (2.1, "critical")],
)
def test_thresholds_of_overhead(value: float, status: str) -> None:
    assert tool_overhead_ratio.status(value) == status


@pytest.mark.parametrize(
    ("numbers", "value"),
    [
        ({"ok": 9, "error": 1}, 0.1),
        ({"ok": 10}, 0.0),
        ({"error": 10}, 1.0),
        ({"ok": 8, "error": 1}, None),
        ({"ok": 15, "error": 5, "denied": 7, "cancelled": 3, "missing": 2}, 0.25),
        ({"ok": 5, "denied": 20}, None),
        ({}, None),
    ],
)
def test_errors_are_counted_among_finished_calls_from_ten_on(numbers: dict[str, int], value: float | None) -> None:
    assert error_rate(calls(**numbers)) == value


@pytest.mark.parametrize(
    ("value", "status"),
    [(0.0, "good"), (0.01, "fair"), (0.05, "fair"), (0.06, "warning"), (0.10, "warning"), (0.11, "critical")],
)
def test_thresholds_of_errors(value: float, status: str) -> None:
    assert error_rate.status(value) == status
