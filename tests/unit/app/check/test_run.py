"""Checking what was named, or what the cases name: whose expectations hold, and what a missing session means."""

from __future__ import annotations

from pathlib import Path

import pytest

from tachograph.app.check.recordings import OpenedRecording, record_session
from tachograph.app.check.run import Checking, check_sessions
from tachograph.app.expect.cases import Case
from tachograph.app.expect.forms import load_expectation_file
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, UsageError
from tachograph.model import CheckReport
from tachograph.redaction import default_cleaner
from tachograph.settings import Settings
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.session import play

GROUND_TRUTH = """
test_cases:
  - id: quick
    expectations: {tool_limits: {Bash: 1}}
    metadata: {session_id: "%(first)s"}
  - id: careful
    expectations: {banned_commands: ["rm -rf"]}
    metadata: {trace_path: "%(path)s"}
  - id: lost
    expectations: {max_turns: 1}
    metadata: {session_id: ffffffff}
"""


@pytest.fixture
def workspace(home: Path) -> Workspace:
    return Workspace(home / "tachograph", Settings())


@pytest.fixture
def logs(home: Path) -> tuple[ClaudeLog, ClaudeLog]:
    claude = ClaudeHome(home / ".claude")
    first = claude.project().session().prompt("One.").shell("ls").shell("pwd").response("Done.")
    second = claude.project().session().prompt("Two.").shell("sudo rm -fr build").response("Done.")
    claude.write()
    return first, second


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def check(workspace: Workspace, file: Path, *targets: object, **options) -> CheckReport:
    checking = Checking(file=load_expectation_file(file), targets=tuple(map(str, targets)), **options)
    return check_sessions(workspace, checking, note=lambda _: None)


def summary(report: CheckReport) -> list[tuple[str | None, list[tuple[str, str]], str]]:
    return [(one.case, [(each.key, each.status) for each in one.results], one.fault) for one in report.sessions]


def test_every_target_is_held_against_the_same_expectations(workspace, logs, tmp_path):
    file = write(tmp_path, "a.yaml", "tool_limits: {Bash: 1}\nbanned_commands: [rm -rf]\n")
    report = check(workspace, file, logs[0].path, logs[1].session_id)
    assert summary(report) == [
        (None, [("tool_limits", "fail"), ("banned_commands", "pass")], ""),
        (None, [("tool_limits", "pass"), ("banned_commands", "fail")], ""),
    ]
    assert [one.results[0].rationale for one in report.sessions] == ["Bash: 2 > 1 (session)", "Bash: 1 ≤ 1 (session)"]
    assert [(one.session, one.title, one.complete) for one in report.sessions] == [
        (f"claude_code:{logs[0].session_id}", "One.", True),
        (f"claude_code:{logs[1].session_id}", "Two.", True),
    ]
    assert not report.passed


def test_each_case_is_checked_on_the_session_that_it_names(workspace, logs, tmp_path):
    text = GROUND_TRUTH % {"first": logs[0].session_id, "path": logs[1].path}
    report = check(workspace, write(tmp_path, "ground_truth.yaml", text))
    assert summary(report) == [
        ("quick", [("tool_limits", "fail")], ""),
        ("careful", [("banned_commands", "fail")], ""),
        ("lost", [], "No session is called ffffffff, or begins so"),
    ]


def test_one_case_alone(workspace, logs, tmp_path):
    text = GROUND_TRUTH % {"first": logs[0].session_id, "path": logs[1].path}
    file = write(tmp_path, "ground_truth.yaml", text)
    assert summary(check(workspace, file, case="careful")) == [("careful", [("banned_commands", "fail")], "")]
    with pytest.raises(NotFound, match="no case nowhere"):
        check(workspace, file, case="nowhere")


def test_a_cases_expectations_for_a_session_that_is_named(workspace, logs, tmp_path):
    text = GROUND_TRUTH % {"first": logs[0].session_id, "path": logs[1].path}
    file = write(tmp_path, "ground_truth.yaml", text)
    assert summary(check(workspace, file, logs[1].path, case="quick")) == [("quick", [("tool_limits", "pass")], "")]
    with pytest.raises(UsageError, match="holds 3 cases and asks nothing of all sessions"):
        check(workspace, file, logs[1].path)


