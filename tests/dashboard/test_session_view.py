"""What the pages of a session and of a turn say in words, and where their links lead."""

from __future__ import annotations

from html import unescape
from pathlib import Path

import pytest

from tachograph.app.dashboard.session_calls_view import StepList, Ways
from tachograph.app.dashboard.session_turns_view import TurnList
from tachograph.app.dashboard.session_words import detector_title, marker_value, shorten
from tachograph.app.ingest import ingest
from tachograph.app.show import MarkerRecord
from tachograph.app.workspace import Workspace
from tachograph.model import MarkerKind, to_datetime
from tachograph.report.view import Chart, Code, Facts, Grid, Section, Special, View
from tachograph.warehouse.store import open_writer, transaction
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.small import HOUSE, MYSTERY, SITE, Week, make_workspace, week
from tests.builders.wasteful import Wasteful, wasteful
from tests.dashboard.session_pages import grids_of, opened, rows_of
from tests.dashboard.walking import walk

__all__ = ["wasteful", "week"]


def _id(log: ClaudeLog) -> str:
    return f"claude_code:{log.session_id}"


def _charts(view: View) -> dict[str, Chart]:
    return {block.id: block for block in walk(view.blocks) if isinstance(block, Chart)}


def _facts(view: View) -> dict[str, object]:
    return {
        name: cell.value
        for block in walk(view.blocks)
        if isinstance(block, Facts)
        for name, cell, _ in block.items
        if name != "Verdict"
    }


def _turns(view: View) -> TurnList:
    found = next(b.data for b in walk(view.blocks) if isinstance(b, Special) and b.template == "session_turns")
    assert isinstance(found, TurnList)
    return found


def _steps(view: View) -> StepList:
    found = next(b.data for b in walk(view.blocks) if isinstance(b, Special) and b.template == "session_calls")
    assert isinstance(found, StepList)
    return found


def _write(home: Path, *, model: str = HOUSE) -> tuple[ClaudeHome, ClaudeLog]:
    claude = ClaudeHome(home / ".claude")
    return claude, claude.project(SITE).session("2026-05-18T09:00:00Z", model=model)


def _read(home: Path, claude: ClaudeHome) -> Workspace:
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    return workspace


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("", 5, ""), ("abc", 3, "abc"), ("abcd", 3, "ab…"), ("a\n\n b", 9, "a b"), ("ab  cdef", 4, "ab…"),
    ],
)  # fmt: skip
def test_shortened_text_is_one_line_of_at_most_so_many_characters(text: str, most: int, expected: str) -> None:
    assert shorten(text, most) == expected
    assert len(shorten(text, most)) <= most


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("compaction", 150_000, "150k tokens before it"), ("api_error", 529, "HTTP 529"), ("pr_link", 12, "#12"),
        ("turn_duration", 1_500, "1,500 ms"), ("rollback", 2, "2"), ("commit", None, ""),
    ],
)  # fmt: skip
def test_number_of_a_marker_is_said_in_its_unit(kind: MarkerKind, value: int | None, expected: str) -> None:
    assert marker_value(MarkerRecord(kind, to_datetime(0), 1, "", value)) == expected


def test_head_says_what_kind_of_session_it_is(week: Week) -> None:
    with opened(week.ingest()) as told:
        main = told.view(told.session(_id(week.first)))
        below = told.view(told.session(told.session(_id(week.first)).below[0].session.id))
    assert main.title == "Repair the login."
    assert main.lead == "claude_code main session · /home/ada/site · debug-fix · 2026-05-18 09:00 to 09:00 · finished"
    assert below.lead.startswith("claude_code subagent (Explore) · /home/ada/site")
    facts = _facts(main)
    assert (facts["Session"], facts["State"], facts["Branch"]) == (_id(week.first), "finished", "main")
    assert facts["Project"] == "/home/ada/site"


def test_log_that_ends_within_a_turn_is_said_to(home: Path) -> None:
    claude, log = _write(home)
    log.prompt("Go.").call("Bash", {"command": "make"})
    with opened(_read(home, claude)) as told:
        view = told.view(told.session(_id(log)))
        html = unescape(told.html(told.session(_id(log))))
    assert view.lead.endswith("ends within a turn")
    assert "a call has no result, or an answer no end" in html


def test_turn_shows_its_prompt_cut_and_whole(home: Path) -> None:
    claude, log = _write(home)
    long = "Please " + "do it again and " * 30
    log.prompt(long).response(output=1).prompt("Short.").response(output=1).slash("/review", "it").response(output=1)
    with opened(_read(home, claude)) as told:
        lines = _turns(told.view(told.session(_id(log)))).lines
    assert (len(lines[0].short), lines[0].whole) == (160, long)
    assert (lines[1].short, lines[1].whole) == ("Short.", "")
    assert [line.kind for line in lines] == ["", "", "slash"]


