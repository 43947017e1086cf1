"""What is staged in git: the contents that a commit would have, and those that they replace."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from tachograph.capture.git import Git, GitFailed, find_git
from tachograph.errors import NotFound, TachographError
from tachograph.report.sanitise import harmless

MOST_BYTES = 5 << 20
"""A larger file is not read."""

_AT_ONCE = 32 << 20
"""Bytes of contents that are asked for, and held, at a time."""
_SECONDS = 30.0
_REGULAR = b"100"
# A hook is told by these which repository and which index (that of `git commit FILE` is a temporary one) are meant.
_KEPT = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
)  # fmt: skip


class StagedFile(msgspec.Struct, frozen=True):
    """A regular file that is added or changed."""

    path: str
    """From the top of the work tree; hostile text."""
    content: bytes | None
    """None: it is larger than 5 MiB."""
    former: bytes
    """What it held in the last commit; nothing for a new file, one that was larger than 5 MiB, or whose content is
    not on this machine."""


class _Change(msgspec.Struct, frozen=True):
    path: str
    former: bytes
    content: bytes
    """Names of objects; empty where there is none."""


def read_staged(folder: Path, environ: Mapping[str, str]) -> Iterator[StagedFile]:
    """Yield what is staged in the repository that ``folder`` lies in; links and submodules are left out.

    Raises NotFound (``no_repository``), and TachographError (``no_git``, ``git_failed``).
    """
    program = find_git()
    if program is None:
        raise TachographError("git is not installed.", slug="no_git")
    git = Git(program, str(folder), {name: environ[name] for name in _KEPT if environ.get(name)})
    try:
        yield from _read(git, time.monotonic() + _SECONDS)
    except GitFailed as error:
        if "not a git repository" in error.said.lower():
            raise NotFound(f"{harmless(str(folder))} is in no git repository.", slug="no_repository") from error
        raise TachographError(f"{error.why}. {harmless(error.said)}".strip(), slug="git_failed") from error


def _read(git: Git, deadline: float) -> Iterator[StagedFile]:
    git.ask(deadline, "rev-parse", "--git-dir")  # elsewhere `git diff` compares files
    told = git.ask(
        deadline, "diff", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", "--no-relative", "--no-ext-diff",
        "--ignore-submodules=all", "--diff-filter=AMT",
    )  # fmt: skip
    changes = list(_parse_changes(told))
    sizes = _ask_sizes(git, deadline, [one for change in changes for one in (change.content, change.former) if one])
    waiting: list[_Change] = []
    size = 0
    for change in changes:
        if sizes.get(change.content, 0) > MOST_BYTES:
            yield StagedFile(change.path, None, b"")
            continue
        waiting.append(change)
        size += sum(sizes.get(one, 0) for one in (change.content, change.former))
        if size >= _AT_ONCE:
            yield from _read_contents(git, deadline, waiting, sizes)
            waiting, size = [], 0
    yield from _read_contents(git, deadline, waiting, sizes)


def _parse_changes(told: bytes) -> Iterator[_Change]:
    """Of ``:100644 100644 <former> <content> M``, NUL, path, NUL."""
    fields = told.split(b"\0")
    for about, path in zip(fields[::2], fields[1::2], strict=False):
        old_mode, mode, former, content, _ = about.removeprefix(b":").split(b" ")
        if mode.startswith(_REGULAR) and content.strip(b"0"):
            was_regular = old_mode.startswith(_REGULAR)
            yield _Change(path.decode("utf-8", "replace"), former if was_regular else b"", content)


def _ask_sizes(git: Git, deadline: float, names: list[bytes]) -> dict[bytes, int]:
    """Bytes of each object that is there."""
    if not names:
        return {}
    told = git.ask(deadline, "cat-file", "--batch-check", feed=b"\n".join(names) + b"\n")
    lines = (line.split(b" ") for line in told.splitlines())
    return {fields[0]: int(fields[2]) for fields in lines if len(fields) == 3 and fields[1] == b"blob"}


def _read_contents(
    git: Git, deadline: float, changes: list[_Change], sizes: Mapping[bytes, int]
) -> Iterator[StagedFile]:
    names = [one for change in changes for one in (change.content, change.former)]
    wanted = [one for one in dict.fromkeys(names) if sizes.get(one, MOST_BYTES + 1) <= MOST_BYTES]
    if not wanted:
        return
    told = git.ask(deadline, "cat-file", "--batch", feed=b"\n".join(wanted) + b"\n")
    contents: dict[bytes, bytes] = {}
    at = 0
    for name in wanted:
        begin = told.index(b"\n", at) + 1
        at = begin + sizes[name] + 1
        contents[name] = told[begin : at - 1]
    for change in changes:
        if change.content in contents:
            yield StagedFile(change.path, contents[change.content], contents.get(change.former, b""))
