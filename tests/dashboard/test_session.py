"""The page of one session: its numbers are those of tacho show and tacho score."""

from __future__ import annotations

from contextlib import closing
from html import unescape
from pathlib import Path

import pytest

from tachograph.analysis.axes.digest import Digest, session_hash
from tachograph.analysis.axes.trajectory import Judgement
from tachograph.app.dashboard.desk import Live
from tachograph.app.dashboard.session_words import proof_link
from tachograph.app.filters import Filter
from tachograph.app.history import load_history
from tachograph.app.ingest import ingest
from tachograph.app.judging import judge_config, store_judgement
from tachograph.app.show import tell_session
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, UsageError
from tachograph.report.view import Banner, Cards, Chart, Special
from tachograph.warehouse.store import open_reader, open_writer, transaction
from tests.builders.claude import ClaudeHome
from tests.builders.history import write_hard_history
from tests.builders.log import milliseconds
from tests.builders.looped import Looped, looped
from tests.builders.small import ASK, HOUSE, SITE, Week, make_workspace, week
from tests.builders.wasteful import Wasteful, wasteful
from tests.dashboard.session_pages import grids_of, opened, rows_of
from tests.dashboard.walking import walk

__all__ = ["looped", "wasteful", "week"]


def _id(log: object) -> str:
    return f"claude_code:{log.session_id}"  # type: ignore[attr-defined]


def _ids(told: object) -> list[str]:
    rows = told.connection.execute("SELECT id FROM sessions ORDER BY id").fetchall()  # type: ignore[attr-defined]
    return [one for (one,) in rows]


@pytest.mark.parametrize("history", ["hard", "wasteful", "week"])
def test_every_session_has_the_numbers_of_tacho_show(home: Path, history: str) -> None:
    if history == "hard":
        write_hard_history(home / "logs")
        (home / "logs" / "claude").rename(home / ".claude")
        (home / "logs" / "codex").rename(home / ".codex")
        workspace = make_workspace(home)
        ingest(workspace)
    else:
        workspace = (Wasteful(home) if history == "wasteful" else Week(home)).ingest()
    with opened(workspace) as told:
        ids = _ids(told)
        assert len(ids) >= 8
        for one in ids:
            story, data = tell_session(told.connection, one, Filter()), told.session(one)
            assert data.session == story.session
            assert [turn.turn for turn in data.turns] == story.turns
            assert [(below.depth, below.turn, below.session) for below in data.below] == [
                (below.depth, below.turn, below.session) for below in story.subagents
            ]
            assert [(copy.session, copy.responses) for copy in data.origin.copied] == [
                (copy.session, copy.responses) for copy in story.shared
            ]
            assert data.origin.problems == story.problems
            assert [data.origin.cwds, data.origin.agent_versions] == [story.cwds, story.agent_versions]
            assert data.origin.entrypoint == story.entrypoint
            told_kinds = [point.marker for point in data.timeline.markers]
            assert told_kinds == [marker for marker in story.markers if marker.kind != "turn_duration"]
            assert story.score is not None
            assert data.axes is not None
            assert data.axes.token == story.score.token
            assert data.axes.trajectory == story.score.trajectory
            assert data.axes.waste == story.score.waste
            verdicts = {below.session.id: below.findings for below in data.below}
            assert verdicts == {below.id: below.findings for below in story.score.subagents}
            for turn in data.turns:
                assert told.turn(one, turn.turn.number).turn == turn.turn


def test_timeline_holds_each_response_and_each_turn_once(week: Week) -> None:
    with opened(week.ingest()) as told:
        data = told.session(_id(week.first))
    assert [point.number for point in data.timeline.contexts] == [1, 2, 3, 4, 5]
    assert data.timeline.step == 1
    assert [(bar.first, bar.last, bar.output, bar.usd) for bar in data.timeline.bars] == [
        (1, 1, 120_000, pytest.approx(1.2)), (2, 2, 40_000, pytest.approx(0.4)),
    ]  # fmt: skip
    assert [point.turn for point in data.timeline.contexts] == [1, 1, 1, 2, 2]


