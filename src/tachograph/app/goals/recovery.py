"""Work that has started without a goal: a draft of one, so that it is not lost for the record."""

from __future__ import annotations

import time
from typing import Literal

import msgspec

from tachograph.app.goals.book import Book, read
from tachograph.app.goals.place import LedgerPlace
from tachograph.app.goals.records import GoalRecord, record_goal
from tachograph.app.goals.started_work import CannotTell, StartedWork, find_started_work
from tachograph.ledger.replay import State
from tachograph.report.sanitise import harmless

ActiveState = Literal[
    "clean_no_active_goal", "active_goal_exists", "started_work_without_active_goal", "detection_uncertain"
]
_TITLE_FOLDERS = 3
_NOTE_FOLDERS = 10
_NAME_CHARS = 60


class ChangedFolder(msgspec.Struct, frozen=True):
    """A folder, or a file, at the top of a git tree."""

    name: str
    paths: int
    """Changed or untracked files in it."""


class EnsuredGoal(msgspec.Struct, frozen=True):
    """Whether a goal is open, and what was done about it."""

    state: ActiveState
    """As it was found: ``started_work_without_active_goal`` also says that the draft was made."""
    goals: list[GoalRecord]
    """The open goals; after ``started_work_without_active_goal`` the draft."""
    changed_paths: int
    """Changed or untracked files; 0 where nobody had to look."""
    folders: list[ChangedFolder]
    """Where they lie, those with most first."""
    why_uncertain: str | None = None
    """Why it cannot be told whether work has started."""


def ensure_active(book: Book, place: LedgerPlace) -> EnsuredGoal:
    """Make a draft of a goal when work has started and none is open.

    The draft begins when the oldest of the changed files was last written, as far as that was after the last commit
    and after the end of every goal; else now. Raises as ``Book.start``.
    """
    state = read(place).state
    if found := _open_goals(state):
        return EnsuredGoal("active_goal_exists", found, 0, [])
    try:
        work = find_started_work(place)
    except CannotTell as error:
        return EnsuredGoal("detection_uncertain", [], 0, [], str(error))
    folders = [ChangedFolder(harmless(name), paths) for name, paths in work.folders]
    if not work.paths:
        return EnsuredGoal("clean_no_active_goal", [], 0, [])
    goal = book.recover(_title(folders), notes=_notes(work, folders), started_at=find_start(state, work))
    if goal is None:  # somebody was quicker
        return EnsuredGoal("active_goal_exists", _open_goals(read(place).state), len(work.paths), folders)
    made = record_goal(book.state(), goal)
    return EnsuredGoal("started_work_without_active_goal", [made], len(work.paths), folders)


def find_start(state: State, work: StartedWork, now_ms: int | None = None) -> int:
    """When the work began, as far as its files tell, ms UTC; see ``ensure_active``."""
    now = now_ms or time.time_ns() // 1_000_000
    ends = [goal.finished_at for goal in state.goals if goal.finished_at is not None]
    before = max([*ends, work.committed_at or 0])
    return next((moment for moment in work.times if before < moment <= now), now)


def _open_goals(state: State) -> list[GoalRecord]:
    return [record_goal(state, goal) for goal in state.goals if not goal.closed]


def _title(folders: list[ChangedFolder]) -> str:
    named = [one.name[:_NAME_CHARS] for one in folders[:_TITLE_FOLDERS]]
    more = len(folders) - len(named)
    return f"Recover active task: {', '.join(named)}" + (f" and {more} more" if more else "")


def _notes(work: StartedWork, folders: list[ChangedFolder]) -> str:
    shown = ", ".join(f"{one.name[:_NAME_CHARS]} ({one.paths:,})" for one in folders[:_NOTE_FOLDERS])
    files = "1 changed file" if len(work.paths) == 1 else f"{len(work.paths):,} changed files"
    return f"Work had started without a goal: {files} in {shown}{', …' if len(folders) > _NOTE_FOLDERS else ''}."
