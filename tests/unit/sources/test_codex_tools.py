from __future__ import annotations

import json

import pytest

from tachograph.model import FileTouch
from tachograph.sources._codex_tools import categorise
from tachograph.sources._hashing import hash_text
from tests.unit.sources.parsing import new_codex, only_call, parse, problems_of, read


@pytest.mark.parametrize(
    ("name", "namespace", "category"),
    [
        ("exec_command", None, "shell"),
        ("shell", None, "shell"),
        ("shell_command", None, "shell"),
        ("write_stdin", None, "shell"),
        ("apply_patch", None, "edit"),
        ("update_plan", None, "task"),
        ("view_image", None, "read"),
        ("spawn_agent", None, "subagent"),
        ("web_search", None, "web"),
        ("_find", "mcp__tickets", "mcp:tickets"),
        ("_find", "mcp__tickets__", "mcp:tickets"),
        ("mcp__tickets__find", None, "mcp:tickets"),
        ("request_user_input", None, "other"),
        ("find", "other__space", "other"),
    ],
)
def test_categories(name, namespace, category):
    assert categorise(name, namespace) == category


HEAD = "Chunk ID: ab12\nWall time: 0.2500 seconds\n"


@pytest.mark.parametrize(
    ("output", "status", "exit_code", "duration", "signature"),
    [
        pytest.param(HEAD + "Process exited with code 0\nOutput:\nfine", "ok", 0, 250, None, id="header"),
        pytest.param(
            HEAD + "Process exited with code 2\nOutput:\nno rule\n", "error", 2, 250, "no rule", id="header, failed"
        ),
        pytest.param(
            HEAD + "Process exited with code -1\nOutput:\n",
            "error",
            -1,
            250,
            "Process exited with code -#",
            id="killed",
        ),
        pytest.param(HEAD + "Process running with session ID 7\nOutput:\n", "ok", None, 250, None, id="still running"),
        pytest.param("Exit code: 0\nWall time: 3 seconds\nOutput:\nx", "ok", 0, 3000, None, id="plain"),
        pytest.param("Exit code: 1\nWall time: 1.5 seconds\nOutput:\nbad", "error", 1, 1500, "bad", id="plain, failed"),
        pytest.param("Wall time: 1..5 seconds\nOutput:\nx", "ok", None, None, None, id="silly time"),
        pytest.param(
            json.dumps({"output": "x", "metadata": {"exit_code": 0, "duration_seconds": 0.1}}),
            "ok",
            0,
            100,
            None,
            id="old",
        ),
        pytest.param(
            json.dumps({"output": "bad 7", "metadata": {"exit_code": 7, "duration_seconds": 2}}),
            "error",
            7,
            2000,
            "bad #",
            id="old, failed",
        ),
        pytest.param(json.dumps({"output": "x", "metadata": None}), "ok", None, None, None, id="old, bare"),
        pytest.param({"output": "x", "metadata": {"exit_code": 1}}, "error", 1, None, "x", id="an object"),
        pytest.param(
            [{"type": "input_text", "text": "Exit code: 3\nOutput:\nno"}], "error", 3, None, "no", id="a list"
        ),
        pytest.param([{"type": "input_image", "image_url": "x"}], "ok", None, None, None, id="an image"),
        pytest.param("Plan updated", "ok", None, None, None, id="only text"),
        pytest.param(None, "ok", None, None, None, id="nothing"),
        pytest.param(
            "The script prints Exit code: 5 far below" + "x" * 2000 + "Exit code: 5", "error", 5, None, None, id="head"
        ),
        pytest.param("x" * 2000 + "Exit code: 5", "ok", None, None, None, id="a code far down is the program's own"),
        pytest.param("exec command rejected by user", "denied", None, None, None, id="declined"),
        pytest.param("patch rejected by user", "denied", None, None, None, id="patch declined"),
        pytest.param("aborted by user after 3.1s", "denied", None, None, None, id="aborted"),
        pytest.param("failed to parse function arguments: x", "error", None, None, None, id="bad arguments"),
        pytest.param("unsupported call: x", "error", None, None, "unsupported call: x", id="no such tool"),
    ],
)
def test_what_came_of_a_command(output, status, exit_code, duration, signature):
    call = only_call(new_codex().turn().call("exec_command", {"cmd": "make"}).output(output))
    assert (call.status, call.exit_code, call.duration_ms) == (status, exit_code, duration)
    if signature is not None:
        assert call.error_signature == signature
    assert (call.error_signature is None) == (status != "error")
    assert call.result_hash is not None


