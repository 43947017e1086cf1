"""A recorded session as the spans of one trace: what ``tacho mlflow log`` writes.

MLflow's own names say what its pages show. Beside them, attributes that begin with ``tacho.`` hold our records as they
are, from which :mod:`tachograph.mlflow.own_layout` makes the same session again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from tachograph.analysis.expectations import Call, Recording
from tachograph.mlflow.records import (
    COST,
    MODEL,
    PROVIDER,
    SESSION,
    USAGE,
    SpanRecord,
    TraceRecord,
    dump_record,
    state_usage,
)
from tachograph.model import HUMAN_KINDS, Clean, Cost, Response, Session, ToolCall, ToolStatus
from tachograph.report.sanitise import harmless

LARGEST_INPUT = 100_000
"""Characters of what a tool was given; of more, the beginning is sent and marked."""
LAYOUT = "1"

Price = Callable[[Response], Cost | None]
"""What an answer cost by list price; None: no price is known."""

_PREVIEW_CHARS = 1_000
_NAME_CHARS = 200
_TAG_CHARS = 250
"""Most that MLflow keeps of a tag or of a trace's metadata."""
_NS = 1_000_000
_STATUS: dict[ToolStatus, str] = {"ok": "OK", "missing": "UNSET"}


def make_trace(recording: Recording, experiment: str, price: Price, clean: Clean) -> TraceRecord:
    """The trace of a session with its subagents; equal recordings make equal traces, whenever that is.

    Raises ValueError when no record of it has a moment.
    """
    main = recording.main.session
    writer = _Writer(recording, price, clean)
    spans = tuple(sorted(writer.write(), key=lambda span: (span.started_ns, span.parent is not None, span.id)))
    trace = TraceRecord(
        "tr-" + _hash(32, experiment, main.id),
        experiment,
        spans,
        {
            SESSION: main.id[:_TAG_CHARS],
            "mlflow.trace.tokenUsage": _compact(state_usage(recording.usage)),
            **({"mlflow.trace.cost": _compact(writer.paid)} if writer.paid is not None else {}),
            "tacho.layout": LAYOUT,
        },
        {
            "mlflow.traceName": f"{main.agent}_session",
            "tacho.session": main.id[:_TAG_CHARS],
            "tacho.agent": main.agent,
            **({"tacho.project": harmless(main.project)[:_TAG_CHARS]} if main.project else {}),
        },
        _first_prompt(main)[:_PREVIEW_CHARS],
        (writer.said or "")[:_PREVIEW_CHARS],
    )
    fingerprint = hashlib.sha256(msgspec.json.encode(trace, order="sorted")).hexdigest()
    return msgspec.structs.replace(trace, metadata={**trace.metadata, "tacho.fingerprint": fingerprint})


def clean_input(raw: bytes, clean: Clean) -> tuple[Any, bool]:
    """What a tool was given without secrets, as JSON values; and whether that is all of it.

    Text that is too long is cut and becomes ``{"input": text}``, as does what is no object.
    """
    try:
        value = _decode(raw)
        text = json.dumps(_without_secrets(value, clean), ensure_ascii=False)
        redacted = clean.text(text, len(text) + LARGEST_INPUT)
        value = json.loads(text) if redacted == text else _parsed(redacted)
    except RecursionError:
        text = redacted = clean.text(raw.decode("utf-8", "replace"), LARGEST_INPUT + 1)
        value = redacted
    if len(redacted) > LARGEST_INPUT:
        kept = redacted[:LARGEST_INPUT]
        return {"input": f"{kept}… [cut by tacho: {LARGEST_INPUT:,} of {len(redacted):,} characters]"}, False
    return (value if isinstance(value, dict) else {"input": value}), True


def _decode(raw: bytes) -> Any:
    """The values in JSON, or in JSON within a JSON string; what is none is text."""
    text = raw.decode("utf-8", "replace")
    value = _parsed(text)
    return _parsed(value) if isinstance(value, str) and value[:1] in ("{", "[") else value


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _without_secrets(value: Any, clean: Clean) -> Any:
    if isinstance(value, str):
        return clean.text(value, len(value) + LARGEST_INPUT)
    if isinstance(value, dict):
        return {_without_secrets(key, clean): _without_secrets(one, clean) for key, one in value.items()}
    return [_without_secrets(one, clean) for one in value] if isinstance(value, list) else value


