"""Scoring targets within a test."""

from __future__ import annotations

from pathlib import Path

from tachograph.app.find_session import find_last
from tachograph.app.score_targets import OnProgress, ScoreOptions, ScoreReport, score_targets
from tachograph.app.workspace import Workspace
from tests.builders.claude import ClaudeLog


def score(
    workspace: Workspace, *targets: str | Path, last: bool = False, progress: OnProgress = None, **options: bool
) -> ScoreReport:
    """Score them; ``last``: and the session that ended last. Options are those of ScoreOptions."""
    return score_targets(
        workspace,
        [str(target) for target in targets],
        ScoreOptions(**options),
        find_more=(lambda connection: [find_last(connection, "/nowhere")]) if last else None,
        note=lambda text: None,
        on_progress=progress,
    )


def ids(report: ScoreReport) -> list[str]:
    """Of the sessions that were scored, in order."""
    return [one.id for one in report.sessions]


def named(*logs: ClaudeLog) -> list[str]:
    """The ids of these logs' sessions."""
    return [f"claude_code:{log.session_id}" for log in logs]
