"""The page about expectations tells of every key, and every example on it is sound."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tachograph.analysis.expectations import SCORERS, load_expectations
from tachograph.app.expect.forms import examine_file, load_expectation_file
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "expectations.md").read_text(encoding="utf-8")
KEYS = PAGE.partition("\n## The keys\n")[2].partition("\n## ")[0]
PARAGRAPHS = dict(re.findall(r"^### (\w+)\n\n(.+?)(?=\n### |\Z)", KEYS, re.MULTILINE | re.DOTALL))
EXAMPLES = re.findall(r"^```yaml\n(.+?)^```$", PAGE, re.MULTILINE | re.DOTALL)
FILES = {
    page.name: dict(
        re.findall(r"^<!-- file: (\S+) -->\n```yaml\n(.+?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    )
    for page in (ROOT / "docs" / "expectations.md", ROOT / "docs" / "how-to" / "expect.md")
}


def test_every_key_has_a_paragraph_and_none_that_does_not_exist() -> None:
    assert set(PARAGRAPHS) == set(load_expectations())


@pytest.mark.parametrize("key", load_expectations())
def test_a_paragraph_shows_the_key_and_says_more_than_its_first_line(key: str, tmp_path: Path) -> None:
    example, _, words = PARAGRAPHS[key].removeprefix("```yaml\n").partition("```\n")
    (tmp_path / "example.yaml").write_text(example)
    file = load_expectation_file(tmp_path / "example.yaml")
    assert list(file.common.expectations.asked) == [key]
    assert len(words.strip()) > 50


def test_there_are_examples_and_all_of_them_are_sound(tmp_path: Path) -> None:
    assert len(EXAMPLES) > len(load_expectations())
    for number, text in enumerate(EXAMPLES):
        path = tmp_path / f"{number}.yaml"
        path.write_text(text)
        assert examine_file(path).errors == ()


def test_the_files_that_are_shown_ask_for_something(tmp_path: Path) -> None:
    files = {name: text for page in FILES.values() for name, text in page.items()}
    assert {"checks.yaml", "manifest.yaml", "ground_truth.yaml", "wrong.expect.yaml"} <= set(files)
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    for name in files:
        assert bool(examine_file(tmp_path / name).errors) is name.startswith("wrong")


def test_the_table_of_scorers_is_that_of_the_code() -> None:
    table = PAGE.partition("<!-- scorers: begin -->")[2].partition("<!-- scorers: end -->")[0]
    assert dict(re.findall(r"^\| `(\w+)` \| `(\w+)` \|$", table, re.MULTILINE)) == SCORERS


@pytest.mark.parametrize("key", ["session", "description", "scope", "trace_expectations", "trace_scorers"])
def test_keys_that_are_no_checks_are_on_the_page(key: str) -> None:
    assert f"`{key}" in PAGE or f"\n{key}:" in PAGE


def test_the_names_of_sessions_in_metadata_are_those_of_the_code() -> None:
    from tachograph.app.expect.session_names import METADATA_KEYS

    table = PAGE.partition("| key | names |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(METADATA_KEYS)
