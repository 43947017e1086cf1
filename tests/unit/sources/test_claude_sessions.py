from __future__ import annotations

import json
from pathlib import Path

import pytest

from tachograph.model import Session
from tests.builders.claude import ClaudeHome
from tests.builders.log import START, milliseconds
from tests.unit.sources.parsing import NOWHERE, new_claude, parse, parse_bytes, read

ID = "00000001-0304-4000-8000-000003040001"
T0 = milliseconds(START)


def test_a_session_says_who_where_and_when():
    session = read(new_claude(branch="fix", entrypoint="sdk-py").prompt("Fix it").response())
    assert (session.id, session.agent, session.kind, session.native_id) == (
        f"claude_code:{ID}",
        "claude_code",
        "main",
        ID,
    )
    assert (session.project, session.git_branch, session.entrypoint) == ("/home/ada/site", "fix", "sdk-py")
    assert (session.versions, session.parent_id, session.forked_from) == (("2.1.219",), None, None)
    assert (session.started_at, session.ended_at) == (T0 + 5000, T0 + 7000)
    assert session.complete


def test_times_that_go_back_do_not_turn_a_session_round():
    session = read(new_claude().prompt().wait(-3600).response().wait(7200).response())
    assert (session.started_at, session.ended_at) == (T0 - 3593_000, T0 + 3609_000)


def test_a_line_without_a_timestamp_takes_the_last_ones():
    log = new_claude().prompt()
    log.emit({"type": "user", "uuid": "u9", "sessionId": ID, "message": {"content": "No clock"}})
    assert [prompt.at for prompt in read(log).prompts] == [T0 + 5000, T0 + 5000]


def test_versions_and_branches_are_kept_in_order():
    log = new_claude(version="2.1.1", branch="main").prompt().response()
    log.version, log.branch = "2.1.9", "fix"
    log.prompt().response()
    log.version = "2.1.1"
    session = read(log.prompt().response())
    assert (session.versions, session.git_branch) == (("2.1.1", "2.1.9"), "fix")
    assert [response.branch for response in session.responses] == ["main", "fix", "fix"]


@pytest.mark.parametrize(
    ("titles", "title"),
    [
        ([("ai", "Guess")], "Guess"),
        ([("ai", "Guess"), ("ai", "Better guess")], "Better guess"),
        ([("own", "Mine"), ("ai", "Guess")], "Mine"),
        ([("ai", "Guess"), ("own", "Mine")], "Mine"),
        ([("own", "Mine"), ("own", "Mine too")], "Mine too"),
        ([("here", "Fixed a test")], "Fixed a test"),
        ([("here", "Fixed a test"), ("here", "Fixed two")], "Fixed two"),
        ([("there", "Of another session")], None),
        ([("here", "Fixed a test"), ("there", "Of another session")], "Fixed a test"),
        ([("here", "Fixed a test"), ("ai", "Guess")], "Guess"),
        ([("own", "x" * 300)], "x" * 200),
        ([], None),
    ],
)
def test_the_title_is_the_persons_else_the_models_else_a_summary_of_this_very_session(titles, title):
    log = new_claude().prompt().response()
    for kind, text in titles:
        if kind == "ai":
            log.ai_title(text)
        elif kind == "own":
            log.custom_title(text)
        else:
            log.summary(text, log.tip if kind == "here" else "00000000-dead-4000-8000-000000000000")
    assert read(log).title == title


def test_a_summary_may_stand_before_what_it_sums_up():
    leaf = new_claude().prompt().response().tip
    log = new_claude().summary("Fixed a test", leaf).prompt().response().response()
    assert read(log).title == "Fixed a test"


