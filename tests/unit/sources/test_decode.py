from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.sources._claude_lines import Line, LineUsage
from tachograph.sources._codex_lines import Line as CodexLine
from tachograph.sources._decode import decode_part, decode_string, decode_tolerantly
from tests.effort import takes_at_most
from tests.unit.sources.parsing import new_claude, new_codex, parse, parse_bytes, problems_of, read

WHOLE = b'{"type":"mode","sessionId":"s1"}'


def kinds(raw: bytes) -> tuple[list[str], str]:
    """Types of the records in a line, and the problem."""
    decoded = decode_tolerantly(raw, Line)
    return [record.type for record in decoded.records], decoded.slug


@pytest.mark.parametrize(
    ("raw", "types", "slug"),
    [
        pytest.param(WHOLE, ["mode"], "", id="whole"),
        pytest.param(b"\xef\xbb\xbf" + WHOLE + b"\r\n", ["mode"], "", id="byte order mark"),
        pytest.param(b"\x00\x00" + WHOLE + b"\x00\n", ["mode"], "", id="padded with NUL"),
        pytest.param(b"\x00\x00\x00", [], "", id="only NUL"),
        pytest.param(b"// a comment\n", [], "", id="comment"),
        pytest.param(b"", [], "", id="empty"),
        pytest.param(b'{"type":"a","cwd":"\xff"}', ["a"], "invalid_utf8", id="invalid UTF-8"),
        pytest.param(rb'{"type":"a","cwd":"\ud83d"}', ["a"], "", id="lone surrogate"),
        pytest.param(b'{"type":"a","cwd":"tab\there"}', ["a"], "", id="raw control character"),
        pytest.param(b'{"type":"a","retryAttempt":%d}' % 10**40, ["a"], "unexpected_shape", id="beyond 64 bits"),
        pytest.param(b'{"type":"a","retryAttempt":9007199254740993}', ["a"], "unexpected_shape", id="beyond 2^53"),
        pytest.param(b'{"type":"a","retryAttempt":2.0}', ["a"], "", id="whole number as a float"),
        pytest.param(b'{"type":"a","durationMs":NaN}', ["a"], "unexpected_shape", id="not a number"),
        pytest.param(b'{"type":"a","durationMs":1e999}', ["a"], "unexpected_shape", id="infinity"),
        pytest.param(WHOLE + WHOLE, ["mode", "mode"], "", id="glued"),
        pytest.param(WHOLE + b" , " + WHOLE, ["mode", "mode"], "", id="glued with a comma"),
        pytest.param(WHOLE + b"rubbish", ["mode"], "glued_line", id="rubbish behind"),
        pytest.param(b'{"type":"user","mess' + WHOLE, ["mode"], "glued_line", id="behind a fragment"),
        pytest.param(WHOLE + b'{"type":"us' + WHOLE, ["mode", "mode"], "glued_line", id="fragment between"),
        pytest.param(
            b'{"type":"user","message":{"content":[{"type":"te' + WHOLE, ["mode"], "glued_line", id="in a block"
        ),
        pytest.param(b'"x"' + WHOLE, ["mode"], "glued_line", id="behind a string"),
        pytest.param(b'{"type":"user","mess', [], "invalid_json", id="fragment"),
        pytest.param(b"not json", [], "invalid_json", id="not JSON"),
        pytest.param(b"[1,2]", [], "invalid_json", id="an array"),
        pytest.param(b"null", [], "invalid_json", id="null"),
        pytest.param(b"[" * 100_000, [], "too_deep", id="deep array"),
        pytest.param(b'{"a":' * 100_000, [], "too_deep", id="deep object"),
        pytest.param(b'{"type":"a","cwd":["no text"]}', ["a"], "unexpected_shape", id="odd field"),
        pytest.param(b'{"type":"a","message":{"id":7,"model":"m"}}', ["a"], "unexpected_shape", id="odd inner field"),
    ],
)
def test_each_rung_of_the_ladder(raw, types, slug):
    assert kinds(raw) == (types, slug)


