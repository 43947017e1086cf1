"""Which commit messages name a goal."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tachograph.app.bootstrap.message import check_message
from tachograph.model.goal import Goal

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def goal(id: str, started: str, finished: str | None = None) -> Goal:
    return Goal(
        id=id, key=id, title="A", type="product", status="success" if finished else "in_progress",
        started_at=at(started), finished_at=at(finished) if finished else None,
    )  # fmt: skip


OPEN = "2026-11-02-001"
TODAY = "2026-11-21-003"
LATE = "2026-11-10-002"
OLD = "2026-11-01-001"
CLONE = "2026-11-02-001-9f3a"
GOALS = [
    goal(OPEN, "2026-11-02T10:00"),
    goal(TODAY, "2026-11-21T08:00", "2026-11-21T09:00"),
    goal(LATE, "2026-11-10T08:00", "2026-11-21T00:00"),
    goal(OLD, "2026-11-01T08:00", "2026-11-20T23:59"),
    goal(CLONE, "2026-11-02T11:00"),
]
OLD_REASON = f"it names {OLD}, which was closed before today"


@pytest.mark.parametrize(
    ("message", "named"),
    [
        (f"Search works ({OPEN})\n", OPEN),
        (f"{OPEN}: search works\n", OPEN),
        (f"[{OPEN}] search works\n", OPEN),
        (f"\n\n# a comment\nEnds {OPEN}.\n", OPEN),
        (f"Search works\n\nGoal: {TODAY}\n", TODAY),
        (f"Search works\n\ngoal:{LATE}\r\n", LATE),
        (f"Search works\n\nGoal: {OLD}\nGoal: {OPEN}\n", OPEN),
        (f"Search works\n\nGoal: {CLONE}\n", CLONE),
        (f"Search works {OPEN}\n\nGoal: {TODAY}\n", TODAY),
    ],
)
def test_a_goal_that_is_open_or_of_today_is_named(message: str, named: str) -> None:
    check = check_message(message, GOALS, NOW, UTC)
    assert (check.passed, check.goal, check.reason) == (True, named, "")
    assert check.open_goals == [OPEN, CLONE]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("Search works\n", "it names no goal"),
        (f"Search works\n\nIt is of {OPEN}.\n", "it names no goal"),
        (f"Search works\n# Goal: {OPEN}\n", "it names no goal"),
        (f"Search works\n# ------------------------ >8 ------------------------\nGoal: {OPEN}\n", "it names no goal"),
        (f"Search works {OPEN}1\n", "it names no goal"),
        ("Search works\n\nGoal: none at all\n", "it names no goal"),
        (f"Search works\n\nGoal: {OLD}\n", OLD_REASON),
        (f"Search works {OLD}\n", OLD_REASON),
    ],
)
def test_any_other_message_is_refused(message: str, reason: str) -> None:
    check = check_message(message, GOALS, NOW, UTC)
    assert (check.passed, check.goal, check.reason) == (False, None, reason)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("", "the message is empty"),
        ("# only\n# comments\n", "the message is empty"),
        ("Merge branch 'one'\n", "git made the message"),
        ('Revert "Search works"\n', "git made the message"),
        ("fixup! Search works\n", "git made the message"),
        ("Typo\n\nGoal: none\n", "it says that it belongs to no goal"),
    ],
)
def test_some_messages_need_no_goal(message: str, reason: str) -> None:
    check = check_message(message, GOALS, NOW, UTC)
    assert (check.passed, check.goal, check.reason) == (True, None, reason)


def test_today_is_that_of_the_users_zone() -> None:
    ended = [goal(OLD, "2026-11-01T08:00", "2026-11-20T12:00")]
    assert not check_message(f"x {OLD}", ended, NOW, UTC).passed
    early = datetime(2026, 11, 21, 3, tzinfo=UTC)
    assert check_message(f"x {OLD}", ended, early, ZoneInfo("America/New_York")).passed
