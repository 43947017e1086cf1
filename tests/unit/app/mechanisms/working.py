"""Asking for mechanisms in a test's own history."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from tachograph.app.filters import Filter
from tachograph.app.ingest import ingest
from tachograph.app.mechanisms import Figure, FindingsReport, MechanismReport, report_findings
from tachograph.app.workspace import Workspace
from tachograph.warehouse.store import open_reader
from tests.builders.claude import ClaudeLog
from tests.builders.log import milliseconds
from tests.builders.small import make_workspace

NOW = milliseconds("2027-01-01T00:00:00Z")


def find_all(home: Path, *names: str, chosen: Filter | None = None) -> FindingsReport:
    """The report on what lies in the test's home."""
    workspace: Workspace = make_workspace(home)
    ingest(workspace)
    with closing(open_reader(workspace.folder)) as connection:
        return report_findings(connection, chosen or Filter(), workspace.clean, names, NOW)


def find_one(home: Path, name: str, chosen: Filter | None = None) -> MechanismReport:
    """One mechanism."""
    (found,) = find_all(home, name, chosen=chosen).mechanisms
    assert found.name == name
    return found


def figure(report: MechanismReport, key: str, about: str = "") -> Figure:
    """One figure."""
    (found,) = [one for one in report.figures if (one.key, one.about) == (key, about)]
    return found


def shares(report: MechanismReport) -> dict[str, tuple[int, int]]:
    """Key -> (part, whole) of each share that is about nothing particular."""
    found = [one for one in report.figures if one.unit == "share" and not one.about]
    return {one.key: (round((one.value or 0) * one.n), one.n) for one in found}


def session_id(log: ClaudeLog) -> str:
    """As the warehouse calls it."""
    return f"claude_code:{log.session_id}"
