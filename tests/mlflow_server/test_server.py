"""The whole way to a real MLflow server on loopback and back: `make test-mlflow` installs it and names its Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, TachographError
from tachograph.mlflow import scorers
from tachograph.mlflow.reading import open_mlflow
from tachograph.mlflow.store import Store
from tachograph.mlflow.writing import Checked
from tests.builders.claude import ClaudeHome
from tests.builders.history import write_hard_history
from tests.unit.mlflow.logging_sessions import open_logs, put, read_back


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "data")


def test_sessions_go_there_and_come_back_the_same(server: str, workspace: Workspace, tmp_path: Path) -> None:
    write_hard_history(tmp_path / "logs")
    report = put(workspace, server, tmp_path / "logs", experiment="/Users/ada/whole")
    assert {one.outcome for one in report.sessions} == {"added"}
    traces = {one.session: one.trace for one in report.sessions}
    for logged in open_logs(workspace, tmp_path / "logs"):
        told = read_back(workspace, server, traces[logged.recording.main.session.id]).recording
        assert [part.session for part in told.parts] == [part.session for part in logged.recording.parts]
        assert told.usage == logged.recording.usage
        assert [told.command(call) for call in told.calls] == [
            logged.recording.command(call) for call in logged.recording.calls
        ]
        assert told.said == logged.recording.said
    again = put(workspace, server, tmp_path / "logs", experiment="/Users/ada/whole")
    assert {one.outcome for one in again.sessions} == {"unchanged"}


def test_a_session_that_has_grown_and_its_feedback(server: str, workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "expect.yaml").write_text("tool_limits: {Bash: 1}\n")
    home = ClaudeHome(tmp_path / "logs")
    log = home.project().session()
    log.prompt("Go.").shell("make", "ok", cache_read=500)
    home.write()
    request: dict[str, Any] = {"experiment": "/Users/ada/grown", "expectations": tmp_path / "expect.yaml"}
    (first,) = put(workspace, server, log.path, **request).sessions
    log.shell("make test", "ok", cache_read=700).response("Done.", output=33)
    home.write()
    (second,) = put(workspace, server, log.path, **request).sessions
    (third,) = put(workspace, server, log.path, **request).sessions
    assert [one.outcome for one in (first, second, third)] == ["added", "updated", "unchanged"]
    assert [one.checks for one in (first, second, third)] == [
        Checked(yes=1, added=1), Checked(no=1, changed=1), Checked(no=1, unchanged=1)
    ]  # fmt: skip
    assert first.trace == second.trace == third.trace
    opened = read_back(workspace, server, second.trace)
    assert (opened.recording.usage.cache_read, opened.recording.usage.output) == (1_200, 60 + 60 + 33)
    info = Store(server)._traces.get_trace_info(second.trace)
    assert [(one.name, one.feedback.value, one.rationale) for one in info.assessments] == [
        ("tool_limits", "no", "Bash: 2 > 1 (session)")
    ]


def test_what_is_no_longer_the_sessions_own_goes(server: str, workspace: Workspace, tmp_path: Path) -> None:
    home = ClaudeHome(tmp_path / "logs")
    log = home.project().session("2026-03-02T09:00:00.000Z")
    log.prompt("Go.").response("One.", output=5)
    fork = log.fork("2026-03-02T10:00:00.000Z", sdk=False)
    fork.prompt("Another way.").response("Two.", output=6)
    home.write()
    original = log.path.read_bytes()
    log.path.unlink()
    (alone,) = put(workspace, server, tmp_path / "logs", experiment="/Users/ada/forks").sessions
    log.path.write_bytes(original)
    report = put(workspace, server, tmp_path / "logs", experiment="/Users/ada/forks")
    told = {one.session: one for one in report.sessions}[alone.session]
    assert (told.outcome, told.trace) == ("replaced", alone.trace)
    assert read_back(workspace, server, alone.trace).recording.usage.output == 6


def test_a_runs_artifact(server: str, workspace: Workspace, tmp_path: Path) -> None:
    home = ClaudeHome(tmp_path / "logs")
    log = home.project().session()
    log.prompt("Go.").response("Done.", output=9)
    home.write()
    store = Store(server)
    experiment = store.experiment("/Users/ada/artifacts", create=True)
    run = store._client.create_run(experiment).info.run_id
    named = tmp_path / "transcript.jsonl"
    named.write_bytes(log.path.read_bytes())
    store._client.log_artifact(run, str(named))
    with open_mlflow(workspace, tracking_uri=server, experiment="/Users/ada/artifacts") as fetch:
        path = fetch("latest", None)
        assert isinstance(path, str)
        (opened,) = open_logs(workspace, path)
        assert opened.recording.usage.output == 9
        with pytest.raises(NotFound):
            fetch("0" * 32, None)
        with pytest.raises(NotFound):
            fetch(None, "tr-" + "0" * 32)


def test_an_evaluation(server: str, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow

    home = ClaudeHome(tmp_path / "logs")
    log = home.project().session()
    log.prompt("Go.").shell("make", "ok").response("Done.")
    home.write()
    put(workspace, server, log.path, experiment="/Users/ada/scored")
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(server)
    experiment = mlflow.set_experiment("/Users/ada/scored")
    chosen = [one for one in scorers({"tool_limits": {"Bash": 0}}) if one.name in ("tool_limits", "max_turns")]
    result = mlflow.genai.evaluate(data=mlflow.search_traces(locations=[experiment.experiment_id]), scorers=chosen)
    assert result.metrics["tool_limits/mean"] == 0.0
    assert list(result.result_df["max_turns/value"]) == ["skip"]


def test_a_server_that_is_not_there(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    home = ClaudeHome(tmp_path / "logs")
    log = home.project().session()
    log.prompt("Go.").response("Done.")
    home.write()
    with pytest.raises(TachographError) as failed:
        put(workspace, "http://127.0.0.1:9", log.path)
    assert failed.value.slug == "mlflow_failed"
