"""Logs, put into MLflow and read back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tachograph.app.check.recordings import OpenedRecording, open_recordings
from tachograph.app.workspace import Workspace
from tachograph.mlflow.reading import open_mlflow
from tachograph.mlflow.told import ALL_TEXTS
from tachograph.mlflow.writing import LogReport, LogRequest, log_sessions
from tests.builders.claude import ClaudeHome, ClaudeLog


def one_session(folder: Path, tell: Callable[[ClaudeLog], Any]) -> Path:
    """A log of one session as ``tell`` has it go."""
    home = ClaudeHome(folder)
    log = home.project("/home/ada/site").session("2026-03-02T09:00:00.000Z")
    tell(log)
    home.write()
    return log.path


def put(workspace: Workspace, uri: str, *targets: Path | str, **request: Any) -> LogReport:
    """``tacho mlflow log``."""
    asked = LogRequest(
        targets=tuple(map(str, targets)), tracking_uri=uri, **{"experiment": "/Users/ada/agents", **request}
    )
    return log_sessions(workspace, asked, note=lambda _: None)


def read_back(workspace: Workspace, uri: str, trace: str | None) -> OpenedRecording:
    """What ``tacho check --mlflow-trace`` gets to see."""
    assert trace is not None
    with open_mlflow(workspace, tracking_uri=uri) as fetch:
        found = fetch(None, trace)
    assert isinstance(found, OpenedRecording)
    return found


def open_logs(workspace: Workspace, *targets: Path | str) -> list[OpenedRecording]:
    """What ``tacho check`` gets to see of the logs themselves."""
    with open_recordings(workspace, [str(target) for target in targets], ALL_TEXTS) as opened:
        return list(opened)