class _Writer:
    """Makes the spans of one trace."""

    def __init__(self, recording: Recording, price: Price, clean: Clean) -> None:
        self.recording, self._price, self._clean = recording, price, clean
        self._sends_text = bool(clean.text("text", 4))
        self._used: set[str] = set()
        self._agents = {part.session.id: self._id(part.session, "session") for part in recording.parts}
        self._spawned: dict[str, str] = {}
        self._calls: dict[str, list[Call]] = {part.session.id: [] for part in recording.parts}
        for call in recording.calls:
            self._calls[call.part.session.id].append(call)
        said = recording.said
        self.said = clean.text(said, LARGEST_INPUT) if said else said
        self._costs: list[Cost] = []

    @property
    def paid(self) -> dict[str, float] | None:
        """What the answers written so far cost; None when none of them has a price."""
        if not self._costs:
            return None
        sums = [sum(column) for column in zip(*map(msgspec.structs.astuple, self._costs), strict=True)]
        return _dollars(Cost(*sums))

    def write(self) -> Iterator[SpanRecord]:
        """All spans, those of the main session first."""
        for part in self.recording.parts:
            session = part.session
            yield from (self._response(session, response) for response in session.responses)
            yield from [self._tool(session, call) for call in self._calls[session.id]]
        yield from self._sessions()

    def _id(self, session: Session, kind: str, record: str = "") -> str:
        """The same for the same record of a session; no two of a trace are the same."""
        found = _hash(16, session.id, kind, record)
        while found in self._used:
            found = _hash(16, found)
        self._used.add(found)
        return found

    def _sessions(self) -> Iterator[SpanRecord]:
        spans = [(part, _span_of(part.session)) for part in self.recording.parts]
        known = [span for _, span in spans if span is not None]
        if not known:
            raise ValueError("no record has a moment")
        whole = min(start for start, _ in known), max(end for _, end in known)
        for number, (part, span) in enumerate(spans):
            yield self._session(part.session, whole if number == 0 or span is None else span, number)

    def _session(self, session: Session, span: tuple[int, int], number: int) -> SpanRecord:
        is_root = number == 0
        bare = msgspec.structs.replace(session, responses=(), tool_calls=())
        prompt = _first_prompt(session)
        said = self.said if is_root else None
        attributes: dict[str, Any] = {"tacho.session": dump_record(bare), "tacho.number": number}
        if is_root:
            attributes["tacho.said"] = said is not None and len(said) < LARGEST_INPUT and self._sends_text
        return SpanRecord(
            self._agents[session.id],
            None if is_root else self._above(session),
            _name(f"{session.agent}_session" if is_root else f"subagent_{session.agent_type or 'unnamed'}"),
            "AGENT",
            span[0] * _NS,
            span[1] * _NS,
            "OK",
            inputs={"prompt": prompt} if prompt else None,
            outputs={"response": said} if said else None,
            attributes=attributes,
        )

    def _above(self, session: Session) -> str:
        """The span of the call that started a subagent, else that of its parent."""
        started_by = self._spawned.get(session.native_id.rpartition("/")[2])
        root = self._agents[self.recording.main.session.id]
        return started_by or self._agents.get(session.parent_id or "", root)

    def _response(self, session: Session, response: Response) -> SpanRecord:
        attributes: dict[str, Any] = {
            MODEL: response.model,
            PROVIDER: response.provider,
            USAGE: state_usage(response.usage),
            "tacho.response": dump_record(response),
        }
        cost = self._price(response)
        if cost is not None:
            attributes[COST] = _dollars(cost)
            self._costs.append(cost)
        return SpanRecord(
            self._id(session, "response", response.id),
            self._agents[session.id],
            "llm",
            "LLM",
            response.started_at * _NS,
            max(response.started_at, response.ended_at) * _NS,
            "OK",
            inputs={"model": response.model},
            attributes=attributes,
        )

    def _tool(self, session: Session, call: Call) -> SpanRecord:
        tool = call.tool
        own = self._id(session, "call", tool.id)
        if tool.spawned:
            self._spawned.setdefault(tool.spawned, own)
        inputs, told = self._given(call)
        attributes = {"tool_name": tool.name, "tool_id": tool.id, "tacho.call": dump_record(tool), **told}
        outcome = {
            "status": tool.status, "exit_code": tool.exit_code, "error": tool.error_signature,
            "file_op": None if tool.file_op == "none" else tool.file_op, "result_chars": tool.result_chars,
        }  # fmt: skip
        return SpanRecord(
            own,
            self._agents[session.id],
            _name(f"tool_{tool.name}"),
            "TOOL",
            tool.started_at * _NS,
            max(tool.started_at, tool.ended_at or 0) * _NS,
            _STATUS.get(tool.status, "ERROR"),
            "" if tool.status in _STATUS else tool.error_signature or tool.status,
            inputs,
            {key: value for key, value in outcome.items() if value is not None},
            attributes,
        )

    def _given(self, call: Call) -> tuple[Any, dict[str, Any]]:
        """What the call was given as far as it may be shown, and attributes that say how much of it that is."""
        raw = self.recording.raw_input(call) if self._sends_text else None
        if raw is None:
            return _stored_input(call.tool), {"tacho.input": "stored"}
        value, whole = clean_input(raw, self._clean)
        told: dict[str, Any] = {"tacho.input": "whole" if whole else "cut"}
        command = self.recording.command(call)
        if command:
            shown = self._clean.text(command, len(command) + LARGEST_INPUT)
            if shown != value.get("command") and len(shown) <= LARGEST_INPUT:
                told["tacho.command"] = shown
        return value, told


def _stored_input(tool: ToolCall) -> dict[str, Any] | None:
    given = {"command": tool.command, "file_path": tool.path, "offset": tool.offset, "limit": tool.limit}
    return {key: value for key, value in given.items() if value is not None} or None


def _span_of(session: Session) -> tuple[int, int] | None:
    """First and last moment of a session, ms; None when nothing of it has one."""
    moments = [session.started_at, session.ended_at]
    moments += [one.started_at for one in session.responses] + [one.ended_at for one in session.responses]
    moments += [one.started_at for one in session.tool_calls] + [one.ended_at for one in session.tool_calls]
    known = [moment for moment in moments if moment is not None]
    return (min(known), max(known)) if known else None


def _first_prompt(session: Session) -> str:
    kinds = (*HUMAN_KINDS, "task")
    return next((prompt.text for prompt in session.prompts if prompt.kind in kinds), "")


def _dollars(cost: Cost) -> dict[str, float]:
    """As MLflow states costs: USD. Searches are in the total alone."""
    read = cost.input + cost.cache_read + cost.cache_write
    return {"input_cost": read / 10**12, "output_cost": cost.output / 10**12, "total_cost": cost.total / 10**12}


def _name(text: str) -> str:
    return harmless(text)[:_NAME_CHARS]


def _compact(values: dict[str, Any]) -> str:
    return json.dumps(values, separators=(",", ":"))


def _hash(length: int, *parts: str) -> str:
    """Hex digits that are the same for the same parts, wherever and whenever they are made."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:length]
