"""Which sessions the rows of a file of labels mean."""

from __future__ import annotations

from pathlib import Path
from sqlite3 import Connection

import msgspec

from tachograph.analysis.axes.trajectory import Verdict
from tachograph.app.analysis import read_session
from tachograph.app.calibrate.labels import BadRow, Label, read_labels
from tachograph.app.find_session import find_session
from tachograph.app.history import load_history
from tachograph.errors import TachographError
from tachograph.model import Session

LEAST = 2
"""Sessions below which there is nothing to compare."""
_SHOWN = 5
_REASON_CHARS = 200


class Target(msgspec.Struct, frozen=True):
    """A session that is to be judged."""

    line: int
    """1-based line of the file that names it."""
    session: str
    """Its id."""
    label: Verdict | None
    log: Path | None = None
    """Its log, where the file names that instead of a session of the warehouse."""


class Targets(msgspec.Struct, frozen=True):
    """What a file of labels asks for."""

    found: tuple[Target, ...]
    bad_rows: tuple[BadRow, ...]


def find_targets(connection: Connection, file: Path, *, need_labels: bool) -> Targets:
    """The sessions that the rows of ``file`` mean, each once, and the rows that cannot be used.

    Raises TachographError (exit code 4) when fewer than two sessions are left, and as ``read_labels`` does.
    """
    found: dict[str, Target] = {}
    bad: list[BadRow] = []
    for row in read_labels(file):
        target = row if isinstance(row, BadRow) else _find(connection, row, need_labels)
        if isinstance(target, BadRow):
            bad.append(target)
        elif target.session in found:
            bad.append(BadRow(target.line, f"names the session of line {found[target.session].line} again"))
        else:
            found[target.session] = target
    if len(found) < LEAST:
        raise TachographError(
            f"A calibration needs {LEAST} sessions or more; {file} has {len(found)} that can be used.",
            slug="too_few_labels",
            hint="\n".join(f"Line {row.line}: {row.reason}." for row in bad[:_SHOWN])
            or 'One row for each session, such as {"session": "1f0c7a52", "verdict": "BETTER"}.',
        )
    return Targets(tuple(found.values()), tuple(bad))


def load_target(connection: Connection, target: Target) -> Session:
    """The session with its records. Raises TachographError when they cannot be had."""
    if target.log is not None:
        return read_session(target.log)
    history = load_history(connection, target.session)
    if history is None:
        raise TachographError("The session has left no log of its own.", slug="no_own_log")
    return history.session


def _find(connection: Connection, row: Label, need_labels: bool) -> Target | BadRow:
    if need_labels and row.verdict is None:
        return BadRow(row.line, "no verdict")
    try:
        path = Path(row.session).expanduser()
        if path.is_file():
            return Target(row.line, read_session(path).id, row.verdict, path)
        return Target(row.line, find_session(connection, row.session), row.verdict)
    except TachographError as error:
        return BadRow(row.line, error.message[:_REASON_CHARS].rstrip("."))
    except (OSError, RuntimeError, ValueError):  # too long a name, no such user's home, a NUL
        return BadRow(row.line, "neither a session's id nor a path")
