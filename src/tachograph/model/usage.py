"""Token counts of one API answer."""

from __future__ import annotations

import msgspec


class Usage(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Tokens of one response, each counted in exactly one field (``reasoning`` excepted).

    All fields are token counts, but ``web_searches``, which counts billed searches.
    """

    input: int = 0
    """Prompt tokens that were neither read from nor written to the cache."""
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    output: int = 0
    reasoning: int = 0
    """Hidden reasoning tokens: a part of ``output``, never added to it."""
    web_searches: int = 0

    @property
    def prompt_size(self) -> int:
        """All tokens the model read: the size that long-context price tiers look at."""
        return self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input + other.input,
            self.cache_read + other.cache_read,
            self.cache_write_5m + other.cache_write_5m,
            self.cache_write_1h + other.cache_write_1h,
            self.output + other.output,
            self.reasoning + other.reasoning,
            self.web_searches + other.web_searches,
        )
