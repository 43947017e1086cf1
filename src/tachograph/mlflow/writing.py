"""``tacho mlflow log``: sessions as traces, with the results of checks as feedback on them."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from tachograph.analysis.expectations import Recording, run_checks
from tachograph.app.check.recordings import OpenedRecording, open_recordings
from tachograph.app.check.run import choose_case
from tachograph.app.expect.cases import Case
from tachograph.app.expect.forms import load_expectation_file
from tachograph.app.filters import Filter
from tachograph.app.log_targets import OnProgress
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound
from tachograph.mlflow.feedback import assess
from tachograph.mlflow.records import TraceRecord
from tachograph.mlflow.spans import make_trace
from tachograph.mlflow.store import Store
from tachograph.mlflow.told import ALL_TEXTS, Pricing
from tachograph.model import CheckResult

Outcome = Literal["added", "updated", "replaced", "unchanged", "planned", "empty"]

_MAINS = (
    "SELECT s.id FROM sessions s WHERE s.kind = 'main' AND {where} ORDER BY s.started_at IS NULL, s.started_at, s.id"
)


class LogRequest(msgspec.Struct, frozen=True):
    """What is to be logged, and where."""

    targets: tuple[str, ...] = ()
    """Logs, folders, sessions' names."""
    find_more: Callable[[sqlite3.Connection], list[str]] | None = None
    tracking_uri: str | None = None
    """As MLflow takes it, unchanged; None: what MLflow itself would use."""
    experiment: str | None = None
    """Its whole name; None: what MLflow itself would use."""
    expectations: Path | None = None
    case: str | None = None
    dry_run: bool = False
    """Say what would be logged, without asking MLflow for anything."""
    update: bool = True
    """Bring the warehouse up to date before sessions are looked up by name."""


class Checked(msgspec.Struct, frozen=True):
    """Feedback on one trace."""

    yes: int = 0
    no: int = 0
    skip: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    """In the store already, as it is."""


class LoggedSession(msgspec.Struct, frozen=True):
    """One session and its trace."""

    session: str
    name: str
    """A short name of it."""
    title: str
    """What it was about; redacted."""
    outcome: Outcome
    """added; updated: it was there, and what is new or different was put in; replaced: some of what was there is no
    longer the session's, so the trace was made anew, with the feedback that lay on it; unchanged; planned: a dry run;
    empty: nothing in it has a moment."""
    trace: str | None = None
    """Id of the trace; null in a dry run."""
    spans: int = 0
    sessions: int = 0
    """The main one and its subagents."""
    responses: int = 0
    tool_calls: int = 0
    input_tokens: int = 0
    """All that was read, cached or not."""
    output_tokens: int = 0
    usd: float | None = None
    """List price of what is priced; null when nothing is."""
    checks: Checked | None = None
    """null: nothing was checked."""


class LogReport(msgspec.Struct, frozen=True):
    """What ``tacho mlflow log`` did."""

    tracking_uri: str | None
    """Without a password; null in a dry run that names none."""
    experiment: str | None
    """As it was named."""
    dry_run: bool
    sessions: list[LoggedSession]
    unreadable: list[str]
    """Logs that could not be read, each with the reason; redacted."""


def mains_within(chosen: Filter) -> Callable[[sqlite3.Connection], list[str]]:
    """Finds the main sessions that began within ``chosen``, by their start."""
    where, values = chosen.where("s.started_at")
    return lambda connection: [row[0] for row in connection.execute(_MAINS.format(where=where), values)]


