"""``tacho check`` from the command line: targets, exit codes, and what is written."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tachograph.app.workspace import Workspace
from tachograph.warehouse.store import warehouse_file
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.unit.cli.running import Tacho, assert_valid, tacho

__all__ = ["tacho"]


@pytest.fixture
def claude(home: Path) -> ClaudeHome:
    return ClaudeHome(home / ".claude")


@pytest.fixture
def log(claude: ClaudeHome) -> ClaudeLog:
    made = claude.project("/home/ada/site").session().prompt("Build it.").shell("make").shell("sudo rm -fr build")
    claude.write()
    return made


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where one stands."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, text: str, name: str = "a.expect.yaml") -> str:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return name


GOOD = "tool_limits: {Bash: 2}\n"
BAD = 'banned_commands: ["rm -rf"]\n'


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        (GOOD, [], 0),
        (BAD, [], 1),
        ("tool_limits: {}\n", [], 0),
        ("tool_limits: {}\n", ["--fail-on", "skip"], 1),
        ("tool_limit: {Bash: 2}\n", [], 4),
        ("tool_limits: [\n", [], 4),
        ("", [], 4),
    ],
)
def test_the_exit_code_says_how_it_went(tacho: Tacho, log, folder, text, options, code):
    assert tacho("check", str(log.path), "--expect", write(folder, text), *options) == code, tacho.err


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["nowhere.jsonl", "--expect", "a.expect.yaml"], 3, "nowhere.jsonl does not exist."),
        (["ffffffff", "--expect", "a.expect.yaml"], 3, "No session is called ffffffff"),
        (["LOG", "--expect", "b.yaml"], 3, "b.yaml"),
        (["LOG", "--expect", "a.expect.yaml", "--case", "x"], 3, "no case x"),
        (["LOG", "--skill", "nothing"], 3, "of the skill nothing was found"),
        (["LOG"], 2, "Say what to expect"),
        (["LOG", "--expect", "a.expect.yaml", "--skill", "x"], 2, "Say what to expect"),
        (["--expect", "a.expect.yaml"], 2, "names none"),
        (["LOG", "--expect", "a.expect.yaml", "--project", "."], 2, "--project goes with --last"),
        (["LOG", "--expect", "a.expect.yaml", "--fail-on", "never"], 2, "never"),
        (["LOG", "--expect", "a.expect.yaml", "--experiment", "x"], 2, "go with --mlflow-run"),
        (["--mlflow-trace", "tr-1", "--tracking-uri", "sqlite:///no.db", "--expect", "a.expect.yaml"], 3, "no.db"),
        (["LOG", "--expect", "a.expect.yaml", "--junit", "no/such/folder.xml"], 4, "cannot be written"),
        (["LOG", "--expect", "a.expect.yaml", "--markdown", "-", "--json"], 2, "can go to stdout"),
        (["LOG", "--expect", "a.expect.yaml", "--markdown", "-", "--junit", "-"], 2, "can go to stdout"),
    ],
)
def test_what_goes_wrong_is_said_in_a_sentence(tacho: Tacho, log, folder, arguments, code, told):
    write(folder, GOOD)
    assert tacho("check", *(str(log.path) if one == "LOG" else one for one in arguments)) == code
    assert told in tacho.err
    assert "Traceback" not in tacho.err


def test_json_agrees_with_its_schema(tacho: Tacho, log, folder):
    assert tacho("check", str(log.path), "--expect", write(folder, BAD), "--json") == 1
    answer = json.loads(tacho.out)
    assert_valid("check", answer)
    assert (answer["schema"], answer["passed"]) == ("tachograph.check/1", False)
    (session,) = answer["sessions"]
    (result,) = session["results"]
    assert (result["key"], result["status"]) == ("banned_commands", "fail")
    assert [one["text"] for one in result["evidence"]] == ["sudo rm -fr build"]


def test_reports_are_written_beside_what_is_shown(tacho: Tacho, log, folder):
    assert tacho("check", str(log.path), "--expect", write(folder, BAD), "--junit", "j.xml", "--markdown", "m.md") == 1
    suites = ElementTree.parse(folder / "j.xml").getroot()
    assert [case.get("name") for case in suites.iter("testcase")] == ["banned_commands"]
    assert len(list(suites.iter("failure"))) == 1
    assert "banned\\_commands" in (folder / "m.md").read_text() or "banned_commands" in (folder / "m.md").read_text()
    assert "banned_commands" in tacho.out


def test_markdown_can_be_what_is_shown(tacho: Tacho, log, folder):
    assert tacho("check", str(log.path), "--expect", write(folder, GOOD), "--markdown", "-") == 0
    assert tacho.out.startswith("#")


def test_junit_can_be_what_is_shown(tacho: Tacho, log, folder):
    assert tacho("check", str(log.path), "--expect", write(folder, GOOD), "--junit", "-") == 0
    assert [case.get("name") for case in ElementTree.fromstring(tacho.out.encode()).iter("testcase")] == ["tool_limits"]
    assert not (folder / "-").exists()


def test_of_several_errors_the_first_is_told_and_where_the_others_are(tacho: Tacho, log, folder):
    file = write(folder, "tool_limts: {Bash: 2}\nmax_turns: few\nscope: all\n")
    assert tacho("check", str(log.path), "--expect", file) == 4
    assert tacho.err == (
        "tacho: a.expect.yaml:1:1: unknown key 'tool_limts'\n"
        "Did you mean tool_limits?\n"
        "2 more errors: tacho expect lint shows all.\n"
    )


@pytest.mark.parametrize("targets", [["LOG"], [], ["LOG", "--case", "one"], ["--case", "one"]])
def test_what_the_choice_of_scorers_leaves_out_is_told(tacho: Tacho, log, folder, targets):
    write(folder, "scorers: {enabled: [tool_count]}\ntrace_expectations: {banned_tools: [make]}\n", "manifest.yaml")
    case = f"{{id: one, expectations: {{tool_limits: {{Bash: 2}}}}, metadata: {{trace_path: {log.path}}}}}"
    write(folder, f"scorers: {{enabled: [tool_count]}}\ntest_cases: [{case}]\n", "ground_truth.yaml")
    arguments = [str(log.path) if one == "LOG" else one for one in targets]
    assert tacho("check", *arguments, "--expect", "ground_truth.yaml", "--json") == 0, tacho.err
    assert json.loads(tacho.out)["not_chosen"] == ["banned_tools"]
    assert tacho("check", *arguments, "--expect", "ground_truth.yaml") == 0
    told = "asked for, but not checked, because the scorers that are named do not include it: banned_tools"
    assert told in " ".join(tacho.out.split())


def test_files_are_checked_without_a_warehouse(tacho: Tacho, log, folder):
    assert tacho("check", str(log.path.parent), "--expect", write(folder, GOOD)) == 0
    assert not warehouse_file(Workspace().folder).exists()


def test_the_last_session_of_a_project(tacho: Tacho, claude, log, folder):
    claude.project("/home/ada/tools").session("2027-01-01T00:00:00Z").prompt().shell("a").shell("b").shell("c")
    claude.write()
    file = write(folder, GOOD)
    assert tacho("check", "--last", "--project", "/home/ada/site/src", "--expect", file) == 0, tacho.err
    assert tacho("check", "--last", "--expect", file) == 1


def test_a_skill_is_found_from_within_its_repository(tacho: Tacho, log, folder, monkeypatch):
    (folder / ".git").mkdir()
    write(folder, "trace_expectations: {max_turns: 1}\n", ".claude/skills/build/manifest.yaml")
    asked = "expectations: {tool_limits: {Bash: 1}}"
    truth = f"test_cases:\n  - id: a\n    {asked}\n    metadata: {{trace_path: {log.path}}}\n"
    write(folder, truth, ".claude/skills/build/ground_truth.yaml")
    (folder / "deep" / "down").mkdir(parents=True)
    monkeypatch.chdir(folder / "deep" / "down")
    assert tacho("check", "--skill", "build", "--json") == 1
    answer = json.loads(tacho.out)
    assert [(one["case"], [each["key"] for each in one["results"]]) for one in answer["sessions"]] == [
        ("a", ["max_turns", "tool_limits"])
    ]


def test_a_case_whose_session_is_missing_fails_and_the_others_are_told(tacho: Tacho, log, folder):
    case = "  - id: {}\n    expectations: {{max_turns: 1}}\n    metadata: {{trace_path: {}}}\n"
    text = "test_cases:\n" + case.format("here", log.path) + case.format("gone", "gone.jsonl")
    assert tacho("check", "--expect", write(folder, text, "ground_truth.yaml"), "--json") == 3
    answer = json.loads(tacho.out)
    assert [(one["case"], bool(one["fault"])) for one in answer["sessions"]] == [("here", False), ("gone", True)]


def test_an_unreadable_log_among_others_is_an_error_of_its_own(tacho: Tacho, log, folder):
    write(folder, '{"x": 1}\n', "broken.jsonl")
    assert tacho("check", str(log.path), "broken.jsonl", "--expect", write(folder, GOOD)) == 4
    assert "no line belongs to a session (not checked)" in tacho.err
    assert tacho("check", str(log.path), "broken.jsonl", "--expect", write(folder, BAD)) == 1


def test_a_folder_without_sessions_beside_a_good_log_is_missing(tacho: Tacho, log, folder):
    (folder / "empty").mkdir()
    assert tacho("check", str(log.path), "empty", "--expect", write(folder, GOOD), "--json") == 3
    answer = json.loads(tacho.out)
    assert [(bool(one["session"]), one["fault"]) for one in answer["sessions"]] == [
        (True, ""),
        (False, "no agent's log is in it"),
    ]
    assert tacho("check", str(log.path), "empty", "--expect", write(folder, BAD)) == 1


def test_hostile_texts_of_logs_stay_texts(tacho: Tacho, claude, folder):
    log = (
        claude.project()
        .session()
        .prompt("\x1b]0;owned\x07 <script>")
        .shell("rm -rf '\x1b[2J' @everyone ![x](http://x)")
    )
    assert tacho("check", str(log.write()), "--expect", write(folder, BAD)) == 1
    assert "\x1b" not in tacho.out
    assert tacho("check", str(log.path), "--expect", "a.expect.yaml", "--markdown", "-") == 1
    assert "\x1b" not in tacho.out
    prose = re.sub(r"^```.*?^```$|`[^`\n]*`", "", tacho.out, flags=re.DOTALL | re.MULTILINE)
    assert "<script>" not in prose
    assert "](http" not in prose
