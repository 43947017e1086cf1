"""What may stand for a side of a comparison, and what may not."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tachograph.app.compare.sides import Question, Side, find_sides
from tachograph.errors import NotFound, UsageError
from tests.builders.log import milliseconds
from tests.capture.repos import run_shell

NOW = milliseconds("2026-11-18T12:00:00Z")
DAY = 24 * 3_600_000
REPOSITORY = """
git init -q -b main .; mkdir retros
save() { git add -A; GIT_AUTHOR_DATE="$1T10:00:00Z" GIT_COMMITTER_DATE="$1T10:00:00Z" git commit -q -m "$1"; }
echo a > CLAUDE.md; save 2026-10-01; git tag v1
echo b > CLAUDE.md; save 2026-10-11; git tag 30d; git tag retro
echo b > retros/one.md; save 2026-10-21; git tag v2
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with tags, a changed CLAUDE.md and a retrospective."""
    place = tmp_path_factory.mktemp("sides")
    run_shell(place, REPOSITORY)
    return place


def find(folder: Path, **asked: object) -> tuple[Side, Side]:
    return find_sides(Question(**asked), UTC, NOW, str(folder))  # type: ignore[arg-type]


def day(text: str) -> int:
    return milliseconds(f"{text}T00:00:00Z")


def at(text: str) -> int:
    return milliseconds(f"{text}T10:00:00Z")


def bounds(sides: tuple[Side, Side]) -> tuple[int | None, int | None, int | None, int | None]:
    return sides[0].since, sides[0].until, sides[1].since, sides[1].until


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ("2026-10-05", day("2026-10-05")),
        (" 2026-10-05 ", day("2026-10-05")),
        ("2026-10-05T14:30", day("2026-10-05") + 14 * 3_600_000 + 1_800_000),
        ("2026-10-05T14:30+02:00", day("2026-10-05") + 12 * 3_600_000 + 1_800_000),
        ("30d", NOW - 30 * DAY),
        ("2w", NOW - 14 * DAY),
        ("v1", at("2026-10-01")),
        ("v2~1", at("2026-10-11")),
        ("retro", at("2026-10-21")),
        ("refs/tags/retro", at("2026-10-11")),
        ("file:CLAUDE.md", at("2026-10-11")),
        ("file:./CLAUDE.md", at("2026-10-11")),
    ],
)
def test_every_kind_of_moment_cuts_the_history_in_two(folder: Path, given: str, moment: int) -> None:
    expected = (None, moment, moment, None)
    assert bounds(find(folder, at=given)) == expected
    assert bounds(find(folder, before=given, after=given)) == expected
    assert bounds(find(folder, at=given, window_days=7)) == (moment - 7 * DAY, moment, moment, moment + 7 * DAY)


def test_the_zone_is_that_of_dates(folder: Path) -> None:
    found = find_sides(Question(at="2026-10-05"), ZoneInfo("Asia/Tokyo"), NOW, str(folder))
    assert found[1].since == day("2026-10-05") - 9 * 3_600_000


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("2026-09-01", "2026-10-01", (None, day("2026-09-01"), day("2026-10-01"), None)),
        ("2026-09-01..2026-09-08", "2026-09-08..2026-09-15",
         (day("2026-09-01"), day("2026-09-08"), day("2026-09-08"), day("2026-09-15"))),
        ("v1..v2", "v2..", (at("2026-10-01"), at("2026-10-21"), at("2026-10-21"), None)),
        ("..v1", "retro..7d", (None, at("2026-10-01"), at("2026-10-21"), NOW - 7 * DAY)),
        ("file:CLAUDE.md..retro", "retro", (at("2026-10-11"), at("2026-10-21"), at("2026-10-21"), None)),
        ("v1 .. v2", "2026-10-22", (at("2026-10-01"), at("2026-10-21"), day("2026-10-22"), None)),
    ],
)  # fmt: skip
def test_sides_may_be_ranges_of_any_moments(
    folder: Path, before: str, after: str, expected: tuple[int | None, ...]
) -> None:
    assert bounds(find(folder, before=before, after=after)) == expected


def test_the_dots_of_a_path_make_no_range(folder: Path) -> None:
    below = folder / "retros"
    found = find_sides(Question(at="file:../CLAUDE.md"), UTC, NOW, str(below))
    assert found[1].since == at("2026-10-11")


def test_a_moment_says_which_commit_it_stands_for(folder: Path) -> None:
    commit = run_shell(folder, "git rev-parse v2").strip()
    before, after = find(folder, before="2026-09-01..2026-10-01", after="retro")
    assert [(one.given, one.commit) for one in before.moments] == [("2026-09-01", None), ("2026-10-01", None)]
    assert [(one.given, one.commit, one.at) for one in after.moments] == [("retro", commit, at("2026-10-21"))]


@pytest.mark.parametrize(
    ("asked", "slug"),
    [
        ({}, "which_sides"),
        ({"before": "v1"}, "which_sides"),
        ({"after": "v1"}, "which_sides"),
        ({"at": "v1", "before": "v1", "after": "v1"}, "which_sides"),
        ({"at": "v1..v2"}, "which_sides"),
        ({"at": ""}, "which_sides"),
        ({"at": "file:"}, "which_sides"),
        ({"before": "v1..v2..v1", "after": "v2"}, "which_sides"),
        ({"before": "v1..v2", "after": "v2", "window_days": 7}, "which_sides"),
        ({"before": "v2..v1", "after": "v2"}, "empty_span"),
        ({"before": "v1..v1", "after": "v2"}, "empty_span"),
        ({"before": "v2", "after": "v1"}, "sides_overlap"),
        ({"before": "v1..", "after": "v2"}, "sides_overlap"),
        ({"before": "v1", "after": "..v2"}, "sides_overlap"),
    ],
)
def test_what_makes_no_sense_is_refused(folder: Path, asked: dict[str, object], slug: str) -> None:
    with pytest.raises(UsageError) as caught:
        find(folder, **asked)
    assert (caught.value.slug, caught.value.exit_code) == (slug, 2)


@pytest.mark.parametrize("given", ["v3", "--output=x", "v1\nv2", "$(id)", "file:none.md", "retros", "v1...v2"])
def test_what_git_does_not_know_is_not_found(folder: Path, given: str) -> None:
    with pytest.raises(NotFound):
        find(folder, before=given, after=given)


def test_dates_need_no_repository(tmp_path: Path) -> None:
    assert bounds(find(tmp_path, at="2026-10-05")) == (None, day("2026-10-05"), day("2026-10-05"), None)
    with pytest.raises(NotFound) as caught:
        find(tmp_path, at="v1")
    assert caught.value.slug == "no_repository"


@pytest.mark.parametrize(
    ("given", "expected"), [("999999y", 0), ("0001-01-01", 0), ("9999-12-31T23:59:59Z", 253_402_300_799_000)]
)
def test_moments_that_no_session_has_are_moved_to_where_dates_are(tmp_path: Path, given: str, expected: int) -> None:
    found = find(tmp_path, at=given, window_days=36_500)
    assert found[0].until == found[1].since == expected
    assert min(one for one in bounds(found) if one is not None) >= 0
    assert max(one for one in bounds(found) if one is not None) <= 253_402_300_799_000
