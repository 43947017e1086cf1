"""Metrics of the files that were worked on, by tools that say so (what a shell command does to files is not known)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tachograph.analysis.metrics._registry import metric
from tachograph.analysis.summary import summarise
from tachograph.model import FileOp, Session


class Files(msgspec.Struct, frozen=True):
    """Distinct files, in order of their first mention."""

    count: int
    paths: list[str]
    """As the calls named them, redacted."""


@metric("files_created", "files", "Files created")
def files_created(session: Session) -> Files:
    """Files that a successful call made anew."""
    return _files(session, "create")


@metric("files_modified", "files", "Files modified")
def files_modified(session: Session) -> Files:
    """Files that a successful call changed; one that was created before in the same session is in both lists."""
    return _files(session, "modify")


@metric("files_read", "files", "Files read")
def files_read(session: Session) -> Files:
    """Files that a successful call read, whole or in part; searches do not count."""
    return _files(session, "read")


@metric("files_deleted", "files", "Files deleted")
def files_deleted(session: Session) -> Files:
    """Files that a successful call deleted."""
    return _files(session, "delete")


@metric("lines_added", "lines", "Lines added by edits")
def lines_added(session: Session) -> int:
    """Sum over successful edits, where the log says so: a lower bound."""
    return summarise(session).lines_added


@metric("lines_removed", "lines", "Lines removed by edits")
def lines_removed(session: Session) -> int:
    """Sum over successful edits, where the log says so: a lower bound."""
    return summarise(session).lines_removed


def _files(session: Session, op: FileOp) -> Files:
    paths = list(dict.fromkeys(path for path, done in _touches(session) if done == op))
    return Files(len(paths), paths)


def _touches(session: Session) -> Iterator[tuple[str, FileOp]]:
    for call in sorted(session.tool_calls, key=lambda call: call.position):
        if call.status == "ok":
            if call.path is not None:
                yield call.path, call.file_op
            for further in call.more_files:
                yield further.path, further.op
