"""Traces that ``tacho mlflow log`` wrote, read back: the same session to the last token."""

from __future__ import annotations

from typing import Any

import msgspec

from tachograph.errors import TachographError
from tachograph.mlflow.records import SpanRecord, TraceRecord, load_record
from tachograph.mlflow.told import ALL_TEXTS, Told
from tachograph.model import Response, Said, Session, Texts, ToolCall


def is_own(trace: TraceRecord) -> bool:
    """Whether it is one of ours."""
    return "tacho.session" in trace.root.attributes


def read_own(trace: TraceRecord) -> Told:
    """The session in a trace of ours, with its subagents; texts as far as they were sent, without secrets.

    Raises TachographError (``mlflow_incomplete``) when a record in it cannot be read.
    """
    try:
        return _Reader(trace).read()
    except (ValueError, TypeError, KeyError) as error:
        raise TachographError(
            f"The trace {trace.id} was written by tacho, but not everything in it can be read.",
            slug="mlflow_incomplete",
            hint="A newer tacho may have written it, or its attributes were cut. Log the session again.",
        ) from error


class _Reader:
    def __init__(self, trace: TraceRecord) -> None:
        self._trace = trace
        self._spans = {span.id: span for span in trace.spans}
        self._texts = Texts(ALL_TEXTS)
        self._gaps: set[str] = set()
        """Agents' spans with a text that is missing."""

    def read(self) -> Told:
        agents = [span for span in self._trace.spans if "tacho.session" in span.attributes]
        responses: dict[str, list[Response]] = {span.id: [] for span in agents}
        calls: dict[str, list[ToolCall]] = {span.id: [] for span in agents}
        for span in self._trace.spans:
            if "tacho.response" in span.attributes:
                responses[self._agent_of(span)].append(load_record(Response, span.attributes["tacho.response"]))
            elif "tacho.call" in span.attributes:
                calls[self._agent_of(span)].append(self._call(span))
        root = self._trace.root
        sessions = {span.id: self._session(span, responses[span.id], calls[span.id]) for span in agents}
        self._read_said(root, sessions[root.id])
        order = [root.id, *(span.id for span in sorted(agents, key=_number) if span.id != root.id)]
        whole = frozenset(sessions[one].id for one in order if one not in self._gaps)
        return Told(tuple(sessions[one] for one in order), self._texts, whole)

    def _agent_of(self, span: SpanRecord) -> str:
        """The nearest session's span above."""
        while span.parent is not None:
            span = self._spans[span.parent]
            if "tacho.session" in span.attributes:
                return span.id
        raise ValueError("it belongs to no session")

    def _session(self, span: SpanRecord, responses: list[Response], calls: list[ToolCall]) -> Session:
        session = load_record(Session, span.attributes["tacho.session"])
        for prompt in session.prompts:
            if len(prompt.text) == prompt.chars:
                self._texts.prompts.setdefault(prompt.id, prompt.text)
        return msgspec.structs.replace(
            session,
            responses=tuple(sorted(responses, key=lambda one: one.position)),
            tool_calls=tuple(sorted(calls, key=lambda one: one.position)),
        )

    def _call(self, span: SpanRecord) -> ToolCall:
        call = load_record(ToolCall, span.attributes["tacho.call"])
        if span.attributes.get("tacho.input") != "whole":
            self._gaps.add(self._agent_of(span))
            return call
        given: Any = span.inputs
        self._texts.inputs.setdefault(call.id, msgspec.json.encode(given))
        inner = given.get("command") if isinstance(given, dict) else None
        command = span.attributes.get("tacho.command", inner)
        if call.command is None:
            return call
        if isinstance(command, str):
            self._texts.commands.setdefault(call.id, command)
        else:
            self._gaps.add(self._agent_of(span))
        return call

    def _read_said(self, root: SpanRecord, session: Session) -> None:
        if not root.attributes.get("tacho.said"):
            self._gaps.add(root.id)
        elif isinstance(root.outputs, dict) and root.outputs.get("response"):
            self._texts.said[session.id] = Said("", session.ended_at or 0, str(root.outputs["response"]))


def _number(span: SpanRecord) -> int:
    number = span.attributes.get("tacho.number")
    return number if isinstance(number, int) else 0
