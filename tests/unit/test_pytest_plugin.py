"""The pytest plugin, in runs of pytest within this one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import tachograph.pytest_plugin._files  # noqa: F401 (a run within this one forgets what it was the first to import)
from tachograph import read_session
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, TachographError
from tachograph.mlflow import reading
from tachograph.pytest_plugin import assert_expectations
from tachograph.pytest_plugin._sessions import Sessions
from tachograph.pytest_plugin._telling import tell_failures
from tests.builders.checked import fault, report
from tests.builders.claude import ClaudeHome

pytest_plugins = ["pytester"]

BUILD = {"tool_limits": {"Bash": 1}, "category_limits": {"shell": 5}}
ID = "00000001-0304-4000-8000-000003040001"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The log of a session with two shell commands and no subagent."""
    session = ClaudeHome(tmp_path / "claude").project().session().prompt("Fix the build.")
    session.shell("npm run build").shell("sudo rm -rf build").response("All is done.")
    return session.write()


@pytest.fixture
def sessions() -> Sessions:
    return Sessions()


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess(
        "-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-W", "error", *arguments
    )


def write(pytester: pytest.Pytester, name: str, text: str) -> Path:
    path = pytester.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


# ------------------------------------------------------------------------------------------------ without a run


def test_it_is_there_without_any_configuration() -> None:
    (found,) = entry_points(group="pytest11", name="tachograph")
    assert found.value == "tachograph.pytest_plugin"


