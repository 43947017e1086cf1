"""Commands as files for learning and for other tools: one row a command, CSV, JSON lines or Parquet.

The first seven columns are those that the pipelines of an earlier tool read; the others came later.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Container, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast, get_args

import msgspec

from tachograph.app.commands.cells import EXPECTED, Kind, read_cell
from tachograph.app.commands.formats import Format, choose_format, open_output
from tachograph.app.export.write import defuse
from tachograph.errors import NotFound, TachographError
from tachograph.model import CommandEvent, CommandOrigin, to_datetime

METRICS: dict[str, Kind] = {
    "command_hash": "text", "duration_ms": "count", "exit_code": "count", "timed_out": "flag",
    "files_touched_count": "count", "lines_added": "count", "lines_deleted": "count",
}  # fmt: skip
"""In every file, in this order, before all others."""
FACTS: dict[str, Kind] = {
    "executed_at": "time", "program": "text", "repo": "text", "session": "text", "agent": "text", "commits": "count",
    "renames": "count", "binary_files": "count", "id": "text", "origin": "text",
}  # fmt: skip
LABELS: dict[str, Kind] = {"productivity_label": "number", "label_kind": "text", "label_source": "text"}
SCORES: dict[str, Kind] = {
    "predicted_productivity": "number", "predicted_low": "number", "predicted_high": "number",
    "top_contribution_feature": "text", "top_contribution_value": "number", "model_ref": "text",
    "predicted_kind": "text",
}  # fmt: skip
COLUMNS: dict[str, Kind] = {**METRICS, **FACTS, **LABELS, **SCORES}
"""Every column, in order, with what its values are."""

_FLUSH_CHARS = 1 << 16
_LINE_BYTES = 1 << 20
_PARQUET_MAGIC = b"PAR1"
_MAKE_ROWS = "tacho commands export --with-labels writes such a file, tacho ml generate one with made-up rows."


class DatasetRow(msgspec.Struct, frozen=True, kw_only=True):
    """One command. None is what is not known, or not in the file."""

    command_hash: str
    duration_ms: int | None = None
    exit_code: int | None = None
    timed_out: bool = False
    files_touched_count: int | None = None
    lines_added: int | None = None
    lines_deleted: int | None = None
    executed_at: int | None = None
    """ms since 1970-01-01 UTC."""
    program: str | None = None
    repo: str | None = None
    session: str | None = None
    agent: str | None = None
    commits: int | None = None
    renames: int | None = None
    binary_files: int | None = None
    id: str | None = None
    origin: str | None = None
    """``run``, ``shell`` or ``log``, see :class:`tachograph.model.CommandEvent`."""
    productivity_label: float | None = None
    label_kind: str | None = None
    label_source: str | None = None
    predicted_productivity: float | None = None
    predicted_low: float | None = None
    predicted_high: float | None = None
    top_contribution_feature: str | None = None
    top_contribution_value: float | None = None
    model_ref: str | None = None
    predicted_kind: str | None = None
    """``productivity`` or ``chance``, see :class:`tachograph.model.CommandScore`."""


def row_of(event: CommandEvent) -> DatasetRow:
    """The row of a command, without label and score."""
    return DatasetRow(**{name: getattr(event, name) for name in (*METRICS, *FACTS)})


def event_of(row: DatasetRow, number: int) -> CommandEvent:
    """The command that a file's row number ``number`` tells of; what has no id or time is given one by its place."""
    origin = row.origin if row.origin in get_args(CommandOrigin) else "log"
    return CommandEvent(
        id=row.id or f"evt_{number:020x}", origin=cast(CommandOrigin, origin),
        agent=row.agent, executed_at=row.executed_at or number,
        command_hash=row.command_hash, hash_key="", program=row.program or "", duration_ms=row.duration_ms,
        exit_code=row.exit_code, timed_out=row.timed_out, files_touched_count=row.files_touched_count,
        lines_added=row.lines_added, lines_deleted=row.lines_deleted, binary_files=row.binary_files,
        renames=row.renames, commits=row.commits, repo=row.repo, session=row.session,
    )  # fmt: skip


def columns(*, labels: bool = False, scores: bool = False) -> dict[str, Kind]:
    """The columns of a file with or without labels and scores."""
    return {**METRICS, **FACTS, **(LABELS if labels else {}), **(SCORES if scores else {})}


def write_dataset(
    rows: Iterable[DatasetRow], format: Format, path: Path, *, labels: bool = False, scores: bool = False
) -> int:
    """Write ``rows`` to a file that only its owner can read, for ``-`` to stdout; return how many there were.

    Raises TachographError: ``cannot_write``, ``parquet_missing``, and UsageError for Parquet on a terminal.
    """
    with open_output(path, format) as stream:
        return _WRITERS[format](rows, columns(labels=labels, scores=scores), stream)


