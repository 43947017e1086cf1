"""The overview's numbers, its weeks, and the commands it proposes."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tachograph.app.filters import make_filter
from tachograph.app.overview import Overview, report_overview
from tachograph.app.overview.next_commands import suggest_commands
from tachograph.app.overview.record import ProblemCounts
from tachograph.warehouse.store import open_reader
from tests.builders.small import MYSTERY, SITE, TOOLS, Week, week

__all__ = ["week"]


def look(week: Week, tz: str = "UTC", **chosen: str) -> Overview:
    with closing(open_reader(week.ingest().folder)) as connection:
        return report_overview(connection, make_filter(tz=tz, **chosen))


def test_the_headline_adds_everything_up(week: Week) -> None:
    found = look(week)
    assert (found.activity.sessions, found.activity.subagents, found.activity.prompts) == (6, 2, 8)
    assert (found.activity.tool_calls, found.activity.tool_errors) == (9, 3)
    assert (found.total.responses, found.total.output, found.total.sessions) == (13, 240_000, 6)
    assert found.total.usd == pytest.approx(2.33)
    assert (found.total.unpriced_models, found.total.unpriced_responses) == ([MYSTERY], 1)
    assert found.first_response_at == datetime(2026, 5, 18, 9, 0, tzinfo=UTC)
    assert found.last_response_at == datetime(2026, 5, 25, 9, 0, tzinfo=UTC)


def test_groups_come_by_cost(week: Week) -> None:
    found = look(week)
    assert [(group.key, group.usd) for group in found.projects] == [
        (SITE, pytest.approx(2.30)),
        (TOOLS, pytest.approx(0.03)),
    ]
    assert [group.key for group in found.agents] == ["claude_code", "codex"]
    assert [group.key for group in found.models] == ["house-model", MYSTERY]


def test_subagents_and_retries_are_told(week: Week) -> None:
    found = look(week)
    assert (found.subagents.sessions, found.subagents.tokens) == (2, 6_020)
    assert found.subagents.usd == pytest.approx(0.06)
    assert (found.retries.follow_ups.count, found.retries.structural_retries.count) == (2, 1)


def test_the_most_expensive_sessions_come_first(week: Week) -> None:
    top = look(week).top_sessions
    assert [row.usd for row in top] == [pytest.approx(1.66), 0.5, pytest.approx(0.12), 0.03, 0.02]


# ------------------------------------------------------------------------------------------------------ weeks


def weeks(found: Overview) -> list[tuple[str, int]]:
    return [(one.week.isoformat(), one.responses) for one in found.weeks]


def test_weeks_begin_on_monday(week: Week) -> None:
    assert weeks(look(week)) == [("2026-05-18", 12), ("2026-05-25", 1)]


def test_empty_weeks_are_shown_and_have_no_cost(week: Week) -> None:
    week.again.at("2026-06-15T09:00:00Z").prompt("Later.").response(output=1_000).write()
    found = look(week)
    assert weeks(found)[1:] == [("2026-05-25", 1), ("2026-06-01", 0), ("2026-06-08", 0), ("2026-06-15", 1)]
    assert found.weeks[2].usd is None


def test_twelve_weeks_are_enough(week: Week) -> None:
    week.again.at("2027-01-04T09:00:00Z").prompt("Much later.").response(output=1_000).write()
    found = look(week)
    assert (len(found.weeks), found.weeks[0].week, found.weeks[-1].week) == (12, date(2026, 10, 19), date(2027, 1, 4))
    assert found.total.usd == pytest.approx(2.34)


def test_weeks_begin_at_midnight_where_the_reader_is(week: Week) -> None:
    week.again.at("2026-05-24T23:30:00Z").prompt("Late on Sunday.").response(output=1_000).write()
    assert weeks(look(week)) == [("2026-05-18", 13), ("2026-05-25", 1)]
    assert weeks(look(week, tz="Europe/Berlin")) == [("2026-05-18", 12), ("2026-05-25", 2)]


def test_a_week_that_was_asked_for_in_part_counts_in_part(week: Week) -> None:
    found = look(week, since="2026-05-19", until="2026-05-20T09:30:00Z")
    assert weeks(found) == [("2026-05-18", 3)]
    assert (found.since, found.until) == (datetime(2026, 5, 19, tzinfo=UTC), datetime(2026, 5, 20, 9, 30, tzinfo=UTC))
    assert (found.activity.sessions, found.total.usd) == (2, pytest.approx(0.14))


def test_nothing_is_not_an_error(week: Week) -> None:
    found = look(week, since="2030-01-01")
    assert (found.activity.sessions, found.total.responses, found.total.usd) == (0, 0, None)
    assert (found.weeks, found.top_sessions, found.first_response_at) == ([], [], None)


# -------------------------------------------------------------------------------------------------------- next


def proposals(found: Overview) -> list[str]:
    return [one.command for one in suggest_commands(found)]


def test_the_commands_fit_the_data(week: Week) -> None:
    found = look(week)
    name = found.top_sessions[0].name
    assert proposals(found) == [one.command for one in found.next]
    assert proposals(found) == [f"tacho show {name}", "tacho tools", "tacho cost --by model"]


def test_where_nothing_stands_out_there_is_still_a_way_on(week: Week) -> None:
    assert proposals(look(week, since="2030-01-01")) == ["tacho show --last", "tacho cost --by day", "tacho sessions"]


@pytest.mark.parametrize(
    ("change", "command"),
    [
        ({"problems": ProblemCounts(0, 3)}, "tacho doctor"),
        ({"top_sessions": []}, "tacho tools"),
    ],
)
def test_what_is_most_pressing_comes_first(week: Week, change: dict[str, Any], command: str) -> None:
    assert proposals(msgspec.structs.replace(look(week), **change))[0] == command


def test_subagents_and_reopened_sessions_are_proposed_when_they_matter(week: Week) -> None:
    found = look(week)
    found.top_sessions = []
    found.activity.tool_errors = 0
    found.total.unpriced_responses = 0
    assert proposals(found)[0] == "tacho retries"
    found.subagents.usd = 1.0
    assert proposals(found)[:2] == ["tacho cost --by agent-type", "tacho retries"]


def test_problems_are_counted(week: Week, home: Path) -> None:
    week.again.raw(b"neither\n").write()
    assert look(week).problems == ProblemCounts(1, 0)
