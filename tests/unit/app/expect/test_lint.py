"""Everything that is wrong with some files, at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tachograph.app.expect.lint import lint_files
from tachograph.errors import NotFound

GOOD = "max_turns: 3\n"
BAD = "max_turn: 3\ntool_limits: {Bash: x}\n"
MANIFEST = "name: x\ntrace_expectations: {max_turns: 3}\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(**files: str) -> None:
    """``put(a__b="…")`` writes a/b.yaml."""
    for name, text in files.items():
        path = Path(f"{name.replace('__', '/')}.yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def lint(*targets: str) -> tuple[list[str], list[str]]:
    report = lint_files([Path(target) for target in targets])
    return list(report.files), [str(flaw) for flaw in report.flaws]


def test_all_flaws_of_all_files() -> None:
    put(a=BAD, b=GOOD, c="max_turns: !x 3\n")
    assert lint("c.yaml", "a.yaml", "b.yaml", "a.yaml") == (
        ["c.yaml", "a.yaml", "b.yaml"],
        [
            "c.yaml:1:12: the tag '!x' is not allowed. Plain YAML values need no tags.",
            "a.yaml:1:1: unknown key 'max_turn'. Did you mean max_turns?",
            "a.yaml:2:21: tool_limits.Bash: expected a whole number, got text",
        ],
    )


def test_a_folder_is_searched_for_files_of_known_names() -> None:
    put(s__manifest=MANIFEST, s__evals__ground_truth="test_cases: []\n", s__checks=BAD)
    names = [".test/a.expect.yaml", "b.expect.yml", "z/manifest.yml"]
    passed_by = [".git/manifest.yaml", "node_modules/x/manifest.yaml", ".venv/lib/ground_truth.yaml"]
    for name in names + passed_by:
        Path("s", name).parent.mkdir(parents=True, exist_ok=True)
        Path("s", name).write_text(MANIFEST if "manifest" in name else GOOD)
    assert lint("s") == (
        ["s/b.expect.yml", "s/manifest.yaml", "s/.test/a.expect.yaml", "s/evals/ground_truth.yaml", "s/z/manifest.yml"],
        [],
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_a_folder_is_not_waited_for() -> None:
    put(s__a=GOOD)
    os.mkfifo("s/manifest.yaml")
    Path("s/b.expect.yaml").symlink_to("/dev/zero")
    Path("s/ground_truth.yaml").write_text("test_cases: []\n")
    assert lint("s") == (["s/ground_truth.yaml"], [])


def test_a_flaw_of_a_manifest_is_told_once() -> None:
    put(s__manifest="trace_expectations: {max_turn: 3}\n", s__ground_truth="test_cases: [{id: a}, {id: a}]\n")
    assert lint("s")[1] == [
        "s/ground_truth.yaml:1:28: test_cases[1].id: two cases are called 'a', the first one on line 1",
        "s/manifest.yaml:1:22: unknown key 'max_turn'. Did you mean max_turns?",
    ]


@pytest.mark.parametrize(
    ("name", "text", "flaws"),
    [
        ("manifest", "name: someone else's\n", []),
        ("ground_truth", "test_cases: [{id: a, expectations: {guidelines: [x]}}]\n", []),
        ("checks", "description: nothing\n",
         ["checks.yaml:1:1: the file holds no expectations. Name one at the top, such as tool_limits;"
          " docs/expectations.md lists them."]),
        ("manifest", "", ["manifest.yaml:1:1: the file is empty"]),
    ],
)  # fmt: skip
def test_who_may_ask_for_nothing(name: str, text: str, flaws: list[str]) -> None:
    put(**{name: text})
    assert lint(f"{name}.yaml")[1] == flaws


def test_what_is_not_ours_is_kept_by_file() -> None:
    put(manifest=MANIFEST, b=GOOD)
    assert lint_files([Path("manifest.yaml"), Path("b.yaml")]).not_ours == {"manifest.yaml": ("name",)}


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("none.yaml", "There is no file none.yaml."),
        ("empty", "There is no manifest.yaml, ground_truth.yaml or *.expect.yaml in empty."),
    ],
)
def test_what_is_not_there(here: Path, target: str, message: str) -> None:
    (here / "empty").mkdir()
    with pytest.raises(NotFound) as raised:
        lint("empty" if target == "empty" else target)
    assert (raised.value.message, raised.value.slug) == (message, "no_such_expectations")
