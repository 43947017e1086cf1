"""Calls in an order."""

from __future__ import annotations

from itertools import permutations

import pytest

from tachograph.analysis.expectations import read_expectations, wanted_texts
from tachograph.analysis.expectations._matching import match_in_any_order
from tests.builders.recording import check, proof, record, recording_of
from tests.builders.session import play

STEPS = (
    "$ ls",
    "read a.py",
    "$ make !boom",
    "edit a.py",
    "$ pytest -q",
    "tool mcp__db__get mcp:db",
    "edit b.py ?denied",
)


@pytest.mark.parametrize(
    ("asked", "status", "rationale", "calls"),
    [
        (
            ["Read", "Edit", "Bash"], "pass",
            "3 of 3 steps in this order: Read at call 2, Edit at call 4, Bash at call 5 (session)", ["2", "4", "5"],
        ),
        (["Edit", "Read"], "fail", "1 of 2 steps in this order: Edit at call 4, then no Read (session)", ["4"]),
        (["Write"], "fail", "0 of 1 step in this order: no Write (session)", []),
        (["Read", "Read"], "fail", "1 of 2 steps in this order: Read at call 2, then no Read (session)", ["2"]),
        (["Bash", "Bash", "Bash"], "pass",
         "3 of 3 steps in this order: Bash at call 1, Bash at call 3, Bash at call 5 (session)", ["1", "3", "5"]),
        (["read", "edit", "shell"], "pass",
         "3 of 3 steps in this order: read at call 2, edit at call 4, shell at call 5 (session)", ["2", "4", "5"]),
        (["bash", "file_ops", "mcp_db"], "pass",
         "3 of 3 steps in this order: bash at call 1, file_ops at call 2, mcp_db at call 6 (session)", ["1", "2", "6"]),
        (["mcp__db__*"], "pass", "1 of 1 step in this order: mcp__db__* at call 6 (session)", ["6"]),
        (
            ["Read", {"tool": "Bash", "command": "pytest", "status": "ok"}], "pass",
            "2 of 2 steps in this order: Read at call 2, Bash(pytest, ok) at call 5 (session)", ["2", "5"],
        ),
        (
            [{"tool": "Bash", "status": "error"}, {"path": "*.py", "category": "edit"}, {"command": "make"}], "fail",
            "2 of 3 steps in this order: Bash(error) at call 3, edit(*.py) at call 4, then no *(make) (session)",
            ["3", "4"],
        ),
        ([{"tool": "Edit", "path": "b.py"}], "fail", "0 of 1 step in this order: no Edit(b.py) (session)", []),
        ([{"tool": "Edit", "status": "denied"}], "pass",
         "1 of 1 step in this order: Edit(denied) at call 7 (session)", ["7"]),
        ({"steps": ["Edit", "Read"], "mode": "any_order"}, "pass",
         "2 of 2 steps in any order: Read at call 2, Edit at call 4 (session)", ["2", "4"]),
        ({"steps": ["Edit", "Edit"], "mode": "any_order"}, "fail",
         "1 of 2 steps in any order: Edit at call 4, no call left for Edit (session)", ["4"]),
        ({"steps": ["Read"]}, "pass", "1 of 1 step in this order: Read at call 2 (session)", ["2"]),
        ([], "skip", "nothing is expected", []),
        ({"mode": "exact", "steps": []}, "skip", "nothing is expected", []),
        ({}, "skip", "nothing is expected", []),
    ],
)  # fmt: skip
def test_steps_happen_in_the_order_that_is_asked(asked: object, status: str, rationale: str, calls: list[str]) -> None:
    result = check("tool_sequence", asked, record(*STEPS))
    assert (result.status, result.rationale, proof(result)) == (status, rationale, calls)


def test_presence_alone_is_no_order() -> None:
    """The design this follows passes every one of these."""
    recording = record("$ ls", "edit a.py", "read a.py")
    passed = [
        order for order in permutations(("Bash", "Edit", "Read"))
        if check("tool_sequence", list(order), recording).status == "pass"
    ]  # fmt: skip
    assert passed == [("Bash", "Edit", "Read")]


@pytest.mark.parametrize(
    ("steps", "status", "rationale"),
    [
        (["Bash", "Read"], "pass",
         "2 of 2 steps as the only calls of 2 calls: Bash at call 1, Read at call 2 (session)"),
        (["Bash"], "fail", "1 of 1 step as the only calls of 2 calls: Bash at call 1, then Read at call 2 (session)"),
        (
            ["Bash", "Edit"], "fail",
            "1 of 2 steps as the only calls of 2 calls: Bash at call 1, then Read at call 2, not Edit (session)",
        ),
        (
            ["Bash", "Read", "Edit"], "fail",
            "2 of 3 steps as the only calls of 2 calls: Bash at call 1, Read at call 2, then no Edit (session)",
        ),
        (["Read", "Bash"], "fail",
         "0 of 2 steps as the only calls of 2 calls: Bash at call 1, not Read (session)"),
    ],
)  # fmt: skip
def test_exact_is_exact_in_number_too(steps: list[str], status: str, rationale: str) -> None:
    recording = record("$ ls", "read a.py", "edit a.py ?denied")
    result = check("tool_sequence", {"mode": "exact", "steps": steps}, recording)
    assert (result.status, result.rationale) == (status, rationale)


