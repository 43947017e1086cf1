"""The page on waste: its sums are those of the report, and each finding leads to its proof."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest

from tachograph.analysis.detectors import load_detectors
from tachograph.app.dashboard import dearest_findings as dearest_module
from tachograph.app.dashboard.dearest_findings import DearestFindings, dearest_findings, look_for_dearest
from tachograph.app.dashboard.desk import Desk
from tachograph.app.dashboard.open_desk import open_desk
from tachograph.app.dashboard.pages.waste import PAGE, show
from tachograph.app.dashboard.waste_sums import WasteAmounts, WastePage, WasteStep, gather_waste
from tachograph.app.findings import FindingFilter, FindingRecord, list_findings
from tachograph.app.waste import group_waste, report_waste
from tachograph.errors import UsageError
from tachograph.report.view import Cards, Empty, Facts, Filters, Note, find_grid
from tests.builders.wasteful import Wasteful, wasteful
from tests.dashboard.walking import SCOPES, column, grid_of, scope_of

__all__ = ["wasteful"]
DETECTORS = list(load_detectors())


@contextmanager
def wasteful_desk(made: Wasteful) -> Iterator[Desk]:
    """A history in which every detector finds something in both formats."""
    with open_desk(made.ingest(), update=True) as desk:
        yield desk


@pytest.mark.parametrize("params", SCOPES, ids=str)
def test_detectors_have_the_sums_of_the_report(desk: Desk, params: dict[str, str]) -> None:
    scope = scope_of(**params)
    data, report = gather_waste(desk, scope, {}), report_waste(desk.connection, scope.filter)
    assert (data.sessions, data.sessions_with_findings) == (report.sessions, report.sessions_with_findings)
    groups = {group.key: group for group in report.detectors}
    assert [one.detector for one in data.detectors if one.amounts.findings] == [
        group.key for group in report.detectors if group.findings
    ]
    assert {one.detector for one in data.detectors} == set(groups)
    for one in data.detectors:
        group = groups[one.detector]
        assert (one.sessions, one.of, one.rate) == (group.sessions, group.of, group.rate)
        assert one.amounts == WasteAmounts(
            group.findings, group.count, group.wasted_tokens, group.carried_tokens, one.amounts.usd,
            group.unpriced_findings, group.unweighed_findings,
        )  # fmt: skip
        assert one.amounts.usd == (None if group.wasted_usd is None else pytest.approx(group.wasted_usd, abs=1e-9))


@pytest.mark.parametrize("params", SCOPES, ids=str)
@pytest.mark.parametrize("detector", [None, "redundant_read", "cache_rebuild"])
def test_projects_have_the_amounts_of_their_dearest_detector(
    desk: Desk, params: dict[str, str], detector: str | None
) -> None:
    scope = scope_of(**params)
    data = gather_waste(desk, scope, {"detector": detector or ""})
    groups = group_waste(desk.connection, "project", scope.filter, FindingFilter(detector))
    assert [(one.key, one.detector, one.all_findings, one.sessions, one.of) for one in data.projects] == [
        (group.key, group.amounts_of, group.findings, group.sessions, group.of) for group in groups
    ]
    for one, group in zip(data.projects, groups, strict=True):
        assert (one.amounts.tokens, one.amounts.carried_tokens) == (group.wasted_tokens, group.carried_tokens)
        assert one.amounts.usd == (None if group.wasted_usd is None else pytest.approx(group.wasted_usd, abs=1e-9))


@pytest.mark.parametrize("params", SCOPES, ids=str)
@pytest.mark.parametrize("detector", [None, "redundant_read"])
def test_kinds_of_agents_have_the_amounts_of_their_dearest_detector(
    desk: Desk, params: dict[str, str], detector: str | None
) -> None:
    scope = scope_of(**params)
    data = gather_waste(desk, scope, {"detector": detector or ""})
    groups = group_waste(desk.connection, "agent_type", scope.filter, FindingFilter(detector))
    assert [(one.key, one.detector, one.all_findings) for one in data.agent_types] == [
        (group.key, group.amounts_of, group.findings) for group in groups
    ]
    for one in data.agent_types:
        alone = group_waste(desk.connection, "agent_type", scope.filter, FindingFilter(one.detector))
        [share] = [group for group in alone if group.key == one.key]
        assert (one.sessions, one.of, one.amounts.findings) == (share.sessions, None, share.findings)


def with_findings(data: WastePage, findings: list[FindingRecord]) -> WastePage:
    return msgspec.structs.replace(data, dearest=DearestFindings(findings, True))


def by_cost(findings: list[FindingRecord]) -> list[tuple[str, float]]:
    return [(one.id, one.wasted_usd or 0.0) for one in findings]


@pytest.mark.parametrize("detector", [None, *DETECTORS])
@pytest.mark.parametrize("limit", [1, 2, 3, 5, 50])
def test_the_dearest_findings_are_those_of_the_report(desk: Desk, detector: str | None, limit: int) -> None:
    for params in SCOPES:
        scope = scope_of(**params)
        every = list_findings(desk.connection, scope.filter, FindingFilter(detector))
        wanted = [one for one in every if one.wasted_usd is not None][:limit]
        assert by_cost(dearest_findings(desk, scope, detector, limit)) == by_cost(wanted)


def test_no_more_sessions_are_looked_at_than_can_hold_a_dearer_finding(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    scope = scope_of(range="all")
    [dearest] = dearest_findings(desk, scope, None, 1)
    queries: list[str] = []
    desk.connection.set_trace_callback(queries.append)
    assert look_for_dearest(desk, scope, None, 1) == DearestFindings([dearest], True)
    looks = sum("coalesce(f.tokens, -1)" in query for query in queries)
    assert 0 < looks < desk.connection.execute("SELECT count(*) FROM roll.roots WHERE findings > 0").fetchone()[0]


def test_where_more_sessions_may_hold_dearer_ones_that_is_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    scope = scope_of(range="all")
    every = look_for_dearest(desk, scope, None, 50)
    assert every.complete
    monkeypatch.setattr(dearest_module, "_MOST_ROOTS", 2)
    found = look_for_dearest(desk, scope, None, 50)
    assert not found.complete
    assert found.findings == [one for one in every.findings if one in found.findings] != every.findings
    view = show(gather_waste(desk, scope, {}), scope, {})
    assert "Of the sessions with the most waste" in grid_of(view, "findings").description
    monkeypatch.undo()
    view = show(gather_waste(desk, scope, {}), scope, {})
    assert grid_of(view, "findings").description == "Each leads to its proof."


def test_both_formats_and_every_detector(wasteful: Wasteful) -> None:
    with wasteful_desk(wasteful) as desk:
        scope = scope_of(range="all")
        data, report = gather_waste(desk, scope, {}), report_waste(desk.connection, scope.filter, None, 0)
        assert {one.detector: (one.amounts.findings, one.sessions) for one in data.detectors} == dict.fromkeys(
            DETECTORS, (2, 2)
        )
        assert (data.sessions, data.sessions_with_findings) == (report.sessions, report.sessions_with_findings)
        priced = [one for one in report.findings if one.wasted_usd is not None]
        assert by_cost(data.dearest.findings) == by_cost(priced)
        groups = {group.key: group for group in report.detectors}
        for one in data.detectors:
            assert one.amounts.unpriced_findings == groups[one.detector].unpriced_findings


def test_weeks_say_in_which_share_of_their_sessions_something_was_found(desk: Desk) -> None:
    data = gather_waste(desk, scope_of(range="all"), {})
    assert (data.step, data.steps[0].start, data.steps[-1].start) == ("week", "2026-10-05", "2026-11-16")
    assert sum(step.sessions for step in data.steps) == data.sessions
    assert sum(step.with_finding for step in data.steps) == data.sessions_with_findings
    for step in data.steps:
        assert step.share == (step.with_finding / step.sessions if step.sessions else None)
    view = show(msgspec.structs.replace(data, steps=[WasteStep("2026-11-02", 0, 0, None)]), scope_of(range="all"), {})
    assert grid_of(view, "over-time").rows[0][1].value is None


def test_findings_lead_to_their_proof_in_their_session(desk: Desk) -> None:
    scope = scope_of(range="all")
    data = gather_waste(desk, scope, {})
    findings = grid_of(show(data, scope, {}), "findings")
    for cell, one in zip(column(findings, "what"), data.dearest.findings, strict=True):
        assert (cell.href[:6], cell.href[-6:]) == ("/turn?", "#proof")
        asked = dict(parse_qsl(urlsplit(cell.href).query))
        proofs = one.evidence["calls"] or one.evidence["responses"]
        assert (asked["id"], int(asked["n"]), asked["call"]) == (one.session, one.evidence["turns"][0], proofs[0])
    bare = msgspec.structs.replace(
        data.dearest.findings[0], evidence={"calls": [], "responses": [], "turns": [], "facts": {}}
    )
    [row] = grid_of(show(with_findings(data, [bare]), scope, {}), "findings").rows
    assert row[0].href == f"/session?id={bare.session.replace(':', '%3A').replace('/', '%2F')}#findings"
    assert [cell.value for cell in column(findings, "usd")] == [one.wasted_usd for one in data.dearest.findings]
    for cell, one in zip(column(findings, "usd"), data.dearest.findings, strict=True):
        assert cell.about == one.is_estimate
    assert not all(one.is_estimate for one in data.dearest.findings)


def test_detectors_lead_to_their_findings_and_sessions(desk: Desk) -> None:
    scope = scope_of(range="7d")
    detectors = grid_of(show(gather_waste(desk, scope, {}), scope, {}), "detectors")
    first = detectors.rows[0]
    assert (first[0].value, first[0].href) == (
        "The same content was read again", "/waste?range=7d&detector=redundant_read#findings",
    )  # fmt: skip
    assert first[2].href == "/sessions?range=7d&detector=redundant_read"
    assert (first[0].note, first[-1].about) == ("redundant read", True)
    assert first[0].title == "A file was read that the agent had before it already."


def test_each_detector_is_explained_in_a_sentence(desk: Desk) -> None:
    scope = scope_of(range="all")
    data = gather_waste(desk, scope, {})
    [facts] = [block for block in show(data, scope, {}).blocks if isinstance(block, Facts)]
    assert [(title, cell.value) for title, cell, _ in facts.items] == [(one.title, one.about) for one in data.detectors]
    assert len(facts.items) == len(DETECTORS)
    for _, cell, kind in facts.items:
        assert (kind, cell.href, str(cell.value).endswith(".")) == ("text", "", True)


def test_a_detector_chooses_projects_kinds_and_findings_alone(desk: Desk) -> None:
    scope = scope_of(range="all")
    params = {"detector": "redundant_read"}
    data = gather_waste(desk, scope, params)
    assert {one.detector for one in data.dearest.findings} == {"redundant_read"}
    assert {one.detector for one in [*data.projects, *data.agent_types]} == {"redundant_read"}
    assert sum(one.amounts.findings > 0 for one in data.detectors) > 1
    view = show(data, scope, params)
    [form] = [block for block in view.blocks if isinstance(block, Filters)]
    assert (form.action, form.keep, form.fields[0].value) == ("/waste", {"range": "all"}, "redundant_read")
    assert [choice.value for choice in form.fields[0].choices] == ["", *[one.detector for one in data.detectors]]
    with pytest.raises(UsageError):
        gather_waste(desk, scope, {"detector": "nothing"})


def test_lower_bounds_and_estimates_are_marked(desk: Desk) -> None:
    scope = scope_of(range="all")
    data = gather_waste(desk, scope, {})
    one = data.detectors[0]
    rows = [
        msgspec.structs.replace(one, amounts=WasteAmounts(2, 2, 100, 50, 1.0, 1, 1)),
        msgspec.structs.replace(one, amounts=WasteAmounts(2, 2, None, 0, None, 2, 2)),
        msgspec.structs.replace(one, amounts=WasteAmounts()),
    ]
    grid = grid_of(show(msgspec.structs.replace(data, detectors=rows), scope, {}), "detectors")
    bound, unknown, nothing = (row[-3:] for row in grid.rows)
    assert [(cell.value, cell.at_least, cell.about) for cell in bound] == [
        (100, True, False), (50, True, False), (1.0, True, False),
    ]  # fmt: skip
    assert [(cell.value, cell.at_least) for cell in unknown] == [(None, False)] * 3
    assert [cell.value for cell in nothing] == [""] * 3


def test_the_first_numbers_are_a_share_and_the_dearest_kind(desk: Desk) -> None:
    scope = scope_of(range="all")
    data = gather_waste(desk, scope, {})
    [cards] = [block for block in show(data, scope, {}).blocks if isinstance(block, Cards)]
    assert [(card.cell.value, card.cell.note) for card in cards.items] == [
        (data.sessions_with_findings / data.sessions, f"{data.sessions_with_findings} sessions of {data.sessions}"),
        (data.detectors[0].amounts.usd, data.detectors[0].title),
    ]
    assert not any("total" in card.title.lower() for card in cards.items)


def test_nothing_found_is_said_so(desk: Desk, empty_desk: Desk) -> None:
    scope = scope_of(range="all")
    data = gather_waste(desk, scope, {})
    none = [msgspec.structs.replace(one, sessions=0, rate=0.0, amounts=WasteAmounts()) for one in data.detectors]
    clean = msgspec.structs.replace(
        data, sessions_with_findings=0, projects=[], agent_types=[], dearest=DearestFindings([], True), detectors=none
    )
    view = show(clean, scope, {})
    assert "No detector has found anything in these sessions." in [
        block.text for block in view.blocks if isinstance(block, Note)
    ]
    assert find_grid(view.blocks, "findings") is None
    [block] = show(gather_waste(empty_desk, scope, {}), scope, {}).blocks
    assert isinstance(block, Empty)
    assert block.command == "tacho doctor"


def test_hostile_texts_are_plain_values(desk: Desk) -> None:
    scope = scope_of(range="all")
    data = gather_waste(desk, scope, {})
    evil = "<script>alert(1)</script>"
    finding = msgspec.structs.replace(
        data.dearest.findings[0], session=f'codex:"{evil}', agent_type=evil, session_name=evil,
        evidence={**data.dearest.findings[0].evidence, "facts": {"command": evil}},
    )  # fmt: skip
    project = msgspec.structs.replace(data.projects[0], key=f"/x/{evil}'")
    kind = msgspec.structs.replace(data.agent_types[0], key=evil)
    hostile = msgspec.structs.replace(
        data, dearest=DearestFindings([finding], True), projects=[project], agent_types=[kind]
    )
    view = show(hostile, scope, {})
    assert grid_of(view, "findings").rows[0][0].value == evil
    assert grid_of(view, "agent-types").rows[0][0].value == evil
    for id in ("findings", "projects", "agent-types"):
        for cell in grid_of(view, id).rows[0]:
            assert not set("<>\"'") & set(cell.href)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"prompts": 3}, "3 prompts taken back"),
        ({"prompts": 1}, "1 prompt taken back"),
        ({"command": "make test"}, "make test"),
        ({"path": "/home/ada/orchard/src/very/long/path/to/a/module.py"}, "…/to/a/module.py"),
        ({"path": "short.py"}, "short.py"),
        ({"target": "a longer command /home/ada/orchard/src"}, "a longer command /home/ada/orchard/src"),
        ({"cause": "model_switch"}, "cache rebuilt: model switch"),
        ({"other_session": "claude_code:aa/bb"}, "as in bb"),
        ({"other_session": "codex:cc"}, "as in cc"),
        ({}, "(the log does not say)"),
    ],
)  # fmt: skip
def test_findings_say_what_they_are_about(desk: Desk, facts: dict[str, object], words: str) -> None:
    scope = scope_of(range="all")
    data = gather_waste(desk, scope, {})
    finding = msgspec.structs.replace(
        data.dearest.findings[0], evidence={"calls": [], "responses": [], "turns": [], "facts": facts}
    )
    view = show(with_findings(data, [finding]), scope, {})
    assert grid_of(view, "findings").rows[0][0].value == words


def test_only_so_many_projects_are_shown_and_that_is_said(desk: Desk) -> None:
    scope = scope_of(range="all")
    data = gather_waste(desk, scope, {})
    many = [msgspec.structs.replace(data.projects[0], key=f"/p{number:03}") for number in range(60)]
    grid = grid_of(show(msgspec.structs.replace(data, projects=many), scope, {}), "projects")
    assert len(grid.rows) == 50
    assert grid.description.endswith("The 50 of 60 with the most waste.")


def test_the_page_is_in_the_menu() -> None:
    assert (PAGE.slug, PAGE.order, [param.name for param in PAGE.params]) == ("waste", 4, ["detector"])
