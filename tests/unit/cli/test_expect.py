from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.golden import check_golden
from tests.unit.cli.running import Tacho, assert_valid, tacho

__all__ = ["tacho"]

MANIFEST = """\
name: invoices
scorers:
  enabled: [python_syntax, tool_count, token_budget, banned_tools, file_existence]
  trace_expectations:
    scope: session
    tool_limits: {Bash: 5, "mcp__db__*": 3}
    token_budget: {max_total: 150000}
"""
CASES = """\
test_cases:
  - id: first
    inputs: {prompt: "Write an invoice for March, with VAT."}
    expectations:
      expected_facts: [VAT]
      expected_files: ["*.pdf", "out/**"]
      tool_sequence:
        mode: exact
        steps: [Read, {tool: Bash, command: pytest, status: ok}]
    metadata: {session_id: 1f0c7a52}
  - id: second
    expectations: {tool_limits: null, scope: tree}
    metadata: {trace_run_id: 3c1f}
"""
OWN = "description: How an invoice is made.\nsession: 1f0c7a52\nmax_turns: 3\nmax_error_rate:\n"
BAD = "max_turn: 3\ntool_limits: {Bash: x}\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in {"manifest": MANIFEST, "ground_truth": CASES, "own": OWN, "bad": BAD}.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


# ----------------------------------------------------------------------------------------------------- explain


@pytest.mark.parametrize("name", ["manifest", "ground_truth", "own"])
def test_explained_for_a_person(tacho: Tacho, name: str) -> None:
    assert tacho("expect", "explain", f"{name}.yaml") == 0, tacho.err
    check_golden(f"expect/explain-{name}.txt", tacho.out)


@pytest.mark.parametrize("file", ["ground_truth.yaml", "manifest.yaml"])
def test_one_case_is_explained(tacho: Tacho, file: str) -> None:
    assert tacho("expect", "explain", file, "--case", "second") == 0, tacho.err
    assert "second" in tacho.out
    assert "first" not in tacho.out


def test_explained_as_json(tacho: Tacho) -> None:
    assert tacho("expect", "explain", "ground_truth.yaml", "--case", "second", "--json") == 0, tacho.err
    answer = json.loads(tacho.out)
    assert_valid("expect_explain", answer)
    assert answer == {
        "schema": "tachograph.expect_explain/1",
        "file": "ground_truth.yaml",
        "form": "ground_truth",
        "description": "",
        "cases": [
            {
                "id": "second",
                "line": 11,
                "prompt": "",
                "session": None,
                "mlflow_run": "3c1f",
                "mlflow_trace": None,
                "scope": "tree",
                "asked": [
                    {
                        "key": "token_budget",
                        "asks": "At most so many tokens, each response counted once",
                        "value": "max_total 150,000",
                    }
                ],
                "skipped": ["expected_files", "tool_limits", "banned_tools"],
                "not_chosen": [],
            }
        ],
        "not_ours": [
            "test_cases[].inputs",
            "test_cases[].expectations.expected_facts",
            "manifest.yaml: name",
            "manifest.yaml: scorers.enabled.python_syntax",
        ],
    }


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["bad.yaml"], 4, "tacho: bad.yaml:1:1: unknown key 'max_turn'\nDid you mean max_turns?\n"
         "1 more error: tacho expect lint shows all.\n"),
        (["none.yaml"], 3, "tacho: There is no file none.yaml.\n"),
        (["."], 4, "tacho: . cannot be read: Is a directory.\n"),
        (["ground_truth.yaml", "--case", "third"], 3,
         "tacho: ground_truth.yaml has no case third.\nIts cases: first, second.\n"),
        (["own.yaml", "--case", "first"], 3,
         "tacho: own.yaml has no case first.\nIt has none: cases belong into a ground_truth.yaml.\n"),
    ],
)  # fmt: skip
def test_what_cannot_be_explained(tacho: Tacho, arguments: list[str], code: int, said: str) -> None:
    assert tacho("expect", "explain", *arguments) == code
    assert (tacho.out, tacho.err) == ("", said)


