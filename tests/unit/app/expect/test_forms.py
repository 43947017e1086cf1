"""The three forms: what each asks, of which session, and whose the other keys are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tachograph.analysis.expectations import SCORERS, load_expectations, read_expectations
from tachograph.app.expect.blocks import own_keys
from tachograph.app.expect.forms import (
    Case,
    ExpectationFile,
    choose_case,
    examine_file,
    load_expectation_file,
    read_block,
)
from tachograph.errors import NotFound, TachographError

LIMIT = "tool_limits: {Bash: 5}\n"


def load(folder: Path, case: str | None = None, **files: str) -> ExpectationFile:
    """Write ``files`` (``manifest="…"`` is manifest.yaml) and load the first one."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return load_expectation_file(folder / f"{next(iter(files))}.yaml", case)


def only(file: ExpectationFile) -> Case:
    (case,) = file.cases
    return case


# ------------------------------------------------------------------------------------------- a file of its own


def test_a_file_of_its_own_has_its_keys_at_the_top(tmp_path: Path) -> None:
    file = load(tmp_path, checks=f"description: How it should go.\nscope: session\n{LIMIT}max_turns: 3\n")
    assert (file.form, file.path, file.not_ours) == ("expectations", str(tmp_path / "checks.yaml"), ())
    assert file.description == "How it should go."
    case = only(file)
    assert (case.id, case.line, case.target, case.prompt) == (None, 1, None, "")
    assert case.expectations == read_expectations({"scope": "session", "tool_limits": {"Bash": 5}, "max_turns": 3})
    assert file.common == case


def test_a_key_without_a_value_is_skipped(tmp_path: Path) -> None:
    expectations = only(load(tmp_path, checks="max_turns:\ntool_limits: null\n")).expectations
    assert (expectations.asked, expectations.empty) == ({}, ("max_turns", "tool_limits"))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("session: 1f0c7a52", {"target": "1f0c7a52"}),
        ("session: claude_code:1f0c/agent-7", {"target": "claude_code:1f0c/agent-7"}),
        ("session: logs/a.jsonl", {"target": "{here}/logs/a.jsonl"}),
        ("session: ./a", {"target": "{here}/a"}),
        ("session: ../a", {"target": "{here}/../a"}),
        ("session: recorded", {"target": "{here}/recorded"}),  # a folder lies there
        ("session: /var/a", {"target": "/var/a"}),
        ("session: ~/a", {"target": "{home}/a"}),
        ("metadata: {session_id: 1f0c7a52}", {"target": "1f0c7a52"}),
        ("metadata: {trace_path: logs/a}", {"target": "{here}/logs/a"}),
        ("metadata: {trace_path: recorded, session_id: 1f0c}", {"target": "{here}/recorded"}),
        ("metadata: {trace_path: gone.jsonl, session_id: 1f0c}", {"target": "1f0c"}),
        ("metadata: {trace_run_id: r1}", {"mlflow_run": "r1"}),
        ("metadata: {trace_id: tr-1}", {"mlflow_trace": "tr-1"}),
        ("metadata: {session_id: a, trace_run_id: b, trace_id: c}",
         {"target": "a", "mlflow_run": "b", "mlflow_trace": "c"}),
        ("metadata: {session_id: null}", {}),
        ("metadata:", {}),
        ("session:", {}),
    ],
)  # fmt: skip
def test_the_session_that_is_named(tmp_path: Path, home: Path, said: str, expected: dict[str, str]) -> None:
    (tmp_path / "recorded").mkdir()
    wanted = {name: value.format(here=tmp_path, home=home) for name, value in expected.items()}
    assert named_by(load(tmp_path, checks=f"{said}\nmax_turns: 3\n")) == wanted
    if said.startswith("metadata"):  # a case names its session so too
        text = f"test_cases:\n  - expectations: {{max_turns: 3}}\n    {said}\n"
        assert named_by(load(tmp_path, ground_truth=text)) == wanted


