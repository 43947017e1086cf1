"""Writing an answer or a calibration, without waiting for ever on another process."""

from __future__ import annotations

import time
from collections.abc import Callable
from sqlite3 import Connection

import msgspec

from tachograph.analysis.agreement import Agreement
from tachograph.app.calibrate.record import CalibrationRecord
from tachograph.app.workspace import Workspace
from tachograph.errors import Busy
from tachograph.warehouse.store import open_writer, transaction

_BUSY_SECONDS = 30.0


def write(workspace: Workspace, store: Callable[[Connection], object]) -> bool:
    """Do ``store`` in a transaction of its own. False: another process held the warehouse, nothing was written."""
    try:
        with open_writer(workspace.folder, _BUSY_SECONDS) as connection, transaction(connection):
            store(connection)
    except Busy:
        return False
    return True


def store_calibration(
    workspace: Workspace, model: str, prompt: int, unavailable: int, found: Agreement, seed: int
) -> bool:
    """Keep what the model's verdicts are quoted with, in place of its last calibration. False as :func:`write`."""
    exact, spearman, kappa = found.exact, found.spearman, found.kappa
    record = CalibrationRecord(
        model, prompt, found.pairs, unavailable,
        exact.value, exact.low, exact.high,
        spearman.value, spearman.low, spearman.high,
        kappa.value, kappa.low, kappa.high,
        seed,
    )  # fmt: skip
    row = (model, prompt, now_ms(), msgspec.json.encode(record).decode())
    return write(
        workspace, lambda connection: connection.execute("INSERT OR REPLACE INTO calibrations VALUES (?, ?, ?, ?)", row)
    )


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000
