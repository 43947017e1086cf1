"""The three axes of one session as ``tacho score`` gives them, from no more rows than that takes."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from tachograph.analysis.axes.token_economy import TokenScore
from tachograph.analysis.axes.trajectory import PROMPT_VERSION, TrajectoryScore
from tachograph.app.dashboard.session_records import Part, name_responses
from tachograph.app.judging import stored_score
from tachograph.app.score import WasteScore, score_waste
from tachograph.app.session_rows import SessionRow
from tachograph.app.token_facts import load_facts, score_few
from tachograph.judge import JudgeConfig
from tachograph.model import Session

_JUDGED = "SELECT EXISTS (SELECT 1 FROM judgements WHERE session = ? AND model = ? AND prompt = ?)"
_FOUND = """
SELECT g.session, count(*) FROM segments g JOIN findings f USING (segment) WHERE g.session IN ({marks}) GROUP BY 1"""


class Axes(msgspec.Struct, frozen=True):
    """The three axes: beside each other, never added."""

    token: TokenScore
    trajectory: TrajectoryScore
    waste: WasteScore


class Verdicts(msgspec.Struct, frozen=True):
    """What is said of a subagent where it is listed."""

    token: str
    """Verdict of the token axis."""
    findings: int


def score_axes(connection: sqlite3.Connection, session: Session, parts: list[Part], judge: JudgeConfig) -> Axes | None:
    """The axes of ``session``; None when it has left no log of its own."""
    facts = load_facts(connection, [session.id]).get(session.id)
    if facts is None:
        return None
    return Axes(
        score_few(connection, [facts])[session.id], _score_trajectory(connection, session, parts, judge),
        score_waste(connection, session.id),
    )  # fmt: skip


def judge_subagents(connection: sqlite3.Connection, rows: Sequence[SessionRow]) -> dict[str, Verdicts]:
    """Verdicts on these subagents, by id."""
    facts = load_facts(connection, [row.id for row in rows])
    scores = score_few(connection, facts.values())
    marks = ", ".join("?" * len(rows))
    found = dict(connection.execute(_FOUND.format(marks=marks), [row.id for row in rows]).fetchall())
    return {name: Verdicts(score.verdict, found.get(name, 0)) for name, score in scores.items()}


def _score_trajectory(
    connection: sqlite3.Connection, session: Session, parts: list[Part], judge: JudgeConfig
) -> TrajectoryScore:
    """What is stored; whether it is stale can only be told where something is."""
    judged = connection.execute(_JUDGED, (session.id, judge.model, PROMPT_VERSION)).fetchone()[0]
    return stored_score(connection, name_responses(connection, parts, session) if judged else session, judge)
