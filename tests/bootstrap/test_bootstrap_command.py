"""``tacho bootstrap`` as it is typed."""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from tachograph.app.bootstrap.files import FilePlan
from tachograph.app.bootstrap.plan import Setup
from tachograph.app.bootstrap.report import report_setup
from tachograph.app.goals.book import Author, Book
from tachograph.app.goals.place import find_place
from tests.bootstrap.repositories import LEDGER, OURS, POLICY, git, make_repository, set_up, tree
from tests.bootstrap.test_scan import KEY, TACHO
from tests.unit.cli.running import Tacho, assert_valid, tacho

__all__ = ["tacho"]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = make_repository(tmp_path / "r", CLAUDE__md=b"# Us\n")
    monkeypatch.chdir(root)
    return root


def answer_of(tacho: Tacho, schema: str, *arguments: str, code: int = 0) -> dict[str, Any]:
    assert tacho(*arguments, "--json") == code, tacho.err
    answer: dict[str, Any] = json.loads(tacho.out)
    assert answer["schema"] == f"tachograph.{schema}/1"
    assert_valid(schema, answer)
    return answer


def test_a_dry_run_shows_the_changes_and_makes_none(tacho: Tacho, root: Path) -> None:
    before = tree(root)
    assert tacho("bootstrap", "--target-dir", ".", "--dry-run", "--secret-scan") == 0
    lines = tacho.out.splitlines()
    assert lines[0] == f"Repository: {root}"
    assert [line for line in lines if line.endswith((": created", ": changed"))] == [
        f"{LEDGER}: created", f"{POLICY}: created", ".gitattributes: created", ".gitignore: created",
        "CLAUDE.md: changed", f"{root}/.git/hooks/pre-commit: created",
    ]  # fmt: skip
    start = lines.index("--- CLAUDE.md")
    assert lines[start : start + 4] == ["--- CLAUDE.md", "+++ CLAUDE.md", "@@ -1 +1,14 @@", " # Us"]
    assert "+  tacho bootstrap scan-staged && tacho_code=0 || tacho_code=$?" in lines, "spaces are kept"
    assert tacho.err == "tacho: nothing is written yet: this was a dry run.\n"
    assert tree(root) == before


def test_it_is_done_and_a_second_time_there_is_nothing_to_do(tacho: Tacho, root: Path) -> None:
    told = answer_of(tacho, "bootstrap", "bootstrap", "--target-dir", ".")
    assert (told["root"], told["ledger"], told["dry_run"]) == (str(root), str(root / LEDGER), False)
    assert {file["path"]: file["action"] for file in told["files"]} == {
        **dict.fromkeys(OURS[:-1], "created"), "CLAUDE.md": "changed"
    }  # fmt: skip
    again = answer_of(tacho, "bootstrap", "bootstrap", "--target-dir", ".")
    assert {(file["action"], file["diff"]) for file in again["files"]} == {("unchanged", "")}
    assert tacho("bootstrap", "--target-dir", ".") == 0
    assert tacho.err == ""


def test_it_is_taken_away(tacho: Tacho, root: Path) -> None:
    before = tree(root)
    assert tacho("bootstrap", "--target-dir", ".", "--commit-msg-check", "--secret-scan") == 0
    made = tree(root)
    assert tacho("bootstrap", "--target-dir", ".", "--remove", "--dry-run") == 0
    assert (tree(root), ".gitattributes: removed" in tacho.out.splitlines()) == (made, True)
    assert tacho("bootstrap", "--target-dir", ".", "--remove") == 0
    assert tacho.out.endswith(f"{LEDGER} stays: it holds your goals.\n")
    assert tree(root) == {**before, LEDGER: (b"", 0o600)}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "Which repository?"),
        (["--target-dir", "nowhere"], 2, "is no folder"),
        (["--target-dir", ".", "--remove", "--secret-scan"], 2, "--remove takes all hooks away"),
        (["--target-dir", ".", "--policy-path", "../x.md"], 4, "leads out of"),
        (["--target-dir", ".", "--policy-path", "/x.md"], 2, "--policy-path is the path of a file from"),
        (["check-message", "nowhere"], 3, "There is no file nowhere"),
    ],
)
def test_what_makes_no_sense_is_refused(tacho: Tacho, root: Path, arguments: list[str], code: int, said: str) -> None:
    before = tree(root)
    assert tacho("bootstrap", *arguments) == code
    assert said in tacho.err
    assert tree(root) == before


