from __future__ import annotations

import pytest

from tachograph.model import Usage
from tests.builders.codex import spawned_source
from tests.builders.log import START, milliseconds
from tests.unit.sources.parsing import NOWHERE, new_codex, parse, parse_bytes, read

ID = "00000001-0278-4000-8000-000002780001"
T0 = milliseconds(START)


def outputs(log) -> list[int]:
    return [response.usage.output for response in read(log).responses]


def test_a_session_says_who_where_and_when():
    session = read(new_codex(branch="fix").turn().prompt("Fix it").tokens(input=9, output=3).complete())
    assert (session.id, session.agent, session.kind, session.native_id) == (f"codex:{ID}", "codex", "main", ID)
    assert (session.project, session.git_branch, session.entrypoint) == ("/home/ada/site", "fix", "codex-tui")
    assert (session.versions, session.parent_id, session.forked_from) == (("0.142.5",), None, None)
    assert (session.started_at, session.ended_at) == (T0, T0 + 7000)
    assert session.complete


def test_inclusive_counts_become_exclusive_ones():
    (response,) = read(new_codex().turn().tokens(input=900, cached=500, written=100, output=80, reasoning=30)).responses
    assert response.usage == Usage(300, 500, 100, 0, 80, 30)
    assert (response.model, response.provider, response.output_reliable) == ("gpt-5.5", "openai", True)
    assert response.usage.prompt_size == 900


def test_a_response_lasts_from_its_first_item_to_its_usage():
    log = new_codex().turn().prompt().wait(10).answer(seconds=0).wait(3).tokens(input=9, output=3, seconds=0)
    log.wait(60).tokens(input=9, output=4)
    first, second = read(log).responses
    assert (first.started_at, first.ended_at) == (T0 + 5000, T0 + 18_000)
    assert (second.started_at, second.ended_at) == (T0 + 79_000, T0 + 79_000)


@pytest.mark.parametrize(
    ("fill", "expected", "skipped"),
    [
        pytest.param(lambda log: log.tokens(output=5).tokens(output=6), [5, 6], (), id="growing"),
        pytest.param(lambda log: log.tokens(output=5).repeat().repeat(), [5], (("repeat", 2),), id="repeated"),
        pytest.param(lambda log: log.null_info().tokens(output=5), [5], (("null_info", 1),), id="null info"),
        pytest.param(lambda log: log.tokens(output=5).compaction(), [5], (("repeat", 1),), id="compaction"),
        pytest.param(lambda log: log.tokens(output=5).lose(output=7).tokens(output=6), [5, 13], (), id="a lost event"),
        pytest.param(lambda log: log.tokens(output=5).restart().tokens(output=4), [5, 4], (), id="restarted"),
        pytest.param(lambda log: log.lose(output=50).tokens(output=5), [5], (), id="begins in the middle"),
        pytest.param(lambda log: log.record(output=5).record(output=6), [5, 6], (("repeat", 2),), id="records"),
        pytest.param(
            lambda log: log.record("r1", output=5).record("r1", output=5), [5], (("repeat", 2),), id="same record"
        ),
        pytest.param(lambda log: log.tokens(output=5).record(output=6), [5, 6], (("repeat", 1),), id="upgraded"),
        pytest.param(
            lambda log: log.tokens(output=5).restart().record(output=5),
            [5],
            (("repeat", 2),),
            id="told before its record",
        ),
        pytest.param(lambda log: log.event("token_count", info={}), [], (("null_info", 1),), id="empty info"),
    ],
)
def test_how_usage_is_counted(fill, expected, skipped):
    session = read(fill(new_codex().turn()))
    assert [response.usage.output for response in session.responses] == expected
    assert session.skipped_usage == skipped
    assert session.usage_lines == sum(r.lines for r in session.responses) + sum(count for _, count in skipped)


def test_the_model_is_that_of_the_turn():
    log = new_codex().tokens(output=1).turn("gpt-5.4").tokens(output=2).turn("claude-opus-5").tokens(output=3)
    assert [(r.model, r.provider) for r in read(log).responses] == [
        ("unknown", "openai"),
        ("gpt-5.4", "openai"),
        ("claude-opus-5", "anthropic"),
    ]
    other = new_codex(meta={"model_provider": "azure"}).turn("my-model").tokens(output=1)
    assert [(r.model, r.provider) for r in read(other).responses] == [("my-model", "azure")]


def test_only_the_first_meta_counts():
    log = new_codex().turn().meta(id="another", cwd="/home/ada/other", originator="x").tokens(output=1)
    session = read(log)
    assert (session.id, session.project, session.entrypoint) == (f"codex:{ID}", "/home/ada/site", "codex-tui")
    assert session.lines == len(log.records)


@pytest.mark.parametrize(
    ("meta", "kind", "parent", "agent_type", "forked_from"),
    [
        ({}, "main", None, None, None),
        ({"source": "exec"}, "main", None, None, None),
        ({"forked_from_id": "t0"}, "main", None, None, "codex:t0"),
        (spawned_source("t0", "explorer"), "subagent", "codex:t0", "explorer", "codex:t0"),
        ({"thread_source": "subagent", "parent_thread_id": "t0"}, "subagent", "codex:t0", None, "codex:t0"),
        ({"source": {"subagent": "review"}, "agent_nickname": "Heron"}, "subagent", None, "Heron", None),
        ({"source": {"subagent": {"other": "guardian"}}}, "subagent", None, None, None),
        ({"source": {"custom": "x"}}, "main", None, None, None),
        ({"source": 5}, "main", None, None, None),
    ],
)
def test_who_started_a_thread(meta, kind, parent, agent_type, forked_from):
    session = read(new_codex(meta=meta).turn().tokens(output=1))
    assert (session.kind, session.parent_id, session.agent_type) == (kind, parent, agent_type)
    assert session.forked_from == forked_from


