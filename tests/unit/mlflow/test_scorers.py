"""Checks as scorers of mlflow.genai: called by hand, and in an evaluation."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tachograph.analysis.expectations import load_expectations
from tachograph.app.workspace import Workspace
from tachograph.errors import TachographError, UsageError
from tachograph.mlflow import scorers
from tachograph.mlflow.store import Store
from tests.builders.claude import ClaudeLog
from tests.unit.mlflow.logging_sessions import one_session, put


@pytest.fixture
def traces(workspace: Workspace, uri: str, store: Store, tmp_path: Path) -> list[Any]:
    """Two sessions in MLflow: one that calls Bash twice, one that reads and runs rm."""

    def first(log: ClaudeLog) -> None:
        log.prompt("Go.").shell("make", "ok").shell("make test", "ok").response("Done.")

    def second(log: ClaudeLog) -> None:
        log.prompt("Go on.").read("/home/ada/site/a.py", "a = 1").shell("sudo rm -fr build", "").response("Gone.")

    report = put(workspace, uri, one_session(tmp_path / "a", first), experiment="/Users/ada/scored")
    home = tmp_path / "b"
    path = one_session(home, second)
    other = path.with_name(path.name.replace("00000001", "00000002"))
    other.write_bytes(path.read_bytes().replace(b"00000001-0304", b"00000002-0304"))
    path.unlink()
    report.sessions.extend(put(workspace, uri, other, experiment="/Users/ada/scored").sessions)
    return [store._traces.get_trace(one.trace) for one in report.sessions]


def by_name(*given: Any) -> dict[str, Any]:
    return {scorer.name: scorer for scorer in scorers(*given)}


def test_every_key_is_a_scorer() -> None:
    assert list(by_name()) == list(load_expectations())


@pytest.mark.parametrize(
    ("key", "value", "first", "second"),
    [
        ("tool_limits", {"Bash": 1}, "no", "yes"),
        ("required_tools", ["Read"], "no", "yes"),
        ("banned_tools", ["rm -rf"], "yes", "no"),
        ("token_budget", {"max_output": 220}, "yes", "yes"),
        ("max_turns", 1, "yes", "yes"),
    ],
)
def test_a_direct_call(traces: list[Any], key: str, value: Any, first: str, second: str) -> None:
    scorer = by_name()[key]
    results = [scorer(trace=trace, expectations={key: value, "expected_response": "theirs"}) for trace in traces]
    assert [(result.name, result.value) for result in results] == [(key, first), (key, second)]
    assert results[0].source.source_id == "tachograph"
    assert results[0].metadata["tacho.status"] == {"yes": "pass", "no": "fail"}[first]
    assert results[0].rationale


@pytest.mark.parametrize("row", [None, {}, {"expected_facts": ["x"]}, {"tool_limits": None}])
def test_without_an_expectation_it_is_skipped(traces: list[Any], row: Any) -> None:
    result = by_name()["tool_limits"](trace=traces[0], expectations=row)
    assert (result.value, result.rationale) == ("skip", "nothing is expected")


def test_a_row_comes_before_what_holds_for_all(traces: list[Any], tmp_path: Path) -> None:
    file = tmp_path / "expect.yaml"
    file.write_text("tool_limits: {Bash: 1}\n")
    for given in ({"tool_limits": {"Bash": 1}}, file, str(file)):
        scorer = by_name(given)["tool_limits"]
        assert scorer(trace=traces[0]).value == "no"
        assert scorer(trace=traces[0], expectations={"tool_limits": {"Bash": 2}}).value == "yes"


def test_a_trace_as_a_mapping_will_do(traces: list[Any]) -> None:
    assert by_name({"tool_limits": {"Bash": 1}})["tool_limits"](trace=traces[0].to_dict()).value == "no"


def test_what_is_wrong_is_said(traces: list[Any]) -> None:
    with pytest.raises(TachographError) as unknown:
        scorers({"tool_limit": {}})
    assert (unknown.value.slug, unknown.value.hint) == ("invalid_expectations", "Did you mean tool_limits?")
    with pytest.raises(TachographError):
        by_name()["tool_limits"](trace=traces[0], expectations={"tool_limits": "five"})
    with pytest.raises(UsageError):
        by_name({"tool_limits": {}})["tool_limits"]()


def test_an_evaluation_of_traces(traces: list[Any], uri: str) -> None:
    import mlflow

    mlflow.set_tracking_uri(uri)
    experiment = mlflow.set_experiment("/Users/ada/scored")
    chosen = [by_name({"tool_limits": {"Bash": 1}, "required_tools": ["Bash"]})[name] for name in (
        "tool_limits", "required_tools", "max_turns"
    )]  # fmt: skip
    data = mlflow.search_traces(locations=[experiment.experiment_id])
    assert len(data) == 2
    result = mlflow.genai.evaluate(data=data, scorers=chosen)
    assert (result.metrics["tool_limits/mean"], result.metrics["required_tools/mean"]) == (0.5, 1.0)
    frame = result.result_df
    assert sorted(frame["tool_limits/value"]) == ["no", "yes"]
    assert list(frame["max_turns/value"]) == ["skip", "skip"]
    found = mlflow.get_trace(traces[0].info.trace_id).info.assessments
    assert {one.name: one.feedback.value for one in found} == {
        "tool_limits": "no", "required_tools": "yes", "max_turns": "skip"
    }  # fmt: skip


def test_importing_the_room_imports_no_mlflow() -> None:
    modules = [f"tachograph.mlflow.{name}" for name in ("writing", "reading", "scoring", "setup", "entities")]
    code = (
        f"import sys, tachograph.cli.mlflow, {', '.join(modules)}\n"
        "print({'mlflow', 'pandas', 'sqlalchemy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"


def test_without_mlflow_the_way_to_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(TachographError) as missing:
        scorers()
    assert (missing.value.slug, missing.value.hint) == ("mlflow_missing", "pip install 'tachograph[mlflow]'")