def test_turn_says_what_stood_out(week: Week) -> None:
    with opened(week.ingest()) as told:
        data = told.session(_id(week.first))
        first, second = _turns(told.view(data)).lines
    assert [cell.value for cell in first.tags] == ["1 failed call", "1 refused call", "1 interruption"]
    assert first.tools == "Bash 2 · Read 1 · Edit 1"
    assert (first.calls, first.errors) == (4, 1)
    assert [cell.value for cell in second.subagents] == ["Explore", "Explore"]
    assert [(name, cell.value) for name, cell, _ in second.facts][:1] == [("cost", pytest.approx(0.4))]


def test_findings_of_a_turn_lead_to_their_proof(wasteful: Wasteful) -> None:
    with opened(wasteful.ingest()) as told:
        lines = _turns(told.view(told.session(_id(wasteful.loops)))).lines
    assert [len(line.findings) for line in lines] == [1, 1, 1]
    assert all("/turn?id=" in line.findings[0].href and line.findings[0].href.endswith("#proof") for line in lines)
    assert {line.more_findings for line in lines} == {0}


def test_context_is_marked_where_it_was_summarised(home: Path) -> None:
    claude, log = _write(home)
    log.prompt("Go.").response(input=0, cache_read=90_000).compaction().response(input=500, cache_read=0)
    log.api_error().prompt("On.").response(input=700)
    with opened(_read(home, claude)) as told:
        view = told.view(told.session(_id(log)))
    chart = _charts(view)["context"]
    assert chart.series[0].values == [90_000, 500, 700]
    assert [(mark.at, mark.label.partition(" 5")[0]) for mark in chart.marks] == [(1, "compaction"), (2, "API error")]
    assert all(mark.href.startswith("/turn?id=") for mark in chart.marks)
    assert chart.live
    assert [row[2] for row in rows_of(view, "events")] == ["compaction", "API error"]


def test_turns_have_bars_that_lead_to_them(week: Week) -> None:
    with opened(week.ingest()) as told:
        charts = _charts(told.view(told.session(_id(week.first))))
    assert charts["turn_cost"].series[0].values == [pytest.approx(1.2), pytest.approx(0.4)]
    assert [one.name for one in charts["turn_tokens"].series] == ["Cache read", "Cache write", "Input", "Output"]
    assert charts["turn_tokens"].series[3].values == [120_000, 40_000]
    assert [href.rpartition("&")[2] for href in charts["turn_cost"].hrefs] == ["n=1", "n=2"]


def test_what_nobody_priced_has_no_chart_of_cost(home: Path) -> None:
    claude, log = _write(home, model=MYSTERY)
    log.prompt("Go.").response(output=5).prompt("On.").response(output=6)
    with opened(_read(home, claude)) as told:
        charts = _charts(told.view(told.session(_id(log))))
    assert charts.keys() == {"context", "turn_tokens"}


def test_calls_are_shown_from_the_project_on(home: Path) -> None:
    claude, log = _write(home)
    log.prompt("Go.").read(f"{SITE}/src/a.py", "x\n").read("/etc/hosts", "y\n").shell("x" * 300, "ok")
    with opened(_read(home, claude)) as told:
        inside, outside, long = _steps(told.view(told.turn(_id(log), 1))).lines
    assert (inside.target, inside.title, inside.whole) == ("src/a.py", f"{SITE}/src/a.py", "")
    assert (outside.target, outside.title) == ("/etc/hosts", "")
    assert (len(long.target), long.whole) == (140, "x" * 300)


def test_status_of_a_call_is_said_and_coloured(week: Week) -> None:
    with opened(week.ingest()) as told:
        view = told.view(told.turn(_id(week.first), 1))
        lines = _steps(view).lines
    told_tags = [[(cell.value, cell.tone, cell.tag) for cell in line.tags] for line in lines]
    assert told_tags == [
        [("error, exit 1", "bad", True)], [("ok", "dim", False)], [("ok", "dim", False)], [("denied", "warn", True)],
        [("event", "warn", True)],
    ]  # fmt: skip
    assert [row[4] for row in rows_of(view, "calls")] == ["error", "ok", "ok", "denied", "marker"]
    prompt = next(block for block in view.blocks if isinstance(block, Code))
    assert (prompt.title, prompt.text) == ("Prompt", "Repair the login.")