def test_an_object_within_a_fragment_is_no_line():
    inner = b'{"type":"assistant","timestamp":"2026-05-20T10:00:00.000Z","message":{"id":"m1"}}'
    fragment = b'{"type":"progress","data":{"type":"agent_progress","message":' + inner + b',"norm'
    assert kinds(fragment + WHOLE) == (["mode"], "glued_line")
    assert kinds(fragment) == ([], "invalid_json")


def test_only_what_does_not_fit_is_dropped():
    usage = {"input_tokens": 5, "output_tokens": "many", "cache_read_input_tokens": 7}
    blocks = [{"type": "text", "text": 9}, {"type": "text", "text": "kept"}]
    raw = json.dumps({"type": "assistant", "message": {"id": "m1", "usage": usage, "content": blocks}}).encode()
    decoded = decode_tolerantly(raw, Line)
    message = decoded.records[0].message
    assert (message.id, message.usage.input_tokens, message.usage.output_tokens) == ("m1", 5, None)
    assert message.usage.cache_read_input_tokens == 7
    assert [block.text for block in message.content] == [None, "kept"]
    assert decoded.detail == "ignored: message.content.text, message.usage.output_tokens"


@pytest.mark.parametrize(
    ("field", "value", "kept", "ignored"),
    [
        ("content", {"text": "x"}, None, "message.content"),
        ("content", ["x", {"type": "text", "text": "y"}], ["y"], "message.content"),
        ("content", [{"type": "text", "text": "y", "content": {"text": "z"}}], ["y"], "message.content.content"),
        ("content", [{"type": "text", "text": "y", "content": [5, {"text": "z"}]}], ["y"], "message.content.content"),
        ("content", 5, None, "message.content"),
    ],
)
def test_blocks_of_any_shape_keep_what_fits(field, value, kept, ignored):
    raw = json.dumps({"type": "user", "message": {"id": "m1", field: value}}).encode()
    decoded = decode_tolerantly(raw, Line)
    content = decoded.records[0].message.content
    assert (content and [block.text for block in content]) == kept
    assert decoded.detail == f"ignored: {ignored}"


def test_changes_of_any_shape_keep_what_fits():
    changes = {"/a": {"type": "add", "content": "x"}, "/b": 5, "/c": {"type": "update", "unified_diff": 7}}
    raw = json.dumps({"type": "event_msg", "payload": {"type": "patch_apply_end", "changes": changes}}).encode()
    decoded = decode_tolerantly(raw, CodexLine)
    found = decoded.records[0].payload.changes
    assert {path: (change.type, change.content) for path, change in found.items()} == {
        "/a": ("add", "x"),
        "/c": ("update", None),
    }
    assert decoded.detail == "ignored: payload.changes, payload.changes.unified_diff"


@pytest.mark.parametrize("number", [-1, 10**9 + 1, 10**30, -(10**30), 1.5, True, "12"])
def test_a_count_beyond_reason_is_dropped_and_what_stands_beside_it_kept(number):
    raw = json.dumps({"input_tokens": 5, "output_tokens": number}).encode()
    decoded = decode_tolerantly(raw, LineUsage)
    assert decoded.records == (LineUsage(input_tokens=5),)


@given(st.binary(max_size=200), st.sampled_from([Line, CodexLine]))
def test_it_never_raises_whatever_the_bytes(raw, shape):
    decode_tolerantly(raw, shape)


@given(st.data())
def test_it_never_raises_whatever_was_done_to_a_line(data):
    line = bytearray(data.draw(st.sampled_from(LINES)))
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(line)))
        line[place : place + data.draw(st.integers(0, 3))] = data.draw(
            st.one_of(st.binary(max_size=3), st.sampled_from([b"{", b'"', b"[", b"}", b"\\u", b"1e9", b"null", b","]))
        )
    decode_tolerantly(bytes(line), Line)
    decode_tolerantly(bytes(line), CodexLine)


