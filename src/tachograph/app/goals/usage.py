"""What the goals of a ledger cost, to the response, from the sessions that fall to them.

A session falls to a goal when the ledger links it (so does a fork of it), else by time and project. See
``analysis.goal_shares`` for the rule, docs/goals.md for examples.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import msgspec

from tachograph.analysis.goal_shares import FOREVER, Share, Span, Unclear, find_share
from tachograph.app.goals.place import LedgerPlace
from tachograph.app.totals import Totals, to_usd
from tachograph.model import TURN_KINDS, Usage
from tachograph.model.goal import Goal
from tachograph.warehouse.query_files import read_query

_OVERLAPPING = """
SELECT id FROM sessions
WHERE parent_id IS NULL AND project IS NOT NULL AND (project = ? OR substr(project, 1, ?) = ?)
  AND ended_at >= ? AND started_at < ?"""
_TURNS = f"""
SELECT p.at FROM segments s CROSS JOIN prompts p USING (segment)
WHERE s.session = ? AND p.position > s.inherited_until AND p.kind IN ({", ".join(map(repr, TURN_KINDS))})
ORDER BY p.at"""


class AttemptUsage(msgspec.Struct, frozen=True):
    """What one attempt used."""

    number: int
    totals: Totals


class GoalUsage(msgspec.Struct, frozen=True):
    """What one goal used, as far as the history knows."""

    totals: Totals
    attempts: tuple[AttemptUsage, ...]
    """Those with responses, by number."""
    sessions: tuple[str, ...]
    """Main sessions with responses that fell to it, by id."""
    unclear_responses: int
    """Responses made while this and another goal were open, which count for neither."""

    @property
    def coverage(self) -> float | None:
        """Share of the responses that were surely or possibly made for it whose cost is known and counted.

        None where there are none: then no cost is known.
        """
        possible = self.totals.responses + self.unclear_responses
        return (self.totals.responses - self.totals.unpriced_responses) / possible if possible else None


class LedgerUsage(msgspec.Struct, frozen=True):
    """What all goals of a ledger used."""

    goals: dict[str, GoalUsage]
    """By key; a goal without responses is left out."""
    unclear: Totals
    """Responses made while several goals were open, with nothing to tell whose they are."""
    other: Totals
    """Responses of the sessions looked at that were made for no goal."""


def measure(connection: sqlite3.Connection, place: LedgerPlace, goals: Sequence[Goal]) -> LedgerUsage:
    """What the goals used; each response counts for one goal at most."""
    links = _links(connection, goals)
    spans = {goal.key: _spans(goal) for goal in goals}
    by_time = [span for goal in goals if not goal.sessions for span in spans[goal.key]]
    sums = _Sums()
    for root in sorted({*links, *_overlapping(connection, place.project, by_time)}):
        linked = [span for key in sorted(links.get(root, ())) for span in spans[key]]
        turns = [at for (at,) in connection.execute(_TURNS, (root,))]
        for response in _responses(connection, root):
            sums.add(root, response, find_share(response[0].at, turns, linked, by_time))
    return sums.result()


def _spans(goal: Goal) -> list[Span]:
    """When the goal was open: its attempts' times; where another tool kept these, the goal's own."""
    ends = [FOREVER if one.finished_at is None else one.finished_at for one in goal.attempts]
    spans = [Span(goal.key, one.number, one.started_at, end) for one, end in zip(goal.attempts, ends, strict=True)]
    if goal.key.startswith("id:"):
        spans.append(Span(goal.key, 0, goal.started_at, goal.finished_at or FOREVER))
    return spans


def _links(connection: sqlite3.Connection, goals: Iterable[Goal]) -> dict[str, set[str]]:
    """Main session -> keys of the goals that it, a subagent of it, or one that it was forked from is linked with."""
    links: defaultdict[str, set[str]] = defaultdict(set)
    for goal in goals:
        for session in goal.sessions:
            found = connection.execute("SELECT root_id FROM sessions WHERE id = ?", (session,)).fetchone()
            links[found[0] if found else session].add(goal.key)
    waiting = sorted(links)
    while waiting:
        origin = waiting.pop()
        for (fork,) in connection.execute("SELECT DISTINCT session FROM segments WHERE forked_from = ?", (origin,)):
            if not links[origin] <= links[fork]:
                links[fork] |= links[origin]
                waiting.append(fork)
    return dict(links)


def _overlapping(connection: sqlite3.Connection, project: str, spans: Sequence[Span]) -> Iterator[str]:
    """Main sessions of the project that were under way during one of the spans."""
    if not spans:
        return
    below = project.rstrip("/\\") + ("\\" if "\\" in project and "/" not in project else "/")
    start, end = min(span.start for span in spans), max(span.end for span in spans)
    for (session,) in connection.execute(_OVERLAPPING, (project, len(below), below, start, end)):
        yield session


class _Pass(msgspec.Struct, frozen=True, array_like=True):
    """A row of the query ``goal_responses``."""

    segment: int
    position: int
    number: int
    model: str
    at: int
    input: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int
    output: int
    reasoning: int
    web_searches: int
    pico: int | None
    reliable: int


class _Sum:
    """Sums over responses, each of one or more passes."""

    def __init__(self) -> None:
        self._tokens = Usage()
        self._responses = self._unpriced = self._unreliable = 0
        self._pico: int | None = None
        self._unpriced_models: set[str] = set()
        self.sessions: set[str] = set()

    def add(self, root: str, passes: Sequence[_Pass]) -> None:
        self.sessions.add(root)
        self._responses += 1
        for one in passes:
            self._tokens += Usage(
                one.input, one.cache_read, one.cache_write_5m, one.cache_write_1h, one.output, one.reasoning,
                one.web_searches,
            )  # fmt: skip
            if one.pico is not None:
                self._pico = (self._pico or 0) + one.pico
        first = passes[0]
        if first.pico is None:
            self._unpriced += 1
            self._unpriced_models.add(first.model)
        self._unreliable += not first.reliable

    def totals(self) -> Totals:
        return Totals(
            len(self.sessions), self._responses, *msgspec.structs.astuple(self._tokens), to_usd(self._pico),
            sorted(self._unpriced_models), self._unpriced, self._unreliable,
        )  # type: ignore[call-arg]  # fmt: skip


class _Sums:
    """All sums over a ledger."""

    def __init__(self) -> None:
        self._goals: defaultdict[str, _Sum] = defaultdict(_Sum)
        self._attempts: defaultdict[tuple[str, int], _Sum] = defaultdict(_Sum)
        self._unclear_for: defaultdict[str, int] = defaultdict(int)
        self._unclear, self._other = _Sum(), _Sum()

    def add(self, root: str, passes: Sequence[_Pass], share: Share | Unclear | None) -> None:
        match share:
            case Share(goal, attempt):
                self._goals[goal].add(root, passes)
                self._attempts[goal, attempt].add(root, passes)
            case Unclear(goals):
                self._unclear.add(root, passes)
                for goal in goals:
                    self._unclear_for[goal] += 1
            case None:
                self._other.add(root, passes)

    def result(self) -> LedgerUsage:
        goals = {key: self._goal(key) for key in sorted({*self._goals, *self._unclear_for})}
        return LedgerUsage(goals, self._unclear.totals(), self._other.totals())

    def _goal(self, key: str) -> GoalUsage:
        attempts = sorted(number for goal, number in self._attempts if goal == key and number)
        return GoalUsage(
            self._goals[key].totals(),
            tuple(AttemptUsage(number, self._attempts[key, number].totals()) for number in attempts),
            tuple(sorted(self._goals[key].sessions)),
            self._unclear_for[key],
        )


def _responses(connection: sqlite3.Connection, root: str) -> Iterator[list[_Pass]]:
    """The responses of a session and its subagents, each with its passes."""
    rows = (_Pass(*row) for row in connection.execute(read_query("goal_responses"), {"root": root}))
    for _, passes in groupby(rows, key=lambda one: (one.segment, one.position)):
        yield list(passes)
