"""A ledger's bytes, line by line: what each says, and what is wrong with it. No line is ever left out silently."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from tachograph.ledger.events import GoalStarted
from tachograph.ledger.foreign import Snapshot, decode_foreign, is_foreign
from tachograph.ledger.lines import SUM, decode, sum_of
from tachograph.ledger.replay import Numbered, State, replay

Slug = Literal[
    "torn_line", "conflict_marker", "not_json", "unknown_event", "invalid_event", "edited_line", "duplicate_event",
    "refused_event", "same_name",
]  # fmt: skip
NOTES: frozenset[Slug] = frozenset({"edited_line", "duplicate_event", "same_name"})
"""These take nothing away: what the line says counts."""
MARKER = re.compile(rb"(<{7}|>{7}|\|{7})( .*)?|={7}")
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


def read_ledger(content: bytes, *, sums: bool = True) -> Reading:
    """Read a whole ledger. Never raises: what cannot be read is a problem of its line.

    Without ``sums``, which take most of the time, lines edited by hand are not told of.
    """
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
        events.append(found)
        if isinstance(found.event, Snapshot):
            continue
        before = known.setdefault(found.event.event_id, (number, line))
        if before[0] != number:
            same = "the same" if before[1] == line else "with other content: one of them counts"
            problems.append(_problem(number, "duplicate_event", f"This event stands in line {before[0]}, {same}."))
        if sums and _is_edited(line):
            problems.append(_problem(number, "edited_line", "This line was edited by hand; it counts as it is now."))
    state = replay(events)
    problems += [_problem(one.line, "refused_event", f"Without effect: {one.why}.") for one in state.refused]
    problems += _same_names(state, events)
    ordered = tuple(sorted(problems, key=lambda one: (one.line, one.slug)))
    return Reading(state, ordered, sum(1 for one in lines if one.strip()), tuple(events))


def can_be_read(line: bytes) -> bool:
    """Whether a line is an event, one with or without effect."""
    return not isinstance(_read_line(line, 1, torn=False), LedgerProblem)


def _read_line(line: bytes, number: int, *, torn: bool) -> Numbered | LedgerProblem:
    if MARKER.fullmatch(line):
        return _problem(number, "conflict_marker", "A merge left this marker; the lines around it count.")
    if len(line) > _LINE_LIMIT:
        return _problem(number, "not_json", "This line is longer than 1 MiB.")
    try:
        return Numbered(number, decode(line))
    except (ValueError, RecursionError) as error:
        why = str(error)
    try:
        said = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        if torn:
            return _problem(number, "torn_line", "The last line has no end: writing it was interrupted.")
        return _problem(number, "not_json", "This line is no JSON.")
    if not isinstance(said, dict) or not isinstance(said.get("event_type"), str):
        return _problem(number, "unknown_event", "This line is no event.")
    if is_foreign(said):
        try:
            return Numbered(number, decode_foreign(said))
        except ValueError as error:
            why = str(error)
    return _problem(number, "invalid_event", f"This event cannot be read: {why[:200]}.")


def _is_edited(line: bytes) -> bool:
    said = msgspec.json.decode(line)
    return bool(said.get(SUM) != sum_of(said))


def _same_names(state: State, events: list[Numbered]) -> list[LedgerProblem]:
    starts = {one.event.key: (one.line, one.event.goal_id) for one in events if isinstance(one.event, GoalStarted)}
    found = [(goal.id, *starts[goal.key]) for goal in state.goals if goal.key in starts]
    return [
        _problem(line, "same_name", f"Another goal has the name {given}: this one is {name}.")
        for name, line, given in found
        if name != given
    ]


def _problem(line: int, slug: Slug, text: str) -> LedgerProblem:
    return LedgerProblem(line, slug, text)
