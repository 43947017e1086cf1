"""Which commands stay together when rows are divided: those of a repository, or of a session where they are few."""

from __future__ import annotations

import pytest

from tachograph.learning.ml.groups import Origin, by_repository, by_session

DAY = 24 * 60 * 60 * 1000
CASES: list[tuple[str, list[tuple[str | None, str | None, int]], list[str], list[str]]] = [
    ("nothing", [], [], []),
    ("one repository", [("/a", "s1", 0), ("/a", "s2", 0)], ["/a", "/a"], ["s1", "s2"]),
    ("without a repository", [(None, "s1", 0), (None, None, 0)], ["s1", ""], ["s1", " 1970-01-01"]),
    (
        "a session in two repositories joins them",
        [("/b", "s2", 0), ("/b", "s1", 0), ("/a", "s1", 0), ("/c", "s3", 0)],
        ["/a", "/a", "/a", "/c"],
        ["s2", "s1", "s1", "s3"],
    ),
    (
        "sessions join many",
        [("/d", "s3", 0), ("/c", "s3", 0), ("/c", "s2", 0), ("/b", "s2", 0), ("/b", "s1", 0), ("/a", "s1", 0)],
        ["/a"] * 6,
        ["s3", "s3", "s2", "s2", "s1", "s1"],
    ),
    (
        "a session with and without a repository is whole",
        [("/a", "s1", 0), (None, "s1", 1)],
        ["/a", "/a"],
        ["s1", "s1"],
    ),
    (
        "a person's commands by day",
        [("/a", None, DAY - 1), ("/a", None, DAY), ("/b", None, DAY)],
        ["/a", "/a", "/b"],
        ["/a 1970-01-01", "/a 1970-01-02", "/b 1970-01-02"],
    ),
]


@pytest.mark.parametrize(("rows", "wide", "narrow"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_groups(rows: list[tuple[str | None, str | None, int]], wide: list[str], narrow: list[str]) -> None:
    origins = [Origin(*row) for row in rows]
    assert by_repository(origins) == wide
    assert by_session(origins) == narrow
    assert by_repository(origins[::-1]) == wide[::-1], "the order of commands means nothing"
