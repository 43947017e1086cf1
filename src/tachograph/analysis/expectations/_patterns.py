"""Regular expressions with a limit to the time that they take: only this module knows their library."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Self

import msgspec

from tachograph.analysis.expectations._answers import TOO_SLOW, Answer
from tachograph.analysis.expectations._reading import Misread
from tachograph.analysis.expectations._values import read_text

if TYPE_CHECKING:
    from regex import Pattern

MAX_SECONDS = 1.0
"""Time for one text: what takes longer goes back and forth without end."""
_MAX_CHARS = 2_000


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
        """Whether it is found; a doubt when that took longer than :data:`MAX_SECONDS`."""
        try:
            return _compile(self.text).search(text, timeout=MAX_SECONDS) is not None
        except TimeoutError:
            return TOO_SLOW


@lru_cache(maxsize=256)
def _compile(text: str) -> Pattern[str]:
    import regex  # slow to load, and seldom needed

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a later version of the library may read differently
            return regex.compile(text)
    except (regex.error, OverflowError, RecursionError) as error:
        raise Misread(f"not a regular expression: {error}") from None
