"""What the loop writes is its owner's alone, and holds no secret, whatever telemetry, settings and hooks bring in."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import NoReturn

import pytest

from tachograph.app.learn.decisions import decide
from tachograph.app.learn.run import learn
from tachograph.app.workspace import Workspace
from tachograph.cli._frame import run
from tachograph.hooks.run import answer
from tachograph.settings import Settings
from tachograph.warehouse.store import open_writer, transaction
from tests.builders.claude import ClaudeHome
from tests.security.commands import reporting_commands, run_quietly
from tests.security.test_canary import stored_bytes
from tests.security.test_modes import UMASKS, modes, umask
from tests.unit.telemetry.spans import Folder

AWS = "AKIA" + "QZ7RT5WX2LMN4PKD"
GITHUB = "ghp" + "_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


def write_telemetry(place: Path) -> Path:
    """A secret in every text that spans and scores have."""
    told = (
        Folder(place).prompt(f"use {AWS}").tool(f"Tool {AWS}", file_path=f"/home/{GITHUB}", error_type=GITHUB, code=2)
    )
    told.tool("TaskUpdate", task_id=GITHUB, task_status="completed").tokens(9_000, 400, 8_000, model=GITHUB)
    about = {"agent.type": AWS, "cwd": f"/home/ada/{GITHUB}", "git.branch": AWS}
    told.span("hook:session-start", attributes=about).score(f"relevance {AWS}", 0.5).score(AWS, 0.5)
    told.score("relevance", 0.5, gen_ai__evaluation__evaluator=GITHUB).tool("Read", f"session-{GITHUB}")
    told.score("relevance", 7.0, session=f"session-{AWS}").line(f"traces-{GITHUB}.jsonl", {"name": AWS})
    return told.write()


def secrets_in(content: str) -> list[str]:
    """Also in small letters."""
    return [secret for secret in (AWS, GITHUB) if secret.lower() in content.lower()]


def test_no_secret_of_a_telemetry_folder_is_kept_published_or_shown(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_telemetry(home / "telemetry")
    before = set(folder.rglob("*"))
    monkeypatch.setenv("TACHO_LEARN_FOLDER", str(folder))
    assert run(["learn"]) == 0
    shown = "".join(capsys.readouterr())
    for arguments in reporting_commands():
        if arguments[:2] != ["show", "--last"] and arguments[:2] != ["score", "--last"]:
            run_quietly(arguments)
            shown += "".join(capsys.readouterr())
    assert secrets_in(shown) == []
    assert secrets_in(stored_bytes(home / "tachograph").decode("latin-1")) == []
    written = [path for path in folder.rglob("*") if path not in before and path.is_file()]
    assert written
    assert secrets_in("".join(str(path.relative_to(folder)) + path.read_text() for path in written)) == []
    assert "[redacted:" in stored_bytes(home / "tachograph").decode("latin-1")


def test_no_key_of_the_settings_is_stored(home: Path) -> None:
    settings = Settings(judge_api_key=GITHUB, alerts_url=f"https://hooks.example/{AWS}")
    learn(Workspace(home / "tachograph", settings))
    assert secrets_in(stored_bytes(home / "tachograph").decode("latin-1")) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize("mask", UMASKS, ids=oct)
def test_what_the_loop_and_the_hooks_write_is_private(home: Path, mask: int) -> None:
    claude = ClaudeHome(home / ".claude")
    for number in range(8):
        claude.project().session(f"2026-05-{number + 4:02d}T09:00:00Z").prompt("Hello").response().shell("ls", "a")
    claude.write()
    (home / "tachograph").mkdir(mode=0o700)
    settings = Settings(learn_folder=str(home / "loop" / "telemetry"))
    event: dict[str, object] = {"session_id": "0a1b", "source": "startup", "cwd": "/"}
    data = str(home / "tachograph")
    with umask(mask):
        (home / "loop").mkdir()
        (home / "loop").chmod(0o755)
        (home / "loop" / "telemetry").mkdir()
        (home / "loop" / "telemetry").chmod(0o700)
        answer("session-start", "claude_code", event, data, 1_780_000_000_000)
        learn(Workspace(home / "tachograph", settings))
        answer(
            "session-start", "claude_code", {**event, "session_id": "0c"}, str(home / "tachograph"), 1_780_000_000_000
        )
    found = {**modes(home / "tachograph"), **modes(home / "loop" / "telemetry")}
    assert {"hooks/assignments.ndjson", "hooks/briefing.json", "hooks/trial.key", "history/kpis.jsonl"} <= set(found)
    assert "baselines/main.json" in found
    for name, mode in found.items():
        is_folder = (home / "tachograph" / name).is_dir() or (home / "loop" / "telemetry" / name).is_dir()
        assert (name, oct(mode)) == (name, oct(0o700 if is_folder else 0o600))


def test_a_history_that_others_may_read_stays_so(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    claude.project().session().prompt("Hello").response()
    claude.write()
    history = home / "telemetry" / "history" / "kpis.jsonl"
    history.parent.mkdir(parents=True)
    history.touch()
    history.chmod(0o644)
    learn(Workspace(home / "tachograph", Settings(learn_folder=str(home / "telemetry"))))
    assert json.loads(history.read_bytes())["agent_type"] == "main"
    assert history.stat().st_mode & 0o777 == 0o644


def test_a_subagents_type_that_is_a_secret_is_redacted_in_the_warehouse(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project().session().prompt("Hello").response()
    claude.write()
    lines = home / "tachograph" / "hooks" / "assignments.ndjson"
    lines.parent.mkdir(parents=True, mode=0o700)
    start = {"v": 1, "start": f"claude_code:{log.session_id}", "agent_type": GITHUB, "at": 1_780_000_000_000}
    lines.write_text(json.dumps(start) + "\n")
    learn(Workspace(home / "tachograph", Settings()))
    lines.unlink()
    stored = stored_bytes(home / "tachograph").decode("latin-1")
    assert secrets_in(stored) == []
    assert "[redacted:github-token]" in stored


def test_a_full_disk_below_the_telemetry_folder_is_a_note(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Path) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("tachograph.app.learn.plan_files.write_privately", full)
    claude = ClaudeHome(home / ".claude")
    claude.project().session().prompt("Hello").response()
    claude.write()
    workspace = Workspace(home / "tachograph", Settings(learn_folder=str(home / "telemetry")))
    (home / "telemetry").mkdir()
    with open_writer(workspace.folder) as connection, transaction(connection):
        numbers = {"sessions": 8.0, "value": 1.2, "bound": 1.0}
        decide(connection, "batch_tasks", "main", "activate", "user", numbers=numbers)
    report = learn(workspace)
    assert [note for note in report.notes if "No space left on device" in note] == report.notes
    assert len(report.notes) == 3  # active.json here and there, and the rest of the folder
    assert (workspace.folder / "hooks" / "briefing.json").exists()
