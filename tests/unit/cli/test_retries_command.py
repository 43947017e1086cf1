from __future__ import annotations

from pathlib import Path

import pytest

from tachograph.app.filters import make_filter
from tachograph.app.retries import report_retries
from tachograph.cli.retries import _describe
from tachograph.report.text import render
from tachograph.warehouse.store import open_reader
from tests.builders.small import SITE, TOOLS, Week, week, write_config
from tests.golden import check_golden
from tests.unit.cli.running import Tacho, tacho

__all__ = ["tacho", "week"]


@pytest.fixture(autouse=True)
def configured(home: Path) -> None:
    write_config(home)


@pytest.mark.parametrize("by", ["project", "model", "agent", "branch", "week"])
def test_json_keeps_to_its_schema(tacho: Tacho, week: Week, by: str) -> None:
    answer = tacho.json("retries", "--by", by, "--tz", "UTC")
    assert (answer["schema"], answer["by"], answer["timezone"]) == ("tachograph.retries/1", by, "UTC")
    assert answer["total"]["structural_retries"] == {"count": 1, "sessions": 1, "of": 6, "rate": 1 / 6}
    assert sum(group["sessions"] for group in answer["groups"]) == 6


def test_json_of_an_empty_machine(tacho: Tacho) -> None:
    answer = tacho.json("retries")
    assert (answer["groups"], answer["failures"], answer["total"]["sessions"]) == ([], [], 0)
    assert answer["total"]["follow_ups"] == {"count": 0, "sessions": 0, "of": 0, "rate": None}


def test_json_names_the_evidence(tacho: Tacho, week: Week) -> None:
    cluster = tacho.json("retries", "--tz", "UTC")["failures"][0]
    assert cluster == {
        "tool": "Bash", "target": "npm run build", "error": "boom: no such module", "calls": 2, "sessions": 2,
        "last_at": "2026-05-18T15:00:07Z", "last_session": f"claude_code:{week.again.session_id}",
        "last_call": week.again.call_id,
    }  # fmt: skip


def test_as_a_person_sees_it(tacho: Tacho, week: Week) -> None:
    assert tacho("retries", "--tz", "UTC") == 0
    check_golden("retries.txt", tacho.out)


def test_as_a_narrow_terminal_shows_it(week: Week) -> None:
    workspace = week.ingest()
    chosen = make_filter(tz="UTC")
    connection = open_reader(workspace.folder)
    text = render(_describe(report_retries(connection, "week", chosen), chosen.zone), 80)
    connection.close()
    assert max(map(len, text.splitlines())) <= 80
    check_golden("retries-80.txt", text)


def test_fewer_clusters_on_demand(tacho: Tacho, week: Week) -> None:
    assert tacho("retries", "--limit", "1") == 0
    assert "2 of 3 failed calls, the largest 1 of 2 clusters" in tacho.out
    assert tacho("retries", "--limit", "0") == 0
    assert "3 of 3 failed calls, the largest 2 of 2 clusters" in tacho.out


def test_filters_reach_the_report(tacho: Tacho, week: Week) -> None:
    answer = tacho.json("retries", "--project", "tools")
    assert [group["key"] for group in answer["groups"]] == [TOOLS]
    answer = tacho.json("retries", "--until", "2026-05-18T12:00", "--tz", "UTC", "--agent", "claude_code")
    assert [(group["key"], group["sessions"]) for group in answer["groups"]] == [(SITE, 1)]


def test_nothing_to_show_is_no_error(tacho: Tacho, week: Week) -> None:
    assert tacho("retries", "--project", "nowhere") == 0
    assert tacho.out.startswith("No sessions in this selection.")


def test_no_failure_is_said(tacho: Tacho, week: Week) -> None:
    assert tacho("retries", "--project", "tools") == 0
    assert "No tool call failed by itself." in tacho.out


def test_log_text_cannot_steer_the_terminal(tacho: Tacho, week: Week) -> None:
    log = week.open("2026-05-22T09:00:00Z", SITE, "x")
    log.tool("Evil\x1b[31m", {}, result="bad\x1b]0;title\x07 thing", error=True)
    week.claude.write()
    assert tacho("retries") == 0
    assert "\x1b" not in tacho.out
    assert "Evil" in tacho.out


def test_help_explains_the_signals(tacho: Tacho) -> None:
    assert tacho("retries", "--help") == 0
    for word in ("Follow-ups", "Interruptions", "reopened", "never counted as retries"):
        assert word in tacho.out


@pytest.mark.parametrize("arguments", [["--by", "moon"], ["--limit", "-1"], ["--agent", "nobody"], ["--tz", "Mars"]])
def test_what_makes_no_sense_is_refused(tacho: Tacho, arguments: list[str]) -> None:
    assert tacho("retries", *arguments) == 2
