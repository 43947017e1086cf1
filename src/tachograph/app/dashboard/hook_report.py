"""The hooks: where they are installed, when they last ran, and how long they take."""

from __future__ import annotations

import statistics
import subprocess
import time
from datetime import datetime
from pathlib import Path

import msgspec

from tachograph.app.hooks.entries import find_program
from tachograph.app.hooks.status import report_status
from tachograph.app.workspace import Workspace
from tachograph.errors import TachographError

RUNS = 7
_LONGEST_SECONDS = 2.0
_NOTHING = "doctor"
"""No event: the program reads its input and the briefing as at any other one, and says and writes nothing."""


class HookFile(msgspec.Struct, frozen=True):
    """One settings file of the user's."""

    agent: str
    path: str
    events: list[str]
    """At which our hooks are called; empty: they are not installed here."""
    problem: str | None
    """Why the file cannot be read; null: it can."""


class HookReport(msgspec.Struct, frozen=True):
    """The hooks of this user."""

    files: list[HookFile]
    briefing_made_at: datetime | None
    last_start_at: datetime | None
    """When a hook last saw a session begin."""
    last_assignment_at: datetime | None
    """When a session was last given, or not given, a suggestion on trial."""
    notes: list[str]
    median_ms: float | None
    """How long the program takes, of seven starts; null: it was not asked for, or it cannot be started."""
    slowest_ms: float | None


def report_hooks(workspace: Workspace, *, timed: bool) -> HookReport:
    """What is so for all agents; ``timed`` also starts the program."""
    clean = workspace.clean.name
    status = report_status(workspace, Path.home())
    taken = _time_program() if timed else []
    return HookReport(
        files=[
            HookFile(one.agent, clean(one.path), [entry.event for entry in one.entries], one.problem)
            for one in status.files
            if one.scope == "user"
        ],
        briefing_made_at=status.briefing_made_at, last_start_at=status.last_start_at,
        last_assignment_at=status.last_assignment_at,
        notes=status.notes,
        median_ms=statistics.median(taken) if taken else None, slowest_ms=max(taken, default=None),
    )  # fmt: skip


def _time_program() -> list[float]:
    """Milliseconds of each of a few starts; none when it cannot be started."""
    taken: list[float] = []
    try:
        program = find_program("user")
        for _ in range(RUNS):
            begun = time.perf_counter()
            subprocess.run(
                [program.path, _NOTHING, *program.options], input=b"{}", capture_output=True, check=True,
                timeout=_LONGEST_SECONDS,
            )  # fmt: skip
            taken.append((time.perf_counter() - begun) * 1000)
    except (TachographError, OSError, subprocess.SubprocessError):
        return []
    return taken
