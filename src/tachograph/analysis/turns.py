"""A session cut into its turns: from a prompt up to the next one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import TypeVar

import msgspec

from tachograph.model import TURN_KINDS, Marker, Prompt, Response, Session, ToolCall

R = TypeVar("R", Prompt, Response, ToolCall, Marker)


class Turn(msgspec.Struct, frozen=True):
    """What happened from one prompt up to the next."""

    number: int
    """From 1; 0 for what comes before the first prompt."""
    opening: Prompt | None
    part: Session
    """The session with this turn's records alone."""


def split_turns(session: Session) -> list[Turn]:
    """The turns of ``session`` in order: every record is in exactly one of them, by its position.

    Turn 0 is there only when it holds something.
    """
    openings = sorted((p for p in session.prompts if p.kind in TURN_KINDS), key=lambda p: p.position)
    starts = [prompt.position for prompt in openings]
    size = len(starts) + 1
    prompts = _deal(session.prompts, starts, size)
    responses = _deal(session.responses, starts, size)
    calls = _deal(session.tool_calls, starts, size)
    markers = _deal(session.markers, starts, size)
    turns = [
        Turn(
            number,
            openings[number - 1] if number else None,
            msgspec.structs.replace(
                session,
                prompts=prompts[number],
                responses=responses[number],
                tool_calls=calls[number],
                markers=markers[number],
            ),
        )
        for number in range(size)
    ]
    first = turns[0].part
    return turns if first.prompts or first.responses or first.tool_calls or first.markers else turns[1:]


def _deal(records: Iterable[R], starts: list[int], size: int) -> list[tuple[R, ...]]:
    """The records of each turn."""
    hands: list[list[R]] = [[] for _ in range(size)]
    for record in records:
        hands[bisect_right(starts, record.position)].append(record)
    return [tuple(hand) for hand in hands]
