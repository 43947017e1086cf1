"""The list of sessions: chosen, ordered and paged as the report has it, and each row leads to its session."""

from __future__ import annotations

from datetime import datetime

import msgspec
import pytest

from tachograph.app.dashboard.desk import Desk, Live
from tachograph.app.dashboard.pages.sessions import PAGE, show
from tachograph.app.dashboard.root_rows import SORTS, ListedSession, RootFilter, list_roots
from tachograph.app.dashboard.session_list import SessionPage, gather_sessions, read_filter
from tachograph.app.findings import list_findings
from tachograph.app.session_rows import SessionRow
from tachograph.app.sessions import list_sessions
from tachograph.errors import UsageError
from tachograph.report.view import Cell, Empty, Filters, Grid, View, find_grid
from tests.dashboard.walking import scope_of

SCOPES = [
    {"range": "all"},
    {"range": "30d"},
    {"from": "2026-10-20", "to": "2026-11-05"},
    {"range": "all", "project": "/home/ada/skylight"},
    {"range": "all", "agent": "codex"},
]
KNOWN_SORTS = [sort for sort in SORTS if sort not in ("findings", "waste")]


def ask(desk: Desk, params: dict[str, str], **scope: str) -> SessionPage:
    return gather_sessions(desk, scope_of(**(scope or {"range": "all"})), params)


def ids(data: SessionPage) -> list[str]:
    return [one.id for one in data.sessions]


def grid_of(view: View) -> Grid:
    found = find_grid(view.blocks, "sessions")
    assert found is not None
    return found


def column(view: View, key: str) -> list[Cell]:
    grid = grid_of(view)
    place = [one.key for one in grid.columns].index(key)
    return [row[place] for row in grid.rows]


@pytest.mark.parametrize("params", SCOPES, ids=str)
@pytest.mark.parametrize("sort", KNOWN_SORTS)
def test_sessions_come_in_the_order_of_the_report(desk: Desk, params: dict[str, str], sort: str) -> None:
    scope = scope_of(**params)
    wanted = list_sessions(desk.connection, scope.filter, sort, 0)  # type: ignore[arg-type]
    found = ask(desk, {"sort": sort, "size": "500"}, **params)
    keys = [_key(row, sort) for row in wanted.sessions]
    assert [_key(one, sort) for one in found.sessions] == [pytest.approx(key, abs=1e-6) for key in keys]
    assert set(ids(found)) == {row.id for row in wanted.sessions}
    assert found.matching == wanted.matching > 0


def _key(row: SessionRow | ListedSession, sort: str) -> float:
    if sort == "recent":
        assert row.ended_at is not None
        return row.ended_at.timestamp()
    fields = {"cost": "usd", "own-cost": "own_usd", "duration": "duration_seconds", "active": "active_seconds"}
    fields |= {"tool-calls": "tool_calls", "errors": "tool_errors"}
    found: float | None = getattr(row, fields.get(sort, sort))
    return -1.0 if found is None else found


def test_each_row_says_what_the_report_says(desk: Desk) -> None:
    rows = {row.id: row for row in list_sessions(desk.connection, scope_of(range="all").filter, "recent", 0).sessions}
    found = ask(desk, {"size": "500"})
    same = (
        "name", "label", "agent", "project", "tokens", "turns", "prompts", "active_seconds", "duration_seconds",
        "tool_calls", "tool_errors", "subagents", "unpriced_responses", "started_at", "ended_at", "complete",
        "log_missing",
    )  # fmt: skip
    for one in found.sessions:
        row = rows[one.id]
        assert {name: getattr(one, name) for name in same} == {name: getattr(row, name) for name in same}
        assert (one.usd is None, one.own_usd is None) == (row.usd is None, row.own_usd is None)
        assert (one.usd or 0, one.own_usd or 0) == (
            pytest.approx(row.usd or 0, abs=1e-6), pytest.approx(row.own_usd or 0, abs=1e-6),
        )  # fmt: skip
        assert one.model == (row.models[0] if row.models else None)


@pytest.mark.parametrize("sort", ["findings", "waste"])
def test_sessions_come_by_findings_and_by_waste(desk: Desk, sort: str) -> None:
    found = ask(desk, {"sort": sort, "size": "500"}).sessions
    values = [one.findings if sort == "findings" else one.waste_usd for one in found]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=True)
    assert values[: len(known)] == known
    assert values[0]


def test_findings_and_waste_are_those_of_the_tree(desk: Desk) -> None:
    by_session: dict[str, dict[str, float]] = {}
    numbers: dict[str, int] = {}
    roots = dict(desk.connection.execute("SELECT id, root_id FROM sessions").fetchall())
    for finding in list_findings(desk.connection, scope_of(range="all").filter):
        root = roots[finding.session]
        numbers[root] = numbers.get(root, 0) + 1
        sums = by_session.setdefault(root, {})
        sums[finding.detector] = sums.get(finding.detector, 0.0) + (finding.wasted_usd or 0.0)
    for one in ask(desk, {"size": "500"}).sessions:
        assert one.findings == numbers.get(one.id, 0)
        if one.findings:
            assert one.waste_usd == pytest.approx(max(by_session[one.id].values()), abs=1e-6)


