"""``tacho hooks`` on the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
import pytest

from tests.unit.cli.running import Tacho, assert_valid, tacho

__all__ = ["tacho"]


@pytest.fixture(autouse=True)
def place(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands in an empty folder; the user has Claude Code."""
    (home / ".claude").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def report(tacho: Tacho, word: str, *options: str) -> dict:
    assert tacho("hooks", word, *options, "--json") == 0, tacho.err
    answer = json.loads(tacho.out)
    assert_valid(f"hooks_{word}", answer)
    return answer


def test_install_and_uninstall_keep_to_their_schemas(tacho, home):
    answer = report(tacho, "install", "--activation", "auto", "--statusline")
    assert answer["schema"] == "tachograph.hooks_install/1"
    assert answer["activation"] == "auto"
    assert [entry["event"] for entry in answer["files"][0]["entries"]][-1] == "statusLine"
    assert report(tacho, "status")["files"][0]["status_line"] == "ours"
    answer = report(tacho, "uninstall")
    assert [(file["agent"], file["action"]) for file in answer["files"]] == [
        ("claude_code", "restored"),
        ("codex", "nothing"),
    ]


def test_a_person_reads_what_was_done(tacho, home):
    assert tacho("hooks", "install", "--agent", "codex", "--dry-run") == 0
    assert tacho.out.split()[:4] == ["codex:", "would", "be", "installed"]
    assert str(home / ".codex" / "hooks.json") in tacho.out
    assert not (home / ".codex").exists()
    assert tacho("hooks", "install", "--agent", "claude_code") == 0
    assert "Suggestions wait until you activate them (activation: manual)." in tacho.out
    assert tacho("hooks", "status") == 0
    assert "4 installed" in tacho.out
    assert tacho("hooks", "uninstall") == 0
    assert "claude_code: removed, the file is as it was before" in tacho.out
    assert "codex: nothing to remove" in tacho.out


def test_without_a_terminal_nobody_is_asked(tacho, monkeypatch):
    monkeypatch.setattr(click, "prompt", lambda *_, **__: pytest.fail("asked"))
    assert tacho("hooks", "install") == 0
    assert "activation: manual" in tacho.out


@pytest.mark.parametrize("options", [["--activation", "manual"], ["--dry-run"], ["--json"]])
def test_on_a_terminal_nobody_is_asked_without_need(tacho, monkeypatch, options):
    _pretend_a_terminal(monkeypatch)
    monkeypatch.setattr(click, "prompt", lambda *_, **__: pytest.fail("asked"))
    assert tacho("hooks", "install", *options) == 0


def test_on_a_terminal_it_asks_once(tacho, monkeypatch):
    _pretend_a_terminal(monkeypatch)
    asked = []
    monkeypatch.setattr(click, "prompt", lambda question, **_: asked.append(question) or "auto")
    assert tacho("hooks", "install") == 0
    assert "activation: auto" in tacho.out
    assert tacho("hooks", "install") == 0
    assert len(asked) == 1


def test_the_settings_may_have_answered_already(tacho, monkeypatch):
    _pretend_a_terminal(monkeypatch)
    monkeypatch.setenv("TACHO_LEARN_ACTIVATION", "auto")
    monkeypatch.setattr(click, "prompt", lambda *_, **__: pytest.fail("asked"))
    assert tacho("hooks", "install") == 0


def _pretend_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

        def __getattr__(self, name):
            return getattr(sys.__stdin__, name)

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(type(sys.stderr), "isatty", lambda _: True)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["install", "--agent", "parrot"], 2),
        (["install", "--activation", "perhaps"], 2),
        (["install", "--scope", "world"], 2),
        (["dance"], 2),
    ],
)
def test_what_makes_no_sense_is_refused(tacho, arguments, code):
    assert tacho("hooks", *arguments) == code


def test_nothing_to_install_for_is_exit_code_3(tacho, home):
    (home / ".claude").rmdir()
    assert tacho("hooks", "install") == 3
    assert "no agent to install hooks for" in tacho.err


def test_a_file_that_is_not_understood_is_exit_code_4(tacho, home):
    settings = home / ".claude" / "settings.json"
    settings.write_text('{\n  // mine\n  "model": "opus"\n}')
    assert tacho("hooks", "install") == 4
    assert "settings.json is left as it is: line 2, column 3" in tacho.err
    assert tacho("hooks", "status") == 0
    assert "unreadable" in tacho.out
