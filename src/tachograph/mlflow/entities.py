"""Records of this room as MLflow's own objects: spans, traces, feedback, scorers."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from tachograph.mlflow.client import load_mlflow
from tachograph.mlflow.records import SpanRecord, TraceRecord

SOURCE = "tachograph"
"""Under this name checks are known as a source of feedback."""


class Assessed(msgspec.Struct, frozen=True):
    """One check as feedback on a trace."""

    name: str
    value: str
    """yes, no or skip."""
    rationale: str
    metadata: dict[str, str]


def make_span(trace: TraceRecord, span: SpanRecord) -> Any:
    """MLflow's own span, made from the mapping that its ``to_dict`` would give."""
    attributes = {
        **span.attributes,
        "mlflow.traceRequestId": trace.id,
        "mlflow.spanType": span.type,
        "mlflow.spanInputs": span.inputs,
        "mlflow.spanOutputs": span.outputs,
    }
    codes = {"OK": "STATUS_CODE_OK", "ERROR": "STATUS_CODE_ERROR"}
    return load_mlflow().entities.Span.from_dict(
        {
            "trace_id": _encode(trace.id.removeprefix("tr-")),
            "span_id": _encode(span.id),
            "parent_span_id": _encode(span.parent) if span.parent else None,
            "name": span.name,
            "start_time_unix_nano": span.started_ns,
            "end_time_unix_nano": span.ended_ns,
            "events": [],
            "status": {"code": codes.get(span.status, "STATUS_CODE_UNSET"), "message": span.message},
            "attributes": {key: json.dumps(value) for key, value in attributes.items() if value is not None},
            "links": [],
        }
    )


def _encode(hexadecimal: str) -> str:
    return base64.b64encode(bytes.fromhex(hexadecimal)).decode()


def make_info(trace: TraceRecord, feedback: Sequence[Any]) -> Any:
    """What MLflow keeps of a trace beside its spans; ``feedback`` are assessments of its own."""
    entities = load_mlflow().entities
    root = trace.root
    return entities.TraceInfo(
        trace_id=trace.id,
        trace_location=entities.TraceLocation.from_experiment_id(trace.experiment),
        request_time=root.started_ns // 1_000_000,
        execution_duration=((root.ended_ns or root.started_ns) - root.started_ns) // 1_000_000,
        state=entities.TraceState.OK,
        request_preview=trace.request,
        response_preview=trace.response,
        trace_metadata=trace.metadata,
        tags=trace.tags,
        assessments=list(feedback),
    )


def make_scorer(name: str, description: str, judge: Callable[[Any, Any], Assessed]) -> Any:
    """An ``mlflow.genai`` scorer that gives ``judge(trace, expectations)`` as feedback."""

    def check(trace: Any = None, expectations: Any = None) -> Any:
        return make_feedback(judge(trace, expectations))

    return load_mlflow().genai.scorers.scorer(check, name=name, description=description)


def make_feedback(result: Assessed) -> Any:
    """A check as an assessment, from the source ``CODE``/``tachograph``."""
    entities = load_mlflow().entities
    return entities.Feedback(
        name=result.name,
        value=result.value,
        rationale=result.rationale,
        metadata=result.metadata,
        source=entities.AssessmentSource("CODE", SOURCE),
    )