def test_filters_choose_what_they_say(desk: Desk) -> None:
    everything = ask(desk, {"size": "500"}).sessions
    table = {
        ("task", "debug-fix"): lambda one: one.task_type == "debug-fix",
        ("model", "claude-opus-5"): lambda one: one.model == "claude-opus-5",
        ("verdict", "above_p75"): lambda one: one.verdict == "above_p75",
        ("detector", "any"): lambda one: one.findings > 0,
        ("min_cost", "1.5"): lambda one: (one.usd or 0) >= 1.5,
        ("min_minutes", "20"): lambda one: (one.duration_seconds or 0) >= 1200,
    }
    for (name, value), fits in table.items():
        found = ask(desk, {name: value, "size": "500"})
        wanted = [one.id for one in everything if fits(one)]  # type: ignore[no-untyped-call]
        assert (name, ids(found), found.matching, found.filtered) == (name, wanted, len(wanted), True)
        assert 0 < len(wanted) < len(everything)


@pytest.mark.parametrize("days", ["all", "30d"])
def test_one_detector_chooses_the_sessions_with_its_findings(desk: Desk, days: str) -> None:
    roots = dict(desk.connection.execute("SELECT id, root_id FROM sessions").fetchall())
    findings = list_findings(desk.connection, scope_of(range=days).filter)
    for detector in {finding.detector for finding in findings}:
        wanted = {roots[finding.session] for finding in findings if finding.detector == detector}
        found = ask(desk, {"detector": detector}, range=days)
        assert (set(ids(found)), found.matching) == (wanted, len(wanted))


@pytest.mark.parametrize("days", ["all", "30d"])
def test_a_search_finds_the_same_in_narrow_and_wide_ranges(desk: Desk, days: str) -> None:
    everything = ask(desk, {"size": "500"}, range=days).sessions
    wanted = [one.id for one in everything if one.project == "/home/ada/skylight" and one.agent == "codex"]
    found = ask(desk, {"q": "skylight codex"}, range=days)
    assert (ids(found), found.matching) == (wanted, len(wanted))
    assert wanted


def test_a_part_beyond_the_last_one_is_counted_all_the_same(desk: Desk) -> None:
    found = list_roots(desk, scope_of(range="all"), RootFilter(detector="any"), limit=5, offset=400)
    assert (found.sessions, found.matching) == ([], 10)


def test_choices_hold_together(desk: Desk) -> None:
    found = ask(desk, {"task": "debug-fix", "detector": "any", "q": "orchard", "min_cost": "0.1"})
    for one in found.sessions:
        assert (one.task_type, one.findings > 0, one.project) == ("debug-fix", True, "/home/ada/orchard")
    assert found.sessions
    assert ask(desk, {"task": "no such type"}).sessions == []


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("skylight", 8),
        ("SKYLIGHT", 8),
        ("night errors", None),
        ("  errors   of  ", None),
        ("codex:", 8),
        ("%", 0),
        ("no such words anywhere", 0),
    ],
)
def test_all_words_of_a_search_occur(desk: Desk, query: str, number: int | None) -> None:
    texts = dict(desk.connection.execute("SELECT r.id, t.search FROM roll.roots r JOIN roll.root_texts t USING (root)"))
    wanted = {id for id, text in texts.items() if all(word in text for word in query.lower().split())}
    found = ask(desk, {"q": query, "size": "500"})
    assert set(ids(found)) == wanted
    assert number in (None, len(wanted))
    assert found.matching == len(wanted)


def test_parts_are_the_whole_list_cut(desk: Desk) -> None:
    whole = ids(ask(desk, {"size": "500", "sort": "cost"}))
    pages = [ask(desk, {"size": "10", "page": str(page), "sort": "cost"}) for page in range(1, 5)]
    assert [one for page in pages for one in ids(page)] == whole
    assert {page.matching for page in pages} == {len(whole)}
    assert ids(ask(desk, {"size": "10", "page": "999", "sort": "cost"})) == ids(pages[-1])
    assert ask(desk, {"size": "10", "page": "999"}).page == 4


