from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tachograph.app.expect.document import read_document
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.codex import CodexHome
from tests.unit.cli.running import Tacho, tacho

__all__ = ["tacho"]


@pytest.fixture
def log(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ClaudeLog:
    monkeypatch.chdir(tmp_path)
    made = ClaudeHome(home / ".claude").project().session().prompt("Fix the test.").shell("make test").response()
    made.write()
    return made


def ids(file: str) -> list[str]:
    return [case["id"] for case in read_document(Path(file).read_bytes(), file).value["test_cases"]]


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, answers: str) -> None:
    """Pretend that a person answers."""
    lines = iter(answers.splitlines())
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: next(lines))


def test_a_session_goes_all_the_way_to_a_check(tacho: Tacho, log: ClaudeLog) -> None:
    assert tacho("cases", "add", "--from", str(log.path)) == 0, tacho.err
    assert tacho.out.startswith("Candidate fix-the-test  in candidates.yaml\n")
    assert "expects   required_tools, tool_limits," in tacho.out

    assert tacho("cases", "promote", "fix-the-test") == 1
    assert tacho.err.startswith("tacho: Nothing was promoted: fix-the-test: nobody has reviewed it.\n")

    assert tacho("cases", "review", "fix-the-test", "--approve", "--by", "Ada", "--why", "good") == 0
    assert "\ndecided          by Ada on 2" in tacho.out
    assert ": good\n" in tacho.out

    assert tacho("cases", "promote", "--all") == 0
    assert tacho.out == "1 case moved into ground_truth.yaml: fix-the-test\n"
    assert (ids("candidates.yaml"), ids("ground_truth.yaml")) == ([], ["fix-the-test"])

    assert tacho("check", "--expect", "ground_truth.yaml") == 0, tacho.out + tacho.err


def test_candidates_are_listed(tacho: Tacho, log: ClaudeLog) -> None:
    tacho("cases", "add", "--from", str(log.path), "--id", "one")
    tacho("cases", "add", "--from", str(log.path), "--id", "two\x1b[31m")
    tacho("cases", "review", "one", "--reject", "--by", "Ada", "--why", "too tight")

    assert tacho("cases", "list") == 0
    lines = tacho.out.splitlines()
    assert lines[0] == "candidates.yaml  2 candidates"
    assert lines[2].split()[:3] == ["one", "rejected", "Ada,"]
    assert "\x1b" not in tacho.out
    assert tacho("cases", "list", "--json") == 0
    first, second = json.loads(tacho.out)["cases"]
    assert (first["status"], first["review"]["by"], first["agent"]) == ("rejected", "Ada", "claude_code")
    assert (second["id"], second["review"], second["prompt"]) == ("two\x1b[31m", None, "Fix the test.")


def test_without_a_terminal_nothing_is_asked(tacho: Tacho, log: ClaudeLog) -> None:
    tacho("cases", "add", "--from", str(log.path))
    before = Path("candidates.yaml").read_bytes()

    assert tacho("cases", "review") == 0
    assert "required_tools" in tacho.out
    assert "Bash" in tacho.out
    assert tacho("cases", "review", "--json") == 0
    assert [one["candidate"]["id"] for one in json.loads(tacho.out)["cases"]] == ["fix-the-test"]
    assert Path("candidates.yaml").read_bytes() == before


def test_each_step_names_the_next_one(tacho: Tacho, log: ClaudeLog) -> None:
    for id in ("one", "two"):
        tacho("cases", "add", "--from", str(log.path), "--id", id)
    decided = ["--by", "Ada", "--why", "so"]
    waits = "tacho cases review one with --approve or --reject, --by NAME and --why TEXT decides."
    for arguments, told in (
        (["one"], waits),
        (["one", "--approve", *decided], "tacho cases promote one moves it into the ground truth."),
    ):
        assert tacho("cases", "review", *arguments) == 0
        assert tacho.out.splitlines()[-2:] == ["", told]
    for arguments in (["two", "--reject", *decided], []):
        assert tacho("cases", "review", *arguments) == 0
        assert "tacho cases" not in tacho.out


