"""Files of commands: what is written, what is read back, what is refused."""

from __future__ import annotations

import csv
import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from tachograph.app.commands.dataset import (
    COLUMNS,
    METRICS,
    DatasetRow,
    Format,
    event_of,
    read_dataset,
    row_of,
    write_dataset,
)
from tachograph.errors import NotFound, TachographError
from tachograph.model import CommandEvent

FIRST = ["command_hash", "duration_ms", "exit_code", "timed_out", "files_touched_count", "lines_added", "lines_deleted"]
FULL = DatasetRow(
    command_hash="0" * 32, duration_ms=1200, exit_code=124, timed_out=True, files_touched_count=2, lines_added=10,
    lines_deleted=3, executed_at=1_790_000_000_123, program='=HYPERLINK("http://x")', repo="/home/ada/site",
    session="claude_code:one", agent="claude_code", commits=1, renames=0, binary_files=0, id="evt_01",
    productivity_label=71.5, label_kind="human", label_source="person", predicted_productivity=66.25,
    predicted_low=50.0, predicted_high=80.5, top_contribution_feature="duration", top_contribution_value=-3.5,
    model_ref="first", predicted_kind="productivity",
)  # fmt: skip
HEAD = ",".join(FIRST).encode() + b"\n"
BARE = DatasetRow(command_hash="f" * 32)
FORMATS: list[Format] = ["csv", "jsonl", "parquet"]


@pytest.mark.parametrize("format", FORMATS)
def test_rows_come_back_as_they_were(tmp_path: Path, format: Format):
    path = tmp_path / "rows"
    assert write_dataset([FULL, BARE], format, path, labels=True, scores=True) == 2
    assert list(read_dataset(path)) == [FULL, BARE]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("format", FORMATS)
def test_without_labels_and_scores_none_are_in_the_file(tmp_path: Path, format: Format):
    path = tmp_path / "rows"
    write_dataset([FULL], format, path)
    [row] = read_dataset(path)
    assert row.id == "evt_01"
    assert row.productivity_label is row.predicted_productivity is row.model_ref is None


def test_the_seven_columns_of_old_come_first(tmp_path: Path):
    assert list(METRICS) == FIRST
    assert list(COLUMNS)[:7] == FIRST
    write_dataset([FULL], "csv", tmp_path / "a.csv", labels=True, scores=True)
    with (tmp_path / "a.csv").open(newline="") as stream:
        names, cells = list(csv.reader(stream))
    assert names == list(COLUMNS)
    assert cells[:9] == [
        "0" * 32, "1200", "124", "1", "2", "10", "3", "2026-09-21T14:13:20.123Z", '\'=HYPERLINK("http://x")',
    ]  # fmt: skip
    assert cells[-3:] == ["-3.5", "first", "productivity"]


def test_jsonl_has_null_for_what_is_not_known(tmp_path: Path):
    write_dataset([BARE], "jsonl", tmp_path / "a.jsonl")
    [line] = (tmp_path / "a.jsonl").read_text().splitlines()
    record = json.loads(line)
    assert list(record)[:7] == FIRST
    assert record["timed_out"] is False
    assert record["duration_ms"] is record["executed_at"] is None


def test_parquet_has_types(tmp_path: Path):
    from pyarrow import parquet

    write_dataset([FULL], "parquet", tmp_path / "a.parquet")
    table = parquet.read_table(tmp_path / "a.parquet")
    assert table.column_names[:7] == FIRST
    assert [str(table.schema.field(name).type) for name in ("duration_ms", "timed_out", "executed_at")] == [
        "int64", "bool", "timestamp[ms, tz=UTC]",
    ]  # fmt: skip
    assert table["executed_at"][0].as_py() == datetime(2026, 9, 21, 14, 13, 20, 123000, UTC)


def test_many_rows_of_parquet_are_written_in_groups(tmp_path: Path):
    assert write_dataset((BARE for _ in range(20_001)), "parquet", tmp_path / "a") == 20_001
    assert sum(1 for _ in read_dataset(tmp_path / "a")) == 20_001


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0a,5,0,False,1,,", DatasetRow(command_hash="0a", duration_ms=5, exit_code=0, files_touched_count=1)),
        ("0a,5.0,124.0,1.0,,,", DatasetRow(command_hash="0a", duration_ms=5, exit_code=124, timed_out=True)),
        ("0a,,nan,TRUE,,,", DatasetRow(command_hash="0a", timed_out=True)),
        (",,,,,,", DatasetRow(command_hash="")),
    ],
)  # fmt: skip
def test_files_with_the_seven_columns_alone_are_read(tmp_path: Path, text: str, expected: DatasetRow):
    path = tmp_path / "old.txt"
    path.write_text(",".join(FIRST) + "\n" + text + "\n")
    assert list(read_dataset(path)) == [expected]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-09-21T14:13:20.123Z", 1_790_000_000_123),
        ("2026-09-21T16:13:20+02:00", 1_790_000_000_000),
        ("2026-09-21 14:13:20", 1_790_000_000_000),
        ("1790000000.5", 1_790_000_000_500),
        ("1790000000123", 1_790_000_000_123),
    ],
)
def test_times_are_read_in_each_way_that_they_are_written(tmp_path: Path, written: str, expected: int):
    path = tmp_path / "a.csv"
    path.write_text(f"{','.join(FIRST)},executed_at\n,,,,,,,{written}\n")
    [row] = read_dataset(path)
    assert row.executed_at == expected


