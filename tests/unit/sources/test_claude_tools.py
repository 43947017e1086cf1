from __future__ import annotations

import pytest

from tachograph.sources._claude_tools import categorise
from tachograph.sources._hashing import hash_text
from tests.builders.claude import REFUSAL
from tests.unit.sources.parsing import new_claude, only_call, problems_of, read

PATH = "/home/ada/site/a.py"


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("Bash", "shell"),
        ("PowerShell", "shell"),
        ("BashOutput", "shell"),
        ("KillShell", "shell"),
        ("Read", "read"),
        ("Edit", "edit"),
        ("MultiEdit", "edit"),
        ("Write", "edit"),
        ("NotebookEdit", "edit"),
        ("Grep", "search"),
        ("Glob", "search"),
        ("LS", "search"),
        ("WebFetch", "web"),
        ("WebSearch", "web"),
        ("TodoWrite", "task"),
        ("TaskCreate", "task"),
        ("TaskUpdate", "task"),
        ("Task", "subagent"),
        ("Agent", "subagent"),
        ("mcp__tickets__find_ticket", "mcp:tickets"),
        ("mcp__plugin_docs_search__ask", "mcp:plugin_docs_search"),
        ("mcp__tickets", "mcp:tickets"),
        ("Skill", "other"),
        ("AskUserQuestion", "other"),
        ("", "other"),
    ],
)
def test_categories(name, category):
    assert categorise(name) == category
    call = only_call(new_claude().tool(name, {}, result="ok"))
    assert (call.name, call.category) == (name, category)


# -------------------------------------------------------------------------------------------------- outcomes

OK_BASH = {"stdout": "a", "stderr": "", "interrupted": False, "isImage": False}


@pytest.mark.parametrize(
    ("result", "status", "exit_code", "signature"),
    [
        pytest.param({"content": "a", "error": False, "detail": OK_BASH}, "ok", 0, None, id="fine"),
        pytest.param({"content": "a", "error": False}, "ok", None, None, id="fine, but nothing is told"),
        pytest.param(
            {"content": "", "error": False, "detail": {**OK_BASH, "returnCodeInterpretation": "No matches found"}},
            "ok",
            None,
            None,
            id="a code with a meaning",
        ),
        pytest.param(
            {"content": "", "error": False, "detail": {**OK_BASH, "interrupted": True}},
            "ok",
            None,
            None,
            id="cut short",
        ),
        pytest.param(
            {"content": "", "error": False, "detail": {**OK_BASH, "backgroundTaskId": "b1"}},
            "ok",
            None,
            None,
            id="in the background",
        ),
        pytest.param({"content": "x", "detail": {**OK_BASH, "exitCode": 3}}, "ok", 3, None, id="a code told"),
        pytest.param(
            {"content": "Exit code 2\nmake: no rule", "error": True, "detail": "Error: Exit code 2"},
            "error",
            2,
            "make: no rule",
            id="failed",
        ),
        pytest.param({"content": "timed out", "error": True}, "error", None, "timed out", id="failed without a code"),
        pytest.param(
            {"content": "Exit code 99999999999999999999", "error": True}, "error", None, "Exit code #", id="silly"
        ),
        pytest.param({"content": REFUSAL, "error": True}, "denied", None, None, id="refused"),
        pytest.param(
            {"content": "No.", "error": True, "detail": "User rejected tool use"},
            "denied",
            None,
            None,
            id="refused, told apart",
        ),
        pytest.param(
            {"content": "x", "error": True, "denial": "user-rejected"}, "denied", None, None, id="refused, by kind"
        ),
        pytest.param(
            {"content": "x is temporarily unavailable", "error": True, "denial": "automode-unavailable"},
            "error",
            None,
            "x is temporarily unavailable",
            id="not refused by a person",
        ),
        pytest.param(
            {"content": "[Request interrupted by user for tool use]", "error": True},
            "denied",
            None,
            None,
            id="interrupted",
        ),
        pytest.param(
            {"content": "<tool_use_error>Sibling tool call errored</tool_use_error>", "error": True},
            "cancelled",
            None,
            None,
            id="cancelled by a sibling",
        ),
        pytest.param(
            {"content": "The user doesn't want to proceed with this tool use, it says"},
            "ok",
            None,
            None,
            id="only text",
        ),
    ],
)
def test_what_came_of_a_call(result, status, exit_code, signature):
    content = result.pop("content")
    call = only_call(new_claude().call("Bash", {"command": "make"}).result(content, **result))
    assert (call.status, call.exit_code, call.error_signature) == (status, exit_code, signature)
    assert call.result_chars == len(content)
    assert call.ended_at == call.started_at + 1000


