"""Records as spans, without any store: ids, moments, what is sent of inputs."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from tachograph.analysis.expectations import Part, Recording
from tachograph.mlflow.own_layout import is_own, read_own
from tachograph.mlflow.records import TraceRecord
from tachograph.mlflow.spans import clean_input, make_trace
from tachograph.mlflow.told import ALL_TEXTS, Told
from tachograph.model import Cost, Response, Session, Texts, Usage
from tachograph.redaction import default_cleaner
from tests.builders.session import START, SessionScript

CLEAN = default_cleaner()
KEY = "sk-ant-api03-" + "Zq8" * 31 + "AA"
MARK = "[redacted:anthropic-key]"


def make(*sessions: Session, texts: Texts | None = None, price: Any = lambda _: None) -> TraceRecord:
    recording = Recording([Part(session) for session in sessions], texts or Texts(ALL_TEXTS), CLEAN)
    return make_trace(recording, "1", price, CLEAN)


def back(trace: TraceRecord) -> Told:
    assert is_own(trace)
    return read_own(trace)


# ------------------------------------------------------------------------------------------------------ inputs


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ('{"command":"make"}', {"command": "make"}),
        ('{"a":[1,2.5,null,true,{"b":"c"}]}', {"a": [1, 2.5, None, True, {"b": "c"}]}),
        (json.dumps('{"cmd":["bash","-lc","ls"]}'), {"cmd": ["bash", "-lc", "ls"]}),
        (json.dumps("*** Begin Patch"), {"input": "*** Begin Patch"}),
        ("no JSON {", {"input": "no JSON {"}),
        ("[1]", {"input": [1]}),
        ("", {"input": ""}),
        (json.dumps({"a": KEY, KEY: "b", "c": [f"x {KEY}"]}), {"a": MARK, MARK: "b", "c": [f"x {MARK}"]}),
        (json.dumps({"cmd": "export password=hunter2secret99 && x"}), None),
    ],
)
def test_what_a_tool_was_given_goes_without_secrets(given: str, value: Any) -> None:
    found, whole = clean_input(given.encode(), CLEAN)
    assert whole
    assert value is None or found == value
    assert KEY not in repr(found)
    assert "hunter2secret99" not in repr(found)


def test_a_secret_that_only_the_whole_shows_is_found() -> None:
    """The name of the field says that it is one."""
    given = json.dumps({"headers": {"Authorization": "Bearer abcdefghijklmnopqrstuvwxyz0123456789"}})
    assert "abcdefghijklmnop" not in repr(clean_input(given.encode(), CLEAN)[0])


@pytest.mark.parametrize("depth", [100, 100_000])
def test_deep_inputs_are_text_at_worst(depth: int) -> None:
    found, whole = clean_input(b"[" * depth + b"]" * depth, CLEAN)
    assert "input" in found
    assert whole == (depth == 100)


@pytest.mark.parametrize(("chars", "whole"), [(99_980, True), (100_001, False)])
def test_inputs_are_cut_at_a_size(chars: int, whole: bool) -> None:
    found, is_whole = clean_input(json.dumps({"c": "é" * chars}).encode(), CLEAN)
    assert is_whole == whole
    assert len(json.dumps(found, ensure_ascii=False)) < 100_100


# --------------------------------------------------------------------------------------------------------- ids


def test_ids_are_those_of_the_session_and_differ() -> None:
    session = SessionScript().prompt().response(output=1).call().call().done()
    twins = msgspec.structs.replace(
        session, tool_calls=tuple(msgspec.structs.replace(call, id="c") for call in session.tool_calls)
    )
    first, again = make(session), make(session)
    assert first == again
    assert len({span.id for span in first.spans}) == 4
    assert len({span.id for span in make(twins).spans}) == 4
    assert all(len(span.id) == 16 and int(span.id, 16) for span in first.spans)
    assert len(first.id) == 35


def test_a_session_keeps_the_ids_of_what_was_there() -> None:
    script = SessionScript().prompt().response(output=1).call()
    before = make(script.done())
    after = make(script.response(output=2).done())
    assert before.id == after.id
    assert {span.id for span in before.spans} < {span.id for span in after.spans}
    assert before.metadata["tacho.fingerprint"] != after.metadata["tacho.fingerprint"]


# ----------------------------------------------------------------------------------------------------- moments


def test_the_trace_spans_all_that_happened() -> None:
    session = SessionScript().prompt().response(took=2).call(took=None).at(30).call(took=9).done(ended_at=START + 5_000)
    trace = make(session)
    assert (trace.root.started_ns, trace.root.ended_ns) == (START * 10**6, (START + 39_000) * 10**6)
    assert all(span.ended_ns is not None and span.ended_ns >= span.started_ns for span in trace.spans)


def test_a_session_without_any_moment_is_nothing_to_log() -> None:
    with pytest.raises(ValueError, match="moment"):
        make(Session("codex:x", "codex", "main"))


def test_a_clock_that_went_back_gives_no_negative_spans() -> None:
    session = SessionScript().at(10).call(took=-5).done()
    (tool,) = [span for span in make(session).spans if span.type == "TOOL"]
    assert tool.ended_ns == tool.started_ns


@pytest.mark.parametrize(
    ("status", "told", "message"),
    [
        ("ok", "OK", ""),
        ("missing", "UNSET", ""),
        ("error", "ERROR", "boom"),
        ("denied", "ERROR", "denied"),
        ("cancelled", "ERROR", "cancelled"),
    ],
)
def test_what_came_of_a_call(status: Any, told: str, message: str) -> None:
    error = "boom" if status == "error" else None
    _, tool = make(SessionScript().call(status=status, error_signature=error).done()).spans
    assert (tool.status, tool.message, tool.outputs["status"]) == (told, message, status)


# ----------------------------------------------------------------------------------------------- costs, subagents


def test_costs_are_stated_where_there_is_a_price() -> None:
    def price(response: Response) -> Cost | None:
        return Cost(10**12, 2 * 10**12, 3 * 10**12, 4 * 10**12, 5 * 10**12) if response.model == "priced" else None

    trace = make(SessionScript().response("priced").response("free").response("priced").done(), price=price)
    answers = {span.attributes["mlflow.llm.model"]: span.attributes.get("mlflow.llm.cost") for span in trace.spans[1:]}
    assert answers == {"priced": {"input_cost": 6.0, "output_cost": 4.0, "total_cost": 15.0}, "free": None}
    assert json.loads(trace.metadata["mlflow.trace.cost"]) == {
        "input_cost": 12.0, "output_cost": 8.0, "total_cost": 30.0
    }  # fmt: skip
    assert "mlflow.trace.cost" not in make(SessionScript().response().done()).metadata


def child(native: str, parent: str, **fields: Any) -> Session:
    session = SessionScript().response(output=5).done()
    return msgspec.structs.replace(
        session, id=f"claude_code:{native}", kind="subagent", parent_id=f"claude_code:{parent}", **fields
    )


def test_subagents_hang_below_what_started_them_else_below_their_parent() -> None:
    main = SessionScript().response(output=1).call("Agent", "subagent", spawned="a1").done()
    sessions = (main, child("s1/a1", "s1", agent_type="Plan"), child("s1/a2", "s1/a1"), child("s1/a3", "gone"))
    trace = make(*sessions)
    names = {span.id: span.name for span in trace.spans}
    agents = sorted((span for span in trace.spans if span.type == "AGENT"), key=lambda s: s.attributes["tacho.number"])
    assert [(span.name, names.get(span.parent or "")) for span in agents] == [
        ("claude_code_session", None),
        ("subagent_Plan", "tool_Agent"),
        ("subagent_unnamed", "subagent_Plan"),
        ("subagent_unnamed", "claude_code_session"),
    ]
    assert back(trace).sessions == sessions
    assert json.loads(trace.metadata["mlflow.trace.tokenUsage"])["output_tokens"] == 16


def test_metadata_stay_within_what_mlflow_keeps() -> None:
    most = 2**40
    usage = dict.fromkeys(("input", "cache_read", "cache_write_5m", "cache_write_1h", "output"), most)
    trace = make(SessionScript().response(**usage).done(project="/" + "x" * 900))
    assert max(map(len, [*trace.metadata.values(), *trace.tags.values()])) <= 250
    assert json.loads(trace.metadata["mlflow.trace.tokenUsage"])["total_tokens"] == 5 * most


# ------------------------------------------------------------------------------------------------------- texts


def test_texts_come_back_as_far_as_they_were_sent() -> None:
    session = (
        SessionScript().prompt("Do it.").call(command="make").call(command="ls").call("Read", "read", path="/a").done()
    )
    texts = Texts(ALL_TEXTS)
    texts.keep_call("c1", "make -j8 && echo whole", b'{"command":"make -j8 && echo whole"}')
    texts.keep_call("c3", None, b'{"file_path":"/a"}')
    texts.keep_message(session.id, "r1", 5, f"Done with {KEY}.")
    told = back(make(session, texts=texts))
    assert told.texts.commands == {"c1": "make -j8 && echo whole"}
    assert told.texts.inputs == {"c1": b'{"command":"make -j8 && echo whole"}', "c3": b'{"file_path":"/a"}'}
    assert told.texts.prompts == {"p0": "Do it."}
    assert told.texts.said[session.id].text == f"Done with {MARK}."
    assert told.whole == frozenset()  # the second command is not known


def test_a_command_that_is_no_field_of_the_input_is_sent_beside_it() -> None:
    session = SessionScript().call("exec_command", command="ls").done()
    texts = Texts(ALL_TEXTS)
    texts.keep_call("c0", "ls -la", b'{"cmd":["bash","-lc","ls -la"]}')
    trace = make(session, texts=texts)
    assert trace.spans[1].attributes["tacho.command"] == "ls -la"
    told = back(trace)
    assert (told.texts.commands, told.whole) == ({"c0": "ls -la"}, frozenset([session.id]))


def test_usage_comes_back_to_the_last_token() -> None:
    usage = {"input": 1, "cache_read": 2, "cache_write_5m": 3, "cache_write_1h": 4, "output": 5, "reasoning": 2}
    session = SessionScript().response(**usage, web_searches=7).response(reliable=False, output=1).done()
    assert back(make(session)).sessions == (session,)
    assert session.responses[0].usage == Usage(1, 2, 3, 4, 5, 2, 7)
