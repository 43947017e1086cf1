"""A session as it was after its first 1, 2, 3 … turns.

What is told of such a *cut* happened and was over by then; what came later cannot be told from it.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tachograph.analysis.model_family import model_family
from tachograph.analysis.task_type import TaskType


class SeenPrompt(msgspec.Struct, frozen=True):
    """A prompt that a person, or a parent agent, gave. Times are ms UTC, so below."""

    at: int
    chars: int


class SeenResponse(msgspec.Struct, frozen=True):
    """A response of the session or of a subagent below it."""

    ended_at: int
    is_own: bool
    """False: a subagent's."""
    model: str
    input: int
    """Tokens: uncached input and cache writes."""
    cache_read: int
    output: int
    pico: int | None
    """Picodollars; None: no price is known."""


class SeenCall(msgspec.Struct, frozen=True):
    """A tool call of the session or of a subagent below it."""

    started_at: int
    ended_at: int | None
    """None: its result never came."""
    is_own: bool
    category: str
    status: str
    lines: int
    """Lines added and removed."""


class SeenMarker(msgspec.Struct, frozen=True):
    """An interruption, a compaction, an API error."""

    at: int
    kind: str


class SessionRecords(msgspec.Struct, frozen=True):
    """The records of one main session and its subagents from which its cuts are told, each kind in order of time."""

    agent: str
    is_fork: bool
    started_at: int
    openings: tuple[int, ...]
    """When each of its turns was opened."""
    task_types: tuple[tuple[int, TaskType], ...]
    """When a prompt was given from which the kind of work can be told, and which; the first one counts."""
    prompts: tuple[SeenPrompt, ...]
    responses: tuple[SeenResponse, ...]
    calls: tuple[SeenCall, ...]
    markers: tuple[SeenMarker, ...]


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a session at one moment."""

    turns: int
    """That are over."""
    agent: str
    is_fork: bool
    task_type: TaskType | None
    family: str | None
    """Model family that gave most of the output; None: none has answered yet."""
    first_prompt_chars: int
    prompt_chars: int
    prompts: int
    seconds: float = 0.0
    """From its start to the last thing that was over by then."""
    responses: int = 0
    input: int = 0
    cache_read: int = 0
    output: int = 0
    first_context: int | None = None
    """Tokens that its first response read; None: there was none."""
    last_context: int | None = None
    usd: float | None = None
    """What it had cost; None: a response has no price, or there was none."""
    calls: int = 0
    errors: int = 0
    denied: int = 0
    reads: int = 0
    edits: int = 0
    shell: int = 0
    subagents: int = 0
    lines: int = 0
    interruptions: int = 0
    compactions: int = 0
    api_errors: int = 0


def look_at(records: SessionRecords, turns: int) -> Cut | None:
    """The session after its first ``turns`` turns; None when it has not so many.

    A turn is over when the next prompt is given; whether the last one is over, the caller knows.
    """
    if not 0 < turns <= len(records.openings):
        return None
    end = records.openings[turns] if turns < len(records.openings) else None
    prompts = [one for one in records.prompts if end is None or one.at < end]
    responses = [one for one in records.responses if end is None or one.ended_at < end]
    calls = [one for one in records.calls if end is None or one.started_at < end]
    over = [one for one in calls if one.ended_at is not None and (end is None or one.ended_at < end)]
    markers = [one.kind for one in records.markers if end is None or one.at < end]
    own = [one for one in responses if one.is_own]
    last = max([one.ended_at for one in responses] + [one.ended_at or 0 for one in over], default=records.started_at)
    kinds = [one.category for one in calls]
    return Cut(
        turns=turns, agent=records.agent, is_fork=records.is_fork, task_type=_task_type(records, end),
        family=_family(responses), first_prompt_chars=prompts[0].chars if prompts else 0,
        prompt_chars=sum(one.chars for one in prompts), prompts=len(prompts),
        seconds=max(0, last - records.started_at) / 1000, responses=len(responses),
        input=sum(one.input for one in responses), cache_read=sum(one.cache_read for one in responses),
        output=sum(one.output for one in responses), first_context=_context(own[:1]), last_context=_context(own[-1:]),
        usd=_usd(responses), calls=len(calls), errors=sum(one.status == "error" for one in over),
        denied=sum(one.status == "denied" for one in over), reads=kinds.count("read") + kinds.count("search"),
        edits=kinds.count("edit"), shell=kinds.count("shell"), subagents=kinds.count("subagent"),
        lines=sum(one.lines for one in over), interruptions=markers.count("interruption"),
        compactions=markers.count("compaction"), api_errors=markers.count("api_error"),
    )  # fmt: skip


def _task_type(records: SessionRecords, end: int | None) -> TaskType | None:
    return next((kind for at, kind in records.task_types if end is None or at < end), None)


def _family(responses: Sequence[SeenResponse]) -> str | None:
    output: dict[str, int] = {}
    for one in responses:
        family = model_family(one.model)
        output[family] = output.get(family, 0) + one.output
    return min(output, key=lambda family: (-output[family], family), default=None)


def _context(responses: Sequence[SeenResponse]) -> int | None:
    return responses[0].input + responses[0].cache_read if responses else None


def _usd(responses: Sequence[SeenResponse]) -> float | None:
    priced = [one.pico for one in responses if one.pico is not None]
    return sum(priced) / 10**12 if responses and len(priced) == len(responses) else None