def test_long_lists_come_in_parts(home: Path) -> None:
    claude, log = _write(home)
    for number in range(25):
        log.prompt("Again.").read(f"{SITE}/a{number}.py", "line\n" * 90).read(f"{SITE}/a{number}.py", "line\n" * 90)
    for _ in range(103):
        log.call("Task", {"description": "look", "prompt": "Look.", "subagent_type": "Explore"})
        log.subagent().prompt("Look.").response(output=1)
        log.result("Looked.")
    with opened(_read(home, claude)) as told:
        first, last = told.session(_id(log)), told.session(_id(log), findings="2", below="2")
        html = unescape(told.html(first))
    assert (first.findings_piece.parts, len(rows_of(told.view(first), "findings_list"))) == (2, 20)
    assert len(rows_of(told.view(last), "findings_list")) == first.findings_piece.matching - 20
    assert (len(first.below), len(last.below)) == (100, 3)
    assert "findings=2#findings" in html
    assert "below=2#subagents" in html
    assert "1–100 of 103" in html


def test_commands_are_safe_to_paste(week: Week) -> None:
    workspace = week.ingest()
    name = "claude_code:$(touch x); y"
    with open_writer(workspace.folder) as writer, transaction(writer):
        for table, column in (("sessions", "id"), ("sessions", "root_id"), ("segments", "session")):
            writer.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (name, _id(week.again)))
    with opened(workspace) as told:
        data = told.session(name)
        html = unescape(told.html(data))
    assert data.command.startswith("tacho show '$(touc")
    assert data.command.endswith("'")
    assert "tacho check '$(touc" in html
    assert f"tacho check {data.session.name}" not in html


def test_session_without_responses_has_neither_charts_nor_kpis(home: Path) -> None:
    claude, log = _write(home)
    log.prompt("Go.")
    with opened(_read(home, claude)) as told:
        data = told.session(_id(log))
        view = told.view(data)
        html = told.html(data)
    assert _charts(view) == {}
    assert "session_kpis" not in grids_of(view)
    assert "It has no KPIs yet" in html
    assert data.axes is not None
    assert data.axes.token.reason == "no_responses"


def test_links_at_the_top_lead_to_every_section(wasteful: Wasteful) -> None:
    with opened(wasteful.ingest()) as told:
        view = told.view(told.session(_id(wasteful.loops)))
        html = told.html(told.session(_id(wasteful.loops)))
    [ways] = [block.data for block in view.blocks if isinstance(block, Special) and block.template == "session_ways"]
    assert isinstance(ways, Ways)
    assert [words for words, _ in ways.links] == [
        "Three axes", "Findings", "Timeline", "Turns", "KPIs", "Checks", "About this session",
        "Where the numbers come from",
    ]  # fmt: skip
    assert all(f'id="{href.removeprefix("#")}"' in html and f'href="{href}"' in html for _, href in ways.links)


def test_what_happened_comes_before_what_it_is_made_of(week: Week) -> None:
    with opened(week.ingest()) as told:
        view = told.view(told.session(_id(week.first)))
    sections = [block for block in view.blocks if isinstance(block, Section)]
    assert [one.title for one in sections[-2:]] == ["About this session", "Where the numbers come from"]
    assert [one.folded for one in sections[-2:]] == [False, True]
    assert sections[0].id == "axes"


def test_finding_says_what_it_is_about_and_leads_to_its_proof(wasteful: Wasteful) -> None:
    with opened(wasteful.ingest()) as told:
        data = told.session(_id(wasteful.loops))
        [grid] = [block for one in told.view(data).blocks if isinstance(one, Section) and one.id == "findings"
                  for block in one.blocks if isinstance(block, Grid) and block.id == "findings_list"]  # fmt: skip
    assert data.axes is not None
    first, row = data.axes.waste.findings[0], grid.rows[0]
    assert row[0].href.endswith("#proof")
    assert row[0].note == detector_title(first.detector)
    assert (row[1].value, row[-1].value) == (first.detector.replace("_", " "), first.id)
    assert [one.key for one in grid.columns if not one.low] == ["what", "turns", "usd"]


def test_what_was_before_the_first_prompt_is_called_by_its_number(home: Path) -> None:
    claude, log = _write(home)
    log.response(output=1).prompt("Go.").response(output=1)
    with opened(_read(home, claude)) as told:
        html = told.html(told.session(_id(log)))
    assert 'aria-label="Turn 0: before the first prompt">0</a>' in html
    assert 'aria-label="Turn 1">1</a>' in html
