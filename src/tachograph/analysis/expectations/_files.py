"""The files that a recording's calls wrote, removed and read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import msgspec

from tachograph.analysis.expectations._paths import locate
from tachograph.analysis.expectations._recording import Call, Recording


class Files(msgspec.Struct, frozen=True):
    """Files by their paths, each with the last call that named it."""

    there: dict[str, Call]
    """Written or read, and not removed since as far as one can tell."""
    ever: dict[str, Call]
    """The same, whatever became of them."""
    unseen: tuple[Call, ...]
    """Commands that ended well and are not known at full length: they may have named others."""


def written_files(recording: Recording) -> Files:
    """What was created or modified: by tools that say so, and by commands where their text leaves no doubt."""
    ever: dict[str, Call] = {}
    written: dict[str, int] = {}
    removed: dict[str, int] = {}
    unseen: list[Call] = []
    moments = count(1)
    for call in recording.calls:
        if call.tool.status != "ok":
            continue
        command = recording.command(call)
        if command is None:
            unseen.append(call)
        for path, is_gone in (*_by_tool(call), *_by_command(call, command or "")):
            (removed if is_gone else written)[path] = next(moments)
            if not is_gone:
                ever[path] = call
    there = {
        path: ever[path] for path, at in written.items() if all(removed.get(one, 0) < at for one in _with_folders(path))
    }
    return Files(there, ever, tuple(unseen))


def _with_folders(path: str) -> Iterator[str]:
    """``path`` and the folders that it lies in."""
    while path:
        yield path
        path = path.rpartition("/")[0]


def read_files_of(recording: Recording) -> Files:
    """What was read: by tools that say so, and by commands that print files."""
    from tachograph.analysis.shell import examine_command  # slow to import, and most keys never need it

    found: dict[str, Call] = {}
    unseen: list[Call] = []
    for call in recording.calls:
        if call.tool.status != "ok":
            continue
        if call.tool.path and call.tool.file_op == "read":
            found[locate(call.tool.path, call.folder)] = call
        command = recording.command(call)
        if command is None:
            unseen.append(call)
        elif command and call.tool.exit_code == 0:
            found |= {locate(read.path, call.folder): call for read in examine_command(command).reads}
    return Files(found, found, tuple(unseen))


def _by_tool(call: Call) -> Iterator[tuple[str, bool]]:
    """Paths, and whether they are no more."""
    tool = call.tool
    touched = [(tool.path, tool.file_op), *((touch.path, touch.op) for touch in tool.more_files)]
    for path, op in touched:
        if path and op in ("create", "modify", "delete"):
            yield locate(path, call.folder), op == "delete"


def _by_command(call: Call, command: str) -> Iterator[tuple[str, bool]]:
    if command and call.tool.exit_code == 0 and call.tool.result_kind != "background":
        from tachograph.analysis.expectations._shell_files import find_file_changes  # slow to import

        for change in find_file_changes(command):
            yield locate(change.path, call.folder), change.op == "remove"
