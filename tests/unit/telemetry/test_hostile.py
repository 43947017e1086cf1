"""Whatever stands in the files: nothing is raised, and what is told can be stored."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.analysis.kpis import Seen, measure_kpis
from tachograph.redaction import default_cleaner
from tachograph.telemetry import Telemetry, read_telemetry

NAMES = (
    "session.id", "builtin.tool", "builtin.success", "builtin.has_error", "builtin.file_path", "builtin.task_id",
    "builtin.task_status", "mcp.server", "mcp.tool", "tokens.input", "tokens.output", "tokens.cache_read",
    "tokens.model", "prompt.preview", "prompt.length", "context.utilization_percent", "gen_ai.operation.name",
    "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.response.finish_reasons", "gen_ai.tool.name",
    "gen_ai.evaluation.name", "gen_ai.evaluation.score.value", "gen_ai.evaluation.evaluator.type", "transcript.path",
    "working.directory", "agent.type",
)  # fmt: skip
SPANS = (
    "hook:builtin-post-tool", "hook:mcp-post-tool", "hook:token-metrics-extraction", "hook:skill-activation-prompt",
    "hook:session-start", "chat", "execute_tool",
)  # fmt: skip
VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.lists(st.text(max_size=3))
    | st.sampled_from(["s1", "TaskCreate", "TaskUpdate", "pending", "completed", "chat", "execute_tool", "llm", "1"])
)  # fmt: skip
MOMENTS = st.tuples(st.integers(1_780_000_000, 1_780_009_999), st.integers(0, 10**9)) | VALUES
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(SPANS) | VALUES, "startTime": MOMENTS, "endTime": MOMENTS, "timestamp": MOMENTS,
        "traceId": st.sampled_from(["t1", "t2"]) | VALUES, "spanId": VALUES, "status": st.just({"code": 2}) | VALUES,
        "attributes": st.dictionaries(st.sampled_from(NAMES), VALUES) | VALUES, "resource": VALUES,
    },
)  # fmt: skip


def read(folder: Path, lines: list[bytes]) -> Telemetry:
    for name in ("traces-1", "evaluations-1", "logs-1"):
        (folder / f"{name}.jsonl").write_bytes(b"\n".join(lines))
    return read_telemetry(folder, default_cleaner())


def check(told: Telemetry) -> None:
    """That it can be stored, and that KPIs come out of it."""
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(told), type=Telemetry) == told
    assert all(0 <= one.score <= 1 for one in told.evaluations)
    for one in told.sessions:
        assert (one.session.started_at or 0) <= (one.session.ended_at or 0)
        positions = [call.position for call in one.session.tool_calls]
        assert positions == sorted(set(positions))
        measure_kpis(Seen(session=one.session, context_utilization=one.context_utilization, is_summed=one.is_summed))


@given(st.lists(RECORDS, max_size=8))
def test_records_of_any_kind(records: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as place:
        check(read(Path(place), [msgspec.json.encode(record) for record in records]))


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_bytes_of_any_kind(lines: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as place:
        told = read(Path(place), lines)
        assert (told.sessions, told.evaluations) == ((), ())


@pytest.mark.parametrize("depth", [100, 1_000, 100_000])
def test_depth_of_any_kind(tmp_path: Path, depth: int) -> None:
    deep = b'{"attributes": ' + b'{"a": ' * depth + b"1" + b"}" * depth + b"}"
    told = read(tmp_path, [deep, b'{"attributes": ' + b"[" * depth])
    assert told.sessions == ()
    assert {found.problem.slug for found in told.problems} <= {
        "too_deep",
        "unexpected_shape",
        "invalid_json",
        "unfinished_line",
    }
