"""Lists of sessions: what is folded in, what is a session's own, in which order, and which are meant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tachograph.app.filters import make_filter
from tachograph.app.session_rows import SessionRow
from tachograph.app.sessions import SessionList, Sort, count_sessions, list_sessions, list_tree, load_row
from tachograph.warehouse.store import open_reader
from tests.builders.claude import ClaudeHome
from tests.builders.small import HOUSE, MYSTERY, SITE, TOOLS, Week, make_workspace, week

__all__ = ["week"]


def read(week: Week, sort: Sort = "recent", limit: int = 20, subagents: bool = False, **chosen: str) -> SessionList:
    with closing(open_reader(week.ingest().folder)) as connection:
        return list_sessions(connection, make_filter(tz="UTC", **chosen), sort, limit, subagents)


def first_row(week: Week) -> SessionRow:
    with closing(open_reader(week.ingest().folder)) as connection:
        return load_row(connection, f"claude_code:{week.first.session_id}")


def starts(found: SessionList) -> list[str]:
    return [f"{row.started_at:%m-%d %H}" for row in found.sessions]


def test_subagents_are_folded_into_their_session(week: Week) -> None:
    row = first_row(week)
    assert (row.kind, row.parent_id, row.subagents) == ("main", None, 2)
    assert (row.output, row.responses) == (166_000, 7)
    assert (row.usd, row.own_usd) == (pytest.approx(1.66), pytest.approx(1.60))
    assert (row.tool_calls, row.tool_errors) == (6, 2)


def test_what_the_person_did_is_the_main_session_s_own(week: Week) -> None:
    row = first_row(week)
    assert (row.turns, row.prompts, row.interruptions) == (2, 2, 1)
    assert (row.project, row.git_branch, row.agent, row.agent_version) == (SITE, "main", "claude_code", "2.1.219")
    assert (row.title, row.opening, row.label) == (None, "Repair the login.", "Repair the login.")
    assert row.started_at == datetime(2026, 5, 18, 9, 0, 5, tzinfo=UTC)
    assert row.ended_at is not None
    assert row.duration_seconds == (row.ended_at - row.started_at).total_seconds()
    assert row.active_seconds is not None
    assert 0 < row.active_seconds <= row.duration_seconds


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("recent", ["05-25 09", "05-20 10", "05-20 09"]),
        ("cost", ["05-18 09", "05-18 15", "05-19 08"]),
        ("own-cost", ["05-18 09", "05-18 15", "05-19 08"]),
        ("tokens", ["05-18 09", "05-18 15", "05-19 08"]),
        ("prompts", ["05-19 08", "05-18 09", "05-25 09"]),
        ("turns", ["05-19 08", "05-18 09", "05-25 09"]),
        ("tool-calls", ["05-18 09", "05-20 10", "05-19 08"]),
        ("errors", ["05-18 09", "05-18 15", "05-25 09"]),
        ("subagents", ["05-18 09", "05-25 09", "05-20 10"]),
    ],
)
def test_the_highest_comes_first_and_equals_by_their_end(week: Week, sort: Sort, first: list[str]) -> None:
    assert starts(read(week, sort, 3)) == first


@pytest.mark.parametrize("sort", ["duration", "active"])
def test_times_are_sorted_by_too(week: Week, sort: Sort) -> None:
    name = f"{sort}_seconds"
    values = [getattr(row, name) for row in read(week, sort, 0).sessions]
    assert values == sorted(values, reverse=True)
    assert len(set(values)) > 2


def test_an_unpriced_session_has_no_cost_and_comes_last(week: Week) -> None:
    row = read(week, "cost", 0).sessions[-1]
    assert (row.models, row.usd, row.own_usd) == ([MYSTERY], None, None)
    assert (row.unpriced_models, row.unpriced_responses, row.output) == ([MYSTERY], 1, 7_000)


@pytest.mark.parametrize(("limit", "shown"), [(2, 2), (20, 6), (0, 6)])
def test_the_limit_does_not_hide_how_many_there_are(week: Week, limit: int, shown: int) -> None:
    found = read(week, limit=limit)
    assert (len(found.sessions), found.matching) == (shown, 6)


def test_subagents_by_themselves_have_their_own_numbers(week: Week) -> None:
    found = read(week, "cost", subagents=True)
    outer, inner = found.sessions
    assert found.matching == 2
    assert (outer.kind, outer.parent_id, outer.agent_type) == (
        "subagent",
        f"claude_code:{week.first.session_id}",
        "Explore",
    )
    assert (outer.usd, outer.own_usd, outer.output, outer.subagents) == (0.05, 0.05, 5_000, 1)
    assert (inner.parent_id, inner.usd, inner.subagents) == (outer.id, 0.01, 0)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"since": "2026-05-20"}, ["05-25 09", "05-20 10", "05-20 09"]),
        ({"until": "2026-05-18T12:00:00Z"}, ["05-18 09"]),
        ({"since": "2026-05-18T09:00:06Z", "until": "2026-05-19"}, ["05-18 15"]),
        ({"project": "TOOLS"}, ["05-25 09", "05-20 10"]),
        ({"agent": "codex"}, ["05-19 08"]),
        ({"agent": "codex", "project": "tools"}, []),
    ],
)
def test_sessions_are_chosen_by_their_start_project_and_agent(
    week: Week, chosen: dict[str, str], expected: list[str]
) -> None:
    assert starts(read(week, **chosen)) == expected


def test_a_session_chosen_by_its_start_comes_with_all_its_usage(week: Week) -> None:
    week.again.at("2026-06-30T09:00:00Z").prompt("Weeks later.").response(output=100_000).write()
    (row,) = read(week, since="2026-05-18T12:00:00Z", until="2026-05-19").sessions
    assert row.usd == pytest.approx(1.50)


def test_names_are_short_and_unique(week: Week) -> None:
    names = [row.name for row in read(week).sessions]
    assert len(set(names)) == 6
    assert {len(name) for name in names} == {8, 13}  # one of Claude Code's begins like the one of Codex


def test_the_tree_lists_parents_before_children(week: Week) -> None:
    with closing(open_reader(week.ingest().folder)) as connection:
        main = f"claude_code:{week.first.session_id}"
        tree = list_tree(connection, main)
        assert [(depth, row.output) for depth, row in tree] == [(1, 5_000), (2, 1_000)]
        assert [(depth, row.output) for depth, row in list_tree(connection, tree[0][1].id)] == [(1, 1_000)]
        assert list_tree(connection, tree[1][1].id) == []


def test_counts_are_the_sums_of_the_list(week: Week) -> None:
    with closing(open_reader(week.ingest().folder)) as connection:
        chosen = make_filter(tz="UTC", project="site")
        rows = list_sessions(connection, chosen, limit=0).sessions
        counts = count_sessions(connection, chosen)
    assert (counts.sessions, counts.subagents, counts.logs_missing) == (4, 2, 0)
    assert counts.tool_calls == sum(row.tool_calls for row in rows) == 8
    assert counts.tool_errors == sum(row.tool_errors for row in rows) == 3
    assert counts.prompts == sum(row.prompts or 0 for row in rows) == 6
    assert counts.active_seconds == pytest.approx(sum(row.active_seconds or 0 for row in rows))


# ------------------------------------------------------------------------------------------- missing and copied


@pytest.fixture
def orphans(home: Path) -> Iterator[str]:
    """The id of a session of which only the subagents' logs are left."""
    claude = ClaudeHome(home / ".claude")
    main = claude.project(SITE).session("2026-05-18T09:00:00Z").prompt("Gone.").response(output=90_000)
    one = main.subagent().prompt("One.").response(model=HOUSE, output=4_000)
    one.call("Bash", {"command": "ls"}, model=HOUSE, output=1_000).result("a.py")
    main.wait(60).subagent().prompt("Two.").response(model=HOUSE, output=2_000)
    claude.write()
    main.path.unlink()
    return f"claude_code:{main.session_id}"


