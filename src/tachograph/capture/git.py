"""Asking git about a repository that nobody vouches for: nothing of it runs, nothing in it is written.

git is only ever given commands that are part of it and run nothing by themselves; what a repository's configuration
could make it run (hooks, a file-system monitor, filters, external diffs) is switched off or never read.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_FIRST = (
    "--no-pager", "--literal-pathspecs", "--no-optional-locks", "--no-replace-objects",
    "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-c", "core.untrackedCache=false",
    "-c", "gc.auto=0", "-c", "maintenance.auto=false",
)  # fmt: skip
_ALWAYS = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # no object is fetched from anywhere
    "GIT_ASKPASS": "",
    "GIT_EDITOR": ":",
    "GIT_TEST_FSYNC": "0",  # what is written is thrown away
}
_OWN_GROUP = None if os.name == "nt" else 0
"""Ctrl-C is meant for the command, not for the look at what it did."""
_LOOK_EVERY = 0.25
"""Seconds between two looks at how much was written."""


class GitFailed(Exception):
    """git did not do it; the message says so to the user, in words that hold nothing of the repository."""

    def __init__(self, why: str, said: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.said = said
        """What git wrote on stderr: hostile text."""


def find_git() -> str | None:
    """The absolute path of git; None when there is none. Relative places of PATH are left out: they would be searched
    in the repository."""
    places = [place for place in os.get_exec_path() if os.path.isabs(place)]
    found = shutil.which("git", path=os.pathsep.join(places)) if places else None
    return found if found and os.path.isabs(found) else None


class Git:
    """git, called in ``folder`` with ``variables`` added to an environment without any ``GIT_…`` of its own."""

    def __init__(self, program: str, folder: str, variables: Mapping[str, str] | None = None) -> None:
        self.program = program
        """Its absolute path."""
        self._folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        self._environment = {**kept, **_ALWAYS, **(variables or {})}

    def start(self, *arguments: str, feed: bytes | None = None) -> Running:
        """Start ``git ARGUMENTS``, fed with ``feed``. Raises GitFailed."""
        try:
            process = subprocess.Popen(
                [self.program, *_FIRST, *arguments],
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL if feed is None else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                process_group=_OWN_GROUP,
            )
        except OSError as error:
            raise GitFailed("git could not be started") from error
        return Running(process, feed)

    def ask(self, deadline: float, *arguments: str, feed: bytes | None = None) -> bytes:
        """What ``git ARGUMENTS`` writes. Raises GitFailed when it fails, or is not done at ``deadline``."""
        return self.start(*arguments, feed=feed).finish(deadline)


class Running:
    """A git at work."""

    def __init__(self, process: subprocess.Popen[bytes], feed: bytes | None) -> None:
        self._process = process
        self._feed = feed
        self.code = 0
        """How it ended."""
        self.said = ""
        """What it wrote on stderr: hostile text."""

    def finish(self, deadline: float, allowed: Sequence[int] = (0,), room: Room | None = None) -> bytes:
        """What it writes, until ``deadline`` (of ``time.monotonic``).

        Raises GitFailed when it ends with another code than those ``allowed``, takes too long, or writes more than
        ``room`` has.
        """
        try:
            written, said = self._wait(deadline, room)
        except BaseException:
            self.stop()
            raise
        self.code, self.said = self._process.returncode, said.decode("utf-8", "replace")
        if self.code not in allowed:
            raise GitFailed("git failed", self.said)
        return written

    def stop(self) -> None:
        """End it, whatever it is doing; when it has ended already, nothing happens."""
        if self._process.returncode is None:
            self._process.kill()
            self._process.communicate()

    def _wait(self, deadline: float, room: Room | None) -> tuple[bytes, bytes]:
        feed = self._feed
        while True:
            left = deadline - time.monotonic()
            try:
                return self._process.communicate(feed, max(0.001, min(left, _LOOK_EVERY)))
            except subprocess.TimeoutExpired:
                feed = None  # the rest of it is on its way
                if left <= 0:
                    raise GitFailed("git took too long") from None
                if room is not None and room.is_full():
                    raise GitFailed("there is too much that git has not stored yet") from None


def finish_all(running: Sequence[Running], deadline: float) -> list[bytes]:
    """What each of them writes. Raises GitFailed, and ends the others."""
    try:
        return [each.finish(deadline) for each in running]
    except BaseException:
        for each in running:
            each.stop()
        raise


class Room:
    """A folder that may hold so many bytes."""

    def __init__(self, folder: Path, most: int) -> None:
        self._folder = folder
        self._most = most

    def is_full(self) -> bool:
        """Whether there is more in it."""
        total = 0
        for place, _, names in os.walk(self._folder):
            for name in names:
                try:
                    total += os.lstat(os.path.join(place, name)).st_size
                except OSError:  # renamed or removed meanwhile
                    continue
            if total > self._most:
                return True
        return False
