from __future__ import annotations

from pathlib import Path

import pytest

from tachograph.app.filters import make_filter
from tachograph.app.tools import report_tools
from tachograph.cli.tools import _describe
from tachograph.report.text import render
from tachograph.warehouse.store import open_reader
from tests.builders.small import SITE, Week, week, write_config
from tests.golden import check_golden
from tests.unit.cli.running import Tacho, tacho

__all__ = ["tacho", "week"]


@pytest.fixture(autouse=True)
def configured(home: Path) -> None:
    write_config(home)


@pytest.mark.parametrize("by", ["tool", "server", "command", "category"])
@pytest.mark.parametrize("sort", ["calls", "cost"])
def test_json_keeps_to_its_schema(tacho: Tacho, week: Week, by: str, sort: str) -> None:
    answer = tacho.json("tools", "--by", by, "--sort", sort, "--tz", "UTC")
    assert (answer["schema"], answer["by"], answer["sort"]) == ("tachograph.tools/1", by, sort)
    assert sum(group["calls"] for group in answer["groups"]) == answer["total"]["calls"]
    assert answer["matching"] == len(answer["groups"])


def test_json_of_an_empty_machine(tacho: Tacho) -> None:
    answer = tacho.json("tools")
    assert (answer["groups"], answer["total"]["calls"], answer["total"]["usd"]) == ([], 0, None)
    assert (answer["total"]["error_rate"], answer["total"]["median_ms"]) == (None, None)


def test_json_has_every_group_unless_told_otherwise(tacho: Tacho, week: Week) -> None:
    log = week.open("2026-05-22T09:00:00Z", SITE, "x")
    for number in range(40):
        log.tool(f"Tool{number}", {}, result="ok")
    week.claude.write()
    assert len(tacho.json("tools")["groups"]) == 46
    assert len(tacho.json("tools", "--limit", "3")["groups"]) == 3
    assert len(tacho.json("tools", "--limit", "0")["groups"]) == 46
    assert tacho("tools") == 0
    assert "16 more: --limit 0 shows all." in tacho.out


@pytest.mark.parametrize("by", ["tool", "command", "server"])
def test_as_a_person_sees_it(tacho: Tacho, week: Week, by: str) -> None:
    assert tacho("tools", "--tz", "UTC", "--by", by) == 0
    check_golden(f"tools-{by}.txt", tacho.out)


def test_as_a_narrow_terminal_shows_it(week: Week) -> None:
    workspace = week.ingest()
    connection = open_reader(workspace.folder)
    text = render(_describe(report_tools(connection, "tool", make_filter(tz="UTC"), "cost")), 80)
    connection.close()
    assert max(map(len, text.splitlines())) <= 80
    check_golden("tools-80.txt", text)


@pytest.mark.parametrize(
    ("by", "said"),
    [("tool", "No tool calls"), ("server", "No calls of MCP servers"), ("command", "No shell calls")],
)
def test_nothing_to_show_is_no_error(tacho: Tacho, week: Week, by: str, said: str) -> None:
    assert tacho("tools", "--by", by, "--project", "nowhere") == 0
    assert tacho.out == f"{said} in this selection.\n"


def test_doubts_are_told(tacho: Tacho, week: Week) -> None:
    week.codex.session("2026-05-22T09:00:00Z").turn().prompt().shell("ls", "a").complete()
    week.open("2026-05-22T09:00:00Z", SITE, "x").call("Read", {})
    week.claude.write()
    week.codex.write()
    assert tacho("tools") == 0
    assert "≥ 1 calls were made by responses that are unpriced." in tacho.out
    assert "1 calls carry no cost" in tacho.out
    assert "1 calls have no result in the log." in tacho.out


def test_log_text_cannot_steer_the_terminal(tacho: Tacho, week: Week) -> None:
    week.open("2026-05-22T09:00:00Z", SITE, "x").tool("Evil\x1b[31m\u202e", {}, result="ok")
    week.claude.write()
    assert tacho("tools") == 0
    assert "\x1b" not in tacho.out
    assert "\u202e" not in tacho.out


@pytest.mark.parametrize("arguments", [["--by", "moon"], ["--sort", "luck"], ["--limit", "-1"], ["--since", "soon"]])
def test_what_makes_no_sense_is_refused(tacho: Tacho, arguments: list[str]) -> None:
    assert tacho("tools", *arguments) == 2
