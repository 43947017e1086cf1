"""Having sessions judged as they finish: what is said about it first, and the judging, one at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing

from tachograph.analysis.axes.digest import Digest
from tachograph.analysis.axes.trajectory import Judgement
from tachograph.app.history import load_history
from tachograph.app.judging import Judge, judge_config, score_trajectory, store_judgement
from tachograph.app.watch.records import Answer
from tachograph.app.workspace import Workspace
from tachograph.judge import JudgeConfig, JudgeUnavailable
from tachograph.report.sanitise import harmless
from tachograph.report.units import size
from tachograph.settings import Settings
from tachograph.warehouse.store import open_reader, open_writer, transaction

UNREACHABLE = frozenset({"no_server", "server_died", "timed_out", "model_missing", "server_refused", "tls_failed"})
"""Obstacles that may be gone another time; any other one belongs to the settings, or to the answer."""
_PATIENCE_SECONDS = 60.0
"""For who writes: a verdict took minutes to get."""


def describe_background_judge(settings: Settings) -> str:
    """What the background judge will do: model, server, memory, and for what it runs; some sentences for a person.

    The server is asked, for at most a few seconds, how large the model is.
    """
    config = judge_config(settings)
    model, server = harmless(config.model), harmless(config.endpoint.rpartition("@")[2])
    return (
        f"The background judge is the model {model} at {server}. {_describe_memory(config)}"
        " It runs for every main session that finishes from now on, one at a time."
    )


def judge_each(workspace: Workspace, sessions: Sequence[str]) -> Answer:
    """Judge ``sessions`` and store each judgement at once; current ones stay as they are.

    When the server cannot be reached the rest is left: ``waiting`` names it, and a note says why.
    """
    config = judge_config(workspace.settings)
    judge = Judge(config)
    notes: list[str] = []
    for number, session in enumerate(sessions):
        obstacle = _judge(workspace, session, config, judge)
        if obstacle is not None and obstacle.slug in UNREACHABLE:
            return Answer(notes=(*notes, _unreachable(obstacle)), waiting=tuple(sessions[number:]))
        if obstacle is not None:
            notes.append(f"The judge gave no verdict on {harmless(session)}: {obstacle.reason}")
    return Answer(notes=tuple(notes))


def _judge(workspace: Workspace, session: str, config: JudgeConfig, judge: Judge) -> JudgeUnavailable | None:
    """Why there is no verdict on ``session``; None when there is one, or nothing to be judged."""

    def store(judgement: Judgement, digest: Digest, session_hash: int, at: int) -> None:
        keeps_text = workspace.settings.store_text == "full"
        with open_writer(workspace.folder, _PATIENCE_SECONDS) as writer, transaction(writer):
            store_judgement(writer, session, config, judgement, digest, session_hash, at, store_text=keeps_text)

    with closing(open_reader(workspace.folder)) as connection:
        if not _is_judged(connection, session):
            return None
        history = load_history(connection, session)
        if history is None:
            return None
        found = score_trajectory(connection, history.session, config, ask_now=True, store=store, judge=judge)
    return None if found.state == "CURRENT" else JudgeUnavailable(found.reason or "", found.hint or "")


def _is_judged(connection: sqlite3.Connection, session: str) -> bool:
    """Whether it is a main session in which a model has answered."""
    row = connection.execute("SELECT 1 FROM sessions WHERE id = ? AND kind = 'main' AND model IS NOT NULL", (session,))
    return row.fetchone() is not None


def _unreachable(obstacle: JudgeUnavailable) -> str:
    return f"The background judge cannot be asked; it is tried again when the next session finishes. {obstacle.reason}"


def _describe_memory(config: JudgeConfig) -> str:
    from tachograph.judge.client import measure_model

    try:
        found = measure_model(config)
    except JudgeUnavailable as obstacle:
        return f"How much memory it takes is not known: {harmless(obstacle.reason)}"
    if found.loaded_bytes is not None:
        return f"It is loaded and takes {size(found.loaded_bytes)} of memory."
    if found.file_bytes is not None:
        return f"It takes more than {size(found.file_bytes)} of memory when it runs (the size of its file)."
    return "How much memory it takes is not known: its server does not tell."
