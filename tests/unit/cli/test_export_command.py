from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from tachograph.app.export import TABLES
from tests.builders.small import Week, week, write_config
from tests.golden import check_golden
from tests.unit.cli.running import Tacho

__all__ = ["week"]


@pytest.fixture(autouse=True)
def configured(home: Path) -> None:
    write_config(home)


@pytest.fixture
def tacho(capfdbinary: pytest.CaptureFixture[bytes]) -> BinaryTacho:
    return BinaryTacho(capfdbinary)


class BinaryTacho(Tacho):
    """``tacho`` whose output is bytes."""

    def __init__(self, capture: pytest.CaptureFixture[bytes]) -> None:
        self._bytes = capture

    def __call__(self, *arguments: str) -> int:
        from tachograph.cli._frame import run

        self._bytes.readouterr()
        code = run(arguments)
        out, err = self._bytes.readouterr()
        self.out, self.err = out.decode(), err.decode()
        return code


@pytest.mark.parametrize("table", TABLES)
def test_csv_as_it_was_agreed(tacho: BinaryTacho, week: Week, table: str) -> None:
    assert tacho("export", "csv", "--table", table, "--tz", "UTC") == 0
    assert tacho.err == ""
    check_golden(f"export-{table}.csv", tacho.out.replace("\r\n", "\n"))


@pytest.mark.parametrize("table", TABLES)
def test_every_json_line_is_an_object(tacho: BinaryTacho, week: Week, table: str) -> None:
    assert tacho("export", "jsonl", "--table", table) == 0
    for line in tacho.out.splitlines():
        assert list(json.loads(line)) == [column.name for column in TABLES[table].columns]


def test_a_file_is_private_and_told_of(tacho: BinaryTacho, week: Week, tmp_path: Path) -> None:
    place = tmp_path / "out.csv"
    assert tacho("export", "csv", "--table", "prompts", "--out", str(place)) == 0
    assert tacho.out == ""
    assert tacho.err == f"tacho: 10 rows of prompts written to {place}\n"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert place.read_text().count("\n") == 11
    assert os.listdir(tmp_path) == ["out.csv"]


def test_a_hyphen_is_stdout(tacho: BinaryTacho, week: Week, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert tacho("export", "csv", "--table", "prompts", "--out", "-") == 0
    assert (tacho.out.count("\n"), tacho.err) == (11, "")
    assert list(tmp_path.glob("-*")) == []


def test_a_place_that_cannot_be_written_is_told(tacho: BinaryTacho, week: Week, tmp_path: Path) -> None:
    assert tacho("export", "csv", "--table", "prompts", "--out", str(tmp_path / "no" / "x.csv")) == 4
    assert tacho.err == f"tacho: Cannot write {tmp_path / 'no' / 'x.csv'}: No such file or directory.\n"


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_on_a_terminal_text_cannot_steer_it(
    tacho: BinaryTacho, week: Week, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    week.open("2026-05-22T09:00:00Z", "/home/ada/site", "a\x1b[2Jb\u202ec\nd").response()
    week.claude.write()
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert tacho("export", format, "--table", "prompts") == 0
    assert "a\ufffd[2Jb\ufffdc d" in tacho.out
    assert "\x1b" not in tacho.out


def test_an_empty_machine_gives_a_header(tacho: BinaryTacho) -> None:
    assert tacho("export", "csv", "--table", "daily") == 0
    assert tacho.out.startswith("day,project,agent,model,")
    assert tacho.out.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [["csv"], ["xml", "--table", "daily"], ["csv", "--table", "secrets"], ["csv", "--table", "daily", "--out", "."]],
)
def test_what_makes_no_sense_is_refused(tacho: BinaryTacho, arguments: list[str]) -> None:
    assert tacho("export", *arguments) == 2


def test_every_column_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "export.md").read_text(encoding="utf-8")
    for table in TABLES.values():
        section = page.partition(f"## {table.name}\n")[2].partition("\n## ")[0]
        assert table.doc in section
        rows = [line for line in section.splitlines() if line.startswith("| `")]
        assert rows == [f"| `{column.name}` | {column.kind} | {column.doc} |" for column in table.columns]