def test_paging_leads_to_the_neighbours_with_all_choices(desk: Desk) -> None:
    scope = scope_of(range="all")
    params = {"size": "10", "page": "2", "sort": "cost", "min_cost": "0.01"}
    paging = grid_of(show(gather_sessions(desk, scope, params), scope, params)).paging
    assert paging is not None
    assert (paging.first, paging.size) == (11, 10)
    assert paging.previous == "/sessions?range=all&size=10&sort=cost&min_cost=0.01"
    assert paging.next == "/sessions?range=all&size=10&page=3&sort=cost&min_cost=0.01"
    last = {"size": "500"}
    paging = grid_of(show(gather_sessions(desk, scope, last), scope, last)).paging
    assert paging is not None
    assert (paging.previous, paging.next) == ("", "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sort", "price"),
        ("page", "0"),
        ("page", "-1"),
        ("page", "1.5"),
        ("page", "9" * 30),
        ("page", "²"),
        ("size", "501"),
        ("size", "0"),
        ("min_cost", "-1"),
        ("min_cost", "nan"),
        ("min_cost", "inf"),
        ("min_minutes", "ten"),
        ("verdict", "good"),
        ("trajectory", "better"),
        ("detector", "nothing"),
    ],
)
def test_what_makes_no_sense_is_refused(desk: Desk, name: str, value: str) -> None:
    with pytest.raises(UsageError):
        ask(desk, {name: value})


def test_empty_fields_of_a_form_choose_nothing() -> None:
    empty = {param.name: "" for param in PAGE.params}
    assert read_filter(empty) == RootFilter()


def test_an_empty_form_gives_the_first_part(desk: Desk) -> None:
    found = ask(desk, {param.name: "" for param in PAGE.params})
    assert (found.sort, found.page, found.size, found.filtered) == ("recent", 1, 50, False)


def test_live_sessions_are_those_that_still_grow(desk: Desk) -> None:
    newest = ask(desk, {}).sessions[0]
    assert newest.ended_at is not None
    assert ask(desk, {"live": "1"}).sessions == []
    desk.now_ms = round(newest.ended_at.timestamp() * 1000) + 60_000
    desk.live = Live(watching=True)
    assert [(one.id, one.live) for one in ask(desk, {"live": "1"}).sessions] == [(newest.id, True)]
    assert [one.id for one in ask(desk, {}).sessions if one.live] == [newest.id]
    desk.live = Live(watching=True, ended=frozenset([newest.id]))
    assert ask(desk, {"live": "1"}).sessions == []
    assert not any(one.live for one in ask(desk, {}).sessions)


def test_live_sessions_are_marked(desk: Desk) -> None:
    scope = scope_of(range="all")
    data = ask(desk, {})
    live = msgspec.structs.replace(data.sessions[0], live=True)
    view = show(msgspec.structs.replace(data, sessions=[live, *data.sessions[1:]], watching=True), scope, {})
    assert [(cell.note, cell.tone) for cell in column(view, "ended")][:2] == [("live", "good"), ("", "")]
    assert "live" not in column(view, "session")[0].note  # said once
    [form] = [block for block in view.blocks if isinstance(block, Filters)]
    assert "live" in {field.name for field in form.fields}


def test_rows_lead_to_sessions_and_their_findings(desk: Desk) -> None:
    scope = scope_of(range="7d")
    data = ask(desk, {"sort": "findings"}, range="7d")
    view = show(data, scope, {})
    assert [cell.href for cell in column(view, "session")] == [
        f"/session?id={one.id.replace(':', '%3A')}" for one in data.sessions
    ]
    first, last = column(view, "findings")[0], column(view, "findings")[-1]
    assert first.href == f"/session?id={data.sessions[0].id.replace(':', '%3A')}#findings"
    assert (last.value, last.href) == (0, "")
    assert column(view, "project")[0].href.startswith("/sessions?range=7d&project=%2Fhome%2Fada%2F")


def test_unknown_and_unpriced_are_not_zero(desk: Desk) -> None:
    scope = scope_of(range="all")
    data = ask(desk, {})
    one = data.sessions[0]
    rows = [
        msgspec.structs.replace(one, usd=None, own_usd=None, unpriced_responses=3),
        msgspec.structs.replace(one, usd=1.0, unpriced_responses=1),
        msgspec.structs.replace(one, usd=None, own_usd=None, unpriced_responses=0, tokens=0),
        msgspec.structs.replace(one, findings=2, waste_usd=None),
        msgspec.structs.replace(one, findings=2, waste_usd=0.5, log_missing=True, active_seconds=None, label=""),
    ]
    view = show(msgspec.structs.replace(data, sessions=rows), scope, {})
    assert [(cell.value, cell.at_least) for cell in column(view, "cost")][:3] == [
        (None, False), (1.0, True), (0.0, False),
    ]  # fmt: skip
    assert [(cell.value, cell.about) for cell in column(view, "waste")] == [
        ("", False), ("", False), ("", False), (None, False), (0.5, True),
    ]  # fmt: skip
    assert (column(view, "active")[4].value, column(view, "session")[4].value) == (None, "(its own log is missing)")


