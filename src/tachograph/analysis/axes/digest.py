"""A session as a judge is shown it: prompts, calls and token counts; neither file contents nor results.

It lies between two equal lines that occur nowhere within it, so that no text of a log can end it.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import msgspec
import xxhash

from tachograph.analysis.axes.telling import (
    FOLD_TOKENS,
    PROMPT_TOKENS,
    SHOWN_MARKERS,
    Event,
    estimate_tokens,
    line_tokens,
    tell_cut,
    tell_event,
    tell_folded,
    tell_opening,
    tell_session,
)
from tachograph.analysis.turns import Turn, split_turns
from tachograph.model import Prompt, Response, Session, ToolCall

SMALLEST = 1024
"""Tokens below which no digest is made: the head, two folded turns and what says what is missing need up to 800."""

_TURN_FLOOR = 300
"""Tokens to which a turn may be folded before turns are left out: its prompt's beginning and some ten calls."""


class Digest(msgspec.Struct, frozen=True):
    """The text for the judge, and what it holds."""

    text: str
    tokens: int
    """By :func:`estimate_tokens`: as many as it has at most."""
    turns: int
    """Turns shown, folded ones included."""
    turns_left_out: int
    """Turns left out; the text says which."""


class _Told(msgspec.Struct, frozen=True):
    """A turn, line by line."""

    turn: Turn
    opening: str
    events: tuple[tuple[Event, str, int], ...]
    """Each event with its line and that line's tokens."""
    tokens: int


def make_digest(session: Session, max_tokens: int) -> Digest:
    """Show ``session`` in at most ``max_tokens`` tokens.

    When it does not fit, the largest turns are folded first, down to some 300 tokens each; then turns are left out of
    the middle. The first and the last are always shown, and the text says what is missing. Raises ValueError below
    :data:`SMALLEST`.
    """
    if max_tokens < SMALLEST:
        raise ValueError(f"{max_tokens} tokens have no room for a digest")
    turns = [_tell(turn) for turn in split_turns(session)]
    head = tell_session(session, len(turns))
    room = max_tokens - sum(map(line_tokens, head)) - 2 * line_tokens(_fence("0" * 16))
    body, shown = _fit(turns, room)
    text = _enclose("\n".join([*head, *body]))
    return Digest(text, estimate_tokens(text), shown, len(turns) - shown)


def session_hash(session: Session) -> int:
    """Fingerprint of what a digest can show: signed 64-bit xxh3, the same however the session was ingested.

    It rests on what the log says, not on what was kept of it: neither the choice to store no text, nor newer redaction
    rules, nor a better copy of a response elsewhere makes a judgement stale.
    """
    facts = [_identify(event) for event in _events(session)]
    value = xxhash.xxh3_64_intdigest(msgspec.msgpack.encode(facts))
    return value - (1 << 64) if value >= 1 << 63 else value


def _identify(event: Event) -> tuple[Any, ...]:
    if isinstance(event, Prompt):
        return (event.kind, event.text_hash, event.chars)
    if isinstance(event, Response):
        return (event.id,)
    if isinstance(event, ToolCall):
        e = event
        return (e.name, e.status, e.exit_code, e.input_hash, e.result_hash, e.result_chars)
    return (event.kind, event.value)


def _events(session: Session) -> list[Event]:
    """All that a digest can show, in the session's order."""
    markers = [marker for marker in session.markers if marker.kind in SHOWN_MARKERS]
    events: list[Event] = [*session.prompts, *session.responses, *session.tool_calls, *markers]
    return sorted(events, key=attrgetter("position"))


def _tell(turn: Turn) -> _Told:
    opening = tell_opening(turn.number, turn.opening)
    root = turn.part.project or ""
    lines = [(event, tell_event(event, root)) for event in _events(turn.part) if event is not turn.opening]
    events = tuple((event, line, line_tokens(line)) for event, line in lines)
    return _Told(turn, opening, events, line_tokens(opening) + sum(tokens for _, _, tokens in events))


def _fit(turns: list[_Told], room: int) -> tuple[list[str], int]:
    """The lines that fit into ``room`` tokens, and how many turns they show."""
    if not turns:
        return [], 0
    total = turns[-1].turn.number
    cut_room = room - line_tokens(tell_cut(total, total + 1, total))
    cap = _share([turn.tokens for turn in turns], room)
    if cap < _TURN_FLOOR and len(turns) > 2:
        cap = min(_TURN_FLOOR, cut_room // 2)
    folded = [_fold(turn, cap) for turn in turns]
    front, back = _choose([sum(map(line_tokens, lines)) for lines in folded], room, cut_room)
    left_out = turns[front : len(turns) - back]
    note = [tell_cut(left_out[0].turn.number, left_out[-1].turn.number, total)] if left_out else []
    parts = [*folded[:front], note, *folded[len(turns) - back :]]
    return [line for part in parts for line in part], front + back


def _share(sizes: list[int], room: int) -> int:
    """The largest cap with which all sizes, cut down to it, fit into ``room``."""
    for rank, size in enumerate(sorted(sizes)):
        left = len(sizes) - rank
        if size * left > room:
            return room // left
        room -= size
    return max(sizes)


def _fold(told: _Told, cap: int) -> list[str]:
    """The turn's lines in at most ``cap`` tokens: events from both ends, those between counted in one line."""
    if told.tokens <= cap:
        return [told.opening, *(line for _, line, _ in told.events)]
    opening = tell_opening(told.turn.number, told.turn.opening, min(PROMPT_TOKENS, cap // 3))
    room = cap - line_tokens(opening)
    front, back = _choose([tokens for _, _, tokens in told.events], room, room - FOLD_TOKENS)
    events = [event for event, _, _ in told.events]
    lines = [line for _, line, _ in told.events]
    middle = events[front : len(events) - back]
    note = [tell_folded(middle)] if middle else []
    return [opening, *lines[:front], *note, *lines[len(lines) - back :]]


def _choose(sizes: list[int], room: int, cut_room: int) -> tuple[int, int]:
    """How many to take from the front and from the back: all when they fit into ``room``, else what fits ``cut_room``.

    By turns from both ends, until the next one does not fit.
    """
    if sum(sizes) <= room:
        return len(sizes), 0
    front = back = 0
    while front + back < len(sizes):
        size = sizes[front] if front <= back else sizes[-1 - back]
        if size > cut_room:
            break
        cut_room -= size
        front, back = (front + 1, back) if front <= back else (front, back + 1)
    return front, back


def _fence(name: str) -> str:
    return f"--- session record {name} ---"


def _enclose(text: str) -> str:
    """``text`` between two lines that do not occur in it."""
    name = xxhash.xxh3_64_hexdigest(text.encode("utf-8"))
    while name in text:
        name = xxhash.xxh3_64_hexdigest((name + text).encode("utf-8"))
    return f"{_fence(name)}\n{text}\n{_fence(name)}"
