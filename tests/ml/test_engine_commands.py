"""What a model is told about a command."""

from __future__ import annotations

import msgspec
import pytest

from tachograph.learning.ml.command_features import FEATURES, read_features
from tachograph.learning.ml.programs import kind_of
from tachograph.model import CommandEvent

EVENT = CommandEvent(
    id="evt_00000000000000000001", origin="run", agent="codex", executed_at=1_760_000_000_000, command_hash="0" * 32,
    hash_key="k1", program="pytest", duration_ms=1200, exit_code=0, files_touched_count=2, lines_added=30,
    lines_deleted=4, commits=0, renames=1, binary_files=0, repo="/home/ada/shop", session="claude_code:s1",
)  # fmt: skip


def told(**changes: object) -> dict[str, float | None]:
    values = read_features(msgspec.structs.replace(EVENT, **changes))
    return dict(zip((feature.name for feature in FEATURES), values, strict=True))


def test_all_that_is_told() -> None:
    assert told() == {
        "duration_ms": 1200, "exit_failed": 0, "exit_unknown": 0, "timed_out": 0, "files_touched_count": 2,
        "lines_added": 30, "lines_deleted": 4, "churn": 34, "commits": 0, "renames": 1, "binary_files": 0,
        "runs_tests": 1, "builds": 0, "uses_git": 0, "reads": 0, "edits": 0, "by_agent": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"exit_code": 1}, {"exit_failed": 1, "exit_unknown": 0}),
        ({"exit_code": 124, "timed_out": True}, {"exit_failed": 1, "timed_out": 1}),
        ({"exit_code": None}, {"exit_failed": 0, "exit_unknown": 1}),
        ({"lines_added": None}, {"lines_added": None, "lines_deleted": 4, "churn": None}),
        ({"files_touched_count": None, "duration_ms": None}, {"files_touched_count": None, "duration_ms": None}),
        ({"program": ""}, dict.fromkeys(("runs_tests", "builds", "uses_git", "reads", "edits"))),
        ({"program": "terraform plan"}, dict.fromkeys(("runs_tests", "builds", "uses_git", "reads", "edits"), 0)),
        ({"agent": None}, {"by_agent": 1}),
        ({"agent": None, "session": None}, {"by_agent": 0}),
        ({"agent": None, "session": None, "origin": "shell"}, {"by_agent": 0}),
        ({"agent": None, "session": None, "origin": "log"}, {"by_agent": None}),
    ],
    ids=str,
)
def test_what_is_told(changes: dict[str, object], expected: dict[str, float | None]) -> None:
    found = told(**changes)
    assert {name: found[name] for name in expected} == expected


def test_who_and_which_command_it_was_is_not_told() -> None:
    other = {"id": "evt_2", "command_hash": "f" * 32, "hash_key": "k2", "repo": None, "executed_at": 5, "command": "x"}
    assert told(**other) == told()


def test_only_failing_is_known_to_be_no_good_of_itself() -> None:
    assert {feature.name: feature.monotone for feature in FEATURES if feature.monotone} == {
        "exit_failed": -1,
        "timed_out": -1,
    }
    assert len({feature.name for feature in FEATURES}) == len(FEATURES)


KINDS = {
    "test": ["pytest", "python -m pytest", "python3.12 -m unittest", "npm test", "npm run test:unit", "go test", "tox",
             "cargo test", "cargo nextest", "make test", "make check", "uv run pytest", "npx vitest", "just test",
             "bundle exec rspec"],
    "build": ["make", "npm run build", "tsc", "cargo build", "cargo check", "go vet", "mypy", "uv run mypy", "gradle",
              "python -m build"],
    "git": ["git", "git commit", "git worktree add", "gh pr create"],
    "read": ["cat", "ls", "rg", "head", "jq", "find"],
    "edit": ["sed", "mv", "rm", "mkdir", "patch"],
    "other": ["python", "curl", "catalog", "maker", "gitk", "npm install", "npm", "uv run", "./deploy.sh", "ruff check",
              "npm run lint", "npm run test:watch"],
}  # fmt: skip


@pytest.mark.parametrize(("program", "kind"), [(name, kind) for kind, names in KINDS.items() for name in names])
def test_kinds_of_programs(program: str, kind: str) -> None:
    assert kind_of(program) == kind


def test_no_program_no_kind() -> None:
    assert kind_of("") is None
