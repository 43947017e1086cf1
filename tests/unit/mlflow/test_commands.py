"""``tacho mlflow log``, and that nothing but the store is talked to."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tachograph.mlflow.store import Store
from tests.builders.claude import ClaudeLog
from tests.security.test_sockets import Guarded
from tests.unit.cli.running import Tacho, tacho
from tests.unit.mlflow.logging_sessions import one_session

__all__ = ["tacho"]


def tell(log: ClaudeLog) -> None:
    log.prompt("Repair \x1b[31mthe login.").shell("make", "ok").response("Done.")


@pytest.fixture
def path(home: Path) -> Path:
    return one_session(home / ".claude", tell)


def count(uri: str, table: str) -> int:
    with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_a_log_is_logged_and_told_of(path: Path, uri: str, tacho: Tacho) -> None:
    assert tacho("mlflow", "log", str(path), "--tracking-uri", uri, "--experiment", "/Users/ada/x") == 0
    assert "Repair \ufffd[31mthe login." in tacho.out
    (line,) = (line for line in tacho.out.splitlines() if line.startswith("trace "))
    assert tacho.out.splitlines()[-2:] == ["1 session: 1 added", line]
    assert tacho("check", "--mlflow-trace", line.removeprefix("trace "), "--tracking-uri", uri) == 2
    assert tacho("mlflow", "log", str(path), "--tracking-uri", uri, "--experiment", "/Users/ada/x", "--dry-run") == 0
    assert tacho.out.splitlines()[-1] == "1 session: 1 planned"
    assert (count(uri, "trace_info"), count(uri, "spans")) == (1, 4)


def test_sessions_are_chosen_by_their_start(path: Path, uri: str, tacho: Tacho) -> None:
    command = ("mlflow", "log", "--tracking-uri", uri, "--json")
    assert tacho(*command, "--since", "2026-03-02T09:01") == 3
    assert tacho(*command, "--since", "2026-03-02", "--until", "2026-03-03", "--agent", "claude_code") == 0
    answer = json.loads(tacho.out)
    assert answer["schema"] == "tachograph.mlflow_log/1"
    assert [(one["outcome"], one["name"]) for one in answer["sessions"]] == [("added", path.stem[:8])]
    assert tacho(*command, path.stem[:8], "--no-ingest") == 0
    assert json.loads(tacho.out)["sessions"][0]["outcome"] == "unchanged"
    assert tacho(*command, "--project", "elsewhere") == 3


def test_results_are_shown_beside_their_session(path: Path, uri: str, tacho: Tacho, tmp_path: Path) -> None:
    (tmp_path / "expect.yaml").write_text("tool_limits: {Bash: 0}\nmax_turns: 3\n")
    assert tacho("mlflow", "log", str(path), "--tracking-uri", uri, "--expect", str(tmp_path / "expect.yaml")) == 0
    header, row = tacho.out.splitlines()[-4:-2]
    assert header.split()[-4:] == ["cost", "yes", "no", "skip"]
    assert row.split()[-4:] == ["$0.0016", "1", "1", "0"]
    assert count(uri, "assessments") == 2


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["some-session", "--since", "7d"],
        ["some-session", "--case", "x"],
    ],
)
def test_what_makes_no_sense_is_refused(arguments: list[str], uri: str, tacho: Tacho) -> None:
    assert tacho("mlflow", "log", *arguments) == 2


def test_a_log_that_cannot_be_read_keeps_no_other_out(path: Path, uri: str, tacho: Tacho) -> None:
    broken = path.with_name("broken.jsonl")
    broken.write_text("no transcript\n")
    assert tacho("mlflow", "log", str(broken), str(path), "--tracking-uri", uri) == 4
    assert "(not logged)" in tacho.err
    assert count(uri, "trace_info") == 1


def test_a_dry_run_leaves_no_trace(path: Path, uri: str, tacho: Tacho) -> None:
    assert tacho("mlflow", "log", str(path), "--tracking-uri", uri, "--dry-run", "--json") == 0
    answer = json.loads(tacho.out)
    assert (answer["dry_run"], answer["sessions"][0]["outcome"]) == (True, "planned")
    assert count(uri, "trace_info") == 0


@pytest.fixture
def expected(tmp_path: Path) -> str:
    """One expectation that holds for the session, and two that do not."""
    (tmp_path / "expect.yaml").write_text("tool_limits: {Bash: 1}\nbanned_commands: [make]\nrequired_tools: [Read]\n")
    return str(tmp_path / "expect.yaml")


def results(tacho: Tacho) -> list[tuple[str, str]]:
    (checked,) = json.loads(tacho.out)["sessions"]
    return [(result["key"], result["status"]) for result in checked["results"]]


def test_a_trace_is_checked_as_its_session_would_be(path: Path, uri: str, expected: str, tacho: Tacho) -> None:
    assert tacho("mlflow", "log", str(path), "--tracking-uri", uri, "--json") == 0
    trace = json.loads(tacho.out)["sessions"][0]["trace"]
    wanted = [("tool_limits", "pass"), ("banned_commands", "fail"), ("required_tools", "fail")]
    for target in ([str(path)], ["--mlflow-trace", trace, "--tracking-uri", uri]):
        assert tacho("check", *target, "--expect", expected, "--json") == 1
        assert results(tacho) == wanted
    missing = "tr-" + "0" * 32
    assert tacho("check", "--mlflow-trace", missing, "--tracking-uri", uri, "--expect", expected) == 3
    assert missing in tacho.err


def test_a_run_is_checked_as_its_artifact_would_be(
    path: Path, store: Store, uri: str, expected: str, tacho: Tacho, tmp_path: Path
) -> None:
    experiment = store.experiment("/Users/ada/runs", create=True)
    run = store._client.create_run(experiment).info.run_id
    (tmp_path / "session.jsonl").write_bytes(path.read_bytes())
    store._client.log_artifact(run, str(tmp_path / "session.jsonl"))
    for named in (run, "latest"):
        target = ["--mlflow-run", named, "--experiment", "/Users/ada/runs", "--tracking-uri", uri]
        assert tacho("check", *target, "--expect", expected, "--json") == 1
        assert results(tacho) == [("tool_limits", "pass"), ("banned_commands", "fail"), ("required_tools", "fail")]


def test_without_the_extra_the_way_to_it_is_named(path: Path, tacho: Tacho, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "mlflow", None)
    assert tacho("mlflow", "log", str(path)) == 4
    assert tacho.err.endswith("pip install 'tachograph[mlflow]'\n")


@pytest.mark.slow
def test_nothing_is_asked_of_any_network(home: Path, uri: str, tmp_path: Path) -> None:
    """Neither telemetry, nor MLflow's price list for a model that has no price here."""

    def unknown(log: ClaudeLog) -> None:
        log.prompt("Go.").response("Done.", model="house-model-1")

    path = one_session(tmp_path / "logs", unknown)
    guarded = Guarded(home)
    done = guarded.run("mlflow", "log", str(path), "--tracking-uri", uri, "--experiment", "x", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sessions"][0]["usd"] is None
    assert done.stderr == ""
    # urllib3 looks at its import whether there is IPv6: it makes a socket, which connects to nothing
    assert [line for line in guarded.denied if "family=0, type=0, proto=0>, 10, 1, 0)" not in line] == []
    assert len(guarded.denied) <= 1