def test_the_path_of_the_setting_is_used_everywhere(tacho: Tacho, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACHO_GOALS_PATH", "goals.ndjson")
    assert tacho("bootstrap", "--target-dir", ".") == 0
    made = tree(root)
    assert made["goals.ndjson"][0] == b""
    assert b"\n/goals.ndjson merge=union text eol=lf\n" in made[".gitattributes"][0]
    assert b"`goals.ndjson`" in made[POLICY][0]
    assert b"`goals.ndjson`" in made["CLAUDE.md"][0]


def test_hostile_text_of_a_file_is_harmless_in_the_diff() -> None:
    path = Path("/r/AGENTS.md")
    plan = FilePlan("AGENTS.md", path, Path("/r"), b"\x1b]0;x\x07\xe2\x80\xae\n", b"\x1b[2J\n")
    change = report_setup(Setup(Path("/r"), Path("/r/l"), False, (plan,)), dry_run=True).files[0]
    assert change.diff == "--- AGENTS.md\n+++ AGENTS.md\n@@ -1 +1 @@\n-\ufffd]0;x\ufffd\ufffd\n+\ufffd[2J"


# ------------------------------------------------------------------------------------------------- what git's hooks run


def test_secrets_in_what_is_staged_end_with_1(tacho: Tacho, root: Path) -> None:
    assert answer_of(tacho, "bootstrap_scan", "bootstrap", "scan-staged")["secrets"] == []
    (root / "a\x1b[2Jb.txt").write_text(f"x\n{KEY}\n")
    (root / "b.txt").write_text(f"{KEY} tacho:allow-secret\n")
    (root / "c.bin").write_bytes(b"\0")
    git(root, "add", "-A")
    assert tacho("bootstrap", "scan-staged") == 1
    assert tacho.out == "a\ufffd[2Jb.txt:2: aws-access-key-id AKIA… (20 characters)\n"
    assert tacho.err.splitlines() == [
        "tacho: c.bin was not looked through: it is binary.",
        "tacho: 1 allowed by tacho:allow-secret.",
        "tacho: 1 secret in what is staged.",
        "tacho: A line that only looks so may say tacho:allow-secret in a comment.",
    ]
    told = answer_of(tacho, "bootstrap_scan", "bootstrap", "scan-staged", code=1)
    assert (told["files"], told["allowed"], len(told["skipped"])) == (2, 1, 1)
    assert KEY not in tacho.out


def test_a_message_without_a_goal_ends_with_1(tacho: Tacho, root: Path) -> None:
    message = root / "message"
    message.write_text("Search works\n")
    told = answer_of(tacho, "bootstrap_message", "bootstrap", "check-message", "message")
    assert (told["passed"], told["reason"]) == (True, "there is no ledger of goals")
    set_up(root)
    assert tacho("bootstrap", "check-message", "message") == 1
    assert "refused: it names no goal.\ntacho: No goal is open: tacho goal start" in tacho.err
    goal = Book(find_place(root, LEDGER), Author(), UTC).start("Search works", "product")
    assert tacho("bootstrap", "check-message", "message") == 1
    assert f"\ntacho: Open goals: {goal.id}.\n" in tacho.err
    message.write_text(f"Search works\n\nGoal: {goal.id}\n")
    told = answer_of(tacho, "bootstrap_message", "bootstrap", "check-message", "message")
    assert (told["passed"], told["goal"]) == (True, goal.id)


def test_real_commits_with_both_hooks(tacho: Tacho, root: Path) -> None:
    assert tacho("bootstrap", "--target-dir", ".", "--commit-msg-check", "--secret-scan") == 0
    goal = Book(find_place(root, LEDGER), Author(), UTC).start("Search works", "product")
    git(root, "add", "-A")
    assert "it names no goal" in git(root, "commit", "-m", "more", code=1, path=TACHO)
    git(root, "commit", "-q", "-m", f"more\n\nGoal: {goal.id}", path=TACHO)
    assert git(root, "log", "-1", "--format=%(trailers:key=Goal,valueonly)").strip() == goal.id
