"""``tacho``, ``tacho sessions`` and ``tacho show`` as a person calls them: what they print and how they end."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tachograph.app.overview import report_overview
from tachograph.app.reporting import open_report
from tachograph.app.show import tell_session
from tachograph.cli._frame import run
from tachograph.cli._glance import describe_overview
from tachograph.cli._options import chosen_filter
from tachograph.cli._story import describe_story, fold
from tachograph.cli._tree import draw_branches
from tachograph.report.text import render
from tests.builders.claude import ClaudeHome
from tests.builders.small import HOUSE, SITE, Week, week, write_config
from tests.golden import check_golden

__all__ = ["week"]

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """A function that runs a command line and returns its exit code, stdout and stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(list(arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def told(week: Week, home: Path) -> Week:
    """The week with its prices, a fork, a compaction and a title, not yet ingested."""
    write_config(home)
    week.again.custom_title("Login, once more").compaction(155_000).response(output=400)
    fork = week.again.fork("2026-05-26T09:00:00Z").prompt("Another way.").response(output=10_000)
    for log in (week.again, fork):
        log.write()
    return week


# ----------------------------------------------------------------------------------------------------- golden


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("overview", []),
        ("overview_project", ["--project", "tools", "--since", "2026-05-19"]),
        ("sessions", ["sessions"]),
        ("sessions_by_errors", ["sessions", "--sort", "errors", "--limit", "2"]),
        ("subagents", ["sessions", "--subagents"]),
        ("show", ["show", "00000001-"]),
        ("show_subagent", ["show", "a000001"]),
        ("show_last", ["show", "--last", "--tz", "Europe/Berlin"]),
    ],
)
def test_output_is_as_agreed(told: Week, call: Call, name: str, arguments: list[str]) -> None:
    if name == "show":
        arguments = ["show", f"claude_code:{told.first.session_id}"]
    code, out, err = call(*arguments)
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 100
    check_golden(f"reports/{name}.txt", out)


@pytest.mark.parametrize("width", [60, 80])
def test_narrow_terminals_are_served_too(told: Week, width: int) -> None:
    workspace = told.ingest()
    chosen = chosen_filter(workspace, None, None, None, None, "UTC")
    with open_report(workspace, update=False, note=print) as connection:
        overview = describe_overview(report_overview(connection, chosen), chosen)
        story = describe_story(
            tell_session(connection, f"claude_code:{told.first.session_id}", chosen), chosen.zone, None
        )
    text = render(overview, width) + "\n" + render(story, width)
    assert max(map(len, text.splitlines())) <= width
    check_golden(f"reports/narrow_{width}.txt", text)


def test_an_overview_is_one_screen(told: Week, call: Call) -> None:
    assert len(call()[1].splitlines()) <= 50


# ------------------------------------------------------------------------------------------------ empty machine


def test_an_empty_machine_is_told_kindly_what_was_looked_for(home: Path, call: Call) -> None:
    code, out, err = call()
    assert (code, err) == (0, "")
    check_golden("reports/empty.txt", out.replace(str(home), "/home/ada"))


def test_an_empty_machine_has_an_overview_for_programs(call: Call) -> None:
    code, out, _ = call("--json")
    report = json.loads(out)
    assert (code, report["schema"], report["activity"]["sessions"]) == (0, "tachograph.overview/1", 0)
    assert (report["total"]["usd"], report["weeks"]) == (None, [])


def test_a_selection_of_nothing_is_no_empty_machine(told: Week, call: Call) -> None:
    assert call("--since", "2030-01-01")[1].splitlines()[0] == "No sessions in this selection."
    assert call("sessions", "--project", "nowhere")[1].splitlines()[0] == "No sessions in this selection."


def test_without_a_warehouse_and_without_ingesting_there_is_nothing_to_report(call: Call) -> None:
    code, out, err = call("--no-ingest")
    assert (code, out) == (4, "")
    assert "tacho: There is no warehouse yet." in err


# --------------------------------------------------------------------------------------------------- choosing


