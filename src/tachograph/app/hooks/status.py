"""``tacho hooks status``: what is installed, whether it can run, and when it last did."""

from __future__ import annotations

import os
import shutil
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from tachograph.app.hooks import edit
from tachograph.app.hooks.entries import Agent, Scope, command_of
from tachograph.app.hooks.install import Entry
from tachograph.app.hooks.installed import Activation, read_installed
from tachograph.app.hooks.json_text import read_object
from tachograph.app.hooks.settings_file import decode, read_settings
from tachograph.app.hooks.targets import AGENTS, home_of, project_of, settings_of
from tachograph.app.workspace import Workspace
from tachograph.errors import TachographError
from tachograph.hooks.briefing import load_briefing
from tachograph.hooks.places import ASSIGNMENTS, FOLDER, LEARN_STARTED, read_bytes
from tachograph.hooks.records import number_of, parse, text_of

_LOOKED_AT = 256 * 1024

StatusLine = Literal["ours", "other", "none"]


class SettingsStatus(msgspec.Struct, frozen=True):
    """One settings file."""

    agent: Agent
    scope: Scope
    path: str
    exists: bool
    entries: list[Entry]
    """Ours; none: the hooks are not installed here."""
    missing_programs: list[str]
    """Programs that our entries call and that are not there."""
    status_line: StatusLine
    problem: str | None
    """Why the file cannot be read; null: it can."""


class HooksStatus(msgspec.Struct, frozen=True):
    """The hooks of this user, and of the project that one stands in."""

    files: list[SettingsStatus]
    activation: Activation | None
    gate: bool
    """Whether a critical alert holds the next prompt back (hooks.gate)."""
    briefing_made_at: datetime | None
    """null: there is no briefing for the next sessions, or it cannot be read."""
    last_assignment_at: datetime | None
    """When a session was last given, or not given, a suggestion on trial; of what lies at the end of the file."""
    last_start_at: datetime | None
    """When a hook last saw a session begin."""
    learning_started_at: datetime | None
    """When a hook last started `tacho learn`."""
    notes: list[str]


def report_status(workspace: Workspace, directory: Path, agent: Agent | None = None) -> HooksStatus:
    """What is so for ``agent``, or for all; reads files and changes none."""
    files: list[SettingsStatus] = []
    notes: list[str] = []
    for one in [agent] if agent else AGENTS:
        try:
            home_of(one)
        except TachographError as error:
            notes.append(error.message)
            continue
        places: dict[Path, Scope] = {settings_of(one, "project", directory): "project"}
        places[settings_of(one, "user", directory)] = "user"  # at home they are the same
        files += [_look_at(one, scope, path) for path, scope in reversed(places.items())]
        notes += _claude_notes(directory) if one == "claude_code" else _codex_notes()
    assigned, started = _last_lines(workspace.folder)
    made_at = number_of(load_briefing(str(workspace.folder)), "made_at")
    return HooksStatus(
        files,
        read_installed(workspace.folder).activation,
        workspace.settings.hooks_gate,
        _moment(made_at),
        assigned,
        started,
        _changed_at(workspace.folder / FOLDER / LEARN_STARTED),
        [*dict.fromkeys(notes), *_installation_notes(files, has_briefing=made_at is not None)],
    )


def _look_at(agent: Agent, scope: Scope, path: Path) -> SettingsStatus:
    try:
        held = read_settings(path)
        text = decode(path, held)
        document = read_object(text if text.strip() else "{}")
        ours = edit.find_ours(document)
    except TachographError as error:
        return SettingsStatus(agent, scope, str(path), True, [], [], "none", error.message)
    except ValueError as error:
        return SettingsStatus(agent, scope, str(path), True, [], [], "none", str(error))
    missing = [one.words[0] for one in ours if not _can_run(one.words[0])]
    line = document.get(edit.STATUS_LINE)
    shown: StatusLine = "none" if line is None else "ours" if command_of(line) else "other"
    entries = [Entry(one.event, list(one.words)) for one in ours]
    return SettingsStatus(
        agent, scope, str(path), held is not None, entries, list(dict.fromkeys(missing)), shown, None
    )  # fmt: skip


def _can_run(program: str) -> bool:
    return shutil.which(program) is not None


def _claude_notes(directory: Path) -> list[str]:
    """Where Claude Code's own switch turns all hooks off."""
    project = project_of(directory) / ".claude"
    places = [home_of("claude_code") / "settings.json", project / "settings.json", project / "settings.local.json"]
    return [
        f"{place} turns all hooks off (disableAllHooks): none of them runs."
        for place in dict.fromkeys(places)
        if _read_loosely(place).get("disableAllHooks") is True
    ]


def _codex_notes() -> list[str]:
    place = home_of("codex") / "config.toml"
    try:
        features = tomllib.loads(place.read_text(encoding="utf-8")).get("features", {})
    except (OSError, ValueError):
        return []
    if isinstance(features, dict) and features.get("hooks") is False:
        return [f"{place} turns hooks off (features.hooks): none of them runs."]
    return []


def _installation_notes(files: list[SettingsStatus], *, has_briefing: bool) -> list[str]:
    notes = [f"{one.path}: {', '.join(one.missing_programs)} is not there. Run tacho hooks install again."
             for one in files if one.missing_programs]  # fmt: skip
    installed = [one for one in files if one.entries]
    agents = [one.agent for one in installed]
    notes += [f"The hooks for {agent} are installed for the user and for this project: they may run twice here."
              for agent in dict.fromkeys(agents) if agents.count(agent) > 1]  # fmt: skip
    if "codex" in agents:
        notes.append("Codex runs hooks only after you have trusted them once; this cannot be seen from here.")
    if installed and not has_briefing:
        notes.append("There is no briefing yet: tacho learn makes it.")
    if not installed:
        notes.append("No hooks are installed: tacho hooks install.")
    return notes


def _read_loosely(path: Path) -> dict[str, Any]:
    try:
        held = read_settings(path)
    except TachographError:
        return {}
    return parse(held) if held else {}


def _last_lines(folder: Path) -> tuple[datetime | None, datetime | None]:
    """Moments of the last assignment and of the last start that the hooks wrote down."""
    assigned: float | None = None
    started: float | None = None
    held = read_bytes(os.path.join(folder, FOLDER, ASSIGNMENTS), _LOOKED_AT, only_end=True)
    for raw in held.split(b"\n"):
        line = parse(raw) if raw else {}
        at = number_of(line, "at")
        started = at if at is not None else started
        assigned = at if at is not None and text_of(line, "trial") else assigned
    return _moment(assigned), _moment(started)


def _changed_at(path: Path) -> datetime | None:
    try:
        return _moment(path.stat().st_mtime * 1000)
    except OSError:
        return None


def _moment(milliseconds: float | None) -> datetime | None:
    if milliseconds is None:
        return None
    try:
        return datetime.fromtimestamp(int(milliseconds) // 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