CLAUDE_LOG = (
    new_claude().prompt().shell("make", "x", 1).read("/a", "x").create("/b", "y\n").api_error().compaction()
    .queued_command("more").slash("/review").response(outputs=(1, 5)).turn_duration(7)
)  # fmt: skip
CODEX_LOG = (
    new_codex().turn().prompt().shell("make", "x", 1).shell("ls", form="old").patch([("Add", "/a", "+x")])
    .mcp("tickets", "find", {"q": 1}).web_search("q").tokens(input=9, output=1).record(input=5, output=1)
    .completed("UserMessage", id="u", content=[{"type": "text", "text": "x"}]).abort()
)  # fmt: skip
LINES = [line for log in (CLAUDE_LOG, CODEX_LOG) for line in log.content().splitlines()]


@given(st.sampled_from([CLAUDE_LOG, CODEX_LOG]), st.data())
def test_a_damaged_log_is_read_without_an_error(log, data):
    content = bytearray(log.content())
    for _ in range(data.draw(st.integers(1, 10))):
        place = data.draw(st.integers(0, len(content)))
        content[place : place + data.draw(st.integers(0, 4))] = data.draw(
            st.one_of(
                st.binary(max_size=4),
                st.sampled_from(
                    [b"{", b"}", b"[]", b"null", b'"', b"\n", rb"\ud800", b"9" * 30, b"-", b"1e400", b"\xff"]
                ),
            )
        )
    parsed = parse_bytes("codex" if log is CODEX_LOG else "claude_code", log.path, bytes(content))
    for session in parsed.sessions:
        msgspec.msgpack.encode(session)  # as it travels between processes: numbers of 64 bits, texts of UTF-8


@given(st.sampled_from([CLAUDE_LOG, CODEX_LOG]), st.data())
def test_a_log_with_values_of_any_shape_is_read_without_an_error(log, data):
    records = json.loads(json.dumps(log.records))
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.sampled_from(records))
        while True:
            key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
            if not place[key] or not isinstance(place[key], dict | list) or data.draw(st.booleans()):
                place[key] = json.loads(data.draw(st.sampled_from(ODD_VALUES)))
                break
            place = place[key]
    content = b"".join(json.dumps(record).encode() + b"\n" for record in records)
    parsed = parse_bytes("codex" if log is CODEX_LOG else "claude_code", log.path, content)
    for session in parsed.sessions:
        msgspec.msgpack.encode(session)


ODD_VALUES = [
    "null",
    "true",
    "-1",
    "2.5",
    "1000000000000000000000000000000",
    '""',
    '"text"',
    "[]",
    "[null]",
    '["text"]',
    "[{}]",
    "{}",
    '{"type":5}',
    '{"text":"x"}',
    '{"a":{}}',
]


BROKEN = st.one_of(
    st.binary(max_size=60).map(lambda raw: raw.replace(b"\n", b"")),
    st.tuples(st.sampled_from(LINES), st.integers(1, 400)).map(lambda pair: pair[0][: pair[1]]),
    st.sampled_from([b"[" * 50_000, b'{"a":' * 50_000, b"\x00" * 100, b"{}", b'{"type":5}', b"\xff\xfe{"]),
)


@given(st.lists(BROKEN, min_size=1, max_size=6))
def test_every_whole_line_is_read_whatever_line_stands_before_it(broken):
    log = new_claude().prompt()
    for number, raw in enumerate(broken, 1):
        log.raw(raw + b"\n").response(output=number, id=f"msg_whole{number}")
    found = {response.id: response.usage.output for response in read(log).responses}
    assert {id: found.get(id) for id in (f"msg_whole{n}" for n in range(1, len(broken) + 1))} == {
        f"msg_whole{number}": number for number in range(1, len(broken) + 1)
    }


