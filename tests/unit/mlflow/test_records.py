"""Records of MLflow's traces, and our own records in their attributes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tachograph.errors import TachographError
from tachograph.mlflow.own_layout import read_own
from tachograph.mlflow.records import (
    SpanRecord,
    TraceRecord,
    dump_record,
    load_record,
    record_trace,
    state_usage,
)
from tachograph.model import FileTouch, Pass, Prompt, Response, Session, ToolCall, Usage

CALL = ToolCall(
    3, "toolu_1", "msg_1", "Bash", "shell", 10, 20, "error", 1, command="make", input_hash=-(2**63),
    error_hash=2**63 - 1, more_files=(FileTouch("/a", "create"),),
)  # fmt: skip
RESPONSE = Response(
    1, "msg_1", "m", "anthropic", 5, 9, Usage(1, 2, 3, 4, 5, 6, 7), passes=(Pass("n", Usage(output=9)),), chain=2**60
)
SESSION = Session("codex:x", "codex", "main", cwds=("/a", "/b"), prompts=(Prompt(0, "p", "human", 1, "t", 1),))


@pytest.mark.parametrize("record", [CALL, RESPONSE, SESSION], ids=lambda record: type(record).__name__)
def test_a_record_comes_back_as_it_was(record: Any) -> None:
    text = dump_record(record)
    assert load_record(type(record), text) == record
    assert "markers" not in text  # defaults are left out


def test_fields_of_a_later_version_are_ignored() -> None:
    assert load_record(Prompt, '{"position":0,"id":"p","kind":"human","at":1,"text":"t","chars":1,"mood":"good"}') == (
        Prompt(0, "p", "human", 1, "t", 1)
    )


@pytest.mark.parametrize(
    "text", ["", "[1]", "null", "{}", '{"position":"x"}', dump_record(CALL).replace('"shell"', "5"), None, 7]
)
def test_what_is_no_record_is_refused(text: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (each kind of damage has its own words)
        load_record(ToolCall, text)


def test_mlflow_counts_all_that_was_read_as_input() -> None:
    assert state_usage(Usage(1, 20, 300, 4_000, 50, 7, 8)) == {
        "input_tokens": 4_321, "output_tokens": 50, "total_tokens": 4_371, "cache_read_input_tokens": 20,
        "cache_creation_input_tokens": 4_300, "cache_creation_input_tokens_above_1hr": 4_000,
    }  # fmt: skip


def trace_of(*spans: tuple[str, str | None, int | None]) -> Any:
    """MLflow's object, as far as it is looked at: (id, parent, end) of each span."""
    told = [
        SimpleNamespace(
            span_id=id, parent_id=parent, end_time_ns=end, start_time_ns=1, name="n", span_type="AGENT", inputs=None,
            outputs=None, attributes={}, status=SimpleNamespace(status_code="OK", description=None),
        )
        for id, parent, end in spans
    ]  # fmt: skip
    info = SimpleNamespace(
        trace_id="tr-1", experiment_id="1", trace_metadata={}, tags=None, request_preview=None, response_preview=None
    )
    return SimpleNamespace(info=info, data=SimpleNamespace(spans=told))


@pytest.mark.parametrize(
    ("spans", "slug", "said"),
    [
        ([], "mlflow_incomplete", "0 of 0 do"),
        ([("a", "lost", 2)], "mlflow_incomplete", "0 of 1 do"),
        ([("a", None, 2), ("b", None, 2)], "mlflow_incomplete", "1 of 2 do"),
        ([("a", None, 2), ("b", "c", 2)], "mlflow_incomplete", "1 of 2 do"),
        ([("a", None, 2), ("b", "c", 2), ("c", "b", 2)], "mlflow_incomplete", "1 of 3 do"),
        ([("a", None, 2), ("a", "a", 2)], "mlflow_incomplete", "1 of 2 do"),
        ([("a", None, None)], "mlflow_unfinished", "not finished"),
        ([("a", None, 2), ("b", "a", None)], "mlflow_unfinished", "not finished"),
    ],
)
def test_a_trace_that_is_not_whole_is_refused(spans: Any, slug: str, said: str) -> None:
    with pytest.raises(TachographError) as refused:
        record_trace(trace_of(*spans))
    assert refused.value.slug == slug
    assert said in refused.value.message


def test_spans_come_in_the_order_of_their_start() -> None:
    trace = trace_of(("a", None, 9), ("b", "a", 9), ("c", "a", 9))
    trace.data.spans[1].start_time_ns = 5
    trace.data.spans[2].start_time_ns = 4
    record = record_trace(trace)
    assert [span.id for span in record.spans] == ["a", "c", "b"]
    assert {parent: [span.id for span in below] for parent, below in record.children().items()} == {
        None: ["a"], "a": ["c", "b"]
    }  # fmt: skip


@pytest.mark.parametrize(
    "attributes",
    [
        {"tacho.session": "cut off {"},
        {"tacho.session": dump_record(SESSION)[:-20]},
    ],
)
def test_a_trace_of_ours_that_was_damaged_is_refused(attributes: dict[str, Any]) -> None:
    root = SpanRecord("a", None, "codex_session", "AGENT", 1, 2, attributes=attributes)
    with pytest.raises(TachographError) as refused:
        read_own(TraceRecord("tr-1", "1", (root,)))
    assert refused.value.slug == "mlflow_incomplete"


def test_a_call_outside_of_any_session_is_refused() -> None:
    root = SpanRecord("a", None, "codex_session", "AGENT", 1, 2, attributes={"tacho.session": dump_record(SESSION)})
    loop = SpanRecord("b", None, "x", "TOOL", 1, 2, attributes={"tacho.call": dump_record(CALL)})
    with pytest.raises(TachographError):
        read_own(TraceRecord("tr-1", "1", (root, loop)))
