"""Reading the plain values of a file: what is wrong is told with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from tachograph.analysis.expectations._reading import Misread, kind_of, suggest

T = TypeVar("T")

MAX_ITEMS = 500
"""Most items of a list: each is looked for in every call."""


def read_count(value: object) -> int:
    """A whole number, 0 or more. Raises Misread."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise Misread(f"expected a whole number, got {kind_of(value)}")
    if value < 0:
        raise Misread("expected a whole number >= 0")
    return value


def read_text(value: object, what: str = "text") -> str:
    """A text that is not blank. Raises Misread, which calls it ``what``."""
    if not isinstance(value, str):
        raise Misread(f"expected {what}, got {kind_of(value)}")
    if not value.strip():
        raise Misread(f"expected {what}, got an empty text")
    return value


def read_list(value: object, read: Callable[[object], T], what: str = "texts") -> tuple[T, ...]:
    """The items of a list, each as ``read`` takes it. Raises Misread with the place of the item that is wrong."""
    if not isinstance(value, list | tuple):
        raise Misread(f"expected a list of {what}, got {kind_of(value)}")
    if len(value) > MAX_ITEMS:
        raise Misread(f"a list has at most {MAX_ITEMS} items, this one has {len(value):,}")
    return tuple(_read_at(index, item, read) for index, item in enumerate(value))


def read_one_or_list(value: object, read: Callable[[object], T], what: str = "texts") -> tuple[T, ...]:
    """The same, where a text alone stands for a list of one."""
    return (read(value),) if isinstance(value, str) else read_list(value, read, what)


def read_counts(
    value: object, read_name: Callable[[object], T], what: str = "names to numbers"
) -> tuple[tuple[T, int], ...]:
    """A mapping of names to whole numbers. Raises Misread with the place of what is wrong."""
    entries = read_mapping(value, what)
    return tuple((_read_at(name, name, read_name), _read_at(name, count, read_count)) for name, count in entries)


def read_mapping(value: object, what: str = "options") -> Iterable[tuple[str, object]]:
    """The entries of a mapping. Raises Misread when it is none, or has keys that are no texts."""
    if not isinstance(value, Mapping):
        raise Misread(f"expected a mapping of {what}, got {kind_of(value)}")
    for name in value:
        if not isinstance(name, str):
            raise Misread(f"expected text as a key, got {kind_of(name)}")
    return value.items()


def read_options(value: object, readers: Mapping[str, Callable[[object], object]]) -> dict[str, object]:
    """A mapping whose keys are those of ``readers``; None stands for a key that is not there.

    Raises Misread for an unknown key, with what may be meant, and with the place of a wrong value.
    """
    found: dict[str, object] = {}
    for name, one in read_mapping(value):
        if name not in readers:
            raise Misread(f"unknown key {name!r}", (name,), suggest(name, readers))
        if one is not None:
            found[name] = _read_at(name, one, readers[name])
    return found


def _read_at(place: str | int, value: object, read: Callable[[object], T]) -> T:
    try:
        return read(value)
    except Misread as wrong:
        raise Misread(wrong.message, (place, *wrong.path), wrong.hint) from None
