"""One session's story: what it is, its turns, its subagents, what happened on the way."""

from __future__ import annotations

import sqlite3
from collections import Counter
from datetime import datetime
from typing import Any

import msgspec

from tachograph.analysis.metrics import measure
from tachograph.analysis.summary import summarise
from tachograph.analysis.turns import Turn, split_turns
from tachograph.app.filters import Filter
from tachograph.app.history import Cost, Shared, load_history
from tachograph.app.judging import stored_score
from tachograph.app.score import Score, score_sessions
from tachograph.app.session_rows import SessionRow
from tachograph.app.sessions import list_tree, load_row
from tachograph.app.totals import to_usd
from tachograph.judge import JudgeConfig
from tachograph.model import Marker, MarkerKind, Session, Usage, to_datetime


class MarkerRecord(msgspec.Struct):
    """A point worth knowing."""

    kind: MarkerKind
    at: datetime
    turn: int
    detail: str
    value: int | None
    """compaction: tokens before it; api_error: HTTP status; turn_duration: ms; pr_link: number."""


class TurnRecord(msgspec.Struct):
    """A prompt and what followed up to the next one. Usage is the session's own, without subagents."""

    number: int
    """From 1; 0 for what comes before the first prompt."""
    kind: str | None
    """human, slash or task; null for turn 0."""
    text: str
    """The prompt, redacted and cut."""
    started_at: datetime | None
    ended_at: datetime | None
    active_seconds: float
    responses: int
    """Counted responses."""
    input: int
    """Tokens: uncached input, for every agent."""
    cache_read: int
    """Tokens read from the cache."""
    cache_write_5m: int
    """Tokens written to the 5-minute cache."""
    cache_write_1h: int
    """Tokens written to the 1-hour cache."""
    output: int
    """Tokens: output, reasoning included."""
    reasoning: int
    """Tokens: hidden reasoning, a part of ``output``."""
    web_searches: int
    """Billed web searches."""
    usd: float | None
    """Sum of what is priced; null when nothing is."""
    unpriced_responses: int
    """Responses without a known price."""
    tool_calls: int
    tool_errors: int
    tool_denied: int
    tool_calls_by_name: dict[str, int]
    lines_added: int
    lines_removed: int
    interruptions: int
    compactions: int
    api_errors: int
    subagents: list[str]
    """Ids of the subagents started in it."""
    commits: list[str]
    """Their hashes, as short as the log has them; empty where it does not say."""
    pr_links: list[str]
    """Addresses of pull requests, or their numbers."""

    @property
    def tokens(self) -> int:
        """All tokens, each once."""
        return self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h + self.output


class SubagentRecord(msgspec.Struct):
    """A subagent below the session; a parent comes before its children."""

    depth: int
    """1: started by the session itself."""
    turn: int | None
    """The session's turn in which it was started (for deeper ones: in which it began); null when not known."""
    session: SessionRow
    """By itself, without what is below it."""


class SessionStory(msgspec.Struct):
    """What ``tacho show`` tells."""

    timezone: str
    session: SessionRow
    cwds: list[str]
    agent_versions: list[str]
    entrypoint: str | None
    shared: list[Shared]
    """Responses in its log that other sessions own: in no number here."""
    problems: int
    """Lines of its logs that could not be read as they should."""
    metrics: dict[str, Any]
    """The session's own, subagents left out; empty when its own log is missing."""
    turns: list[TurnRecord]
    subagents: list[SubagentRecord]
    markers: list[MarkerRecord]
    score: Score | None = None
    """Its three axes; null when its own log is missing."""


