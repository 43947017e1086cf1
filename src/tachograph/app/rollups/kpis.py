"""KPIs by day: days in which anything has changed are added up anew."""

from __future__ import annotations

import sqlite3
from datetime import tzinfo

from tachograph.app.rollups.days import day_limits, day_number
from tachograph.app.rollups.read import day_of, month_number, month_of
from tachograph.app.rollups.store import read_sql, run

QUARTER_MS = 900_000
_BATCH = 31


def note_days(connection: sqlite3.Connection, zone: tzinfo, noted: int) -> None:
    """Have the days added up anew whose KPIs changed after the change ``noted``; all days when it is 0."""
    if noted:
        query = "SELECT key FROM changes WHERE revision > ? AND +kind = 1"
        rows = connection.execute(query, (noted,))
    else:
        rows = connection.execute(f"SELECT DISTINCT ended_at / {QUARTER_MS} FROM points")
    quarters = [quarter * QUARTER_MS for (quarter,) in rows]
    days = {day_number(at, zone) for start in quarters for at in (start, start + QUARTER_MS - 1)}
    connection.executemany("INSERT OR IGNORE INTO roll.waiting_days VALUES (?)", [(day,) for day in sorted(days)])


def add_up_days(connection: sqlite3.Connection, zone: tzinfo) -> bool:
    """Add up some of the days that wait for it, and their months; whether there were any."""
    days = [day for (day,) in connection.execute("SELECT day FROM roll.waiting_days ORDER BY day LIMIT ?", (_BATCH,))]
    if not days:
        return False
    connection.execute("DELETE FROM temp.kpi_days")
    connection.execute("DELETE FROM temp.kpi_months")
    rows = [(day, *day_limits(day, zone)) for day in days]
    connection.executemany("INSERT INTO temp.kpi_days VALUES (?, ?, ?)", rows)
    months = sorted({month_number(day_of(day)) for day in days})
    limits = [(month, _number(month), _number(month + 1) - 1) for month in months]
    connection.executemany("INSERT INTO temp.kpi_months VALUES (?, ?, ?)", limits)
    run(connection, read_sql("kpis"))
    connection.execute("DELETE FROM roll.waiting_days WHERE day IN (SELECT day FROM temp.kpi_days)")
    return True


def _number(month: int) -> int:
    return (month_of(month) - day_of(0)).days
