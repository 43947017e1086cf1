"""A fault in the input, as a value."""

from __future__ import annotations

import msgspec


class Problem(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Something in a log that could not be read as it should; it never hides its neighbours."""

    slug: str
    """Kind of fault, e.g. ``invalid_json``; each slug has a paragraph in docs/problems.md."""
    line: int
    """1-based line number; 0 when the whole file is meant."""
    offset: int
    """Byte offset of the line's first byte."""
    detail: str = ""
    """One sentence for a person, redacted and cut; never the line itself."""
