"""Opening recorded sessions in a test, and holding them to what is expected."""

from __future__ import annotations

import functools
from collections.abc import Callable
from os import PathLike
from typing import ParamSpec, TypeVar

import pytest

from tachograph.analysis.expectations import Recording
from tachograph.app.check.direct import Expected, Target, check, check_session, open_last_recording, open_recording
from tachograph.errors import TachographError
from tachograph.model import CheckReport, CheckResult
from tachograph.pytest_plugin._telling import tell_failures

P = ParamSpec("P")
R = TypeVar("R")


def _briefly(function: Callable[P, R]) -> Callable[P, R]:
    """The same, with errors that begin where the test called it and that tell what to do."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        __tracebackhide__ = True
        try:
            return function(*args, **kwargs)
        except TachographError as error:
            if error.hint:
                error.add_note(error.hint)
            raise error.with_traceback(None) from None

    return call


class Sessions:
    """The fixture ``tacho``. Sessions are named as for ``tacho check``: a log's path, or an id of the warehouse."""

    def __repr__(self) -> str:
        return "tacho"  # pytest shows the arguments of a test that fails

    @_briefly
    def session(self, target: str | PathLike[str]) -> Recording:
        """See :func:`tachograph.app.check.direct.open_recording`."""
        return open_recording(target)

    @_briefly
    def last(self, project: str | PathLike[str] | None = None) -> Recording:
        """See :func:`tachograph.app.check.direct.open_last_recording`."""
        return open_last_recording(project)

    @_briefly
    def check(self, session: Target, expectations: Expected, *, case: str | None = None) -> tuple[CheckResult, ...]:
        """See :func:`tachograph.app.check.direct.check`."""
        return check(session, expectations, case=case)

    def assert_expectations(self, session: Target, expectations: Expected, *, case: str | None = None) -> None:
        """Fail the test unless :meth:`check` finds everything as expected; skipped expectations do not fail it."""
        __tracebackhide__ = True
        checked = _briefly(check_session)(session, expectations, case=case)
        if checked.failed:
            pytest.fail(tell_failures(CheckReport("", (checked,))), pytrace=False)
