"""Which commands and sessions worked for goals that are over, as the ledgers and the history tell."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator

import msgspec

from tachograph.app.goals.roots import find_roots, list_projects
from tachograph.app.workspace import Workspace
from tachograph.capture.store import CommandStore
from tachograph.model.goal import Goal

_REPOS = "SELECT DISTINCT repo FROM events WHERE repo IS NOT NULL ORDER BY repo"
_EVENTS = "SELECT id, executed_at FROM events WHERE session = ? ORDER BY id"
_TREE = "SELECT id FROM sessions WHERE root_id = ? UNION SELECT ? ORDER BY 1"


class ClosedGoal(msgspec.Struct, frozen=True):
    """A goal that is over, with the commands and sessions that worked for it."""

    name: str
    success: bool
    closed_at: int
    """ms UTC."""
    targets: tuple[str, ...]
    """Ids of events and of sessions."""


def find_closed_goals(workspace: Workspace, warehouse: sqlite3.Connection, store: CommandStore) -> list[ClosedGoal]:
    """The closed goals of all ledgers in projects of the history or of captured commands; a demo has none.

    A goal's targets are the main sessions that the ledger links with it or that responses made for it lie in, and the
    commands of these sessions and their subagents; where a session worked for several goals, those that were run while
    the goal was open.
    """
    if workspace.is_demo:
        return []
    folders = [*list_projects(warehouse), *(repo for (repo,) in store.connection.execute(_REPOS))]
    roots = find_roots(folders, workspace.settings.goals_path)
    if not roots:
        return []
    from tachograph.app.goals.gather import measure_ledger
    from tachograph.app.goals.ledgers import find_ledgers

    found: list[ClosedGoal] = []
    for ledger in find_ledgers(roots, workspace.settings.goals_path).known:
        used = measure_ledger(warehouse, ledger).usage.goals
        worked = {
            goal.key: {*goal.sessions, *(used[goal.key].sessions if goal.key in used else ())}
            for goal in ledger.state.goals
        }  # fmt: skip
        found += _close(ledger.state.goals, worked, warehouse, store)
    return found


def _close(
    goals: tuple[Goal, ...], worked: dict[str, set[str]], warehouse: sqlite3.Connection, store: CommandStore
) -> Iterator[ClosedGoal]:
    shared: defaultdict[str, int] = defaultdict(int)
    for sessions in worked.values():
        for session in sessions:
            shared[session] += 1
    for goal in goals:
        if goal.finished_at is None:
            continue
        targets: list[str] = []
        for session in sorted(worked[goal.key]):
            alone = shared[session] == 1
            ran = _commands(session, warehouse, store)
            targets += [session, *(event for event, at in ran if alone or _was_open(goal, at))]
        if targets:
            yield ClosedGoal(goal.id, goal.status == "success", goal.finished_at, tuple(targets))


def _commands(session: str, warehouse: sqlite3.Connection, store: CommandStore) -> Iterator[tuple[str, int]]:
    """Ids and times of the commands of a session and its subagents."""
    for (one,) in warehouse.execute(_TREE, (session, session)):
        yield from store.connection.execute(_EVENTS, (one,))


def _was_open(goal: Goal, at: int) -> bool:
    return any(one.started_at <= at and (one.finished_at is None or at < one.finished_at) for one in goal.attempts)
