"""Tasks that agents note down for themselves: what a call left each of them in, known by the same key throughout."""

from __future__ import annotations

import json

import pytest

from tachograph.model import TaskChange, TaskState
from tachograph.sources._hashing import hash_text
from tests.builders.claude import REFUSAL, InlinedAgent
from tests.unit.sources.parsing import (
    continue_from,
    new_claude,
    new_codex,
    only_call,
    parse,
    parse_bytes,
    parse_growing,
    problems_of,
    read,
)

LIST = (("Find the cause", "completed"), ("Mend it", "in_progress"), ("Write a test", "pending"))
CHANGES = (("Find the cause", "completed"), ("Mend it", "started"), ("Write a test", "open"))


def changes(*pairs: tuple[str, TaskState]) -> tuple[TaskChange, ...]:
    """Of (number or text, state)."""
    return tuple(TaskChange(hash_text(name), state) for name, state in pairs)


def told(log) -> list[tuple[TaskChange, ...]]:
    """What each call of the log did to tasks."""
    return [call.tasks for call in read(log).tool_calls]


# ----------------------------------------------------------------------------- Claude Code: tasks with a number


def test_a_task_keeps_its_key_from_its_making_to_its_end():
    log = new_claude().create_task("Find the cause").create_task("Mend it")
    log.update_task("1", "in_progress").update_task("1", "completed").update_task("2", "deleted")
    assert told(log) == [
        changes(("1", "open")), changes(("2", "open")), changes(("1", "started")), changes(("1", "completed")),
        changes(("2", "dropped")),
    ]  # fmt: skip


@pytest.mark.parametrize("asked", [7, "7"])
@pytest.mark.parametrize("made", [7, "7"])
def test_a_number_is_the_same_as_text(made, asked):
    log = new_claude().tool("TaskCreate", {}, result="Made.", detail={"task": {"id": made, "subject": "Mend it"}})
    log.update_task(asked, "completed")
    assert told(log) == [changes(("7", "open")), changes(("7", "completed"))]


MADE = "Task #12 created successfully: Mend it"


@pytest.mark.parametrize(
    ("result", "tasks"),
    [
        pytest.param({"result": MADE}, changes(("12", "open")), id="only text"),
        pytest.param({"result": [{"type": "text", "text": MADE}]}, changes(("12", "open")), id="text in parts"),
        pytest.param({"result": MADE, "detail": {"task": None}}, changes(("12", "open")), id="no task"),
        pytest.param({"result": MADE, "detail": {"task": {"id": ""}}}, changes(("12", "open")), id="no number"),
        pytest.param({"result": MADE, "detail": {"task": {"id": [1]}}}, changes(("12", "open")), id="a list"),
        pytest.param({"result": MADE, "detail": {"task": {"id": True}}}, changes(("12", "open")), id="a truth"),
        pytest.param({"result": MADE, "detail": {"task": {"id": "3"}}}, changes(("3", "open")), id="the object tells"),
        pytest.param({"result": MADE, "detail": ["odd"]}, changes(("12", "open")), id="a list for an object"),
        pytest.param({"result": "Made.", "detail": {}}, (), id="nothing is told"),
        pytest.param({"result": MADE, "error": True}, (), id="failed"),
        pytest.param({"result": REFUSAL, "error": True, "detail": "User rejected tool use"}, (), id="denied"),
    ],
)
def test_a_task_is_made_when_the_result_says_so(result, tasks):
    assert only_call(new_claude().tool("TaskCreate", {"subject": "Mend it"}, **result)).tasks == tasks


def changed(to: object, success: object = True) -> dict[str, object]:
    return {"success": success, "taskId": "1", "updatedFields": ["status"], "statusChange": {"from": "x", "to": to}}


COMPLETE = {"taskId": "1", "status": "completed"}
SAID = "Updated task #1 status"