def test_byte_order_mark_and_other_columns_are_passed_over(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_bytes(f"\ufeff{','.join(FIRST)},mood\r\n0a,1,2,0,3,4,5,good\r\n".encode())
    assert [row.duration_ms for row in read_dataset(path)] == [1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            b"command_hash,duration_ms\n1,2\n",
            "line 1: the columns exit_code, timed_out, files_touched_count, lines_added, lines_deleted are missing",
        ),
        (
            HEAD + b",soon,,,,,\n",
            "line 2, column duration_ms: a whole number is expected, not 'soon'",
        ),
        (
            HEAD + b",,,,,,\n,1.5,,,,,\n",
            "line 3, column duration_ms: a whole number is expected, not '1.5'",
        ),
        (
            HEAD + b",inf,,,,,\n",
            "line 2, column duration_ms: a whole number is expected, not 'inf'",
        ),
        (
            HEAD + b",,,maybe,,,\n",
            "line 2, column timed_out: true or false (1 or 0) is expected, not 'maybe'",
        ),
        (
            ",".join([*FIRST, "productivity_label", "executed_at"]).encode() + b"\n,,,,,,,12,noon\n",
            "line 2, column executed_at: a time such as 2026-11-01T10:00:00Z, or seconds or milliseconds since 1970 is",
        ),
        (HEAD + b",,,,,,\nab,1\n", "line 3: 7 cells are expected, as line 1 names columns, 2"),
        (HEAD + b",,,,,,,\n", "line 2: 7 cells are expected, as line 1 names columns, 8 are"),
        (
            b'{"command_hash": 1}\n',
            f"line 1: the columns {', '.join(FIRST[1:])} are missing.",
        ),
        (b'{"command_hash": \n', "line 1: a JSON object is expected: Input data was truncated"),
        (b"\xff\xfe\x00a\n", "a: this is no text in UTF-8; a file of commands is CSV, JSON lines or Parquet."),
        (HEAD + b",,,,,,\n\xff,,,,,,\n", "after line 2: this is no text in UTF-8"),
        (b"Mood,Weather\n1,2\n", "line 1: the names of the columns are expected, and none of them is there."),
        (b'[{"command_hash": 1}]', "line 1: the names of the columns are expected"),
        (b"PAR1 and no more", "a: this Parquet file cannot be read"),
        (b"", "a: the file is empty, it has not even the line with the columns' names."),
    ],
)
def test_what_is_no_dataset_is_told_with_its_place(tmp_path: Path, content: bytes, said: str):
    path = tmp_path / "a"
    path.write_bytes(content)
    with pytest.raises(TachographError) as caught:
        list(read_dataset(path))
    assert said in caught.value.message
    assert (caught.value.slug, caught.value.exit_code) == ("bad_dataset", 4)
    assert "tacho commands export --with-labels writes such a file" in caught.value.hint or "Parquet" in said


def test_one_missing_column_is_named(tmp_path: Path):
    (tmp_path / "a.csv").write_text(",".join(FIRST[:-1]) + "\n")
    with pytest.raises(TachographError, match=r"a\.csv, line 1: the column lines_deleted is missing\."):
        list(read_dataset(tmp_path / "a.csv"))


@pytest.mark.parametrize(("name", "content"), [("a.jsonl", ""), ("a.csv", ",".join(FIRST) + "\n")])
def test_a_file_may_have_no_rows(tmp_path: Path, name: str, content: str):
    (tmp_path / name).write_text(content)
    assert list(read_dataset(tmp_path / name)) == []


def test_file_that_is_not_there_and_folder(tmp_path: Path):
    with pytest.raises(NotFound):
        list(read_dataset(tmp_path / "none"))
    with pytest.raises(TachographError, match="Is a directory"):
        list(read_dataset(tmp_path))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "'quoted'", "'=x"])
def test_text_like_a_formula_is_harmless_in_csv_and_whole_when_read(tmp_path: Path, text: str):
    write_dataset([msgspec.structs.replace(BARE, program=text)], "csv", tmp_path / "a.csv")
    [row] = read_dataset(tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="") as stream:
        cell = list(csv.reader(stream))[1][8]
    assert cell[0] not in "=+-@\t"
    assert row.program == (text if text != "'=x" else "=x")  # as it would have been written for =x


def test_nothing_is_left_of_a_file_that_could_not_be_finished(tmp_path: Path):
    def rows():
        yield BARE
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        write_dataset(rows(), "csv", tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []


def test_event_and_row_tell_the_same():
    event = CommandEvent(
        id="evt_1", origin="run", agent="codex", executed_at=5, command_hash="ab", hash_key="k", program="git commit",
        duration_ms=7, exit_code=0, files_touched_count=1, lines_added=2, lines_deleted=3, binary_files=0, renames=0,
        commits=1, repo="/r", session="codex:1",
    )  # fmt: skip
    assert event_of(row_of(event), 9) == msgspec.structs.replace(event, hash_key="")


def test_row_without_id_gets_one_by_its_number():
    assert event_of(BARE, 255).id == "evt_000000000000000000ff"
    assert event_of(BARE, 255).executed_at == 255
