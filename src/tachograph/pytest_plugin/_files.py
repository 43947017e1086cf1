"""Files of expectations as tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tachograph.app.check.direct import tell_note
from tachograph.app.check.recordings import OpenedRecording
from tachograph.app.check.run import Checking, check_sessions
from tachograph.app.expect.cases import Case
from tachograph.app.expect.errors import ExpectationError
from tachograph.app.expect.forms import ExpectationFile, examine_file, load_expectation_file
from tachograph.app.workspace import Workspace
from tachograph.errors import TachographError
from tachograph.model import CheckReport
from tachograph.pytest_plugin._telling import tell_error, tell_failures
from tachograph.report.sanitise import harmless


class ChecksFailed(Exception):
    """A session is not as expected; the message tells why."""


class ExpectFile(pytest.File):
    """A file of expectations that names the sessions it is about."""

    def collect(self) -> Iterator[pytest.Item]:
        """A test for each case. Raises CollectError with everything that is wrong with the file."""
        try:
            file = load_expectation_file(self.path)
        except TachographError as error:
            raise self.CollectError(self._tell(error)) from None
        for case in file.cases:
            name = case.id or self.path.name.rpartition(".expect.")[0] or self.path.name
            yield ExpectItem.from_parent(self, name=harmless(name), file=file, case=case)

    def _tell(self, error: TachographError) -> str:
        errors = examine_file(self.path).errors if isinstance(error, ExpectationError) else ()
        return "\n".join(map(tell_error, errors or (error,)))


class ExpectItem(pytest.Item):
    """One case, checked on the session that it names."""

    def __init__(self, *, file: ExpectationFile, case: Case, **others: object) -> None:
        super().__init__(**others)  # type: ignore[arg-type] # pytest's own: name, parent, nodeid …
        self._file = file
        self._case = case

    def runtest(self) -> None:
        """Check it. Raises ChecksFailed; skips when every single check was skipped."""
        report = self._check()
        if not report.passed:
            raise ChecksFailed(tell_failures(report))
        results = [result for session in report.sessions for result in session.results]
        if all(result.status == "skip" for result in results):
            pytest.skip(harmless(f"{self.name}: {results[0].rationale if results else 'nothing is expected'}"))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        """What failed and what proves it; a traceback only for a bug."""
        if isinstance(excinfo.value, ChecksFailed):
            return str(excinfo.value)
        if isinstance(excinfo.value, TachographError):
            return tell_error(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the case stands."""
        return self.path, self._case.line - 1, f"expectations: {self.name}"

    def _check(self) -> CheckReport:
        case = self._case
        if not (case.target or case.mlflow_run or case.mlflow_trace):
            how = "session: PATH_OR_ID at its top" if case.id is None else "session_id or trace_path in its metadata"
            raise ChecksFailed(f"{self.name} names no session: add {how}.")
        workspace = Workspace()
        with ExitStack() as stack:

            def fetch(case: Case) -> str | OpenedRecording:
                from tachograph.mlflow.reading import open_mlflow

                return stack.enter_context(open_mlflow(workspace))(case.mlflow_run, case.mlflow_trace)

            update = workspace.settings.ingest_auto
            checking = Checking(file=self._file, case=case.id, fetch=fetch, update=update)
            return check_sessions(workspace, checking, note=tell_note)
