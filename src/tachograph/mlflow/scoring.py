"""Checks as scorers of ``mlflow.genai``."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from tachograph.analysis.expectations import Recording, load_expectations, run_checks
from tachograph.app.check.run import choose_case
from tachograph.app.expect.forms import load_expectation_file, read_block
from tachograph.app.workspace import Workspace
from tachograph.errors import UsageError
from tachograph.mlflow.client import load_mlflow
from tachograph.mlflow.entities import Assessed, make_scorer
from tachograph.mlflow.feedback import assess
from tachograph.mlflow.reading import session_of_trace
from tachograph.mlflow.told import make_recording
from tachograph.model import CheckResult

_KEPT = 4
"""Traces whose recordings are kept: all scorers of a row look at the same one."""


def make_scorers(expectations: Mapping[str, Any] | str | PathLike[str] | None = None) -> list[Any]:
    """See :func:`tachograph.mlflow.scorers`."""
    load_mlflow()
    judge = _Judge(_read_common(expectations))
    return [
        make_scorer(key, f"tacho: {one.doc.partition(chr(10))[0]}", judge.of(key))
        for key, one in load_expectations().items()
    ]


def _read_common(expectations: Mapping[str, Any] | str | PathLike[str] | None) -> dict[str, Any]:
    """What is expected of every trace, by key. Raises TachographError."""
    if expectations is None:
        return {}
    if isinstance(expectations, Mapping):
        read_block(expectations)  # what is wrong is said at once, not row by row
        return dict(expectations)
    return dict(choose_case(load_expectation_file(Path(expectations)), None).plain)


class _Judge:
    """What all scorers of one call share."""

    def __init__(self, common: dict[str, Any]) -> None:
        self._common = common
        self._workspace = Workspace()
        self._recordings: list[tuple[Any, Recording]] = []
        self._lock = threading.Lock()

    def of(self, key: str) -> Any:
        """The function of one scorer."""

        def judge(trace: Any, expectations: Any) -> Assessed:
            if trace is None:
                raise UsageError("This scorer needs a trace.", hint="Hand in traces, or a predict_fn that makes them.")
            return assess(self._check(key, trace, expectations))

        return judge

    def _check(self, key: str, trace: Any, row: Any) -> CheckResult:
        given = {**self._common, **(row if isinstance(row, Mapping) else {})}
        wanted = {name: value for name, value in given.items() if name in (key, "scope") and value is not None}
        if key not in wanted:
            return CheckResult(key, "skip", "nothing is expected")
        expectations = read_block(wanted)
        (result,) = run_checks(expectations, self._recording(trace))
        return result

    def _recording(self, trace: Any) -> Recording:
        with self._lock:
            for known, recording in self._recordings:
                if known is trace:
                    return recording
            told = session_of_trace(trace, self._workspace.clean)
            recording = make_recording(told, self._workspace)
            self._recordings = [(trace, recording), *self._recordings][:_KEPT]
            return recording
