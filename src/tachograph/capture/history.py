"""What became of files in the history of a repository, asked of git without running or writing anything of it."""

from __future__ import annotations

import time
from collections import defaultdict
from pathlib import Path

import msgspec

from tachograph.capture.git import Git, GitFailed, find_git

_SECONDS = 20.0
_MOST_COMMITS = 5000
"""More are not looked at: the latest ones count."""
_ABSENT = "0"


class Version(msgspec.Struct, frozen=True):
    """What one commit made of a file."""

    at: int
    """When it was committed, ms UTC."""
    object: str | None
    """Name of the git object that the file is from then on; None: it is gone."""
    number: int
    """Of the commit, in their order."""


class History(msgspec.Struct, frozen=True):
    """The commits on the way to HEAD (first parents), the oldest first."""

    numbers: dict[str, int]
    """Name of a commit -> its place in their order."""
    versions: dict[str, list[Version]]
    """By path, relative to the root, as ``RepoDelta`` names it."""

    def of(self, path: str, after: str | None, since_ms: int, until_ms: int) -> list[Version]:
        """The versions of a file within that time that came after the commit ``after``, if that is one of these."""
        first = -1 if after is None else self.numbers.get(after, -1)
        found = self.versions.get(path, ())
        return [one for one in found if one.number > first and since_ms <= one.at <= until_ms]


def read_history(folder: Path, since_ms: int) -> History | None:
    """The commits from ``since_ms`` on; None when it cannot be told: no repository, no git, no commit, no time."""
    program = find_git()
    if program is None or not folder.is_dir():
        return None
    git = Git(program, str(folder))
    deadline = time.monotonic() + _SECONDS
    try:
        listed = git.ask(
            deadline, "rev-list", "--first-parent", "--parents", "--timestamp", f"--max-count={_MOST_COMMITS}",
            f"--max-age={since_ms // 1000}", "HEAD", "--",
        )  # fmt: skip
        commits = _read_commits(listed)
        feed = "".join(f"{' '.join((name, *parents[:1]))}\n" for name, _, parents in reversed(commits))
        told = git.ask(
            deadline, "diff-tree", "--stdin", "--root", "-r", "-z", "--raw", "--no-renames", "--no-abbrev",
            "--no-ext-diff", "--no-textconv", feed=feed.encode(),
        )  # fmt: skip
    except GitFailed:
        return None
    commits.reverse()
    numbers = {name: number for number, (name, _, _) in enumerate(commits)}
    return History(numbers, _read_versions(told, [at * 1000 for _, at, _ in commits], numbers))


def _read_commits(listed: bytes) -> list[tuple[str, int, list[str]]]:
    """Name, seconds, parents; the latest first."""
    found = []
    for line in listed.decode("ascii", "replace").splitlines():
        at, name, *parents = line.split(" ")
        found.append((name, int(at), parents))
    return found


def _read_versions(told: bytes, times: list[int], numbers: dict[str, int]) -> dict[str, list[Version]]:
    found: defaultdict[str, list[Version]] = defaultdict(list)
    current = 0
    parts = iter(told.split(b"\0"))
    for part in parts:
        if part.startswith(b":"):
            name = part.split(b" ")[3].decode("ascii")
            path = next(parts, b"").decode("utf-8", "backslashreplace")  # as capture.delta writes names
            found[path].append(Version(times[current], name if name.strip(_ABSENT) else None, current))
        elif part:
            current = numbers[part.decode("ascii").strip()]
    return dict(found)
