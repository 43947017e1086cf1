"""Checks for programs: one session, opened and held to what is expected of it."""

from __future__ import annotations

import os
import sqlite3
import sys
import typing
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import TypeAlias

from tachograph.analysis.expectations import Expectations, Recording, run_checks, wanted_texts, wants_prices
from tachograph.app.check.recordings import OpenedRecording, open_recordings, record_session
from tachograph.app.check.run import check_recording, choose_case
from tachograph.app.expect.forms import load_expectation_file, read_block
from tachograph.app.find_session import current_folder, find_last
from tachograph.app.workspace import Workspace
from tachograph.errors import TachographError, UsageError
from tachograph.model import CheckedSession, CheckResult, Session, TextKind
from tachograph.report.sanitise import harmless_lines

Target: TypeAlias = Recording | Session | str | PathLike[str]
"""A session that is open already, the path of its log, or its id."""
Expected: TypeAlias = Expectations | Mapping[str, object] | str | PathLike[str]
"""A file's path, or its keys as plain values, or what was made of either."""

_ALL = frozenset[TextKind](typing.get_args(TextKind))


def check(session: Target, expectations: Expected, *, case: str | None = None) -> tuple[CheckResult, ...]:
    """The result of every expectation; ``case`` chooses one of a ground truth's.

    Of a path or an id no more is read than the expectations need. Of a :class:`Session` only its records are known: no
    subagents, no prices, no full texts; what needs these is unknown, which counts as failed. Raises TachographError for
    a session or a file that is not there or wrong.
    """
    return check_session(session, expectations, case=case).results


def check_session(session: Target, expectations: Expected, *, case: str | None = None) -> CheckedSession:
    """As :func:`check`, with what the session is."""
    workspace = Workspace()
    expected = _read(expectations, case)
    if isinstance(session, Session):
        session = record_session(session, workspace.clean)
    if isinstance(session, Recording):
        main = session.main.session
        return CheckedSession(
            session=main.id,
            name=main.id,
            title=main.title or "",
            complete=main.complete,
            results=run_checks(expected, session),
        )
    opened = _open(workspace, session, wanted_texts(expected), priced=wants_prices(expected))
    return check_recording(opened, expected, "")


def open_recording(target: str | PathLike[str]) -> Recording:
    """The session of a log or with an id, with its subagents and all that their logs say.

    Raises NotFound; UsageError for a folder with several sessions; TachographError when a log cannot be read.
    """
    return _open(Workspace(), target, _ALL).recording


def open_last_recording(project: str | PathLike[str] | None = None) -> Recording:
    """The session that ended last in ``project``; without one, in the project that the program runs in, else in all.

    Raises NotFound when there is none.
    """
    workspace = Workspace()
    here = workspace.clean.name(current_folder() if project is None else os.path.abspath(project))

    def find(connection: sqlite3.Connection) -> list[str]:
        return [find_last(connection, here, only_here=project is not None)]

    return _open(workspace, None, _ALL, find).recording


def _read(expectations: Expected, case: str | None) -> Expectations:
    """What is expected. Raises NotFound, ExpectationError, UsageError for a case where there can be none."""
    if isinstance(expectations, Expectations):
        return expectations
    if isinstance(expectations, Mapping):
        return read_block(expectations)
    return choose_case(load_expectation_file(Path(expectations), case), case).expectations


def _open(
    workspace: Workspace,
    target: str | PathLike[str] | None,
    wanted: frozenset[TextKind],
    find_more: Callable[[sqlite3.Connection], list[str]] | None = None,
    *,
    priced: bool = True,
) -> OpenedRecording:
    """The one session that is meant."""
    targets = [] if target is None else [target if isinstance(target, str) else os.path.abspath(target)]
    update = workspace.settings.ingest_auto
    with open_recordings(
        workspace, targets, wanted, priced=priced, find_more=find_more, update=update, note=tell_note
    ) as opened:
        found = list(opened)
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(f"{target} holds {len(found)} sessions.", hint="Name the log of one, or its id.")
        reason = "; ".join(opened.unreadable) or f"{target} holds no session"
        raise TachographError(f"No session could be read: {reason}.", slug="unreadable_log")


def tell_note(text: str) -> None:
    """Tell what is no result, on stderr."""
    sys.stderr.write(f"tacho: {harmless_lines(text)}\n")