def test_on_a_terminal_each_candidate_is_asked_about(
    tacho: Tacho, log: ClaudeLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    for id in ("one", "two", "three"):
        tacho("cases", "add", "--from", str(log.path), "--id", id)
    on_a_terminal(monkeypatch, "a\nAda\nas it should be\nr\nGrace\n\n  \ntoo tight\nl\n")

    assert tacho("cases", "review") == 0, tacho.err

    cases = read_document(Path("candidates.yaml").read_bytes(), "").value["test_cases"]
    assert [case["status"] for case in cases] == ["approved", "rejected", "candidate"]
    assert [(case["review"]["by"], case["review"]["why"]) for case in cases[:2]] == [
        ("Ada", "as it should be"), ("Grace", "too tight"),
    ]  # fmt: skip
    assert "review" not in cases[2]


def test_on_a_terminal_only_what_was_not_said_is_asked(
    tacho: Tacho, log: ClaudeLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    tacho("cases", "add", "--from", str(log.path), "--id", "one")
    on_a_terminal(monkeypatch, "a\n")

    assert tacho("cases", "review", "one", "--by", "Ada", "--why", "so") == 0, tacho.err

    (case,) = read_document(Path("candidates.yaml").read_bytes(), "").value["test_cases"]
    assert (case["review"]["by"], case["review"]["why"]) == ("Ada", "so")


@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_on_a_terminal_a_decision_without_a_reason_is_asked_for_one(
    tacho: Tacho, log: ClaudeLog, monkeypatch: pytest.MonkeyPatch, verdict: str
) -> None:
    tacho("cases", "add", "--from", str(log.path), "--id", "one")
    on_a_terminal(monkeypatch, "as it should be\n")

    assert tacho("cases", "review", "none", f"--{verdict}", "--by", "Ada") == 3  # before anything is asked
    assert tacho("cases", "review", "one", f"--{verdict}", "--by", "Ada") == 0, tacho.err

    assert ": as it should be\n" in tacho.out


@pytest.mark.parametrize("reason", [[], ["--why", " "]])
@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_without_a_reason_nothing_is_decided(tacho: Tacho, log: ClaudeLog, verdict: str, reason: list[str]) -> None:
    tacho("cases", "add", "--from", str(log.path), "--id", "one")
    before = Path("candidates.yaml").read_bytes()

    assert tacho("cases", "review", "one", f"--{verdict}", "--by", "Ada", *reason) == 2

    assert tacho.err == "tacho: A decision needs a reason.\nGive --why TEXT.\n"
    assert Path("candidates.yaml").read_bytes() == before


def test_a_person_who_leaves_decides_nothing(tacho: Tacho, log: ClaudeLog, monkeypatch: pytest.MonkeyPatch) -> None:
    tacho("cases", "add", "--from", str(log.path), "--id", "one")
    before = Path("candidates.yaml").read_bytes()
    on_a_terminal(monkeypatch, "")
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))

    assert tacho("cases", "review") == 130

    assert Path("candidates.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["review", "--approve"], 2, "Say which candidate is meant"),
        (["review", "none"], 3, "candidates.yaml has no case none."),
        (["promote"], 2, "Name the candidates, or give --all."),
        (["promote", "x", "--all"], 2, "Name the candidates, or give --all."),
        (["promote", "none"], 3, "candidates.yaml has no case none."),
        (["list", "--file", "no.yaml"], 3, "There is no file no.yaml."),
        (["list", "--file", "a", "--skill", "b"], 2, "Give --file or --skill, not both."),
        (["list", "--skill", "b"], 3, "No manifest.yaml or ground_truth.yaml of the skill b was found."),
        (["add", "--from", "nobody"], 3, "No session is called nobody"),
        (["add", "--from", "no.jsonl"], 3, "no.jsonl does not exist."),
        (["add", "--from", ".", "--margin", "much"], 2, "'much' is no margin."),
        (["record", "x", "--agent", "codex"], 3, "codex is not installed"),
    ],
)
def test_mistakes_are_told_with_their_exit_code(
    tacho: Tacho, log: ClaudeLog, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, said: str
) -> None:
    tacho("cases", "add", "--from", str(log.path))
    monkeypatch.setenv("PATH", "")

    assert tacho("cases", *arguments) == code
    assert said in tacho.err