def test_exact_counts_a_denied_call_that_is_asked_for() -> None:
    recording = record("$ ls", "edit a.py ?denied", "read a.py")
    for steps, status in (
        (["Bash", {"tool": "Edit", "status": "denied"}, "Read"], "pass"),
        (["Bash", "Read", {"tool": "Edit", "status": "denied"}], "fail"),
    ):
        assert check("tool_sequence", {"mode": "exact", "steps": steps}, recording).status == status


def test_each_step_has_a_call_of_its_own() -> None:
    """The first step could take the only call of the second: it has to make room."""
    recording = record("$ pytest", "$ ls", "read a.py")
    steps = ["*", "Bash", {"command": "pytest"}]
    for order in permutations(steps):
        result = check("tool_sequence", {"mode": "any_order", "steps": list(order)}, recording)
        assert (result.status, sorted(filter(None, proof(result)))) == ("pass", ["1", "2", "3"])
    assert check("tool_sequence", {"mode": "any_order", "steps": ["Bash", "Bash", "Bash"]}, recording).status == "fail"


def test_the_matching_is_a_largest_one() -> None:
    calls = record("$ a", "$ b", "$ c", "$ d").calls
    wishes = [{1, 2}, {1}, {2, 3}, {3, 4}]
    for order in permutations(range(4)):
        matched = match_in_any_order(4, calls, lambda step, call, order=order: call.number in wishes[order[step]])
        assert {order[step]: call.number for step, call in matched.items()} == {0: 2, 1: 1, 2: 3, 3: 4}
    short = match_in_any_order(4, calls[:3], lambda step, call: call.number in wishes[step])
    assert len(short) == 3


@pytest.mark.parametrize(
    ("mode", "steps", "status"),
    [
        ("subsequence", [{"command": "rm -rf"}], "unknown"),
        ("subsequence", ["Read", {"command": "rm -rf"}], "fail"),  # nothing follows the read
        ("subsequence", [{"command": "rm -rf"}, "Read"], "unknown"),
        ("any_order", ["Read", {"command": "rm -rf"}], "unknown"),
        ("any_order", [{"command": "rm -rf"}, {"command": "rm -rf"}], "fail"),  # there is one such call at most
        ("exact", [{"command": "rm -rf"}, "Read"], "unknown"),
        ("exact", [{"command": "rm -rf"}], "fail"),
    ],
)
@pytest.mark.parametrize("gone", [False, True])
def test_what_is_not_known_is_neither_a_pass_nor_a_fail(
    mode: str, steps: list[object], status: str, gone: bool
) -> None:
    recording = record("$ rm $FLAGS x", "read a.py", gone=gone)
    result = check("tool_sequence", {"mode": mode, "steps": steps}, recording)
    assert result.status == status
    if status == "unknown":
        why = "not known at full length" if gone else "not understood"
        assert f"; 1 call {why}, call 1: rm $FLAGS x (session)" in result.rationale
        assert proof(result) == ["1"]


def test_a_doubt_does_not_hide_what_is_certain() -> None:
    recording = record("$ rm $FLAGS x", "$ rm -rf y", "read a.py")
    assert proof(check("tool_sequence", [{"command": "rm -rf"}, "Read"], recording)) == ["2", "3"]


def test_names_decide_when_the_log_is_gone() -> None:
    recording = record(*STEPS, gone=True)
    assert check("tool_sequence", ["Read", "Edit", "Bash"], recording).status == "pass"
    assert check("tool_sequence", ["Edit", "Read"], recording).status == "fail"
    asked = [["Read"], [{"tool": "Bash", "command": "ls"}]]
    needs = [set(wanted_texts(read_expectations({"tool_sequence": one}))) for one in asked]
    assert needs == [set(), {"commands", "inputs"}]


def test_subagents_calls_lie_between_by_their_time() -> None:
    recording = recording_of(play("read a.py", "$ ls"), play("edit a.py"))
    assert check("tool_sequence", ["Read", "Edit", "Bash"], recording).status == "pass"
    assert check("tool_sequence", ["Read", "Edit"], recording, "session").status == "fail"


def test_a_long_sequence_is_told_in_short() -> None:
    recording = record(*["$ ls"] * 20)
    assert check("tool_sequence", ["Bash"] * 12 + ["Read"], recording).rationale == (
        "12 of 13 steps in this order: Bash at call 1, Bash at call 2, …, Bash at call 7, Bash at call 8, "
        "Bash at call 9, Bash at call 10, Bash at call 11, Bash at call 12, then no Read (session)"
    )


def test_a_command_that_takes_too_long_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tachograph.analysis.expectations._patterns.MAX_SECONDS", 0.02)
    recording = record(*["$ " + "a" * 900] * 300)
    result = check("tool_sequence", [{"command": r"/^(\w|a|aa)+$(?<=c)/"}], recording)
    assert result.status == "unknown"
    assert "1 call searched for too long, call 1: aaa" in result.rationale