def test_page_tells_what_it_cost_by_itself_and_below(week: Week) -> None:
    with opened(week.ingest()) as told:
        data = told.session(_id(week.first))
        view = told.view(data)
    cards = {card.title: card.cell for block in view.blocks if isinstance(block, Cards) for card in block.items}
    assert cards["Cost"].value == pytest.approx(1.66)
    assert cards["Cost"].note == "$1.60 own, $0.06 by 2 subagents"
    assert cards["Turns"].value == 2
    assert cards["Tool calls"].value == 6
    assert [below.task for below in data.below] == ["Look.", "Look deeper."]
    tree = rows_of(view, "subagent_tree")
    assert [(row[0], row[1], row[5]) for row in tree] == [
        ("Explore", 1, pytest.approx(0.05)), ("↳ Explore", 2, pytest.approx(0.01)),
    ]  # fmt: skip


def test_unpriced_session_is_not_free(week: Week) -> None:
    with opened(week.ingest()) as told:
        view = told.view(told.session(_id(week.other)))
    cost = next(block for block in view.blocks if isinstance(block, Cards)).items[0].cell
    assert cost.value is None
    assert cost.note == "1 response unpriced (mystery)"


def test_subagent_leads_to_its_parent(week: Week) -> None:
    with opened(week.ingest()) as told:
        below = told.session(_id(week.first)).below[0].session
        data = told.session(below.id)
        html = told.html(data)
    assert data.session.kind == "subagent"
    assert data.watches == _id(week.first)
    assert data.parent is not None
    assert ASK in data.parent
    assert f'href="/session?id=claude_code%3A{week.first.session_id}"' in html
    assert "Started by" in html
    assert data.session.usd == pytest.approx(0.05)


@pytest.mark.parametrize("name", ["whole", "native", "prefix"])
def test_session_is_named_as_tacho_show_names_it(week: Week, name: str) -> None:
    native = week.first.session_id
    asked = {"whole": f"claude_code:{native}", "native": native, "prefix": native[:18]}[name]
    with opened(week.ingest()) as told:
        assert told.session(asked).session.id == f"claude_code:{native}"


@pytest.mark.parametrize(
    ("name", "slug"), [("nothing-like-it", "not_found"), ("0", "ambiguous_session"), ("codex:no/one", "not_found")]
)
def test_unknown_session_is_not_found(week: Week, name: str, slug: str) -> None:
    with opened(week.ingest()) as told, pytest.raises(NotFound) as caught:
        told.session(name)
    assert caught.value.slug == slug


@pytest.mark.parametrize(("params", "slug"), [({"id": ""}, "no_session_named"), ({"part": "x"}, "bad_part")])
def test_parameters_that_make_no_sense_are_refused(week: Week, params: dict[str, str], slug: str) -> None:
    with opened(week.ingest()) as told, pytest.raises(UsageError) as caught:
        told.session(**{"id": _id(week.first), **params})
    assert caught.value.slug == slug


def test_session_that_left_no_log_has_a_page(week: Week) -> None:
    workspace = week.ingest()
    week.first.path.unlink()
    ingest(workspace)
    with open_writer(workspace.folder) as writer, transaction(writer):  # its row is gone, its subagents' are there
        writer.execute("DELETE FROM sessions WHERE id = ?", (_id(week.first),))
        writer.execute("DELETE FROM segments WHERE session = ?", (_id(week.first),))
    with opened(workspace) as told:
        data = told.session(_id(week.first))
        view = told.view(data)
        html = told.html(data)
    assert data.session.log_missing
    assert data.axes is None
    assert data.turns == []
    assert [below.session.own_usd for below in data.below] == [pytest.approx(0.05), pytest.approx(0.01)]
    assert "Its own log is missing" in html
    cost = next(block for block in view.blocks if isinstance(block, Cards)).items[0].cell
    assert (cost.value, cost.at_least) == (pytest.approx(0.06), True)


