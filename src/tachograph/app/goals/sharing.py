"""The responses of a project's sessions, shared out among the goals of its ledger."""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec

from tachograph.analysis.goal_shares import FOREVER, Answer, Share, Span, Unclear, share_out
from tachograph.app.goals.place import LedgerPlace
from tachograph.app.totals import SUMS, Totals, to_usd
from tachograph.model import TURN_KINDS
from tachograph.model.goal import Goal, SyncedUsage
from tachograph.warehouse.query_files import read_query

_OF_PROJECT = """
SELECT DISTINCT n.root_id FROM sessions n LEFT JOIN sessions m ON m.id = n.root_id
WHERE n.ended_at >= :start AND n.started_at < :end
  AND (coalesce(m.project, n.project) = :project OR substr(coalesce(m.project, n.project), 1, :chars) = :below)"""
_TURNS = f"""
SELECT p.at FROM segments s CROSS JOIN prompts p USING (segment)
WHERE s.session = ? AND p.position > s.inherited_until AND p.kind IN ({", ".join(map(repr, TURN_KINDS))})
ORDER BY p.at"""
_BOUNDS = "SELECT min(started_at), max(ended_at) FROM sessions WHERE root_id = ?"
_WHOLE = f"SELECT {SUMS} FROM sessions n CROSS JOIN usage_quarters u USING (session) WHERE n.root_id = ?"
_MODEL, _AT, _TOKENS, _PICO, _RELIABLE = 3, 4, slice(5, 12), 12, 13
"""Columns of the query ``goal_responses``."""
Passes = list[tuple[Any, ...]]
"""One response: the row of each of its passes."""


class Sum:
    """Tokens and cost of responses, each of one or more passes, to the unit."""

    __slots__ = ("last_at", "pico", "responses", "tokens", "unpriced", "unpriced_models", "unreliable")

    def __init__(self) -> None:
        self.responses = self.unpriced = self.unreliable = 0
        self.tokens = [0] * 7
        """As the fields of ``Usage``."""
        self.pico: int | None = None
        self.unpriced_models: set[str] = set()
        self.last_at = 0
        """Between the start of the latest of them and the end of its session, ms UTC; 0: not noted."""

    def add(self, passes: Passes) -> None:
        """Count one more response."""
        self.responses += 1
        for one in passes:
            self._add(one[_TOKENS], one[_PICO])
        first = passes[0]
        if first[_PICO] is None:
            self.unpriced += 1
            self.unpriced_models.add(first[_MODEL])
        self.unreliable += not first[_RELIABLE]
        self.last_at = max(self.last_at, first[_AT])

    def add_sum(self, other: Sum) -> None:
        """Count what the other one does, too."""
        self._add(other.tokens, other.pico)
        self.responses += other.responses
        self.unpriced += other.unpriced
        self.unreliable += other.unreliable
        self.unpriced_models |= other.unpriced_models
        self.last_at = max(self.last_at, other.last_at)

    def _add(self, tokens: Sequence[int], pico: int | None) -> None:
        self.tokens = [before + more for before, more in zip(self.tokens, tokens, strict=True)]
        if pico is not None:
            self.pico = (self.pico or 0) + pico

    def totals(self, sessions: int) -> Totals:
        """For a reader."""
        return Totals(
            sessions, self.responses, *self.tokens, to_usd(self.pico), sorted(self.unpriced_models), self.unpriced,  # type: ignore[arg-type, call-arg]
            self.unreliable,
        )  # fmt: skip

    def noted(self, session: str, unclear: int) -> SyncedUsage:
        """For the ledger."""
        kinds = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "reasoning", "web_searches")
        return SyncedUsage(
            session=session, responses=self.responses, **dict(zip(kinds, self.tokens, strict=True)), pico_usd=self.pico,
            unpriced_responses=self.unpriced, output_unreliable_responses=self.unreliable, unclear_responses=unclear,
        )  # fmt: skip


def sum_noted(noted: SyncedUsage) -> Sum:
    """What the ledger holds of a session, as a sum."""
    made = Sum()
    made.responses, made.unpriced = noted.responses, noted.unpriced_responses
    made.unreliable, made.pico = noted.output_unreliable_responses, noted.pico_usd
    made.tokens = [
        noted.input, noted.cache_read, noted.cache_write_5m, noted.cache_write_1h, noted.output, noted.reasoning,
        noted.web_searches,
    ]  # fmt: skip
    return made


class Sharing(msgspec.Struct, frozen=True):
    """Sums over the counted responses of the sessions looked at; each response is in one of them."""

    goals: dict[tuple[str, int, str], Sum]
    """Goal's key, attempt's number, main session -> what was made for it; number 0: none of its attempts' times."""
    unclear: dict[tuple[tuple[str, ...], str], Sum]
    """Keys of the goals that were open, main session -> what was made for one of them."""
    other: dict[str, Sum]
    """Main session -> what it made for no goal."""

    def sum_for(self, root: str, answer: Answer) -> Sum:
        """The sum in which a response with this answer is counted."""
        match answer:
            case Share(goal, attempt):
                return self.goals[goal, attempt, root]
            case Unclear(several):
                return self.unclear[several, root]
            case None:
                return self.other[root]


