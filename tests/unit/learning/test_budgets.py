from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tachograph.learning.budgets import Budget, Spend, Window, judge_budgets, read_budgets, window_of

BERLIN = ZoneInfo("Europe/Berlin")
WEDNESDAY = datetime(2026, 5, 20, 15, 30, tzinfo=BERLIN)


def judge(row, spend: Spend, now=WEDNESDAY):
    [state] = judge_budgets(read_budgets([row]), lambda budget, window: spend, now)
    return state


def test_budgets_are_read_as_they_are_written():
    rows = [
        {"scope": "day", "usd": 10},
        {"scope": "week", "tokens": 5_000_000, "agent": "codex"},
        {"scope": "project", "usd": 200.0, "project": "work/docs"},
    ]
    assert read_budgets(rows) == (
        Budget(scope="day", usd=10.0),
        Budget(scope="week", tokens=5_000_000, agent="codex"),
        Budget(scope="project", usd=200.0, project="work/docs"),
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"usd": 10}, "scope"),
        ({"scope": "month", "usd": 10}, "month"),
        ({"scope": "day"}, "needs a limit: either usd or tokens"),
        ({"scope": "day", "usd": 1, "tokens": 1}, "needs a limit: either usd or tokens"),
        ({"scope": "day", "usd": 0}, "not above 0"),
        ({"scope": "day", "usd": -1}, "not above 0"),
        ({"scope": "day", "usd": float("nan")}, "not above 0"),
        ({"scope": "day", "usd": float("inf")}, "not above 0"),
        ({"scope": "day", "usd": "10"}, "usd"),
        ({"scope": "day", "usd": True}, "usd"),
        ({"scope": "day", "tokens": 1.5}, "tokens"),
        ({"scope": "project", "usd": 1}, "part of its path as project"),
        ({"scope": "day", "usd": 1, "euro": 1}, "euro"),
        ("day", "object"),
    ],
)
def test_a_wrong_one_is_refused_with_its_number(row, message):
    with pytest.raises(ValueError, match=message) as raised:
        read_budgets([{"scope": "day", "usd": 1}, row])
    assert str(raised.value).startswith("Budget 2 of the settings ")


@pytest.mark.parametrize(
    ("scope", "now", "first", "last"),
    [
        ("day", WEDNESDAY, (2026, 5, 20), (2026, 5, 21)),
        ("week", WEDNESDAY, (2026, 5, 18), (2026, 5, 25)),  # from Monday
        ("week", datetime(2026, 5, 18, tzinfo=BERLIN), (2026, 5, 18), (2026, 5, 25)),
        ("week", datetime(2026, 5, 24, 23, 59, tzinfo=BERLIN), (2026, 5, 18), (2026, 5, 25)),
        ("day", datetime(2026, 3, 29, 12, tzinfo=BERLIN), (2026, 3, 29), (2026, 3, 30)),  # a day of 23 hours
    ],
)
def test_days_and_weeks_are_those_of_the_users_zone(scope, now, first, last):
    start, end = (int(datetime(*day, tzinfo=BERLIN).timestamp() * 1000) for day in (first, last))
    assert window_of(scope, now) == Window(start, end)


def test_the_day_of_the_change_of_clocks_has_23_hours():
    window = window_of("day", datetime(2026, 3, 29, 12, tzinfo=BERLIN))
    assert window.end - window.start == 23 * 3_600_000


@pytest.mark.parametrize("scope", ["project", "session"])
def test_projects_and_sessions_have_no_window(scope):
    assert window_of(scope, WEDNESDAY) is None


@pytest.mark.parametrize(
    ("row", "spend", "level", "share", "text"),
    [
        ({"usd": 10}, Spend(7.99, 0), "ok", 0.799, ""),
        ({"usd": 10}, Spend(8.0, 0), "near", 0.8, "The day's budget of $10.00 is used to 80 %: $8.00."),
        ({"usd": 10}, Spend(9.999, 0), "near", 0.9999, "The day's budget of $10.00 is used to 99 %: $10.00."),
        ({"usd": 10}, Spend(10.0, 0), "over", 1.0, "The day's budget of $10.00 is used up: $10.00."),
        ({"usd": 10}, Spend(12.5, 0, True), "over", 1.25, "The day's budget of $10.00 is used up: at least $12.50."),
        ({"usd": 10}, Spend(9, 0, True), "near", 0.9, "The day's budget of $10.00 is used to at least 90 %: $9.00."),
        ({"usd": 10}, Spend(None, 99), "unknown", None, ""),
        ({"tokens": 2_000}, Spend(None, 1_000), "ok", 0.5, ""),
        (
            {"tokens": 2_000},
            Spend(None, 1_800),
            "near",
            0.9,
            "The day's budget of 2,000 tokens is used to 90 %: 1,800.",
        ),
        ({"tokens": 2_000}, Spend(None, 3_000), "over", 1.5, "The day's budget of 2,000 tokens is used up: 3,000."),
    ],
)
def test_80_percent_and_the_whole_are_warned_of(row, spend, level, share, text):
    state = judge({"scope": "day", **row}, spend)
    assert (state.level, state.share, state.text) == (level, share, text)


@pytest.mark.parametrize(
    ("row", "start"),
    [
        ({"scope": "week"}, "The week's budget of $1.00"),
        ({"scope": "project", "project": "secret/place"}, "A project's budget of $1.00"),
        ({"scope": "session"}, "The budget of a session of $1.00"),
    ],
)
def test_every_scope_has_its_sentence_and_none_names_a_project(row, start):
    state = judge({**row, "usd": 1}, Spend(2.0, 0, session="claude_code:abc"))
    assert state.text.startswith(start)
    assert "secret" not in state.text
    assert state.session == "claude_code:abc"


def test_each_budget_is_measured_in_its_own_window():
    asked = []

    def measure(budget: Budget, window: Window | None) -> Spend:
        asked.append((budget.scope, window))
        return Spend(0.0, 0)

    budgets = read_budgets([{"scope": "day", "usd": 1}, {"scope": "session", "usd": 1}])
    states = judge_budgets(budgets, measure, WEDNESDAY)
    assert asked == [("day", window_of("day", WEDNESDAY)), ("session", None)]
    assert [state.window for state in states] == [window for _, window in asked]
