"""Regular expressions with a limit to the time that they take: only this module knows their library."""

from __future__ import annotations

import re
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Self

import msgspec

from tachograph.analysis.expectations._answers import TOO_SLOW, Answer, seconds_left
from tachograph.analysis.expectations._reading import Misread
from tachograph.analysis.expectations._values import read_text

if TYPE_CHECKING:
    from regex import Pattern

MAX_SECONDS = 1.0
"""Time for one text: what takes longer goes back and forth without end."""
_MAX_CHARS = 2_000
_MAX_COPIES = 100_000
"""Characters of an expression whose counted repetitions are written out, as the library does when it compiles one: each
takes 300 bytes."""
_COUNT = re.compile(r"(?P<group>[)}?*+]?)\{(?P<least>\d+)")
_RECURSION = re.compile(r"(?<!\\)(?:\\\\)*\(\?(?:R|\d|\+|-\s*[\d#]|&|P[^<=])")
"""``(?R)``, ``(?1)``, ``(?&name)``, ``(?P>name)``: a call of a group, which takes memory without end before its time is
over. Where blanks do not count, they may stand before the number or the name."""
_VERBOSE = re.compile(r"\(\?[a-zA-Z0-9-]*x")


class Expression(msgspec.Struct, frozen=True):
    """A regular expression that may be found anywhere in a text; ``(?i)`` in it does not mind capitals."""

    text: str

    @classmethod
    def read(cls, value: object) -> Self:
        """The expression that a file gives. Raises Misread."""
        text = read_text(value, "a regular expression")
        if len(text) > _MAX_CHARS:
            raise Misread(f"a regular expression has at most {_MAX_CHARS:,} characters, this one has {len(text):,}")
        _compile(text)
        return cls(text)

    def found_in(self, text: str) -> Answer:
        """Whether it is found; a doubt when that took longer than :data:`MAX_SECONDS`, or no time is left at all."""
        seconds = min(MAX_SECONDS, seconds_left())
        try:
            return _compile(self.text).search(text, timeout=seconds) is not None if seconds else TOO_SLOW
        except (TimeoutError, MemoryError):
            return TOO_SLOW


def _count_copies(text: str) -> int:
    """At most so many characters it has with ``{1000}`` written out. Only repeated groups can lie in each other."""
    if _VERBOSE.search(text):  # numbers may have blanks in them, and stand anywhere behind what they repeat
        return len(text) * 10 ** sum(character.isdigit() for character in text) if "{" in text else len(text)
    groups, longest = 1, 1
    for found in _COUNT.finditer(text):
        least = max(1, int(found["least"]))
        if found["group"]:
            groups *= least
        else:
            longest = max(longest, least)
    return len(text) * groups * longest


@lru_cache(maxsize=256)
def _compile(text: str) -> Pattern[str]:
    import regex  # slow to load, and seldom needed

    if _RECURSION.search(text):
        raise Misread("a regular expression cannot call itself or its groups")
    if _count_copies(text) > _MAX_COPIES:
        raise Misread("a regular expression repeats within repetitions too often")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a later version of the library may read differently
            return regex.compile(text)
    except (regex.error, OverflowError, RecursionError) as error:
        raise Misread(f"not a regular expression: {error}") from None
