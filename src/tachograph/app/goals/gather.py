"""Goals of all known ledgers joined with the history, as overviews and reports show them."""

from __future__ import annotations

import os
import sqlite3

from tachograph.analysis.goal_chains import GoalChain
from tachograph.app.filters import Filter
from tachograph.app.goals.figure_records import GoalFigures
from tachograph.app.goals.figures import EffectiveGoal, MeasuredLedger, combine, select, sum_up
from tachograph.app.goals.ledgers import KnownLedger, Ledgers
from tachograph.app.goals.usage import LedgerUsage, measure
from tachograph.app.rollups.store import last_change

_MODELS = """
SELECT u.model, sum(u.responses) FROM sessions s CROSS JOIN usage_quarters u USING (session)
WHERE s.id = ? GROUP BY u.model"""
_REMEMBERED = 16


def gather_goals(
    connection: sqlite3.Connection, found: Ledgers, chosen: Filter, *, exact_project: bool = False
) -> GoalFigures | None:  # fmt: skip
    """The figures of the goals within ``chosen``; None where there are none.

    ``exact_project``: the chosen project is its whole path, not a part of it.
    """
    measured = [measure_ledger(connection, one) for one in found.known if _is_chosen(one, chosen, exact_project)]
    unreadable = [one.why for one in found.troubles] if chosen.project is None else []
    return sum_up(measured, chosen, unreadable)


def list_goals(
    connection: sqlite3.Connection, found: Ledgers, chosen: Filter, *, exact_project: bool = False
) -> list[tuple[str, EffectiveGoal]]:  # fmt: skip
    """The goals behind these figures, each with its ledger's project: open ones first, then those that ended last."""
    told = [
        (one.place.project, goal)
        for one in found.known if _is_chosen(one, chosen, exact_project)
        for goal in select(combine(measure_ledger(connection, one)), chosen)
    ]  # fmt: skip
    return sorted(told, key=lambda one: (one[1].chain.last.closed, -_moment(one[1].chain), one[1].chain.last.key))


def _moment(chain: GoalChain) -> int:
    return chain.started_at if chain.finished_at is None else chain.finished_at


def measure_ledger(connection: sqlite3.Connection, ledger: KnownLedger) -> MeasuredLedger:
    """The ledger with what its goals used. What was measured last is remembered until goals or history change."""
    key = (str(ledger.place.path), _database(connection))
    state = (ledger.state, last_change(connection))
    remembered = _memory.get(key)
    if remembered is not None and remembered[0] == state:
        return remembered[1]
    usage = measure(connection, ledger.place, ledger.state.goals)
    found = MeasuredLedger(ledger, usage, _models(connection, usage))
    while len(_memory) >= _REMEMBERED:
        _memory.pop(next(iter(_memory)), None)
    _memory[key] = (state, found)
    return found


_memory: dict[tuple[str, str], tuple[tuple[object, int], MeasuredLedger]] = {}
"""For a server, which is asked again and again; measuring hundreds of goals takes a second."""


def _models(connection: sqlite3.Connection, usage: LedgerUsage) -> dict[str, str]:
    """Key of a goal -> the model of most responses of its main sessions."""
    found: dict[str, str] = {}
    for key, used in usage.goals.items():
        counts: dict[str, int] = {}
        for session in used.sessions:
            for model, responses in connection.execute(_MODELS, (session,)):
                counts[model] = counts.get(model, 0) + responses
        if counts:
            found[key] = min(counts, key=lambda model: (-counts[model], model))
    return found


def _database(connection: sqlite3.Connection) -> str:
    rows = connection.execute("PRAGMA database_list").fetchall()
    return next((os.fspath(path) for _, name, path in rows if name == "main"), "")


def _is_chosen(ledger: KnownLedger, chosen: Filter, exact: bool) -> bool:
    if chosen.project is None:
        return True
    project = ledger.place.project
    return project == chosen.project if exact else chosen.project.lower() in project.lower()
