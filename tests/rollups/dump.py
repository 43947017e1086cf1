"""The rollups as comparable rows: numbers replaced by what they stand for, everything sorted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tachograph.app.rollups.cells import PARTED
from tachograph.app.rollups.cubes import CUBES
from tests.dump import Rows

_NAMES = (
    "agent",
    "project",
    "task_type",
    "model",
    "kind",
    "verdict",
    "detector",
    "agent_type",
    "tool",
    "category",
    "kpi",
)
_ROOT = "(SELECT id FROM roots WHERE roots.root = {}.root)"


def dump_rollups(folder: Path) -> dict[str, Rows]:
    """Every table's rows, sorted; two files that say the same give equal dumps."""
    with closing(sqlite3.connect(folder / "rollups.sqlite")) as connection:
        tables = {sums.table: _rows(connection, sums.table) for sums in CUBES}
        for sums in PARTED:
            tables[f"{sums.table}_parts"] = _rows(
                connection, f"{sums.table}_parts", _ROOT.format(f"{sums.table}_parts")
            )
        tables["roots"] = _rows(connection, "roots", "id")
        tables["root_texts"] = _rows(connection, "root_texts", _ROOT.format("root_texts"))
        connection.execute("ATTACH ? AS warehouse", (str(folder / "warehouse.sqlite"),))
        session = "(SELECT id FROM warehouse.sessions s WHERE s.session = members.session)"
        tables["members"] = _rows(connection, "members", f"{session} || {_ROOT.format('members')}")
        for name in ("waiting", "waiting_days", "waiting_types"):
            tables[name] = connection.execute(f"SELECT * FROM {name}").fetchall()
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return tables


def _rows(connection: sqlite3.Connection, table: str, first: str = "''") -> Rows:
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    shown = [_shown(table, name) for name in columns if name not in ("root", "session")]
    return sorted(connection.execute(f"SELECT {', '.join([first, *shown])} FROM {table}").fetchall(), key=repr)


def _shown(table: str, column: str) -> str:
    if column not in _NAMES:
        return column
    return f"coalesce((SELECT text FROM names WHERE name = {table}.{column}), {table}.{column})"