def test_a_call_without_its_result_is_missing():
    session = read(new_claude().prompt().call("Bash", {"command": "make"}))
    (call,) = session.tool_calls
    assert (call.status, call.ended_at, call.result_hash, call.result_chars) == ("missing", None, None, None)
    assert not session.complete


def test_results_join_their_calls_by_id_and_not_by_place():
    log = new_claude().calls(("Bash", {"command": "one"}), ("Bash", {"command": "two"}), ("Bash", {"command": "three"}))
    ids = [call.id for call in read(log).tool_calls]
    log.result("Exit code 1\nx", error=True, call=ids[2]).result("fine", call=ids[0])
    assert [(call.command, call.status) for call in read(log).tool_calls] == [
        ("one", "ok"),
        ("two", "missing"),
        ("three", "error"),
    ]


def test_several_results_on_one_line_each_find_their_call():
    log = new_claude().calls(("Bash", {"command": "one"}), ("Bash", {"command": "two"}))
    ids = [call.id for call in read(log).tool_calls]
    log.user([{"type": "tool_result", "tool_use_id": id, "content": text} for id, text in zip(ids, "ab", strict=True)])
    assert [call.result_chars for call in read(log).tool_calls] == [1, 1]


def test_an_orphan_result_is_a_problem_and_lost_nowhere_else():
    log = new_claude().shell("ls", "a").result("x", call="toolu_unknown").shell("ls", "b")
    assert problems_of(log) == [("orphan_result", 3)]
    assert [call.status for call in read(log).tool_calls] == ["ok", "ok"]


def test_a_call_told_twice_is_one_call():
    log = new_claude().prompt()
    block = {"type": "tool_use", "id": "toolu_twice", "name": "Bash", "input": {"command": "ls"}}
    log.response(blocks=[block, block, block], id="msg_one").result("a", call="toolu_twice")
    log.result("Exit code 1\nb", error=True, call="toolu_twice")
    call = only_call(log)
    assert (call.status, call.response, call.result_chars) == ("ok", "msg_one", 1)
    assert problems_of(log) == []


def test_a_call_belongs_to_the_response_that_made_it():
    log = new_claude().response(id="msg_a").call("Bash", {"command": "ls"}, id="msg_b").result("x").response(id="msg_c")
    assert only_call(log).response == "msg_b"


# ---------------------------------------------------------------------------------------------------- inputs


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"command": "ls -la"}, {"command": "ls -la"}),
        ({"command": "x" * 900}, {"command": "x" * 500}),
        ({"command": ["git", "log"]}, {"command": "git log"}),
        ({"command": 5}, {"command": None}),
        ({"file_path": PATH, "offset": 10, "limit": 20}, {"path": PATH, "offset": 10, "limit": 20}),
        ({"file_path": PATH, "offset": "10", "limit": "all"}, {"path": PATH, "offset": 10, "limit": None}),
        ({"file_path": PATH, "offset": 10**30}, {"path": PATH, "offset": None}),
        ({"notebook_path": PATH}, {"path": PATH}),
        ({"path": "/home/ada/site", "pattern": "x"}, {"path": "/home/ada/site"}),
        ({"subagent_type": "Explore", "prompt": "Look"}, {"agent_type": "Explore"}),
        ({}, {"command": None, "path": None}),
        (None, {"command": None, "path": None}),
        ([1, 2], {"command": None}),
        ("text", {"command": None}),
        (5, {"command": None}),
    ],
)
def test_what_is_kept_of_a_calls_input(given, fields):
    call = only_call(new_claude().call("X", given))
    assert {name: getattr(call, name) for name in fields} == fields