def share(
    connection: sqlite3.Connection, place: LedgerPlace, goals: Sequence[Goal], *, to_now: bool = False
) -> Sharing:
    """Share out the sessions that the goals are linked with, and the project's from the first goal to the last.

    ``to_now``: also those of the project since the last goal ended.
    """
    query = read_query("goal_responses")
    links = find_links(connection, goals)
    spans = {goal.key: spans_of(goal) for goal in goals}
    by_time = [span for goal in goals if not goal.sessions for span in spans[goal.key]]
    sharing = Sharing(defaultdict(Sum), defaultdict(Sum), defaultdict(Sum))
    edges = sorted({point for span in by_time for point in (span.start, span.end)})
    for root in sorted({*links, *_in_their_time(connection, place, spans.values(), to_now)}):
        linked = [span for key in sorted(links.get(root, ())) for span in spans[key]]
        begin, last = connection.execute(_BOUNDS, (root,)).fetchone()
        if begin is None:
            continue
        if not linked and not _any_within(edges, begin, last):  # all of it has the same answer
            (answer,) = share_out([begin], [], linked, by_time)
            whole = _whole(connection, root, last)
            if whole.responses:
                sharing.sum_for(root, answer).add_sum(whole)
            continue
        responses = list(_responses(connection, query, root))
        turns = [at for (at,) in connection.execute(_TURNS, (root,))]
        answers = share_out([one[0][_AT] for one in responses], turns, linked, by_time)
        for passes, answer in zip(responses, answers, strict=True):
            sharing.sum_for(root, answer).add(passes)
    return sharing


def spans_of(goal: Goal) -> list[Span]:
    """When the goal was open: its attempts' times; where another tool kept these, the goal's own too."""
    ends = [FOREVER if one.finished_at is None else one.finished_at for one in goal.attempts]
    spans = [Span(goal.key, one.number, one.started_at, end) for one, end in zip(goal.attempts, ends, strict=True)]
    if goal.key.startswith("id:"):
        spans.append(Span(goal.key, 0, goal.started_at, goal.finished_at or FOREVER))
    return spans


def find_links(connection: sqlite3.Connection, goals: Iterable[Goal]) -> dict[str, set[str]]:
    """Main session -> keys of the goals that it, a subagent of it, or one that it was forked from is linked with."""
    links: defaultdict[str, set[str]] = defaultdict(set)
    for goal in goals:
        for session in goal.sessions:
            links[find_root(connection, session) or session].add(goal.key)
    waiting = sorted(links)
    while waiting:
        origin = waiting.pop()
        for (fork,) in connection.execute("SELECT DISTINCT session FROM segments WHERE forked_from = ?", (origin,)):
            if not links[origin] <= links[fork]:
                links[fork] |= links[origin]
                waiting.append(fork)
    return dict(links)


def find_root(connection: sqlite3.Connection, session: str) -> str | None:
    """The main session of a session that the history holds, itself or a subagent of it; None: it does not."""
    found = connection.execute(
        "SELECT root_id FROM sessions WHERE id = ?1 UNION ALL SELECT root_id FROM sessions WHERE root_id = ?1 LIMIT 1",
        (session,),
    ).fetchone()
    return found[0] if found else None


def sessions_between(connection: sqlite3.Connection, project: str, start: int, end: int) -> list[str]:
    """Main sessions of the project, or of a folder in it, of which something was under way in [start, end), ms UTC."""
    under = below(project)
    values = {"start": start, "end": end, "project": project, "chars": len(under), "below": under}
    return [root for (root,) in connection.execute(_OF_PROJECT, values)]


def below(project: str) -> str:
    """What the paths of all folders in a project begin with."""
    return project.rstrip("/\\") + ("\\" if "\\" in project and "/" not in project else "/")


def _in_their_time(
    connection: sqlite3.Connection, place: LedgerPlace, spans: Iterable[list[Span]], to_now: bool
) -> list[str]:
    every = [span for some in spans for span in some]
    if not every:
        return []
    start, end = min(span.start for span in every), max(span.end for span in every)
    return sessions_between(connection, place.project, start, FOREVER if to_now else end)


def _any_within(edges: list[int], begin: int, last: int) -> bool:
    """Whether one of the points, which ascend, lies in (begin, last]."""
    place = bisect_right(edges, begin)
    return place < len(edges) and edges[place] <= last


def _whole(connection: sqlite3.Connection, root: str, last: int) -> Sum:
    """The sum over a whole session and its subagents."""
    row = connection.execute(_WHOLE, (root,)).fetchone()
    made = Sum()
    made.responses, made.tokens, made.pico = row[0], list(row[1:8]), row[8]
    made.unpriced_models, made.unpriced, made.unreliable, made.last_at = set(json.loads(row[9])), row[10], row[11], last
    return made


def _responses(connection: sqlite3.Connection, query: str, root: str) -> Iterator[Passes]:
    """The counted responses of a session and its subagents."""
    rows = connection.execute(query, {"root": root})
    for _, passes in groupby(rows, key=itemgetter(0, 1)):
        yield list(passes)
