"""Values as YAML text: what we write ourselves, with comments and always in the same form.

What is written here is put into files whose every other byte has to stay; no library's writer does that. The tests read
it back with the reader that users' files go through.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tachograph.report.sanitise import harmless

_PLAIN = re.compile(r"\.?[A-Za-z_][A-Za-z0-9_./@+-]*(?: [A-Za-z0-9_./@+-]+)*")
"""Text that every YAML reader takes for itself without quotes. No colon, and no hyphen at the start."""
_WORDS = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n", ".inf", ".nan"))
"""Plain words that some YAML reader takes for something else."""
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\xa0\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff]"
    "|[\U000e0000-\U000e007f]"
)
"""What is written as an escape: control characters, and what shows nothing or turns text round."""


def write_scalar(value: object) -> str:
    """``value`` (text, number, bool or None) on one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _write_number(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_INVISIBLE.sub(_escape, escaped)}"'


def write_text(key: str, text: str) -> list[str]:
    """``key: text`` as lines: text of several lines as a block, where that holds it exactly."""
    lines = text.split("\n")
    holds = text == text.strip() and not any(_INVISIBLE.search(line.replace("\t", "")) for line in lines)
    if len(lines) == 1 or not holds:
        return [f"{key}: {write_scalar(text)}"]
    return [f"{key}: |-", *(f"  {line}" if line else "" for line in lines)]


def write_entry(key: str, value: Any, remark: str = "", notes: Mapping[str, str] | None = None) -> list[str]:
    """``key: value`` as lines. ``remark`` stands beside the key, a note beside the mapping's entry of its name."""
    name, beside = write_scalar(key), _comment(remark)
    if isinstance(value, dict) and value:
        inner = [line for entry, one in value.items() for line in write_entry(entry, one, (notes or {}).get(entry, ""))]
        return [f"{name}:{beside}", *indent(inner)]
    if isinstance(value, list) and value:
        return [f"{name}:{beside}", *(f"  - {write_scalar(one)}" for one in value)]
    return [f"{name}: {'[]' if value == [] else '{}' if value == {} else write_scalar(value)}{beside}"]


def indent(lines: Iterable[str], by: int = 2) -> list[str]:
    """``lines`` further to the right; blank ones stay empty."""
    return [f"{' ' * by}{line}" if line else "" for line in lines]


def write_comment(text: str) -> str:
    """``text`` as a comment of one line, harmless on a terminal."""
    return f"# {harmless(text)}".rstrip()


def _comment(remark: str) -> str:
    return f" {write_comment(remark)}" if remark else ""


def _write_number(value: int | float) -> str:
    """As YAML's core schema has it."""
    text = repr(value)
    return {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}.get(text, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"  # half a character: YAML cannot say it
    if code == 0x0A:
        return "\\n"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