def test_markers_of_every_kind():
    log = new_claude().prompt().api_error(status=529, attempt=2).synthetic("API Error: 529").interruption()
    log.compaction(pre_tokens=150_000, trigger="manual").turn_duration(61_234)
    log.system("microcompact_boundary", microcompactMetadata={"trigger": "auto", "preTokens": 90_000})
    log.fallback("claude-fable-5", "claude-opus-4-8").pr_link(7, "https://example.org/pull/7")
    assert [(marker.kind, marker.detail, marker.value) for marker in read(log).markers] == [
        ("api_error", "overloaded_error (try 2 of 10)", 529),
        ("api_error", "API Error: 529", None),
        ("interruption", "", None),
        ("compaction", "manual", 150_000),
        ("turn_duration", "", 61_234),
        ("compaction", "micro", 90_000),
        ("model_fallback", "claude-fable-5 -> claude-opus-4-8", None),
        ("pr_link", "https://example.org/pull/7", 7),
    ]


def test_an_api_errors_headers_are_not_read():
    assert b"org-invented" in new_claude().prompt().api_error().content()
    assert "org-invented" not in repr(read(new_claude().prompt().api_error()))


@pytest.mark.parametrize(
    "error", [None, "text", 5, {}, {"status": "529"}, {"error": "x"}, {"status": 500, "error": {"error": 5}}]
)
def test_an_api_error_of_any_shape_is_a_marker(error):
    session = read(new_claude().prompt().system("api_error", error=error))
    assert [marker.kind for marker in session.markers] == ["api_error"]


# ------------------------------------------------------------------------------------------------- responses


def test_a_responses_time_is_from_its_first_to_its_last_line():
    (response,) = read(new_claude().prompt().response(outputs=(1, 2, 3), seconds=4, step=1.5)).responses
    assert (response.started_at, response.ended_at) == (T0 + 9000, T0 + 12_000)
    assert (response.lines, response.usage.output, response.stop_reason) == (3, 3, "end_turn")


@pytest.mark.parametrize(
    ("outputs", "stop", "output", "reliable"),
    [
        ((5,), "end_turn", 5, True),
        ((1, 5), "end_turn", 5, True),
        ((5, 1), "end_turn", 5, True),
        ((5, 5, 5), "tool_use", 5, True),
        ((1, 1), None, 1, False),
        ((0,), None, 0, False),
    ],
)
def test_the_largest_output_counts_and_any_stop_reason_makes_it_reliable(outputs, stop, output, reliable):
    (response,) = read(new_claude().prompt().response(outputs=outputs, stop=stop)).responses
    assert (response.usage.output, response.output_reliable, response.lines) == (output, reliable, len(outputs))


def test_among_equal_copies_the_last_one_counts():
    log = new_claude().prompt().response(id="msg_a", output=50, cache_read=1)
    log.response(id="msg_a", output=50, cache_read=2).response(id="msg_a", output=49, cache_read=3)
    (response,) = read(log).responses
    assert (response.usage.cache_read, response.lines) == (2, 3)


@pytest.mark.parametrize("usage", [None, {}, {"input_tokens": None, "output_tokens": None, "cache_creation": None}])
def test_missing_numbers_are_zero(usage):
    log = new_claude().prompt().response()
    record = log.records[-1]
    record["message"]["usage"] = usage
    record["message"]["id"] = "msg_bare"
    responses = {response.id: response for response in read(log.emit(record)).responses}
    assert len(responses) == (1 if usage is None else 2)
    if usage is not None:
        assert (responses["msg_bare"].usage.prompt_size, responses["msg_bare"].usage.output) == (0, 0)


def test_a_write_that_is_not_split_is_one_for_five_minutes():
    log = new_claude().prompt().response()
    record = log.records[-1]
    record["message"]["usage"] = {"cache_creation_input_tokens": 700, "output_tokens": 1}
    record["message"]["id"] = "msg_old"
    usage = read(log.emit(record)).responses[1].usage
    assert (usage.cache_write_5m, usage.cache_write_1h) == (700, 0)


@pytest.mark.parametrize(
    ("model", "provider"),
    [("claude-opus-5", "anthropic"), ("gpt-5.5", "openai"), ("gemini-3-pro", "google"), ("my-model", "anthropic")],
)
def test_the_provider_follows_from_the_models_name(model, provider):
    (response,) = read(new_claude(model=model).prompt().response()).responses
    assert (response.model, response.provider) == (model, provider)


