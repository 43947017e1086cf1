"""Quantiles and ranks of a sample of which one value may be left out."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence


class Sample:
    """Numbers in ascending order; leaving one of them out costs nothing, so that thousands can be left out in turn."""

    def __init__(self, ordered: Sequence[float], left_out: float | None = None) -> None:
        """``ordered`` must be sorted; ``left_out`` must be one of its values, or None."""
        self._ordered = ordered
        self._left_out = left_out
        self._gap = len(ordered) if left_out is None else bisect_left(ordered, left_out)

    def __len__(self) -> int:
        return len(self._ordered) - (self._left_out is not None)

    def __getitem__(self, index: int) -> float:
        return self._ordered[index if index < self._gap else index + 1]

    def quantile(self, percent: int) -> float:
        """The value below which ``percent`` (0 to 100) of the sample lies.

        Linear interpolation between the neighbours of place ``percent / 100 * (n - 1)``: definition 7 of Hyndman and
        Fan (The American Statistician 50, 1996), the default of R and NumPy. Raises ValueError for an empty sample.
        """
        if not len(self):
            raise ValueError("An empty sample has no quantiles.")
        place, rest = divmod(percent * (len(self) - 1), 100)
        lower = self[place]
        return lower + rest * (self[place + 1] - lower) / 100 if rest else float(lower)

    def percentile(self, value: float) -> float:
        """Mid-rank of ``value``, 0 to 100: the share of the sample below it, and half of the share equal to it.

        Raises ValueError for an empty sample.
        """
        if not len(self):
            raise ValueError("An empty sample has no ranks.")
        below, up_to = bisect_left(self._ordered, value), bisect_right(self._ordered, value)
        if self._left_out is not None:
            below -= self._left_out < value
            up_to -= self._left_out <= value
        return 50.0 * (below + up_to) / len(self)