def tell_session(
    connection: sqlite3.Connection, id: str, chosen: Filter, judge: JudgeConfig | None = None
) -> SessionStory:
    """The story of the session ``id``; ``judge`` is the one whose stored verdict counts. Raises LookupError."""
    row = load_row(connection, id)
    history = load_history(connection, id)
    tree = list_tree(connection, id)
    if history is None:
        subagents = [SubagentRecord(depth, None, below) for depth, below in tree]
        return SessionStory(chosen.zone_name, row, [], [], None, [], 0, {}, [], subagents, [])
    session = history.session
    turns = split_turns(session)
    spawned = find_spawns(turns, tree)
    starters = {below.id: turn_of(below, spawned, turns) for _, below in tree}
    return SessionStory(
        chosen.zone_name,
        row,
        list(session.cwds),
        list(session.versions),
        session.entrypoint,
        history.shared,
        history.problems,
        msgspec.to_builtins(measure(session)),
        [record_turn(turn, history.costs, starters) for turn in turns],
        [SubagentRecord(depth, starters[below.id], below) for depth, below in tree],
        [record_marker(marker, turn.number) for turn in turns for marker in turn.part.markers],
        _score(connection, session, judge or JudgeConfig()),
    )


def _score(connection: sqlite3.Connection, session: Session, judge: JudgeConfig) -> Score | None:
    found = score_sessions(connection, [session.id], lambda _: stored_score(connection, session, judge))
    return found[0] if found else None


def find_spawns(turns: list[Turn], tree: list[tuple[int, SessionRow]]) -> dict[str, int]:
    """For each subagent that a call names as started: the call's turn."""
    ids = {below.id.partition(":")[2].rpartition("/")[2]: below.id for _, below in tree}
    return {ids[call.spawned]: turn.number for turn in turns for call in turn.part.tool_calls if call.spawned in ids}


def turn_of(below: SessionRow, spawned: dict[str, int], turns: list[Turn]) -> int | None:
    """The turn in which a subagent was started: by the call that names it, else by the time of its beginning."""
    if below.id in spawned:
        return spawned[below.id]
    if below.started_at is None:
        return None
    before = [t.number for t in turns if t.opening is not None and to_datetime(t.opening.at) <= below.started_at]
    return before[-1] if before else None


def record_turn(turn: Turn, costs: dict[int, Cost], starters: dict[str, int | None]) -> TurnRecord:
    """One turn; ``costs`` by position of the response, ``starters`` is the turn in which each subagent was started."""
    part = turn.part
    counts = summarise(part)
    usage = sum((response.usage for response in part.responses), Usage())
    paid = [costs[response.position] for response in part.responses]
    priced = [cost.pico for cost in paid if cost.pico is not None]
    started, ended = _span(part)
    return TurnRecord(
        number=turn.number,
        kind=turn.opening.kind if turn.opening else None,
        text=turn.opening.text if turn.opening else "",
        started_at=started,
        ended_at=ended,
        active_seconds=counts.active_ms / 1000,
        responses=len(part.responses),
        **msgspec.structs.asdict(usage),
        usd=to_usd(sum(priced)) if priced else None,
        unpriced_responses=sum(not cost.priced for cost in paid),
        tool_calls=counts.tool_calls,
        tool_errors=counts.tool_errors,
        tool_denied=counts.tool_denied,
        tool_calls_by_name=dict(Counter(call.name for call in part.tool_calls).most_common()),
        lines_added=counts.lines_added,
        lines_removed=counts.lines_removed,
        interruptions=counts.interruptions,
        compactions=counts.compactions,
        api_errors=counts.api_errors,
        subagents=[below for below, number in starters.items() if number == turn.number],
        commits=[marker.detail for marker in part.markers if marker.kind == "commit"],
        pr_links=[marker.detail or f"#{marker.value}" for marker in part.markers if marker.kind == "pr_link"],
    )


def _span(part: Session) -> tuple[datetime | None, datetime | None]:
    """When the first and the last of a turn's records were."""
    starts = (
        [p.at for p in part.prompts] + [r.started_at for r in part.responses] + [c.started_at for c in part.tool_calls]
    )
    ends = [r.ended_at for r in part.responses] + [c.ended_at for c in part.tool_calls if c.ended_at is not None]
    moments = starts + ends + [m.at for m in part.markers]
    return (to_datetime(min(moments)), to_datetime(max(moments))) if moments else (None, None)


def record_marker(marker: Marker, turn: int) -> MarkerRecord:
    """One marker of the turn with this number."""
    return MarkerRecord(marker.kind, to_datetime(marker.at), turn, marker.detail, marker.value)
