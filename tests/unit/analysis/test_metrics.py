"""Every metric on a session written by hand, and how a new one is found."""

from __future__ import annotations

import itertools
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

import tachograph.analysis.metrics as home
from tachograph.analysis.metrics import load_metrics, measure, metric
from tachograph.model import FileTouch, Pass, Session, Usage
from tests.builders.session import SessionScript

EMPTY = Session("claude_code:s1", "claude_code", "main")
BUSY = (
    SessionScript()
    .prompt("Repair the login.")
    .response(took=2, input=10, cache_read=1_000, cache_write_5m=200, cache_write_1h=50, output=90, reasoning=30)
    .call("Bash", "shell", "error", took=3, command="pytest", exit_code=1, error_signature="# failed")
    .touch("read", "/home/ada/site/a.py")
    .touch("modify", "/home/ada/site/a.py")
    .touch("modify", "/home/ada/site/a.py")
    .touch(
        "create", "/home/ada/site/b.py", more=(FileTouch("/home/ada/site/c.py", "create"), FileTouch("/d", "delete"))
    )
    .touch("modify", "/home/ada/site/never.py", status="error")
    .touch("delete", "/home/ada/site/refused.py", status="denied")
    .call("mcp__notes__add", "mcp:notes", took=None, status="missing")
    .marker("interruption")
    .marker("compaction", value=150_000)
    .marker("api_error", "overloaded", 529)
    .at(1_000)
    .prompt("/clear", "slash")
    .prompt("!ls", "shell")
    .prompt("Look.", "task")
    .prompt("Done.", "notification")
    .response("other-model", took=1, output=5, web_searches=2, reliable=False)
    .call("Task", "subagent", took=1, agent_type="Explore", lines_added=3, lines_removed=1)
    .done()
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (
            "tokens",
            {
                "input": 10,
                "cache_read": 1_000,
                "cache_write_5m": 200,
                "cache_write_1h": 50,
                "output": 95,
                "reasoning": 30,
            },
        ),
        ("responses", 2),
        ("web_searches", 2),
        ("output_unreliable_responses", 1),
        ("models", ["house-model", "other-model"]),
        ("turns", 3),
        ("human_prompts", 3),
        ("interruptions", 1),
        ("compactions", 1),
        ("api_errors", 1),
        ("duration_seconds", 1_002.0),
        ("active_seconds", 7.0),
        ("tool_calls_by_name", {"Edit": 6, "Bash": 1, "Task": 1, "mcp__notes__add": 1}),
        ("tool_calls_by_category", {"edit": 6, "mcp:notes": 1, "shell": 1, "subagent": 1}),
        ("tool_calls_by_status", {"ok": 5, "denied": 1, "error": 2, "missing": 1}),
        ("files_read", {"count": 1, "paths": ["/home/ada/site/a.py"]}),
        ("files_modified", {"count": 1, "paths": ["/home/ada/site/a.py"]}),
        ("files_created", {"count": 2, "paths": ["/home/ada/site/b.py", "/home/ada/site/c.py"]}),
        ("files_deleted", {"count": 1, "paths": ["/d"]}),
        ("lines_added", 3),
        ("lines_removed", 1),
    ],
)
def test_a_metric_says_what_the_records_say(name: str, value: Any) -> None:
    assert msgspec.to_builtins(load_metrics()[name](BUSY)) == value


def test_the_most_frequent_tool_comes_first() -> None:
    assert list(measure(BUSY)["tool_calls_by_name"]) == ["Edit", "Bash", "Task", "mcp__notes__add"]


def test_calls_are_listed_in_order_and_leave_out_what_the_log_does_not_say() -> None:
    calls = msgspec.to_builtins(measure(BUSY)["tool_calls"])
    assert [call["name"] for call in calls] == ["Bash", *["Edit"] * 6, "mcp__notes__add", "Task"]
    assert calls[0] == {
        "name": "Bash",
        "category": "shell",
        "status": "error",
        "at": "2026-05-28T20:26:42Z",
        "duration_seconds": 3.0,
        "exit_code": 1,
        "command": "pytest",
        "error_signature": "# failed",
    }
    assert calls[7] == {"name": "mcp__notes__add", "category": "mcp:notes", "status": "missing", "at": calls[7]["at"]}
    assert (calls[8]["agent_type"], calls[5]["file_op"]) == ("Explore", "modify")


def test_the_tool_s_own_time_goes_before_the_time_until_its_result() -> None:
    session = SessionScript().call(took=9, duration_ms=400).done()
    assert measure(session)["tool_calls"][0].duration_seconds == 0.4


def test_models_of_further_passes_are_named_too() -> None:
    passes = (Pass("house-model", Usage(output=1)), Pass("judge-model", Usage(output=2)))
    assert measure(SessionScript().response(passes=passes, output=3).done())["models"] == ["house-model", "judge-model"]


def test_of_an_empty_session_everything_is_known_but_how_long_it_took() -> None:
    record = measure(EMPTY)
    assert set(load_metrics()) - set(record) == {"duration_seconds"}
    assert record["turns"] == 0
    assert record["files_created"].paths == []


def test_metrics_say_what_they_are() -> None:
    for name, one in load_metrics().items():
        assert (one.name, bool(one.unit), bool(one.title), bool(one.doc)) == (name, True, True, True)


def test_the_clock_of_the_script_is_what_the_expectations_take_it_for() -> None:
    assert BUSY.started_at == round(datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC).timestamp() * 1000)


# ---------------------------------------------------------------------------------------------- adding a metric

NEW_METRIC = '''
from tachograph.analysis.metrics import metric

@metric("longest_prompt", "characters", "Longest prompt")
def longest_prompt(session):
    """Characters of the longest prompt; absent without one."""
    return max((prompt.chars for prompt in session.prompts), default=None)
'''
_numbers = itertools.count()


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that belongs to the metrics' package as long as the test runs."""
    monkeypatch.setattr(home, "__path__", [*home.__path__, str(tmp_path)])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    load_metrics.cache_clear()
    yield tmp_path  # type: ignore[misc]
    load_metrics.cache_clear()


def test_a_new_module_with_one_function_is_a_new_metric(added: Path) -> None:
    (added / f"new_{next(_numbers)}.py").write_text(NEW_METRIC)
    assert measure(BUSY)["longest_prompt"] == len("Repair the login.")
    assert "longest_prompt" not in measure(EMPTY)


def test_two_metrics_of_one_name_are_refused(added: Path) -> None:
    (added / f"new_{next(_numbers)}.py").write_text(NEW_METRIC.replace("longest_prompt", "turns"))
    with pytest.raises(ValueError, match="two metrics named 'turns'"):
        load_metrics()


def test_a_module_with_an_underscore_is_no_place_for_metrics(added: Path) -> None:
    (added / f"_new_{next(_numbers)}.py").write_text(NEW_METRIC)
    assert "longest_prompt" not in load_metrics()


def test_a_metric_stays_callable() -> None:
    double = metric("double", "turns", "Twice the turns")(lambda session: 2 * len(session.prompts))
    assert double(BUSY) == 10
    assert double.doc == ""
