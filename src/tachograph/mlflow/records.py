"""MLflow's traces and spans as records of this room, so that nothing but the client knows MLflow's own classes."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import msgspec

from tachograph.errors import TachographError
from tachograph.model import Usage

R = TypeVar("R", bound=msgspec.Struct)

SESSION = "mlflow.trace.session"
"""Metadata: the session that a trace belongs to."""
USAGE = "mlflow.chat.tokenUsage"
"""Attribute: tokens of an answer."""
COST = "mlflow.llm.cost"
MODEL = "mlflow.llm.model"
PROVIDER = "mlflow.llm.provider"


class SpanRecord(msgspec.Struct, frozen=True):
    """One span. Moments are nanoseconds UTC."""

    id: str
    """16 hex digits, unique within its trace."""
    parent: str | None
    name: str
    type: str
    """AGENT, LLM, CHAT_MODEL, TOOL …"""
    started_ns: int
    ended_ns: int | None
    """None: it is still open."""
    status: str = "UNSET"
    """OK, ERROR or UNSET."""
    message: str = ""
    """What the status says of an error."""
    inputs: Any = None
    outputs: Any = None
    attributes: dict[str, Any] = {}
    """All others, decoded."""


class TraceRecord(msgspec.Struct, frozen=True):
    """One trace."""

    id: str
    """``tr-`` and 32 hex digits."""
    experiment: str
    """Id of its experiment."""
    spans: tuple[SpanRecord, ...]
    """In the order of their start."""
    metadata: dict[str, str] = {}
    tags: dict[str, str] = {}
    request: str = ""
    """Preview of what was asked."""
    response: str = ""
    """Preview of the last message."""

    @property
    def session(self) -> str | None:
        """The session that it says it belongs to."""
        return self.metadata.get(SESSION)

    @property
    def root(self) -> SpanRecord:
        """The span without a parent; there is one, see :func:`record_trace`."""
        return next(span for span in self.spans if span.parent is None)

    def children(self) -> dict[str | None, list[SpanRecord]]:
        """The spans by their parent's id; None: the root."""
        found: dict[str | None, list[SpanRecord]] = {}
        for span in self.spans:
            found.setdefault(span.parent, []).append(span)
        return found


def record_trace(trace: Any) -> TraceRecord:
    """MLflow's ``Trace`` as a record. Reads its attributes alone, so it imports nothing.

    Raises TachographError for a trace that is not finished (``mlflow_unfinished``), or whose spans do not make one
    tree (``mlflow_incomplete``).
    """
    info = trace.info
    spans = tuple(sorted(map(_record_span, trace.data.spans), key=lambda span: span.started_ns))
    record = TraceRecord(
        str(info.trace_id),
        str(getattr(info, "experiment_id", "") or ""),
        spans,
        {str(key): str(value) for key, value in (info.trace_metadata or {}).items()},
        {str(key): str(value) for key, value in (info.tags or {}).items()},
        info.request_preview or "",
        info.response_preview or "",
    )
    _check(record)
    return record


def _record_span(span: Any) -> SpanRecord:
    own = ("mlflow.spanInputs", "mlflow.spanOutputs", "mlflow.spanType", "mlflow.traceRequestId")
    status = getattr(span.status, "status_code", None)
    return SpanRecord(
        str(span.span_id),
        None if span.parent_id is None else str(span.parent_id),
        str(span.name),
        str(span.span_type or "UNKNOWN"),
        int(span.start_time_ns or 0),
        None if span.end_time_ns is None else int(span.end_time_ns),
        str(getattr(status, "value", status) or "UNSET"),
        str(getattr(span.status, "description", "") or ""),
        span.inputs,
        span.outputs,
        {key: value for key, value in span.attributes.items() if key not in own},
    )


def _check(trace: TraceRecord) -> None:
    """Raise TachographError unless the spans are finished and make one tree."""
    children = trace.children()
    reached = pending = children.get(None, [])[:1]
    while pending:
        pending = [child for span in pending for child in children.pop(span.id, ())]
        reached = [*reached, *pending]
    known = {span.id for span in reached}
    if not trace.spans or len(known) < len(trace.spans):
        raise TachographError(
            f"The spans of the trace {trace.id} do not make one tree: {len(known)} of {len(trace.spans)} do.",
            slug="mlflow_incomplete",
            hint="It may still be on its way to the store, or have been archived or cut there.",
        )
    if any(span.ended_ns is None for span in trace.spans):
        raise unfinished(trace.id)


def unfinished(trace: str) -> TachographError:
    """The error for a trace that is still being written (``mlflow_unfinished``)."""
    return TachographError(
        f"The trace {trace} is not finished.", slug="mlflow_unfinished", hint="Read it when the agent's turn is over."
    )


# ------------------------------------------------------------------------------------- our records in attributes


def dump_record(record: msgspec.Struct) -> str:
    """``record`` as a JSON object by field name; fields with their default are left out.

    It is text within an attribute, so that no store and no protocol on the way changes a number of it.
    """
    held = {
        name: value
        for name, value, default in _fields(type(record), msgspec.structs.astuple(record))
        if value != default
    }
    return msgspec.json.encode(held).decode()


def load_record(kind: type[R], text: object) -> R:
    """The record that :func:`dump_record` wrote; fields that a later version wrote are ignored.

    Raises ValueError for anything else.
    """
    given = json.loads(text) if isinstance(text, str) else text
    if not isinstance(given, dict):
        raise ValueError("no object")
    values = [given.get(name, default) for name, _, default in _fields(kind)]
    if msgspec.NODEFAULT in values:
        raise ValueError("a field is missing")
    return msgspec.convert(msgspec.to_builtins(values), kind)


def _fields(kind: type[msgspec.Struct], values: tuple[Any, ...] | None = None) -> list[tuple[str, Any, Any]]:
    """(name, value, default) of each field."""
    names, defaults = kind.__struct_fields__, kind.__struct_defaults__
    padded = (msgspec.NODEFAULT,) * (len(names) - len(defaults)) + tuple(defaults)
    return list(zip(names, values or padded, padded, strict=True))


def state_usage(usage: Usage) -> dict[str, int]:
    """Tokens as MLflow states them: ``input_tokens`` holds all that was read, cached or not."""
    written = usage.cache_write_5m + usage.cache_write_1h
    return {
        "input_tokens": usage.prompt_size,
        "output_tokens": usage.output,
        "total_tokens": usage.prompt_size + usage.output,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation_input_tokens": written,
        "cache_creation_input_tokens_above_1hr": usage.cache_write_1h,
    }
