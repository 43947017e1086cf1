"""Sessions as their spans tell them."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from tachograph.model import TaskChange, Usage
from tachograph.sources._claude_tools import _CATEGORIES as CLAUDE
from tachograph.sources._claude_tools import categorise as categorise_as_transcripts
from tachograph.sources._codex_tools import _CATEGORIES as CODEX
from tachograph.telemetry._tools import CATEGORIES, categorise
from tests.unit.telemetry.spans import MODEL, OTHER, SESSION, START, Folder

# ------------------------------------------------------------------------------------------------------- sessions


def test_a_session_has_the_id_and_the_times_of_its_spans(folder: Folder) -> None:
    folder.tool("Bash").at(90).span("hook:tsc-check", took=2.25)
    session = folder.only().session
    assert (session.id, session.agent, session.kind) == (f"claude_code:{SESSION}", "claude_code", "main")
    assert (session.started_at, session.ended_at) == (START * 1000, (START + 92) * 1000 + 250)


def test_nanoseconds_count_as_such(folder: Folder) -> None:
    folder.span("hook:tsc-check", startTime=[START - 1, 999_000_000]).tool("Bash")
    assert folder.only().session.started_at == START * 1000 - 1


def test_sessions_are_kept_apart_and_come_in_order(folder: Folder) -> None:
    folder.tool("Bash", OTHER).tool("Read").tool("Edit", OTHER)
    found = [(s.session.native_id, [c.name for c in s.session.tool_calls]) for s in folder.read().sessions]
    assert found == [(SESSION, ["Read"]), (OTHER, ["Bash", "Edit"])]


def test_a_session_of_which_nothing_is_told_is_none(folder: Folder) -> None:
    assert folder.span("hook:session-start").span("hook:tsc-check").read().sessions == ()


@pytest.mark.parametrize(
    ("service", "agent"),
    [("claude-code-hooks", "claude_code"), ("codex_cli_rs", "codex"), ("Codex", "codex"), ("", "claude_code")],
)
@pytest.mark.parametrize("shape", [lambda a: {"attributes": a}, lambda a: a])
def test_the_service_tells_whose_session_it_is(folder: Folder, service: str, agent: str, shape: Any) -> None:
    folder.tool("Bash").tool("Bash")
    record = json.loads(folder.lines["traces-2026-05-28.jsonl"].pop())
    folder.line("traces-2026-05-28.jsonl", {**record, "resource": shape({"service.name": service})})
    assert folder.only().session.id == f"{agent}:{SESSION}"


def test_the_start_tells_where_the_session_is_at_work_and_its_type(folder: Folder) -> None:
    place = {"working.directory": "/home/ada/site", "git.branch": "login", "agent.type": "translation"}
    session = folder.span("hook:session-start", attributes=place).tool("Bash").only().session
    assert (session.project, session.cwds, session.git_branch) == ("/home/ada/site", ("/home/ada/site",), "login")
    assert session.agent_type == "translation"


def test_the_resource_may_tell_the_type_and_the_session(folder: Folder) -> None:
    about = {"session.id": SESSION, "gen_ai.agent.name": "reviewer"}
    folder.span("hook:session-start", None, resource={"attributes": about}).tool("Bash")
    assert folder.only().session.agent_type == "reviewer"


def test_the_type_of_a_subagent_that_was_called_is_not_the_sessions(folder: Folder) -> None:
    folder.span("hook:agent-post-tool", attributes={"gen_ai.agent.name": "Explore"}).tool("Bash")
    assert folder.only().session.agent_type is None


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_lines_and_their_repetition_change_nothing(folder: Folder, seed: int) -> None:
    folder.prompt().tool("TaskCreate", task_status="pending").tool("Bash", OTHER).tokens(10, 5, 90)
    folder.tool("TaskUpdate", task_id="1", task_status="completed").tokens(20, 9, 180).score("relevance", 0.5)
    expected = folder.read()
    lines = folder.lines["traces-2026-05-28.jsonl"]
    random.Random(seed).shuffle(lines)
    folder.lines["traces-2026-05-27.jsonl"] = lines[:3]
    assert folder.read() == expected


# ---------------------------------------------------------------------------------------------------------- calls


@pytest.mark.parametrize("name", [*CATEGORIES, *CLAUDE, *CODEX, "mcp__notes__add", "Unheard"])
def test_tools_have_the_categories_that_transcripts_give_them(name: str) -> None:
    assert categorise(name) == (CODEX[name] if name in CODEX else categorise_as_transcripts(name))


def test_a_call_is_told_whole(folder: Folder) -> None:
    folder.tool("Read", success=True, has_error=False, file_path="/home/ada/a.md", output_size=120)
    (call,) = folder.only().session.tool_calls
    assert (call.name, call.category, call.status, call.path) == ("Read", "read", "ok", "/home/ada/a.md")
    assert (call.file_op, call.result_chars, call.error_signature) == ("read", 120, None)
    assert (call.started_at, call.ended_at) == (START * 1000, START * 1000 + 500)


@pytest.mark.parametrize(
    ("code", "attributes", "status"),
    [
        (0, {}, "ok"),  # UNSET is no failure
        (1, {}, "ok"),
        (2, {}, "error"),
        (2, {"success": True}, "error"),
        (0, {"success": True, "has_error": False}, "ok"),
        (0, {"success": False}, "error"),
        (1, {"has_error": True}, "error"),
        (0, {"success": "false"}, "error"),
        (0, {"success": "what"}, "ok"),
        ("STATUS_CODE_ERROR", {}, "error"),
    ],
)
def test_a_call_fails_by_status_2_or_by_its_own_word(
    folder: Folder, code: Any, attributes: dict[str, Any], status: str
) -> None:
    folder.tool("Bash", code=code, error_type="timeout", **attributes)
    (call,) = folder.only().session.tool_calls
    assert (call.status, call.error_signature) == (status, "timeout" if status == "error" else None)


def test_a_span_without_a_status_is_no_failure(folder: Folder) -> None:
    folder.span("hook:builtin-post-tool", status=None, attributes={"builtin.tool": "Bash"})
    assert folder.only().session.tool_calls[0].status == "ok"


def test_a_call_of_an_mcp_server_is_named_as_in_transcripts(folder: Folder) -> None:
    told = {"mcp.server": "notes", "mcp.tool": "add", "mcp.success": False}
    (call,) = folder.span("hook:mcp-post-tool", attributes=told).only().session.tool_calls
    assert (call.name, call.category, call.status) == ("mcp__notes__add", "mcp:notes", "error")


def test_newer_hooks_write_their_attributes_with_a_prefix(folder: Folder) -> None:
    told = {"integritystudio.builtin.tool": "Bash", "integritystudio.builtin.success": False, "builtin.success": True}
    (call,) = folder.span("hook:builtin-post-tool", attributes=told).only().session.tool_calls
    assert (call.name, call.status) == ("Bash", "error")


def test_a_call_that_is_told_twice_counts_once(folder: Folder) -> None:
    told = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "Bash"}
    folder.tool("Bash").span("execute_tool", attributes=told)
    assert len(folder.only().session.tool_calls) == 1


def test_calls_of_the_genai_conventions_count_where_no_hook_tells(folder: Folder) -> None:
    told = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "Grep", "error.type": "timeout"}
    (call,) = folder.span("execute_tool Grep", status={"code": 2}, attributes=told).only().session.tool_calls
    assert (call.name, call.category, call.status, call.error_signature) == ("Grep", "search", "error", "timeout")


def changes(folder: Folder) -> list[tuple[str, ...]]:
    """States of each task, in the order in which tasks were made."""
    told: dict[int, tuple[str, ...]] = {}
    for call in folder.only().session.tool_calls:
        for change in call.tasks:
            assert isinstance(change, TaskChange)
            told[change.key] = (*told.get(change.key, ()), change.state)
    return list(told.values())


def test_a_task_is_followed_from_its_creation(folder: Folder) -> None:
    folder.tool("TaskCreate", task_status="pending").tool("TaskCreate", task_status="pending")
    folder.tool("TaskUpdate", task_id="1", task_status="in_progress")
    folder.tool("TaskUpdate", task_id="1", task_status="completed")
    folder.tool("TaskUpdate", task_id="1", task_status="completed")
    assert changes(folder) == [("open", "started", "completed", "completed"), ("open",)]


def test_a_task_from_an_earlier_session_counts_as_one_of_its_own(folder: Folder) -> None:
    folder.tool("TaskUpdate", task_id="7", task_status="completed").tool("TaskCreate", task_status="pending")
    assert changes(folder) == [("completed",), ("open",)]


@pytest.mark.parametrize(
    "attributes", [{"task_id": "1"}, {"task_status": "strange", "task_id": "1"}, {"task_status": "completed"}]
)
def test_a_task_call_that_tells_no_state_or_no_task_changes_none(folder: Folder, attributes: dict[str, str]) -> None:
    assert folder.tool("TaskUpdate", **attributes).only().session.tool_calls[0].tasks == ()


def test_a_task_call_that_failed_changes_none(folder: Folder) -> None:
    folder.tool("TaskUpdate", code=2, task_id="1", task_status="completed")
    assert folder.only().session.tool_calls[0].tasks == ()


# --------------------------------------------------------------------------------------------------------- tokens


def usages(folder: Folder) -> list[tuple[str, Usage]]:
    return [(response.model, response.usage) for response in folder.only().session.responses]


def test_tokens_are_what_was_used_so_far_and_never_added_up(folder: Folder) -> None:
    folder.tokens(10, 5, 100, 40).tokens(30, 9, 400, 60).tokens(30, 9, 400, 60)
    assert usages(folder) == [(MODEL, Usage(30, 400, 60, 0, 9))]
    assert folder.only().is_summed
    assert folder.only().session.responses[0].started_at == (START + 2) * 1000


def test_after_a_change_of_model_the_sum_goes_on_under_the_new_name(folder: Folder) -> None:
    folder.tokens(10, 5, 100, model="claude-house-4").tokens(30, 9, 400, model="claude-small-4")
    assert usages(folder) == [("claude-small-4", Usage(30, 400, 0, 0, 9))]


def test_sums_that_are_kept_by_model_count_for_each_of_them(folder: Folder) -> None:
    folder.tokens(10, 5, 100, model="claude-house-4").tokens(300, 4, 40, model="claude-small-4")
    assert usages(folder) == [("claude-house-4", Usage(10, 100, 0, 0, 5)), ("claude-small-4", Usage(300, 40, 0, 0, 4))]


@pytest.mark.parametrize(("model", "provider"), [("claude-x", "anthropic"), ("gpt-5", "openai"), ("", "anthropic")])
def test_the_provider_is_told_by_the_model(folder: Folder, model: str, provider: str) -> None:
    assert folder.tokens(1, 1, model=model).only().session.responses[0].provider == provider


def test_a_span_that_found_no_tokens_tells_none(folder: Folder) -> None:
    folder.tool("Bash").span("hook:token-metrics-extraction", attributes={"tokens.found": False}).tokens(0, 0)
    assert folder.only().session.responses == ()
    assert folder.problems() == []
    assert not folder.only().is_summed


@pytest.mark.parametrize("value", [None, "many", -1, 10**12, True, [1], 1e400])
def test_counts_that_make_no_sense_are_a_problem_and_no_zero(folder: Folder, value: Any) -> None:
    told = {"tokens.input": 10, "tokens.output": 5, "tokens.cache_read": value}
    folder.tool("Bash").span("hook:token-metrics-extraction", attributes=told)
    assert folder.problems() == [("traces-2026-05-28.jsonl", "unexpected_shape", 2)]
    assert folder.only().session.responses == ()


def answer(output: int, id: str = "msg_1", **usage: Any) -> dict[str, Any]:
    named = {f"gen_ai.usage.{key.replace('__', '.')}": value for key, value in usage.items()}
    return {
        "gen_ai.operation.name": "chat", "gen_ai.response.model": MODEL, "gen_ai.response.id": id,
        "gen_ai.usage.output_tokens": output, **named,
    }  # fmt: skip


def test_answers_of_the_genai_conventions_count_one_by_one(folder: Folder) -> None:
    cached = {"cache_read__input_tokens": 70, "cache_creation__input_tokens": 20}
    folder.tokens(999, 999, 999)
    folder.span("chat", attributes=answer(5, input_tokens=100, **cached))
    folder.span("chat", attributes=answer(7, "msg_2", input_tokens=50, reasoning__output_tokens=3))
    folder.span("chat", attributes=answer(2, "msg_2", input_tokens=50))
    folder.span("invoke_agent", attributes={"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.output_tokens": 14})
    assert [usage for _, usage in usages(folder)] == [Usage(10, 70, 20, 0, 5), Usage(50, 0, 0, 0, 7, 3)]
    assert not folder.only().is_summed


def test_input_that_leaves_out_what_was_cached_is_taken_as_it_is(folder: Folder) -> None:
    folder.span("chat", attributes=answer(5, input_tokens=3, cache_read__input_tokens=70))
    assert usages(folder) == [(MODEL, Usage(3, 70, 0, 0, 5))]


# ------------------------------------------------------------------------------------------- whose a span is


def test_a_token_span_without_a_session_is_found_by_its_trace(folder: Folder) -> None:
    folder.tokens(1, 2, session=None, traceId="ab" * 16).tool("Bash")
    folder.log(traceId="ab" * 16, attributes={"transcript.path": f"/home/ada/.claude/projects/x/{SESSION}.jsonl"})
    assert usages(folder) == [(MODEL, Usage(1, output=2))]
    assert folder.read().unassigned == 0


def test_a_span_of_the_same_trace_tells_it_too(folder: Folder) -> None:
    folder.tokens(1, 2, session=None, traceId="ab" * 16).span("hook:stop", traceId="ab" * 16)
    assert usages(folder) == [(MODEL, Usage(1, output=2))]


@pytest.mark.parametrize("session", [None, "", "unknown", "default"])
def test_a_span_that_nobody_can_place_counts_for_no_session(folder: Folder, session: str | None) -> None:
    folder.tool("Bash").tokens(1, 2, session=session)
    assert folder.only().session.responses == ()
    assert folder.read().unassigned == 1


def test_a_trace_of_two_sessions_tells_neither(folder: Folder) -> None:
    same = "ab" * 16
    folder.span("hook:stop", traceId=same).span("hook:stop", OTHER, traceId=same).tokens(
        1, 2, session=None, traceId=same
    )
    assert folder.read().unassigned == 1


# ------------------------------------------------------------------------------------------------- prompts, context


def test_prompts_are_those_that_a_person_typed(folder: Folder) -> None:
    folder.prompt("fix it").prompt("as long as this…", **{"prompt.length": 900})
    first, second = folder.only().session.prompts
    assert (first.kind, first.text, first.chars, first.at) == ("human", "fix it", 6, START * 1000)
    assert first.text_hash != 0
    assert (second.chars, second.text_hash) == (900, 0)


@pytest.mark.parametrize(
    ("percents", "share"),
    [([12.5, 80, 60], 0.8), ([130], 1.0), (["45"], 0.45), ([-3], None), ([True], None), ([], None)],
)
def test_context_is_the_largest_share_that_was_told(folder: Folder, percents: list[Any], share: float | None) -> None:
    folder.tool("Bash")
    for percent in percents:
        folder.prompt(**{"context.utilization_percent": percent})
    assert folder.only().context_utilization == share


def test_attributes_and_times_may_be_written_as_otlp_has_them(folder: Folder) -> None:
    listed = [
        {"key": "session.id", "value": {"stringValue": SESSION}},
        {"key": "builtin.tool", "value": {"stringValue": "Bash"}},
        {"key": "builtin.output_size", "value": {"intValue": "12"}},
        {"key": "odd"}, 5, {"value": {"stringValue": "x"}},
    ]  # fmt: skip
    record = {
        "name": "hook:builtin-post-tool", "attributes": listed,
        "startTimeUnixNano": f"{START}250000000", "endTimeUnixNano": f"{START + 1}000000000",
    }  # fmt: skip
    (call,) = folder.line("traces-1.jsonl", record).only().session.tool_calls
    assert (call.result_chars, call.started_at, call.ended_at) == (12, START * 1000 + 250, START * 1000 + 1000)
