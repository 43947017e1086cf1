"""The states of a work tree, each kept as an index of our own, and what is different between two of them."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from tachograph.capture.delta import DIFF, IGNORING_LINE_ENDS, Change, read_changes, recount
from tachograph.capture.git import Git, GitFailed, Room, Running, finish_all
from tachograph.capture.shadow import Places, Shadow, has_attributes, signature
from tachograph.capture.trees import Entry, read_differences, split_differences, write_tree

_MOST_BYTES = 1 << 30
"""So much that git has not stored yet is copied, in both states together."""
_STREAM_BYTES = "1"
"""Larger files are written into one pack instead of a file each: 20,000 in 2 s instead of 10."""
_USAGE = 129
"""How git ends when it does not know an option."""
_UNREADABLE = "some files could not be read"
_FILTERED = "some files pass a filter, which was not run: how many lines changed is not known"

Signature = tuple[int, ...] | None


class State(msgspec.Struct, frozen=True):
    """What is in a work tree: tracked files, and untracked ones that are not ignored."""

    index: Path
    own_index: Signature
    """The repository's index at that time."""
    sparse: Signature
    """What says which files are there at all."""
    written: Signature
    """Our index as it was then."""
    note: str = ""
    """What was left out."""


class Taking(msgspec.Struct):
    """A state that git is at work on."""

    index: Path
    own_index: Signature
    sparse: Signature
    adding: Running
    """What brings ``index`` up to date."""
    forcing: Running | None = None
    """What lists files that are ignored and were added all the same."""

    def stop(self) -> None:
        """End what is still at work."""
        self.adding.stop()
        if self.forcing is not None:
            self.forcing.stop()


class WorkTree:
    """A work tree that is looked at several times, through ``shadow``."""

    def __init__(self, own: Git, places: Places, shadow: Shadow) -> None:
        self._own = own
        self._places = places
        self._shadow = shadow
        self._last: State | None = None
        self.base = ""
        """What states are compared with; empty: not named yet."""

    def set_base(self, head: str | None) -> None:
        """Name the commit that is checked out at first. Raises OSError."""
        self.base = head or self._write_tree([])

    def git(self, index: Path | None = None, *, borrowing: bool = True) -> Git:
        """git in our own folder, over this work tree; ``borrowing`` the repository's objects.

        What writes objects must not see them: git would freshen the times of those that are there already.
        """
        return Git(self._own.program, self._places.top, self._shadow.variables(index, borrowing))

    def begin(self, deadline: float) -> Taking:
        """Set git to work on the state that it is in. Raises GitFailed, OSError."""
        own_index = signature(os.path.join(self._places.git_dir, "index"))
        sparse = signature(os.path.join(self._places.git_dir, "info", "sparse-checkout"))
        last = self._last
        if last is None or last.sparse != sparse:  # what is missing is not what was deleted: only their index knows
            if last is not None:
                self._shadow.configure(read_settings(self._own.ask(deadline, "config", "-z", "--list")))
            index, forcing = self._shadow.copy_index(), None
        else:
            index = self._shadow.copy_index(last.index)
            # What is ignored and in theirs nevertheless was added by force.
            forcing = None if last.own_index == own_index else self._shadow.copy_index()
        taking = Taking(index, own_index, sparse, self._add_all(index, sparsely=self._shadow.is_sparse))
        if forcing is not None:
            taking.forcing = self.git(forcing).start("ls-files", "-z", "--cached", "--ignored", "--exclude-standard")
        return taking

    def finish(self, deadline: float, taking: Taking) -> State:
        """The state that ``begin`` was for. Raises GitFailed, OSError."""
        try:
            said = self._finish_adding(deadline, taking)
            forced = b"" if taking.forcing is None else taking.forcing.finish(deadline)
        except BaseException:
            taking.stop()
            raise
        if forced:
            adding = ("update-index", "--add", "-z", "--stdin")
            self.git(taking.index, borrowing=False).ask(deadline, *adding, feed=forced)
        note = _UNREADABLE if "unable to index file" in said else ""
        self._last = State(taking.index, taking.own_index, taking.sparse, signature(str(taking.index)), note)
        return self._last

    def _finish_adding(self, deadline: float, taking: Taking) -> str:
        """What git said."""
        room = Room(self._shadow.objects, _MOST_BYTES)
        is_sparse = self._shadow.is_sparse
        taking.adding.finish(deadline, (0, 1, _USAGE) if is_sparse else (0, 1), room)
        if taking.adding.code == _USAGE:  # git before 2.34 does so by itself
            taking.adding = self._add_all(taking.index)
            taking.adding.finish(deadline, (0, 1), room)
        return taking.adding.said

    def _add_all(self, index: Path, *, sparsely: bool = False) -> Running:
        """Begin to bring ``index`` up to date with the work tree."""
        # Folders that stand for their files can only be spelt out from their objects, whose times are freshened then.
        git = self.git(index, borrowing=self._shadow.has_folders_in_index)
        adding = ("-c", f"core.bigFileThreshold={_STREAM_BYTES}", "add", "-A", "--ignore-errors")
        return git.start(*adding, *(("--sparse",) if sparsely else ()))

    def list_changes(self, deadline: float, before: State, after: State) -> tuple[list[Change], str]:
        """The files that differ, and what could not be told of them. Raises GitFailed, OSError."""
        if _is_same(before.written, after.written):
            return [], ""
        listings = [self._compare_with_base(state.index) for state in (before, after)]
        first, second = (read_differences(written) for written in finish_all(listings, deadline))
        trees = [self._write_tree(entries) for entries in split_differences(first, second)]
        if trees[0] == trees[1]:
            return [], ""
        changes = read_changes(self.git().ask(deadline, *DIFF, *trees))
        return self._heed_attributes(deadline, changes, trees)

    def _compare_with_base(self, index: Path) -> Running:
        """What is in ``index`` and not in the commit that was checked out first: it is little, and quickly told."""
        asked = ("diff-index", "--cached", "--raw", "-z", "--no-renames", "--ignore-submodules=dirty")
        return self.git(index).start(*asked, self.base)

    def _write_tree(self, entries: list[Entry]) -> str:
        return write_tree(self._shadow.objects, entries, self._shadow.algorithm)

    def _heed_attributes(self, deadline: float, changes: list[Change], trees: list[str]) -> tuple[list[Change], str]:
        """Leave out what is not the command's: line ends that git makes the same, and what a filter was not run on."""
        paths = [change.path for change in changes]
        if not (self._shadow.converts or has_attributes(self._places, paths)):
            return changes, ""
        told = self.git().ask(deadline, *_ATTRIBUTES, feed=b"\0".join([*paths, b""])).split(b"\0")
        values = {(path, name): value for path, name, value in zip(told[::3], told[1::3], told[2::3], strict=False)}
        guessed = set()
        for path, change in zip(paths, changes, strict=True):
            text = values.get((path, b"text"), b"")
            if text == b"auto" or (text == b"unspecified" and self._shadow.converts):
                guessed.add(path)
            if values.get((path, b"filter"), b"set") not in _NO_FILTER:
                change.is_counted, change.is_filtered = False, True
        if guessed:
            again = read_changes(self.git().ask(deadline, *DIFF, *IGNORING_LINE_ENDS, *trees))
            changes = recount(changes, again, guessed)
        return changes, _FILTERED if any(change.is_filtered for change in changes) else ""

    def count_commits(self, deadline: float, head: str, known: frozenset[str], started_at: int) -> int:
        """The commits that ``head`` reaches and none of ``known`` does, made at ``started_at`` (s) or later.

        Raises GitFailed.
        """
        self._shadow.copy_shallow()
        return count_commits(self.git(), deadline, head, known, started_at)


