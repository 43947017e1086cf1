"""The text of a suggestion: a sentence of ours with slots for numbers, and for nothing but numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping

MOST_CHARS = 300
"""Of a text with its numbers: the briefing, which holds three of them, has room for 2,000 characters."""

_LARGEST = 10**12
_SLOT = re.compile(r"\{([a-z][a-z_]*):([a-z]+)\}")


def _int(value: float) -> str:
    return f"{round(value):,}"


def _number(value: float) -> str:
    return _int(value) if abs(value) >= 100 else f"{value:.2f}".rstrip("0").rstrip(".")


def _percent(value: float) -> str:
    share = 100 * value
    return f"{_int(share)} %" if share == 0 or abs(share) >= 10 else f"{share:.2g} %"


def _usd(value: float) -> str:
    return f"${_int(value)}" if value >= 1000 else f"${value:.2f}" if value >= 0.01 or value == 0 else f"${value:.2g}"


def _tokens(value: float) -> str:
    for limit, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if value >= limit:
            scaled = value / limit
            return f"{_int(scaled) if scaled >= 100 else f'{scaled:.3g}'}{unit}"
    return _int(value)


def _weeks(value: float) -> str:
    return "1 week" if round(value) == 1 else f"{_int(value)} weeks"


_FORMATS: dict[str, Callable[[float], str]] = {
    "int": _int, "number": _number, "percent": _percent, "usd": _usd, "tokens": _tokens,
    "weeks": _weeks,
}  # fmt: skip
_WIDEST = {"int": 9, "number": 9, "percent": 9, "usd": 8, "tokens": 7, "weeks": 9}
"""Characters that a slot is given room for when a text is checked; a number that takes more is refused later."""


def check_guidance(text: str, known: Collection[str]) -> None:
    """Raise ValueError unless ``text`` is plain, short enough, and has slots for the numbers ``known`` alone.

    A slot is ``{name:type}``: int, number, percent (of a share), usd, tokens or weeks. There is none for text: what an
    agent is told comes from the table and from numbers, never from a log.
    """
    slots = _SLOT.findall(text)
    if not slots:
        raise ValueError("guidance has no slot for a number of the user's own")
    if not text.isascii() or not text.isprintable() or re.search(r"[<>`\\]", text):
        raise ValueError("guidance is one line of plain ASCII text without < > ` and \\")
    for name, kind in slots:
        if kind not in _FORMATS:
            raise ValueError(f"guidance has a slot of the type {kind!r}: there are {', '.join(_FORMATS)}")
        if name not in known:
            raise ValueError(f"guidance has an unknown slot {name!r}: there are {', '.join(sorted(known))}")
    if re.search(r"[{}]", _SLOT.sub("", text)):
        raise ValueError("guidance has a brace that is no slot of the form {name:type}")
    length = len(_SLOT.sub("", text)) + sum(_WIDEST[kind] for _, kind in slots)
    if length > MOST_CHARS:
        raise ValueError(f"guidance may come to {length} characters: {MOST_CHARS} are allowed")


def fill_guidance(text: str, numbers: Mapping[str, float]) -> str:
    """``text`` with its numbers, at most :data:`MOST_CHARS` characters.

    Raises ValueError for a number that is missing, negative, not finite, or too large to be one.
    """
    filled = _SLOT.sub(lambda slot: _FORMATS[slot[2]](_checked(slot[1], numbers.get(slot[1]))), text)
    if len(filled) > MOST_CHARS:
        raise ValueError(f"the text comes to {len(filled)} characters: {MOST_CHARS} are allowed")
    return filled


def _checked(name: str, value: float | None) -> float:
    if value is None:
        raise ValueError(f"there is no number for {name!r}")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"what is given for {name!r} is no number")
    if not math.isfinite(value) or not 0 <= value <= _LARGEST:
        raise ValueError(f"the number for {name!r} is none to be told: {value}")
    return value