def read_dataset(path: Path) -> Iterator[DatasetRow]:
    """The rows of a file, whichever of the formats it has. Columns of other names are passed over.

    Raises NotFound, and TachographError (``bad_dataset``) with line and column for what is no such file.
    """
    place = ""
    try:
        with path.open("rb") as stream:
            for record, place in _records(stream, path):
                yield _row(record, path, place)
    except FileNotFoundError:
        raise NotFound(f"There is no file {path}.") from None
    except OSError as error:
        raise _bad(path, "", error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        reason = "this is no text in UTF-8; a file of commands is CSV, JSON lines or Parquet"
        raise _bad(path, place and f"after {place}", reason) from error
    except csv.Error as error:
        raise _bad(path, place and f"after {place}", str(error)) from error


def _records(stream: BinaryIO, path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """Each row as its columns' values, with the place where it stands."""
    start = stream.read(512)
    stream.seek(0)
    if start.startswith(_PARQUET_MAGIC):
        return _parquet_records(stream, path)
    if not start and choose_format(path, None) != "jsonl":  # there it is a file without rows
        reason = "the file is empty, it has not even the line with the columns' names"
        raise TachographError(f"{path}: {reason}.", slug="bad_dataset", hint=_MAKE_ROWS)
    is_json = start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    return _json_records(stream, path) if is_json or not start else _csv_records(stream, path)


def _parquet_records(stream: BinaryIO, path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    from tachograph.app.commands.parquet import read_parquet

    for number, record in enumerate(read_parquet(stream, str(path)), 1):
        yield record, f"row {number}"


def _csv_records(stream: BinaryIO, path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    reader = csv.reader(codecs.iterdecode(stream, "utf-8-sig"))
    names = next(reader, [])
    _check_columns(names, path, "line 1")
    for cells in reader:
        place = f"line {reader.line_num}"
        if len(cells) != len(names) and cells:
            raise _bad(path, place, f"{len(names)} cells are expected, as line 1 names columns, {len(cells)} are there")
        if cells:
            yield _without_apostrophes(dict(zip(names, cells, strict=True))), place


def _json_records(stream: BinaryIO, path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    number = 0
    while line := stream.readline(_LINE_BYTES):
        number += 1
        if line.strip():
            try:
                record = decode(line.removeprefix(b"\xef\xbb\xbf"))
            except msgspec.DecodeError as error:
                raise _bad(path, f"line {number}", f"a JSON object is expected: {error}") from error
            yield record, f"line {number}"


def _without_apostrophes(record: dict[str, Any]) -> dict[str, Any]:
    """The record as it was before a formula in it was made harmless."""
    for name, value in record.items():
        if isinstance(value, str) and value[:1] == "'" and defuse(value[1:]) == value:
            record[name] = value[1:]
    return record


def _row(record: dict[str, Any], path: Path, place: str) -> DatasetRow:
    _check_columns(record, path, place)
    values = {}
    for name, kind in COLUMNS.items():
        value = record.get(name)
        if value is None or value == "":
            continue
        try:
            values[name] = read_cell(kind, value)
        except (ValueError, TypeError, OverflowError) as error:
            reason = f"{EXPECTED[kind]} is expected, not {str(value)[:50]!r}"
            raise _bad(path, f"{place}, column {name}", reason) from error
    values.setdefault("command_hash", "")
    return DatasetRow(**{name: value for name, value in values.items() if value is not None})


def _check_columns(names: Container[str], path: Path, place: str) -> None:
    missing = [name for name in METRICS if name not in names]
    if len(missing) == len(METRICS):
        raise _bad(path, place, "the names of the columns are expected, and none of them is there")
    if missing:
        which = f"column {missing[0]} is" if len(missing) == 1 else f"columns {', '.join(missing)} are"
        raise _bad(path, place, f"the {which} missing")


def _bad(path: Path, place: str, reason: str) -> TachographError:
    return TachographError(
        f"{path}{f', {place}' if place else ''}: {reason}.",
        slug="bad_dataset",
        hint=f"The columns {', '.join(METRICS)} are needed, others may follow. {_MAKE_ROWS}",
    )


def _write_csv(rows: Iterable[DatasetRow], chosen: dict[str, Kind], out: BinaryIO) -> int:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")  # as RFC 4180 has it; only so are lone carriage returns quoted
    writer.writerow(chosen)
    count = 0
    for row in rows:
        count += 1
        values = ((getattr(row, name), kind) for name, kind in chosen.items())
        writer.writerow(None if value is None else _CSV_CELLS[kind](value) for value, kind in values)
        if buffer.tell() >= _FLUSH_CHARS:
            _flush(buffer, out)
    _flush(buffer, out)
    return count


def _flush(buffer: io.StringIO, out: BinaryIO) -> None:
    out.write(buffer.getvalue().encode("utf-8", "replace"))
    buffer.seek(0)
    buffer.truncate()


def _write_jsonl(rows: Iterable[DatasetRow], chosen: dict[str, Kind], out: BinaryIO) -> int:
    encode = msgspec.json.Encoder().encode
    count = 0
    for row in rows:
        count += 1
        record = {name: getattr(row, name) for name in chosen}
        record["executed_at"] = None if row.executed_at is None else iso(row.executed_at)
        out.write(encode(record) + b"\n")
    return count


def _write_parquet(rows: Iterable[DatasetRow], chosen: dict[str, Kind], out: BinaryIO) -> int:
    from tachograph.app.commands.parquet import write_parquet

    return write_parquet(rows, chosen, out)


def iso(milliseconds: int) -> str:
    """``2026-05-20T10:00:00.000Z``."""
    return to_datetime(milliseconds).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


_WRITERS: dict[Format, Callable[[Iterable[DatasetRow], dict[str, Kind], BinaryIO], int]] = {
    "csv": _write_csv,
    "jsonl": _write_jsonl,
    "parquet": _write_parquet,
}
_CSV_CELLS: dict[Kind, Callable[[Any], object]] = {
    "text": defuse,
    "count": int,
    "number": lambda value: f"{value:.10g}",
    "flag": int,  # 0 and 1, as those pipelines have it
    "time": iso,
}