def test_a_relative_path_cannot_be_taken_for_an_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sub").mkdir()
    for folder, target in ((Path(), "./1f0c"), (Path("sub"), "./sub/1f0c"), (Path("../x"), "../x/1f0c")):
        folder.mkdir(exist_ok=True)
        assert named_by(load(folder, checks="metadata: {trace_path: 1f0c}\nmax_turns: 3\n")) == {"target": target}


def named_by(file: ExpectationFile) -> dict[str, str]:
    case = only(file)
    found = {"target": case.target, "mlflow_run": case.mlflow_run, "mlflow_trace": case.mlflow_trace}
    return {name: value for name, value in found.items() if value is not None}


def test_other_metadata_are_not_ours(tmp_path: Path) -> None:
    assert load(tmp_path, checks="max_turns: 3\nmetadata: {author: Ada, session_id: a}\n").not_ours == (
        "metadata.author",
    )


# --------------------------------------------------------------------------------------------------- manifests

THEIRS = "name: invoices\nquality_gates: {syntax: 1.0}\n"


@pytest.mark.parametrize(
    "text",
    [
        f"trace_expectations: {{{LIMIT.strip()}}}\n",
        f"scorers:\n  trace_expectations:\n    {LIMIT}",
        f"scorers:\n  trace_expectations:\n    {LIMIT}trace_expectations:\n",
    ],
)
@pytest.mark.parametrize("name", ["manifest", "anything"])
def test_a_manifest_holds_a_block_at_the_top_or_under_scorers(tmp_path: Path, name: str, text: str) -> None:
    file = load(tmp_path, **{name: THEIRS + text})
    assert (file.form, file.not_ours) == ("manifest", ("name", "quality_gates"))
    assert only(file).expectations == read_expectations({"tool_limits": {"Bash": 5}})
    assert (only(file).id, file.description) == (None, "")


def test_other_peoples_keys_are_left_alone_and_listed(tmp_path: Path) -> None:
    manifest = (
        "name: a\ndescription: [b]\nsession: 5\nmetadata: 3\n"
        "scorers:\n  enabled: [python_syntax, tool_count, {custom: 1}]\n  llm_scorers: [Safety]\n"
        f"  trace_expectations: {{{LIMIT.strip()}}}\n"
        "tool_limit: {Bash: 1}\nscope: user\nduration: 5 minutes\nexpectation: near nothing of a manifest's\n"
    )
    file = load(tmp_path, manifest=manifest)
    assert file.not_ours == (
        "name", "description", "session", "metadata", "tool_limit", "scope", "duration", "expectation",
        "scorers.llm_scorers", "scorers.enabled.python_syntax", "scorers.enabled[2]",
    )  # fmt: skip
    assert only(file).expectations.asked.keys() == {"tool_limits"}


def test_scorers_of_another_shape_are_not_ours(tmp_path: Path) -> None:
    file = load(tmp_path, manifest=f"scorers: [python_syntax]\ntrace_expectations: {{{LIMIT.strip()}}}\n")
    assert file.not_ours == ("scorers",)
    assert only(file).expectations.asked.keys() == {"tool_limits"}


BLOCK = "trace_expectations: {tool_limits: {Bash: 5}, token_budget: {max_total: 9}, max_turns: 3}\n"


@pytest.mark.parametrize(
    ("choice", "asked", "empty"),
    [
        ("", ["tool_limits", "token_budget", "max_turns"], []),
        ("scorers: {enabled: []}\n", ["tool_limits", "token_budget", "max_turns"], []),
        ("scorers: {enabled: [python_syntax]}\n", ["tool_limits", "token_budget", "max_turns"], []),
        ("scorers: {enabled: [python_syntax, tool_count]}\n", ["tool_limits", "max_turns"], []),
        ("trace_scorers: [token_budget]\n", ["token_budget", "max_turns"], []),
        ("scorers: {trace_scorers: [token_budget]}\n", ["token_budget", "max_turns"], []),
        ("trace_scorers: [tool_count]\nscorers: {trace_scorers: [token_budget]}\n",
         ["tool_limits", "token_budget", "max_turns"], []),
        ("scorers: {enabled: [file_existence]}\n", ["max_turns"], ["expected_files"]),
        ("trace_scorers: [tool_count, tool_sequence]\n", ["tool_limits", "max_turns"], ["tool_sequence"]),
    ],
)  # fmt: skip
def test_scorers_choose_the_checks(tmp_path: Path, choice: str, asked: list[str], empty: list[str]) -> None:
    case = only(load(tmp_path, manifest=BLOCK + choice))
    assert (list(case.expectations.asked), list(case.expectations.empty)) == (asked, empty)
    assert read_block(case.plain) == case.expectations
    assert case.not_chosen == tuple(key for key in ("tool_limits", "token_budget") if key not in asked)