@pytest.mark.parametrize("nested", [b'{"type":"a","x":', b"[", b'{"type":'])
def test_a_line_made_to_take_long_does_not(nested):
    raw = b'{"type":"user","mess' + nested * 200_000
    takes_at_most(3, lambda: decode_tolerantly(raw, Line))


@pytest.mark.parametrize(
    ("raw", "value"),
    [(b'"x"', "x"), (b'"\xff"', "\ufffd"), (b"", None), (b"7", None), (b'"x', None), (rb'"\ud800"', None)],
)
def test_a_part_is_decoded_or_none(raw, value):
    assert decode_part(decode_string, raw) == value


@pytest.mark.parametrize("odd", [b"\xff\xfe", b"\xed\xa0\x80", rb"\ud83d", rb"\u0000", b"\x01"])
def test_odd_characters_in_the_parts_of_a_line_that_are_read_late_lose_nothing_else(odd):
    log = new_claude().prompt().create("/a", "x@@").shell("echo @@", "@@", 1).api_error(kind="@@").slash("/x", "@@")
    log.system("local_command", content="<command-name>/@@</command-name>").response(output=7)
    session = parse_bytes("claude_code", log.path, log.content().replace(b"@@", odd)).sessions[0]
    assert [call.status for call in session.tool_calls] == ["ok", "error"]
    assert session.tool_calls[0].lines_added == 1
    assert (session.tool_calls[1].command or "").startswith("echo ")
    assert [prompt.kind for prompt in session.prompts] == ["human", "slash", "slash"]
    assert session.responses[-1].usage.output == 7
    rollout = new_codex().turn().shell("echo @@", "@@", 1).patch([("Add", "/a@@", "+@@")]).tokens(input=9, output=7)
    session = parse_bytes("codex", rollout.path, rollout.content().replace(b"@@", odd)).sessions[0]
    assert [(call.status, call.exit_code) for call in session.tool_calls] == [("error", 1), ("ok", 0)]
    assert (session.tool_calls[0].command or "").startswith("echo ")
    assert session.responses[-1].usage.output == 7


def test_problems_name_the_line_and_its_place():
    log = new_claude().prompt()
    place = len(log.content())
    log.raw(b"rubbish\n").response().raw(b"// comment\n\n").raw(b"[" * 5000 + b"\n")
    assert problems_of(log) == [("invalid_json", 2), ("too_deep", 6)]
    assert parse(log).problems[0].offset == place


def test_a_problems_detail_never_holds_the_line():
    log = new_claude().prompt().raw(b"my own words\n").raw(b'{"type":"user","cwd":{"secret":"words"}}\n')
    details = [problem.detail for problem in parse(log).problems]
    assert details == ["12 characters are no JSON object", "ignored: cwd"]


def test_many_problems_are_counted_and_not_kept():
    log = new_claude().prompt().raw(b"rubbish\n" * 500).response()
    parsed = parse(log)
    assert len(parsed.problems) == 201
    assert (parsed.problems[-1].slug, parsed.problems[-1].line) == ("more_problems", 0)
    assert parsed.problems[-1].detail == "300 more problems in this file"
    assert parsed.carry == b""
    assert len(parsed.sessions[0].responses) == 1


@pytest.mark.parametrize("content", [b"", b"\n\n", b"// only a comment\n"])
def test_a_file_without_a_record_holds_no_session(content):
    parsed = parse_bytes("claude_code", new_claude().path, content)
    assert parsed.sessions == ()
    assert [problem.slug for problem in parsed.problems] in ([], ["not_a_transcript"])


def test_unknown_types_are_counted_by_name_and_not_without_end():
    log = new_claude().prompt()
    for number in range(150):
        log.loose(f"new-{number}").loose("newer")
    counts = dict(parse(log).unknown_types)
    assert counts["newer"] == 150
    assert len(counts) == 101
    assert counts["(more)"] == 51
    assert sum(counts.values()) == 300
