"""Check of how long the agents keep their logs, and what only tacho still has."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime, tzinfo

from tachograph.app.doctor.check import Check, Place, Scene, plural, without_store
from tachograph.app.filters import find_zone
from tachograph.errors import TachographError
from tachograph.sources import hash_text

_DAY_MS = 24 * 60 * 60 * 1000


def check_retention(scene: Scene) -> Check:
    """When the agents will delete logs, and which stored sessions have lost theirs already."""
    zone = _zone(scene)
    places = [place for place in scene.places if place.exists and place.retention_days is not None]
    details = [_next_loss(place, zone, scene.now_ms) for place in places]
    lost = _sessions_without_logs(scene.connection, scene.places) if scene.connection is not None else []
    if not lost:
        stored = scene.connection is not None
        summary = "every stored session still has its log" if stored else without_store("retention", scene).summary
        hint = "tacho keeps what it has read after the agent has deleted the log." if places else ""
        return Check("retention", "ok", summary, details, hint)
    times = [at for _, at in lost if at is not None]
    span = f", {_day(min(times), zone)} to {_day(max(times), zone)}" if times else ""
    summary = f"{plural(len(lost), 'session')} kept here only: the logs are gone{span}"
    return Check("retention", "info", summary, details, "Keep warehouse.sqlite in your backups.")


def _next_loss(place: Place, zone: tzinfo, now_ms: int) -> str:
    days = place.retention_days or 0
    rule = f"{place.agent}: deletes logs {plural(days, 'day')} after their last change"
    if not place.logs:
        return rule
    lost_at = min(log.mtime_ns for log in place.logs) // 1_000_000 + days * _DAY_MS
    when = f"on {_day(lost_at, zone)}" if lost_at > now_ms else "the next time it starts"
    return f"{rule}; the oldest of {plural(len(place.logs), 'log')} goes {when}"


def _sessions_without_logs(connection: sqlite3.Connection, places: list[Place]) -> list[tuple[str, int | None]]:
    """(id, start in ms UTC) of main sessions none of whose log files is there any more."""
    present = {hash_text(log.path) for place in places for log in place.logs}
    gone = {
        log
        for log, path_hash, path in connection.execute("SELECT log, path_hash, path FROM logs")
        if path_hash not in present and not os.path.exists(path)
    }
    if not gone:
        return []
    rows = connection.execute(
        "SELECT s.id, s.started_at, g.log FROM sessions s JOIN segments g ON g.session = s.id WHERE s.kind = 'main'"
    ).fetchall()
    alive = {row[0] for row in rows if row[2] not in gone}
    return sorted({(row[0], row[1]) for row in rows if row[0] not in alive})


def _zone(scene: Scene) -> tzinfo:
    try:
        return find_zone(scene.settings.display_timezone)[0]
    except TachographError:  # another check tells
        return UTC


def _day(at_ms: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at_ms / 1000, zone).date().isoformat()
