"""A shell's hook: the lines that a shell runs at each prompt, and keeping what they tell.

Opt-in. The hook measures nothing but time: a process in the background gets the command through a pipe (never as an
argument, which others on the machine could see) and keeps its keyed hash.
"""

from __future__ import annotations

import os
import re
import shlex
import time
from importlib import resources
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec

from tachograph.analysis.commands import command_head
from tachograph.app.commands.capture import name_command, new_id, own_command, store_folder
from tachograph.app.workspace import Workspace
from tachograph.capture.repository import find_repository
from tachograph.errors import TachographError, UsageError
from tachograph.model import CommandEvent

Shell = Literal["bash", "zsh", "fish"]

_NOTE_MARK = "@NOTE@"
_MOST_BYTES = 1 << 20
_HISTORY_NUMBER = re.compile(r"\s*\d+[* ] ")
"""What ``history`` of bash prints before a command."""
_RUN = re.compile(r"(?<![\w.-])tacho(?:\.exe)?\s+run\b")
_MICROSECONDS_FROM = 1e14
_NOT_LOOKED = "noted by a shell, which does not look at the repository"


class ShellNote(msgspec.Struct, frozen=True):
    """What a shell tells of one command."""

    line: str
    """As it was typed."""
    started_at_ms: int
    """ms since 1970-01-01 UTC."""
    duration_ms: int
    exit_code: int
    folder: str
    """Where it was started."""


def shell_script(shell: Shell, folder: Path | None, keep_text: bool) -> str:
    """The lines that ``shell`` has to run when it starts, with the store's folder (None: the data folder) in them."""
    words = [*own_command(), "commands", "note-shell"]
    if folder is not None:
        words += ["--path", os.path.abspath(folder)]
    if keep_text:
        words.append("--keep-text")
    quote = _quote_for_fish if shell == "fish" else shlex.quote
    lines = resources.files("tachograph.app.commands").joinpath(f"shell_hook.{shell}").read_text("utf-8")
    return lines.replace(_NOTE_MARK, " ".join(["command", *map(quote, words)]))


def read_note(stream: BinaryIO, now_ms: int | None = None) -> ShellNote:
    """What the hook wrote: shell, start, end, duration, exit code, folder and line, a NUL after each.

    bash and zsh tell start and end, fish the duration in ms. Raises UsageError for anything else.
    """
    fields = stream.read(_MOST_BYTES).decode("utf-8", "surrogateescape").split("\0")
    try:
        shell, started, ended, duration, code, folder, line, *_ = fields
        if duration:
            length = round(float(duration))
            start = (time.time_ns() // 1_000_000 if now_ms is None else now_ms) - length
        else:
            start = _moment_ms(started)
            length = _moment_ms(ended) - start
        note = ShellNote(line, start, max(0, length), int(code), folder)
    except (ValueError, OverflowError) as error:
        raise UsageError("This is not what a shell's hook tells.", slug="bad_shell_note") from error
    return msgspec.structs.replace(note, line=_HISTORY_NUMBER.sub("", line, count=1)) if shell == "bash" else note


def note_shell(
    workspace: Workspace, folder: Path | None, note: ShellNote, *, keep_text: bool = False
) -> CommandEvent | None:
    """Keep an event for a command that a shell ran; None for an empty line and for ``tacho run``."""
    from tachograph.capture.store import open_commands

    if not note.line.strip() or _keeps_itself(note.line):
        return None
    place = store_folder(workspace, folder)
    event = CommandEvent(
        id=new_id(), origin="shell", executed_at=note.started_at_ms, duration_ms=note.duration_ms,
        exit_code=note.exit_code, delta_note=_NOT_LOOKED, repo=_repository(workspace, note.folder),
        **msgspec.structs.asdict(name_command(workspace, place, note.line, keep_text=keep_text)),
    )  # fmt: skip
    with open_commands(place) as store:
        store.note(event)
    return event


def _keeps_itself(line: str) -> bool:
    """Whether the first command that does something is ``tacho run``, whatever is before it (``time``, ``sudo``)."""
    return _RUN.search(line) is not None and command_head(line) == "tacho"


def _repository(workspace: Workspace, folder: str) -> str | None:
    try:
        found = find_repository(Path(folder))
    except (TachographError, OSError):
        return None
    if found is None:
        return None
    found.close()
    return workspace.clean.name(str(found.root))


def _moment_ms(text: str) -> int:
    """Seconds with a fraction, or microseconds as a whole number."""
    value = float(text.replace(",", "."))
    return round(value / 1000 if value >= _MICROSECONDS_FROM else value * 1000)


def _quote_for_fish(word: str) -> str:
    """``word`` as fish reads it: within single quotes only a backslash and a single quote are special."""
    return "'" + word.replace("\\", "\\\\").replace("'", "\\'") + "'"
