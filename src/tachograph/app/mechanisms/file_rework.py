"""Files that a later session changed again."""

from __future__ import annotations

import json
import posixpath
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from tachograph.analysis.intervals import bootstrap, ratio_of_sums, wilson
from tachograph.analysis.rework import DAYS, Edit, Rework, find_rework
from tachograph.app.mechanisms._records import Account, Figure, share_figure
from tachograph.app.mechanisms._registry import mechanism
from tachograph.app.mechanisms._scene import Scene
from tachograph.report.units import counted
from tachograph.warehouse.query_files import read_query

_SHOWN = 5
_ABSOLUTE = re.compile(r"/|[A-Za-z]:[\\/]|\\\\")
_WORKTREE = re.compile(r"/\.(?:claude/)?worktrees/[^/]+(?=/)")


@mechanism(
    "file_rework",
    f"Files changed again within {DAYS} days",
    not_proved=(
        "Not that the first change was wrong: work that goes on, a changelog or a list that every task adds to look the"
        " same. Changes by people, and by commands that write files themselves, are not seen; what happened to a file"
        " in a project of which later logs are missing is not either, so the share is a lower bound there."
    ),
)
def file_rework(scene: Scene) -> Account:
    """For each main session (its subagents included) and each file that it created or changed by an editing tool:
    whether another session changed the same file within 30 days after its last change of it. Files left less than 30
    days before the last moment that the history knows of are left out, also when they were changed again already.
    Worktrees of a project count as the project. Intervals: for files, main sessions resampled with all their files; for
    sessions Wilson's."""
    about = {one.id for one in scene.sessions}
    found = find_rework(_edits(scene), about, _known_until(scene))
    left_out = f"Left out: {counted(found.censored, 'file')} left less than {DAYS} days before the last known moment."
    return Account([_files(found.watched), _sessions(found.watched)], [left_out] if found.censored else [])


def _sessions(watched: list[Rework]) -> Figure:
    again = list(dict.fromkeys(one.session for one in watched if one.again is not None))
    part, whole = len(again), len({one.session for one in watched})
    title, evidence = "sessions with such a file", again[:_SHOWN]
    return share_figure("sessions", title, part, whole, "sessions", wilson(part, whole), evidence=evidence)


def _files(watched: list[Rework]) -> Figure:
    units: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for one in watched:
        part, whole = units[one.session]
        units[one.session] = (part + (one.again is not None), whole + 1)
    part = sum(unit[0] for unit in units.values())
    interval = bootstrap(list(units.values()), ratio_of_sums)
    title = f"files changed again within {DAYS} days"
    of, evidence = "files of sessions", _plainest(watched)
    return share_figure("files", title, part, len(watched), of, interval, sessions=len(units), evidence=evidence)


def _plainest(watched: list[Rework]) -> list[str]:
    """Sessions of which most files were changed again, each followed by the one that changed most of them."""
    pairs = Counter((one.session, one.again) for one in watched if one.again is not None)
    ordered = sorted(pairs, key=lambda pair: (-pairs[pair], pair))
    return list(dict.fromkeys(session for pair in ordered for session in pair if session))[:_SHOWN]


def _known_until(scene: Scene) -> int:
    """ms UTC. A log may name a moment that is still to come: nothing is known of it yet."""
    (last,) = scene.connection.execute(
        "SELECT max(ended_at) FROM sessions WHERE ended_at <= ?", (scene.now,)
    ).fetchone()
    return scene.now if last is None else int(last)


def _edits(scene: Scene) -> Iterator[Edit]:
    for root, path, file_op, more, folder, at in scene.connection.execute(read_query("mechanism_edits")):
        touched = [(path, file_op)] if path else []
        touched += _more(more)
        for name, done in touched:
            if done in ("create", "modify"):
                yield Edit(root, file_key(name, folder), at)


def _more(text: str | None) -> list[Any]:
    return json.loads(text) if text else []


def file_key(path: str, folder: str) -> str:
    """By which one file is known, whatever folder or worktree it was named from; letter case and drive are kept."""
    whole = path if _ABSOLUTE.match(path) else f"{folder}/{path}"
    return _WORKTREE.sub("", posixpath.normpath(whole.replace("\\", "/")))