def test_a_forks_copied_usage_is_marked_and_has_its_parents_fingerprints():
    parent = new_codex().turn().tokens(input=9, output=5).repeat().tokens(input=8, output=6)
    child = parent.fork("2026-05-20T12:00:00Z").turn().tokens(input=7, output=7)
    ours, theirs = read(parent).responses, read(child).responses
    assert [response.replayed for response in theirs] == [True, True, False]
    assert [response.chain for response in theirs[:2]] == [response.chain for response in ours]
    assert len({response.chain for response in theirs}) == 3
    assert {response.id for response in ours} & {response.id for response in theirs} == set()


def test_a_fork_by_reference_marks_nothing():
    parent = new_codex().turn().tokens(input=9, output=5)
    child = parent.fork("2026-05-20T12:00:00Z", paginated=True).turn().tokens(input=7, output=7)
    assert [(response.replayed, response.usage.output) for response in read(child).responses] == [(False, 7)]


def test_events_leave_marks():
    log = new_codex().turn().complete(4000).turn().abort("interrupted")
    log.tokens(output=1).compaction().event("thread_rolled_back", num_turns=2)
    assert [(marker.kind, marker.detail, marker.value) for marker in read(log).markers] == [
        ("turn_duration", "", 4000),
        ("turn_duration", "", 900),
        ("interruption", "interrupted", None),
        ("compaction", "auto", None),
        ("rollback", "", 2),
    ]


@pytest.mark.parametrize(
    ("finish", "complete"),
    [
        (lambda log: log.tokens(output=1).complete(), True),
        (lambda log: log.tokens(output=1), False),
        (lambda log: log.abort(), True),
        (lambda log: log.tokens(output=1).complete().turn(), False),
    ],
    ids=["complete", "still running", "aborted", "a new turn"],
)
def test_a_session_is_complete_unless_a_turn_is_open(finish, complete):
    assert read(finish(new_codex().turn().prompt())).complete is complete


def test_a_rollout_of_before_september_2025_is_a_session_without_usage():
    lines = [
        b'{"id":"t1","timestamp":"2025-08-01T10:00:00Z","instructions":null}',
        b'{"type":"message","role":"user","content":[{"type":"input_text","text":"Hi"}]}',
        b'{"type":"reasoning","summary":[]}',
        b'{"type":"function_call","name":"shell","arguments":"{}","call_id":"c1"}',
    ]
    path = NOWHERE / ".codex" / "sessions" / "rollout-2025-08-01T10-00-00-t1.jsonl"
    parsed = parse_bytes("codex", path, b"\n".join(lines) + b"\n")
    assert [session.id for session in parsed.sessions] == ["codex:2025-08-01T10-00-00-t1"]
    assert parsed.sessions[0].responses == ()
    assert parsed.unknown_types == (("function_call", 1),)


@pytest.mark.parametrize("content", [b"", b"\n", b'{"hello":"world"}\n', b"rubbish\n"])
def test_a_file_without_a_session(content):
    parsed = parse_bytes("codex", new_codex().path, content)
    assert parsed.sessions == ()
    assert parsed.carry == b""


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "token_count", "info": {"total_token_usage": None, "last_token_usage": None}},
        {"type": "token_count", "info": {"total_token_usage": {"total_tokens": 10**30}}},
        {"type": "token_count", "info": 5},
        {"type": "user_message", "message": None},
        {"type": "task_complete"},
        {"type": "turn_aborted"},
        {"type": "patch_apply_end"},
        {"type": "mcp_tool_call_end", "call_id": "c9"},
        {"type": "thread_rolled_back"},
        {"type": None},
        {},
    ],
)
def test_an_event_with_nothing_in_it_does_no_harm(payload):
    log = new_codex().turn().tokens(input=9, output=5).line("event_msg", payload).tokens(input=8, output=6)
    assert sum(outputs(log)) == 11


@pytest.mark.parametrize(
    "line", [{"type": "event_msg"}, {"type": "event_msg", "payload": 5}, {"type": "x", "payload": []}, {}]
)
def test_a_line_without_a_payload_does_no_harm(line):
    log = new_codex().turn().tokens(input=9, output=5).emit(line).tokens(input=8, output=6)
    assert outputs(log) == [5, 6]


def test_unknown_types_are_counted():
    log = (
        new_codex().line("hologram", {}).line("world_state", {}).line("compacted", {"message": ""}).line("hologram", {})
    )
    assert parse(log).unknown_types == (("hologram", 2),)


def test_names_and_ids_hold_no_secret():
    secret = "gh" + "p_" + "Ab3" * 12
    log = new_codex(branch=f"fix-{secret}", cwd=f"/home/ada/{secret}", version=secret).turn(f"model-{secret}")
    log.call(f"tool-{secret}", {"path": f"/tmp/{secret}"}, id=f"call-{secret}").output("x")
    log.patch([("Add", f"/tmp/{secret}", "+x")]).mcp(f"server-{secret}", "find", {})
    log.record(f"resp-{secret}", input=9, output=1).line(f"type-{secret}", {}).abort(f"reason {secret}")
    assert secret not in repr(parse(log))
