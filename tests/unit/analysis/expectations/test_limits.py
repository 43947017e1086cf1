"""How often tools may be called."""

from __future__ import annotations

import pytest

from tests.builders.recording import check, proof, record, recording_of
from tests.builders.session import play

STEPS = (
    "$ ls", "$ make !boom", "$ rm x ?denied", "read a.py", "edit a.py", "tool mcp__db__query mcp:db",
    "tool mcp__db__write mcp:db", "tool mcp__files__list mcp:files", "tool Grep search", "tool Task subagent",
)  # fmt: skip


@pytest.mark.parametrize(
    ("limits", "status", "rationale", "calls"),
    [
        ({"Bash": 3}, "pass", "Bash: 3 ≤ 3 (session)", []),
        ({"Bash": 2}, "fail", "Bash: 3 > 2 (session)", ["3"]),  # denied and failed calls count, the last one is beyond
        ({"Bash": 0}, "fail", "Bash: 3 > 0 (session)", ["1", "2", "3"]),
        ({"mcp__db__*": 1}, "fail", "mcp__db__*: 2 > 1 (session)", ["7"]),
        ({"mcp__*": 3, "Read": 1}, "pass", "mcp__*: 3 ≤ 3; Read: 1 ≤ 1 (session)", []),
        ({"bash": 0}, "pass", "bash: 0 ≤ 0 (session)", []),  # capitals count: that is no tool here
        ({"B?sh": 1}, "fail", "B?sh: 3 > 1 (session)", ["2", "3"]),
        ({"*": 10}, "pass", "*: 10 ≤ 10 (session)", []),
        ({"Read": 0, "Edit": 9, "Bash": 1}, "fail", "Read: 1 > 0; Bash: 3 > 1 (session)", ["4", "2", "3"]),
        ({}, "skip", "nothing is expected", []),
    ],
)
def test_tools_are_counted_by_name_and_glob(
    limits: dict[str, int], status: str, rationale: str, calls: list[str]
) -> None:
    result = check("tool_limits", limits, record(*STEPS))
    assert (result.status, result.rationale, proof(result)) == (status, rationale, calls)


@pytest.mark.parametrize(
    ("limits", "status", "rationale", "calls"),
    [
        ({"shell": 3}, "pass", "shell: 3 ≤ 3 (session)", []),
        ({"bash": 1}, "fail", "bash: 3 > 1 (session)", ["2", "3"]),
        ({"file_ops": 2}, "fail", "file_ops: 3 > 2 (session)", ["9"]),  # read, edit and search
        ({"mcp": 2}, "fail", "mcp: 3 > 2 (session)", ["8"]),
        ({"mcp:db": 2}, "pass", "mcp:db: 2 ≤ 2 (session)", []),
        ({"mcp_files": 0}, "fail", "mcp_files: 1 > 0 (session)", ["8"]),
        ({"mcp:*": 2}, "fail", "mcp:*: 3 > 2 (session)", ["8"]),
        ({"subagent": 0, "web": 0}, "fail", "subagent: 1 > 0 (session)", ["10"]),
        ({}, "skip", "nothing is expected", []),
    ],
)
def test_categories_are_counted_under_all_their_names(
    limits: dict[str, int], status: str, rationale: str, calls: list[str]
) -> None:
    result = check("category_limits", limits, record(*STEPS))
    assert (result.status, result.rationale, proof(result)) == (status, rationale, calls)


@pytest.mark.parametrize(
    ("scope", "status", "rationale", "calls"),
    [
        ("tree", "fail", "Bash: 3 > 1 (session and 2 subagents)", ["a2-1", "a1-2"]),
        ("session", "pass", "Bash: 1 ≤ 1 (session alone, 2 subagents left out)", []),
    ],
)
def test_subagents_count_unless_left_out(scope: str, status: str, rationale: str, calls: list[str]) -> None:
    recording = recording_of(play("$ ls"), play("read a.py", "$ ls"), play("$ ls"))
    result = check("tool_limits", {"Bash": 1}, recording, scope)
    assert (result.status, result.rationale, proof(result)) == (status, rationale, calls)


def test_of_many_calls_the_first_fifty_are_shown() -> None:
    result = check("tool_limits", {"Bash": 1_000}, record(*["$ ls"] * 1_075))
    assert result.rationale == "Bash: 1,075 > 1,000 (session); 25 more records prove it"
    assert proof(result) == [str(number) for number in range(1_001, 1_051)]


def test_limits_need_no_log() -> None:
    assert check("tool_limits", {"Bash": 0}, record("$ ls", gone=True)).status == "fail"
    assert check("category_limits", {"shell": 1}, record("$ ls", gone=True)).status == "pass"


def test_what_a_tool_is_called_is_redacted() -> None:
    secret = "ghp_" + "a1B2c3D4e5F6" * 3
    result = check("tool_limits", {secret: 0}, record(f"tool {secret} other"))
    assert result.status == "fail"
    assert secret not in result.rationale
