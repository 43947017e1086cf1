"""The records of one turn as its page and the API tell them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from tachograph.app.dashboard.session_story import Piece
from tachograph.app.findings import FindingRecord
from tachograph.app.show import MarkerRecord, TurnRecord


class CallDetail(msgspec.Struct, frozen=True):
    """One tool call."""

    id: str
    name: str
    category: str
    started_at: datetime
    status: str
    """ok, error, denied, cancelled or missing."""
    exit_code: int | None
    seconds: float | None
    """As the tool reports it, else from call to result; null without a result."""
    target: str
    """The command (its first 500 characters) or the path, redacted; empty for other tools."""
    error: str | None
    """First telling line of the error."""
    result_chars: int | None
    """Length of the result, characters."""
    lines_added: int | None
    lines_removed: int | None
    subagent: str | None
    """Id of the subagent session that it started, where that has left a log."""


class ResponseDetail(msgspec.Struct, frozen=True):
    """One answer of a model."""

    id: str
    model: str
    started_at: datetime
    context: int
    """Prompt tokens, those from the cache included."""
    cache_read: int
    """Tokens of these that were read from the cache."""
    output: int
    """Tokens: output, reasoning included."""
    reliable: bool
    """False: ``output`` is a lower bound."""
    usd: float | None
    priced: bool
    """False: no price is known."""


class TurnStep(msgspec.Struct, frozen=True):
    """One row: a call, a response without any, or a marker."""

    kind: Literal["call", "response", "marker"]
    number: int
    """Within the turn, from 1."""
    response: ResponseDetail | None
    """With the first of its calls."""
    call: CallDetail | None
    marker: MarkerRecord | None
    findings: list[str]
    """Ids of the findings that it is proof of."""
    sought: bool
    """It is the call or the response that was asked for."""


class TurnData(msgspec.Struct, frozen=True, kw_only=True):
    """One turn of one session."""

    id: str
    """Of the session."""
    watches: str
    """Id of the session at the top: this may change when that one, or one of its subagents, grows."""
    label: str
    """Name and beginning of the session."""
    project: str | None
    last_turn: int
    """Number of the session's last turn."""
    first_turn: int
    """Number of its first: 0 where something comes before the first prompt."""
    turn: TurnRecord
    piece: Piece
    steps: list[TurnStep]
    findings: list[FindingRecord]
    """Those that this turn is proof of, in the order in which they happened."""
