"""Every case of the suite, ingested in one go and in other ways: always the numbers that were worked out by hand."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path

import pytest

from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tests.conformance.__main__ import main
from tests.conformance.case import FOLDERS, Case
from tests.conformance.suite import CASES, table_of_cases, write_suite
from tests.conformance.warehouse_totals import Totals

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder, with the agents' homes beside it."""
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "claude_home"))
    monkeypatch.setenv("CODEX_HOME", str(tmp_path / "codex_home"))
    return tmp_path / "data"


def take_in(store: Path) -> Totals:
    """Bring the warehouse up to date and look into it."""
    ingest(Workspace(store, Settings()), jobs=1)
    return Totals(store)


def check(totals: Totals, case: Case) -> None:
    """The warehouse says what the case expects."""
    assert totals.models() == dict(case.models)
    assert totals.kinds() == {"main": case.sessions, "subagent": case.subagents}
    if case.responses_by_session:
        assert totals.responses_by_session() == dict(case.responses_by_session)
    for zone, days in case.days.items():
        assert totals.days(zone) == dict(days)


@every_case
def test_ingested_in_one_go_it_gives_the_expected_numbers(case, tmp_path, store):
    case.write(tmp_path)
    totals = take_in(store)
    check(totals, case)
    assert totals.problems() == tuple(sorted(case.problems))


@every_case
def test_ingested_again_it_gives_the_same_numbers(case, tmp_path, store):
    case.write(tmp_path)
    before = take_in(store).derived()
    for path in (tmp_path / FOLDERS[case.agent]).rglob("*.jsonl*"):
        path.touch()
    totals = take_in(store)
    assert totals.derived() == before
    check(totals, case)


@every_case
def test_files_that_come_one_by_one_from_the_last_to_the_first_give_the_same_numbers(case, tmp_path, store):
    case.write(tmp_path)
    whole = take_in(store).derived()
    files = set_aside(tmp_path / FOLDERS[case.agent])
    other = tmp_path / "other"
    for path, content in reversed(files):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        totals = take_in(other)
    check(totals, case)
    assert totals.derived() == whole


@every_case
def test_files_that_grow_give_the_same_numbers(case, tmp_path, store):
    case.write(tmp_path)
    whole = take_in(store).derived()
    files = set_aside(tmp_path / FOLDERS[case.agent])
    other = tmp_path / "other"
    for share in (0.3, 0.55, 0.8, 1):
        for path, content in files:
            cut = round(len(content) * share) if path.suffix == ".jsonl" else len(content)
            append(path, content[:cut])
        totals = take_in(other)
    check(totals, case)
    assert totals.derived() == whole


def set_aside(home: Path) -> list[tuple[Path, bytes]]:
    """Empty the home; returns its files in order of their names."""
    files = [(path, path.read_bytes()) for path in sorted(home.rglob("*")) if path.is_file()]
    shutil.rmtree(home)
    home.mkdir()
    return files


def append(path: Path, content: bytes) -> None:
    """Let a file grow until it holds ``content``, as its writer would."""
    path.parent.mkdir(parents=True, exist_ok=True)
    size = path.stat().st_size if path.exists() else 0
    with path.open("ab") as file:
        file.write(content[size:])


# ---------------------------------------------------------------------------------------------- the table itself


@every_case
def test_the_expectation_is_consistent_in_itself(case):
    total = case.total
    assert case.shows.endswith(".")
    assert total.reasoning <= total.output
    assert (total.usd is None) == all(row.usd is None for row in case.models.values())
    for row in case.models.values():
        assert row.usd is None or format(Decimal(row.usd).normalize(), "f") == row.usd
    if case.responses_by_session:
        assert sum(case.responses_by_session.values()) == total.responses
    for days in case.days.values():
        assert sum(day.responses for day in days.values()) == total.responses
        assert sum(day.output for day in days.values()) == total.output


def test_names_are_unique():
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))


def test_the_published_suite_holds_every_file_and_expectation(tmp_path):
    path = write_suite(tmp_path / "suite")
    published = json.loads(path.read_text(encoding="utf-8"))
    assert published["schema"] == "tachograph.conformance/1"
    assert [entry["name"] for entry in published["cases"]] == [case.name for case in CASES]
    written = {str(p.relative_to(path.parent)).replace("\\", "/") for p in path.parent.rglob("*") if p.is_file()}
    assert {name for entry in published["cases"] for name in entry["files"]} == written - {"expected.json"}
    for entry, case in zip(published["cases"], CASES, strict=True):
        assert entry["total"] == asdict(case.total)
        assert (path.parent / entry["home"]).is_dir()


def test_building_a_case_twice_gives_the_same_bytes(tmp_path):
    for case in CASES:
        first, second = case.write(tmp_path / "a" / case.name), case.write(tmp_path / "b" / case.name)
        files = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
        assert files == sorted(path.relative_to(second) for path in second.rglob("*") if path.is_file())
        assert [(first / name).read_bytes() for name in files] == [(second / name).read_bytes() for name in files]


# --------------------------------------------------------------------------------------------------- the docs

DOCS = Path(__file__).parents[2] / "docs" / "conformance.md"


def test_the_docs_list_every_case_as_it_is():
    text = DOCS.read_text(encoding="utf-8")
    table = text.partition("a test compares -->\n")[2].partition("<!-- end of cases -->")[0]
    assert table.strip() == table_of_cases()


def test_the_docs_explain_every_field_of_the_expectations():
    text = DOCS.read_text(encoding="utf-8")
    fields = {*CASES[0].expectation(), "files", "responses", "usd", "unpriced", "unreliable", "reasoning"}
    assert {name for name in fields if f"`{name}`" not in text} == set()


def test_the_command_line_writes_the_suite_or_says_how(tmp_path, capsys):
    assert main([str(tmp_path / "suite")]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "suite" / "expected.json")
    assert main(["--table"]) == 0
    assert capsys.readouterr().out.strip() == table_of_cases()
    assert main([]) == 2
    assert "usage: " in capsys.readouterr().err
