"""What is kept of telemetry sessions, redacted anew when rules have changed."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from tachograph.model import Clean
from tachograph.telemetry import TelemetrySession


def clean_telemetry(connection: sqlite3.Connection, clean: Clean) -> None:
    """Redact every name in the stored records; the caller's transaction commits it."""
    for session, record in connection.execute("SELECT session, record FROM telemetry").fetchall():
        told = msgspec.msgpack.decode(record)
        cleaned = _clean_all(told, clean)
        if cleaned != told:
            again = msgspec.convert(cleaned, TelemetrySession)
            connection.execute(
                "UPDATE telemetry SET record = ? WHERE session = ?", (msgspec.msgpack.encode(again), session)
            )


def _clean_all(value: Any, clean: Clean) -> Any:
    """A decoded record with all its texts redacted; its fields' own names are ours."""
    if isinstance(value, str):
        return clean.name(value)
    if isinstance(value, dict):
        return {name: _clean_all(one, clean) for name, one in value.items()}
    return [_clean_all(one, clean) for one in value] if isinstance(value, list) else value
