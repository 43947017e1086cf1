"""From the plain values of a file to expectations that can be checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Literal, get_args

import msgspec

from tachograph.analysis.expectations._recording import Scope

_AT = re.compile(r" - at (?:`key` in )?`\$(.*)`$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_OPTIONS: dict[str, Any] = {"scope": Literal["tree", "session"]}
"""Keys of a block that are no checks, with their types."""
_WORDS = {
    "object": "a mapping", "array": "a list", "str": "text", "int": "a whole number", "float": "a number",
    "bool": "true or false", "null": "nothing",
}  # fmt: skip
"""Kinds of values as msgspec calls them, and as a person does."""
_KINDS = re.compile(r"`([a-z |]+)`")
_CHOICE = re.compile(r"Invalid enum value '(.*)'", re.DOTALL)
_STRANGER = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_TYPES: tuple[tuple[Any, str], ...] = (
    (bool, "bool"), (str, "str"), (int, "int"), (float, "float"), (Mapping, "object"), ((list, tuple), "array"),
    (type(None), "null"),
)  # fmt: skip


class Misread(ValueError):
    """A value that makes no sense; ``path`` leads to it from the block that was read."""

    def __init__(self, message: str, path: Iterable[str | int] = (), hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.path = tuple(path)
        self.hint = hint


class Expectations(msgspec.Struct, frozen=True):
    """What is expected of one session."""

    asked: dict[str, Any] = {}
    """The value of each key that asks for something, as its check wants it; in the order of the file."""
    scope: Scope = "tree"
    empty: tuple[str, ...] = ()
    """Keys that were given, or chosen to run, without anything being expected: skipped."""


def read_expectations(block: Mapping[str, object], chosen: Iterable[str] | None = None) -> Expectations:
    """The expectations in ``block``: plain values by key, as a YAML or JSON file has them.

    A key whose value is None asks for nothing. ``chosen``: names of checks (keys, or their scorers' names) that are to
    run; other keys with a scorer's name are left out. Raises Misread for an unknown key and for a value of the wrong
    kind.
    """
    from tachograph.analysis.expectations._registry import SCORERS, load_expectations

    known = load_expectations()
    asked: dict[str, Any] = {}
    empty: list[str] = []
    for key, value in block.items():
        if key in _OPTIONS:
            _convert(value, _OPTIONS[key], key)
        elif key not in known:
            raise Misread(f"unknown key {key!r}", (key,), suggest(key, [*known, *_OPTIONS]))
        elif value is None:
            empty.append(key)
        else:
            asked[key] = _convert(value, known[key].value_type, key)
    if chosen is not None:
        wanted = {SCORERS.get(name, name) for name in chosen}
        asked = {key: value for key, value in asked.items() if key in wanted or key not in SCORERS.values()}
        empty = [key for key in known if key in wanted and key not in asked]
    scope: Any = block.get("scope") or "tree"
    return Expectations(asked, scope, tuple(dict.fromkeys(empty)))


def suggest(name: str, known: Iterable[str]) -> str:
    """``Did you mean X?`` when something known is nearly called so, else what is known."""
    names = list(known)
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    return f"Did you mean {close[0]}?" if close else f"Known ones: {', '.join(sorted(names))}."


def kind_of(value: object) -> str:
    """What ``value`` is, in words: ``a list``, ``text``, ``a whole number``."""
    return next((_WORDS[kind] for types, kind in _TYPES if isinstance(value, types)), "something else")


def _convert(value: object, shape: Any, key: str) -> Any:
    try:
        # A type of ours that is a Struct reads itself too; msgspec would take its fields for keys.
        return shape.read(value) if hasattr(shape, "read") else msgspec.convert(value, shape, dec_hook=_read_own)
    except (Misread, msgspec.ValidationError) as error:
        wrong = error if isinstance(error, Misread) else _explain(error, shape)
        raise Misread(wrong.message, (key, *wrong.path), wrong.hint) from None


def _explain(error: msgspec.ValidationError, shape: Any) -> Misread:
    """What is wrong, and where in the value."""
    text = str(error)
    found = _AT.search(text)
    steps = _STEP.findall(found[1]) if found else []
    path = [int(index) if index.isdigit() else name or index for name, index in steps if index != "..."]
    cause = error.__cause__
    if isinstance(cause, Misread):
        return Misread(cause.message, (*path, *cause.path), cause.hint)
    message = _AT.sub("", text)
    stranger = _STRANGER.fullmatch(message)
    if stranger is not None:
        known = getattr(shape, "__struct_fields__", ()) if not path else ()
        return Misread(f"unknown key {stranger[1]!r}", (*path, stranger[1]), suggest(stranger[1], known))
    other = _CHOICE.fullmatch(message)
    if other is not None:
        return Misread(f"unknown value {other[1]!r}", path, suggest(other[1], get_args(shape)) if not path else "")
    return Misread(_in_words(message), path)


def _read_own(shape: Any, value: object) -> Any:
    """A type of ours reads its own value: ``Shape.read(value)`` raises Misread."""
    return shape.read(value)


def _in_words(message: str) -> str:
    """msgspec's message in the words of a YAML file."""
    message = _KINDS.sub(_name_kinds, message).replace(">= 0.0", ">= 0")
    return message[:1].lower() + message[1:]


def _name_kinds(match: re.Match[str]) -> str:
    kinds = match[1].split(" | ")
    named = [_WORDS.get(kind, kind) for kind in kinds if kind != "null" or len(kinds) == 1]
    return " or ".join(named)