def test_lines_that_carry_usage_are_counted_with_those_that_are_none():
    log = new_claude().prompt().response(outputs=(1, 2, 3)).synthetic().synthetic("Notice", api_error=False)
    session = read(log.response())
    assert session.usage_lines == 6
    assert session.skipped_usage == (("api_error", 1), ("synthetic", 1))
    assert session.usage_lines == sum(r.lines for r in session.responses) + sum(n for _, n in session.skipped_usage)


def test_records_share_one_order():
    log = new_claude().prompt().shell("ls", "a").compaction().response()
    session = read(log)
    records = (*session.responses, *session.tool_calls, *session.prompts, *session.markers)
    assert sorted(record.position for record in records) == list(range(len(records)))
    assert session.lines == len(log.records)


@pytest.mark.parametrize(
    ("finish", "complete"),
    [
        (lambda log: log.response(), True),
        (lambda log: log, False),
        (lambda log: log.interruption(), True),
        (lambda log: log.call("Bash", {}), False),
        (lambda log: log.shell("ls", "a"), True),
        (lambda log: log.call("Bash", {}).response(), True),
    ],
    ids=["answered", "unanswered", "interrupted", "calling", "called", "went on"],
)
def test_a_session_is_complete_unless_it_ends_within_a_turn(finish, complete):
    assert read(finish(new_claude().prompt())).complete is complete


# ------------------------------------------------------------------------------------------- forks, file names


def test_a_fork_names_what_it_was_copied_from():
    log = new_claude().prompt().response()
    assert read(log.fork().prompt()).forked_from == f"claude_code:{ID}"
    assert read(log.fork(sdk=False).prompt()).forked_from == f"claude_code:{ID}"
    assert read(log).forked_from is None


def test_the_file_names_the_session_where_its_name_is_one():
    home = ClaudeHome(NOWHERE)
    named = home.project().session(id="11111111-1111-4111-8111-111111111111", stem="export of a session").prompt()
    assert read(named).id == "claude_code:11111111-1111-4111-8111-111111111111"
    assert read(named).forked_from is None


def test_lines_before_the_first_of_the_conversation_begin_no_session():
    log = new_claude().emit({"type": "file-history-snapshot", "messageId": "m", "snapshot": {}}).prompt().response()
    assert read(log).id == f"claude_code:{ID}"
    assert parse(log).unknown_types == ()


# -------------------------------------------------------------------------------------------------- subagents


def by_id(sessions: tuple[Session, ...]) -> dict[str, Session]:
    return {session.native_id: session for session in sessions}


@pytest.mark.parametrize(
    ("sidecar", "agent_id", "parent", "agent_type"),
    [
        (b"", "a000001", ID, None),
        (b'{"agentType":"Explore","toolUseId":"toolu_1"}', "a000001", ID, "Explore"),
        (b'{"agentType":"Plan","parentAgentId":"a000009","spawnDepth":2}', "a000001", f"{ID}/a000009", "Plan"),
        (b"", "aexplore-0a1b2c", ID, "explore"),
        (b"", "acode_review-0a1b2c", ID, "code_review"),
        (b"not json", "a000001", ID, None),
        (b'{"agentType":5}', "a000001", ID, None),
        (b'{"agentType":"\xff"}', "a000001", ID, "\ufffd"),
    ],
)
def test_a_subagents_file(sidecar, agent_id, parent, agent_type):
    log = new_claude().prompt().subagent(agent_id).user("Look", 0).response()
    session = read(log, sidecar)
    assert (session.id, session.kind) == (f"claude_code:{ID}/{agent_id}", "subagent")
    assert (session.parent_id, session.agent_type) == (f"claude_code:{parent}", agent_type)


@pytest.mark.parametrize("options", [{}, {"workflow": "wf_1"}, {"sibling": True}])
def test_a_subagent_has_the_same_id_wherever_its_file_lies(options):
    log = new_claude().prompt().subagent("a000001", **options).user("Look", 0).response()
    assert read(log).id == f"claude_code:{ID}/a000001"


