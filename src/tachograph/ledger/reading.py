"""A ledger's bytes, line by line: what each says, and what is wrong with it. No line is ever left out silently."""

from __future__ import annotations

import json
import re
from typing import Any, Literal

import msgspec

from tachograph.ledger.foreign import decode_foreign, is_foreign
from tachograph.ledger.lines import SUM, decode, sum_of
from tachograph.ledger.replay import Numbered, State, replay

Slug = Literal[
    "torn_line", "conflict_marker", "not_json", "unknown_event", "invalid_event", "edited_line", "duplicate_event",
    "refused_event", "same_name",
]  # fmt: skip
NOTES: frozenset[Slug] = frozenset({"edited_line", "duplicate_event", "same_name"})
"""These take nothing away: what the line says counts."""
_MARKER = re.compile(rb"(<{7}|>{7}|\|{7})( .*)?|={7}")
_LINE_LIMIT = 1 << 20


class LedgerProblem(msgspec.Struct, frozen=True):
    """Something about a line that its reader should know."""

    line: int
    """From 1."""
    slug: Slug
    text: str
    """One sentence, without the line's own text."""


class Reading(msgspec.Struct, frozen=True):
    """What a ledger's bytes say."""

    state: State
    problems: tuple[LedgerProblem, ...]
    """By line."""
    lines: int
    """Lines that are not blank."""
    events: tuple[Numbered, ...]
    """All that could be read, by line."""


def read_ledger(content: bytes) -> Reading:
    """Read a whole ledger. Never raises: what cannot be read is a problem of its line."""
    problems: list[LedgerProblem] = []
    events: list[Numbered] = []
    known: dict[str, tuple[int, bytes]] = {}
    lines = content.split(b"\n")
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        if not line:
            continue
        found = _read_line(line, number, torn=number == len(lines))
        if isinstance(found, LedgerProblem):
            problems.append(found)
            continue
        said, event = found
        if name := said.get("event_id"):
            before = known.setdefault(name, (number, line))
            if before[0] != number:
                same = "the same" if before[1] == line else "with other content; the first of them by content counts"
                problems.append(_problem(number, "duplicate_event", f"This event stands in line {before[0]}, {same}."))
        if SUM in said and said[SUM] != sum_of(said):
            problems.append(_problem(number, "edited_line", "This line was edited by hand; it counts as it is now."))
        events.append(event)
    state = replay(events)
    problems += [_problem(one.line, "refused_event", f"Without effect: {one.why}.") for one in state.refused]
    problems += _same_names(state, events)
    ordered = tuple(sorted(problems, key=lambda one: (one.line, one.slug)))
    return Reading(state, ordered, sum(1 for one in lines if one.strip()), tuple(events))


def _read_line(line: bytes, number: int, *, torn: bool) -> tuple[dict[str, Any], Numbered] | LedgerProblem:
    if _MARKER.fullmatch(line):
        return _problem(number, "conflict_marker", "A merge left this marker; the lines around it count.")
    if len(line) > _LINE_LIMIT:
        return _problem(number, "not_json", "This line is longer than 1 MiB.")
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        if torn:
            return _problem(number, "torn_line", "The last line has no end: writing it was interrupted.")
        return _problem(number, "not_json", "This line is no JSON.")
    if not isinstance(said, dict) or not isinstance(said.get("event_type"), str):
        return _problem(number, "unknown_event", "This line is no event.")
    try:
        event = decode_foreign(said) if is_foreign(said) else decode(said)
    except (ValueError, RecursionError) as error:
        return _problem(number, "invalid_event", f"This event cannot be read: {str(error)[:200]}.")
    return said, Numbered(number, event)


def _same_names(state: State, events: list[Numbered]) -> list[LedgerProblem]:
    starts = {getattr(one.event, "key", None): one for one in events if getattr(one.event, "title", None) is not None}
    return [
        _problem(start.line, "same_name", f"Another goal has the name {start.event.goal_id}: this one is {goal.id}.")  # type: ignore[union-attr]
        for goal in state.goals
        if (start := starts.get(goal.key)) is not None and start.event.goal_id != goal.id  # type: ignore[union-attr]
    ]


def _problem(line: int, slug: Slug, text: str) -> LedgerProblem:
    return LedgerProblem(line, slug, text)
