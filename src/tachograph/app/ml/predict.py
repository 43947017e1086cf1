"""What a session will come to: before it starts, and while it goes on."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from tachograph.analysis.task_type import MAX_CHARS, TASK_TYPES, classify_task
from tachograph.app.find_session import find_session, short_names
from tachograph.app.learn.agent_types import MAIN, AgentTypes
from tachograph.app.ml.session_models import AskedModel, Foreseen, Moment, SessionModels
from tachograph.app.ml.session_outcomes import Root, load_roots
from tachograph.app.ml.sessions import find_cuts
from tachograph.app.ml.usual import COST, LEAST, WASTE, Happened, Kind, Usual, find_usual, load_happened
from tachograph.app.ml.worse import find_worse
from tachograph.app.watch.ended import EndedSessions
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, UsageError
from tachograph.model import to_datetime

LIVE_MS = 15 * 60 * 1000
"""A session whose last record is younger than this is taken to go on, unless a hook has noted its end."""
_MOST_LIVE = 20

ToldBy = Literal["option", "prompt", "default", "nothing"]


class SessionForecast(msgspec.Struct, frozen=True, kw_only=True):
    """One session that has begun."""

    id: str
    name: str
    """A short name by which ``tacho show`` finds it."""
    title: str
    """Its title, else how it began."""
    agent: str
    agent_type: str
    project: str | None
    task_type: str | None
    started_at: datetime
    last_at: datetime
    """Its last record."""
    live: bool
    turns: int
    """That are over."""
    usd: float | None
    """What it has cost; null: something has no price."""
    foreseen: list[Foreseen]
    """By the models in use; of one session by name at each moment, else at the last one alone."""
    usual: Usual
    """Other sessions of the kind."""
    worse: list[str]
    """Sentences: in what it is worse than three quarters of them."""


class Forecast(msgspec.Struct, frozen=True):
    """One session by name, or those that go on."""

    sessions: list[SessionForecast]
    models: list[AskedModel]
    """The models that were asked; none: there is none in use."""


class StartForecast(msgspec.Struct, frozen=True):
    """A session that has not begun: what those before it came to. Models know sessions that have begun alone."""

    agent: str | None
    agent_type: str
    task_type: str | None
    told_by: ToldBy | None
    """What tells the task type: ``default``: no word of the prompt does, and it counts as such prompts do everywhere;
    ``nothing``: the prompt holds no task, such as an empty one; null: neither a type nor a prompt was given."""
    usual: Usual
    worse: list[str]
    """Sentences: in what such sessions are usually worse than three quarters of all of the agent type."""


def forecast_session(
    connection: sqlite3.Connection, workspace: Workspace, name: str, now_ms: int | None = None
) -> Forecast:
    """The session called ``name``, after each of its first turns; seen at ``now_ms`` (ms UTC; None: now).

    Raises NotFound, also for a subagent, and TachographError for a model that cannot be used; so the next one.
    """
    session = find_session(connection, name)
    root = next((one for one in load_roots(connection) if one.id == session), None)
    if root is None:
        raise NotFound(
            f"Of {session} nothing can be predicted: it is a subagent, or it has no prompt.",
            slug="not_predictable",
            hint="Name a main session; its subagents count with it.",
        )
    now = _now() if now_ms is None else now_ms
    return _forecast(connection, workspace, [root], now, every=True)


def forecast_live(connection: sqlite3.Connection, workspace: Workspace, now_ms: int | None = None) -> Forecast:
    """The main sessions that go on at ``now_ms``, the most recent first; at most 20."""
    now = _now() if now_ms is None else now_ms
    roots = load_roots(connection)
    live = _live(workspace, roots, now)
    chosen = sorted((root for root in roots if root.id in live), key=lambda one: (-one.ended_at, one.id))[:_MOST_LIVE]
    return _forecast(connection, workspace, chosen, now, every=False)


def forecast_start(
    connection: sqlite3.Connection, kind: Kind, prompt: str | None = None, now_ms: int | None = None
) -> StartForecast:
    """A session of that kind that is about to begin; ``prompt`` tells the kind of work, where ``kind`` does not.

    Raises UsageError for a task type that there is not, NotFound for an agent type without sessions.
    """
    if kind.task_type is not None and kind.task_type not in TASK_TYPES:
        raise UsageError(f"There is no task type {kind.task_type}: they are {', '.join(TASK_TYPES)}.")
    task_type, told_by = _read_task(kind.task_type, prompt)
    kind = Kind(kind.agent, kind.agent_type or MAIN, task_type)
    happened = load_happened(connection, now_ms)
    usual = find_usual(happened, kind)
    if not usual.sessions:
        _refuse_type(happened, kind)
    everything = find_usual(happened, Kind(kind.agent, kind.agent_type))
    medians = {one.name: one.median for one in usual.figures if one.n >= LEAST}
    worse = find_worse(medians, everything) if usual.of != everything.of else []
    return StartForecast(kind.agent, kind.agent_type or MAIN, kind.task_type, told_by, usual, worse)


def _read_task(named: str | None, prompt: str | None) -> tuple[str | None, ToldBy | None]:
    """The task type and what tells it; one that is named goes before the prompt."""
    if named is not None:
        return named, "option"
    if prompt is None:
        return None, None
    match = classify_task(prompt[:MAX_CHARS])
    if match is None:
        return None, "nothing"
    return match.task_type, "prompt" if match.words else "default"


def _forecast(
    connection: sqlite3.Connection, workspace: Workspace, roots: Sequence[Root], now: int, *, every: bool
) -> Forecast:
    models = SessionModels(connection, workspace, now)
    moments = [
        Moment(root, cut)
        for root in sorted(roots, key=lambda one: (one.started_at, one.id))
        for cut in find_cuts(connection, root, models.turns)[0 if every else -1 :]
    ]
    foreseen = models.foresee(moments)
    happened, live = load_happened(connection, now), _live(workspace, roots, now)
    names = short_names(connection, (root.id for root in roots))
    types = AgentTypes(workspace.settings.agent_types)
    told = []
    for root in roots:
        agent_type = types.find(MAIN, root.agent_type, root.project)
        others = [one for one in happened if one.point.session != root.id]
        usual = find_usual(others, Kind(root.agent, agent_type, root.task_type))
        said = foreseen.get(root.id, [])
        title = connection.execute("SELECT coalesce(title, opening, '') FROM sessions WHERE id = ?", (root.id,))
        told.append(SessionForecast(
            id=root.id, name=names[root.id], title=title.fetchone()[0], agent=root.agent, agent_type=agent_type,
            project=root.project, task_type=root.task_type, started_at=to_datetime(root.started_at),
            last_at=to_datetime(root.ended_at), live=root.id in live, turns=root.finished_turns, usd=root.usd,
            foreseen=said, usual=usual, worse=find_worse(_values(root, said), usual),
        ))  # fmt: skip
    return Forecast(told, models.tell())


def _values(root: Root, foreseen: Sequence[Foreseen]) -> dict[str, float]:
    """What is held against the baseline: the cost so far, or more where a model that is worth something says so.

    Of several moments the last one counts.
    """
    values = {} if root.usd is None else {COST: root.usd}
    for one in foreseen:
        if one.beats_baseline and one.what == "cost":
            values[COST] = max(one.value, root.usd or 0.0)
        elif one.beats_baseline and one.what == "waste":
            values[WASTE] = one.value
    return values


def _live(workspace: Workspace, roots: Iterable[Root], now: int) -> set[str]:
    ended = dict(EndedSessions(workspace.folder).read_new())
    return {
        root.id
        for root in roots
        if now - LIVE_MS <= root.ended_at <= now + LIVE_MS and root.ended_at > ended.get(root.id, -1)
    }


def _refuse_type(happened: Sequence[Happened], kind: Kind) -> None:
    types = sorted({one.point.group.agent_type for one in happened})
    raise NotFound(
        f"There is no earlier session of the agent type {kind.agent_type}.",
        slug="no_such_type",
        hint=f"There are {', '.join(types)}." if types else "tacho doctor shows where logs were looked for.",
    )


def _now() -> int:
    return time.time_ns() // 1_000_000