def test_equal_inputs_have_equal_hashes():
    log = new_claude()
    for given in ({"a": 1}, {"a": 2}, {"a": 1}):
        log.tool("X", given, result="r")
    one, two, three = read(log).tool_calls
    assert one.input_hash == three.input_hash != two.input_hash


# ---------------------------------------------------------------------------------------------------- results


def test_the_content_of_a_file_is_compared_and_not_its_numbered_text():
    log = new_claude().read(PATH, "a\nb\n")
    text = "     1→a\n     2→b"
    detail = {"type": "text", "file": {"filePath": PATH, "content": "a\nb\n", "numLines": 2, "startLine": 1}}
    log.tool("Read", {"file_path": PATH}, result=text, detail=detail)
    log.read(PATH, "a\nb\n", reminder="\n<system-reminder>Mind the gap.</system-reminder>").read(PATH, "a\nc\n")
    arrow, tab, reminded, changed = (call.result_hash for call in read(log).tool_calls)
    assert arrow == tab == reminded == hash_text("a\nb\n") != changed


def test_reminders_are_no_part_of_a_result():
    log = new_claude().tool("X", {}, result="text")
    log.tool(
        "X", {}, result="text\n\n<system-reminder>\nOne\n</system-reminder>\n<system-reminder>Two</system-reminder>"
    )
    log.tool("X", {}, result=[{"type": "text", "text": "te"}, {"type": "image"}, {"type": "text", "text": "xt"}])
    plain, reminded, parts = read(log).tool_calls
    assert plain.result_hash == reminded.result_hash == hash_text("text")
    assert parts.result_hash == hash_text("te\nxt")
    assert (plain.result_chars, parts.result_chars) == (4, 5)


@pytest.mark.parametrize(
    ("detail", "duration"),
    [
        ({"durationMs": 1234}, 1234),
        ({"durationMs": 12.6}, 13),
        ({"totalDurationMs": 5000, "durationMs": 1}, 5000),
        ({"durationSeconds": 2.5}, 2500),
        ({}, None),
        ("text", None),
        ([{"type": "text", "text": "x"}], None),
        ({"durationMs": -5}, None),
    ],
)
def test_a_tools_own_duration_is_kept(detail, duration):
    assert only_call(new_claude().tool("X", {}, result="r", detail=detail)).duration_ms == duration


# ------------------------------------------------------------------------------------------------------ files

PATCH = [{"oldStart": 1, "lines": [" a", "-b", "+c", "+d"]}, {"oldStart": 9, "lines": ["--- x", "+++ y", " z"]}]


@pytest.mark.parametrize(
    ("name", "detail", "text", "op", "added", "removed"),
    [
        ("Edit", {"structuredPatch": PATCH}, "updated", "modify", 3, 2),
        ("MultiEdit", {"structuredPatch": PATCH}, "updated", "modify", 3, 2),
        ("Edit", None, "updated", "modify", None, None),
        ("Write", {"type": "update", "content": "x", "structuredPatch": PATCH}, "updated", "modify", 3, 2),
        ("Write", {"type": "create", "content": "a\nb\n", "structuredPatch": []}, "created", "create", 2, 0),
        ("Write", {"type": "create", "content": "a\nb", "structuredPatch": []}, "created", "create", 2, 0),
        ("Write", {"type": "create", "content": "", "structuredPatch": []}, "created", "create", 0, 0),
        ("Write", {"type": "create", "content": ["?"], "structuredPatch": []}, "created", "create", None, 0),
        ("Write", None, "File created successfully at: /a", "create", None, None),
        ("Write", None, "The file /a has been updated.", "modify", None, None),
        ("NotebookEdit", {}, "ok", "modify", None, None),
        ("Read", {"type": "text", "file": {"content": "a"}}, "1\ta", "read", None, None),
        ("Bash", OK_BASH, "a", "none", None, None),
        ("Grep", {"mode": "content", "content": "a"}, "a", "none", None, None),
    ],
)
def test_what_was_done_to_a_file(name, detail, text, op, added, removed):
    call = only_call(new_claude().tool(name, {"file_path": PATH}, result=text, detail=detail))
    assert (call.file_op, call.lines_added, call.lines_removed, call.path) == (op, added, removed, PATH)
    assert call.more_files == ()