@pytest.mark.parametrize(
    ("given", "result", "tasks"),
    [
        pytest.param(COMPLETE, {"detail": changed("completed")}, changes(("1", "completed")), id="as asked"),
        pytest.param(COMPLETE, {"detail": changed("in_progress")}, changes(("1", "started")), id="the result counts"),
        pytest.param({"taskId": "1"}, {"detail": changed("deleted")}, changes(("1", "dropped")), id="only the result"),
        pytest.param(COMPLETE, {"detail": changed("lost")}, changes(("1", "completed")), id="an unknown new status"),
        pytest.param(COMPLETE, {"detail": changed(5)}, changes(("1", "completed")), id="a number for a status"),
        pytest.param(
            COMPLETE, {"detail": {"success": True, "statusChange": "x"}}, changes(("1", "completed")), id="no object"
        ),
        pytest.param(
            COMPLETE,
            {"detail": {"success": True, "taskId": "1", "updatedFields": []}},
            changes(("1", "completed")),
            id="it was so before",
        ),
        pytest.param(COMPLETE, {"detail": changed("completed", False)}, (), id="refused without an error"),
        pytest.param(COMPLETE, {"result": SAID}, changes(("1", "completed")), id="only text"),
        pytest.param(COMPLETE, {"result": "Task #1 not found"}, (), id="refused, only text"),
        pytest.param(COMPLETE, {"result": SAID, "detail": {}}, changes(("1", "completed")), id="an empty object"),
        pytest.param(COMPLETE, {"result": "Task not found", "error": True}, (), id="failed"),
        pytest.param(COMPLETE, {"result": REFUSAL, "error": True, "denial": "user-rejected"}, (), id="denied"),
        pytest.param(COMPLETE, {"result": "Sibling tool call errored", "error": True}, (), id="cancelled"),
        pytest.param({"taskId": "1", "owner": "Heron"}, {"result": "Updated task #1 owner"}, (), id="another field"),
        pytest.param({"taskId": "1", "status": 5}, {"result": SAID}, (), id="asked for a number"),
        pytest.param({"taskId": "1", "status": "done"}, {"result": SAID}, (), id="asked for an unknown status"),
        pytest.param({"taskId": None, "status": "completed"}, {"result": SAID}, (), id="without a number"),
        pytest.param({"status": "completed"}, {"result": SAID}, (), id="about no task"),
        pytest.param([COMPLETE], {"result": SAID}, (), id="no object at all"),
    ],
)
def test_what_a_call_left_a_task_in(given, result, tasks):
    log = new_claude().call("TaskUpdate", given).result(result.pop("result", SAID), **result)
    assert only_call(log).tasks == tasks


def test_until_the_result_comes_a_call_shows_what_it_asks_for():
    assert only_call(new_claude().call("TaskUpdate", COMPLETE)).tasks == changes(("1", "completed"))
    assert only_call(new_claude().call("TaskCreate", {"subject": "Mend it"})).tasks == ()


# ---------------------------------------------------------------------------------------- lists written whole


def test_every_item_of_a_list_is_told_each_time_it_is_written():
    log = new_claude().todos(*LIST).todos(("Mend it", "completed")).todos()
    assert told(log) == [changes(*CHANGES), changes(("Mend it", "completed")), ()]  # what vanished is not completed


def test_every_step_of_a_plan_is_told_each_time_it_is_written():
    log = new_codex().turn().plan(*LIST).plan(("Mend it", "completed"))
    assert told(log) == [changes(*CHANGES), changes(("Mend it", "completed"))]


@pytest.mark.parametrize(
    ("items", "tasks"),
    [
        ([], ()),
        ("text", ()),
        (None, ()),
        ({"content": "a", "step": "a", "status": "pending"}, ()),
        ([{"status": "pending"}, {"content": "", "step": "", "status": "pending"}], ()),
        ([7, None, "b", ["c"], {"content": "a", "step": "a", "status": "pending"}], changes(("a", "open"))),
        ([{"content": "a", "step": "a", "status": status} for status in (1, None, "done", [], "")], ()),
        ([{"content": 7, "step": 7, "status": "pending"}], ()),
        (
            [{"content": f"{n}", "step": f"{n}", "status": "pending"} for n in range(10_000)],
            changes(*((f"{n}", "open") for n in range(200))),
        ),
        ([{"content": "x" * 3_000_000, "step": "x" * 3_000_000, "status": "pending"}], ()),
    ],
)
def test_odd_lists_break_nothing(items, tasks):
    claude = new_claude().tool("TodoWrite", {"todos": items}, result="Modified.").shell("ls", "a")
    codex = new_codex().turn().call("update_plan", {"plan": items}).output("Plan updated").shell("ls", "a")
    for log in (claude, codex):
        assert told(log) == [tasks, ()]