@pytest.mark.parametrize("name", SCORERS)
def test_each_scorer_can_be_chosen_alone(tmp_path: Path, name: str) -> None:
    file = load(tmp_path, manifest=f"trace_scorers: [{name}]\n")
    assert only(file).expectations.empty == (SCORERS[name],)


# ------------------------------------------------------------------------------------------------ ground truths

CASES = """\
metadata: {name: invoices}
test_cases:
  - id: strict
    inputs: {prompt: "Write an invoice"}
    outputs: {response: "…"}
    expectations:
      expected_facts: [VAT]
      tool_limits: {Bash: 1}
    metadata: {category: easy, session_id: 1f0c7a52}
  - id: 7
    inputs: Another one
    expectations: {tool_limits: null, expected_patterns: [x], scope: session, max_turns: null}
  - inputs: {prompt: 5}
"""
MANIFEST = "name: x\ntrace_expectations: {tool_limits: {Bash: 5, Read: 9}, token_budget: {max_total: 9}}\n"


def test_a_case_overrides_the_manifest_key_by_key(tmp_path: Path) -> None:
    file = load(tmp_path, ground_truth=CASES, manifest=MANIFEST)
    assert file.form == "ground_truth"
    assert [(case.id, case.line, case.prompt, case.target) for case in file.cases] == [
        ("strict", 3, "Write an invoice", "1f0c7a52"), ("7", 10, "Another one", None), ("#3", 13, "", None),
    ]  # fmt: skip
    budget = {"token_budget": {"max_total": 9}}
    asked: list[dict[str, Any]] = [
        {"tool_limits": {"Bash": 1}, **budget},
        {**budget, "scope": "session"},
        {"tool_limits": {"Bash": 5, "Read": 9}, **budget},
    ]
    assert [case.expectations for case in file.cases] == [read_expectations(one) for one in asked]
    assert [case.plain for case in file.cases] == asked
    assert file.common.expectations == read_expectations(asked[2])


def test_what_is_not_ours_of_cases_and_manifest_is_named_once(tmp_path: Path) -> None:
    assert load(tmp_path, ground_truth=CASES, manifest=MANIFEST).not_ours == (
        "metadata",
        "test_cases[].inputs",
        "test_cases[].outputs",
        "test_cases[].expectations.expected_facts",
        "test_cases[].metadata.category",
        "test_cases[].expectations.expected_patterns",
        "manifest.yaml: name",
    )


@pytest.mark.parametrize(
    ("source", "not_ours"),
    [
        ("tacho", ("test_cases[].metadata.team",)),
        ("someone", ("test_cases[].status", "test_cases[].review", *(
            f"test_cases[].metadata.{key}" for key in ("agent", "source", "created", "team")
        ))),
    ],
)  # fmt: skip
def test_what_tacho_wrote_into_a_case_is_ours(tmp_path: Path, source: str, not_ours: tuple[str, ...]) -> None:
    made = f"metadata: {{session_id: a, agent: codex, source: {source}, created: x, team: y}}"
    text = (
        f"test_cases:\n  - {{id: a, status: approved, review: {{by: Ada}}, expectations: {{max_turns: 3}}, {made}}}\n"
    )
    assert load(tmp_path, ground_truth=text).not_ours == not_ours


