"""Whether work has started in a git tree: what differs from the commit that is checked out.

git is asked in a folder of ours beside the repository (capture/shadow.py): nothing that its configuration names runs.
"""

from __future__ import annotations

import os
import stat
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import msgspec

from tachograph.app.goals.place import LedgerPlace
from tachograph.capture.asking import PARTS, Asked
from tachograph.capture.git import GitFailed, finish_all
from tachograph.capture.shadow import Places, Shadow
from tachograph.capture.snapshot import WorkTree, explain, read_heads, read_settings

_SECONDS = 5.0
_STAT_MOST = 10_000
"""Files whose times are looked at."""


class StartedWork(msgspec.Struct, frozen=True):
    """What differs from the commit that is checked out: changed, added, deleted, and untracked files."""

    paths: tuple[str, ...]
    """From the top of the tree, by name; ledger and ignored files left out."""
    times: tuple[int, ...]
    """When those that are there were last written, ms UTC, ascending."""
    committed_at: int | None
    """When the commit was made, ms UTC; None: there is none yet."""

    @property
    def folders(self) -> list[tuple[str, int]]:
        """The folders at the top that the paths lie in, or files there, with how many; those with most first."""
        found = Counter(path.partition("/")[0] for path in self.paths)
        return sorted(found.items(), key=lambda one: (-one[1], one[0]))


class CannotTell(Exception):
    """It cannot be told whether work has started; the text says why, in words that hold nothing of the repository."""


def find_started_work(place: LedgerPlace) -> StartedWork:
    """What has changed in the repository, or in the part of it that the ledger is about. Raises CannotTell."""
    asked = Asked(place.root)
    try:
        return _look(place, asked)
    except (GitFailed, OSError) as error:
        if isinstance(error, GitFailed) and "not a git repository" in error.said:
            raise CannotTell("this is no git repository") from None
        raise CannotTell(explain(error)) from error
    finally:
        asked.stop()


def _look(place: LedgerPlace, asked: Asked) -> StartedWork:
    if asked.git is None:
        raise CannotTell("git is not installed")
    deadline = time.monotonic() + _SECONDS
    written, parts = asked.answers(deadline)
    if len(parts) == len(PARTS):
        raise CannotTell("the repository has no work tree")
    places = Places(top=parts[4], git_dir=parts[2], common_dir=os.path.normpath(os.path.join(asked.place, parts[3])))
    head, _ = read_heads(asked.git.ask(deadline, "rev-parse", "--revs-only", "--not", "HEAD"))
    shadow = Shadow(places, read_settings(written))
    try:
        tree = WorkTree(asked.git, places, shadow)
        tree.set_base(head)
        paths = [path for path in _list_changes(tree, shadow, deadline) if _is_work(place, places.top, path)]
        committed = tree.git().ask(deadline, "rev-list", "--max-count=1", "--timestamp", head) if head else b""
    finally:
        shadow.remove()
    return StartedWork(tuple(paths), _times(places.top, paths), int(committed.split()[0]) * 1000 if committed else None)


def _list_changes(tree: WorkTree, shadow: Shadow, deadline: float) -> list[str]:
    """Paths from the top, by name."""
    git = tree.git(shadow.copy_index())
    changed, listed = finish_all(
        [
            git.start("diff-index", "--cached", "--name-only", "-z", "--no-renames", "--ignore-submodules", tree.base),
            git.start("ls-files", "-z", "--modified", "--deleted", "--others", "--exclude-standard"),
        ],
        deadline,
    )
    return sorted({os.fsdecode(path) for path in (*changed.split(b"\0"), *listed.split(b"\0")) if path})


def _is_work(place: LedgerPlace, top: str, path: str) -> bool:
    """Whether a changed path is work: neither the ledger or a file beside it, nor a repository in this one."""
    full = Path(os.path.realpath(top), path)
    ledger = Path(os.path.realpath(place.path.parent), place.path.name)
    if path.endswith("/") or (full.parent == ledger.parent and f"{full.name}.".startswith(f"{ledger.name}.")):
        return False
    return full.is_relative_to(os.path.realpath(place.root))


def _times(top: str, paths: list[str]) -> tuple[int, ...]:
    found: list[int] = []
    for path in paths[:_STAT_MOST]:
        with suppress(OSError):
            about = os.lstat(os.path.join(top, path))
            if not stat.S_ISDIR(about.st_mode):
                found.append(about.st_mtime_ns // 1_000_000)
    return tuple(sorted(found))
