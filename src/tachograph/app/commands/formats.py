"""In which format, and to where, rows of commands are written."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal, cast

from tachograph.app.export.write import write_privately
from tachograph.errors import UsageError

Format = Literal["csv", "jsonl", "parquet"]

STDOUT = Path("-")
"""What ``--out -`` gives: no file of that name, but stdout."""
_BY_ENDING: dict[str, Format] = {
    ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip


def format_of_ending(path: Path) -> Format | None:
    """The format that the file's ending means; None where it means none."""
    return _BY_ENDING.get(path.suffix.lower())


def choose_format(path: Path, named: Format | None) -> Format:
    """The format that was named, else the one that the file's ending means, else CSV."""
    return named or format_of_ending(path) or "csv"


def contradiction(path: Path, named: Format | None) -> str:
    """One sentence where the format that was named is not the one that the file's ending means; else empty."""
    meant = format_of_ending(path)
    if named is None or meant is None or meant == named:
        return ""
    return f"{path} is written as {named}, as --format says, although its ending means {meant}."


@contextmanager
def open_output(path: Path, format: Format) -> Iterator[BinaryIO]:
    """The file ``path``, which only its owner can read and which appears when all is written; for ``-`` stdout.

    Raises TachographError (``cannot_write``), and UsageError for Parquet on a terminal.
    """
    if path != STDOUT:
        with write_privately(path) as stream:
            yield stream
        return
    if format == "parquet" and sys.stdout.isatty():
        raise UsageError(
            "Parquet is no text: a terminal cannot show it.",
            hint="Name a file with --out, send stdout elsewhere with > FILE, or take --format csv.",
        )
    out = cast(BinaryIO, sys.stdout.buffer)
    yield out
    out.flush()
