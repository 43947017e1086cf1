"""How commands turned out, as far as that is really known: each outcome with its source."""

from __future__ import annotations

import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterable

import msgspec

from tachograph.app.commands import next_check, survival
from tachograph.app.commands.backfill import follow_logs
from tachograph.app.commands.goal_outcomes import ClosedGoal, find_closed_goals
from tachograph.app.commands.next_check import captured_step, label_next_checks
from tachograph.app.commands.survival import label_survival
from tachograph.app.workspace import Workspace
from tachograph.capture.store import CommandStore
from tachograph.model import CommandEvent, CommandLabel
from tachograph.warehouse.store import open_reader, transaction, warehouse_file

GOAL = "goal"
_OWN = "origin <> 'log' AND call IS NULL"


class OutcomeReport(msgspec.Struct, frozen=True):
    """Known outcomes that the store holds now."""

    labels: dict[str, int]
    """By source."""
    commands: int
    """Commands with at least one."""


def refresh_outcomes(workspace: Workspace, store: CommandStore, now_ms: int | None = None) -> OutcomeReport:
    """Let the store hold what is known now of how its commands turned out, those of the logs included.

    ``next_check`` and ``next_prompt`` of an agent's commands follow from its session (see ``follow_logs``, which is
    done first, where there is a warehouse); ``next_check`` of a person's from what was run after them in the same
    repository; ``survival`` from the repository itself; ``goal`` from the ledgers of goals. What no longer holds is
    removed.
    """
    held: set[str] = set()
    goals: list[ClosedGoal] | None = None
    if warehouse_file(workspace.folder).is_file():
        follow_logs(workspace, store)
        warehouse = open_reader(workspace.folder)
        try:
            held = _held(warehouse, store)
            goals = find_closed_goals(workspace, warehouse, store)
        finally:
            warehouse.close()
    steps: defaultdict[tuple[str | None, str | None], list[CommandEvent]] = defaultdict(list)
    for event in store.events(_OWN):
        if event.session not in held and event.repo is not None:
            steps[event.session, event.repo].append(event)
    events = [event.id for group in steps.values() for event in group]
    labels = [label for group in steps.values() for label in label_next_checks(map(captured_step, group))]
    _replace(store, next_check.SOURCE, events, labels)
    _replace(store, survival.SOURCE, *label_survival(store, now_ms or time.time_ns() // 1_000_000))
    if goals is not None:
        label_goals(store, goals)  # without a history, nobody knows of its goals
    return count_outcomes(store)


def _held(warehouse: sqlite3.Connection, store: CommandStore) -> set[str]:
    """Sessions of captured commands that the warehouse knows: their outcomes follow from there."""
    rows = store.connection.execute("SELECT DISTINCT session FROM events WHERE origin = 'run' AND origin <> 'log'")
    named = [session for (session,) in rows if session is not None]
    query = "SELECT 1 FROM sessions WHERE id = ?"
    return {session for session in named if warehouse.execute(query, (session,)).fetchone()}


def label_goals(store: CommandStore, goals: Iterable[ClosedGoal]) -> None:
    """Let the outcomes of source ``goal`` be exactly those of these goals: 100 for what worked for a goal that was
    reached, 0 otherwise; where several were, the one closed last counts."""
    found: dict[str, CommandLabel] = {}
    for goal in sorted(goals, key=lambda goal: (goal.closed_at, goal.name)):
        for target in goal.targets:
            score = 100.0 if goal.success else 0.0
            found[target] = CommandLabel(target, "outcome", GOAL, score, goal.closed_at, goal.name)
    known = [one.target for one in store.labels("kind = 'outcome' AND source = ?", (GOAL,))]
    _replace(store, GOAL, known, list(found.values()))


def count_outcomes(store: CommandStore) -> OutcomeReport:
    """How many there are, by source."""
    query = "SELECT source, count(*) FROM labels WHERE kind = 'outcome' GROUP BY source ORDER BY source"
    labels = dict(store.connection.execute(query).fetchall())
    told = "SELECT count(DISTINCT target) FROM labels WHERE kind = 'outcome'"
    return OutcomeReport(labels, store.connection.execute(told).fetchone()[0])


def _replace(store: CommandStore, source: str, targets: Iterable[str], labels: list[CommandLabel]) -> None:
    """Let the labels of ``targets`` from ``source`` be exactly ``labels``; nothing is written when they are."""
    wanted = {label.target: label for label in labels}
    condition = "target = ? AND kind = 'outcome' AND source = ?"
    known = {one.target: one for target in targets for one in store.labels(condition, (target, source))}
    gone = [(target, source) for target in known if target not in wanted]
    new = [label for target, label in wanted.items() if known.get(target) != label]
    if not gone and not new:
        return
    with transaction(store.connection):
        store.connection.executemany("DELETE FROM labels WHERE target = ? AND kind = 'outcome' AND source = ?", gone)
        rows = [msgspec.structs.astuple(label) for label in new]
        store.connection.executemany("INSERT OR REPLACE INTO labels VALUES (?, ?, ?, ?, ?, ?)", rows)
