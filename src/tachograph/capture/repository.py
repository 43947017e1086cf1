"""The states of a repository before and after a command, and what is different between them.

``repository = find_repository(folder)``, then ``snapshot`` before and after, then ``compare``. Nothing is written in
the repository, and nothing of it is run: see ``capture.shadow`` and ``capture.git``.
"""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Callable
from pathlib import Path

import msgspec

from tachograph.capture.asking import PARTS, Asked
from tachograph.capture.delta import sum_changes
from tachograph.capture.git import Git, GitFailed, Running
from tachograph.capture.shadow import Places, Shadow
from tachograph.capture.snapshot import State, Taking, WorkTree, count_commits, explain, read_heads, read_settings
from tachograph.model import RepoDelta

SNAPSHOT_SECONDS = 5.0
"""How long a look at the repository may take."""
_WITHOUT_GIT = "git is not installed"
_NO_WORK_TREE = "no work tree: only commits were counted"


class Snapshot(msgspec.Struct, frozen=True):
    """One state of a repository."""

    head: str | None
    """The commit that is checked out; None: there is none, or it could not be told."""
    refs: frozenset[str] = frozenset()
    """What branches and tags point at."""
    heads_known: bool = False
    files: State | None = None
    """None: it could not be told."""
    note: str = ""
    """Why something could not be told."""


