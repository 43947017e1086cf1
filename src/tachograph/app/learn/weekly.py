"""The week's report: written once when the week is over, and said once to the person."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, timedelta, tzinfo

from tachograph.warehouse.store import read_meta, write_meta

_WRITTEN = "weekly_written"
_SAID_FOR_MS = 2 * 24 * 3600 * 1000


def week_of(moment: datetime) -> str:
    """``2026-W46``: the ISO week that ``moment`` lies in."""
    year, week, _ = moment.isocalendar()
    return f"{year}-W{week:02d}"


def week_span(week: str, zone: tzinfo) -> tuple[int, int]:
    """From Monday's midnight in ``zone`` to the next one's, ms UTC. Raises ValueError for what is no ISO week."""
    year, _, number = week.partition("-W")
    if not (len(year) == 4 and year.isdigit() and len(number) == 2 and number.isdigit()):
        raise ValueError("a week is written as 2026-W46")
    monday = date.fromisocalendar(int(year), int(number), 1)
    first, after = (datetime.combine(day, datetime.min.time(), zone) for day in (monday, monday + timedelta(7)))
    return round(first.timestamp() * 1000), round(after.timestamp() * 1000)


def due_week(connection: sqlite3.Connection, zone: tzinfo, now: int) -> str | None:
    """The last whole week, when it had sessions and its report has not been written."""
    moment = datetime.fromtimestamp(now / 1000, UTC).astimezone(zone) - timedelta(days=7)
    week = week_of(moment)
    if read_meta(connection, _WRITTEN).partition("/")[0] == week:
        return None
    since, until = week_span(week, zone)
    found = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM points WHERE family <> '' AND ended_at >= ? AND ended_at < ?)", (since, until)
    ).fetchone()
    return week if found[0] else None


def note_written(connection: sqlite3.Connection, week: str, now: int) -> None:
    """Remember that the week's report was written; the caller's transaction commits it."""
    write_meta(connection, _WRITTEN, f"{week}/{now}")


def weekly_remark(connection: sqlite3.Connection, now: int) -> str:
    """One line for the person, for two days after the report was written; empty otherwise."""
    week, _, at = read_meta(connection, _WRITTEN).partition("/")
    if not week or now - int(at) > _SAID_FOR_MS:
        return ""
    return f"The report on the week {week} is ready: tacho report weekly --week {week}."
