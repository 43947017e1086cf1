"""``tacho hooks install`` and ``uninstall``."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Literal

import msgspec

from tachograph.app.hooks import edit
from tachograph.app.hooks.entries import Agent, Scope, find_program, wanted_groups, wanted_status_line
from tachograph.app.hooks.installed import (
    Activation,
    Installed,
    InstalledFile,
    backup_of,
    keep_backup,
    read_backup,
    read_installed,
    settings_lock,
    write_installed,
)
from tachograph.app.hooks.json_text import read_object
from tachograph.app.hooks.settings_file import decode, encode, rewrite, unreadable
from tachograph.app.hooks.targets import AGENTS, Target, find_targets, settings_of
from tachograph.app.workspace import Workspace
from tachograph.errors import UsageError
from tachograph.settings import Settings

_TRUST = "Codex runs these hooks only after you have trusted them once: it asks when it is started, or see its /hooks."
_SHARED = "A project's settings are usually shared by git: whoever uses them needs tacho-hook on the PATH."
_FOREIGN_LINE = "There is another status line in {path}; it was left alone. Remove it to have this one."
_NO_LINE = "Codex runs no program for its status line."
_NO_GATE = "Prompts are not held back (hooks.gate is off), so no hook runs at each prompt."
_GATE = "hooks.gate is on: a critical alert holds the next prompt back."
_PREDICT = "hooks.predict is on: a session's first prompt is answered with a line when such work usually goes worse."

Action = Literal["installed", "unchanged", "removed", "restored", "nothing"]


class Entry(msgspec.Struct, frozen=True):
    """One of our entries."""

    event: str
    """As the agent calls it; ``statusLine`` for the status line."""
    command: list[str]


class FileChange(msgspec.Struct, frozen=True):
    """What was done to a settings file, or would be."""

    agent: Agent
    scope: Scope
    path: str
    action: Action
    """installed: entries were written; unchanged: they were there; removed: ours were taken out; restored: the file
    has the bytes it had before; nothing: there was nothing of ours."""
    entries: list[Entry]
    """Ours, as they are afterwards; where they were taken out, as they were."""


class HooksChange(msgspec.Struct, frozen=True):
    """What ``tacho hooks install`` or ``uninstall`` did, or would do."""

    dry_run: bool
    activation: Activation | None
    """Whether suggestions are tried out by themselves (auto) or when they are activated (manual); null: not chosen."""
    files: list[FileChange]
    notes: list[str]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done."""

    directory: Path
    agent: Agent | None = None
    scope: Scope = "user"
    dry_run: bool = False
    status_line: bool = False
    activation: Activation | None = None


def install_hooks(workspace: Workspace, request: Request) -> HooksChange:
    """Put the hooks into the settings of the agents that are meant, each once.

    Raises UsageError in a demo's data folder, NotFound, Busy and TachographError (``hook_program_missing``,
    ``settings_unreadable``, ``cannot_write``); files before the one at fault are done then.
    """
    if workspace.is_demo:
        raise UsageError("This is the demo's data folder: sessions of this machine do not belong into it.",
                         slug="demo_folder", hint="Unset TACHO_DATA_DIR, or name another folder.")  # fmt: skip
    targets = find_targets(request.agent, request.scope, request.directory)
    notes = _notes(targets, request, workspace.settings)
    if request.dry_run:
        installed = _choose(read_installed(workspace.folder), request.activation)
        files = [_install(workspace, installed, target, request, notes)[0] for target in targets]
        return HooksChange(True, installed.activation, files, list(dict.fromkeys(notes)))
    files = []
    with settings_lock(workspace.folder):
        installed = _choose(read_installed(workspace.folder), request.activation)
        write_installed(workspace.folder, installed)
        for target in targets:
            change, installed = _install(workspace, installed, target, request, notes)
            files.append(change)
    return HooksChange(False, installed.activation, files, list(dict.fromkeys(notes)))


def uninstall_hooks(workspace: Workspace, request: Request) -> HooksChange:
    """Take the hooks out again; a file that nobody changed since gets back the bytes it had before.

    Without a named agent, from all. Raises as :func:`install_hooks` does.
    """
    agents: Sequence[Agent] = [request.agent] if request.agent else AGENTS
    targets = [Target(one, request.scope, settings_of(one, request.scope, request.directory)) for one in agents]
    if request.dry_run:
        installed = read_installed(workspace.folder)
        files = [_uninstall(workspace, installed, target, dry_run=True)[0] for target in targets]
        return HooksChange(True, installed.activation, files, [])
    files = []
    with settings_lock(workspace.folder):
        installed = read_installed(workspace.folder)
        for target in targets:
            change, installed = _uninstall(workspace, installed, target, dry_run=False)
            files.append(change)
    return HooksChange(False, installed.activation, files, [])


def _choose(installed: Installed, activation: Activation | None) -> Installed:
    return msgspec.structs.replace(installed, activation=activation or installed.activation or "manual")


