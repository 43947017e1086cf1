"""``active.json``: what is under test or given to all, as a file that people may edit: a removed entry is disabled."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from tachograph.app.learn.activation import state_of
from tachograph.app.learn.decisions import Activation, decide, find_activations, load_decisions
from tachograph.app.learn.plan_files import read_active, write_active
from tachograph.app.learn.plan_suggestions import active_suggestion
from tachograph.app.learn.user_folder import user_folder
from tachograph.app.workspace import Workspace
from tachograph.learning.suggestions import Suggestion
from tachograph.learning.trials import Outcome, TrialState
from tachograph.warehouse.store import read_meta, write_meta

FILE = "active.json"
_WRITTEN = "active_written"

Entry = tuple[str, str]
"""Suggestion and agent type."""


def active_files(workspace: Workspace) -> list[Path]:
    """Where the file lies: in the data folder, and in the telemetry folder that the user names."""
    named = user_folder(workspace.settings)
    return [workspace.folder / FILE, *([named / "optimizations" / FILE] if named is not None else [])]


def note_removed(connection: sqlite3.Connection, workspace: Workspace, now: int) -> int:
    """Disable what was written into a file and is no longer in it; returns how many.

    A file that is gone or cannot be read disables nothing. The caller's transaction commits it.
    """
    written = _load_written(connection)
    active = {(one.suggestion, one.agent_type) for one in _open_ones(connection)}
    removed: set[Entry] = set()
    for file in active_files(workspace):
        present = read_active(file)
        if present is not None:
            removed |= set(written.get(str(file), [])) - present
    for suggestion, agent_type in sorted(removed & active):
        decide(connection, suggestion, agent_type, "disable", "user", "Its entry was removed from active.json.", now)
    return len(removed & active)


def list_active(
    connection: sqlite3.Connection,
    workspace: Workspace,
    activations: Sequence[Activation],
    states: Mapping[str, TrialState],
    outcomes: Mapping[str, Sequence[Outcome]],
    catalogue: Mapping[str, Suggestion],
    texts: Mapping[str, str],
    now: int,
) -> list[str]:
    """Write what is under test or given to all into every file; returns what the person should know.

    ``texts`` are those of the sessions, by trial.
    """
    entries = [
        active_suggestion(
            catalogue[one.suggestion], one.agent_type, texts[one.trial], one.started_at, states.get(one.trial),
            outcomes.get(one.trial, ()),
        )
        for one in activations
        if one.trial in texts and one.closed is None and state_of(one, states) in ("active", "proven")
    ]  # fmt: skip
    held = [(one.id, one.agent_type) for one in entries]
    before = _load_written(connection)
    written: dict[str, list[Entry]] = {}
    notes: list[str] = []
    for file in active_files(workspace):
        if not entries and not file.exists():
            continue
        failed = write_active(file, entries, now)
        notes += failed
        if not failed:
            written[str(file)] = held
        elif str(file) in before:  # what is removed while it is repaired counts too
            written[str(file)] = before[str(file)]
    write_meta(connection, _WRITTEN, msgspec.json.encode(written).decode())
    return notes


def _open_ones(connection: sqlite3.Connection) -> list[Activation]:
    return [one for one in find_activations(load_decisions(connection)) if one.closed is None]


def _load_written(connection: sqlite3.Connection) -> dict[str, list[Entry]]:
    held = read_meta(connection, _WRITTEN)
    return msgspec.json.decode(held, type=dict[str, list[Entry]]) if held else {}
