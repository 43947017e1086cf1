"""Data on stdout: as one JSON object, or as a document for a person."""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from tachograph.report.document import Document


def print_json(name: str, record: msgspec.Struct | dict[str, Any]) -> None:
    """Print ``record`` with ``"schema": "tachograph.<name>/1"`` before its own fields."""
    fields = msgspec.to_builtins(record)
    text = msgspec.json.format(msgspec.json.encode({"schema": f"tachograph.{name}/1", **fields}), indent=1)
    sys.stdout.write(text.decode() + "\n")


def print_document(document: Document) -> None:
    """Print for a person: with colours and the terminal's width on a terminal, plainly elsewhere."""
    from tachograph.report.text import render

    if sys.stdout.isatty():
        from tachograph.report.terminal import show

        show(document)
    else:
        sys.stdout.write(render(document, width=100))