def _install(
    workspace: Workspace, installed: Installed, target: Target, request: Request, notes: list[str]
) -> tuple[FileChange, Installed]:
    program = find_program(target.scope)
    groups = wanted_groups(target.agent, program, gate=_watches_prompts(workspace.settings))
    line = wanted_status_line(program) if target.agent == "claude_code" else None
    state = {"installed": installed}
    action: Action = "unchanged"
    after = ""

    def change(held: bytes | None) -> bytes | None:
        nonlocal action, after
        text = decode(target.path, held)
        known = installed.find(target.path)
        try:
            has_line = any(
                one.event == edit.STATUS_LINE for one in edit.find_ours(read_object(text if text.strip() else "{}"))
            )
            wanted = line if request.status_line or has_line else None
            edited = edit.install(text, groups, wanted, known.made if known else ())
        except ValueError as error:
            raise unreadable(target.path, str(error)) from error
        if edited.has_foreign_status_line:
            notes.append(_FOREIGN_LINE.format(path=target.path))
        after = edited.text
        fresh = encode(edited.text, held)
        action = "unchanged" if fresh == held else "installed"
        if action == "installed" and not request.dry_run:
            state["installed"] = _remember(workspace.folder, installed, target, held, fresh, edited)
        return held if request.dry_run else fresh

    rewrite(target.path, change)
    entries = _entries(after)
    return FileChange(target.agent, target.scope, str(target.path), action, entries), state["installed"]


def _remember(
    folder: Path, installed: Installed, target: Target, held: bytes | None, fresh: bytes, edited: edit.Edit
) -> Installed:
    """Keep what is needed to take the entries out again, before the file is touched."""
    known = installed.find(target.path)
    if known is not None and held is not None and known.written == _hash(held):
        existed = known.existed  # nobody else changed it: what was there before ours is kept already
    else:
        text = decode(target.path, held)
        ours = edit.find_ours(read_object(text)) if text.strip() else []
        before = encode(edit.uninstall(text, known.made if known else ()), held) if ours else held
        keep_backup(folder, target.path, before)
        existed = held is not None
    file = InstalledFile(
        agent=target.agent,
        scope=target.scope,
        path=str(target.path),
        written=_hash(fresh),
        existed=existed,
        made=edited.made,
        made_folder=known.made_folder if known else not target.path.parent.exists(),
    )
    changed = installed.with_file(target.path, file)
    write_installed(folder, changed)
    return changed


def _uninstall(
    workspace: Workspace, installed: Installed, target: Target, *, dry_run: bool
) -> tuple[FileChange, Installed]:
    known = installed.find(target.path)
    action: Action = "nothing"
    entries: list[Entry] = []

    def change(held: bytes | None) -> bytes | None:
        nonlocal action, entries
        if held is None:
            return None
        text = decode(target.path, held)
        try:
            entries = _entries(text)
            fresh, action = _without_ours(workspace.folder, known, held, text)
        except ValueError as error:
            raise unreadable(target.path, str(error)) from error
        return held if dry_run else fresh

    rewrite(target.path, change)
    if not dry_run and known is not None:
        if known.made_folder and not known.existed:
            _drop_empty(target.path.parent)
        installed = installed.with_file(target.path, None)
        write_installed(workspace.folder, installed)
        backup_of(workspace.folder, target.path).unlink(missing_ok=True)
    return FileChange(target.agent, target.scope, str(target.path), action, entries), installed


def _without_ours(folder: Path, known: InstalledFile | None, held: bytes, text: str) -> tuple[bytes | None, Action]:
    """The file as it was before, when nobody changed it since, else without our entries. Raises ValueError."""
    if known is not None and known.written == _hash(held):
        try:
            return read_backup(folder, known), "restored"
        except OSError:
            pass  # somebody removed the copy
    if not text.strip() or not edit.find_ours(read_object(text)):
        return held, "nothing"
    fresh = edit.uninstall(text, known.made if known else ())
    if known is not None and not known.existed and not read_object(fresh):
        return None, "removed"
    return encode(fresh, held), "removed"


def _entries(text: str) -> list[Entry]:
    return [Entry(one.event, list(one.words)) for one in edit.find_ours(read_object(text if text.strip() else "{}"))]


def _watches_prompts(settings: Settings) -> bool:
    return settings.hooks_gate or settings.hooks_predict


def _notes(targets: list[Target], request: Request, settings: Settings) -> list[str]:
    agents = {target.agent for target in targets}
    notes = [_GATE] if settings.hooks_gate else [] if settings.hooks_predict else [_NO_GATE]
    notes += [_PREDICT] if settings.hooks_predict else []
    notes += [_TRUST] if "codex" in agents else []
    notes += [_NO_LINE] if "codex" in agents and request.status_line else []
    notes += [_SHARED] if request.scope == "project" else []
    return notes


def _drop_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return  # something else lies in it by now


def _hash(held: bytes) -> str:
    return sha256(held).hexdigest()