_ATTRIBUTES = ("check-attr", "-z", "--stdin", "filter", "text")
_NO_FILTER = (b"unspecified", b"unset", b"set")


def count_commits(git: Git, deadline: float, head: str, known: frozenset[str], started_at: int) -> int:
    """See ``WorkTree.count_commits``; where there is no work tree."""
    feed = "\n".join([head, *(f"^{name}" for name in sorted(known)), ""]).encode("ascii")
    asked = ("rev-list", "--count", "--ignore-missing", f"--max-age={started_at}", "--stdin")
    return int(git.ask(deadline, *asked, feed=feed))


def read_settings(written: bytes) -> dict[str, str]:
    """What ``git config -z --list`` tells: the last value of each, as git takes it; one without any is true."""
    found = {}
    for entry in written.split(b"\0"):
        key, separator, value = entry.partition(b"\n")
        if key:
            found[os.fsdecode(key)] = os.fsdecode(value) if separator else "true"
    return found


def read_heads(written: bytes) -> tuple[str | None, frozenset[str]]:
    """HEAD, which git writes with a ``^``, and what all branches and tags point at."""
    head = None
    names = set()
    for line in written.decode("ascii", "replace").split("\n"):
        if line.startswith("^"):
            head = line[1:]
        elif line:
            names.add(line)
    return head, frozenset(names)


def explain(error: GitFailed | OSError) -> str:
    """Why something could not be told, without a word of the repository's."""
    return error.why if isinstance(error, GitFailed) else "a file could not be read or written"


def _is_same(before: Signature, after: Signature) -> bool:
    """Whether git left the copy of an index as it was: the same size and time, in another file."""
    if before is None or after is None:
        return before is after
    return before[1:3] == after[1:3]
