"""Making stored things anew: after a change of settings or prices, or because the user asks for it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from tachograph.app.analyst import Analyst
from tachograph.app.learn.stored_telemetry import clean_telemetry
from tachograph.app.rollups.store import forget_rollups
from tachograph.app.workspace import Prices
from tachograph.model import Clean, Usage
from tachograph.settings import Settings
from tachograph.warehouse.derive import rederive
from tachograph.warehouse.store import erase_free_pages, read_meta, rename_store, transaction, write_meta

_TEXTS = {
    "prompts": ("text",),
    "tool_calls": ("command", "error_signature"),
    "markers": ("detail",),
    "segments": ("title", "opening"),
    "judgements": ("reasoning",),
    "decisions": ("reason",),
}
_NAMES = {
    "responses": ("id", "model", "speed", "stop_reason", "branch"),
    "tool_calls": ("id", "path", "name", "category", "agent_type", "spawned"),
    "prompts": ("id",),
    "markers": ("id",),
    "segments": ("project", "git_branch", "agent_type", "entrypoint"),
    "problems": ("detail",),
    "logs": ("path",),
    "evaluations": ("name", "evaluator"),
    "starts": ("agent_type",),
    "assignments": ("agent_type",),
    "decisions": ("agent_type",),
}
_LISTS = {"segments": ("cwds", "versions"), "tool_calls": ("more_files",)}
"""Columns that hold JSON arrays."""
_PRICE_COLUMNS = (
    "provider, model, started_at, speed, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning,"
    " web_searches"
)
_WHOLE_TEXT = 2000


def current_epoch(connection: sqlite3.Connection) -> int:
    """Number of the last rebuild: logs of an earlier one have to be read again."""
    return int(read_meta(connection, "epoch", "0"))


def begin_rebuild(connection: sqlite3.Connection, clean: Clean, analyst: Analyst) -> None:
    """Have every log read again, and redact the stored text anew: that of logs that are gone has no other way.

    An interruption does no harm: what is not yet read again is so at the next ingestion. What the text was before is
    erased from the file too, unless another process is reading it.
    """
    connection.create_function("clean_text", 1, lambda value: value and clean.text(value, _WHOLE_TEXT))
    connection.create_function("clean_name", 1, lambda value: value and clean.name(value))
    connection.create_function(
        "clean_list", 1, lambda value: value and json.dumps(_clean_all(json.loads(value), clean))
    )
    connection.execute("PRAGMA secure_delete = ON")
    with transaction(connection):
        for function, tables in (("clean_text", _TEXTS), ("clean_name", _NAMES), ("clean_list", _LISTS)):
            for table, columns in tables.items():
                for column in columns:
                    connection.execute(
                        f"UPDATE OR REPLACE {table} SET {column} = {function}({column})"
                        f" WHERE {column} IS NOT {function}({column})"
                    )
        clean_telemetry(connection, clean)
        rename_store(connection)
        write_meta(connection, "epoch", str(current_epoch(connection) + 1))
        rederive(connection, analyst)
    _erase(connection)


def _clean_all(value: Any, clean: Clean) -> Any:
    """A JSON value with all its texts redacted."""
    return [_clean_all(item, clean) for item in value] if isinstance(value, list) else clean.name(value)


def settle_settings(connection: sqlite3.Connection, settings: Settings) -> None:
    """When ``store.text`` has changed: have every log read again, and drop text that is no longer wanted at once.

    That it was erased from the file too is noted once it is done: until then each ingestion tries again.
    """
    wanted, held = settings.store_text, read_meta(connection, "store_text")
    if held != wanted:
        connection.execute("PRAGMA secure_delete = ON")
        with transaction(connection):
            if wanted == "none" and held:
                _drop_text(connection)
                rename_store(connection)
            if held:
                write_meta(connection, "epoch", str(current_epoch(connection) + 1))
            write_meta(connection, "store_text", wanted)
            write_meta(connection, "text_erased", "" if held else "1")  # a new store has never held any
    if wanted == "none" and not read_meta(connection, "text_erased") and _erase(connection):
        write_meta(connection, "text_erased", "1")


def _erase(connection: sqlite3.Connection) -> bool:
    """Let nothing be left of what was deleted, in the warehouse and in the copies that were made of its text."""
    folder = Path(connection.execute("PRAGMA database_list").fetchone()[2]).parent
    return forget_rollups(folder) & erase_free_pages(connection)


def _drop_text(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE prompts SET text = ''")
    connection.execute("UPDATE tool_calls SET command = NULL, error_signature = NULL")
    connection.execute("UPDATE markers SET detail = ''")
    connection.execute("UPDATE segments SET title = NULL, opening = NULL")
    connection.execute("UPDATE sessions SET title = NULL, opening = NULL")
    connection.execute("UPDATE judgements SET reasoning = ''")
    connection.execute("UPDATE decisions SET reason = '' WHERE by = 'user'")
    connection.execute("DELETE FROM findings")  # their evidence quotes commands: derived anew, without these
    write_meta(connection, "analysis_fingerprint", "")


def rederive_all(connection: sqlite3.Connection, prices: Prices, analyst: Analyst, *, forced: bool) -> bool:
    """Recompute prices and all derived rows when prices or the analysis have changed, or when ``forced``.

    Returns whether it was done. To be called before anything is stored: what is stored afterwards is new already.
    """
    current = {"price_fingerprint": prices.fingerprint, "analysis_fingerprint": analyst.fingerprint}
    if not forced and all(read_meta(connection, name) == value for name, value in current.items()):
        return False
    anything = connection.execute("SELECT EXISTS (SELECT 1 FROM logs)").fetchone()[0]
    with transaction(connection):
        if anything:
            _reprice(connection, prices)
            rederive(connection, analyst)
        connection.execute("DELETE FROM rates WHERE ? NOT LIKE fingerprint || '%'", (prices.fingerprint,))
        prices.remember(connection)
        for name, value in current.items():
            write_meta(connection, name, value)
    return bool(anything)


def _reprice(connection: sqlite3.Connection, prices: Prices) -> None:
    def price(provider: str, model: str, at: int, speed: str, *tokens: int) -> int | None:
        return prices.price(provider, model, at, speed, Usage(*tokens))

    connection.create_function("price", 11, price)
    connection.execute(f"UPDATE responses SET cost_pico = price({_PRICE_COLUMNS})")