def test_a_skills_candidates_lie_beside_its_ground_truth(tacho: Tacho, log: ClaudeLog) -> None:
    folder = Path("skills/demo/tests")
    folder.mkdir(parents=True)
    Path("skills/demo/manifest.yaml").write_text("name: demo\n")  # it expects nothing yet
    (folder / "ground_truth.yaml").write_text("test_cases:\n- id: old\n")

    assert tacho("cases", "add", "--from", str(log.path), "--skill", "demo") == 0, tacho.err
    decision = ["--approve", "--by", "Ada", "--why", "good"]
    assert tacho("cases", "review", "fix-the-test", *decision, "--skill", "demo") == 0, tacho.err
    assert tacho("cases", "promote", "--all", "--skill", "demo") == 0, tacho.err

    assert ids(str(folder / "ground_truth.yaml")) == ["old", "fix-the-test"]


def test_an_agent_is_run_and_its_session_becomes_a_candidate(
    tacho: Tacho, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    codex = CodexHome(home / ".codex")
    log = codex.session().turn().prompt("Fix the test.").shell("make test", "ok").answer()
    codex.write()
    program = tmp_path / "bin" / "codex"
    program.parent.mkdir()
    event = json.dumps({"type": "thread.started", "thread_id": log.id})
    program.write_text(f"#!{sys.executable}\nprint({event!r})\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.chdir(tmp_path)

    assert tacho("cases", "record", "Fix the test.", "--agent", "codex", "--id", "fix", "--json") == 0, tacho.err

    answer = json.loads(tacho.out)
    assert (answer["schema"], answer["id"], answer["session"]) == ("tachograph.cases_add/1", "fix", f"codex:{log.id}")
    (case,) = read_document(Path("candidates.yaml").read_bytes(), "").value["test_cases"]
    assert case["inputs"] == {"prompt": "Fix the test."}
    assert (case["metadata"]["session_id"], "trace_path" in case["metadata"]) == (f"codex:{log.id}", False)


def test_expectations_are_learnt_from_sessions(tacho: Tacho, log: ClaudeLog, home: Path) -> None:
    other = log.project.session()
    other.prompt("Fix it.").shell("make test").shell("make test", "boom", 1).response().write()

    assert tacho("expect", "learn", str(log.path), str(other.path)) == 0, tacho.err
    text = tacho.out
    assert "  Bash: 3 # observed: 1, 2 calls\n" in text
    assert tacho("expect", "learn", str(other.path), str(log.path), str(home / ".claude")) == 0
    assert tacho.out == text
    assert tacho("expect", "learn", str(log.path), str(other.path), "--margin", "0", "--json") == 0
    answer = json.loads(tacho.out)
    assert (answer["schema"], answer["sessions"], answer["margin"]) == ("tachograph.expect_learn/1", 2, 0)
    assert answer["expectations"]["tool_limits"] == {"Bash": 2}
    Path("learnt.yaml").write_text(text)
    assert tacho("check", str(log.path), str(other.path), "--expect", "learnt.yaml") == 0, tacho.out
    assert tacho("expect", "learn", "nobody") == 3


def test_what_a_log_that_is_gone_keeps_from_being_learnt_is_said_once(tacho: Tacho, log: ClaudeLog) -> None:
    tacho("ingest")
    tacho("expect", "learn", log.session_id)
    learnt, name = tacho.out, log.session_id[:8]
    assert tacho.err == ""
    log.path.unlink()

    assert tacho("expect", "learn", log.session_id, log.session_id) == 0

    assert tacho.err == (
        f"tacho: {name}: A log of it is gone, or is no longer the one that was read: whole commands, inputs and "
        "messages are not known.\n"
    )
    assert tacho.out == learnt.partition("\n# not learnt, a suggestion")[0] + learnt[learnt.index("\n# left out") :]
    assert tacho("expect", "learn", str(log.path)) == 3
    hint = "A session whose log is gone has its id still: tacho sessions lists it."
    assert tacho.err.endswith(f"{log.path.name} does not exist.\n{hint}\n")


def test_logs_that_cannot_be_read_are_left_out_and_named(tacho: Tacho, log: ClaudeLog, tmp_path: Path) -> None:
    (tmp_path / "odd.jsonl").write_text("{}\n")

    assert tacho("expect", "learn", str(log.path), "odd.jsonl") == 0
    assert "left out: " in tacho.err
    assert "odd.jsonl" in tacho.err
    assert tacho("expect", "learn", "odd.jsonl") == 3
