"""One expectation that was learnt, and how numbers are rounded and told."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal
from statistics import median
from typing import Any

import msgspec

_LISTED = 6
"""Up to so many numbers are told one by one."""
_DIGITS = 3
"""A limit of a thousand or more is rounded up to so many digits: at most 1 % is added, and it can be read."""


class Lesson(msgspec.Struct, frozen=True):
    """An expectation that every session meets, and what was observed."""

    key: str
    value: Any
    """As a file has it: a number, text, a list or a mapping of these."""
    observed: str
    """What the sessions did, in words."""
    notes: dict[str, str] = {}
    """The same for single entries of a mapping, by their names."""
    is_whole: bool = False
    """True: without one of its entries it says something else."""
    is_suggestion: bool = False
    """True: nothing that was observed; a file says it in a comment only."""


class LeftOut(msgspec.Struct, frozen=True):
    """A key that was not learnt."""

    key: str
    reason: str


def raise_limit(most: int | Decimal, margin: Decimal) -> int:
    """``most`` and ``margin`` of it, rounded up: to a whole number, above a thousand to three digits."""
    return int(round_up(Decimal(most) * (1 + margin), whole=True))


def round_up(value: Decimal, *, whole: bool = False) -> Decimal:
    """``value`` rounded up to three digits; ``whole``: and to no fraction."""
    exponent = value.adjusted() - _DIGITS + 1
    return value.quantize(Decimal(1).scaleb(max(exponent, 0) if whole else exponent), rounding=ROUND_CEILING)


def tell(numbers: Sequence[int] | Sequence[Decimal], noun: str) -> str:
    """``3, 4, 5 calls``; of many numbers the range and the middle one."""
    ordered = sorted(Decimal(one) for one in numbers)
    plural = noun if noun.isupper() or ordered == [1] else f"{noun}s"
    if len(ordered) <= _LISTED:
        return f"{', '.join(f'{one:f}' for one in ordered)} {plural}"
    return f"{ordered[0]:f} to {ordered[-1]:f} {plural}, median {median(ordered):f}"


def in_sessions(count: int) -> str:
    """``in 1 session``, ``in 3 sessions``."""
    return "in 1 session" if count == 1 else f"in {count} sessions"
