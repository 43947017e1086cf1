"""Data on stdout: as one JSON object, or as a document for a person."""

from __future__ import annotations

import io
import sys
from typing import Any

import msgspec

from tachograph.report.document import Document
from tachograph.report.sanitise import harmless_json


def print_json(name: str, record: msgspec.Struct | dict[str, Any]) -> None:
    """Print ``record`` with ``"schema": "tachograph.<name>/1"`` before its own fields."""
    fields = msgspec.to_builtins(record)
    told = {"schema": f"tachograph.{name}/1", **fields}
    try:
        encoded = msgspec.json.encode(told)
    except UnicodeEncodeError:  # a file's name may be any bytes
        encoded = msgspec.json.encode(_mend(told))
    text = msgspec.json.format(encoded, indent=1)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # JSON is UTF-8, whatever the machine's language
    sys.stdout.write(harmless_json(text.decode()) + "\n")


def _mend(value: Any) -> Any:
    """``value`` with a question mark for every half of a character, which no JSON can hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_mend(key): _mend(one) for key, one in value.items()}
    return [_mend(one) for one in value] if isinstance(value, list) else value


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