def test_inlined_subagents_are_sessions_of_their_own():
    log = new_claude().prompt().call("Task", {"subagent_type": "Explore"})
    first, second = log.inlined(), log.inlined()
    first.user("Look here", 0).shell("ls", "a")
    second.user("Look there", 0).response(output=7)
    first.response(output=5)
    log.result("Found").response()
    sessions = by_id(parse(log).sessions)
    assert list(sessions) == [ID, f"{ID}/a000001", f"{ID}/a000002"]
    main, one, two = sessions.values()
    assert [len(session.responses) for session in (main, one, two)] == [2, 2, 1]
    assert [session.agent_type for session in (one, two)] == ["Explore", "Explore"]
    assert [(prompt.kind, prompt.text) for prompt in one.prompts] == [("task", "Look here")]
    assert [(call.name, call.status) for call in one.tool_calls] == [("Bash", "ok")]
    assert [call.name for call in main.tool_calls] == ["Task"]
    assert main.lines + one.lines + two.lines == len(log.content().splitlines())
    assert one.parent_id == two.parent_id == main.id


def test_progress_that_is_no_message_is_no_session():
    log = new_claude().prompt()
    for data in (
        {"type": "bash_progress", "output": "x"},
        {"type": "agent_progress", "agentId": "a1", "message": "x"},
        None,
    ):
        log.chained("progress", data=data, toolUseID="t")
    assert len(parse(log).sessions) == 1


def test_sidechains_between_the_lines_are_sessions_by_their_root():
    log = new_claude(version="1.0.98", entrypoint=None).prompt().response()
    log.sidechain().user("Look here", 0).response().response()
    log.prompt().response()
    log.sidechain().user("Look there", 0).response()
    parsed = parse(log)
    assert [(session.kind, len(session.responses)) for session in parsed.sessions] == [
        ("main", 2),
        ("subagent", 2),
        ("subagent", 1),
    ]
    assert len({session.id for session in parsed.sessions}) == 3
    assert sum(session.lines for session in parsed.sessions) == len(log.records)
    assert parsed.carry == b""


def test_agents_at_work_at_once_keep_their_results():
    """Two terminals on one session: lines of both interleave in one file."""
    log = new_claude().prompt("one").call("Bash", {"command": "one"})
    first = log.call_id
    log.prompt("two").call("Bash", {"command": "two"}).result("2").result("1", call=first).response()
    assert [(call.command, call.status) for call in read(log).tool_calls] == [("one", "ok"), ("two", "ok")]


# --------------------------------------------------------------------------------------------- odd transcripts


@pytest.mark.parametrize(
    "record",
    [
        {"type": "assistant", "message": None},
        {"type": "assistant", "message": {}},
        {"type": "assistant", "message": {"content": "text", "usage": {"output_tokens": 5}}},
        {"type": "assistant", "message": {"model": "<synthetic>"}},
        {"type": "user", "message": None},
        {"type": "user", "message": {"content": None}},
        {"type": "user", "message": {"content": [{"type": "tool_result"}]}},
        {"type": "system"},
        {"type": "system", "subtype": "compact_boundary"},
        {"type": "attachment"},
        {"type": "progress"},
        {"type": "summary"},
        {"type": "pr-link"},
        {"type": ""},
        {},
    ],
    ids=json.dumps,
)
def test_a_line_with_nothing_in_it_does_no_harm(record):
    log = new_claude().prompt().response(output=5).emit({**record, "uuid": "u9", "sessionId": ID}).response(output=6)
    assert [r.usage.output for r in read(log).responses if r.id.startswith("msg_")] == [5, 6]


def test_names_and_ids_hold_no_secret():
    secret = "gh" + "p_" + "Ab3" * 12
    log = new_claude(branch=f"fix-{secret}", cwd=f"/home/ada/{secret}", version=secret).prompt()
    log.tool(
        f"tool-{secret}", {"file_path": f"/tmp/{secret}"}, result="x", call_id=f"toolu-{secret}", id=f"msg-{secret}"
    )
    log.loose(f"type-{secret}").pr_link(1, f"https://example.org/{secret}")
    log.response(model=f"model-{secret}")
    parsed = parse_bytes("claude_code", Path("/home/ada/.claude/projects/p") / f"{ID}.jsonl", log.content())
    assert secret not in repr(parsed)
