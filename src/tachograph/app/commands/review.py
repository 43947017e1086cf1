"""Which commands a person had best be asked about."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from tachograph.app.commands.labels import LabelRecord, effective_label, tell
from tachograph.app.commands.uncertainty import rank_uncertain
from tachograph.app.workspace import Workspace
from tachograph.capture.store import CommandStore
from tachograph.model import CommandEvent, CommandScore, to_datetime

LATEST = 20_000
"""Of the commands without a score only so many are looked at, the latest ones."""

_OPEN = "NOT EXISTS (SELECT 1 FROM labels l WHERE l.target = e.id AND l.kind = 'human')"
_UNCERTAIN = f"""
SELECT e.id FROM scores s CROSS JOIN events e ON e.id = s.event WHERE {_OPEN}
ORDER BY s.high - s.low DESC NULLS LAST, abs(s.score - 50), e.executed_at DESC, e.id LIMIT ?"""
_SPREAD = f"""
WITH open AS (
    SELECT e.id, e.program, e.repo, e.executed_at FROM events e
    WHERE {_OPEN} AND NOT EXISTS (SELECT 1 FROM scores s WHERE s.event = e.id)
    ORDER BY e.executed_at DESC LIMIT {LATEST}
), placed AS (
    SELECT id, executed_at, EXISTS (SELECT 1 FROM labels l WHERE l.target = open.id) AS known,
           row_number() OVER (PARTITION BY program, repo ORDER BY executed_at DESC, id) AS place,
           count(*) OVER (PARTITION BY program, repo) AS size
    FROM open
)
SELECT id FROM placed ORDER BY place, known, size DESC, executed_at DESC, id LIMIT ?"""
_COUNT = """
SELECT (SELECT count(*) FROM events)
     - (SELECT count(DISTINCT l.target) FROM labels l JOIN events e ON e.id = l.target WHERE l.kind = 'human')"""


class ReviewItem(msgspec.Struct, frozen=True):
    """A command that no person has labelled."""

    id: str
    executed_at: datetime
    program: str
    command: str | None
    """Its text, where that was asked for when it was run."""
    agent: str | None
    repo: str | None
    session: str | None
    exit_code: int | None
    timed_out: bool
    duration_ms: int | None
    files_touched: int | None
    lines_added: int | None
    lines_deleted: int | None
    commits: int | None
    score: CommandScore | None
    """What the model in use says of it; without one, what a model said when it ran."""
    known: LabelRecord | None
    """What is known of how it turned out, without a person."""


class Review(msgspec.Struct, frozen=True):
    """Commands to ask about."""

    commands: int
    """In the store, in all."""
    unlabelled: int
    """Of these, commands that no person has labelled."""
    by: Literal["uncertainty", "spread"]
    """Why these: ``uncertainty`` (of a model) or ``spread`` (over programs and repositories)."""
    model: str | None
    """The model in use, if it is its uncertainty; null: of the scores that were kept when commands ran, or none."""
    why_not: str
    """Why the model in use was not asked; empty: it was, or there is none."""
    items: list[ReviewItem]
    """The most informative ones first."""


def plan_review(workspace: Workspace, folder: Path | None, store: CommandStore, limit: int) -> Review:
    """The ``limit`` commands whose labels would tell most, of the store in ``folder`` (None: the data folder).

    Where a model is in use, it scores them here, and those come first of which it is least sure. Without one, those of
    which a model was that scored them when they ran: the widest interval, then nearest to 50. Else, or when there are
    not enough of them, the latest of each program in each repository in turn, those first of which nothing is known.
    """
    connection = store.connection
    ranking = rank_uncertain(workspace, folder, store, limit)
    scores = {score.event: score for score in ranking.scores}
    chosen = list(scores) or _ids(connection, _UNCERTAIN, limit)
    by: Literal["uncertainty", "spread"] = "uncertainty" if chosen else "spread"
    if len(chosen) < limit:
        chosen += [name for name in _ids(connection, _SPREAD, limit) if name not in scores][: limit - len(chosen)]
    items = [_describe(store, event, scores) for name in chosen for event in store.events("id = ?", (name,))]
    total = connection.execute("SELECT count(*) FROM events").fetchone()[0]
    unlabelled = connection.execute(_COUNT).fetchone()[0]
    return Review(total, unlabelled, by, ranking.model, ranking.why_not, items)


def _ids(connection: sqlite3.Connection, query: str, limit: int) -> list[str]:
    return [row[0] for row in connection.execute(query, (limit,))]


def _describe(store: CommandStore, event: CommandEvent, scores: dict[str, CommandScore]) -> ReviewItem:
    kept = next(iter(store.scores("event = ?", (event.id,))), None)
    known = effective_label(store.labels("target = ?", (event.id,)))
    return ReviewItem(
        id=event.id,
        executed_at=to_datetime(event.executed_at),
        program=event.program,
        command=event.command,
        agent=event.agent,
        repo=event.repo,
        session=event.session,
        exit_code=event.exit_code,
        timed_out=event.timed_out,
        duration_ms=event.duration_ms,
        files_touched=event.files_touched_count,
        lines_added=event.lines_added,
        lines_deleted=event.lines_deleted,
        commits=event.commits,
        score=scores.get(event.id, kept),
        known=None if known is None else tell(known),
    )
