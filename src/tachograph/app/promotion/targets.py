"""Which file an agent reads before a session: its own instructions, or those of one kind of subagent."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tachograph.app.cases.replacing import read_or_none
from tachograph.errors import NotFound, TachographError, UsageError
from tachograph.report.sanitise import harmless

_AGENT_TYPE = re.compile(r"[A-Za-z0-9_:-]{1,64}")
_NAME = re.compile(r"""name[ \t]*:[ \t]*(["']?)([^"'#\s]+)\1[ \t]*(?:#.*)?""")
_MOST_FILES = 2_000
_MOST_HEAD_LINES = 200


class Places(msgspec.Struct, frozen=True):
    """Folders in which agents' own files lie."""

    claude: tuple[Path, ...]
    """Claude Code's configuration folders; the first one that exists is that of its main sessions."""
    codex: Path
    """Codex's home."""
    project: Path | None = None
    """A project whose files are meant instead of the user's own."""


def find_places(project: Path | None = None) -> Places:
    """Where the agents look: ``CLAUDE_CONFIG_DIR``, else ``~/.claude``; ``CODEX_HOME``, else ``~/.codex``."""
    named = [part.strip() for part in os.environ.get("CLAUDE_CONFIG_DIR", "").split(",")]
    claude = tuple(Path(part).expanduser() for part in named if part) or (Path.home() / ".claude",)
    codex = os.environ.get("CODEX_HOME")
    return Places(claude, Path(codex).expanduser() if codex else Path.home() / ".codex", project)


def find_targets(agent: str, agent_type: str, places: Places, is_main: bool) -> list[Path]:
    """The file that sessions of ``agent_type`` read, and after it those that may have been it before.

    That of main sessions need not exist yet. Main sessions of a type that the user has named (a project's) are those
    of that project alone.

    Raises NotFound where the folder, or a subagent's file, does not exist; UsageError for an agent or a type that has
    no such file, or where it cannot be told which one; TachographError for a file that cannot be read.
    """
    if not _AGENT_TYPE.fullmatch(agent_type):
        raise UsageError(f"{harmless(agent_type)!r} is no name of an agent type.", slug="agent_type_odd")
    if agent not in ("claude_code", "codex"):
        raise UsageError(f"{harmless(agent)!r} has no files to write to.", slug="agent_without_files")
    if is_main:
        if agent_type != "main" and places.project is None:
            raise UsageError(
                f"{agent_type} is what main sessions of a project are called: its files are meant, not your own.",
                slug="project_wanted", hint="Name the project with --project DIR.",
            )  # fmt: skip
        return _claude_instructions(places) if agent == "claude_code" else _codex_instructions(places)
    if agent == "codex":
        raise UsageError("Codex has no Markdown file for a type of subagents.", slug="agent_without_files")
    return [_find_agent_file(agent_type, places)]


def _claude_instructions(places: Places) -> list[Path]:
    if places.project is not None:
        outer = _existing_folder(places.project) / "CLAUDE.md"
        inner = places.project / ".claude" / "CLAUDE.md"
        return [inner, outer] if inner.is_file() and not outer.is_file() else [outer, inner]
    folders = [folder for folder in places.claude if folder.is_dir()]
    return [folder / "CLAUDE.md" for folder in folders or [_existing_folder(places.claude[0])]]


def _codex_instructions(places: Places) -> list[Path]:
    """First ``AGENTS.override.md`` where it holds anything: Codex then reads that alone."""
    folder = _existing_folder(places.codex if places.project is None else places.project)
    override = folder / "AGENTS.override.md"
    plain = folder / "AGENTS.md"
    return [override, plain] if read_agent_file(override) else [plain, override]


def _existing_folder(folder: Path) -> Path:
    if not folder.is_dir():
        raise NotFound(f"There is no folder {harmless(str(folder))}.", slug="no_agent_folder")
    return folder


def _find_agent_file(agent_type: str, places: Places) -> Path:
    """The file whose front matter names the type: the file's own name means nothing to the agent."""
    if places.project is not None:
        folders = [_existing_folder(places.project) / ".claude" / "agents"]
    else:
        folders = [folder / "agents" for folder in places.claude]
    found = [path for folder in folders for path in _markdown_files(folder) if _name_in(path) == agent_type]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(
            f"Several files are named {agent_type} in their front matter: {_names(found)}.",
            slug="agent_file_unclear", hint="Only one of them can be in use: rename or remove the others.",
        )  # fmt: skip
    raise NotFound(
        f"No file in {_names(folders)} is named {agent_type} in its front matter.", slug="no_agent_file",
        hint="Types that come with the agent or with a plugin have no file of yours; --project DIR looks in a project.",
    )  # fmt: skip


def _markdown_files(folder: Path) -> Iterator[Path]:
    """At most 2,000, those in folders below as well (which are not followed when they are links)."""
    number = 0
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if name.endswith(".md"):
                number += 1
                if number > _MOST_FILES:
                    return
                yield Path(place, name)


def _name_in(path: Path) -> str | None:
    """``name:`` of a file's front matter; None without one, and for a file that cannot be read."""
    try:
        content = read_agent_file(path) or b""
    except TachographError:
        return None
    lines = content.decode("utf-8-sig", "replace").split("\n", _MOST_HEAD_LINES)
    if lines[0].rstrip() != "---":
        return None
    name = None
    for line in lines[1:_MOST_HEAD_LINES]:
        if line.rstrip() == "---":
            return name
        match = _NAME.fullmatch(line.rstrip())
        name = match[2] if match and name is None else name
    return None


def read_agent_file(path: Path) -> bytes | None:
    """What the file holds; None when there is none. Raises TachographError when it cannot be read, or is too large."""
    try:
        return read_or_none(path)
    except TachographError as error:
        raise TachographError(error.message, slug="agent_file_unreadable") from error


def _names(paths: list[Path]) -> str:
    return ", ".join(harmless(str(path)) for path in paths)
