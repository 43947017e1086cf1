"""``tacho report``: as a person and as a program asks for it."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tachograph.app.learn.fold import load_incidents
from tests.builders.looped import HOSTILE, WEEK, Looped, looped
from tests.builders.wasteful import write_config
from tests.unit.cli.running import Tacho, tacho
from tests.unit.report.test_markdown import assert_harmless

__all__ = ["looped", "tacho"]


@pytest.fixture(autouse=True)
def stored(looped: Looped, home: Path) -> Looped:
    write_config(home)
    return looped


@pytest.fixture
def incident(stored: Looped) -> str:
    with stored.read() as connection:
        return next(one.id for one in load_incidents(connection) if one.kpi == "error_rate")


def read(tacho: Tacho, *arguments: str) -> dict[str, Any]:
    assert tacho("report", *arguments, "--no-ingest", "--json") == 0, tacho.err
    answer: dict[str, Any] = json.loads(tacho.out)
    return answer


def lines_of(tacho: Tacho, *arguments: str) -> list[str]:
    assert tacho("report", *arguments, "--no-ingest", "--tz", "UTC") == 0, tacho.err
    return tacho.out.splitlines()


# -------------------------------------------------------------------------------------------------- three reports


def test_a_session(tacho: Tacho, stored: Looped) -> None:
    lines = lines_of(tacho, "session", stored.good.session_id[:8])
    assert lines[0] == "Session report: PASS  0000000b"
    assert next(line for line in lines if line.startswith("Output among all")).split()[-2:] == ["→", "stable"]
    assert "Regressions" in lines


def test_the_last_session(tacho: Tacho) -> None:
    assert read(tacho, "session", "--last")["title"] == "Try it."


def test_a_week(tacho: Tacho) -> None:
    lines = lines_of(tacho, "weekly", "--week", WEEK)
    assert lines[0] == "Weekly report 2026-W46  2026-11-09 to 2026-11-15, UTC"
    rows = {line[:26].strip(): line[26:].split() for line in lines}
    assert rows["without a cache"] == ["≥$31.93", "$38.40", "-17", "%"]
    assert rows["spared by the cache"] == ["≥$26.75", "$32.10", "-17", "%"]


def test_an_incident(tacho: Tacho, incident: str) -> None:
    lines = lines_of(tacho, "incident", incident[:6])
    assert lines[:2] == ["Incident report  Failed tool calls", f"incident    {incident}"]


def test_the_loop_goes_round_first_unless_told_otherwise(tacho: Tacho, stored: Looped) -> None:
    stored.claude.project("/home/ada/site").session("2026-11-15T10:00:00Z", model="house-model").prompt(
        "One more."
    ).response(output=10)
    stored.claude.write()
    assert read(tacho, "weekly", "--week", WEEK)["totals"]["sessions"] == 6
    assert tacho("report", "weekly", "--week", WEEK, "--json") == 0, tacho.err
    assert json.loads(tacho.out)["totals"]["sessions"] == 7


def test_the_zone_of_the_week_can_be_named(tacho: Tacho) -> None:
    told = read(tacho, "weekly", "--week", WEEK, "--tz", "Pacific/Honolulu")
    assert (told["timezone"], told["since"], told["totals"]["sessions"]) == (
        "Pacific/Honolulu", "2026-11-09T10:00:00Z", 5,
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------------- outputs


@pytest.mark.parametrize("name", ["session", "weekly", "incident"])
def test_markdown_on_stdout_and_in_a_file_is_the_same(
    tacho: Tacho, incident: str, stored: Looped, tmp_path: Path, name: str
) -> None:
    about = {"session": [stored.bad[3].session_id], "weekly": ["--week", WEEK], "incident": [incident]}[name]
    file = tmp_path / "report.md"
    assert tacho("report", name, *about, "--no-ingest", "--markdown", "-") == 0, tacho.err
    text = tacho.out
    assert tacho("report", name, *about, "--no-ingest", "--markdown", str(file)) == 0, tacho.err
    assert (tacho.out, tacho.err) == ("", f"tacho: Written to {file}.\n")
    assert file.read_text(encoding="utf-8") == text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert text.startswith("# ")
    assert_harmless(text)


@pytest.mark.parametrize(
    ("arguments", "schema"),
    [(["session", "--last"], "report_session"), (["weekly", "--week", WEEK], "report_weekly"),
     (["incident", "INCIDENT"], "report_incident")],
)  # fmt: skip
def test_json_says_what_it_is(tacho: Tacho, incident: str, arguments: list[str], schema: str) -> None:
    told = read(tacho, *(incident if one == "INCIDENT" else one for one in arguments))
    assert told["schema"] == f"tachograph.{schema}/1"


def test_the_terminal_sees_no_control_characters(tacho: Tacho, stored: Looped) -> None:
    lines = lines_of(tacho, "session", stored.bad[3].session_id)
    assert not {char for line in lines for char in line} & {"\x1b", "\u202e"}
    assert HOSTILE.split("\x1b")[0].split()[0] in "\n".join(lines)


# -------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["session"], 2),
        (["session", "0000000b", "--last"], 2),
        (["session", "nobody"], 3),
        (["session", "--last", "--json", "--markdown", "-"], 2),
        (["weekly", "--week", "46"], 2),
        (["weekly", "--tz", "Mars"], 2),
        (["weekly", "--json", "--markdown", "-"], 2),
        (["incident"], 2),
        (["incident", "zzzz"], 3),
        (["incident", "zzzz", "--json", "--markdown", "x"], 2),
        (["weekly", "--week", WEEK, "--markdown", "/"], 4),
    ],
)
def test_what_cannot_be_reported(tacho: Tacho, arguments: list[str], code: int) -> None:
    assert tacho("report", *arguments, "--no-ingest") == code
    assert tacho.out == ""
    assert tacho.err != ""
