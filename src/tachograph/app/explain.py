"""A finding's proof as it happened: the calls that prove it, and what lay between them."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Literal

import msgspec

from tachograph.analysis.detectors import load_detectors
from tachograph.analysis.turns import split_turns
from tachograph.app.filters import Filter
from tachograph.app.findings import FindingRecord, find_finding
from tachograph.app.history import load_history
from tachograph.model import Marker, Prompt, Response, Session, ToolCall, to_datetime

StepKind = Literal["prompt", "call", "response", "marker"]

_NEAR = 3
"""Steps shown before and after each proof; what lies further between them is counted."""


class Step(msgspec.Struct):
    """One record on the way."""

    kind: StepKind
    turn: int
    at: datetime
    is_proof: bool
    what: str
    """Tool, model, kind of prompt or of marker."""
    text: str
    """Command, path, prompt or detail; redacted."""
    status: str | None = None
    """Of a call: ok, error, denied, cancelled, missing."""
    exit_code: int | None = None
    result: str | None = None
    """First telling line of an error; else the length of the result in characters."""
    left_out: int = 0
    """Steps left out before this one."""


class Explanation(msgspec.Struct):
    """A finding and its proof."""

    timezone: str
    finding: FindingRecord
    title: str
    """What the detector looks for, in a few words."""
    rule: str
    """What counts and what does not, in the detector's own words."""
    steps: list[Step]


def explain_finding(connection: sqlite3.Connection, name: str, chosen: Filter) -> Explanation:
    """The finding called ``name`` and its proof in order. Raises NotFound."""
    record = find_finding(connection, name)
    one = load_detectors().get(record.detector)
    history = load_history(connection, record.session)
    steps = [] if history is None else _tell(history.session, record)
    rule = one.doc if one else "This detector is no longer part of tacho."
    return Explanation(chosen.zone_name, record, one.title if one else record.detector, rule, steps)


def _tell(session: Session, record: FindingRecord) -> list[Step]:
    proofs = {*record.evidence["calls"], *record.evidence["responses"]}
    steps = [
        _step(event, turn.number, event.id in proofs)
        for turn in split_turns(session)
        for event in _events(turn.part)
        if not isinstance(event, Response) or event.id in proofs
    ]
    places = [number for number, step in enumerate(steps) if step.is_proof]
    if not places:
        return []
    return _fold(steps[places[0] : places[-1] + 1])


def _fold(steps: list[Step]) -> list[Step]:
    """``steps`` with long stretches between proofs counted instead of shown."""
    places = [number for number, step in enumerate(steps) if step.is_proof]
    near = {number + away for number in places for away in range(-_NEAR, _NEAR + 1)}
    kept: list[Step] = []
    left_out = 0
    for number, step in enumerate(steps):
        if number in near:
            kept.append(msgspec.structs.replace(step, left_out=left_out) if left_out else step)
            left_out = 0
        else:
            left_out += 1
    return kept


def _events(part: Session) -> list[Prompt | Response | ToolCall | Marker]:
    """A turn's records in order."""
    events: list[Prompt | Response | ToolCall | Marker] = [
        *part.prompts, *part.responses, *part.tool_calls, *part.markers,
    ]  # fmt: skip
    return sorted(events, key=lambda event: event.position)


def _step(event: Prompt | Response | ToolCall | Marker, turn: int, is_proof: bool) -> Step:
    if isinstance(event, Prompt):
        return Step("prompt", turn, to_datetime(event.at), is_proof, event.kind, event.text)
    if isinstance(event, Marker):
        return Step("marker", turn, to_datetime(event.at), is_proof, event.kind, event.detail)
    at = to_datetime(event.started_at)
    if isinstance(event, Response):
        usage = event.usage
        written = usage.cache_write_5m + usage.cache_write_1h
        text = f"cache read {usage.cache_read:,}, written {written:,}; input {usage.input:,}, output {usage.output:,}"
        return Step("response", turn, at, is_proof, event.model, text)
    size = f"{event.result_chars:,} characters" if event.result_chars is not None else None
    return Step(
        "call", turn, at, is_proof, event.name, event.command or event.path or "", event.status, event.exit_code,
        event.error_signature or size,
    )  # fmt: skip
