"""Quantiles of all values seen, in little room; the one module that knows the library for it."""

from __future__ import annotations

from collections.abc import Iterable

from fastdigest import TDigest, merge_all

_CENTROIDS = 36
"""Below 660 bytes for each KPI of each group; the 99th percentile of a skewed KPI may then be off by a tenth."""


class Sketch:
    """A t-digest (Dunning and Ertl 2019) of one KPI's values; two can be merged."""

    __slots__ = ("_digest",)

    def __init__(self, state: bytes | None = None) -> None:
        """Empty, or as :meth:`dump` left it; ValueError when it was not made there."""
        self._digest = TDigest(_CENTROIDS) if state is None else TDigest.from_bytes(state)

    def add(self, value: float) -> None:
        """Count one value."""
        self._digest.update(value)

    def quantiles(self, shares: list[float]) -> list[float]:
        """The values below which these shares (0 to 1) of all lie; ValueError when there is no value yet.

        To be called after each :meth:`add`: the library brings its buffer in order then, and so a sketch read back
        from a dump goes on exactly like one that never was dumped.
        """
        return self._digest.quantile_vec(shares)

    def dump(self) -> bytes:
        """All that it is."""
        return bytes(self._digest.to_bytes())


def merge(sketches: Iterable[Sketch]) -> Sketch | None:
    """One sketch of the values of all these, which stay as they are; None when there are no values."""
    digests = [one._digest.copy() for one in sketches if one._digest]
    if not digests:
        return None
    merged = Sketch()
    merged._digest = merge_all(digests)
    return merged