class Repository:
    """A repository that is looked at before and after a command."""

    def __init__(
        self, root: Path, git: Git | None = None, tree: WorkTree | None = None, shadow: Shadow | None = None,
        note: str = "",
    ) -> None:  # fmt: skip
        self.root = root
        """The work tree's root; of work trees that were added to a repository, the repository's own."""
        self._git = git
        self._tree = tree
        self._note = note
        self._is_given_up = False
        self._remove = weakref.finalize(self, shadow.remove) if shadow else None

    def close(self) -> None:
        """Remove what was kept aside. ``compare`` does it too, and so does the end of the process."""
        if self._remove is not None:
            self._remove()

    def snapshot(self, seconds: float = SNAPSHOT_SECONDS, meanwhile: Callable[[], object] | None = None) -> Snapshot:
        """The state that the repository is in, as far as that can be told within ``seconds``.

        ``meanwhile`` is called once, while git works: that time is not lost.
        """
        deadline = time.monotonic() + seconds
        taking, note = self._begin(deadline)
        asking, fault = self._ask_heads()
        try:
            if meanwhile is not None:
                meanwhile()
        except BaseException:
            for running in (taking, asking):
                if running is not None:
                    running.stop()
            raise
        files = None
        if self._tree is not None and taking is not None:
            try:
                files = self._tree.finish(deadline, taking)
                note = files.note
            except (GitFailed, OSError) as error:
                note = self._give_up(error)
        if asking is None:
            return Snapshot(None, files=files, note=note or fault)
        return self._read_heads(asking, max(deadline, time.monotonic() + 1), files, note)

    def _begin(self, deadline: float) -> tuple[Taking | None, str]:
        """Set git to work on the files; else why it is not."""
        if self._tree is None or self._is_given_up:
            return None, self._note
        try:
            return self._tree.begin(deadline), ""
        except (GitFailed, OSError) as error:
            return None, self._give_up(error)

    def _give_up(self, error: GitFailed | OSError) -> str:
        """Files that could not be told once are not looked at again: nothing could be compared."""
        self._is_given_up = True
        return explain(error)

    def _ask_heads(self) -> tuple[Running | None, str]:
        if self._git is None:
            return None, self._note
        try:
            return self._git.start("rev-parse", "--revs-only", "--all", "--not", "HEAD"), ""
        except GitFailed as error:
            return None, explain(error)

    def _read_heads(self, asking: Running, deadline: float, files: State | None, note: str) -> Snapshot:
        try:
            head, refs = read_heads(asking.finish(deadline))
        except GitFailed as error:
            return Snapshot(None, files=files, note=note or explain(error))
        try:
            if self._tree is not None and not self._tree.base:
                self._tree.set_base(head)
        except OSError as error:
            note = note or explain(error)
        return Snapshot(head, refs, True, files, note)

    def compare(
        self, before: Snapshot, after: Snapshot, started_at_ms: int, seconds: float = SNAPSHOT_SECONDS
    ) -> RepoDelta:
        """What the command that was started at ``started_at_ms`` (since 1970, UTC) changed. Closes the repository."""
        deadline = time.monotonic() + seconds
        delta, commits, notes = RepoDelta(), None, [before.note, after.note]
        try:
            if self._tree is not None and before.files is not None and after.files is not None:
                changes, note = self._tree.list_changes(deadline, before.files, after.files)
                delta = sum_changes(changes)
                notes.append(note)
        except (GitFailed, OSError) as error:
            notes.append(explain(error))
        try:
            commits = self._count_commits(deadline, before, after, started_at_ms // 1000)
        except (GitFailed, OSError) as error:
            notes.append(explain(error))
        self.close()
        note = "; ".join(dict.fromkeys(note for note in notes if note))
        return msgspec.structs.replace(
            delta, commits=commits, head_before=before.head, head_after=after.head, note=note
        )  # fmt: skip

    def _count_commits(self, deadline: float, before: Snapshot, after: Snapshot, started_at: int) -> int | None:
        """None when it is not known where HEAD was or is. Raises GitFailed, OSError."""
        if self._git is None or not (before.heads_known and after.heads_known):
            return None
        if after.head is None or after.head == before.head or after.head in before.refs:
            return 0
        known = before.refs | ({before.head} if before.head else frozenset())
        if self._tree is not None:
            return self._tree.count_commits(deadline, after.head, known, started_at)
        return count_commits(self._git, deadline, after.head, known, started_at)


def find_repository(folder: Path, asked: Asked | None = None) -> Repository | None:
    """The repository that ``folder`` is in; None when it is in none. ``asked``: git was asked about it already.

    Without git, or when git refuses the repository, it is one of which nothing can be told but why.
    """
    asked = asked or Asked(folder)
    above = _look_above(asked.place)
    if asked.git is None:
        return None if above is None else Repository(Path(above), note=_WITHOUT_GIT)
    try:
        return _open(asked, asked.git)
    except GitFailed as error:
        if above is None or "not a git repository" in error.said:
            return None
        refused = "dubious ownership" in error.said
        note = "git refuses the repository: it belongs to another user" if refused else explain(error)
        return Repository(Path(above), note=note)


def _look_above(place: str) -> str | None:
    """The folder with a ``.git`` that ``place`` is in."""
    while not os.path.lexists(os.path.join(place, ".git")):
        place, below = os.path.dirname(place), place
        if place == below:
            return None
    return place


def _open(asked: Asked, git: Git) -> Repository:
    """Look where the parts are. Raises GitFailed."""
    written, parts = asked.answers(time.monotonic() + SNAPSHOT_SECONDS)
    git_dir, common_dir = parts[2], os.path.normpath(os.path.join(asked.place, parts[3]))
    if len(parts) == len(PARTS):
        return Repository(Path(_main_root(git_dir, common_dir, None)), git, note=_NO_WORK_TREE)
    places = Places(top=parts[4], git_dir=git_dir, common_dir=common_dir)
    root = Path(_main_root(git_dir, common_dir, places.top))
    try:
        shadow = Shadow(places, read_settings(written))
    except OSError:
        return Repository(root, git, note="there is no room for temporary files: only commits were counted")
    return Repository(root, git, WorkTree(git, places, shadow), shadow)


def _main_root(git_dir: str, common_dir: str, top: str | None) -> str:
    """The main work tree: of one that was added to a repository, the repository's own."""
    if top is not None and os.path.realpath(git_dir) == os.path.realpath(common_dir):
        return top
    return os.path.dirname(common_dir) if os.path.basename(common_dir) == ".git" else common_dir