@pytest.mark.parametrize(
    ("name", "arguments", "command"),
    [
        ("exec_command", {"cmd": "make test"}, "make test"),
        ("shell", {"command": ["bash", "-lc", "make test"]}, "make test"),
        ("shell", {"command": ["pwsh", "-Command", "make test"]}, "make test"),
        ("shell", {"command": ["git", "log"]}, "git log"),
        ("shell", {"command": ["/bin/sh", "-c", "make test"]}, "make test"),
        ("shell", {"command": ["C:\\w\\PowerShell.exe", "-NoLogo", "-Command", "make"]}, "make"),
        ("shell", {"command": ["python3", "-c", "print(1)"]}, "python3 -c 'print(1)'"),
        ("shell", {"command": ["git", "commit", "-m", "no; rm -rf x"]}, "git commit -m 'no; rm -rf x'"),
        ("shell_command", {"command": "make test"}, "make test"),
        ("exec_command", {"cmd": "x" * 900}, "x" * 500),
        ("exec_command", {"cmd": 5, "path": "/a"}, None),
        ("write_stdin", {"session_id": 5, "chars": ""}, None),
    ],
)
def test_the_command_as_it_was_typed(name, arguments, command):
    call = only_call(new_codex().turn().call(name, arguments).output("x"))
    assert (call.command, call.category) == (command, "shell")


def test_arguments_that_are_partly_odd_are_read_as_far_as_they_can():
    assert only_call(new_codex().call("view_image", {"path": "/a.png", "cmd": 5})).path == "/a.png"
    assert only_call(new_codex().item("function_call", name="x", arguments="not json", call_id="c")).command is None
    assert only_call(new_codex().item("function_call", name="x", arguments={"cmd": "ls"}, call_id="c")).command == "ls"


def test_a_local_shell_call_holds_its_command_in_the_action():
    log = new_codex().item("local_shell_call", call_id="c1", action={"type": "exec", "command": ["bash", "-lc", "ls"]})
    call = only_call(log.output("x", call="c1"))
    assert (call.name, call.category, call.command, call.status) == ("local_shell", "shell", "ls", "ok")


def test_an_output_joins_its_call_by_id_once():
    log = new_codex().call("exec_command", {"cmd": "a"}, id="c1").call("exec_command", {"cmd": "b"}, id="c2")
    log.output("Exit code: 1\nOutput:\nx", call="c2").output("Exit code: 0\nOutput:\ny", call="c2").output(
        "fine", call="c1"
    )
    assert [(call.command, call.status) for call in read(log).tool_calls] == [("a", "ok"), ("b", "error")]
    assert problems_of(log.output("x", call="c9")) == [("orphan_result", 7)]


def test_a_call_without_output_is_missing():
    call = only_call(new_codex().turn().call("exec_command", {"cmd": "a"}))
    assert (call.status, call.ended_at, call.result_hash) == ("missing", None, None)


# ---------------------------------------------------------------------------------------------------- patches

CHANGES = [
    ("Add", "/home/ada/site/new.py", "+one\n+two"),
    ("Update", "/home/ada/site/old.py", "@@ -1,2 +1,2 @@\n same\n-gone\n--- a comment of SQL\n+here"),
    ("Delete", "/home/ada/site/dead.py", ""),
]


@pytest.mark.parametrize("event", [True, False], ids=["with its event", "by its text alone"])
def test_a_patch_of_several_files(event):
    call = only_call(new_codex().turn().patch(CHANGES, event=event))
    assert (call.name, call.category, call.command) == ("apply_patch", "edit", None)
    assert (call.path, call.file_op) == ("/home/ada/site/new.py", "create")
    assert call.more_files == (
        FileTouch("/home/ada/site/old.py", "modify"),
        FileTouch("/home/ada/site/dead.py", "delete"),
    )
    assert (call.lines_added, call.lines_removed) == (3, 2)
    assert (call.status, call.exit_code, call.duration_ms) == ("ok", 0, 100)
    assert call.result_chars == len("Success. Updated the following files:\n")