def log_sessions(
    workspace: Workspace,
    request: LogRequest,
    *,
    note: Callable[[str], None],
    on_progress: OnProgress = None,
    on_logged: Callable[[LoggedSession], None] = lambda _: None,
) -> LogReport:
    """Put sessions into MLflow; one that is there already is brought up to date, never doubled.

    Raises NotFound when there is no session, TachographError for what MLflow refuses and for a file of expectations
    that is wrong.
    """
    case = None
    if request.expectations is not None:
        case = choose_case(load_expectation_file(request.expectations), request.case)
    store = None if request.dry_run else Store(request.tracking_uri)
    writer = _Writer(workspace, request, store, case)
    logged: list[LoggedSession] = []
    with open_recordings(
        workspace,
        request.targets,
        ALL_TEXTS,
        find_more=request.find_more,
        update=request.update,
        note=note,
        on_progress=on_progress,
    ) as opened:
        for one in opened:
            logged.append(writer.log(one))
            on_logged(logged[-1])
        unreadable = list(opened.unreadable)
    if not logged and not unreadable:
        raise NotFound("There is no session in what was named.", slug="no_session", hint="tacho sessions lists them.")
    uri = store.uri if store is not None else request.tracking_uri
    return LogReport(uri, request.experiment, request.dry_run, logged, unreadable)


class _Writer:
    def __init__(self, workspace: Workspace, request: LogRequest, store: Store | None, case: Case | None) -> None:
        self._workspace, self._request, self._store, self._case = workspace, request, store, case
        self._price = Pricing(workspace)
        self._experiment: str | None = None

    def log(self, opened: OpenedRecording) -> LoggedSession:
        """Write one session, and what its checks gave."""
        recording = opened.recording
        results = run_checks(self._case.expectations, recording) if self._case is not None else None
        try:
            trace = make_trace(recording, self._open_experiment(), self._price, self._workspace.clean)
        except ValueError:
            return _tell(opened, "empty", None, None)
        if self._store is None:
            return _tell(opened, "planned", trace, _count(results))
        outcome = _put(self._store, trace)
        return _tell(opened, outcome, trace, self._assess(self._store, trace.id, results))

    def _open_experiment(self) -> str:
        """Its id; made when the first session is there to be logged."""
        if self._store is None:
            return ""
        if self._experiment is None:
            self._experiment = self._store.experiment(self._request.experiment, create=True)
        return self._experiment

    def _assess(self, store: Store, trace: str, results: tuple[CheckResult, ...] | None) -> Checked | None:
        counted = _count(results)
        if counted is None or not results:
            return counted
        file = self._workspace.clean.name(str(self._request.expectations))
        case = self._case.id if self._case is not None else None
        added, changed, unchanged = store.assess(
            trace, [assess(result, expectations=file, case=case) for result in results]
        )
        return msgspec.structs.replace(counted, added=added, changed=changed, unchanged=unchanged)


def _put(store: Store, trace: TraceRecord) -> Outcome:
    known = store.known(trace.id)
    if known is None:
        store.write(trace)
        return "added"
    if known.metadata.get("tacho.fingerprint") == trace.metadata["tacho.fingerprint"]:
        return "unchanged"
    feedback = store.take_out(trace)
    store.write(trace, feedback or ())
    return "updated" if feedback is None else "replaced"


def _count(results: tuple[CheckResult, ...] | None) -> Checked | None:
    if results is None:
        return None
    values = Counter(assess(result).value for result in results)
    return Checked(values["yes"], values["no"], values["skip"])


def _tell(
    opened: OpenedRecording, outcome: Outcome, trace: TraceRecord | None, checks: Checked | None
) -> LoggedSession:
    recording: Recording = opened.recording
    usage = recording.usage
    priced = [part.cost_pico for part in recording.parts if part.cost_pico is not None]
    return LoggedSession(
        recording.main.session.id,
        opened.name,
        opened.title,
        outcome,
        trace.id if trace is not None and outcome != "planned" else None,
        len(trace.spans) if trace is not None else 0,
        len(recording.parts),
        sum(len(part.session.responses) for part in recording.parts),
        len(recording.calls),
        usage.prompt_size,
        usage.output,
        sum(priced) / 10**12 if priced else None,
        checks,
    )