def test_a_failed_edit_changed_no_line():
    call = only_call(new_claude().tool("Edit", {"file_path": PATH}, result="String to replace not found", error=True))
    assert (call.status, call.lines_added, call.error_signature) == ("error", None, "String to replace not found")


# ------------------------------------------------------------------------------------------------ git, subagents


def test_commits_and_pull_requests_leave_marks():
    operation = {
        "commit": {"sha": "0123abc", "kind": "created"},
        "pr": {"number": 7, "action": "created", "url": "https://example.org/pull/7"},
    }
    session = read(new_claude().tool("Bash", {}, result="ok", detail={**OK_BASH, "gitOperation": operation}))
    assert [(marker.kind, marker.detail, marker.value) for marker in session.markers] == [
        ("commit", "0123abc", None),
        ("pr_link", "https://example.org/pull/7", 7),
    ]


def test_a_subagent_call_names_whom_it_started():
    detail = {"status": "completed", "agentId": "a12", "agentType": "Plan", "totalDurationMs": 900, "totalTokens": 5}
    asked = only_call(new_claude().tool("Agent", {"subagent_type": "Explore"}, result="ok", detail=detail))
    assert (asked.category, asked.agent_type, asked.spawned, asked.duration_ms) == ("subagent", "Explore", "a12", 900)
    told = only_call(new_claude().tool("Agent", {"prompt": "x"}, result="ok", detail=detail))
    assert (told.agent_type, told.spawned) == ("Plan", "a12")


# ------------------------------------------------------------------------------------------ how commands are run


@pytest.mark.parametrize(
    ("given", "result", "kind"),
    [
        ({"run_in_background": True}, {"result": "Command running in background with ID: b1"}, "background"),
        ({"run_in_background": "true"}, {"result": "Running."}, "background"),
        ({}, {"result": "", "detail": {**OK_BASH, "backgroundTaskId": "b1"}}, "background"),
        ({"run_in_background": True}, {"result": "Exit code 1", "error": True}, ""),
        ({"run_in_background": True}, {"result": REFUSAL, "error": True, "detail": "User rejected tool use"}, ""),
        ({"run_in_background": False}, {"result": "a", "detail": OK_BASH}, ""),
        ({"run_in_background": [1]}, {"result": "a", "detail": OK_BASH}, ""),
        ({}, {"result": "a", "detail": OK_BASH}, ""),
    ],
)
def test_a_command_that_goes_on_in_the_background(given, result, kind):
    call = only_call(new_claude().tool("Bash", {"command": "make", **given}, **result))
    assert (call.result_kind, call.exit_code) == (kind, {"a": 0, "Exit code 1": 1}.get(result["result"]))


def test_a_command_sent_to_the_background_goes_on_without_a_result():
    call = only_call(new_claude().call("Bash", {"command": "make", "run_in_background": True}))
    assert (call.status, call.result_kind) == ("missing", "background")


@pytest.mark.parametrize(
    ("given", "same"),
    [
        ({"description": "Build it"}, True),
        ({"timeout": None, "run_in_background": False, "dangerouslyDisableSandbox": False}, True),
        ({"timeout": 60_000}, False),
        ({"dangerouslyDisableSandbox": True}, False),
        ({"run_in_background": True}, False),
        ({"command": ["make", "all"]}, True),
        ({"command": ["make", "all"], "timeout": 60_000}, False),
    ],
)
def test_a_command_run_in_another_way_is_another_one(given, same):
    call = only_call(new_claude().call("Bash", {"command": "make \n all", **given}))
    assert (call.command_hash == hash_text("make all")) is same


def test_each_way_to_run_a_command_is_its_own():
    ways = [{"timeout": 1}, {"timeout": 2}, {"dangerouslyDisableSandbox": 1}, {"timeout": 1, "run_in_background": True}]
    log = new_claude()
    for way in [*ways, *ways]:
        log.call("Bash", {"command": "make", **way})
    hashes = [call.command_hash for call in read(log).tool_calls]
    assert len(set(hashes)) == 4
    assert hashes[:4] == hashes[4:]