def test_what_the_manifest_asks_holds_for_any_session(workspace, logs, tmp_path):
    write(tmp_path, "manifest.yaml", "trace_expectations: {max_turns: 1}\n")
    text = GROUND_TRUTH % {"first": logs[0].session_id, "path": logs[1].path}
    report = check(workspace, write(tmp_path, "ground_truth.yaml", text), logs[1].path)
    assert summary(report) == [(None, [("max_turns", "pass")], "")]


def test_a_file_that_names_no_session_needs_one(workspace, tmp_path):
    with pytest.raises(UsageError, match="names none"):
        check(workspace, write(tmp_path, "a.yaml", "max_turns: 1\n"))


def test_a_file_may_name_its_session(workspace, logs, tmp_path):
    file = write(tmp_path, "a.yaml", f"session: {logs[0].path}\nmax_turns: 1\n")
    assert summary(check(workspace, file)) == [(None, [("max_turns", "pass")], "")]


def test_an_empty_folder_matches_nothing(workspace, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotFound, match="no session in what was named") as caught:
        check(workspace, write(tmp_path, "a.yaml", "max_turns: 1\n"), tmp_path / "empty")
    assert caught.value.hint == f"{tmp_path / 'empty'}: no agent's log is in it."


def test_a_log_that_cannot_be_read_hides_no_other(workspace, logs, tmp_path):
    broken = write(tmp_path, "broken.jsonl", '{"x": 1}\n')
    report = check(workspace, write(tmp_path, "a.yaml", "max_turns: 1\n"), broken, logs[0].path)
    assert summary(report) == [(None, [("max_turns", "pass")], "")]
    assert report.unreadable == (f"{broken}: no line belongs to a session",)
    assert not report.passed


def test_a_session_that_never_ended_is_checked_and_marked(workspace, logs, home, tmp_path):
    log = ClaudeHome(home / "other").project().session().prompt("Go.").call("Bash", {"command": "make"})
    (one,) = check(workspace, write(tmp_path, "a.yaml", "tool_limits: {Bash: 1}\n"), log.write()).sessions
    assert (one.complete, one.results[0].status) == (False, "pass")


def test_skips_fail_only_when_asked(workspace, logs, tmp_path):
    file = write(
        tmp_path,
        "manifest.yaml",
        "trace_scorers: [tool_count, token_budget]\ntrace_expectations: {tool_limits: {Bash: 9}}\n",
    )
    lax = check(workspace, file, logs[0].path)
    strict = check(workspace, file, logs[0].path, fail_on="skip")
    assert summary(lax) == summary(strict) == [(None, [("tool_limits", "pass"), ("token_budget", "skip")], "")]
    assert (lax.passed, strict.passed) == (True, False)


def test_recordings_that_are_open_already_are_checked_too(workspace, tmp_path):
    opened = OpenedRecording("tr-1", "abc", "From elsewhere", record_session(play(), default_cleaner()))
    (one,) = check(workspace, write(tmp_path, "a.yaml", "max_turns: 1\n"), recordings=(opened,)).sessions
    assert (one.source, one.name, one.title) == ("tr-1", "abc", "From elsewhere")


@pytest.mark.parametrize("kind", ["run", "trace"])
def test_what_a_case_names_in_mlflow_is_fetched(workspace, logs, tmp_path, kind):
    key = {"run": "trace_run_id", "trace": "trace_id"}[kind]
    text = f"test_cases:\n  - id: a\n    expectations: {{max_turns: 1}}\n    metadata: {{{key}: abc123}}\n"
    file = write(tmp_path, "ground_truth.yaml", text)
    asked: list[tuple[str | None, str | None]] = []

    def fetch(case: Case) -> str:
        asked.append((case.mlflow_run, case.mlflow_trace))
        return str(logs[0].path)

    assert summary(check(workspace, file, fetch=fetch)) == [("a", [("max_turns", "pass")], "")]
    assert asked == [("abc123", None) if kind == "run" else (None, "abc123")]
    assert summary(check(workspace, file)) == [("a", [], "it names an MLflow run or trace, which cannot be read here")]


def test_what_is_shown_of_targets_is_redacted(workspace, logs, tmp_path, home):
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    (home / secret).mkdir()
    copy = home / secret / "a.jsonl"
    copy.write_bytes(logs[0].path.read_bytes())
    report = check(workspace, write(tmp_path, "a.yaml", "max_turns: 1\n"), copy)
    assert secret not in str(report)