def test_hostile_words_reach_no_terminal(tacho: Tacho, here: Path) -> None:
    hostile = "\\e[2J\\u202e\\u0007"
    (here / "h.yaml").write_text(
        f'description: "a{hostile}"\nsession: "b{hostile}"\ntool_limits: {{"c{hostile}": 1}}\n'
        f'metadata: {{"d{hostile}": 1}}\n'
    )
    (here / "ground_truth.yaml").write_text(
        f'test_cases:\n  - id: "e{hostile}"\n    inputs: "f{hostile}"\n    expectations: {{max_turns: 1}}\n'
    )
    for arguments in (["h.yaml"], ["ground_truth.yaml"], ["h.yaml", "--json"], ["ground_truth.yaml", "--json"]):
        assert tacho("expect", "explain", *arguments) == 0, tacho.err
        assert not set(tacho.out) & set("\x1b\u202e\x07")
        assert tacho.err == ""
    assert tacho("expect", "lint", "-v", "h.yaml", "ground_truth.yaml") == 0
    assert not set(tacho.out) & set("\x1b\u202e\x07")
    assert len(tacho.out.splitlines()) == 2


# -------------------------------------------------------------------------------------------------------- lint


def test_sound_files_print_nothing(tacho: Tacho) -> None:
    assert tacho("expect", "lint", "own.yaml", "manifest.yaml", "ground_truth.yaml") == 0
    assert (tacho.out, tacho.err) == ("", "")


def test_a_line_for_each_flaw(tacho: Tacho) -> None:
    assert tacho("expect", "lint", "own.yaml", "bad.yaml") == 4
    assert tacho.out == (
        "bad.yaml:1:1: unknown key 'max_turn'. Did you mean max_turns?\n"
        "bad.yaml:2:21: tool_limits.Bash: expected a whole number, got text\n"
    )
    assert tacho.err == ""


def test_what_is_not_ours_on_demand(tacho: Tacho) -> None:
    assert tacho("expect", "lint", "--verbose", ".") == 0
    assert tacho.out == (
        "ground_truth.yaml: not ours, left alone: test_cases[].inputs, test_cases[].expectations.expected_facts,"
        " manifest.yaml: name, manifest.yaml: scorers.enabled.python_syntax\n"
        "manifest.yaml: not ours, left alone: name, scorers.enabled.python_syntax\n"
    )


def test_flaws_as_json(tacho: Tacho) -> None:
    assert tacho("expect", "lint", "bad.yaml", "manifest.yaml", "--json") == 4
    answer = json.loads(tacho.out)
    assert_valid("expect_lint", answer)
    assert answer == {
        "schema": "tachograph.expect_lint/1",
        "files": ["bad.yaml", "manifest.yaml"],
        "flaws": [
            {"file": "bad.yaml", "line": 1, "column": 1, "message": "unknown key 'max_turn'. Did you mean max_turns?"},
            {
                "file": "bad.yaml", "line": 2, "column": 21,
                "message": "tool_limits.Bash: expected a whole number, got text",
            },
        ],
        "not_ours": {"manifest.yaml": ["name", "scorers.enabled.python_syntax"]},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["none.yaml"], 3, "tacho: There is no file none.yaml.\n"),
        (["own.yaml", "none.yaml"], 3, "tacho: There is no file none.yaml.\n"),
        ([], 2, "Missing argument 'TARGET...'"),
    ],
)
def test_what_cannot_be_examined(tacho: Tacho, arguments: list[str], code: int, said: str) -> None:
    assert tacho("expect", "lint", *arguments) == code
    assert tacho.out == ""
    assert said in tacho.err


# ------------------------------------------------------------------------------------------------------- costs

MEASURE = """
import sys, time
from tachograph.cli._frame import run
code = run(sys.argv[1:])
print(code, time.process_time(), file=sys.stderr)
"""


@pytest.mark.parametrize("subcommand", ["explain", "lint"])
def test_a_file_of_a_hundred_lines_takes_little_time(here: Path, subcommand: str) -> None:
    cases = "".join(
        f"  - id: c{n}\n    expectations:\n      tool_limits: {{Bash: {n}, Read: 5}}\n      max_turns: 3\n"
        for n in range(25)
    )
    (here / "ground_truth.yaml").write_text(f"test_cases:\n{cases}")
    command = [sys.executable, "-c", MEASURE, "expect", subcommand, "ground_truth.yaml"]

    def seconds() -> float:
        code, spent = subprocess.run(command, capture_output=True, check=True, text=True).stderr.split()
        assert code == "0"
        return float(spent)

    assert any(seconds() < 0.3 for _ in range(5))  # the goal is half of it; shared machines are noisy
