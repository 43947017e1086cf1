"""When somebody looked back: goals of type retro that are over, and files of retrospectives as commits added them."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec

from tachograph.capture.git import Git, GitFailed, find_git
from tachograph.model.goal import Goal

FOLDER = "docs/retros"
_DAY_MS = 24 * 3600 * 1000
_SECONDS = 10.0
_LATEST = 253_402_300_799
"""The last second of the year 9999; a commit's date is whatever its author's machine said."""
_MOST_BYTES = 16 << 20
_COMMIT = re.compile(rb"(\d{1,12}) ([0-9a-f]{40,64})")
_NO_RETROS = ("readme.md", "index.md", "template.md")


class RetroEvent(msgspec.Struct, frozen=True):
    """One retrospective."""

    name: str
    """Id of the goal, else the files' paths from the root."""
    at: int
    """When the goal ended or the commit was made, ms UTC."""
    goal_id: str | None
    files: tuple[str, ...]


class RetroFiles(msgspec.Struct, frozen=True):
    """Files of retrospectives by the commit that added them."""

    events: tuple[RetroEvent, ...] = ()
    problem: str = ""
    """Why they could not be looked for; empty: they could."""


def find_events(goals: Iterable[Goal], files: RetroFiles) -> list[RetroEvent]:
    """All retrospectives by time. A file added while a retro goal was open, or a day after its end, is that one's."""
    events: list[RetroEvent] = []
    left = list(files.events)
    for goal in goals:
        if goal.type != "retro" or goal.finished_at is None:
            continue
        own = [one for one in left if goal.started_at <= one.at <= goal.finished_at + _DAY_MS]
        left = [one for one in left if one not in own]
        events.append(RetroEvent(goal.id, goal.finished_at, goal.id, tuple(path for one in own for path in one.files)))
    return sorted([*events, *left], key=lambda one: (one.at, one.name))


def find_retro_files(root: Path) -> RetroFiles:
    """The Markdown files that commits of the branch added to ``docs/retros``; nothing of the repository is run."""
    program = find_git()
    if not (root / ".git").exists():
        return RetroFiles()
    if program is None:
        return RetroFiles(problem="git is not installed: files in docs/retros have no date.")
    try:
        return RetroFiles(tuple(_ask(Git(program, str(root)))))
    except GitFailed as error:
        if "bad revision" in error.said or "ambiguous argument" in error.said:  # no commit yet
            return RetroFiles()
        return RetroFiles(problem=f"{error.why[:1].upper()}{error.why[1:]}: files in docs/retros have no date.")


def _ask(git: Git) -> list[RetroEvent]:
    deadline = time.monotonic() + _SECONDS
    told = git.ask(deadline, "rev-list", "--timestamp", "HEAD", "--", FOLDER)
    dates = {found[2]: int(found[1]) for line in told.splitlines() if (found := _COMMIT.fullmatch(line))}
    if not dates:
        return []
    for commit in _cut_off(git, deadline):
        dates.pop(commit, None)
    feed = b"".join(commit + b"\n" for commit in dates)
    added = git.ask(
        deadline, "diff-tree", "--stdin", "--root", "-r", "-M", "-z", "--name-only", "--diff-filter=A", "--", FOLDER,
        feed=feed,
    )  # fmt: skip
    return list(_read_added(added, dates))


def _cut_off(git: Git, deadline: float) -> list[bytes]:
    """The first commits of a shallow clone: they seem to add all that was there before."""
    if git.ask(deadline, "rev-parse", "--is-shallow-repository").strip() != b"true":
        return []
    return git.ask(deadline, "rev-list", "--max-parents=0", "HEAD").split()


def _read_added(told: bytes, dates: dict[bytes, int]) -> Iterable[RetroEvent]:
    """The commits of ``git diff-tree -z --name-only --stdin``, each followed by the names of its files."""
    commit, names = b"", list[str]()
    for word in [*told[:_MOST_BYTES].split(b"\0"), b""]:
        is_commit = word.strip() in dates
        if (is_commit or not word) and names:
            if 0 <= dates[commit] <= _LATEST:
                yield RetroEvent(", ".join(names), dates[commit] * 1000, None, tuple(names))
            names = []
        if is_commit:
            commit = word.strip()
        elif commit and _is_retro(name := os.fsdecode(word)):
            names.append(name)


def _is_retro(name: str) -> bool:
    last = name.rpartition("/")[2].lower()
    return last.endswith(".md") and last not in _NO_RETROS