def test_unused_it_loads_nothing() -> None:
    code = (
        "import pathlib, sys, pytest; bare = set(sys.modules); import tachograph.pytest_plugin as plugin\n"
        "assert plugin.pytest_collect_file(pathlib.Path('test_site.py'), None) is None\n"
        "assert plugin.pytest_collect_file(pathlib.Path('expect.yaml'), None) is None\n"
        "print(*sorted(set(sys.modules) - bare))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["tachograph", "tachograph.pytest_plugin"]


def test_a_session_is_opened_by_path_and_by_name(sessions: Sessions, log: Path, home: Path) -> None:
    for target in (log, str(log), ID, ID[:8]):
        if target == ID:
            place = home / ".claude" / "projects" / "p" / log.name
            place.parent.mkdir(parents=True)
            place.write_bytes(log.read_bytes())
        recording = sessions.session(target)
        assert recording.main.session.id == f"claude_code:{ID}"
        assert [recording.command(call) for call in recording.calls] == ["npm run build", "sudo rm -rf build"]
        assert recording.said == "All is done."


def test_the_last_session(sessions: Sessions, home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    for day, project in (("20", "site"), ("21", "shop")):
        claude.project(f"/home/ada/{project}").session(f"2026-05-{day}T10:00:00Z").prompt().response()
    claude.write()
    assert sessions.last().main.session.project == "/home/ada/shop"
    assert sessions.last("/home/ada/site/src").main.session.project == "/home/ada/site"


def test_results_are_values(sessions: Sessions, log: Path) -> None:
    expected = [("tool_limits", "fail", "Bash: 2 > 1 (session)"), ("category_limits", "pass", "shell: 2 ≤ 5 (session)")]
    for session in (log, sessions.session(log), read_session(log)):
        results = sessions.check(session, BUILD)
        assert [(one.key, one.status, one.rationale) for one in results] == expected
    assert results[0].evidence[0].text == "sudo rm -rf build"


def test_what_a_bare_session_does_not_tell_is_unknown(sessions: Sessions, log: Path) -> None:
    expected = {"final_text": {"contains": "done"}}
    assert [one.status for one in sessions.check(log, expected)] == ["pass"]
    assert [one.status for one in sessions.check(read_session(log), expected)] == ["unknown"]


def test_expectations_come_from_a_file_or_one_of_its_cases(sessions: Sessions, log: Path, tmp_path: Path) -> None:
    own, cases = tmp_path / "build.yaml", tmp_path / "ground_truth.yaml"
    own.write_text("tool_limits: {Bash: 2}\n")
    cases.write_text(
        "test_cases:\n"
        "- {id: a, expectations: {tool_limits: {Bash: 1}}}\n"
        "- {id: b, expectations: {tool_limits: {Bash: 3}}}\n"
    )
    assert [one.rationale for one in sessions.check(log, own)] == ["Bash: 2 ≤ 2 (session)"]
    assert [one.rationale for one in sessions.check(log, str(cases), case="b")] == ["Bash: 2 ≤ 3 (session)"]
    with pytest.raises(TachographError, match="2 cases"):
        sessions.check(log, cases)
    with pytest.raises(NotFound, match="c"):
        sessions.check(log, cases, case="c")


def test_what_cannot_be_opened_says_what_to_do(sessions: Sessions, log: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"nowhere\.jsonl does not exist"):
        sessions.session("nowhere.jsonl")
    with pytest.raises(NotFound) as caught:
        sessions.session("1234")
    assert caught.value.__notes__ == ["tacho sessions lists them."]
    assert len(caught.traceback) == 2, "the test and the call, nothing below"
    again = log.with_name("00000002-0304-4000-8000-000003040002.jsonl")
    again.write_bytes(log.read_bytes().replace(ID.encode(), again.stem.encode()))
    with pytest.raises(TachographError, match="holds 2 sessions"):
        sessions.session(tmp_path / "claude")
    bad = tmp_path / "bad.jsonl"
    bad.write_text("no log\n")
    with pytest.raises(TachographError, match=r"bad\.jsonl"):
        sessions.session(bad)
    with pytest.raises(TachographError, match="unknown key 'tool_limts'"):
        sessions.check(log, {"tool_limts": {}})


def test_a_test_may_call_it_without_the_fixture(log: Path) -> None:
    assert_expectations(log, {"tool_limits": {"Bash": 2}, "tool_sequence": None})
    with pytest.raises(pytest.fail.Exception, match=r"tool_limits: Bash: 2 > 1 \(session\)"):
        assert_expectations(log, BUILD)


# -------------------------------------------------------------------------------------------------- within runs


def test_a_failure_can_be_read_at_a_glance(pytester: pytest.Pytester, log: Path) -> None:
    write(
        pytester,
        "test_site.py",
        f"""
        def test_build(tacho):
            tacho.assert_expectations({str(log)!r}, {{**{BUILD!r}, "final_text": {{"contains": "nothing"}}}})

        def test_gone(tacho):
            tacho.session("gone.jsonl")
        """.replace("\n        ", "\n"),
    )
    result = run(pytester)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "*_ test_build _*",
            "00000001: 2 of 3 checks failed",
            "Fix the build.",
            "✗ tool_limits: Bash: 2 > 1 (session)",
            "    2026-05-20 10:00:10 · Bash · sudo rm -rf build",
            "✗ final_text: *",
            "*_ test_gone _*",
            '>       tacho.session("gone.jsonl")',
            "E       tachograph.errors.NotFound: gone.jsonl does not exist.",
        ],
    )
    assert "_sessions.py" not in result.stdout.str()


def test_files_of_expectations_are_tests(pytester: pytest.Pytester, log: Path) -> None:
    write(pytester, "fine.expect.yaml", f"session: {log}\ntool_limits: {{Bash: 2}}\n")
    write(pytester, "sub/strict.expect.yml", f"session: {log}\ntool_limits: {{Bash: 1}}\n")
    write(pytester, "lost.expect.yaml", "tool_limits: {Bash: 1}\n")
    write(pytester, "other.yaml", "what: ever\n")
    result = run(pytester, "-v")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        [
            "fine.expect.yaml::fine PASSED *",
            "lost.expect.yaml::lost FAILED *",
            "sub/strict.expect.yml::strict FAILED *",
            "*_ expectations: lost _*",
            "lost names no session: add session: PATH_OR_ID at its top.",
            "*_ expectations: strict _*",
            "00000001: 1 of 1 check failed",
            "    2026-05-20 10:00:10 · Bash · sudo rm -rf build",
        ]
    )
    assert "Traceback" not in result.stdout.str()
    assert ".py:" not in result.stdout.str()


