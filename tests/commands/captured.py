"""Running ``tacho run`` in a test, and what it kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tachograph.app.commands.capture import CaptureOptions, CaptureResult, capture
from tachograph.app.workspace import Workspace
from tachograph.capture.store import open_commands
from tachograph.model import CommandEvent
from tachograph.settings import Settings
from tests.capture.repos import make_base

AGENTS = ("CLAUDECODE", "CLAUDE_CODE_SESSION_ID", "CODEX_THREAD_ID", "CODEX_SANDBOX", "CODEX_SANDBOX_NETWORK_DISABLED")
TOKEN = "ghp_" + "a1B2" * 9


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No agent runs the tests."""
    for variable in AGENTS:
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository in which one stands."""
    folder = make_base(tmp_path / "site")
    monkeypatch.chdir(folder)
    return folder


def run(*argv: str, settings: Settings | None = None, **options) -> CaptureResult:
    return capture(Workspace(settings=settings or Settings()), argv, CaptureOptions(**options))


def kept(folder: Path | None = None) -> list[CommandEvent]:
    with open_commands(folder or Workspace().folder) as store:
        return store.events()


def tacho(*arguments: str, **more) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tachograph", "run", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, **more)
