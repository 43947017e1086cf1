"""Whether what a command changed is still there: kept by a commit, or back to what it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from tachograph.capture.history import History, Version, read_history
from tachograph.capture.store import CommandStore
from tachograph.model import ChangedPath, CommandEvent, CommandLabel

SOURCE = "survival"
WINDOW_MS = 7 * 24 * 3600 * 1000
"""How long a change may be taken back and count as that: later it was of use for a while. A choice."""
_LOOK_BACK_MS = 60 * 24 * 3600 * 1000
"""Older commands keep what was said of them."""
_EVENTS = "origin <> 'log' AND executed_at >= ? AND repo IS NOT NULL AND files_touched_count > 0"


def label_survival(store: CommandStore, now_ms: int) -> tuple[list[str], list[CommandLabel]]:
    """The captured commands of the last 60 days that were looked at, and what can be said of them.

    Of every file that a command changed, the commits of the seven days after it are asked (those on the way to the
    repository's HEAD). The first one that touches the file has it as the command left it: the change survived; the
    last one has it as it was before the command: it was reverted. A command that made commits itself is judged when the
    seven days are over, by the last one. All else says nothing, and so does a file that no commit has touched. The
    score is the share of files that survived, in percent.
    """
    by_repo: defaultdict[str, list[CommandEvent]] = defaultdict(list)
    for event in store.each_event(_EVENTS, (now_ms - _LOOK_BACK_MS,)):
        by_repo[str(event.repo)].append(event)
    seen: list[str] = []
    labels: list[CommandLabel] = []
    for repo, events in by_repo.items():
        history = read_history(Path(repo), events[0].executed_at) if Path(repo).is_absolute() else None
        if history is None:
            continue
        seen += [event.id for event in events]
        labels += _label(store, events, history, now_ms)
    return seen, labels


def _label(
    store: CommandStore, events: Sequence[CommandEvent], history: History, now_ms: int
) -> Iterator[CommandLabel]:
    for event in events:
        start = event.executed_at - event.executed_at % 1000  # commits are dated in whole seconds
        if event.commits and now_ms <= start + WINDOW_MS:
            continue
        told = []
        for path in store.paths_of(event.id):
            versions = history.of(path.path, event.head_before, start, start + WINDOW_MS)
            fate = _fate(path, versions, own=bool(event.commits))
            if fate is not None:
                told.append(fate)
        if told:
            kept = sum(survived for survived, _ in told)
            score, at = round(100 * kept / len(told), 1), max(at for _, at in told)
            yield CommandLabel(event.id, "outcome", SOURCE, score, at, f"{kept} of {len(told)} files kept")


def _fate(path: ChangedPath, versions: Sequence[Version], *, own: bool) -> tuple[bool, int] | None:
    """Whether the change of a file survived, and when that was told; None: nothing can be said.

    ``own``: the first of ``versions`` may be the command's own commit.
    """
    before = None if path.old_path is not None else path.before  # what was at this place
    if not versions or before == path.after:
        return None
    first, last = versions[0], versions[-1]
    if first.object != path.after:
        return None
    if last.object == before:
        return False, last.at
    if own and last.object != path.after:
        return None
    return True, first.at
