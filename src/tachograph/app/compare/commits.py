"""When something came into the repository one stands in: a commit, a retrospective, a change of a file."""

from __future__ import annotations

import os
import re
import time

import msgspec

from tachograph.capture.git import Git, GitFailed, find_git
from tachograph.errors import NotFound, TachographError
from tachograph.report.sanitise import harmless

RETRO_FOLDERS = ("docs/retros", "retros")
"""Where retrospectives lie, from the repository's root."""

_SECONDS = 20.0
"""For all questions together: walking a history of a million commits takes about ten."""
_LATEST = 253_402_300_799
"""The last second of the year 9999; a commit's date is whatever its author's machine said."""
_SIGN = re.compile(r"commit ([0-9a-f]{40,64})((?: [0-9a-f]{40,64})*)\n(-?\d{1,20})\n")
_FOUND = re.compile(rb"([0-9a-f]{40,64}) commit \d+\n")
_ADDED = re.compile(rb"^([0-9a-f]{40,64})\n:", re.MULTILINE)


class Commit(msgspec.Struct, frozen=True):
    """A commit and its date."""

    id: str
    at: int
    """When it was committed, ms UTC. (When it was authored is older for what was rebased.)"""


class Repository:
    """The repository that ``folder`` lies in, asked with nothing of it being run or written."""

    def __init__(self, folder: str) -> None:
        """Raises TachographError without git, NotFound when ``folder`` lies in no repository."""
        program = find_git()
        if program is None:
            raise TachographError("git is not installed.", slug="no_git", hint="Give dates instead of commits.")
        self._deadline = time.monotonic() + _SECONDS
        self._here = Git(program, folder)
        try:
            bare = self._here.ask(self._deadline, "rev-parse", "--is-bare-repository") == b"true\n"
            top = folder if bare else os.fsdecode(self._here.ask(self._deadline, "rev-parse", "--show-toplevel")[:-1])
        except GitFailed as error:
            raise _refuse(error) from error
        self._top = Git(program, top)

    def find_commit(self, name: str) -> Commit:
        """The commit that ``name`` (a tag, a branch, a hash …) stands for. Raises NotFound."""
        if "\n" in name or "\0" in name:
            raise _unknown(name)
        try:
            feed = f"{name}^{{commit}}\n".encode("utf-8", "surrogateescape")
            found = _FOUND.fullmatch(self._top.ask(self._deadline, "cat-file", "--batch-check", feed=feed))
            if found is None:
                raise _unknown(name)
            return self._date(found[1].decode())[0]
        except GitFailed as error:
            raise _refuse(error) from error

    def find_retro(self) -> Commit:
        """The last commit that added a file in one of RETRO_FOLDERS. Raises NotFound."""
        try:
            touched = self._top.ask(self._deadline, "rev-list", "HEAD", "--", *RETRO_FOLDERS)
            told = self._top.ask(
                self._deadline, "diff-tree", "--stdin", "--root", "-r", "-M", "--diff-filter=A", "--", *RETRO_FOLDERS,
                feed=touched,
            )  # fmt: skip
        except GitFailed as error:
            raise _refuse(error) from error
        found = _ADDED.search(told)
        if found is None:
            raise NotFound(
                f"No commit added a file in {' or '.join(RETRO_FOLDERS)}.", slug="no_commit",
                hint="Name the commit, or a date.",
            )  # fmt: skip
        return self._date_of_change(found[1].decode())

    def find_change(self, path: str) -> Commit:
        """The last commit that changed the file ``path``, seen from the folder or from the root. Raises NotFound."""
        for git in (self._here, self._top):
            try:
                told = git.ask(self._deadline, "rev-list", "--max-count=1", "HEAD", "--", path).decode("ascii")
            except GitFailed as error:
                if "outside repository" in error.said:
                    continue
                raise _refuse(error) from error
            except ValueError:  # a NUL in the path
                break
            if told:
                return self._date_of_change(told[:-1])
        raise NotFound(
            f"No commit changed {harmless(path)!r}.", slug="no_commit", hint="Name the commit, or a date."
        )  # fmt: skip

    def _date_of_change(self, id: str) -> Commit:
        """Raises NotFound where the history is cut off: its first commit seems to add all that was there before."""
        try:
            commit, has_parents = self._date(id)
            shallow = not has_parents and self._top.ask(self._deadline, "rev-parse", "--is-shallow-repository")
        except GitFailed as error:
            raise _refuse(error) from error
        if shallow == b"true\n":
            raise NotFound(
                "The clone is shallow: the change may lie before its first commit.", slug="no_commit",
                hint="git fetch --unshallow gets the rest; or name a date.",
            )  # fmt: skip
        return commit

    def _date(self, id: str) -> tuple[Commit, bool]:
        """The commit of this hash, and whether it has parents here. Raises GitFailed, NotFound."""
        told = self._top.ask(self._deadline, "rev-list", "--parents", "--max-count=1", "--format=%ct", id)
        found = _SIGN.fullmatch(told.decode("ascii", "replace"))
        if found is None or not 0 <= int(found[3]) <= _LATEST:
            raise NotFound(f"The commit {id[:7]} has no date that can be.", slug="no_commit", hint="Name a date.")
        return Commit(id, int(found[3]) * 1000), bool(found[2])


def _unknown(name: str) -> NotFound:
    return NotFound(
        f"{harmless(name)!r} is no date, and no commit of this repository.", slug="no_commit",
        hint="Give 2026-11-01, a timestamp, 30d, a tag or commit, retro, or file:CLAUDE.md.",
    )  # fmt: skip


def _refuse(error: GitFailed) -> TachographError:
    """What to say when git did not do it; its own words are hostile text and stay out."""
    if "not a git repository" in error.said:
        return NotFound(
            "The folder you stand in is in no git repository.", slug="no_repository", hint="Give dates instead."
        )
    if "dubious ownership" in error.said:
        return TachographError("git refuses the repository: it belongs to another user.", slug="git_failed")
    if "bad revision 'HEAD'" in error.said or "ambiguous argument 'HEAD'" in error.said:
        return NotFound("The repository has no commit yet.", slug="no_commit", hint="Give dates instead.")
    return TachographError(f"{error.why[0].upper()}{error.why[1:]}.", slug="git_failed", hint="Give dates instead.")
