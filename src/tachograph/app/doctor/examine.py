"""Gathering what there is to look at, and looking at all of it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tachograph.app.doctor.check import Check, Place, Scene, Status
from tachograph.app.doctor.logs import check_logs, check_problems
from tachograph.app.doctor.loop import check_loop
from tachograph.app.doctor.machine import check_settings, check_sqlite, check_time_zone, check_versions
from tachograph.app.doctor.ml_runtime import check_ml_runtime
from tachograph.app.doctor.news import check_agent_versions, check_prices, check_record_types
from tachograph.app.doctor.retention import check_retention
from tachograph.app.doctor.store import check_disk, check_permissions, check_store
from tachograph.errors import TachographError
from tachograph.model import Clean, Problem
from tachograph.paths import config_file, data_dir
from tachograph.redaction import default_cleaner
from tachograph.settings import Settings, load_settings
from tachograph.sources import LogFile, load_sources
from tachograph.warehouse.store import open_reader

CHECKS: tuple[Callable[[Scene], Check], ...] = (
    check_versions, check_sqlite, check_settings, check_time_zone, check_store, check_permissions, check_disk,
    check_logs, check_retention, check_problems, check_record_types, check_agent_versions, check_prices,
    check_loop, check_ml_runtime,
)  # fmt: skip
"""Every check, in the order in which they are shown."""

_BY_WEIGHT: tuple[Status, ...] = ("ok", "info", "warn", "broken")


class DoctorReport(msgspec.Struct, frozen=True):
    """All checks, and the worst status among them."""

    status: Status
    data_dir: str
    checks: list[Check]


def examine(folder: Path | None = None, now_ms: int | None = None) -> DoctorReport:
    """Run every check on the data folder and this machine. Reads only: nothing is ingested, repaired or created."""
    folder = folder or data_dir()
    settings, settings_error = _read_settings()
    clean = default_cleaner()
    with _open_store(folder) as (connection, store_error):
        scene = Scene(
            folder=folder,
            config=config_file(),
            settings=settings,
            settings_error=settings_error,
            connection=connection,
            store_error=store_error,
            places=list(_look_for_logs(clean)),
            now_ms=now_ms if now_ms is not None else time.time_ns() // 1_000_000,
        )
        checks = [_run(check, scene) for check in CHECKS]
    worst = max(checks, key=lambda check: _BY_WEIGHT.index(check.status)).status
    return DoctorReport(worst, clean.name(str(folder)), checks)


def _run(check: Callable[[Scene], Check], scene: Scene) -> Check:
    """A damaged store must not keep the other checks from being made."""
    try:
        return check(scene)
    except sqlite3.DatabaseError as error:
        name = check.__name__.removeprefix("check_").replace("_", " ")
        return Check(
            name, "broken", f"cannot be told: the store is damaged ({error})", hint="See the check of the store."
        )


def _read_settings() -> tuple[Settings, str]:
    try:
        return load_settings(config_file()), ""
    except TachographError as error:
        return Settings(), error.message


@contextmanager
def _open_store(folder: Path) -> Iterator[tuple[sqlite3.Connection | None, TachographError | None]]:
    try:
        connection = open_reader(folder)
    except TachographError as error:
        yield None, None if error.slug == "no_warehouse" else error
        return
    try:
        yield connection, None
    finally:
        connection.close()


def _look_for_logs(clean: Clean) -> Iterator[Place]:
    for agent, source in load_sources().items():
        roots = source.roots()
        for folder in source.places():
            found = list(source.discover(folder)) if folder in roots else []
            logs = [item for item in found if isinstance(item, LogFile)]
            problems = [
                msgspec.structs.replace(item, detail=clean.name(item.detail))
                for item in found
                if isinstance(item, Problem)
            ]
            yield Place(agent, folder, folder in roots, logs, problems, source.retention_days(folder))
