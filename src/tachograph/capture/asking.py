"""The first questions to git about a folder, asked before much else is loaded: it answers meanwhile."""

from __future__ import annotations

import os

from tachograph.capture.git import Git, GitFailed, Running, find_git

PARTS = ("--is-bare-repository", "--is-inside-work-tree", "--absolute-git-dir", "--git-common-dir")
"""What git always tells of a repository; and of one with a work tree also its root:"""
TOP = "--show-toplevel"


class Asked:
    """git's settings for a folder, and where the parts of its repository are, on their way."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        try:
            self.place = os.path.abspath(folder)
        except OSError:  # the current folder is gone
            self.place = ""
        program = find_git() if self.place else None
        self.git = Git(program, self.place) if program is not None else None
        """None: there is no git, or no such place."""
        self._running: list[Running] = []
        self._failure: GitFailed | None = None
        if self.git is not None:
            try:
                for question in (("config", "-z", "--list"), ("rev-parse", *PARTS, TOP)):
                    self._running.append(self.git.start(*question))
            except GitFailed as failure:
                self._failure = failure
                self.stop()

    def stop(self) -> None:
        """End what is still at work."""
        for running in self._running:
            running.stop()

    def answers(self, deadline: float) -> tuple[bytes, list[str]]:
        """The settings as git lists them; the values of ``PARTS``, and of ``TOP`` where there is a work tree.

        Raises GitFailed.
        """
        if self._failure is not None:
            raise self._failure
        listing, asking = self._running
        try:
            parts = self._read_parts(asking, deadline)
            return listing.finish(deadline), parts
        finally:
            self.stop()

    def _read_parts(self, asking: Running, deadline: float) -> list[str]:
        assert self.git is not None
        written = asking.finish(deadline, (0, 128)).split(b"\n")[:-1]
        if len(written) < len(PARTS):
            raise GitFailed("git does not understand the repository", asking.said)
        wanted = (*PARTS, TOP) if written[1] == b"true" else PARTS
        if len(written) != len(wanted):  # a name with a line break in it: one question at a time
            written = [self.git.ask(deadline, "rev-parse", part)[:-1] for part in wanted]
        return [os.fsdecode(line) for line in written]
