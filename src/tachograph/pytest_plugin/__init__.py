"""pytest plugin: a fixture that opens recorded sessions, and ``*.expect.yaml`` files as tests.

Loaded in every run of pytest where Tachograph is installed: nothing of it is imported before it is used.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tachograph.app.check.direct import Expected, Target
    from tachograph.pytest_plugin._files import ExpectFile
    from tachograph.pytest_plugin._sessions import Sessions

__all__ = ["assert_expectations", "pytest_collect_file", "tacho"]

_SUFFIXES = (".expect.yaml", ".expect.yml")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ExpectFile | None:
    """Collect ``*.expect.yaml`` and ``*.expect.yml``: a test for each case."""
    if not file_path.name.endswith(_SUFFIXES):
        return None
    from tachograph.pytest_plugin._files import ExpectFile

    return ExpectFile.from_parent(parent, path=file_path)


@pytest.fixture
def tacho() -> Sessions:
    """Recorded sessions of coding agents: ``tacho.session(path_or_id)``, ``tacho.assert_expectations(session, …)``."""
    from tachograph.pytest_plugin._sessions import Sessions

    return Sessions()


def assert_expectations(session: Target, expectations: Expected, *, case: str | None = None) -> None:
    """Fail the test unless ``session`` is as expected; see :meth:`Sessions.assert_expectations`."""
    __tracebackhide__ = True
    from tachograph.pytest_plugin._sessions import Sessions

    Sessions().assert_expectations(session, expectations, case=case)