def test_half_a_character_breaks_no_list():
    claude, codex = new_claude().todos(("a@", "completed")), new_codex().turn().plan(("a\ud800", "completed"))
    half = parse_bytes("claude_code", claude.path, claude.content().replace(b"a@", b"a\\ud800"))
    for parsed in (half, parse(codex)):
        assert parsed.sessions[0].tool_calls[0].tasks == changes(("a\ufffd", "completed"))


def test_a_list_that_came_as_text_is_read_from_the_result():
    todos = [{"content": text, "status": status} for text, status in LIST]
    log = new_claude().tool("TodoWrite", {"todos": json.dumps(todos)}, result="Modified.", detail={"newTodos": todos})
    assert told(log) == [changes(*CHANGES)]


def test_a_list_that_was_not_written_is_not_told():
    claude = new_claude().call("TodoWrite", {"todos": [{"content": "a", "status": "pending"}]})
    assert only_call(claude.result("InputValidationError", error=True)).tasks == ()
    for output in (
        "failed to parse function arguments: missing field `status`",
        "update_plan is a TODO/checklist tool and is not allowed in Plan mode",
        "aborted by user after 0.1s",
    ):
        call = only_call(new_codex().turn().plan(*LIST, output=output))
        assert (call.status == "ok", call.tasks) == (False, ())


def test_other_tools_have_no_tasks():
    given = {"todos": [{"content": "a", "status": "pending"}], "taskId": "1", "status": "completed", "task_id": "b1"}
    result = {"task": {"id": "1"}, "statusChange": {"to": "completed"}, "success": True, "newTodos": given["todos"]}
    log = new_claude()
    for name in ("TaskOutput", "TaskStop", "TaskGet", "TaskList", "TodoRead", "Bash", "mcp__board__TaskUpdate"):
        log.tool(name, given, result=MADE, detail=result)
    assert set(told(log)) == {()}
    codex = new_codex().turn().plan(*LIST, name="mcp__board__update_plan")
    codex.call("update_plan", {"plan": [{"step": "a", "status": "pending"}]}, namespace="mcp__board").output("ok")
    assert told(codex) == [(), ()]


def test_a_subagents_tasks_are_its_own():
    log = new_claude().prompt().create_task("Mend it")
    InlinedAgent(log, "a000001").user("Look", 0).create_task("Look").update_task(1, "completed")
    main, agent = parse(log).sessions
    assert [call.tasks for call in main.tool_calls] == [changes(("1", "open"))]
    assert [call.tasks for call in agent.tool_calls] == [changes(("1", "open")), changes(("1", "completed"))]


# ------------------------------------------------------------------------------------------------ growing logs


@pytest.mark.parametrize("refused", ["", "Task not found"])
def test_a_log_that_grows_between_call_and_result_is_read_as_it_is_read_whole(refused):
    log = new_claude().prompt().create_task().update_task("1", "completed", refused=refused).todos(*LIST)
    lines = log.content().splitlines(keepends=True)
    cuts = [sum(map(len, lines[: number + 1])) for number in range(len(lines) - 1)]
    grown, resumed = parse_growing("claude_code", log.path, log.content(), cuts)
    assert grown == parse(log)
    assert resumed == len(cuts)
    assert [call.tasks for call in grown.sessions[0].tool_calls] == [
        changes(("1", "open")), () if refused else changes(("1", "completed")), changes(*CHANGES),
    ]  # fmt: skip


def test_a_plan_refused_after_the_log_was_read_is_forgotten():
    log = new_codex().turn().call("update_plan", {"plan": [{"step": "a", "status": "pending"}]})
    log.tokens(input=9, output=1)
    before = parse(log)
    assert before.sessions[0].tool_calls[0].tasks == changes(("a", "open"))
    log.output("aborted by user after 0.1s")
    after = parse_bytes("codex", log.path, log.content(), continue_from(before))
    assert after.sessions[0].tool_calls[0].tasks == ()
    assert problems_of(log) == []