def test_every_case_is_a_test(pytester: pytest.Pytester, log: Path) -> None:
    (pytester.path / "log.jsonl").write_bytes(log.read_bytes())
    text = """
    test_cases:
      - {id: builds, expectations: {tool_limits: {Bash: 2}}, metadata: {trace_path: log.jsonl}}
      - {id: asks nothing, expectations: {tool_limits: null}, metadata: {trace_path: log.jsonl}}
      - {id: strict, expectations: {tool_limits: {Bash: 0}}, metadata: {trace_path: log.jsonl}}
      - {id: unknown, expectations: {tool_limits: {Bash: 0}}, metadata: {session_id: "1234"}}
      - {id: lost, expectations: {tool_limits: {Bash: 0}}}
    """
    write(pytester, "site.expect.yaml", text)
    result = run(pytester, "-rs")
    result.assert_outcomes(passed=1, skipped=1, failed=3)
    result.stdout.fnmatch_lines(
        [
            "*_ expectations: strict _*",
            "strict (00000001): 1 of 1 check failed",
            "unknown: No session is called 1234, or begins so",
            "lost names no session: add session_id or trace_path in its metadata.",
            "SKIPPED * asks nothing: nothing is expected",
        ]
    )
    run(pytester, "-k", "builds").assert_outcomes(passed=1, deselected=4)


def test_a_case_may_name_what_lies_in_mlflow(
    pytester: pytest.Pytester, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def open_mlflow(workspace: Workspace) -> Iterator[Callable[[str | None, str | None], str]]:
        yield lambda run, trace: {("run7", None): str(log)}[run, trace]

    monkeypatch.setattr(reading, "open_mlflow", open_mlflow)
    write(pytester, "a.expect.yaml", "metadata: {trace_run_id: run7}\ntool_limits: {Bash: 2}\n")
    run(pytester).assert_outcomes(passed=1)


def test_a_wrong_file_is_an_error_with_line_and_column(pytester: pytest.Pytester) -> None:
    write(pytester, "bad.expect.yaml", "tool_limts: {Bash: 1}\ncategory_limits: {shell: x}\n")
    write(pytester, "worse.expect.yaml", "a: [\n")
    result = run(pytester)
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(
        [
            "*bad.expect.yaml:1:1: unknown key 'tool_limts'",
            "Did you mean tool_limits?",
            "*bad.expect.yaml:2:26: category_limits.shell: expected a whole number, got text",
            "*worse.expect.yaml:2:1: *",
        ]
    )
    assert ".py:" not in result.stdout.str()


def test_log_text_cannot_steer_the_terminal(pytester: pytest.Pytester, tmp_path: Path) -> None:
    evil = "\x1b]0;title\x07 \u202e"
    session = ClaudeHome(tmp_path / "claude").project().session().prompt(f"Fix {evil}")
    path = session.tool(f"Evil{evil}", {"x": evil}, result=evil).response().write()
    write(pytester, "evil.expect.yaml", f'session: {path}\ntool_limits: {{"Evil*": 0}}\n')
    result = run(pytester, "--color=no")
    result.assert_outcomes(failed=1)
    assert not any(char in result.stdout.str() for char in "\x1b\x07\u202e")


def test_workers_of_xdist_share_the_work(pytester: pytest.Pytester, log: Path) -> None:
    write(pytester, "a.expect.yaml", f"session: {log}\ntool_limits: {{Bash: 2}}\n")
    write(pytester, "test_b.py", f"def test_b(tacho):\n    assert len(tacho.session({str(log)!r}).calls) == 2\n")
    done = pytester.runpytest_subprocess(
        "-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-W", "error", "-n", "2"
    )
    done.assert_outcomes(passed=2)
    done.stdout.fnmatch_lines(["*2 passed*"])


def test_it_can_be_switched_off(pytester: pytest.Pytester) -> None:
    write(pytester, "a.expect.yaml", "tool_limts: {}\n")
    run(pytester, "-p", "no:tachograph").assert_outcomes()


@pytest.mark.parametrize(
    ("name", "reason", "told"),
    [
        ("deploys", "no session is called 12", "deploys: no session is called 12"),
        ("/logs/a.jsonl", "/logs/a.jsonl does not exist", "/logs/a.jsonl does not exist"),
    ],
)
def test_what_could_not_be_checked_is_named_once(name: str, reason: str, told: str) -> None:
    assert tell_failures(report(fault(name, reason))) == told
