"""Lines of another tool's ledger: whole goals, as they were after each event."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tachograph.ledger.foreign import as_event
from tachograph.ledger.lines import encode
from tachograph.ledger.reading import read_ledger
from tachograph.model.goal import Goal

from .making import Writer, problems_of


def goal(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "goal_id": f"2026-05-04-{number:03}", "title": f"Goal {number}", "goal_type": "product",
        "supersedes_goal_id": None, "status": "in_progress", "attempts": 1,
        "started_at": "2026-05-04T09:00:00+00:00", "finished_at": None, "cost_usd": None, "input_tokens": None,
        "total_tokens": None, "failure_reason": None, "notes": None, "agent_name": "claude", "result_fit": None,
        "model": "claude-sonnet-4-5", **fields,
    }  # fmt: skip


def entry(attempt: int = 1, number: int = 1, **fields: Any) -> dict[str, Any]:
    name = f"2026-05-04-{number:03}"
    return {
        "entry_id": f"{name}-attempt-{attempt:03}", "goal_id": name, "entry_type": "product", "inferred": False,
        "status": "in_progress", "started_at": "2026-05-04T09:00:00+00:00", "finished_at": None,
        "failure_reason": None, "notes": None, **fields,
    }  # fmt: skip


def line(kind: str, minute: int, about: dict[str, Any] | None, *entries: dict[str, Any], **fields: Any) -> bytes:
    said = {"event_type": kind, "ts": f"2026-05-04T09:{minute:02}:00+00:00", "goal": about, "entries": list(entries)}
    return json.dumps({**said, **fields}).encode() + b"\n"


DONE = {"status": "success", "finished_at": "2026-05-04T10:00:00+00:00", "attempts": 2, "result_fit": "exact_fit"}
HISTORY = [
    line("goal_started", 1, goal(), entry()),
    line("goal_continued", 2, goal(attempts=2), entry(status="fail", finished_at="2026-05-04T09:02:00+00:00",
         failure_reason="model_mistake"), entry(2, started_at="2026-05-04T09:02:00+00:00")),
    line("usage_synced", 3, goal(attempts=2, cost_usd=99.0, total_tokens=5), entry(), entry(2)),
    line("goal_finished", 4, goal(**DONE), entry(status="fail", finished_at="2026-05-04T09:02:00+00:00",
         failure_reason="model_mistake"), entry(2, status="success", finished_at="2026-05-04T10:00:00+00:00",
         started_at="2026-05-04T09:02:00+00:00")),
]  # fmt: skip


def read(*lines: bytes) -> tuple[Goal, ...]:
    found = read_ledger(b"".join(lines))
    assert found.problems == ()
    assert all(problems_of(one) == [] for one in found.state.goals)
    return found.state.goals


def test_the_last_word_on_a_goal_counts() -> None:
    (found,) = read(*HISTORY)
    assert (found.id, found.key, found.status, found.result_fit) == (
        "2026-05-04-001", "id:2026-05-04-001", "success", "exact_fit"
    )  # fmt: skip
    assert [(one.status, one.failure_reason) for one in found.attempts] == [
        ("fail", "model_mistake"), ("success", None)
    ]  # fmt: skip
    assert (found.agent, found.model, found.manual) == ("claude", "claude-sonnet-4-5", ())


def test_lines_of_one_moment_count_as_they_stand() -> None:
    first, second = line("goal_updated", 1, goal(title="Old")), line("goal_updated", 1, goal(title="New"))
    assert read(first, second)[0].title == "New"
    assert read(second, first)[0].title == "Old"


def test_tasks_are_goals_by_an_older_name() -> None:
    said = {
        "task_id": "2026-05-04-007", "title": "Old", "task_type": "retro", "status": "in_progress",
        "started_at": "2026-05-04T09:00:00Z", "supersedes_task_id": "2026-05-04-001",
    }  # fmt: skip
    lines = json.dumps({"event_type": "task_started", "ts": "2026-05-04T09:00:00Z", "task": said}).encode() + b"\n"
    older, found = read(*HISTORY, lines)
    assert (found.id, found.type, found.supersedes) == ("2026-05-04-007", "retro", older.key)
    assert [one.inferred for one in found.attempts] == [True]


def test_several_goals_in_a_line_and_a_merge() -> None:
    both = line("goals_merged", 9, goal(2, attempts=2), goals=[goal(2, attempts=2)], dropped_goal_id="2026-05-04-001")
    (found,) = read(*HISTORY, line("goal_started", 5, goal(2)), both)
    assert (found.id, found.merged, len(found.attempts)) == ("2026-05-04-002", ("id:2026-05-04-001",), 2)


def test_attempts_that_were_counted_but_not_kept_are_inferred() -> None:
    (found,) = read(line("goal_finished", 1, goal(**{**DONE, "attempts": 3}), entry(3, status="success")))
    assert [(one.number, one.status, one.inferred) for one in found.attempts] == [
        (1, "fail", True), (2, "fail", True), (3, "success", False)
    ]  # fmt: skip


def test_our_events_go_on_where_the_other_tool_stopped() -> None:
    writer = Writer()
    writer.goals = {"id:2026-05-04-001": read(HISTORY[0], HISTORY[1])[0]}
    writer.resume("id:2026-05-04-001", "missing_context")
    writer.finish("id:2026-05-04-001", session="codex:1")
    (found,) = read(*HISTORY[:2], *map(encode, writer.events))
    assert [one.failure_reason for one in found.attempts] == ["model_mistake", "missing_context", None]
    assert (found.status, found.sessions) == ("success", ("codex:1",))


def test_what_was_linked_here_outlives_the_other_tools_next_line() -> None:
    writer = Writer(start=1_777_885_280_000_000)  # between the second and the third line
    writer.goals = {"id:2026-05-04-001": read(HISTORY[0])[0]}
    writer.update("id:2026-05-04-001", link=("codex:1",))
    (found,) = read(*HISTORY, *map(encode, writer.events))
    assert (found.status, found.sessions) == ("success", ("codex:1",))


WRONG: dict[str, dict[str, Any]] = {
    "status is 'lost', not one of in_progress, success, fail": {"status": "lost"},
    "goal_type is 'fun', not one of product, retro, meta": {"goal_type": "fun"},
    "a goal has no goal_id": {"goal_id": None},
    "a time is missing or is no text": {"started_at": None},
    "'2026-05-04T09:00:00' does not say in which zone": {"started_at": "2026-05-04T09:00:00"},
    "a goal that succeeds fits exactly or in part; a miss is a failure": {**DONE, "result_fit": "miss"},
}


@pytest.mark.parametrize(("said", "fields"), WRONG.items())
def test_a_line_that_makes_no_sense_is_told_and_the_goal_stays_as_it_was(said: str, fields: dict[str, Any]) -> None:
    found = read_ledger(HISTORY[0] + line("goal_updated", 8, goal(**fields)))
    assert [(one.line, one.slug, one.text) for one in found.problems] == [
        (2, "invalid_event", f"This event cannot be read: {said}.")
    ]  # fmt: skip
    assert [one.status for one in found.state.goals] == ["in_progress"]


def test_a_document_of_the_older_form_is_one_line() -> None:
    said = as_event({"summary": {}, "tasks": [goal(**DONE)], "entries": [entry(2, status="success")]})
    (found,) = read(json.dumps(said).encode())
    assert (found.status, said["ts"]) == ("success", "2026-05-04T10:00:00Z")


@pytest.mark.parametrize("said", [{}, {"goals": []}, {"goals": [{"title": "x"}]}, {"goals": 5}])
def test_other_documents_are_none(said: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"it holds no goals|its goals have no times"):
        as_event(said)
