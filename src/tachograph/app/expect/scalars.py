"""What a YAML scalar means by the core schema of YAML 1.2.2, section 10.3.2.

The library's own resolver is not used: it takes ``1_000`` and ``0b1`` for numbers and a date for a date,
which YAML 1.2 does not, and it tries up to six expressions on a scalar where one decides.
"""

from __future__ import annotations

import math
import re
from typing import Final

TAG: Final = "tag:yaml.org,2002:"
"""What the core tags' long names begin with; ``!!int`` is short for this and ``int``."""
COLLECTION_TAGS: Final = frozenset((TAG + "map", TAG + "seq"))
SCALAR_TAGS: Final = frozenset(TAG + name for name in ("null", "bool", "int", "float", "str"))

_CORE = re.compile(
    r"""(?P<null>~|null|Null|NULL|)
      | (?P<bool>true|True|TRUE|false|False|FALSE)
      | (?P<int>[-+]?[0-9]+)
      | 0o(?P<octal>[0-7]+)
      | 0x(?P<hex>[0-9a-fA-F]+)
      | (?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)
      | (?P<sign>[-+]?)\.(?:inf|Inf|INF)
      | (?P<nan>\.nan|\.NaN|\.NAN)""",
    re.VERBOSE,
)
_BEGINS = frozenset("~nNtTfF0123456789+-.")
"""What a scalar that is not text can begin with."""
_LONGEST = 128
"""Characters of the longest number. Python refuses to print whole numbers of more than 4,300 digits."""

Scalar = None | bool | int | float | str


def resolve_scalar(text: str) -> Scalar:
    """The value of the plain scalar ``text``. Raises ValueError for a number that is too long or too large."""
    if text and text[0] not in _BEGINS:
        return text
    match = _CORE.fullmatch(text)
    if match is None:
        return text
    kind = match.lastgroup
    if kind == "null":
        return None
    if kind == "bool":
        return text[0] in "tT"
    if kind == "sign":
        return float(match["sign"] + "inf")
    return float("nan") if kind == "nan" else _read_number(match)


def hold_scalar(text: str, tag: str) -> Scalar:
    """The value of the scalar ``text`` under one of SCALAR_TAGS. Raises ValueError when it is none of that kind."""
    kind = tag.removeprefix(TAG)
    if kind == "str":
        return text
    value = resolve_scalar(text)
    found = "null" if value is None else type(value).__name__
    if kind == "float" and isinstance(value, int) and found == "int":
        return float(value)
    if found != kind:
        raise ValueError(f"this is no value for the tag !!{kind}")
    return value


def _read_number(match: re.Match[str]) -> int | float:
    text = match[0]
    if len(text) > _LONGEST:
        raise ValueError(f"this number has more than {_LONGEST} characters")
    if match["octal"]:
        return int(match["octal"], 8)
    if match["hex"]:
        return int(match["hex"], 16)
    if match["int"]:
        return int(text)
    number = float(text)
    if math.isinf(number):
        raise ValueError("this number is too large")
    return number
