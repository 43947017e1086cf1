"""The questions about order are answered as a look at everything would."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.analysis.detectors._order import NEVER, Latest, any_between
from tachograph.analysis.detectors._rewinds import Rewind, left_behind

MOMENTS = st.lists(st.sampled_from([NEVER, 0, 1, 2, 3]), max_size=20)


@given(MOMENTS, st.lists(st.tuples(st.integers(0, 19), st.sampled_from([NEVER, 0, 5])), max_size=5), st.data())
def test_the_latest_of_any_part_is_found(
    moments: list[int], changes: list[tuple[int, int]], data: st.DataObject
) -> None:
    latest = Latest(moments)
    for at, moment in changes:
        if at < len(moments):
            moments[at] = latest[at] = moment
    start = data.draw(st.integers(0, len(moments)))
    stop = data.draw(st.integers(start, len(moments)))
    found = latest.find(start, stop)
    best = max(moments[start:stop], default=NEVER)
    if best == NEVER:
        assert found is None
    else:
        assert found is not None
        assert start <= found < stop
        assert (moments[found], latest[found]) == (best, best)


@pytest.mark.parametrize(
    ("after", "before", "expected"), [(1, 5, True), (1, 3, False), (3, 5, False), (0, 4, True), (5, 9, False)]
)
def test_neither_end_lies_between(after: int, before: int, expected: bool) -> None:
    assert any_between([3, 5], after, before) is expected


@given(
    st.lists(st.integers(0, 40), max_size=30, unique=True).map(sorted),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)).map(sorted), max_size=8),
)
def test_each_record_is_left_behind_by_the_first_rewind_alone(positions: list[int], ranges: list[list[int]]) -> None:
    rewinds = sorted((Rewind(start, end) for start, end in ranges), key=lambda rewind: rewind.end)
    expected: list[list[int]] = []
    gone: set[int] = set()
    for rewind in rewinds:
        left = [at for at, p in enumerate(positions) if rewind.start <= p < rewind.end and at not in gone]
        expected.append(left)
        gone.update(left)
    assert left_behind(rewinds, positions) == expected