def test_cases_without_a_manifest(tmp_path: Path) -> None:
    file = load(tmp_path, ground_truth=CASES)
    assert [list(case.expectations.asked) for case in file.cases] == [["tool_limits"], [], []]
    assert file.common.expectations == read_expectations({})


def test_the_manifests_choice_holds_for_its_cases(tmp_path: Path) -> None:
    file = load(tmp_path, ground_truth=CASES, manifest=f"{MANIFEST}trace_scorers: [tool_count]\n")
    assert [list(case.expectations.asked) for case in file.cases] == [["tool_limits"], [], ["tool_limits"]]
    assert [case.expectations.empty for case in file.cases] == [(), ("tool_limits",), ()]


def test_a_ground_truth_may_be_its_own_manifest(tmp_path: Path) -> None:
    own = f"{CASES}trace_expectations: {{token_budget: {{max_total: 3}}, tool_limits: null}}\n"
    file = load(tmp_path, ground_truth=own, manifest=MANIFEST)
    assert [case.plain.get("token_budget") for case in file.cases] == [{"max_total": 3}] * 3
    assert ["tool_limits" in case.plain for case in file.cases] == [True, False, False]
    alone = load(tmp_path, manifest=own)
    assert (alone.form, len(alone.cases)) == ("ground_truth", 3)


def test_a_manifest_may_end_in_yml(tmp_path: Path) -> None:
    (tmp_path / "manifest.yml").write_text(MANIFEST)
    file = load(tmp_path, ground_truth="test_cases: [{id: a}]\n")
    assert list(only(file).expectations.asked) == ["tool_limits", "token_budget"]


def test_no_cases_are_no_error_beside_a_manifest(tmp_path: Path) -> None:
    file = load(tmp_path, ground_truth="test_cases: []\n", manifest=MANIFEST)
    assert (file.cases, list(file.common.expectations.asked)) == ((), ["tool_limits", "token_budget"])


@pytest.mark.parametrize("key", ["expected_facts", "expected_patterns", "expected_response", "guidelines", "tools"])
def test_a_key_of_other_peoples_is_no_slip_of_ours(tmp_path: Path, key: str) -> None:
    text = f"test_cases:\n  - expectations: {{max_turns: 3, {key}: [a]}}\n"
    assert load(tmp_path, ground_truth=text).not_ours == (f"test_cases[].expectations.{key}",)


def slips_of(key: str) -> list[str]:
    """Ways to mistype a key; a letter is too much of a short word."""
    longer = [f"{key}s", key[:-2] + key[-1], key.replace("_", "-"), key.replace("_", "")] if len(key) > 8 else []
    return [*dict.fromkeys(longer), key.upper(), key.title()]


@pytest.mark.parametrize(("key", "slip"), [(key, slip) for key in own_keys() for slip in slips_of(key) if slip != key])
def test_a_slip_in_a_cases_key_is_no_key_of_others(tmp_path: Path, key: str, slip: str) -> None:
    (tmp_path / "ground_truth.yaml").write_text(f"test_cases:\n  - expectations: {{{slip}: 1}}\n")
    (error,) = examine_file(tmp_path / "ground_truth.yaml").errors
    assert (error.problem, error.hint) == (f"unknown key '{slip}'", f"Did you mean {key}?")
    assert (error.line, error.column) == (2, 20)


def test_every_check_may_stand_in_a_case_and_in_a_file(tmp_path: Path) -> None:
    keys = "".join(f"{key}:\n" for key in load_expectations())
    assert only(load(tmp_path, checks=keys)).expectations.empty == tuple(load_expectations())
    assert own_keys() == (*load_expectations(), "scope")


# ------------------------------------------------------------------------------------------------ choosing a case


@pytest.mark.parametrize("name", ["ground_truth", "manifest"])
def test_a_case_is_found_in_the_ground_truth_and_from_the_manifest(tmp_path: Path, name: str) -> None:
    files = {"ground_truth": CASES, "manifest": MANIFEST}
    file = load(tmp_path, "7", **{name: files[name], **files})
    assert (file.path, only(file).id) == (str(tmp_path / "ground_truth.yaml"), "7")


