"""Sessions that lie among the artifacts of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound
from tachograph.mlflow.reading import open_mlflow
from tachograph.mlflow.store import Store
from tests.builders.claude import ClaudeLog
from tests.builders.codex import CodexHome
from tests.unit.mlflow.logging_sessions import one_session, open_logs


@pytest.fixture
def experiment(store: Store) -> str:
    return store.experiment("/Users/ada/runs", create=True)


def make_run(store: Store, experiment: str, at: int, artifacts: dict[str, Path]) -> str:
    """A run that began ``at``, with artifacts by their paths."""
    client = store._client
    run = client.create_run(experiment, start_time=at).info.run_id
    for path, source in artifacts.items():
        folder, _, name = path.rpartition("/")
        named = source.parent / name
        if named != source:
            named.write_bytes(source.read_bytes())
        client.log_artifact(run, str(named), folder or None)
    return str(run)


def claude(tmp_path: Path, name: str, answer: str) -> Path:
    def tell(log: ClaudeLog) -> None:
        log.prompt("Go.").shell("make", "ok").response(answer, output=7)

    return one_session(tmp_path / name, tell)


def commands(workspace: Workspace, path: str) -> tuple[str, list[str | None], str | None]:
    """Agent, commands and last message of the only session at ``path``."""
    (opened,) = open_logs(workspace, path)
    recording = opened.recording
    return recording.main.session.agent, [recording.command(call) for call in recording.calls], recording.said


def fetch(workspace: Workspace, uri: str, run: str, experiment: str | None = None) -> Any:
    with open_mlflow(workspace, tracking_uri=uri, experiment=experiment) as get:
        path = get(run, None)
        assert isinstance(path, str)
        return commands(workspace, path)


@pytest.mark.parametrize(
    "name", ["trace.jsonl", "session.jsonl", "transcript.jsonl", "logs/trace.jsonl", "logs/transcript.jsonl"]
)
def test_a_runs_artifact_is_a_log(
    name: str, workspace: Workspace, uri: str, store: Store, experiment: str, tmp_path: Path
) -> None:
    run = make_run(store, experiment, 1, {name: claude(tmp_path, "a", "Made.")})
    assert fetch(workspace, uri, run) == ("claude_code", ["make"], "Made.")


def test_the_first_of_the_known_names_counts(
    workspace: Workspace, uri: str, store: Store, experiment: str, tmp_path: Path
) -> None:
    files = {"transcript.jsonl": claude(tmp_path, "a", "One."), "sub/trace.jsonl": claude(tmp_path, "b", "Two.")}
    run = make_run(store, experiment, 1, files)
    assert fetch(workspace, uri, run)[2] == "Two."


def test_a_codex_log_is_known_as_one(
    workspace: Workspace, uri: str, store: Store, experiment: str, tmp_path: Path
) -> None:
    home = CodexHome(tmp_path / "codex")
    thread = home.session("2026-03-04T09:00:00.000Z")
    thread.turn("gpt-5.4").prompt("Go.").shell("make -j2", "ok").tokens(input=9, output=3).complete()
    home.write()
    run = make_run(store, experiment, 1, {"trace.jsonl": thread.path})
    assert fetch(workspace, uri, run)[:2] == ("codex", ["make -j2"])


def test_latest_is_the_run_that_began_last_and_has_a_session(
    workspace: Workspace, uri: str, store: Store, experiment: str, tmp_path: Path
) -> None:
    make_run(store, experiment, 1, {"trace.jsonl": claude(tmp_path, "a", "Old.")})
    make_run(store, experiment, 3, {"trace.jsonl": claude(tmp_path, "b", "New.")})
    make_run(store, experiment, 2, {"trace.jsonl": claude(tmp_path, "c", "Between.")})
    make_run(store, experiment, 4, {})
    assert fetch(workspace, uri, "latest", "/Users/ada/runs")[2] == "New."


def test_what_was_fetched_is_gone_afterwards(
    workspace: Workspace, uri: str, store: Store, experiment: str, tmp_path: Path
) -> None:
    run = make_run(store, experiment, 1, {"trace.jsonl": claude(tmp_path, "a", "Made.")})
    with open_mlflow(workspace, tracking_uri=uri) as get:
        first, second = get(run, None), get(run, None)
        assert first != second
        assert Path(str(first)).is_file()
    assert not Path(str(first)).exists()


@pytest.mark.parametrize(
    ("run", "named", "message"),
    [
        ("0" * 32, None, "Run with id=" + "0" * 32 + " not found"),
        ("latest", "/Users/ada/none", "There is no experiment called /Users/ada/none"),
        ("latest", "/Users/ada/runs", "No run of this experiment has a session among its artifacts."),
    ],
)
def test_what_is_not_there_is_not_found(
    run: str, named: str | None, message: str, workspace: Workspace, uri: str, store: Store, experiment: str
) -> None:
    make_run(store, experiment, 1, {})
    with open_mlflow(workspace, tracking_uri=uri, experiment=named) as get, pytest.raises(NotFound) as missing:
        get(run, None)
    assert message in missing.value.message
    assert (missing.value.slug, missing.value.exit_code) == ("mlflow_not_found", 3)


def test_a_run_without_a_session_says_what_was_looked_for(
    workspace: Workspace, uri: str, store: Store, experiment: str, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("x")
    run = make_run(store, experiment, 1, {"notes.txt": tmp_path / "notes.txt"})
    with open_mlflow(workspace, tracking_uri=uri) as get, pytest.raises(NotFound) as missing:
        get(run, None)
    assert missing.value.message == f"The run {run} has no session among its artifacts."
    assert missing.value.hint == (
        "Looked for: trace.jsonl, session.jsonl, transcript.jsonl, at the top and one folder below."
    )


def test_mlflows_environment_names_the_experiment(
    store: Store, experiment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store.experiment(None) == "0"
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "5")
    assert store.experiment(None) == "5"
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "/Users/ada/runs")
    assert store.experiment(None) == experiment
