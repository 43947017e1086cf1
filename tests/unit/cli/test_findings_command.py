from __future__ import annotations

import json
from pathlib import Path

import pytest

from tachograph.app.filters import Filter
from tachograph.app.mechanisms import FindingsReport, report_findings
from tachograph.cli._findings import describe_findings
from tachograph.report.text import render
from tachograph.warehouse.store import open_reader
from tests.builders.claude import ClaudeHome
from tests.builders.small import SITE, Week, week, write_config
from tests.golden import check_golden
from tests.unit.cli.running import Tacho, tacho

__all__ = ["tacho", "week"]

NAMES = ["apparent_retries", "file_rework", "practices", "retro_themes", "size_confounding", "untyped_records"]


@pytest.fixture(autouse=True)
def configured(home: Path) -> None:
    write_config(home)


def test_json_keeps_to_its_schema(tacho: Tacho, week: Week) -> None:
    answer = tacho.json("findings", "--tz", "UTC")
    assert (answer["schema"], answer["timezone"], answer["sessions"]) == ("tachograph.findings/1", "UTC", 6)
    assert [one["name"] for one in answer["mechanisms"]] == NAMES
    below = answer["mechanisms"][0]["figures"][1]
    assert (below["key"], below["value"], below["n"], below["of"]) == ("below", 1 / 6, 6, "main sessions")
    assert [answer["names"][session] for session in below["evidence"]] == [week.first.session_id[:13]]


def test_every_share_that_is_above_none_names_sessions_in_which_it_shows(tacho: Tacho, week: Week) -> None:
    answer = tacho.json("findings")
    shares = [one for report in answer["mechanisms"] for one in report["figures"] if one["unit"] == "share"]
    assert [one for one in shares if bool(one["evidence"]) != bool(one["value"])] == []
    assert {session for one in shares for session in one["evidence"]} <= set(answer["names"])


def test_every_figure_has_an_interval_or_says_why_not(tacho: Tacho, week: Week) -> None:
    figures = [figure for one in tacho.json("findings")["mechanisms"] for figure in one["figures"]]
    assert len(figures) > 20
    for figure in figures:
        assert (figure["low"] is None or figure["value"] is None) == bool(figure["reason"]), figure
        assert figure["low"] is None or figure["low"] <= figure["value"] <= figure["high"], figure


def test_json_of_an_empty_machine(tacho: Tacho) -> None:
    answer = tacho.json("findings")
    assert (answer["sessions"], answer["names"]) == (0, {})
    values = {figure["value"] for one in answer["mechanisms"] for figure in one["figures"]}
    assert values == {None}


def test_as_a_person_sees_it(tacho: Tacho, week: Week) -> None:
    assert tacho("findings", "--tz", "UTC") == 0
    check_golden("findings.txt", tacho.out)


def test_as_a_narrow_terminal_shows_it(week: Week) -> None:
    workspace = week.ingest()
    connection = open_reader(workspace.folder)
    text = render(describe_findings(report_findings(connection, Filter(), workspace.clean)), 80)
    connection.close()
    assert max(map(len, text.splitlines())) <= 80


def test_markdown_into_a_file_or_onto_the_screen(tacho: Tacho, week: Week, tmp_path: Path) -> None:
    file = tmp_path / "findings.md"
    assert tacho("findings", "untyped_records", "--markdown", str(file)) == 0
    assert (tacho.out, tacho.err) == ("", f"tacho: Written to {file}.\n")
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# Findings from history")
    assert "| what | value (95 %) | n | of |\n| --- | ---: | ---: | --- |\n| not typed by a human | " in text
    assert file.stat().st_mode & 0o777 == 0o600
    assert tacho("findings", "untyped_records", "--markdown", "-") == 0
    assert tacho.out == text


def test_filters_reach_the_report(tacho: Tacho, week: Week) -> None:
    assert tacho.json("findings", "--project", "tools")["sessions"] == 2
    assert (
        tacho.json("findings", "--until", "2026-05-18T12:00", "--tz", "UTC", "--agent", "claude_code")["sessions"] == 1
    )


def test_nothing_to_show_is_no_error(tacho: Tacho, week: Week) -> None:
    assert tacho("findings", "--project", "nowhere") == 0
    assert tacho.out.startswith("No sessions in this selection.")


@pytest.fixture
def hostile(home: Path) -> None:
    """Eight sessions whose subagents have a name that means something to terminals and to Markdown."""
    claude = ClaudeHome(home / ".claude")
    for day in range(1, 9):
        log = claude.project(SITE).session(f"2026-05-{day:02d}T09:00:00Z").prompt(f"Work of day {day}.")
        for _ in range(12):
            log.response(output=day)
        log.call("Task", {"prompt": "x", "subagent_type": "Evil\x1b[31m|</td>[x](http://example.org)\nnext"})
        log.result("ok").response()
    claude.write()


def test_log_text_cannot_steer_the_terminal(tacho: Tacho, hostile: None) -> None:
    assert tacho("findings", "practices") == 0
    assert "\x1b" not in tacho.out
    assert "subagent Evil" in tacho.out
    assert tacho("findings", "practices", "--json") == 0
    assert "\x1b" not in tacho.out
    assert any(
        one["about"].startswith("subagent Evil\x1b") for one in json.loads(tacho.out)["mechanisms"][0]["figures"]
    )


def test_log_text_is_no_markup(tacho: Tacho, hostile: None) -> None:
    assert tacho("findings", "practices", "--markdown", "-") == 0
    rows = [line for line in tacho.out.splitlines() if "Evil" in line]
    name = "subagent `Evil\ufffd[31m¦</td>[x](http://example.org`) next"
    assert rows == [f"| {name} | main sessions (8 uses) | 100.0 % (67.6 to 100.0) | 8 | main sessions |"]


def test_too_few_sessions_are_told_and_not_shown(week: Week) -> None:
    workspace = week.ingest()
    connection = open_reader(workspace.folder)
    report: FindingsReport = report_findings(connection, Filter(), workspace.clean, ["practices"])
    text = render(describe_findings(report), 100)
    connection.close()
    assert "subagent Explore" not in text
    assert "for want of sessions: " in text


@pytest.mark.parametrize(
    "arguments", [["luck"], ["--json", "--markdown", "-"], ["--agent", "nobody"], ["--tz", "Mars"], ["--since", "soon"]]
)
def test_what_makes_no_sense_is_refused(tacho: Tacho, week: Week, arguments: list[str]) -> None:
    assert tacho("findings", *arguments) == 2


@pytest.mark.parametrize("name", ["practices", "retro_themes"])
def test_a_wrong_table_of_ones_own_is_exit_code_4(tacho: Tacho, home: Path, week: Week, name: str) -> None:
    (home / ".config" / "tachograph" / f"{name}.toml").write_text("[[practice]]\nname = 1\n[[theme]]\nname = 1\n")
    assert tacho("findings", name) == 4
    assert f"{name}.toml is wrong: " in tacho.err
