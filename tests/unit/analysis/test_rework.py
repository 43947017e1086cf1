from __future__ import annotations

import pytest

from tachograph.analysis.rework import Edit, Rework, find_rework

DAY = 24 * 3600 * 1000
END = 365 * DAY


def edits(*rows: tuple[str, str, float]) -> list[Edit]:
    return [Edit(session, file, round(day * DAY)) for session, file, day in rows]


def watch(*rows: tuple[str, str, float], about: str = "abcd", until: int = END) -> list[tuple[str, str, str | None]]:
    return [(one.session, one.file, one.again) for one in find_rework(edits(*rows), about, until).watched]


@pytest.mark.parametrize(
    ("later", "again"),
    [(10.001, "b"), (12.0, "b"), (40.0, "b"), (40.001, None), (9.0, None), (10.0, None)],
)
def test_a_change_counts_for_thirty_days(later: float, again: str | None) -> None:
    assert watch(("a", "x.py", 10), ("b", "x.py", later), about="a") == [("a", "x.py", again)]


def test_ones_own_later_changes_are_no_rework_and_move_the_start() -> None:
    assert watch(("a", "x.py", 10), ("a", "x.py", 20), ("b", "x.py", 45), about="a") == [("a", "x.py", "b")]
    assert watch(("a", "x.py", 10), ("a", "x.py", 20)) == [("a", "x.py", None)]


def test_the_next_session_is_named() -> None:
    found = watch(("a", "x.py", 10), ("c", "x.py", 15), ("b", "x.py", 12), ("b", "y.py", 12), ("a", "y.py", 13))
    assert found == [
        ("a", "x.py", "b"),
        ("b", "x.py", "c"),
        ("b", "y.py", "a"),
        ("a", "y.py", None),
        ("c", "x.py", None),
    ]


def test_only_the_wanted_sessions_are_watched() -> None:
    assert watch(("a", "x.py", 10), ("b", "x.py", 12), ("c", "x.py", 14), about="b") == [("b", "x.py", "c")]


def test_what_could_not_be_watched_for_thirty_days_is_left_out() -> None:
    """Also what was changed again already: else only the quick ones would count."""
    rows = edits(("a", "x.py", 60), ("b", "x.py", 70), ("c", "y.py", 70.001), ("d", "y.py", 71))
    found = find_rework(rows, "abcd", 100 * DAY)
    assert found.watched == [Rework("a", "x.py", 60 * DAY, "b"), Rework("b", "x.py", 70 * DAY, None)]
    assert found.censored == 2


def test_nothing_changed() -> None:
    assert find_rework([], "ab", END) == ([], 0)