def test_fork_says_what_it_copied_and_from_whom(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project(SITE).session("2026-05-18T09:00:00Z", model=HOUSE).prompt("First.").response(output=1_000)
    fork = log.fork("2026-05-18T10:00:00.000Z").prompt("Another way.").response(output=3_000)
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    with opened(workspace) as told:
        data, owner = told.session(_id(fork)), told.session(_id(log))
        view = told.view(data)
        assert rows_of(told.view(owner), "forks") == [["00000002 Another way."]]
    assert data.session.forked_from == _id(log)
    assert [(copy.session, copy.responses) for copy in data.origin.copied] == [(_id(log), 1)]
    assert (data.session.output, owner.session.output) == (3_000, 1_000)
    banner = next(block for block in view.blocks if isinstance(block, Banner))
    assert banner.href == f"/session?id=claude_code%3A{log.session_id}"
    assert dict(map(tuple, rows_of(view, "counting"))) == {  # type: ignore[arg-type]
        "log lines with usage": 2, "– further lines of a response already seen in the same log": 0,
        "= responses in its logs": 2, "– copies that another session or log owns": -1,
    }  # fmt: skip
    assert data.origin.counting.counted == 1


def test_growth_of_a_live_session_changes_its_page(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project(SITE).session("2026-05-18T09:00:00Z", model=HOUSE).prompt("Go.").response(output=1_000)
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    now = milliseconds("2026-05-18T09:01:00Z")
    with opened(workspace, Live(watching=True), now) as told:
        before = told.session(_id(log))
        assert "live" in told.html(before)
    log.prompt("On.").shell("make", "ok").response(output=500)
    claude.write()
    ingest(workspace)
    with opened(workspace, Live(watching=True), now) as told:
        after = told.session(_id(log))
    assert (before.live, after.live) == (True, True)
    assert (len(before.turns), len(after.turns)) == (1, 2)
    assert (before.session.output, after.session.output) == (1_000, 1_560)
    with opened(workspace, Live(watching=True), now + 600_000) as told:
        assert not told.session(_id(log)).live
    with opened(workspace, None, now) as told:
        assert not told.session(_id(log)).live


def test_turns_come_in_parts_and_a_live_session_shows_its_last(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project(SITE).session("2026-05-18T09:00:00Z", model=HOUSE)
    for number in range(120):
        log.prompt(f"Step {number + 1}.").response(output=10)
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)

    def numbers(live: bool, **params: str) -> tuple[int, int]:
        with opened(workspace, Live(watching=live), milliseconds("2026-05-18T09:16:00Z")) as told:
            turns = told.session(_id(log), **params).turns
        return turns[0].turn.number, turns[-1].turn.number

    assert numbers(live=False) == (1, 50)
    assert numbers(live=True) == (101, 120)
    assert numbers(live=True, part="2") == (51, 100)
    assert numbers(live=False, part="99") == (101, 120)
    with opened(workspace) as told:
        html = told.html(told.session(_id(log), part="2"))
    assert "51–100 of 120" in html
    assert "part=3#turns" in html


def test_findings_lead_to_their_proof(wasteful: Wasteful) -> None:
    with opened(wasteful.ingest()) as told:
        seen = set()
        for one in _ids(told):
            data = told.session(one)
            assert data.axes is not None
            for finding in data.axes.waste.findings:
                ids = finding.evidence["calls"] or finding.evidence["responses"]
                page = told.turn(one, finding.evidence["turns"][0], call=ids[0])
                sought = [step for step in page.steps if step.sought]
                assert len(sought) == 1, (finding, page.steps)
                assert finding.id in sought[0].findings
                assert 'id="proof"' in told.html(page)
                assert proof_link(one, finding) in unescape(told.html(data))
                assert finding.id in {found for turn in data.turns for found in turn.findings}
                seen.add(finding.detector)
    assert seen == {
        "abandoned_branch", "cache_rebuild", "duplicate_subagent_work", "failed_edit_loop", "heavy_result",
        "redundant_read", "repeated_failed_retry",
    }  # fmt: skip


def test_findings_are_added_up_by_detector_only(wasteful: Wasteful) -> None:
    with opened(wasteful.ingest()) as told:
        data = told.session(_id(wasteful.loops))
        view = told.view(data)
    by_detector = {row[0]: row[1:] for row in rows_of(view, "findings_by_detector")}
    assert data.axes is not None
    assert sum(row[0] for row in by_detector.values()) == data.axes.waste.value == 3
    assert {row[0] for row in by_detector.values()} == {1}
    assert "total" not in str(by_detector)


def test_kpis_alerts_and_checks_stand_beside_the_session(looped: Looped) -> None:
    with opened(looped.workspace) as told:
        data = told.session(_id(looped.bad[3]))
        view = told.view(data)
        usual = {one.kpi: one for one in data.loop.kpis}
    assert data.loop.agent_type == "main"
    assert usual["error_rate"].value == pytest.approx(0.7)
    assert usual["error_rate"].baseline_mean is not None
    assert usual["error_rate"].baseline_sessions >= 5
    assert data.loop.alerts
    assert {one.alert.session for one in data.loop.alerts} == {_id(looped.bad[3])}
    assert len(rows_of(view, "session_kpis")) == len(data.loop.kpis)
    assert len(rows_of(view, "session_alerts")) == len(data.loop.alerts)
    texts = [text for block in walk(view.blocks) if isinstance(block, Special) for text in _texts(block)]
    assert f"tacho check {data.session.name} --expect expectations.yaml" in texts
    assert f"tacho show {data.session.name}" in texts


def _texts(block: Special) -> list[str]:
    return [text for _, text in getattr(block.data, "texts", ())]


def test_trials_name_the_arm_that_it_was_in(week: Week) -> None:
    workspace = week.ingest()
    with open_writer(workspace.folder) as writer, transaction(writer):
        writer.execute(
            "INSERT INTO assignments VALUES ('t1', ?, 'fewer_retries', 'main', 'control', 0.5, 0)", (_id(week.first),)
        )
    with opened(workspace) as told:
        data = told.session(_id(week.first))
        rows = rows_of(told.view(data), "session_trials")
    assert rows == [["fewer_retries", "control", 0.5, "not judged yet", "t1"]]


def test_stored_verdict_of_a_judge_is_shown_and_goes_stale(home: Path, week: Week) -> None:
    workspace = week.ingest()
    with opened(workspace) as told:
        assert told.session(_id(week.first)).axes.trajectory.state == "UNAVAILABLE"  # type: ignore[union-attr]
    _judge(workspace, _id(week.first))
    with opened(workspace) as told:
        axis = told.session(_id(week.first)).axes.trajectory  # type: ignore[union-attr]
        html = told.html(told.session(_id(week.first)))
        assert axis == tell_session(told.connection, _id(week.first), Filter()).score.trajectory  # type: ignore[union-attr]
    assert axis.state == "CURRENT"
    assert axis.domain_of_validity in _unescape(html)
    week.first.prompt("More.").response(output=5)
    week.claude.write()
    ingest(workspace)
    with opened(workspace) as told:
        assert told.session(_id(week.first)).axes.trajectory.state == "STALE"  # type: ignore[union-attr]
        assert "stale" in told.html(told.session(_id(week.first)))


def _judge(workspace: Workspace, id: str) -> None:
    """Keep a verdict on the session as it is now."""
    with closing(open_reader(workspace.folder)) as reader:
        history = load_history(reader, id)
    assert history is not None
    judgement = Judgement("WORSE", 0.5, "It went in <circles>.", ("failed_retry",))
    digest, seen = Digest("", 10, 2, 0), session_hash(history.session)
    with open_writer(workspace.folder) as writer, transaction(writer):
        store_judgement(writer, id, judge_config(workspace.settings), judgement, digest, seen, 1_780_000_000_000)


def _unescape(html: str) -> str:
    return unescape(html)


def test_each_axis_stands_with_its_whole_domain_of_validity(week: Week) -> None:
    with opened(week.ingest()) as told:
        data = told.session(_id(week.first))
        html = _unescape(told.html(data))
    assert data.axes is not None
    for axis in (data.axes.token, data.axes.trajectory, data.axes.waste):
        assert axis.domain_of_validity in html


def test_tables_have_names_of_their_own(wasteful: Wasteful) -> None:
    with opened(wasteful.ingest()) as told:
        for one in _ids(told):
            view = told.view(told.session(one))
            names = [*grids_of(view), *(block.id for block in walk(view.blocks) if isinstance(block, Chart))]
            assert len(names) == len(set(names))


def test_workspace_is_only_read(week: Week) -> None:
    workspace: Workspace = week.ingest()
    before = (workspace.folder / "warehouse.sqlite").read_bytes()
    with opened(workspace) as told:
        told.session(_id(week.first))
    assert (workspace.folder / "warehouse.sqlite").read_bytes() == before