def test_the_overview_is_what_tacho_alone_shows(told: Week, call: Call) -> None:
    assert call()[1] == call("overview")[1]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["show"], 2, "Name one session, or ask for --last."),
        (["show", "x", "--last"], 2, "Name one session, or ask for --last."),
        (["show", "zzz"], 3, "No session is called zzz"),
        (["show", "00000001"], 3, "2 sessions begin with 00000001"),
        (["show", "--turns", "0", "x"], 2, "--turns"),
        (["sessions", "--sort", "beauty"], 2, "beauty"),
        (["--since", "yesterday"], 2, "'yesterday' is no date"),
        (["--agent", "cursor"], 2, "cursor"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(
    told: Week, call: Call, arguments: list[str], code: int, message: str
) -> None:
    got, out, err = call(*arguments)
    assert (got, out) == (code, "")
    assert message in err


def test_the_last_session_is_that_of_the_project_one_stands_in(
    told: Week, call: Call, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = home / "work"
    here.mkdir()
    claude = ClaudeHome(home / ".claude")
    log = claude.project(str(here)).session("2026-01-01T09:00:00Z", id="ffffffff-0000-4000-8000-000000000000")
    log.prompt("Here.").response()
    claude.write()
    monkeypatch.chdir(here)
    monkeypatch.setenv("PWD", str(here))
    assert json.loads(call("show", "--last", "--json")[1])["session"]["opening"] == "Here."
    monkeypatch.chdir(home)
    assert json.loads(call("show", "--last", "--json")[1])["session"]["opening"] == "Another way."


# ------------------------------------------------------------------------------------------------------- turns


def test_of_many_turns_the_first_and_the_last_are_shown(home: Path, call: Call) -> None:
    write_config(home)
    claude = ClaudeHome(home / ".claude")
    log = claude.project(SITE).session("2026-05-18T09:00:00Z", model=HOUSE)
    for number in range(1, 31):
        log.prompt(f"Prompt {number}.").response(output=1_000)
    claude.write()
    out = call("show", "--last", "--turns", "6")[1]
    assert re.findall(r"Prompt (\d+)\.", out)[1:] == ["1", "2", "27", "28", "29", "30"]
    assert re.search(r"… +\(24 turns more: --all\) +\S+ +\S* ?\$0\.24 ", out)
    assert re.findall(r"Prompt (\d+)\.", call("show", "--last", "--all")[1])[1:] == [str(n) for n in range(1, 31)]
    assert len(json.loads(call("show", "--last", "--json", "--turns", "6")[1])["turns"]) == 30


@pytest.mark.parametrize(
    ("size", "limit", "parts"),
    [
        (5, 5, (5, 0, 0)),
        (6, 5, (1, 1, 4)),
        (100, 12, (4, 88, 8)),
        (3, 1, (0, 2, 1)),
        (9, None, (9, 0, 0)),
        (0, 3, (0, 0, 0)),
    ],
)
def test_folding_keeps_a_third_at_the_beginning(size: int, limit: int | None, parts: tuple[int, int, int]) -> None:
    head, hidden, tail = fold(list(range(size)), limit)
    assert (len(head), len(hidden), len(tail)) == parts
    assert head + hidden + tail == list(range(size))


@pytest.mark.parametrize(
    ("depths", "lines"),
    [
        ([], []),
        ([1], ["└─"]),
        ([1, 1], ["├─", "└─"]),
        ([1, 2, 2, 1], ["├─", "│  ├─", "│  └─", "└─"]),
        ([1, 2, 3, 1, 2], ["├─", "│  └─", "│     └─", "└─", "   └─"]),
    ],
)
def test_a_tree_is_drawn_with_its_branches(depths: list[int], lines: list[str]) -> None:
    assert draw_branches(depths) == lines


# ------------------------------------------------------------------------------------------------ hostile text

EVIL = "\x1b[31mred\x1b[0m\x9b2J\u202eexe.txt\u2066\r\nnext\x07\u200b"


@pytest.mark.parametrize("arguments", [[], ["sessions"], ["show", "--last"], ["show", "zzz"], ["show", "0"]])
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_text_from_logs_never_reaches_the_terminal_raw(
    home: Path, call: Call, arguments: list[str], form: list[str]
) -> None:
    claude = ClaudeHome(home / ".claude")
    for number in range(2):
        log = claude.project(f"/home/ada/{EVIL}").session(
            f"2026-05-18T09:0{number}:00Z", branch=EVIL, model=EVIL, version=EVIL
        )
        log.custom_title(EVIL).prompt(EVIL).tool(EVIL, {"command": EVIL}, result=EVIL, error=True)
        log.call("Task", {"prompt": EVIL, "subagent_type": EVIL}).subagent(agent_type=EVIL).prompt(EVIL).response()
    claude.write()
    _, out, err = call(*arguments, *form)
    assert re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202e\u2066]", out + err) == []
    if out and form:
        assert json.loads(out)["schema"].startswith("tachograph.")


# ------------------------------------------------------------------------------------------------------- start


def test_reports_load_nothing_heavy(told: Week, home: Path) -> None:
    import subprocess
    import sys

    told.ingest()
    code = (
        "import sys; from tachograph.cli._frame import run; run(['--no-ingest'])\n"
        "print(*sorted(set(sys.modules) & {'rich', 'genai_prices', 'ahocorasick', 'zstandard', 'multiprocessing'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == ""


def test_output_survives_a_machine_without_the_characters(told: Week) -> None:
    import os
    import subprocess
    import sys

    environment: dict[str, Any] = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "tachograph"]
    plain = subprocess.run(command, capture_output=True, env=environment, check=True).stdout.decode("ascii")
    assert plain.startswith("Tachograph  2026-05-18 ? 2026-05-26")
    json_text = subprocess.run([*command, "--json"], capture_output=True, env=environment, check=True).stdout
    assert json.loads(json_text.decode("utf-8"))["schema"] == "tachograph.overview/1"
