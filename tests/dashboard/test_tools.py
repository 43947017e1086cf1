"""The page on tools: its sums are those of the report, its typical times hold the report's medians."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from tachograph.app.dashboard import failed_calls
from tachograph.app.dashboard.desk import Desk
from tachograph.app.dashboard.failed_calls import find_failures
from tachograph.app.dashboard.pages.tools import PAGE, describe_median, show
from tachograph.app.dashboard.tool_sums import SORTS, ToolUse, gather_tools, median_between
from tachograph.app.retries import FailureCluster, report_retries
from tachograph.app.tools import ToolStats, report_tools
from tachograph.errors import UsageError
from tachograph.report.view import Cards, Empty, find_grid
from tests.dashboard.walking import SCOPES, column, grid_of, scope_of


def assert_same(one: ToolUse, stats: ToolStats) -> None:
    """The exact sums are equal; the median lies in the span; the mean follows from the sums."""
    names = (
        "calls", "ok", "errors", "denied", "cancelled", "missing", "error_rate", "timed_calls", "result_chars",
        "results", "unpriced_calls", "unattributed_calls",
    )  # fmt: skip
    assert {name: getattr(one, name) for name in names} == {name: getattr(stats, name) for name in names}
    assert one.usd == (None if stats.usd is None else pytest.approx(stats.usd, abs=1e-9))
    assert one.chars_per_result == (stats.result_chars / stats.results if stats.results else None)
    if stats.median_ms is None:
        assert (one.median_from, one.median_to, one.slow_share) == (None, None, None)
    else:
        assert one.median_from is not None
        assert one.median_from * 1000 <= stats.median_ms
        assert one.median_to is None or stats.median_ms < one.median_to * 1000


@pytest.mark.parametrize("params", SCOPES, ids=str)
def test_tools_have_the_sums_of_the_report(desk: Desk, params: dict[str, str]) -> None:
    scope = scope_of(**params)
    data = gather_tools(desk, scope, {})
    report = report_tools(desk.connection, "tool", scope.filter)
    assert [one.key for one in data.tools] == [group.key for group in report.groups]
    assert_same(data.total, report.total)
    for one, group in zip(data.tools, report.groups, strict=True):
        assert_same(one, group)
    assert data.total.calls > 0


@pytest.mark.parametrize("params", SCOPES, ids=str)
def test_kinds_and_servers_have_the_sums_of_the_report(desk: Desk, params: dict[str, str]) -> None:
    scope = scope_of(**params)
    data = gather_tools(desk, scope, {})
    servers = report_tools(desk.connection, "server", scope.filter)
    assert [one.key for one in data.servers] == [group.key for group in servers.groups]
    for one, group in zip(data.servers, servers.groups, strict=True):
        assert_same(one, group)
    kinds = {group.key: group for group in report_tools(desk.connection, "category", scope.filter).groups}
    for one in data.categories:
        if one.key == "mcp":
            assert one.calls == servers.total.calls
        else:
            assert_same(one, kinds[one.key])
    assert {one.key for one in data.categories} == {key.partition(":")[0] for key in kinds}


@pytest.mark.parametrize("sort", [sort for sort in SORTS if sort not in ("time", "result")])
def test_tools_come_in_the_order_of_the_report(desk: Desk, sort: str) -> None:
    scope = scope_of(range="all")
    wanted = report_tools(desk.connection, "tool", scope.filter, sort)  # type: ignore[arg-type]
    assert [one.key for one in gather_tools(desk, scope, {"sort": sort}).tools] == [
        group.key for group in wanted.groups
    ]


def test_tools_come_by_time_and_by_size(desk: Desk) -> None:
    scope = scope_of(range="all")
    times = [one.median_from for one in gather_tools(desk, scope, {"sort": "time"}).tools]
    sizes = [one.chars_per_result for one in gather_tools(desk, scope, {"sort": "result"}).tools]
    for values in (times, sizes):
        known = [value for value in values if value is not None]
        assert known == sorted(known, reverse=True) == values[: len(known)]
        assert len(set(known)) > 1
    with pytest.raises(UsageError):
        gather_tools(desk, scope, {"sort": "name"})


def steps(**counts: int) -> list[int]:
    return [counts.get(f"t{n}", 0) for n in range(15)]


@pytest.mark.parametrize(
    ("times", "span", "words"),
    [
        (steps(), (None, None), None),
        (steps(t0=1), (0.0, 0.125), "under 0.125 s"),
        (steps(t1=3), (0.125, 0.25), "0.125–0.25 s"),
        (steps(t4=1), (1.0, 2.0), "1–2 s"),
        (steps(t0=1, t4=1, t9=1), (1.0, 2.0), "1–2 s"),
        (steps(t3=1, t4=1), (0.5, 2.0), "0.5–2 s"),
        (steps(t3=2, t4=1), (0.5, 1.0), "0.5–1 s"),
        (steps(t0=2, t5=2), (0.0, 4.0), "under 4 s"),
        (steps(t14=1), (1024.0, None), "1,024 s or more"),
        (steps(t8=1, t14=1), (16.0, None), "16 s or more"),
        (steps(t13=5), (512.0, 1024.0), "512–1,024 s"),
    ],
)
def test_a_median_lies_in_a_span(desk: Desk, times: list[int], span: tuple[float, float], words: str | None) -> None:
    assert median_between(times) == span
    one = msgspec.structs.replace(
        gather_tools(desk, scope_of(range="7d"), {}).total, median_from=span[0], median_to=span[1]
    )
    assert describe_median(one) == words


def test_slow_calls_are_those_of_32_seconds_or_more(desk: Desk) -> None:
    scope = scope_of(range="all")
    data = gather_tools(desk, scope, {})
    slow, timed = desk.connection.execute(
        "SELECT sum(ms >= 32000), count(*) FROM (SELECT coalesce(duration_ms, ended_at - started_at) AS ms"
        " FROM counted_tool_calls WHERE status IN ('ok', 'error')) WHERE ms >= 0"
    ).fetchone()
    assert (data.total.slow_share, data.total.timed_calls) == (slow / timed, timed)
    assert 0 < slow < timed


@pytest.mark.parametrize("params", SCOPES, ids=str)
def test_days_add_up_to_the_total(desk: Desk, params: dict[str, str]) -> None:
    data = gather_tools(desk, scope_of(**params), {})
    assert data.step == "day"
    for name in ("calls", "ok", "errors"):
        assert sum(getattr(step, name) for step in data.steps) == getattr(data.total, name)
    for step in data.steps:
        assert step.error_rate == (step.errors / (step.ok + step.errors) if step.ok + step.errors else None)


def test_charts_show_how_calls_ended(desk: Desk) -> None:
    scope = scope_of(range="7d")
    data = gather_tools(desk, scope, {})
    day = msgspec.structs.replace(data.steps[0], calls=10, ok=6, errors=3, error_rate=1 / 3)
    idle = msgspec.structs.replace(data.steps[0], start="2026-11-16", calls=0, ok=0, errors=0, error_rate=None)
    view = show(msgspec.structs.replace(data, steps=[day, idle]), scope, {})
    assert [[cell.value for cell in row][1:] for row in grid_of(view, "calls").rows] == [[6, 3, 1], [0, 0, 0]]
    assert [row[1].value for row in grid_of(view, "error-rate").rows] == [1 / 3, None]


@pytest.mark.parametrize("params", SCOPES, ids=str)
def test_failures_are_those_of_the_calls_of_the_range(desk: Desk, params: dict[str, str]) -> None:
    scope = scope_of(**params)
    found = find_failures(desk.connection, scope)
    assert (found.complete, found.looked_at) == (True, failed_calls.LOOKED_AT)
    assert found.calls == report_tools(desk.connection, "tool", scope.filter).total.errors
    report = report_retries(desk.connection, "project", scope.filter, 0)
    assert (found.calls, found.clusters) == (report.failed_calls, report.failure_clusters)
    # Sessions of the demo end on the day they begin, so that both ways to choose calls agree.
    assert found.shown == report.failures[:10]


def test_only_the_last_failures_are_looked_at(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    scope = scope_of(range="all")
    every = find_failures(desk.connection, scope)
    monkeypatch.setattr(failed_calls, "LOOKED_AT", 5)
    found = find_failures(desk.connection, scope)
    assert (found.calls, found.complete, found.looked_at) == (5, False, 5)
    assert max(one.last_at for one in found.shown) == max(one.last_at for one in every.shown)
    view = show(msgspec.structs.replace(gather_tools(desk, scope, {}), failures=found), scope, {})
    assert "5 of 5 failed calls among the range's last 5, alike" in grid_of(view, "failures").description
    monkeypatch.setattr(failed_calls, "LOOKED_AT", every.calls + 1)  # with a copy in a fork
    assert find_failures(desk.connection, scope).complete


def test_failures_lead_to_the_last_session_they_were_seen_in(desk: Desk) -> None:
    scope = scope_of(range="all")
    data = gather_tools(desk, scope, {})
    rows = grid_of(show(data, scope, {}), "failures").rows
    assert [row[0].href for row in rows] == [
        f"/session?id={one.last_session.replace(':', '%3A').replace('/', '%2F')}" for one in data.failures.shown
    ]
    assert [row[3].value for row in rows] == [one.calls for one in data.failures.shown]


def test_unknown_numbers_are_not_zero(desk: Desk) -> None:
    scope = scope_of(range="7d")
    data = gather_tools(desk, scope, {})
    one = data.tools[0]
    tools = [
        msgspec.structs.replace(
            one, error_rate=None, median_from=None, median_to=None, slow_share=None, chars_per_result=None, usd=None,
            unpriced_calls=3, timed_calls=0,
        ),
        msgspec.structs.replace(one, usd=2.0, unpriced_calls=1, unattributed_calls=0),
        msgspec.structs.replace(one, usd=2.0, unpriced_calls=0, unattributed_calls=1),
        msgspec.structs.replace(one, usd=2.0, unpriced_calls=0, unattributed_calls=0),
        msgspec.structs.replace(one, usd=None, unpriced_calls=0, unattributed_calls=one.calls),
    ]  # fmt: skip
    grid = grid_of(show(msgspec.structs.replace(data, tools=tools), scope, {}), "tools")
    for key in ("error_rate", "time", "slow", "result", "cost"):
        assert column(grid, key)[0].value is None
    assert [(cell.value, cell.at_least) for cell in column(grid, "cost")] == [
        (None, False), (2.0, True), (2.0, True), (2.0, False), ("", False),
    ]  # fmt: skip


def test_tools_that_fail_often_are_pointed_out(desk: Desk) -> None:
    scope = scope_of(range="7d")
    data = gather_tools(desk, scope, {})
    rates = [(1, 1.0), (2, 0.2), (9, 0.19), (0, 0.0)]
    tools = [msgspec.structs.replace(data.tools[0], errors=errors, error_rate=rate) for errors, rate in rates]
    grid = grid_of(show(msgspec.structs.replace(data, tools=tools), scope, {}), "tools")
    assert [cell.tone for cell in column(grid, "error_rate")] == ["", "warn", "", ""]


@pytest.mark.parametrize("sort", SORTS)
def test_what_is_sorted_by_is_a_marked_column_of_every_table(desk: Desk, sort: str) -> None:
    scope = scope_of(range="all")
    view = show(gather_tools(desk, scope, {"sort": sort}), scope, {"sort": sort})
    for id in ("tools", "categories", "servers"):
        grid = grid_of(view, id)
        assert grid.sorted_by == sort
        assert [one.sort for one in grid.columns].count(sort) == 1
    assert PAGE.params[0].choices == SORTS


def test_the_cards_sum_it_up(desk: Desk) -> None:
    scope = scope_of(range="all")
    data = gather_tools(desk, scope, {})
    [cards] = [block for block in show(data, scope, {}).blocks if isinstance(block, Cards)]
    values = {card.title: card.cell for card in cards.items}
    assert (values["Tool calls"].value, values["Failed"].value) == (data.total.calls, data.total.error_rate)
    assert values["Failed"].note == f"{data.total.errors} of {data.total.ok + data.total.errors:,} finished calls"
    assert values["Cost"].at_least
    assert {card.how for card in cards.items} == {"tools"}


def test_servers_are_left_out_where_there_are_none(desk: Desk) -> None:
    scope = scope_of(range="all", agent="codex")
    view = show(gather_tools(desk, scope, {}), scope, {})
    assert find_grid(view.blocks, "servers") is None
    assert find_grid(view.blocks, "categories") is not None


def test_an_empty_range_leads_to_everything(empty_desk: Desk) -> None:
    scope = scope_of(range="7d", agent="codex")
    data = gather_tools(empty_desk, scope, {})
    assert (data.total.calls, data.total.error_rate, data.total.usd, data.failures.calls) == (0, None, None, 0)
    [block] = show(data, scope, {}).blocks
    assert isinstance(block, Empty)
    assert block.href == "/tools?range=all&agent=codex"


def test_hostile_texts_are_plain_values(desk: Desk) -> None:
    scope = scope_of(range="all")
    data = gather_tools(desk, scope, {})
    evil = "<script>alert(1)</script>"
    cluster = FailureCluster(evil, evil, evil, 2, 1, datetime(2026, 11, 1, tzinfo=UTC), f'codex:"{evil}', "call")
    hostile = msgspec.structs.replace(
        data, tools=[msgspec.structs.replace(data.tools[0], key=evil)],
        failures=msgspec.structs.replace(data.failures, shown=[cluster]),
    )  # fmt: skip
    view = show(hostile, scope, {})
    assert grid_of(view, "tools").rows[0][0].value == evil
    row = grid_of(view, "failures").rows[0]
    assert [cell.value for cell in row][:3] == [evil, evil, evil]
    assert not set("<>\"'") & set(row[0].href)
