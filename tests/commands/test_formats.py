"""In which format, and to where, commands are written."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from pyarrow import parquet

from tachograph.app.commands.dataset import read_dataset
from tachograph.app.commands.formats import Format, choose_format, contradiction
from tests.capture.at_terminal import Person
from tests.commands.logged import NOW, Machine, captured
from tests.unit.cli.running import Tacho, tacho

__all__ = ["tacho"]

MAGIC = b"PAR1"


@pytest.fixture
def machine(home: Path) -> Machine:
    """Two commands of two repositories."""
    made = Machine(home)
    made.note(captured(1, repo="/home/ada/site"), captured(2, repo="/home/ada/tools", executed_at=NOW))
    return made


@pytest.mark.parametrize(
    ("name", "named", "chosen", "contradicts"),
    [
        ("a.csv", None, "csv", False),
        ("a.JSONL", None, "jsonl", False),
        ("a.ndjson", None, "jsonl", False),
        ("a.parquet", None, "parquet", False),
        ("a.pq", None, "parquet", False),
        ("a.txt", None, "csv", False),
        ("-", None, "csv", False),
        ("a.txt", "jsonl", "jsonl", False),
        ("-", "parquet", "parquet", False),
        ("a.jsonl", "jsonl", "jsonl", False),
        ("a.parquet", "csv", "csv", True),
        ("a.csv", "parquet", "parquet", True),
    ],
)
def test_what_is_named_wins_then_the_ending_then_csv(
    name: str, named: Format | None, chosen: Format, contradicts: bool
) -> None:
    assert choose_format(Path(name), named) == chosen
    assert bool(contradiction(Path(name), named)) == contradicts


def starts(path: Path) -> bytes:
    return path.read_bytes()[:4]


def test_an_export_has_the_format_of_its_files_ending(tacho: Tacho, machine: Machine, tmp_path: Path) -> None:
    for name, start in {"a.parquet": MAGIC, "a.jsonl": b'{"co', "a.csv": b"comm", "a.txt": b"comm"}.items():
        assert tacho("commands", "export", "--out", str(tmp_path / name)) == 0
        assert starts(tmp_path / name) == start
        assert tacho.err == f"tacho: 2 commands written to {tmp_path / name}\n"
        assert [row.repo for row in read_dataset(tmp_path / name)] == ["/home/ada/site", "/home/ada/tools"]


def test_a_format_that_contradicts_the_ending_is_told_in_one_sentence(
    tacho: Tacho, machine: Machine, tmp_path: Path
) -> None:
    out = tmp_path / "a.parquet"
    assert tacho("commands", "export", "--format", "csv", "--out", str(out)) == 0
    assert starts(out) == b"comm"
    assert tacho.err.splitlines()[0] == (
        f"tacho: {out} is written as csv, as --format says, although its ending means parquet."
    )


def test_a_hyphen_is_stdout_for_parquet_too(machine: Machine, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tachograph", "commands", "export", "--out", "-", "--format", "parquet"]
    done = subprocess.run(command, capture_output=True, check=True, cwd=tmp_path)
    assert parquet.read_table(io.BytesIO(done.stdout)).num_rows == 2
    assert done.stderr == b""
    assert list(tmp_path.glob("-*")) == []


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals")
def test_parquet_is_not_thrown_at_a_terminal(machine: Machine) -> None:
    arguments = ["commands", "export", "--format", "parquet"]
    person = Person([sys.executable, "-m", "tachograph", *arguments], os.environ | {"TERM": "xterm"})
    try:
        shown = person.sees("--format csv")
        assert "Parquet is no text: a terminal cannot show it." in shown
        assert "PAR1" not in shown
        assert person.ends() == 2
    finally:
        person.leaves()


def test_made_up_rows_go_to_stdout_as_well(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    from tachograph.app.ml.generate import generate_dataset

    assert generate_dataset(Path("-"), 3, 1, "jsonl").rows == 3
    assert capfdbinary.readouterr().out.count(b"\n") == 3


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_cannot_be_written_names_the_file_that_was_meant(
    tacho: Tacho, machine: Machine, tmp_path: Path
) -> None:
    (tmp_path / "shut").mkdir(mode=stat.S_IRUSR | stat.S_IXUSR)
    assert tacho("commands", "export", "--out", str(tmp_path / "shut" / "a.csv")) == 4
    assert tacho.err == f"tacho: Cannot write {tmp_path / 'shut' / 'a.csv'}: Permission denied.\n"


def test_a_folder_that_is_not_there_names_the_file_that_was_meant(
    tacho: Tacho, machine: Machine, tmp_path: Path
) -> None:
    out = tmp_path / "none" / "a.csv"
    assert tacho("commands", "export", "--out", str(out)) == 4
    assert tacho.err == f"tacho: Cannot write {out}: No such file or directory.\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--agent", "nobody"], "Nothing matches --since, --until, --project and --agent; the store holds 2 commands."),
        (["--until", "2001-01-01"], "the store holds 2 commands."),
    ],
)
def test_when_nothing_is_left_it_says_why(tacho: Tacho, machine: Machine, arguments: list[str], said: str) -> None:
    assert tacho("commands", "export", *arguments) == 0
    assert tacho.out.count("\n") == 1, "the columns' names alone"
    assert said in tacho.err


def test_when_nothing_is_stored_it_says_how_to_begin(tacho: Tacho, home: Path) -> None:
    assert tacho("commands", "export") == 0
    assert tacho.err.startswith("tacho: No commands are stored yet: tacho run -- COMMAND keeps one")
