"""From what sessions add to the sums to the sums themselves."""

from __future__ import annotations

import sqlite3
from functools import cache

from tachograph.app.rollups.cubes import CUBES, KpiSums, Sums
from tachograph.app.rollups.days import month_expression

PARTED: tuple[type[Sums], ...] = tuple(sums for sums in CUBES if sums is not KpiSums)
"""The tables that remember what each session has added to them."""


def parts_table(sums: type[Sums]) -> str:
    """The statement that makes the table of what each session has added."""
    return f"CREATE TABLE {sums.table}_parts ({_columns(sums, 'root')}) STRICT, WITHOUT ROWID"


def temporary_tables(sums: type[Sums]) -> list[str]:
    """The statements that make what :func:`replace_parts` works with."""
    return [
        f"CREATE TEMP TABLE {sums.table}_new ({_columns(sums, 'root')}) WITHOUT ROWID",
        f"CREATE TEMP TABLE {sums.table}_delta ({_columns(sums, 'grain')}) WITHOUT ROWID",
    ]


def replace_parts(connection: sqlite3.Connection, sums: type[Sums]) -> None:
    """Let what ``<table>_new`` holds be all that the sessions in ``wanted`` add, and change the sums accordingly."""
    for statement in _replacement(sums):
        connection.execute(statement)


@cache
def _replacement(sums: type[Sums]) -> tuple[str, ...]:
    table, keys, fields = sums.table, _keys(sums), sums.__struct_fields__
    held, key = ", ".join(fields), ", ".join(keys)
    negated = ", ".join(f"-{name}" for name in fields)
    total = ", ".join(f"sum({name})" for name in fields)
    return (
        f"DELETE FROM temp.{table}_delta",
        f"INSERT INTO temp.{table}_delta SELECT 0, {key}, {total} FROM ("
        f"SELECT {key}, {held} FROM temp.{table}_new UNION ALL"
        f" SELECT {key}, {negated} FROM temp.wanted CROSS JOIN roll.{table}_parts USING (root))"
        f" GROUP BY {key} HAVING {' OR '.join(f'sum({name}) <> 0' for name in fields)}",
        f"INSERT INTO temp.{table}_delta SELECT 1, {month_expression('span')}, {', '.join(keys[1:])}, {total}"
        f" FROM temp.{table}_delta GROUP BY 2, {', '.join(keys[1:])}",
        f"INSERT INTO temp.{table}_delta SELECT grain, span, 0, {', '.join(keys[2:])}, {total}"
        f" FROM temp.{table}_delta GROUP BY grain, span, {', '.join(keys[2:])}",
        f"INSERT INTO roll.{table} SELECT * FROM temp.{table}_delta WHERE 1 ON CONFLICT DO UPDATE SET "
        + ", ".join(f"{name} = {name} + excluded.{name}" for name in fields),
        f"DELETE FROM roll.{table} WHERE (grain, {key}) IN (SELECT grain, {key}"
        f" FROM temp.{table}_delta) AND {' AND '.join(f'{name} = 0' for name in fields)}",
        f"DELETE FROM roll.{table}_parts WHERE root IN (SELECT root FROM temp.wanted)",
        f"INSERT INTO roll.{table}_parts SELECT * FROM temp.{table}_new",
        f"DELETE FROM temp.{table}_new",
    )


def _keys(sums: type[Sums]) -> tuple[str, ...]:
    return ("span", "project", "agent", *sums.keys)


def _columns(sums: type[Sums], first: str) -> str:
    names = (first, *_keys(sums))
    declared = ", ".join(f"{name} INTEGER NOT NULL" for name in (*names, *sums.__struct_fields__))
    return f"{declared}, PRIMARY KEY ({', '.join(names)})"
