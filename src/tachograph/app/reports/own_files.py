"""Putting a report where a person wants it: an earlier report is replaced, nothing else is."""

from __future__ import annotations

import os
from pathlib import Path

from tachograph.app.export.write import write_privately
from tachograph.errors import TachographError, UsageError


def put_report(path: Path, content: bytes, *, mark: bytes, option: str) -> None:
    """Put the report at ``path`` (0600), all at once, in place of an earlier one.

    ``mark`` is how reports of its kind end; ``option`` is what names another file. Raises UsageError (``file_exists``)
    when another file is there, TachographError when it cannot be written.
    """
    try:
        if path.is_file() and not _may_replace(path, mark):
            raise UsageError(
                f"{path} is there and is no report of tacho.", slug="file_exists",
                hint=f"Name another file with {option}, or remove it.",
            )  # fmt: skip
        with write_privately(path) as stream:
            stream.write(content)
    except OSError as error:
        raise TachographError(f"Cannot write {path}: {error.strerror or error}.", slug="cannot_write") from error


def _may_replace(path: Path, mark: bytes) -> bool:
    """Whether the file is a report of ours, or holds nothing."""
    with path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - len(mark)))
        return not size or stream.read() == mark
