"""Questions about records in their order, answered without looking at all of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

NEVER, FOREVER = -(2**63), 2**63 - 1
"""Before and after every moment (ms UTC)."""


def any_between(positions: Sequence[int], after: int, before: int) -> bool:
    """Whether one of the sorted ``positions`` lies between the two, which do not count themselves."""
    at = bisect_right(positions, after)
    return at < len(positions) and positions[at] < before


class Latest:
    """Moments in a row, of which the latest in any part is found, and single ones changed, in logarithmic time."""

    def __init__(self, moments: Sequence[int]) -> None:
        self._size = size = len(moments)
        self._tree = [NEVER] * size + list(moments)  # each node the later one of the two below it
        for node in range(size - 1, 0, -1):
            self._tree[node] = max(self._tree[2 * node], self._tree[2 * node + 1])

    def __getitem__(self, index: int) -> int:
        return self._tree[self._size + index]

    def __setitem__(self, index: int, moment: int) -> None:
        node = self._size + index
        self._tree[node] = moment
        while node > 1:
            node //= 2
            self._tree[node] = max(self._tree[2 * node], self._tree[2 * node + 1])

    def find(self, start: int, stop: int) -> int | None:
        """The index of the latest moment from ``start`` up to ``stop``; None when there is none but NEVER."""
        best, moment = 0, NEVER
        low, high = start + self._size, stop + self._size
        while low < high:
            if low % 2:
                best, moment = max((best, moment), (low, self._tree[low]), key=_second)
                low += 1
            if high % 2:
                high -= 1
                best, moment = max((best, moment), (high, self._tree[high]), key=_second)
            low, high = low // 2, high // 2
        return None if moment == NEVER else self._descend(best, moment)

    def _descend(self, node: int, moment: int) -> int:
        while node < self._size:
            node = 2 * node if self._tree[2 * node] == moment else 2 * node + 1
        return node - self._size


def _second(pair: tuple[int, int]) -> int:
    return pair[1]
