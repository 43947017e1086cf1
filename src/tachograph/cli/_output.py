"""Data on stdout: as one JSON object, or as a document for a person."""

from __future__ import annotations

import io
import sys
from typing import Any

import msgspec

from tachograph.report.document import Document
from tachograph.report.record_json import encode_record
from tachograph.report.sanitise import harmless_json


def print_json(name: str, record: msgspec.Struct | dict[str, Any]) -> None:
    """Print ``record`` with ``"schema": "tachograph.<name>/1"`` before its own fields."""
    text = msgspec.json.format(encode_record(name, record), indent=1)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # JSON is UTF-8, whatever the machine's language
    sys.stdout.write(harmless_json(text.decode()) + "\n")


def print_document(document: Document) -> None:
    """Print for a person: with colours and the terminal's width on a terminal, plainly elsewhere."""
    from tachograph.report.text import render

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a machine without some character shows a ? for it
    if sys.stdout.isatty():
        from tachograph.report.terminal import show

        show(document)
    else:
        sys.stdout.write(render(document, width=100))
