"""Checking sessions: those that a person names, or those that the cases of a file name."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import Literal, TypeAlias

import msgspec

from tachograph.analysis.expectations import Expectations, run_checks, wanted_texts, wants_prices
from tachograph.app.check.recordings import OpenedRecording, open_recordings
from tachograph.app.expect.cases import Case
from tachograph.app.expect.forms import ExpectationFile
from tachograph.app.expect.forms import choose_case as keep_case
from tachograph.app.log_targets import NO_LOG, OnProgress, is_path
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, TachographError, UsageError
from tachograph.model import CheckedSession, CheckReport
from tachograph.report.sanitise import harmless

FindMore: TypeAlias = Callable[[sqlite3.Connection], list[str]]
"""Sessions of the warehouse, by id."""
Fetch: TypeAlias = Callable[[Case], "str | OpenedRecording"]
"""What an MLflow run or trace that a case names holds: the path of a log, or a recording. Raises TachographError."""


class Checking(msgspec.Struct, frozen=True):
    """What is to be checked, and how."""

    file: ExpectationFile
    targets: tuple[str, ...] = ()
    """Logs, folders, sessions' names."""
    find_more: FindMore | None = None
    recordings: tuple[OpenedRecording, ...] = ()
    """Some that are open already."""
    case: str | None = None
    """The only case to check, or whose expectations hold for the sessions that are named."""
    fetch: Fetch | None = None
    """How to get at what a case names in MLflow; None: it cannot be got at."""
    fail_on: Literal["fail", "skip"] = "fail"
    update: bool = True
    """Bring the warehouse up to date before sessions are looked up by name."""

    @property
    def names_sessions(self) -> bool:
        """Whether sessions were named; else the cases' own are meant."""
        return bool(self.targets or self.find_more or self.recordings)


def check_sessions(
    workspace: Workspace, checking: Checking, *, note: Callable[[str], None], on_progress: OnProgress = None
) -> CheckReport:
    """Check the sessions that are named, else each case on the session that it names itself.

    Raises NotFound for a target that is nothing or holds no session; UsageError when it is not clear which case's
    expectations hold. A case whose session is not found is a fault in the report.
    """
    check = _check_named if checking.names_sessions else _check_cases
    sessions, unreadable = check(workspace, checking, note, on_progress)
    return CheckReport(
        expectations=workspace.clean.name(checking.file.path),
        sessions=tuple(sessions),
        not_ours=checking.file.not_ours,
        not_chosen=tuple(dict.fromkeys(key for case in _cases_of(checking) for key in case.not_chosen)),
        unreadable=unreadable,
        fail_on=checking.fail_on,
    )


def check_recording(
    opened: OpenedRecording, expectations: Expectations, clean_target: str, case: str | None = None
) -> CheckedSession:
    """One recording against ``expectations``; ``clean_target`` is its target as it may be shown."""
    main = opened.recording.main.session
    return CheckedSession(
        session=main.id,
        name=opened.name,
        title=opened.title,
        case=case,
        source=clean_target,
        complete=main.complete,
        notes=opened.notes,
        results=run_checks(expectations, opened.recording),
    )


def choose_case(file: ExpectationFile, case: str | None = None) -> Case:
    """What is asked of sessions that a person names: the case ``case``, else the only one, else what is asked of all.

    Raises NotFound for a case that is not there, UsageError when it is not clear what is asked.
    """
    if case is not None:
        return keep_case(file, case).cases[0]
    if len(file.cases) == 1:
        return file.cases[0]
    if file.common.expectations.asked or file.common.expectations.empty:
        return file.common
    known = ", ".join(one.id for one in file.cases[:20] if one.id is not None)
    raise UsageError(
        f"{harmless(file.path)} holds {len(file.cases)} cases and asks nothing of all sessions.",
        slug="several_cases",
        hint=f"Add --case with one of: {harmless(known)}. Or name no session: then each case is checked on its own.",
    )


