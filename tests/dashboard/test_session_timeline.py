"""What a long session's charts draw, and what they leave out."""

from __future__ import annotations

import pytest

from tachograph.analysis.turns import split_turns
from tachograph.app.dashboard.session_records import Sheet
from tachograph.app.dashboard.session_timeline import MOST_BARS, MOST_MARKERS, MOST_POINTS, draw_timeline, thin_out
from tachograph.app.history import Cost
from tests.builders.session import SessionScript

PICO = 10**12


@pytest.mark.parametrize(
    ("values", "most", "kept", "step"),
    [
        ([], 4, [], 1), ([5], 4, [0], 1), ([1, 2, 3, 4], 4, [0, 1, 2, 3], 1),
        ([1, 9, 2, 3, 0, 3], 4, [0, 1, 3, 4], 3), ([3, 3, 3, 3, 3, 3], 4, [0, 3], 3),
        ([1, 2, 3, 4, 5], 4, [0, 2, 3, 4], 3), ([9, 1, 1, 1, 1, 9], 2, [0, 1], 6),
    ],
)  # fmt: skip
def test_of_each_stretch_the_smallest_and_the_largest_stay(
    values: list[int], most: int, kept: list[int], step: int
) -> None:
    assert thin_out(values, most) == (kept, step)


@pytest.mark.parametrize("length", [MOST_POINTS, MOST_POINTS + 1, 5_000, 20_001])
def test_no_peak_and_no_drop_is_lost(length: int) -> None:
    values = [(number * 7919) % 10_007 for number in range(length)]
    kept, step = thin_out(values, MOST_POINTS)
    assert len(kept) <= MOST_POINTS
    assert kept == sorted(set(kept))
    assert (step == 1) == (length <= MOST_POINTS)
    shown = [values[place] for place in kept]
    assert (min(shown), max(shown)) == (min(values), max(values))


def _sheet(script: SessionScript, pico: int | None = PICO) -> Sheet:
    session = script.done()
    costs = {one.position: Cost(pico, pico is not None) for one in session.responses}
    return Sheet(session, costs, {one.position: one.usage.prompt_size for one in session.responses})


def test_many_turns_are_added_up_and_none_is_missing() -> None:
    script = SessionScript()
    for _ in range(MOST_BARS * 2 + 1):
        script.prompt().response(input=10, cache_read=5, cache_write_5m=2, cache_write_1h=1, output=3)
    sheet = _sheet(script)
    time = draw_timeline(split_turns(sheet.session), sheet)
    assert time.turns_per_bar == 3
    assert len(time.bars) <= MOST_BARS
    assert [(bar.first, bar.last) for bar in time.bars][:2] == [(1, 3), (4, 6)]
    assert (time.bars[0].input, time.bars[0].cache_read, time.bars[0].cache_write, time.bars[0].output) == (
        30,
        15,
        9,
        9,
    )
    assert sum(bar.usd or 0 for bar in time.bars) == MOST_BARS * 2 + 1
    assert time.bars[-1].last == MOST_BARS * 2 + 1


def test_what_has_no_price_is_no_zero() -> None:
    sheet = _sheet(SessionScript().prompt().response(output=5), None)
    bar = draw_timeline(split_turns(sheet.session), sheet).bars[0]
    assert (bar.usd, bar.unpriced_responses) == (None, 1)


def test_markers_stand_before_the_response_that_followed() -> None:
    script = SessionScript().prompt().response(input=1).marker("compaction", "auto", 900).response(input=2)
    script.marker("turn_duration", "", 5).prompt().marker("api_error", "", 529)
    sheet = _sheet(script)
    time = draw_timeline(split_turns(sheet.session), sheet)
    assert [(one.marker.kind, one.marker.turn, one.before) for one in time.markers] == [
        ("compaction", 1, 2), ("api_error", 2, 3),
    ]  # fmt: skip
    assert [(point.number, point.turn, point.tokens) for point in time.contexts] == [(1, 1, 1), (2, 1, 2)]


def test_markers_beyond_the_most_are_counted() -> None:
    script = SessionScript().prompt()
    for _ in range(MOST_MARKERS + 7):
        script.marker("api_error", "", 529)
    sheet = _sheet(script.response(input=1))
    time = draw_timeline(split_turns(sheet.session), sheet)
    assert (len(time.markers), time.markers_left_out) == (MOST_MARKERS, 7)


def test_session_without_anything_has_an_empty_timeline() -> None:
    sheet = _sheet(SessionScript())
    time = draw_timeline(split_turns(sheet.session), sheet)
    assert (time.responses, time.contexts, time.bars, time.markers) == (0, [], [], [])
