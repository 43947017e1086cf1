"""Removing sessions from what the loop keeps: tables, the hooks' file, written reports."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

import msgspec

from tachograph.app.export.write import write_privately
from tachograph.app.learn.assignments import FILE, HOOKS_FOLDER
from tachograph.app.learn.plan_shapes import plan_id
from tachograph.app.learn.switched_off import FILE as ACTIVE
from tachograph.hooks.places import ENDED, ENDED_BEFORE, EXPECTED, EXPECTED_BEFORE, LET_THROUGH
from tachograph.warehouse.store import write_meta

REPORTS = "reports"
_TABLES = ("points", "kpis", "alerts", "evaluations", "telemetry", "assignments", "starts")
_DERIVED = ("incident", "offers", "baselines", "trial", "snapshot")
"""Records that name sessions: made anew at the next round."""


def forget_in_loop(connection: sqlite3.Connection, sessions: Iterable[str]) -> None:
    """Remove all that the loop's tables hold of ``sessions``; the caller's transaction commits it."""
    doomed = [(session,) for session in sessions]
    for table in _TABLES:
        connection.executemany(f"DELETE FROM {table} WHERE session = ?", doomed)
    connection.executemany("DELETE FROM loop_records WHERE kind IN ('quality', 'untold') AND name = ?", doomed)
    connection.executemany("DELETE FROM loop_records WHERE kind = ?", [(kind,) for kind in _DERIVED])
    write_meta(connection, "loop_stamp", "")


def forget_in_files(folder: Path, sessions: Iterable[str]) -> None:
    """Remove ``sessions`` from the files of the data folder.

    Lines of the hooks' files become blanks where they stand, so that a hook that adds a line at this moment loses
    nothing. Written weekly reports go: they can be written again. In ``active.json``, which people may just have
    edited, the names alone give way.
    """
    doomed = set(sessions)
    for report in (folder / REPORTS).glob("*.md"):
        if not report.is_dir():
            report.unlink()
    for name in (FILE, ENDED, ENDED_BEFORE):
        _blank_lines(folder / HOOKS_FOLDER / name, doomed, _session_in)
    _blank_lines(folder / HOOKS_FOLDER / LET_THROUGH, doomed, _session_let_through)
    for name in (EXPECTED, EXPECTED_BEFORE):
        _blank_lines(folder / HOOKS_FOLDER / name, doomed, lambda line: line.rstrip(b"\n").decode("utf-8", "replace"))
    _rename(folder / ACTIVE, doomed)


def _blank_lines(path: Path, doomed: Collection[str], session_in: Callable[[bytes], str]) -> None:
    if not path.is_file():  # something else was put there: none of it is ours
        return
    with path.open("r+b", buffering=0) as file:
        at = 0
        for line in file.readall().splitlines(keepends=True):
            if session_in(line) in doomed:
                file.seek(at)
                file.write(b" " * len(line.rstrip(b"\n")))
            at += len(line)


def _rename(path: Path, doomed: Collection[str]) -> None:
    """Put another word in the place of every one of these sessions' names, those of subagents first."""
    if not path.is_file():
        return
    held = path.read_bytes()
    left = held
    for session in sorted(doomed, key=len, reverse=True):
        for name in (session, plan_id(session)):
            left = left.replace(msgspec.json.encode(name), b'"purged"')
    if left != held:
        with write_privately(path) as file:
            file.write(left)


def _session_in(line: bytes) -> str:
    try:
        record = msgspec.json.decode(line, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return str(record.get("session", record.get("start", "")))


def _session_let_through(line: bytes) -> str:
    """Of a line ``ALERT SESSION``."""
    return line.rstrip(b"\n").partition(b" ")[2].decode("utf-8", "replace")
