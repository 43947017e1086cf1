"""Results of checks as feedback on traces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, UsageError
from tachograph.mlflow.entities import Assessed
from tachograph.mlflow.store import Store
from tachograph.mlflow.writing import Checked
from tests.builders.claude import ClaudeLog
from tests.unit.mlflow.logging_sessions import one_session, put

TRUTH = """
test_cases:
  - id: strict
    expectations: {tool_limits: {Bash: 1}, required_tools: [Bash], category_limits: {}}
  - id: kind
    expectations: {tool_limits: {Bash: 5}, required_tools: [Read]}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    def tell(log: ClaudeLog) -> None:
        log.prompt("Go.").shell("make", "ok").shell("make test", "ok").response("Done.")

    (tmp_path / "ground_truth.yaml").write_text(TRUTH)
    return one_session(tmp_path / "logs", tell)


def feedback(store: Store, trace: str | None) -> dict[str, tuple[Any, ...]]:
    """(value, rationale, status, case, source) of all feedback, by name."""
    found = store._traces.get_trace_info(trace).assessments
    assert len({one.name for one in found}) == len(found)
    return {
        one.name: (
            one.feedback.value,
            one.rationale,
            (one.metadata or {}).get("tacho.status"),
            (one.metadata or {}).get("tacho.case"),
            f"{one.source.source_type} {one.source.source_id}",
        )
        for one in found
    }


def test_results_become_feedback(workspace: Workspace, uri: str, store: Store, path: Path, tmp_path: Path) -> None:
    (one,) = put(workspace, uri, path, expectations=tmp_path / "ground_truth.yaml", case="strict").sessions
    assert one.checks == Checked(yes=1, no=1, skip=1, added=3)
    assert feedback(store, one.trace) == {
        "tool_limits": ("no", "Bash: 2 > 1 (session)", "fail", "strict", "CODE tachograph"),
        "required_tools": ("yes", feedback(store, one.trace)["required_tools"][1], "pass", "strict", "CODE tachograph"),
        "category_limits": ("skip", "nothing is expected", "skip", "strict", "CODE tachograph"),
    }


def test_the_same_results_again_change_nothing(workspace: Workspace, uri: str, path: Path, tmp_path: Path) -> None:
    file = tmp_path / "ground_truth.yaml"
    put(workspace, uri, path, expectations=file, case="strict")
    (one,) = put(workspace, uri, path, expectations=file, case="strict").sessions
    assert (one.outcome, one.checks) == ("unchanged", Checked(yes=1, no=1, skip=1, unchanged=3))


def test_other_results_take_the_place_of_the_former_ones(
    workspace: Workspace, uri: str, store: Store, path: Path, tmp_path: Path
) -> None:
    file = tmp_path / "ground_truth.yaml"
    put(workspace, uri, path, expectations=file, case="strict")
    (one,) = put(workspace, uri, path, expectations=file, case="kind").sessions
    assert one.checks == Checked(yes=1, no=1, changed=2)
    told = feedback(store, one.trace)
    assert [(name, *told[name][:1], told[name][3]) for name in sorted(told)] == [
        ("category_limits", "skip", "strict"),
        ("required_tools", "no", "kind"),
        ("tool_limits", "yes", "kind"),
    ]


def test_feedback_of_others_is_left_alone(
    workspace: Workspace, uri: str, store: Store, path: Path, tmp_path: Path
) -> None:
    from mlflow.entities import AssessmentSource, Feedback

    (one,) = put(workspace, uri, path).sessions
    theirs = Feedback(name="tool_limits", value="no", source=AssessmentSource("HUMAN", "ada"), rationale="Too many.")
    store._traces.log_assessment(one.trace, theirs)
    put(workspace, uri, path, expectations=tmp_path / "ground_truth.yaml", case="kind")
    values = sorted(
        (info.source.source_id, info.feedback.value)
        for info in store._traces.get_trace_info(one.trace).assessments
        if info.name == "tool_limits"
    )
    assert values == [("ada", "no"), ("tachograph", "yes")]


def test_what_an_evaluation_said_is_left_alone(
    workspace: Workspace, uri: str, store: Store, path: Path, tmp_path: Path
) -> None:
    """Our scorers give feedback from the same source, which belongs to the evaluation's run."""
    from mlflow.entities import AssessmentSource, Feedback

    (one,) = put(workspace, uri, path).sessions
    run = {"mlflow.assessment.sourceRunId": "0" * 32}
    for _ in range(2):
        scored = Feedback(name="tool_limits", value="no", source=AssessmentSource("CODE", "tachograph"), metadata=run)
        store._traces.log_assessment(one.trace, scored)
    put(workspace, uri, path, expectations=tmp_path / "ground_truth.yaml", case="kind")
    values = [
        (info.feedback.value, "mlflow.assessment.sourceRunId" in info.metadata)
        for info in store._traces.get_trace_info(one.trace).assessments
        if info.name == "tool_limits"
    ]
    assert sorted(values) == [("no", True), ("no", True), ("yes", False)]


def test_what_two_processes_add_at_once_is_there_once(
    workspace: Workspace, uri: str, store: Store, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = put(workspace, uri, path).sessions
    assert one.trace is not None
    results = [Assessed("tool_limits", "no", "Bash: 2 > 1", {}), Assessed("max_turns", "yes", "1 of 3", {})]
    held, looked = store._held, list[str]()

    def meanwhile(trace: str) -> dict[str, Any]:
        told = held(trace)
        if not looked:  # nothing is there yet: now the other process adds the same
            looked.append(trace)
            Store(uri).assess(trace, results)
        return told

    monkeypatch.setattr(store, "_held", meanwhile)
    assert store.assess(one.trace, results) == (2, 0, 0)
    assert sorted(info.name for info in store._traces.get_trace_info(one.trace).assessments) == [
        "max_turns", "tool_limits"
    ]  # fmt: skip
    assert store.assess(one.trace, results) == (0, 0, 2)


def test_what_is_not_known_is_a_no(
    workspace: Workspace, uri: str, store: Store, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log is gone, so no check can say that a command was not run."""
    from tachograph.app.ingest import ingest

    file = tmp_path / "expect.yaml"
    file.write_text("banned_commands: [pytest]\n")
    ingest(workspace, path=path)
    path.unlink()
    (one,) = put(workspace, uri, path.stem, expectations=file, update=False).sessions
    assert one.checks == Checked(no=1, added=1)
    assert feedback(store, one.trace)["banned_commands"][::2] == ("no", "unknown", "CODE tachograph")


def test_a_dry_run_checks_all_the_same(workspace: Workspace, path: Path, tmp_path: Path) -> None:
    file = tmp_path / "ground_truth.yaml"
    (one,) = put(workspace, "sqlite:///none", path, expectations=file, case="strict", dry_run=True).sessions
    assert one.checks == Checked(yes=1, no=1, skip=1)


def test_which_case_has_to_be_clear(workspace: Workspace, uri: str, path: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        put(workspace, uri, path, expectations=tmp_path / "ground_truth.yaml")
    with pytest.raises(NotFound):
        put(workspace, uri, path, expectations=tmp_path / "ground_truth.yaml", case="none")
