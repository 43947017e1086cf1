"""Having the quality of sessions judged: four scores each, which the quality KPIs go by from then on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing

import msgspec

from tachograph.analysis.axes.digest import Digest, session_hash
from tachograph.analysis.axes.quality import QUALITIES, QUALITY_VERSION, QualityScores
from tachograph.app.calibrate.storing import now_ms, write
from tachograph.app.filters import Filter
from tachograph.app.find_session import short_names
from tachograph.app.history import load_history
from tachograph.app.judging import Judge
from tachograph.app.learn.telemetry_points import forget_point
from tachograph.app.workspace import Workspace
from tachograph.errors import TachographError
from tachograph.judge import JudgeConfig, JudgeUnavailable
from tachograph.model import Session
from tachograph.warehouse.store import open_reader

KIND = "quality"
"""Of the loop's records: when a session was asked about, by the session's id."""
_MAINS = """
SELECT s.id, s.ended_at, q.record FROM sessions s LEFT JOIN loop_records q ON q.kind = 'quality' AND q.name = s.id
WHERE s.kind = 'main' AND s.model IS NOT NULL AND s.ended_at IS NOT NULL AND {where}
ORDER BY s.ended_at DESC, s.id"""


class QualityMark(msgspec.Struct, frozen=True):
    """That a model was asked about a session."""

    prompt: int
    """Version of the prompt."""
    session_hash: int
    """Of the session as it was."""
    ended_at: int | None
    turns_shown: int
    turns_left_out: int


class QualityRow(msgspec.Struct, frozen=True):
    """The scores of one session, 0 to 1 each."""

    id: str
    name: str
    """A short name by which ``tacho show`` finds it."""
    relevance: float | None = None
    """Null: it cannot be told from what the judge is shown; so the next three."""
    faithfulness: float | None = None
    coherence: float | None = None
    hallucination: float | None = None
    """The less the better."""
    turns_shown: int | None = None
    turns_left_out: int | None = None
    """Turns for which the judge's context had no room."""
    cached: bool = False
    """True: an earlier answer, given on the session as it is now."""
    reason: str | None = None
    """Why there is no answer; null where there is one."""


class QualityReport(msgspec.Struct, frozen=True):
    """What ``tacho judge quality`` tells."""

    model: str
    prompt: int
    """Version of our prompt."""
    sessions: list[QualityRow]
    """In the order in which they were asked about."""
    waiting: int
    """Sessions that still have no scores: beyond the limit, or without an answer."""


OnScored = Callable[[int, int, QualityRow], None]
"""(done, all, what was said)."""


def choose_unscored(connection: sqlite3.Connection, chosen: Filter, model: str) -> list[str]:
    """Main sessions that began within ``chosen`` and that ``model`` was not asked about, the latest first.

    One that has gone on since is among them.
    """
    where, values = chosen.where("s.started_at")
    rows = connection.execute(_MAINS.format(where=where), values)
    return [one for one, ended_at, record in rows if not _is_marked(_read_marks(record).get(model), ended_at)]


def judge_quality(
    workspace: Workspace,
    ids: Sequence[str],
    config: JudgeConfig,
    *,
    waiting: int = 0,
    on_scored: OnScored | None = None,
) -> QualityReport:
    """Ask about each of the sessions ``ids`` that has changed since it was asked about last, and keep the scores.

    Each answer is stored at once, so that an interrupted run goes on where it ended. ``waiting`` is how many sessions
    were left out beforehand. Raises TachographError (exit code 4) when there are sessions and no answer on any.
    """
    judge = Judge(config)
    rows: list[QualityRow] = []
    for one in ids:
        rows.append(_score(workspace, one, config, judge))
        if on_scored is not None:
            on_scored(len(rows), len(ids), rows[-1])
    if rows and all(row.reason is not None for row in rows):
        raise TachographError(
            "The judge gave no scores on any session.", slug="judge_unavailable", hint=rows[0].reason or ""
        )
    return QualityReport(config.model, QUALITY_VERSION, rows, waiting + sum(row.reason is not None for row in rows))


def _score(workspace: Workspace, id: str, config: JudgeConfig, judge: Judge) -> QualityRow:
    """No connection is open while the model thinks."""
    with closing(open_reader(workspace.folder)) as connection:
        row = QualityRow(id, short_names(connection, [id])[id])
        history = load_history(connection, id)
        if history is None:
            return msgspec.structs.replace(row, reason="The session has left no log of its own.")
        seen = session_hash(history.session)
        mark = _load_marks(connection, id).get(config.model)
        if mark is not None and (mark.prompt, mark.session_hash) == (QUALITY_VERSION, seen):
            scores = _load_scores(connection, id, config.model)
            return _fill(row, scores, mark.turns_shown, mark.turns_left_out, cached=True)
    try:
        scores, digest = judge.score_quality(history.session)
    except JudgeUnavailable as obstacle:
        return msgspec.structs.replace(row, reason=obstacle.reason)
    if not write(workspace, lambda connection: store_quality(connection, history.session, config, scores, digest)):
        return msgspec.structs.replace(row, reason="Another tacho process holds the warehouse: nothing was stored.")
    return _fill(row, scores, digest.turns, digest.turns_left_out, cached=False)


def store_quality(
    connection: sqlite3.Connection, session: Session, config: JudgeConfig, scores: QualityScores, digest: Digest
) -> None:
    """Keep the scores in place of the model's last ones on this session, whose KPIs are then computed anew.

    The caller's transaction commits it.
    """
    at = now_ms()
    about = (session.id, config.model)
    connection.execute("DELETE FROM evaluations WHERE session = ? AND evaluator = ? AND origin = 'judge'", about)
    connection.executemany(
        "INSERT OR REPLACE INTO evaluations VALUES (?, ?, ?, ?, ?, 'judge')",
        [(session.id, name, config.model, at, score) for name, score in scores.told.items()],
    )
    marks = _load_marks(connection, session.id)
    marks[config.model] = QualityMark(
        QUALITY_VERSION, session_hash(session), session.ended_at, digest.turns, digest.turns_left_out
    )
    connection.execute(
        "INSERT OR REPLACE INTO loop_records VALUES (?, ?, ?)", (KIND, session.id, msgspec.msgpack.encode(marks))
    )
    forget_point(connection, session.id)


def _is_marked(mark: QualityMark | None, ended_at: int) -> bool:
    return mark is not None and (mark.prompt, mark.ended_at) == (QUALITY_VERSION, ended_at)


def _load_marks(connection: sqlite3.Connection, session: str) -> dict[str, QualityMark]:
    """By model."""
    row = connection.execute("SELECT record FROM loop_records WHERE kind = ? AND name = ?", (KIND, session)).fetchone()
    return _read_marks(row[0] if row else None)


def _read_marks(record: bytes | None) -> dict[str, QualityMark]:
    return msgspec.msgpack.decode(record, type=dict[str, QualityMark]) if record else {}


def _load_scores(connection: sqlite3.Connection, session: str, model: str) -> QualityScores:
    rows = connection.execute(
        "SELECT name, score FROM evaluations WHERE session = ? AND evaluator = ? AND origin = 'judge'", (session, model)
    )
    return QualityScores(**{name: score for name, score in rows if name in QUALITIES})


def _fill(row: QualityRow, scores: QualityScores, shown: int, left_out: int, *, cached: bool) -> QualityRow:
    return msgspec.structs.replace(
        row, turns_shown=shown, turns_left_out=left_out, cached=cached, **msgspec.structs.asdict(scores)
    )