@pytest.mark.parametrize("event", [True, False], ids=["with its event", "by its text alone"])
def test_a_patch_that_failed(event):
    call = only_call(new_codex().turn().patch(CHANGES[:1], success=False, event=event))
    assert (call.status, call.exit_code) == ("error", 1)
    assert call.error_signature == "apply_patch verification failed: no match"
    assert call.file_op == "create"  # what was meant to be done


def test_a_deleted_file_loses_its_lines():
    changes = {"/a": {"type": "delete", "content": "1\n2\n3\n"}, "/b": {"type": "add", "content": "1\n"}}
    log = new_codex().item("custom_tool_call", call_id="c1", name="apply_patch", input="*** Begin Patch\n*** End Patch")
    call = only_call(log.event("patch_apply_end", call_id="c1", success=True, changes=changes))
    assert (call.lines_added, call.lines_removed, call.status) == (1, 3, "ok")
    assert (call.path, call.file_op, call.more_files) == ("/a", "delete", (FileTouch("/b", "create"),))


PATCH = "*** Begin Patch\n*** Update File: /a\n@@\n-x\n+y\n*** End Patch"


def test_a_file_that_a_patch_moves_has_its_new_name():
    patch = "*** Begin Patch\n*** Update File: /a\n*** Move to: /b\n@@\n-x\n+y\n*** End Patch"
    moved = ("/b", "modify", (FileTouch("/a", "delete"),))
    call = only_call(new_codex().turn().call("apply_patch", {"input": patch}).output("Exit code: 0\nOutput:\nSuccess"))
    assert (call.path, call.file_op, call.more_files) == moved
    log = new_codex().item("custom_tool_call", call_id="c1", name="apply_patch", input=patch)
    changes = {"/a": {"type": "update", "unified_diff": "@@\n-x\n+y", "move_path": "/b"}}
    call = only_call(log.event("patch_apply_end", call_id="c1", success=True, changes=changes))
    assert (call.path, call.file_op, call.more_files) == moved


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("apply_patch", {"input": PATCH}), ("shell", {"command": ["apply_patch", PATCH]})],
)
def test_older_ways_to_hand_in_a_patch(name, arguments):
    call = only_call(new_codex().turn().call(name, arguments).output("Exit code: 0\nOutput:\nSuccess"))
    assert (call.category, call.path, call.file_op, call.command) == ("edit", "/a", "modify", None)
    assert (call.lines_added, call.lines_removed) == (1, 1)


# --------------------------------------------------------------------------------------- MCP, searches, items


@pytest.mark.parametrize(("error", "status"), [(None, "ok"), ("no such ticket 7", "error")])
def test_a_call_of_an_mcp_server(error, status):
    call = only_call(new_codex().turn().mcp("tickets", "find", {"q": 1}, error=error))
    assert (call.name, call.category, call.status, call.duration_ms) == ("_find", "mcp:tickets", status, 1500)
    assert call.error_signature == (None if error is None else "no such ticket #")
    assert call.result_hash == hash_text(error or "ok")


def test_the_event_names_the_server_where_the_call_does_not():
    log = new_codex().call("find", {}, id="c1")
    log.event("mcp_tool_call_end", call_id="c1", invocation={"server": "tickets", "tool": "find"}, result={"Ok": {}})
    call = only_call(log)
    assert (call.category, call.status, call.ended_at is not None) == ("mcp:tickets", "ok", True)


def test_web_searches_come_without_an_id_and_all_count():
    session = read(new_codex().turn().web_search("one").web_search("two").tokens(input=9, output=3))
    assert [(call.name, call.category, call.status) for call in session.tool_calls] == [("web_search", "web", "ok")] * 2
    assert {call.response for call in session.tool_calls} == {session.responses[0].id}


