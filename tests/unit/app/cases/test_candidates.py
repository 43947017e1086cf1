"""A session becomes a candidate, a person decides on it, and what is approved becomes part of the ground truth."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tachograph.app.cases.add import AddedCase, NewCase, add_case
from tachograph.app.cases.candidate import hash_content, list_candidates, make_id, read_candidate
from tachograph.app.cases.promote import Waiting, promote
from tachograph.app.cases.review import Decision, Verdict, decide, default_reviewer, show_candidates
from tachograph.app.expect.document import read_document
from tachograph.app.expect.errors import ExpectationError
from tachograph.app.expect.forms import load_expectation_file
from tachograph.app.expect.yaml_text import write_scalar
from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, TachographError, UsageError
from tachograph.settings import Settings
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.secrets import ALNUM, draw

TODAY = date(2026, 11, 21)
TRUTH = "# ours\ntest_cases:\n  - id: 'old'   # kept\n    inputs: {prompt: x}\n\nother:   1\n"


@pytest.fixture
def workspace(home: Path) -> Workspace:
    return Workspace(home / "tachograph", Settings())


@pytest.fixture
def claude(home: Path) -> ClaudeHome:
    return ClaudeHome(home / ".claude")


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "candidates.yaml"


def session(
    claude: ClaudeHome, prompt: str = "Fix the failing test, please.\n\n# and then rest", **options: Any
) -> ClaudeLog:
    log = claude.project().session(**options).slash("/clear").prompt(prompt)
    log.read("/home/ada/site/a.py", "x = 1\n").edit("/home/ada/site/a.py", "x = 1", "x = 2").shell("make test", "ok")
    log.response("Fixed.").write()
    return log


def add(workspace: Workspace, source: object, file: Path, notes: list[str] | None = None, **given: Any) -> AddedCase:
    new = NewCase(**{"file": file, "margin": Decimal("0.2"), "created": TODAY, **given})
    return add_case(workspace, str(source), new, note=(notes if notes is not None else []).append)


def cases_in(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read_document(path.read_bytes(), path.name).value["test_cases"]
    return found


def say(path: Path, id: str, verdict: Verdict = "approved", by: str = "Ada", why: str = "as it should be") -> None:
    decide(path, id, Decision(verdict, by, why, TODAY))


# ----------------------------------------------------------------------------------------------------------- add


def test_a_log_becomes_a_candidate(workspace: Workspace, claude: ClaudeHome, file: Path, notes: list[str]) -> None:
    log = session(claude)

    added = add(workspace, log.path, file, notes)

    assert (added.id, added.session) == ("fix-the-failing-test-please-and-then-rest", f"claude_code:{log.session_id}")
    (case,) = cases_in(file)
    assert case["status"] == "candidate"
    assert case["inputs"] == {"prompt": "Fix the failing test, please.\n\n# and then rest"}
    assert case["expectations"]["required_tools"] == ["Bash", "Edit", "Read"]
    assert case["expectations"]["tool_limits"] == {"Bash": 2, "Edit": 2, "Read": 2}
    assert case["expectations"]["expected_files"] == ["a.py"]
    assert "banned_commands" not in case["expectations"]
    assert case["metadata"] == {
        "session_id": f"claude_code:{log.session_id}",
        "agent": "claude_code",
        "trace_path": str(log.path),
        "source": "tacho",
        "created": "2026-11-21",
    }
    text = file.read_text()
    assert text.startswith("# Candidate test cases. tacho cases review decides on each")
    assert "      prompt: |-\n        Fix the failing test, please.\n\n        # and then rest\n" in text
    assert "        Bash: 2 # observed: 1 call\n" in text
    assert notes == []


def test_its_own_session_passes_the_candidate(workspace: Workspace, claude: ClaudeHome, file: Path) -> None:
    from tachograph.analysis.expectations import run_checks
    from tachograph.app.check.recordings import open_recordings
    from tachograph.app.expect.learn import LEARNING_TEXTS

    log = session(claude)
    add(workspace, log.path, file)

    (case,) = load_expectation_file(file).cases
    with open_recordings(workspace, [str(case.target)], LEARNING_TEXTS) as found:
        (one,) = found
        assert {result.status for result in run_checks(case.expectations, one.recording)} == {"pass"}


def test_a_session_of_the_warehouse_is_named_by_its_id(workspace: Workspace, claude: ClaudeHome, file: Path) -> None:
    log = session(claude)
    ingest(workspace)

    add(workspace, log.session_id, file, id="fix", mlflow_trace="tr-1")

    (case,) = cases_in(file)
    assert case["id"] == "fix"
    assert case["inputs"]["prompt"].startswith("Fix the failing test")
    assert case["metadata"]["trace_id"] == "tr-1"
    assert "trace_path" not in case["metadata"]


def test_a_log_below_the_files_folder_is_named_relative_to_it(
    workspace: Workspace, claude: ClaudeHome, tmp_path: Path
) -> None:
    log = session(claude)
    kept = tmp_path / "logs" / log.path.name
    kept.parent.mkdir()
    kept.write_bytes(log.content())

    add(workspace, kept, tmp_path / "candidates.yaml")

    assert cases_in(tmp_path / "candidates.yaml")[0]["metadata"]["trace_path"] == f"logs/{log.path.name}"


def test_secrets_of_the_prompt_stay_out(workspace: Workspace, claude: ClaudeHome, file: Path) -> None:
    secret = "ghp_" + draw(random.Random(1), ALNUM, 36)
    log = session(claude, f"Use {secret} to push.")

    add(workspace, log.path, file)

    assert secret not in file.read_text()
    assert "[redacted:" in cases_in(file)[0]["inputs"]["prompt"]


def test_the_prompt_is_whole_however_long(workspace: Workspace, claude: ClaudeHome, file: Path) -> None:
    prompt = "\n".join(f"Line {number} of a long order." for number in range(900))
    add(workspace, session(claude, prompt).path, file)

    assert cases_in(file)[0]["inputs"]["prompt"] == prompt


@pytest.mark.parametrize("text", ["x" * 30_000, "\x07" * 7_500, "a line\n" * 4_000])
def test_a_prompt_that_is_too_long_is_left_out_and_not_cut(
    workspace: Workspace, claude: ClaudeHome, file: Path, notes: list[str], text: str
) -> None:
    added = add(workspace, session(claude, text).path, file, notes)

    assert added.prompt == ""
    assert notes == [
        "The candidate is without the session's prompt: it is too long for such a file. Write one into the file."
    ]


def test_a_prompt_that_is_not_known_is_left_out_and_said(
    workspace: Workspace, claude: ClaudeHome, file: Path, notes: list[str]
) -> None:
    log = session(claude)
    ingest(workspace)
    log.path.unlink()

    added = add(workspace, log.session_id, file, notes)

    assert (added.id, added.prompt) == ("case", "")
    assert notes == [
        f"{log.session_id[:8]}: A log of it is gone, or is no longer the one that was read: whole commands, inputs and "
        "messages are not known.",
        "The candidate is without the session's prompt: its log is gone. Write one into the file.",
    ]


def test_a_setting_that_keeps_texts_out_keeps_the_prompt_out(
    home: Path, claude: ClaudeHome, file: Path, notes: list[str]
) -> None:
    add(Workspace(home / "tachograph", Settings(store_text="none")), session(claude).path, file, notes)

    assert cases_in(file)[0]["inputs"] == {"prompt": ""}
    assert "store.text keeps texts out" in notes[0]


def test_every_case_has_an_id_of_its_own(workspace: Workspace, claude: ClaudeHome, file: Path) -> None:
    log = session(claude, "Old?")
    (file.parent / "ground_truth.yaml").write_text(TRUTH)

    ids = [add(workspace, log.path, file).id for _ in range(3)]

    assert ids == ["old-2", "old-3", "old-4"]  # `old` is in the ground truth
    for taken in ("old", "old-3"):
        with pytest.raises(UsageError) as raised:
            add(workspace, log.path, file, id=taken)
        assert raised.value.slug == "id_taken"


@pytest.mark.parametrize(
    ("prompt", "id"),
    [
        ("Fix the FAILING test!", "fix-the-failing-test"),
        ("/deploy prod", "deploy-prod"),
        ("修复", "case"),
        ("", "case"),
        ("word " * 50, "word-word-word-word-word-word-word-word-word"),
        ("x" * 100, "case"),
        ("../../etc: {}\x1b[31m", "etc-31m"),
    ],
)
def test_ids_are_the_first_words_of_the_prompt(prompt: str, id: str) -> None:
    assert make_id(prompt, set()) == id
    assert make_id(prompt, {id, f"{id}-2"}) == f"{id}-3"


def test_a_folder_with_several_sessions_makes_no_case(workspace: Workspace, claude: ClaudeHome, file: Path) -> None:
    session(claude)
    session(claude, "Another one.", at="2026-05-21T10:00:00Z")

    with pytest.raises(UsageError) as raised:
        add(workspace, claude.folder, file)

    assert raised.value.slug == "several_sessions"
    assert not file.exists()


def test_what_holds_no_session_makes_no_case(workspace: Workspace, tmp_path: Path, file: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("{}\n")

    with pytest.raises(NotFound):
        add(workspace, tmp_path / "empty.jsonl", file)

    assert not file.exists()


def test_candidates_of_ones_own_stay_as_they_are(workspace: Workspace, claude: ClaudeHome, file: Path) -> None:
    mine = "test_cases:\n- id:   mine # by hand\n  inputs: {prompt: 'x'}\n"
    file.write_text(mine)

    add(workspace, session(claude).path, file)

    assert file.read_text().startswith(mine)
    assert [case["id"] for case in cases_in(file)] == ["mine", "fix-the-failing-test-please-and-then-rest"]


# -------------------------------------------------------------------------------------------------------- review


@pytest.fixture
def waiting(workspace: Workspace, claude: ClaudeHome, file: Path) -> Path:
    """A file with the candidates ``one`` and ``two``."""
    log = session(claude)
    for id in ("one", "two"):
        add(workspace, log.path, file, id=id)
    return file


def test_a_review_records_who_and_when_and_why(waiting: Path) -> None:
    before = waiting.read_text()

    say(waiting, "one", by='Ada "L" #1', why="reads: first\nedits then")

    case = cases_in(waiting)[0]
    said = r'by: "Ada \"L\" #1", on: "2026-11-21", why: "reads: first\nedits then"'
    line = f"    review: {{{said}, content: {write_scalar(hash_content(case))}}}\n"
    assert waiting.read_text() == before.replace("status: candidate\n", f"status: approved\n{line}", 1)
    first, second = list_candidates(waiting).cases
    assert (first.status, first.review and first.review.by, first.review and first.review.on) == (
        "approved", 'Ada "L" #1', "2026-11-21",
    )  # fmt: skip
    assert (second.status, second.review) == ("candidate", None)


def test_a_decision_can_be_changed(waiting: Path) -> None:
    say(waiting, "one")
    say(waiting, "one", "rejected", "Grace", "too tight")

    (first, _) = list_candidates(waiting).cases
    assert (first.status, first.review and first.review.why) == ("rejected", "too tight")
    assert waiting.read_text().count("review:") == 1


def test_a_candidate_that_is_edited_after_its_approval_waits_again(waiting: Path) -> None:
    say(waiting, "one")
    text = waiting.read_text()

    waiting.write_text(text.replace("Bash: 2 # observed: 1 call", "Bash: 2 # a remark is no change", 1))
    assert list_candidates(waiting).cases[0].status == "approved"
    waiting.write_text(text.replace("Bash: 2", "Bash: 200", 1))
    assert list_candidates(waiting).cases[0].status == "edited"
    with pytest.raises(TachographError) as raised:
        promote(waiting, waiting.parent / "ground_truth.yaml", ["one"])
    assert (raised.value.exit_code, raised.value.slug) == (1, "not_reviewed")
    assert raised.value.message == "Nothing was promoted: one: it was changed after its approval."


@pytest.mark.parametrize("line", ["status: approved", "status: approved\n    review: {by: Ada}"])
def test_an_approval_written_by_hand_is_none(waiting: Path, line: str) -> None:
    waiting.write_text(waiting.read_text().replace("status: candidate", line, 1))

    assert list_candidates(waiting).cases[0].status in ("candidate", "edited")


@pytest.mark.parametrize(
    ("case", "prompt", "source", "status"),
    [
        ({"id": "a"}, "", None, "candidate"),
        ({"id": 5, "inputs": "Do it."}, "Do it.", None, "candidate"),
        ({"inputs": {"prompt": 5}, "metadata": []}, "", None, "candidate"),
        ({"inputs": [], "metadata": {"session_id": 7, "trace_path": "a.jsonl"}}, "", "a.jsonl", "candidate"),
        ({"metadata": {"trace_id": "tr-1", "trace_path": "a.jsonl"}}, "", "tr-1", "candidate"),
        ({"status": "rejected", "review": "no"}, "", None, "rejected"),
        ({"status": ["approved"], "review": {"by": "Ada"}}, "", None, "candidate"),
        ({"status": "approved", "review": {"by": ""}}, "", None, "candidate"),
        ({"status": "approved", "review": {"by": "Ada", "content": 5}}, "", None, "edited"),
    ],
)
def test_candidates_written_by_hand_are_read_as_far_as_they_make_sense(
    case: dict[str, Any], prompt: str, source: str | None, status: str
) -> None:
    candidate = read_candidate(case)

    assert (candidate.prompt, candidate.session, candidate.status) == (prompt, source, status)


def test_the_hash_is_about_values_and_not_about_their_order_or_the_review() -> None:
    case = {"id": "a", "expectations": {"max_turns": 3, "tool_limits": {"Bash": 1, "Read": 2}}, "x": 0.5}
    turned = {"x": 0.5, "expectations": {"tool_limits": {"Read": 2, "Bash": 1}, "max_turns": 3}, "id": "a"}

    assert hash_content(case) == hash_content({**turned, "status": "approved", "review": {"by": "Ada"}})
    assert len({hash_content({**case, **change}) for change in ({}, {"id": "b"}, {"x": 1}, {"y": None})}) == 4


def test_what_waits_is_shown_in_words(waiting: Path) -> None:
    say(waiting, "two", "rejected")

    (shown,) = show_candidates(waiting).cases
    asked = {one.key: one.value for one in shown.asks.asked}
    assert (shown.candidate.id, asked["required_tools"], asked["max_turns"]) == ("one", "Bash, Edit, Read", "3")
    assert [one.candidate.id for one in show_candidates(waiting, "two").cases] == ["two"]


def test_nobody_decides_without_a_name(waiting: Path) -> None:
    with pytest.raises(UsageError) as raised:
        say(waiting, "one", by=" ")

    assert raised.value.slug == "no_reviewer"


@pytest.mark.parametrize("why", ["", " \n"])
def test_nobody_decides_without_a_reason(waiting: Path, why: str) -> None:
    before = waiting.read_bytes()
    with pytest.raises(UsageError) as raised:
        say(waiting, "one", why=why)

    assert (raised.value.slug, waiting.read_bytes()) == ("no_reason", before)


def test_what_makes_no_sense_cannot_be_approved(waiting: Path) -> None:
    waiting.write_text(waiting.read_text().replace("tool_limits:", "tool_limit:", 1))

    with pytest.raises(ExpectationError, match="unknown key 'tool_limit'"):
        say(waiting, "one")


def test_a_candidate_or_a_file_that_is_not_there_is_not_found(waiting: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound) as raised:
        say(waiting, "three")
    assert raised.value.hint == "Its cases: one, two."
    with pytest.raises(NotFound):
        list_candidates(tmp_path / "no.yaml")


def test_git_knows_who_decides(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    (home / ".gitconfig").write_text("[user]\n\tname = Ada Lovelace\n")
    assert default_reviewer() == "Ada Lovelace"

    monkeypatch.setenv("PATH", "")
    assert default_reviewer() == ""


# ------------------------------------------------------------------------------------------------------- promote


def test_an_approved_case_moves_behind_the_others_with_its_remarks(waiting: Path, tmp_path: Path) -> None:
    truth = tmp_path / "ground_truth.yaml"
    truth.write_text(TRUTH)
    say(waiting, "one")
    content = {key: value for key, value in cases_in(waiting)[0].items() if key not in ("status", "review")}

    done = promote(waiting, truth, ["one"])

    assert (done.promoted, done.waiting) == (("one",), ())
    text = truth.read_text()
    before, _, after = TRUTH.partition("\nother")
    assert text.startswith(before + "  - id: one\n    review: {by: Ada, on: ")
    assert text.endswith("\nother" + after)
    assert "        Bash: 2 # observed: 1 call\n" in text
    moved = cases_in(truth)[1]
    assert moved.pop("review") == {"by": "Ada", "on": "2026-11-21", "why": "as it should be"}
    assert moved == content
    assert [case["id"] for case in cases_in(waiting)] == ["two"]


def test_all_moves_what_is_approved_and_names_what_is_not(waiting: Path, tmp_path: Path) -> None:
    say(waiting, "two")

    done = promote(waiting, tmp_path / "ground_truth.yaml", None)

    assert (done.promoted, done.waiting) == (("two",), (Waiting("one", "nobody has reviewed it"),))
    assert (tmp_path / "ground_truth.yaml").read_text().startswith("test_cases:\n  - id: two\n    review: {by: Ada")


@pytest.mark.parametrize(("verdict", "reason"), [(None, "nobody has reviewed it"), ("rejected", "it was rejected")])
def test_nothing_is_promoted_unreviewed(waiting: Path, tmp_path: Path, verdict: Verdict | None, reason: str) -> None:
    truth = tmp_path / "ground_truth.yaml"
    say(waiting, "two")
    if verdict:
        say(waiting, "one", verdict)
    before = waiting.read_bytes()

    for ids in (["one"], ["two", "one"]):
        with pytest.raises(TachographError) as raised:
            promote(waiting, truth, ids)
        assert (raised.value.slug, raised.value.exit_code) == ("not_reviewed", 1)
        assert raised.value.message == f"Nothing was promoted: one: {reason}."

    assert not truth.exists()
    assert waiting.read_bytes() == before


def test_all_of_nothing_approved_is_an_error(waiting: Path, tmp_path: Path) -> None:
    with pytest.raises(TachographError) as raised:
        promote(waiting, tmp_path / "ground_truth.yaml", None)

    assert raised.value.exit_code == 1
    assert "one: nobody has reviewed it; two: nobody has reviewed it" in raised.value.message


def test_an_id_that_is_taken_is_refused_and_nothing_moves(waiting: Path, tmp_path: Path) -> None:
    truth = tmp_path / "ground_truth.yaml"
    truth.write_text(TRUTH.replace("'old'", "two"))
    say(waiting, "one")
    say(waiting, "two")
    before = waiting.read_bytes(), truth.read_bytes()

    with pytest.raises(TachographError) as raised:
        promote(waiting, truth, None)

    assert (raised.value.slug, raised.value.exit_code) == ("id_taken", 1)
    assert (waiting.read_bytes(), truth.read_bytes()) == before


def test_a_move_that_was_interrupted_between_the_files_is_finished(waiting: Path, tmp_path: Path) -> None:
    truth = tmp_path / "ground_truth.yaml"
    say(waiting, "one")
    before = waiting.read_bytes()
    promote(waiting, truth, ["one"])
    moved = truth.read_bytes()
    waiting.write_bytes(before)

    assert promote(waiting, truth, ["one"]).promoted == ("one",)

    assert truth.read_bytes() == moved
    assert [case["id"] for case in cases_in(waiting)] == ["two"]


def test_a_relative_path_is_right_in_the_other_folder(workspace: Workspace, claude: ClaudeHome, tmp_path: Path) -> None:
    log = session(claude)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / log.path.name).write_bytes(log.content())
    candidates, truth = tmp_path / "candidates.yaml", tmp_path / "tests" / "ground_truth.yaml"
    truth.parent.mkdir()
    add(workspace, tmp_path / "logs" / log.path.name, candidates, id="one")
    say(candidates, "one")

    promote(candidates, truth, ["one"])

    (case,) = load_expectation_file(truth).cases
    assert cases_in(truth)[0]["metadata"]["trace_path"] == f"../logs/{log.path.name}"
    assert case.target
    assert Path(case.target).resolve() == (tmp_path / "logs" / log.path.name).resolve()


def test_an_empty_file_has_nothing_to_promote(tmp_path: Path, file: Path) -> None:
    file.write_text("test_cases: []\n")

    with pytest.raises(NotFound):
        promote(file, tmp_path / "ground_truth.yaml", None)


def test_a_path_that_holds_a_secret_is_not_kept(workspace: Workspace, claude: ClaudeHome, tmp_path: Path) -> None:
    log = session(claude)
    folder = tmp_path / ("gh" + "p_" + draw(random.Random(4), ALNUM, 36))
    folder.mkdir()
    copy = folder / log.path.name
    copy.write_bytes(log.path.read_bytes())
    new = NewCase(file=tmp_path / "candidates.yaml", margin=Decimal(0), created=TODAY)
    notes: list[str] = []

    add_case(workspace, str(copy), new, note=notes.append)

    (metadata,) = (case["metadata"] for case in read_document(new.file.read_bytes(), "c").value["test_cases"])
    assert metadata == {
        "session_id": f"claude_code:{log.session_id}",
        "agent": "claude_code",
        "source": "tacho",
        "created": "2026-11-21",
    }
    assert notes == [
        "The candidate is without the log's path, which holds what looks like a secret: its id names the session."
    ]
