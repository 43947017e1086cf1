"""What a check gives, and what it may look at."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Literal

import msgspec

from tachograph.errors import TachographError
from tachograph.model import Problem
from tachograph.settings import Settings
from tachograph.sources import LogFile

Status = Literal["ok", "info", "warn", "broken"]
"""``info``: worth knowing, nothing to do; ``warn``: worth doing something about; ``broken``: tacho cannot work."""

EXAMPLES = 3
"""How many examples of one kind are shown."""


class Check(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    name: str
    status: Status
    summary: str
    """One line: what was found."""
    details: list[str] = []
    hint: str = ""
    """What to do about it; empty when there is nothing to do."""


class Place(msgspec.Struct, frozen=True):
    """A folder in which logs were looked for."""

    agent: str
    folder: Path
    exists: bool
    logs: list[LogFile]
    problems: list[Problem]
    """Found while looking: FIFOs, unreadable folders. Their ``detail`` holds the path, redacted."""
    retention_days: int | None


class Scene(msgspec.Struct, frozen=True):
    """All that the checks look at, gathered once; nothing in it can be written to."""

    folder: Path
    """The data folder."""
    config: Path
    settings: Settings
    settings_error: str
    """Why the settings could not be read (then ``settings`` holds the defaults); empty: they could."""
    connection: sqlite3.Connection | None
    """None: there is no store, or it cannot be opened."""
    store_error: TachographError | None
    """Why the store cannot be opened; None when it can, or when there is none."""
    places: list[Place]
    now_ms: int


def without_store(name: str, scene: Scene) -> Check:
    """What a check of stored rows says when there are none to look at."""
    if scene.store_error is not None:
        return Check(name, "info", "cannot be told: the store cannot be opened")
    return Check(name, "ok", "nothing has been read yet")


def plural(count: int, one: str, many: str = "") -> str:
    """``1 file``, ``2,000 files``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
