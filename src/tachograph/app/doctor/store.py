"""Checks of the store: is it whole, is it private, how large is it."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

from tachograph.app.doctor.check import Check, Scene, plural
from tachograph.report.units import percent, size
from tachograph.warehouse.store import SCHEMA_VERSION, warehouse_file

_SUMS = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "reasoning", "web_searches", "cost_pico")
_START_OVER = "Move warehouse.sqlite away and run tacho ingest; keep it: sessions whose logs are gone are only there."
_ORPHANS = {
    "segments without their log": "SELECT count(*) FROM segments WHERE log NOT IN (SELECT log FROM logs)",
    "sessions without a segment": "SELECT count(*) FROM sessions WHERE id NOT IN (SELECT session FROM segments)",
    "segments without their session": "SELECT count(*) FROM segments WHERE session NOT IN (SELECT id FROM sessions)",
    "responses with two owners": "SELECT count(*) FROM (SELECT 1 FROM responses WHERE counted = 1 AND pass = 0"
    " GROUP BY key HAVING count(*) > 1)",
}


def check_store(scene: Scene) -> Check:
    """Whether the database is intact, of this version, and adds up."""
    if scene.store_error is not None:
        hint = _START_OVER if scene.store_error.slug == "store_damaged" else scene.store_error.hint
        return Check("store", "broken", scene.store_error.message, hint=hint)
    connection = scene.connection
    if connection is None:
        return Check("store", "info", "there is none yet", hint="tacho ingest makes it.")
    damage = [row[0] for row in connection.execute("PRAGMA quick_check(5)") if row[0] != "ok"]
    if damage:
        return Check("store", "broken", "the database is damaged", damage, _START_OVER)
    faults = _find_faults(connection)
    if faults:
        return Check(
            "store", "broken", "derived rows do not add up", faults, "tacho ingest --rederive makes them anew."
        )
    sessions, responses = connection.execute(
        "SELECT (SELECT count(*) FROM sessions), (SELECT coalesce(sum(responses), 0) FROM usage_quarters)"
    ).fetchone()
    counts = f"{plural(sessions, 'session')}, {plural(responses, 'counted response')}"
    return Check("store", "ok", f"intact, schema {SCHEMA_VERSION}: {counts}")


def _find_faults(connection: sqlite3.Connection) -> list[str]:
    faults = []
    for what, query in _ORPHANS.items():
        number = connection.execute(query).fetchone()[0]
        if number:
            faults.append(f"{what}: {number:,}")
    sums = ", ".join(f"coalesce(sum({column}), 0)" for column in _SUMS)
    rolled = connection.execute(f"SELECT coalesce(sum(responses), 0), {sums} FROM usage_quarters").fetchone()
    counted = connection.execute(f"SELECT coalesce(sum(pass = 0), 0), {sums} FROM counted_responses").fetchone()
    for column, held, right in zip(("responses", *_SUMS), rolled, counted, strict=True):
        if held != right:
            faults.append(f"usage_quarters.{column} is {held:,}, the responses add up to {right:,}")
    return faults


def check_permissions(scene: Scene) -> Check:
    """Whether only the owner can read what is stored, and change the settings."""
    if os.name == "nt":
        return Check("permissions", "ok", "left to the profile's folder")
    if not scene.folder.is_dir():
        return Check("permissions", "ok", f"{scene.folder} does not exist yet")
    open_paths = [path for path in (scene.folder, *_own_files(scene.folder)) if _others_rights(path)]
    details = [f"{stat.S_IMODE(path.stat().st_mode):04o} {path}" for path in open_paths]
    if scene.config.is_file() and _others_rights(scene.config) & (stat.S_IWGRP | stat.S_IWOTH):
        details.append(f"{stat.S_IMODE(scene.config.stat().st_mode):04o} {scene.config} (others can change it)")
    if not os.access(scene.folder, os.W_OK | os.X_OK):
        return Check(
            "permissions", "broken", f"{scene.folder} cannot be written to", details, "chmod u+rwx makes it so."
        )
    if details:
        hint = "chmod go-rwx takes those rights away; tacho makes its own files 0600 and its folder 0700."
        return Check("permissions", "warn", "others have rights here", details, hint)
    return Check("permissions", "ok", f"{scene.folder} is yours alone")


def _own_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("w*") if path.name.startswith(("warehouse.sqlite", "writer.lock")))


def _others_rights(path: Path) -> int:
    return path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)


def check_disk(scene: Scene) -> Check:
    """How large the store is, beside the logs it was made from."""
    if scene.connection is None:
        kept, held = warehouse_file(scene.folder), _stored_bytes(scene.folder)
        return Check("disk", "info", f"{size(held)} in {kept}" if held else "nothing stored")
    return tell_disk(scene.folder, scene.connection.execute("SELECT coalesce(sum(size), 0) FROM logs").fetchone()[0])


def _stored_bytes(folder: Path) -> int:
    files = _own_files(folder) if folder.is_dir() else []
    return sum(path.stat().st_size for path in files if not path.name.endswith("-shm"))  # that one is memory


def tell_disk(folder: Path, logs: int) -> Check:
    """How large the store in ``folder`` is, beside ``logs`` bytes of logs."""
    held = _stored_bytes(folder)
    return Check("disk", "ok", f"{size(held)} stored: {percent(held, logs)} of the {size(logs)} of logs it came from")