def test_without_a_case_the_manifest_is_meant(tmp_path: Path) -> None:
    assert load(tmp_path, manifest=MANIFEST, ground_truth=CASES).form == "manifest"


@pytest.mark.parametrize(
    ("files", "hint"),
    [
        ({"ground_truth": CASES}, "Its cases: strict, 7, #3."),
        ({"manifest": MANIFEST}, "It has none: cases belong into a ground_truth.yaml."),
        ({"checks": LIMIT}, "It has none: cases belong into a ground_truth.yaml."),
        ({"ground_truth": f"test_cases: [{', '.join(f'{{id: c{n}}}' for n in range(22))}]\n", "manifest": MANIFEST},
         f"Its cases: {', '.join(f'c{n}' for n in range(20))} and 2 more."),
    ],
)  # fmt: skip
def test_a_case_that_is_not_there(tmp_path: Path, files: dict[str, str], hint: str) -> None:
    with pytest.raises(NotFound) as raised:
        load(tmp_path, "loose\x1b", **files)
    path = tmp_path / f"{next(iter(files))}.yaml"
    assert raised.value.message == f"{path} has no case loose\N{REPLACEMENT CHARACTER}."
    assert (raised.value.hint, raised.value.slug, raised.value.exit_code) == (hint, "no_such_case", 3)


def test_a_case_is_chosen_from_a_file_that_is_open(tmp_path: Path) -> None:
    file = load(tmp_path, ground_truth=CASES, manifest=MANIFEST)
    assert choose_case(file, "#3").cases == file.cases[2:]


# ------------------------------------------------------------------------------------------- files, plain values


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as raised:
        load_expectation_file(tmp_path / "no\x1bne.yaml")
    assert raised.value.message == f"There is no file {tmp_path}/no\N{REPLACEMENT CHARACTER}ne.yaml."
    assert (raised.value.slug, raised.value.exit_code) == ("no_such_expectations", 3)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(TachographError) as raised:
        load_expectation_file(tmp_path)
    assert raised.value.message == f"{tmp_path} cannot be read: Is a directory."
    assert (raised.value.slug, raised.value.exit_code) == ("unreadable_expectations", 4)


def test_a_large_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    with open(tmp_path / "big.yaml", "wb") as stream:
        stream.truncate(10**11)  # takes no room on the disk, and would take all memory
    (error,) = examine_file(tmp_path / "big.yaml").errors
    assert error.problem == "the document is larger than 512 KiB"


def test_what_is_not_ours_is_printed_harmlessly(tmp_path: Path) -> None:
    text = f'trace_expectations: {{max_turns: 3}}\n"a\\e[2J\\n": 1\n? "{"b" * 99}"\n: 1\n'
    assert load(tmp_path, manifest=text).not_ours == ("a\N{REPLACEMENT CHARACTER}[2J ", f"{'b' * 59}…")


def test_plain_values_are_read_as_a_file_is() -> None:
    assert read_block({"max_turns": 3, "scope": "session"}) == read_expectations({"max_turns": 3, "scope": "session"})


@pytest.mark.parametrize(
    ("block", "message", "hint"),
    [
        ({"max_turn": 3}, "unknown key 'max_turn'", "Did you mean max_turns?"),
        ({"max_turns": "x"}, "max_turns: expected a whole number, got text", ""),
        ({"tool_limits": {"Ba\x1bsh": "x"}},
         "tool_limits.Ba\N{REPLACEMENT CHARACTER}sh: expected a whole number, got text", ""),
    ],
)  # fmt: skip
def test_plain_values_that_make_no_sense(block: dict[str, object], message: str, hint: str) -> None:
    with pytest.raises(TachographError) as raised:
        read_block(block)
    assert (raised.value.message, raised.value.hint) == (message, hint)
    assert (raised.value.slug, raised.value.exit_code) == ("invalid_expectations", 4)
