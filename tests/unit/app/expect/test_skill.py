"""A skill's expectations are found by its name or its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tachograph.app.expect.forms import find_skill
from tachograph.errors import NotFound

MANIFEST = "trace_expectations: {max_turns: 3}\n"
CASES = "test_cases:\n  - {id: a, expectations: {max_error_rate: 0.5}}\n  - {id: b}\n"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder within a repository."""
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    folder = tmp_path / "repository" / "src" / "deep"
    folder.mkdir(parents=True)
    return folder


def put(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


@pytest.mark.parametrize(
    "place",
    [
        "repository/src/deep/invoices",
        "repository/src/deep/.claude/skills/invoices",
        "repository/src/skills/invoices",
        "repository/.claude/skills/invoices",
        "repository/skills/invoices",
        "repository/.test/skills/invoices",
        "home/.claude/skills/invoices",
    ],
)
@pytest.mark.parametrize("below", ["", "tests", "eval", "evals", ".test"])
def test_by_name(tmp_path: Path, here: Path, monkeypatch: pytest.MonkeyPatch, place: str, below: str) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    folder = put(tmp_path / place / below, manifest=MANIFEST)
    assert find_skill("invoices", here).path == str(folder / "manifest.yaml")


def test_the_nearest_one_counts(tmp_path: Path, here: Path) -> None:
    put(tmp_path / "repository" / "skills" / "invoices", manifest=MANIFEST)
    near = put(here / "skills" / "invoices", manifest=MANIFEST)
    assert find_skill("invoices", here).path == str(near / "manifest.yaml")


def test_a_folder_of_that_name_without_expectations_is_passed_by(tmp_path: Path, here: Path) -> None:
    (here / "invoices").mkdir()
    folder = put(tmp_path / "repository" / "skills" / "invoices", manifest=MANIFEST)
    assert find_skill("invoices", here).path == str(folder / "manifest.yaml")


def test_nothing_outside_the_repository_is_looked_at(tmp_path: Path, here: Path) -> None:
    put(tmp_path / "skills" / "invoices", manifest=MANIFEST)
    with pytest.raises(NotFound):
        find_skill("invoices", here)


def test_outside_of_a_repository_only_the_folder_itself_counts(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    put(tmp_path / "skills" / "invoices", manifest=MANIFEST)
    with pytest.raises(NotFound):
        find_skill("invoices", tmp_path / "a")
    assert find_skill("invoices", tmp_path).form == "manifest"


@pytest.mark.parametrize("absolute", [False, True])
def test_by_folder(tmp_path: Path, here: Path, absolute: bool) -> None:
    folder = put(tmp_path / "elsewhere", ground_truth=CASES, manifest=MANIFEST)
    file = find_skill(str(folder) if absolute else "../../../elsewhere", here)
    assert file.form == "ground_truth"
    assert [list(case.expectations.asked) for case in file.cases] == [["max_turns", "max_error_rate"], ["max_turns"]]


def test_the_manifest_may_lie_above_the_ground_truth(here: Path) -> None:
    put(here / "skills" / "invoices", manifest=MANIFEST)
    put(here / "skills" / "invoices" / "evals", ground_truth=CASES)
    file = find_skill("invoices", here, "b")
    assert [(case.id, list(case.expectations.asked)) for case in file.cases] == [("b", ["max_turns"])]


def test_a_manifest_beside_the_ground_truth_comes_first(here: Path) -> None:
    put(here / "skills" / "invoices", manifest="trace_expectations: {max_error_rate: 1}\n")
    put(here / "skills" / "invoices" / "evals", ground_truth=CASES, manifest=MANIFEST)
    assert list(find_skill("invoices", here).cases[1].expectations.asked) == ["max_turns"]


@pytest.mark.parametrize("name", ["invoices", "a/b", "", ".."])
def test_what_is_not_found_says_where_it_was_looked_for(tmp_path: Path, here: Path, home: Path, name: str) -> None:
    with pytest.raises(NotFound) as raised:
        find_skill(name, here)
    error = raised.value
    assert (error.slug, error.exit_code) == ("no_such_skill", 3)
    assert error.message == f"No manifest.yaml or ground_truth.yaml of the skill {name} was found."
    root = tmp_path / "repository"
    places = [here / name]
    if name == "invoices":
        places += [up / home_of / name for up in (here, root / "src", root)
                   for home_of in (".claude/skills", "skills", ".test/skills")]  # fmt: skip
        places.append(home / ".claude" / "skills" / name)
    shown = ", ".join(map(str, places))
    assert error.hint == f"Looked at {shown}, and in tests, eval, evals, .test there."


def test_a_hostile_name_is_printed_harmlessly(here: Path) -> None:
    with pytest.raises(NotFound) as raised:
        find_skill("in\x1b[2Jvoices\u202e", here)
    assert "\x1b" not in raised.value.message + raised.value.hint
    assert "\u202e" not in raised.value.message + raised.value.hint
