"""tacho opens its agents' logs and its own files, and nothing else that lies in a home."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders.history import write_hard_history

SRC = Path(__file__).parents[2] / "src"
WATCH = """
import os, sys
_REPORT = os.environ["TACHO_TEST_REPORT"]
_HOME = os.environ["HOME"]
_busy = False
def _watch(event, args):
    global _busy
    if event in ("open", "os.listdir", "os.scandir", "subprocess.Popen", "os.system") and not _busy:
        _busy = True
        descriptor = os.open(_REPORT, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(descriptor, f"{event} {args[0]}\\n".encode())
        os.close(descriptor)
        _busy = False
sys.addaudithook(_watch)
"""
RUN = "import sys; from tachograph.cli._frame import run; sys.exit(run(sys.argv[1:]))"
DECOYS = (
    ".ssh/id_ed25519", ".netrc", ".aws/credentials", ".gitconfig", "site/login.py",
    ".claude/history.jsonl", ".claude/.credentials.json", ".claude/CLAUDE.md", ".claude/settings.local.json",
    ".claude/projects/-home-ada-site/tool-results/a.txt", ".claude/todos/t.json",
    ".codex/auth.json", ".codex/history.jsonl", ".codex/config.toml", ".codex/log/codex-tui.log",
)  # fmt: skip


@pytest.fixture
def opened(home: Path) -> dict[str, set[str]]:
    """What each command opened or listed below a home with logs and with things that are none of tacho's business."""
    write_hard_history(home / "made")
    (home / "made" / "claude").rename(home / ".claude")
    (home / "made" / "codex").rename(home / ".codex")
    (home / ".claude" / "settings.json").write_text(json.dumps({"cleanupPeriodDays": 90, "env": {"API_KEY": "x"}}))
    for name in DECOYS:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("private")
    (home / "guard").mkdir()
    (home / "guard" / "sitecustomize.py").write_text(WATCH)
    environment = {
        **os.environ, "PYTHONPATH": f"{home / 'guard'}{os.pathsep}{SRC}", "TACHO_TEST_REPORT": str(home / "report.txt"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    found = {}
    for command in (["ingest"], ["cost"], ["doctor"]):
        (home / "report.txt").unlink(missing_ok=True)
        subprocess.run([sys.executable, "-c", RUN, *command], env=environment, check=True, capture_output=True, cwd="/")
        lines = (home / "report.txt").read_text().splitlines()
        found[command[0]] = {
            line for line in lines if str(home) in line and "guard" not in line and "report.txt" not in line
        }
    return found


def test_only_logs_and_its_own_files_are_opened(opened: dict[str, set[str]], home: Path) -> None:
    files = {line.partition(" ")[2].removeprefix(f"{home}/") for lines in opened.values() for line in lines}
    assert not files & set(DECOYS)
    for name in files:
        own = name.startswith(
            ("tachograph", ".config/tachograph", ".claude/projects", ".codex/sessions", ".codex/archived")
        )
        assert own or name == ".claude/settings.json", name


def test_only_the_doctor_reads_the_agents_settings(opened: dict[str, set[str]], home: Path) -> None:
    settings = f"open {home}/.claude/settings.json"
    assert {command for command, lines in opened.items() if settings in lines} == {"doctor"}


def test_no_command_starts_another_program(opened: dict[str, set[str]]) -> None:
    assert not [line for lines in opened.values() for line in lines if line.startswith(("subprocess", "os.system"))]
