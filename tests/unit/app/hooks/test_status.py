"""What ``tacho hooks status`` finds out."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tachograph.app.hooks.install import Request, install_hooks
from tachograph.app.hooks.status import HooksStatus, report_status
from tachograph.app.workspace import Workspace
from tachograph.hooks.run import answer
from tachograph.settings import Settings
from tests.builders.briefing import NOW, write_briefing


@pytest.fixture
def here(home: Path) -> Path:
    """A repository to stand in; the user has Claude Code."""
    (home / ".claude").mkdir()
    (home / "app" / ".git").mkdir(parents=True)
    return home / "app"


def status(here: Path, **options) -> HooksStatus:
    return report_status(Workspace(settings=Settings()), here, **options)


def install(here: Path, **options) -> None:
    install_hooks(Workspace(settings=Settings()), Request(**{"directory": here, "agent": "claude_code"} | options))


def test_nothing_is_installed(here, home):
    report = status(here)
    assert [(file.agent, file.scope, file.exists, len(file.entries)) for file in report.files] == [
        ("claude_code", "user", False, 0),
        ("claude_code", "project", False, 0),
        ("codex", "user", False, 0),
        ("codex", "project", False, 0),
    ]
    assert report.notes == ["No hooks are installed: tacho hooks install."]
    assert (report.activation, report.briefing_made_at, report.last_assignment_at) == (None, None, None)
    assert not (home / "tachograph").exists()


def test_it_tells_what_ran_last(here, home):
    install(here, status_line=True, activation="auto")
    data = write_briefing(home / "tachograph")
    answer("session-start", "claude_code", {"session_id": "a1"}, str(data), NOW)
    os.utime(data / "hooks" / "briefing.json")
    (data / "hooks" / "learn-started").touch()
    os.utime(data / "hooks" / "learn-started", (1_780_000_000, 1_780_000_000))
    write_briefing(data, types={})
    answer("session-start", "claude_code", {"session_id": "a2"}, str(data), NOW + 60_000)
    report = status(here)
    assert report.files[0].status_line == "ours"
    assert len(report.files[0].entries) == 5
    assert report.activation == "auto"
    assert report.briefing_made_at == datetime(2026, 11, 20, 11, 50, tzinfo=UTC)
    assert report.last_assignment_at == datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    assert report.last_start_at == datetime(2026, 11, 20, 12, 1, tzinfo=UTC)
    assert report.learning_started_at == datetime.fromtimestamp(1_780_000_000, UTC)
    assert report.notes == []


def test_a_program_that_is_gone_is_named(here, home):
    handler = {"type": "command", "command": "/gone/tacho-hook", "args": ["session-end"]}
    (home / ".claude" / "settings.json").write_text(json.dumps({"hooks": {"SessionEnd": [{"hooks": [handler]}]}}))
    report = status(here)
    assert report.files[0].missing_programs == ["/gone/tacho-hook"]
    assert any("/gone/tacho-hook is not there" in note for note in report.notes)


def test_installed_twice_is_said(here):
    install(here)
    install(here, scope="project")
    assert any("may run twice" in note for note in status(here).notes)
    assert not any("may run twice" in note for note in status(here, agent="codex").notes)


@pytest.mark.parametrize(
    "place", [".claude/settings.json", "app/.claude/settings.json", "app/.claude/settings.local.json"]
)
def test_hooks_that_are_switched_off_are_said(here, home, place):
    (home / place).parent.mkdir(exist_ok=True)
    (home / place).write_text('{"disableAllHooks": true}')
    assert f"{home / place} turns all hooks off (disableAllHooks): none of them runs." in status(here).notes


@pytest.mark.parametrize(
    ("text", "is_off"),
    [
        ("[features]\nhooks = false\n", True),
        ("[features]\nhooks = true\n", False),
        ("features = 1", False),
        ("=", False),
    ],
)
def test_codex_may_have_them_switched_off(here, home, text, is_off):
    (home / ".codex").mkdir()
    (home / ".codex" / "config.toml").write_text(text)
    assert any("features.hooks" in note for note in status(here).notes) is is_off


def test_a_broken_file_is_shown_as_such(here, home):
    (home / ".claude" / "settings.json").write_text("{")
    (here / ".claude").mkdir()
    (here / ".claude" / "settings.json").write_bytes(b"\xff")
    first, second = status(here, agent="claude_code").files
    assert first.problem == "line 1, column 2: Expecting property name enclosed in double quotes"
    assert "it is not UTF-8 text" in (second.problem or "")


def test_a_status_line_of_somebody_else_is_shown(here, home):
    (home / ".claude" / "settings.json").write_text('{"statusLine": {"type": "command", "command": "mine"}}')
    assert [file.status_line for file in status(here, agent="claude_code").files] == ["other", "none"]


def test_at_home_the_file_is_listed_once(home):
    (home / ".claude").mkdir()
    assert [file.scope for file in status(home, agent="claude_code").files] == ["user"]


def test_without_a_home_it_still_answers(here, monkeypatch):
    monkeypatch.delenv("CLAUDE_CONFIG_DIR")
    monkeypatch.delenv("CODEX_HOME")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    report = status(here)
    assert report.files == []
    assert report.notes[0] == "This user has no home folder, in which agents keep their settings."


@pytest.mark.parametrize("lines", [b"", b"{\n", b'[]\n{"at": "late"}\n', b'{"at": 1e300, "trial": "x"}\n', b"\xff\n"])
def test_bad_lines_of_the_hooks_are_passed_over(here, home, lines):
    write_briefing(home / "tachograph", made_at=10**17)
    (home / "tachograph" / "hooks" / "assignments.ndjson").write_bytes(lines)
    report = status(here)
    assert (report.last_assignment_at, report.last_start_at, report.briefing_made_at) == (None, None, None)
