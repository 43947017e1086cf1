"""What is written into an agent's settings: which events, and the commands that run at them."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import msgspec

from tachograph.errors import TachographError
from tachograph.hooks.places import data_folder
from tachograph.hooks.run import EVENTS, STATUS_LINE
from tachograph.paths import data_dir

Agent = Literal["claude_code", "codex"]
Scope = Literal["user", "project"]

PROGRAM = "tacho-hook"
_NAMES = (PROGRAM, f"{PROGRAM}.exe")
_TIMEOUT_SECONDS = 3
"""Most that Codex allows at a session's end; it warns at every start of more. The hook itself ends within 0.3."""
_PROMPT_EVENT = "UserPromptSubmit"

Json = dict[str, Any]


class Program(msgspec.Struct, frozen=True):
    """How the hooks are called on this machine."""

    path: str
    options: tuple[str, ...] = ()


def find_program(scope: Scope) -> Program:
    """The ``tacho-hook`` beside this Python, else the one on the PATH; for a project's file by its name, if it is it.

    ``--data`` is among its options when the hook would not find the data folder of this process by itself, for
    agents may be started without the variables that name it. Raises TachographError (``hook_program_missing``).
    """
    beside = [Path(sys.executable).parent / name for name in _NAMES]
    on_path = shutil.which(PROGRAM)
    path = next((str(one) for one in beside if one.is_file()), on_path)
    if path is None:
        raise TachographError(
            f"The program {PROGRAM} is neither beside {sys.executable} nor on the PATH.",
            slug="hook_program_missing",
            hint="It is installed with tachograph: install that again, with pipx, uv tool or pip.",
        )
    if scope == "project" and on_path is not None and Path(on_path).resolve() == Path(path).resolve():
        path = PROGRAM  # the file is other people's too, on whose machines it lies elsewhere
    data = str(data_dir())
    return Program(path, () if data_folder(use_variables=False) == data else ("--data", data))


def wanted_groups(agent: Agent, program: Program, *, gate: bool) -> dict[str, Json]:
    """The group of handlers for each event.

    That for prompts only with ``gate``, when it has something to hold back or to say, and only for Claude Code: it
    costs a process each.
    """
    events = [event for event in EVENTS if event != _PROMPT_EVENT or (gate and agent == "claude_code")]
    return {event: {"hooks": [_handler(agent, program, EVENTS[event])]} for event in events}


def wanted_status_line(program: Program) -> Json:
    """The value of ``statusLine``."""
    return {"type": "command", "command": _shell([program.path, STATUS_LINE, *program.options])}


def command_of(handler: Any) -> list[str]:
    """The words of a handler's command if it is one of ours, else an empty list: its program is ``tacho-hook``."""
    if not isinstance(handler, dict) or handler.get("type") != "command" or not isinstance(handler.get("command"), str):
        return []
    arguments = handler.get("args", [])
    if isinstance(arguments, list) and arguments:
        words = [handler["command"], *map(str, arguments)]
    else:
        words = _words(handler["command"])
    program = words[0].replace("\\", "/").rpartition("/")[2] if words else ""
    return words if program in _NAMES and {*EVENTS.values(), STATUS_LINE}.intersection(words[1:]) else []


def _handler(agent: Agent, program: Program, word: str) -> Json:
    if agent == "codex":
        command = _shell([program.path, word, "--agent", agent, *program.options])
        return {"type": "command", "command": command, "timeout": _TIMEOUT_SECONDS}
    arguments = [word, *program.options]  # without a shell
    return {"type": "command", "command": program.path, "args": arguments, "timeout": _TIMEOUT_SECONDS}


def _shell(words: list[str]) -> str:
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)


def _words(command: str) -> list[str]:
    try:
        words = shlex.split(command, posix=sys.platform != "win32")
    except ValueError:
        return []
    return [word.strip('"') for word in words]
