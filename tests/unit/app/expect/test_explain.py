"""What a file asks, in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tachograph.analysis.expectations import load_expectations
from tachograph.app.expect.explain import Asked, explain_file, in_words
from tachograph.errors import NotFound

LIMITS = "At most so many calls of each tool (a name or a glob)"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "nothing"),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (150000, "150,000"),
        (0.05, "0.05"),
        (1e9, "1e+09"),
        ("Read", "Read"),
        ("rm -rf", "rm -rf"),
        ("", '""'),
        (" x", '" x"'),
        ("x ", '"x "'),
        ("a, b", '"a, b"'),
        ("f(x)", "f(x)"),
        ("Skill(two eggs)", "Skill(two eggs)"),
        ("f(x, y)", '"f(x, y)"'),
        ("see (x)", '"see (x)"'),
        ("(x)", '"(x)"'),
        ('say "x"', '"say "x""'),
        ("x" * 300, f"{'x' * 199}…"),
        ([], "nothing"),
        ({}, "nothing"),
        (["Read", "rm -rf", 5], "Read, rm -rf, 5"),
        ({"Bash": 5, "mcp__db__*": 3}, "Bash 5, mcp__db__* 3"),
        ({"max_usd": 0.5, "allow_unpriced": True}, "max_usd 0.5, allow_unpriced true"),
        ({"mode": "exact", "steps": ["Read", {"tool": "Bash", "command": "pytest -q"}]},
         "mode exact, steps (Read, (tool Bash, command pytest -q))"),
        ({"contains": ["a", "b"]}, "contains (a, b)"),
        ({"a": []}, "a nothing"),
        ({"a, b": 1}, '"a, b" 1'),
        (list(range(52)), f"{', '.join(map(str, range(50)))}, and 2 more"),
    ],
)  # fmt: skip
def test_values_in_words(value: object, words: str) -> None:
    assert in_words(value) == words


@pytest.mark.parametrize("key", load_expectations())
def test_every_key_says_in_a_line_what_it_asks(key: str) -> None:
    first = load_expectations()[key].doc.partition("\n")[0]
    assert first.endswith(".")
    assert 20 < len(first) < 110


def test_a_file_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "checks.yaml"
    path.write_text("description: D\nsession: 1f0c\nscope: session\ntool_limits: {Bash: 5}\nmax_turns:\n")
    explained = explain_file(path)
    assert (explained.file, explained.form, explained.description) == (str(path), "expectations", "D")
    (case,) = explained.cases
    assert (case.id, case.session, case.scope, case.skipped) == (None, "1f0c", "session", ("max_turns",))
    assert case.asked == (Asked("tool_limits", LIMITS, "Bash 5"),)


def test_entries_say_how_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "checks.yaml"
    path.write_text(
        "required_tools: [Read, 'Skill(commit)', 'mcp__*']\n"
        "banned_tools: [bash, 'rm -rf', 'DROP DATABASE', Write, 'db(a, b)']\ntool_sequence: ['Skill(commit)']\n"
    )
    (case,) = explain_file(path).cases
    assert [one.value for one in case.asked] == [
        "Read, Skill(commit) (by this name), mcp__*",
        "bash (a program, or a tool of this name), rm -rf (a piece of a command, or text in another tool's input), "
        'DROP DATABASE (SQL), Write, "db(a, b)" (text in its input)',
        "Skill(commit)",
    ]


def test_cases_with_what_their_manifest_asks(tmp_path: Path) -> None:
    (tmp_path / "manifest.yaml").write_text("name: x\ntrace_expectations: {tool_limits: {Bash: 5}}\n")
    (tmp_path / "ground_truth.yaml").write_text(
        "test_cases:\n  - {id: a, inputs: {prompt: Do it}, metadata: {trace_run_id: r, trace_id: t}}\n"
        "  - {id: b, expectations: {tool_limits: {Bash: 1}}}\n"
    )
    first, second = explain_file(tmp_path / "ground_truth.yaml").cases
    assert (first.id, first.line, first.prompt, first.mlflow_run, first.mlflow_trace) == ("a", 2, "Do it", "r", "t")
    assert [case.asked for case in (first, second)] == [
        (Asked("tool_limits", LIMITS, "Bash 5"),), (Asked("tool_limits", LIMITS, "Bash 1"),),
    ]  # fmt: skip
    chosen = explain_file(tmp_path / "manifest.yaml", "b")
    assert [case.id for case in chosen.cases] == ["b"]
    assert chosen.not_ours == ("test_cases[].inputs", "manifest.yaml: name")


def test_a_ground_truth_without_cases_shows_what_its_manifest_asks(tmp_path: Path) -> None:
    (tmp_path / "manifest.yaml").write_text("trace_expectations: {max_turns: 5}\n")
    (tmp_path / "ground_truth.yaml").write_text("test_cases: []\n")
    (case,) = explain_file(tmp_path / "ground_truth.yaml").cases
    assert (case.id, [one.key for one in case.asked]) == (None, ["max_turns"])


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        explain_file(tmp_path / "none.yaml")