def test_a_session_without_a_log_is_known_by_its_subagents(home: Path, orphans: str) -> None:
    from tachograph.app.ingest import ingest

    workspace = make_workspace(home)
    ingest(workspace)
    with closing(open_reader(workspace.folder)) as connection:
        (row,) = list_sessions(connection, make_filter(tz="UTC")).sessions
        counts = count_sessions(connection, make_filter(tz="UTC"))
    assert (row.id, row.log_missing, row.project, row.agent, row.subagents) == (orphans, True, SITE, "claude_code", 2)
    assert (row.usd, row.own_usd, row.output) == (pytest.approx(0.07), None, 7_000)
    assert (row.prompts, row.turns, row.active_seconds, row.shared_responses) == (None, None, None, None)
    assert (row.tool_calls, row.label, row.complete) == (1, "", True)
    assert (counts.sessions, counts.logs_missing, counts.prompts) == (1, 1, 0)


def test_what_a_fork_copied_is_not_its_own(week: Week) -> None:
    fork = week.first.fork("2026-05-26T09:00:00Z").prompt("Another way.").response(output=10_000)
    fork.write()
    row = read(week).sessions[0]
    assert (row.id, row.output, row.usd) == (f"claude_code:{fork.session_id}", 10_000, 0.1)
    assert (row.shared_responses, row.prompts, row.responses) == (5, 1, 1)
    assert row.forked_from == f"claude_code:{week.first.session_id}"


def test_project_of_tools_is_another(week: Week) -> None:
    assert [row.project for row in read(week, project="tools").sessions] == [TOOLS, TOOLS]
