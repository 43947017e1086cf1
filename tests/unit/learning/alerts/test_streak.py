from __future__ import annotations

import pytest

from tachograph.learning.alerts import IncidentRow, Streak, load_rules

RULE = load_rules().streaks("any")[0]


def follow(distances, n=1_000) -> tuple[Streak, list[int]]:
    """The streak after these sessions, and those that made an incident."""
    streak, told = Streak(), []
    for number, distance in enumerate(distances):
        streak.add(IncidentRow(f"s{number}", number, 1.0, 2.0, distance), distance, n, bad_side=1.0, longest=3)
        if streak.meets(RULE):
            streak.is_told = True
            told.append(number)
    return streak, told


@pytest.mark.parametrize(
    ("distances", "told"),
    [
        ([1.5, 1.5], []),
        ([1.5, 1.5, 1.5], [2]),
        ([1.0, 1.5, 1.5], []),  # exactly one standard deviation is usual
        ([1.5, 1.5, 0.9, 1.5], []),
        ([1.5] * 9, [2]),  # one incident for each streak
        ([1.5] * 4 + [0.0] + [1.5] * 3, [2, 7]),
        ([-3.0] * 5, []),
    ],
)
def test_three_sessions_in_a_row_on_the_bad_side_are_an_incident(distances, told):
    assert follow(distances)[1] == told


def test_the_last_three_sessions_are_its_evidence():
    streak, _ = follow([0.0, 1.5, 1.6, 1.7, 1.8])
    assert streak.run == 4
    assert [row.session for row in streak.rows] == ["s2", "s3", "s4"]


@pytest.mark.parametrize(
    ("distances", "n", "is_repeated"),
    [
        ([], 1_000, False),
        ([2.5], 1_000, True),
        ([2.5, 0.0], 1_000, True),
        ([2.5, 0.0, 0.0], 1_000, False),
        ([2.2], 1_000, False),
        ([2.5], 10, False),  # of a young baseline it takes more
        ([3.2], 10, True),
    ],
)
def test_far_out_is_remembered_for_two_sessions(distances, n, is_repeated):
    assert follow(distances, n)[0].is_repeated is is_repeated