def _cases_of(checking: Checking) -> tuple[Case, ...]:
    """The cases whose expectations hold. Raises what :func:`choose_case` does."""
    if checking.names_sessions:
        return (choose_case(checking.file, checking.case),)
    return (checking.file if checking.case is None else keep_case(checking.file, checking.case)).cases


def _check_named(
    workspace: Workspace, checking: Checking, note: Callable[[str], None], on_progress: OnProgress
) -> tuple[list[CheckedSession], tuple[str, ...]]:
    (case,) = _cases_of(checking)
    clean = workspace.clean.name
    sessions = [check_recording(one, case.expectations, clean(one.target), case.id) for one in checking.recordings]
    unreadable: tuple[str, ...] = ()
    if checking.targets or checking.find_more:
        with open_recordings(
            workspace,
            checking.targets,
            wanted_texts(case.expectations),
            priced=wants_prices(case.expectations),
            find_more=checking.find_more,
            update=checking.update,
            note=note,
            on_progress=on_progress,
        ) as opened:
            unreadable = opened.unreadable
            sessions += [check_recording(one, case.expectations, clean(one.target), case.id) for one in opened]
    if not sessions:
        reasons = "; ".join(unreadable[:5])
        raise NotFound(
            "There is no session in what was named.", slug="no_session", hint=f"{reasons}." if reasons else ""
        )
    empty = [one.removesuffix(f": {NO_LOG}") for one in unreadable if one.endswith(f": {NO_LOG}")]
    sessions += [CheckedSession(session=None, name=one, source=one, fault=NO_LOG) for one in empty]
    return sessions, tuple(one for one in unreadable if not one.endswith(f": {NO_LOG}"))


def _check_cases(
    workspace: Workspace, checking: Checking, note: Callable[[str], None], on_progress: OnProgress
) -> tuple[list[CheckedSession], tuple[str, ...]]:
    cases = _cases_of(checking)
    if not any(one.target or one.mlflow_run or one.mlflow_trace for one in cases):
        named = harmless(checking.file.path if checking.case is None else f"the case {checking.case}")
        raise UsageError(
            f"Say which session to check: {named} names none.",
            slug="no_target",
            hint="Give a log, a folder, a session's id or --last; or write session_id or trace_path into its metadata.",
        )
    sessions: list[CheckedSession] = []
    unreadable: list[str] = []
    update = checking.update
    for case in cases:
        try:
            target = _resolve(case, checking)
            if isinstance(target, OpenedRecording):
                found = [check_recording(target, case.expectations, workspace.clean.name(target.target), case.id)]
            else:
                found = list(_check_target(workspace, case, target, update, unreadable, note, on_progress))
                update = update and is_path(target)  # once is enough
            sessions += found or [_fault(workspace, case, "there is no session in what it names")]
        except TachographError as error:
            sessions.append(_fault(workspace, case, error.message.rstrip(".")))
    return sessions, tuple(unreadable)


def _resolve(case: Case, checking: Checking) -> str | OpenedRecording:
    """What ``case`` is to be checked on. Raises TachographError."""
    if case.target is not None:
        return case.target
    if case.mlflow_run is None and case.mlflow_trace is None:
        raise NotFound("it names no session")
    if checking.fetch is None:
        raise NotFound("it names an MLflow run or trace, which cannot be read here")
    return checking.fetch(case)


def _check_target(
    workspace: Workspace,
    case: Case,
    target: str,
    update: bool,
    unreadable: list[str],
    note: Callable[[str], None],
    on_progress: OnProgress,
) -> Iterator[CheckedSession]:
    wanted, priced = wanted_texts(case.expectations), wants_prices(case.expectations)
    with open_recordings(
        workspace, [target], wanted, priced=priced, update=update, note=note, on_progress=on_progress
    ) as opened:
        unreadable += opened.unreadable
        for one in opened:
            yield check_recording(one, case.expectations, workspace.clean.name(one.target), case.id)


def _fault(workspace: Workspace, case: Case, reason: str) -> CheckedSession:
    target = workspace.clean.name(case.target or "")
    fault = workspace.clean.name(reason)
    return CheckedSession(session=None, name=case.id or target, case=case.id, source=target, fault=fault)
