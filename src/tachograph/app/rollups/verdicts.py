"""Verdicts of the token axis: those of all sessions of a task type are told anew when one of them has changed."""

from __future__ import annotations

import sqlite3

from tachograph.app.rollups.cells import replace_parts
from tachograph.app.rollups.cubes import VerdictSums
from tachograph.app.rollups.store import VERDICTS_MS, read_facts, read_sql, run, write_facts
from tachograph.app.token_facts import load_facts, load_references

LARGE = 500
"""Sessions of a task type beyond which their verdicts wait, see VERDICTS_MS: so many take 20 ms."""


def tell_verdicts(connection: sqlite3.Connection, now_ms: int) -> list[str]:
    """Tell the verdicts anew that wait for it, large groups only when it is time; returns whose have changed."""
    due = now_ms - int(read_facts(connection)["verdicts_at"]) >= VERDICTS_MS
    changed: list[str] = []
    for (task_type,) in connection.execute("SELECT task_type FROM roll.waiting_types ORDER BY 1").fetchall():
        if connection.execute(f"{_MAIN_SESSIONS} LIMIT 1 OFFSET ?", (task_type, LARGE)).fetchone():
            if not due:
                continue
            write_facts(connection, verdicts_at=now_ms)
        changed += _tell(connection, task_type)
        connection.execute("DELETE FROM roll.waiting_types WHERE task_type = ?", (task_type,))
    return changed


_MAIN_SESSIONS = "SELECT id FROM sessions WHERE task_type = ? AND kind = 'main'"
_HELD = (
    "SELECT r.id, n.text FROM roll.names k CROSS JOIN roll.roots r ON r.task_type = k.name"
    " CROSS JOIN roll.names n ON n.name = r.verdict WHERE k.text = ?"
)


def _tell(connection: sqlite3.Connection, task_type: str) -> list[str]:
    ids = [row[0] for row in connection.execute(_MAIN_SESSIONS, (task_type,))]
    references = load_references(connection, [("main", task_type)])
    told = {one: references.score(facts).verdict for one, facts in load_facts(connection, ids).items()}
    held = dict(connection.execute(_HELD, (task_type,)).fetchall())
    flips = [(one, verdict) for one, verdict in told.items() if held.get(one, verdict) != verdict]
    if flips:
        connection.executemany("INSERT OR IGNORE INTO roll.names (text) VALUES (?)", {(v,) for _, v in flips})
        connection.execute("DELETE FROM temp.flips")
        connection.executemany("INSERT INTO temp.flips SELECT ?, name FROM roll.names WHERE text = ?", flips)
        run(connection, read_sql("verdicts"))
        replace_parts(connection, VerdictSums)
    return [one for one, _ in flips]