@pytest.mark.parametrize(
    ("item", "status", "exit_code"),
    [
        ({"status": "completed", "exit_code": 0}, "ok", 0),
        ({"status": "failed", "exit_code": 4, "aggregated_output": "no rule 9\n"}, "error", 4),
        ({"status": "declined", "exit_code": None}, "denied", None),
    ],
)
@pytest.mark.parametrize("first", [True, False], ids=["before the output", "after it"])
def test_what_an_item_says_of_a_command_is_believed(item, status, exit_code, first):
    log = new_codex().turn().call("exec_command", {"cmd": "make"}, id="c1")
    fields = {"id": "c1", "duration": {"secs": 2, "nanos": 5_000_000}, **item}
    if first:
        log.completed("CommandExecution", **fields).output("some text")
    else:
        log.output("some text").completed("CommandExecution", **fields)
    call = only_call(log)
    assert (call.status, call.exit_code, call.duration_ms) == (status, exit_code, 2005)
    assert call.error_signature == ("no rule #" if status == "error" else None)
    assert (call.result_chars, call.result_hash) == (9, hash_text("some text"))


def test_an_item_without_a_code_takes_none_away():
    log = new_codex().turn().shell("make", "x", 3)
    assert only_call(log.completed("CommandExecution", id=log.call_id, status="failed")).exit_code == 3


def test_an_item_names_the_subagent_that_a_call_started():
    log = new_codex().turn().call("spawn_agent", {"agent_type": "explorer"}, id="c1")
    log.completed("CollabAgentToolCall", id="c1", tool="spawn_agent", receiver_thread_ids=["t9"])
    call = only_call(log.output("started"))
    assert (call.category, call.agent_type, call.spawned) == ("subagent", "explorer", "t9")


@pytest.mark.parametrize(
    "item", [None, 5, "x", [], {}, {"type": "CommandExecution"}, {"type": 5}, {"type": "UserMessage"}]
)
def test_an_item_of_any_shape_does_no_harm(item):
    log = new_codex().turn().event("item_completed", item=item).tokens(input=9, output=3)
    assert [response.usage.output for response in read(log).responses] == [3]
    assert len(parse(log).sessions) == 1


def test_calls_belong_to_the_response_whose_usage_follows_them():
    log = new_codex().turn().shell("one").tokens(input=9, output=1).shell("two").shell("three").null_info().repeat()
    log.tokens(input=9, output=2).shell("four")
    session = read(log)
    first, second = (response.id for response in session.responses)
    assert [call.response for call in session.tool_calls] == [first, second, second, ""]


@pytest.mark.parametrize(
    ("name", "given", "output", "kind"),
    [
        ("exec_command", {"cmd": "make"}, HEAD + "Process running with session ID 7\nOutput:\n", "background"),
        ("exec_command", {"cmd": "make"}, HEAD + "Process exited with code 0\nOutput:\nfine", ""),
        ("exec_command", {"cmd": "cat a"}, "Exit code: 0\nOutput:\nProcess running with session ID 7", ""),
        ("exec_command", {"cmd": "cat a"}, "Output:\nProcess running with session ID 7", ""),
        ("write_stdin", {"session_id": 7}, HEAD + "Process running with session ID 7\nOutput:\n", ""),
    ],
)
def test_a_command_that_goes_on_in_the_background(name, given, output, kind):
    assert only_call(new_codex().turn().call(name, given).output(output)).result_kind == kind


@pytest.mark.parametrize(
    ("given", "same"),
    [
        ({"justification": "It needs the network.", "max_output_tokens": 9}, True),
        ({"with_escalated_permissions": False}, True),
        ({"with_escalated_permissions": True}, False),
        ({"sandbox_permissions": "require_escalated"}, False),
        ({"timeout_ms": 9}, False),
        ({"yield_time_ms": 9}, False),
        ({"tty": True}, False),
        ({"shell": "zsh"}, False),
        ({"workdir": 7, "timeout_ms": 9}, False),
    ],
)
def test_a_command_run_in_another_way_is_another_one(given, same):
    call = only_call(new_codex().turn().call("shell", {"command": ["bash", "-lc", "make \n all"], **given}))
    assert (call.command_hash == hash_text("make all")) is same
