"""Changing one place of a JSON text and no other byte: order, indentation, numbers and escapes stay as written."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple, NoReturn

Path = Sequence[str | int]
"""Keys and indexes from the top down."""

_SPACE = re.compile(r"[ \t\r\n]*")
_UNIT = "  "
"""Indentation of a text that shows none of its own."""


class _Item(NamedTuple):
    key: str | int
    start: int
    """Where the key begins (in an array: the value)."""
    value: int
    end: int


def read_object(text: str) -> dict[str, Any]:
    """The object that ``text`` holds.

    Raises ValueError, with what is wrong in words, for what is no JSON object by the letter: comments, commas too
    many, a key that occurs twice (which of them counts, readers do not agree on).
    """
    try:
        document = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}, column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(document, dict):
        raise ValueError("it holds no object")
    return document


def add_member(text: str, path: Path, key: str, value: Any) -> str:
    """``text`` with ``key`` as the last member of the object at ``path``."""
    return _append(text, path, f"{json.dumps(key)}: ", value)


def add_element(text: str, path: Path, value: Any) -> str:
    """``text`` with ``value`` at the end of the array at ``path``."""
    return _append(text, path, "", value)


def replace_value(text: str, path: Path, value: Any) -> str:
    """``text`` with another value at ``path``, laid out like its surroundings."""
    found = _find(text, path)
    indent = _indent_of(text, found.start)
    return text[: found.value] + _dump(text, value, indent, _is_inline(text)) + text[found.end :]


def remove(text: str, path: Path) -> str:
    """``text`` without what is at ``path``; an object or array that gets empty stays."""
    opening = _value_at(text, path[:-1])
    items, closing = _items(text, opening)
    index = next(number for number, item in enumerate(items) if item.key == path[-1])
    if len(items) == 1:
        return text[: opening + 1] + text[closing:]
    if index == 0:
        return text[: items[0].start] + text[items[1].start :]
    return text[: items[index - 1].end] + text[items[index].end :]


def _append(text: str, path: Path, head: str, value: Any) -> str:
    opening = _value_at(text, path)
    items, closing = _items(text, opening)
    newline = "\r\n" if "\r\n" in text else "\n"
    if not items:
        if _is_inline(text):
            return text[: opening + 1] + head + _dump(text, value, "", inline=True) + text[closing:]
        base = _indent_of(text, opening)
        inner = base + _unit_of(text)
        piece = head + _dump(text, value, inner, inline=False)
        return text[: opening + 1] + newline + inner + piece + newline + base + text[closing:]
    before = items[-2].end if len(items) > 1 else opening + 1
    gap = text[before : items[-1].start].replace(",", "", 1)
    if "\n" in gap:
        indent = gap.rpartition("\n")[2]
        added = "," + newline + indent + head + _dump(text, value, indent, inline=False)
    else:
        added = "," + (gap if len(items) > 1 else " ") + head + _dump(text, value, "", inline=True)
    return text[: items[-1].end] + added + text[items[-1].end :]


def _value_at(text: str, path: Path) -> int:
    return _find(text, path).value if path else _skip(text, 0)


def _find(text: str, path: Path) -> _Item:
    """The member or element at ``path``, which is there."""
    item = _Item("", 0, _skip(text, 0), len(text))
    for step in path:
        item = next(one for one in _items(text, item.value)[0] if one.key == step)
    return item


def _items(text: str, opening: int) -> tuple[list[_Item], int]:
    """The members of the object, or elements of the array, that begins at ``opening``; and where it is closed."""
    is_object = text[opening] == "{"
    decoder = json.JSONDecoder()
    items: list[_Item] = []
    at = _skip(text, opening + 1)
    while text[at] not in "]}":
        start = at
        name: str | int = len(items)
        if is_object:
            name, at = decoder.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        value = at
        _, end = decoder.raw_decode(text, at)
        items.append(_Item(name, start, value, end))
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return items, at


def _dump(text: str, value: Any, indent: str, inline: bool) -> str:
    """``value`` as it is written into ``text``, its lines after the first below ``indent``."""
    if inline:
        return json.dumps(value)
    newline = "\r\n" if "\r\n" in text else "\n"
    return json.dumps(value, indent=_unit_of(text)).replace("\n", newline + indent)


def _is_inline(text: str) -> bool:
    """Whether the whole object stands on one line (an empty one has not decided)."""
    opening = _skip(text, 0)
    items, closing = _items(text, opening)
    return bool(items) and "\n" not in text[opening:closing]


def _unit_of(text: str) -> str:
    """The indentation of the first member, if it stands on a line of its own."""
    opening = _skip(text, 0)
    items, _ = _items(text, opening)
    gap = text[opening + 1 : items[0].start] if items else ""
    return (gap.rpartition("\n")[2] if "\n" in gap else "") or _UNIT


def _indent_of(text: str, at: int) -> str:
    """The blanks at the beginning of the line of ``at``."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    assert found is not None  # it matches nothing too
    return found.end()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {json.dumps(key)} occurs twice in one object")
        found[key] = value
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
