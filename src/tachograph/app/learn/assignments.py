"""Which session was given which suggestion: what the hooks wrote down, read into the warehouse."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from tachograph.learning.records import Assignment
from tachograph.model import Clean

HOOKS_FOLDER = "hooks"
FILE = "assignments.ndjson"
_LONGEST_LINE = 4096
_Moment = Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]
"""ms UTC; a larger number is none, and has no place in the database."""


class _Line(msgspec.Struct, frozen=True):
    trial: str
    suggestion: str
    session: str
    agent_type: str
    arm: Literal["treatment", "control"]
    share: float
    at: _Moment


class _Start(msgspec.Struct, frozen=True):
    start: str
    agent_type: str
    at: _Moment


def read_assignments(connection: sqlite3.Connection, folder: Path, clean: Clean) -> int:
    """Keep what is new in the hooks' file; returns the number of lines that say nothing.

    The first line of a trial and session counts, whatever a later one says. The file stays: only the hooks write it.
    Names go through ``clean``: an agent may call a subagent anything. Raises OSError when the file cannot be read.
    """
    useless = 0
    for raw in _lines(folder / HOOKS_FOLDER / FILE):
        try:
            line = msgspec.json.decode(raw, type=_Line) if b'"trial"' in raw else None
            start = msgspec.json.decode(raw, type=_Start) if line is None else None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            useless += bool(raw.strip())
            continue
        if start is not None:
            _keep_start(connection, clean.name(start.start), clean.name(start.agent_type), start.at)
        elif line is not None and 0 < line.share < 1:
            session, agent_type = clean.name(line.session), clean.name(line.agent_type)
            _keep_start(connection, session, agent_type, line.at)
            connection.execute(
                "INSERT OR IGNORE INTO assignments VALUES (?, ?, ?, ?, ?, ?, ?)",
                (line.trial, session, line.suggestion, agent_type, line.arm, line.share, line.at),
            )
        else:
            useless += 1
    return useless


def _keep_start(connection: sqlite3.Connection, session: str, agent_type: str, at: int) -> None:
    connection.execute("INSERT OR IGNORE INTO starts VALUES (?, ?, ?)", (session, agent_type, at))


def load_assignments(connection: sqlite3.Connection) -> list[Assignment]:
    """All of them, in order of time."""
    rows = connection.execute(
        "SELECT suggestion, trial, session, agent_type, arm, share, at FROM assignments ORDER BY at, session, trial"
    )
    return [Assignment(*row) for row in rows]


def _lines(file: Path) -> Iterator[bytes]:
    try:
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        return
    with open(descriptor, "rb") as lines:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # a FIFO or a device never ends
            raise OSError("it is no regular file")
        while line := lines.readline(_LONGEST_LINE):
            if line.endswith(b"\n"):  # else it is being written, or too long to be one of ours
                yield line