def test_verdicts_are_labels_in_words(desk: Desk) -> None:
    scope = scope_of(range="all")
    data = ask(desk, {})
    verdicts = ["above_p75", "within_band", "below_p25", "unavailable", None]
    rows = [msgspec.structs.replace(data.sessions[0], verdict=verdict) for verdict in verdicts]
    view = show(msgspec.structs.replace(data, sessions=rows), scope, {})
    assert [(cell.value, cell.tag, cell.tone) for cell in column(view, "token_use")] == [
        ("above", True, "warn"), ("within", True, ""), ("below", True, ""), ("", False, ""), ("", False, ""),
    ]  # fmt: skip
    assert "trajectory" not in [one.key for one in grid_of(view).columns]
    judged = [msgspec.structs.replace(data.sessions[0], trajectory=one) for one in ("MUCH_WORSE", None)]
    view = show(msgspec.structs.replace(data, sessions=judged), scope, {})
    assert [(cell.value, cell.tone) for cell in column(view, "trajectory")] == [("much worse", "bad"), ("", "")]


@pytest.mark.parametrize("sort", SORTS)
def test_what_is_sorted_by_is_always_a_marked_column(desk: Desk, sort: str) -> None:
    scope = scope_of(range="all")
    grid = grid_of(show(ask(desk, {"sort": sort}), scope, {"sort": sort}))
    assert grid.sorted_by == sort
    assert [one.sort for one in grid.columns].count(sort) == 1


def test_the_form_keeps_the_scope_and_offers_what_is_there(desk: Desk) -> None:
    scope = scope_of(range="all", agent="claude_code")
    params = {"q": "x y", "size": "20", "task": "debug-fix"}
    [form] = [
        block
        for block in show(gather_sessions(desk, scope, params), scope, params).blocks
        if isinstance(block, Filters)
    ]
    fields = {field.name: field for field in form.fields}
    assert (form.action, form.keep) == ("/sessions", {"range": "all", "agent": "claude_code", "size": "20"})
    assert (fields["q"].value, fields["q"].search, fields["task"].value) == ("x y", True, "debug-fix")
    assert [choice.value for choice in fields["model"].choices] == [
        "", "claude-haiku-4-5-20251001", "claude-opus-5", "claude-sonnet-5", "qwen3-coder-local",
    ]  # fmt: skip
    assert {param.name for param in PAGE.params} >= set(fields)


def test_empty_lists_say_what_to_do(desk: Desk, empty_desk: Desk) -> None:
    scope = scope_of(range="7d")
    [block] = show(gather_sessions(empty_desk, scope, {}), scope, {}).blocks
    assert isinstance(block, Empty)
    assert (block.command, block.href) == ("tacho doctor", "/sessions?range=all")
    params = {"q": "no such words anywhere"}
    view = show(gather_sessions(desk, scope, params), scope, params)
    form, block = view.blocks
    assert isinstance(form, Filters)
    assert isinstance(block, Empty)
    assert block.href == "/sessions?range=7d"


def test_hostile_texts_are_plain_values(desk: Desk) -> None:
    scope = scope_of(range="all")
    data = ask(desk, {})
    evil = "<script>alert(1)</script>"
    row = msgspec.structs.replace(
        data.sessions[0], id=f'claude_code:"{evil}', label=evil, project=f"/a/{evil}&b='", model=evil, task_type=evil,
        verdict=evil, trajectory=evil, agent=evil,
    )  # fmt: skip
    view = show(msgspec.structs.replace(data, sessions=[row]), scope, {})
    assert column(view, "session")[0].value == evil
    for cell in grid_of(view).rows[0]:
        assert not set("<>\"'") & set(cell.href)
        assert cell.href == "" or cell.href.startswith("/")


def test_a_judges_last_answer_chooses(desk: Desk) -> None:
    """Two answers on one session: the later one counts."""
    target = ask(desk, {}).sessions[3].id
    desk.connection.execute("ROLLBACK")
    desk.connection.execute(
        "CREATE TEMP TABLE judgements AS"
        " SELECT ?1 AS session, 1 AS at, 'WORSE' AS verdict UNION ALL SELECT ?1, 2, 'BETTER'",
        (target,),
    )
    assert ids(ask(desk, {"trajectory": "BETTER"})) == [target]
    assert ids(ask(desk, {"trajectory": "WORSE"})) == []
    assert [one.trajectory for one in ask(desk, {}).sessions if one.id == target] == ["BETTER"]


def test_a_list_without_a_limit_of_parts_is_counted_once(desk: Desk) -> None:
    scope = scope_of(range="all")
    assert list_roots(desk, scope, limit=500).matching == 37
    assert list_roots(desk, scope, limit=5).matching == 37
    assert list_roots(desk, scope, limit=5, offset=35).matching == 37
    assert isinstance(list_roots(desk, scope, limit=1).sessions[0].started_at, datetime)
