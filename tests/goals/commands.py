"""Running ``tacho goal`` in a repository of its own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.running import Tacho, assert_valid

STARTED = "2026-05-04T09:00Z"
"""When goals of these tests begin, unless they say otherwise."""


class Goals:
    """``tacho goal`` in the folder that the test stands in."""

    def __init__(self, tacho: Tacho, folder: Path) -> None:
        self.tacho = tacho
        self.folder = folder
        self.ledger = folder / "metrics" / "events.ndjson"

    def __call__(self, *arguments: str, code: int = 0) -> str:
        """Run it; what it prints, or says where it ends with another ``code``."""
        assert self.tacho("goal", *arguments) == code, self.tacho.out + self.tacho.err
        return self.tacho.err if code not in (0, 1) else self.tacho.out

    def json(self, *arguments: str, schema: str = "goal", code: int = 0) -> Any:
        """Run it with ``--json``; its answer, checked against the published schema."""
        assert self.tacho("goal", *arguments, "--json") == code, self.tacho.err
        answer = json.loads(self.tacho.out)
        assert answer["schema"] == f"tachograph.{schema}/1"
        assert_valid(schema, answer)
        return answer

    def start(self, title: str = "Fix the login", kind: str = "product", *more: str, at: str = STARTED) -> str:
        """Begin a goal; its id."""
        goal = self.json("start", "--title", title, "--type", kind, "--started-at", at, *more)["goal"]
        return str(goal["goal_id"])

    def lines(self) -> list[dict[str, Any]]:
        """What the ledger holds."""
        return [json.loads(line) for line in self.ledger.read_text("utf-8").splitlines()]


@pytest.fixture
def goals(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Goals:
    """A repository without a ledger, and nobody but a person at work in it."""
    for name in (
        "CLAUDECODE", "CLAUDE_CODE_SESSION_ID", "CODEX_THREAD_ID", "CODEX_SANDBOX", "CODEX_SANDBOX_NETWORK_DISABLED"
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "site"
    (folder / ".git").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return Goals(Tacho(capsys), folder)


def git(folder: Path, *arguments: str) -> None:
    """Run git as Ada."""
    named = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *named, *arguments], cwd=folder, check=True, capture_output=True)
