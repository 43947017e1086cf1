"""A person who works day after day with the hooks installed: every session start is a real process of the hook."""

from __future__ import annotations

import json
import random
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tachograph.app.learn.decisions import load_decisions
from tachograph.app.learn.run import LearnReport, learn
from tachograph.app.learn.trials import load_trials
from tachograph.app.workspace import Workspace
from tachograph.cli._frame import run
from tachograph.learning.records import Decision
from tachograph.learning.trials import TrialState
from tachograph.warehouse.store import open_reader
from tests.builders.claude import ClaudeHome
from tests.loop.working import Course, write_course

BEGIN = 1_780_000_000_000
SESSION_MS = 2 * 3600 * 1000
MARK = "Creating all tasks in one go"
"""Of the text that the simulated agent acts on."""


def run_hook(command: list[str] | str, event: dict[str, Any]) -> bytes:
    """What a hook answers that has something to say; on a busy machine it gives up after 200 ms, and is asked again."""
    for _ in range(10):
        given = json.dumps(event).encode()
        done = subprocess.run(command, input=given, capture_output=True, check=True, shell=isinstance(command, str))
        if done.stdout:
            break
    return done.stdout


class Person:
    """Sessions one after the other, two hours each, on a clock of their own."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch, seed: int = 1) -> None:
        self.home = home
        self.claude = ClaudeHome(home / ".claude")
        (home / ".claude" / "projects").mkdir(parents=True)
        self.now = BEGIN
        self.seed = seed
        self.random = random.Random(seed)
        self.workspace = Workspace()
        clock = SimpleNamespace(time_ns=lambda: self.now * 1_000_000)
        monkeypatch.setattr("tachograph.app.learn.decisions.time", clock)

    @property
    def data(self) -> Path:
        return self.workspace.folder

    def install(self) -> None:
        """As a person does who wants suggestions tried out by themselves."""
        assert run(["hooks", "install", "--agent", "claude_code", "--activation", "auto"]) == 0
        (self.data / "hooks" / "trial.key").write_text(f"{self.seed:02x}" * 32)  # a new one would treat others

    def begin(self) -> tuple[str, str]:
        """The id of a new session, and what the hook puts into its context."""
        session = self.claude.ids.uuid("session")
        return session, self.hook(session)

    def command(self, event: str) -> list[str]:
        """What Claude Code runs at this event: the words that the installation wrote into its settings."""
        settings = json.loads((self.home / ".claude" / "settings.json").read_bytes())
        ((handler,),) = (group["hooks"] for group in settings["hooks"][event])
        return [handler["command"], *handler["args"]]

    def hook(self, session: str, source: str = "startup") -> str:
        """Run the hook as Claude Code does at a session's start; returns the text for the model."""
        event = {"hook_event_name": "SessionStart", "session_id": session, "source": source, "cwd": str(self.home)}
        answer = json.loads(run_hook(self.command("SessionStart"), event) or b"{}")
        return str(answer.get("hookSpecificOutput", {}).get("additionalContext", ""))

    def work(self, session: str, course: Course) -> None:
        """Write the session's log and let two hours pass."""
        at = datetime.fromtimestamp(self.now / 1000, UTC).isoformat()
        log = self.claude.project().session(at, id=session)
        write_course(log, course)
        log.write()
        self.now += SESSION_MS

    def usual(self, shift: float = 0.0, **others: Any) -> Course:
        """A session with an overhead of 1.3 ± 0.25 calls, ``shift`` standard deviations off."""
        overhead = max(0.3, self.random.gauss(1.3, 0.25) + 0.25 * shift)
        return Course(overhead=overhead, **{"productive": 20, "tasks": 5, "wall": 1800.0, **others})

    def history(self, sessions: int, **others: Any) -> None:
        """Sessions before anything was installed."""
        for _ in range(sessions):
            self.work(self.claude.ids.uuid("session"), self.usual(**others))

    def session(self, shift: float) -> bool:
        """One session: the hook, then the work, which the text shifts by so much; whether it got the text."""
        session, told = self.begin()
        treated = MARK in told
        assert self.arms(session).get("batch_tasks") == ("treatment" if treated else "control")
        self.work(session, self.usual(shift if treated else 0.0))
        return treated

    def arms(self, session: str) -> dict[str, str]:
        """What the hook wrote down of it, by suggestion."""
        return {
            line["suggestion"]: line["arm"]
            for line in self.assignments()
            if line.get("session") == f"claude_code:{session}"
        }

    def assignments(self) -> list[dict[str, Any]]:
        file = self.data / "hooks" / "assignments.ndjson"
        return [json.loads(line) for line in file.read_bytes().splitlines()] if file.exists() else []

    def learn(self) -> LearnReport:
        return learn(self.workspace)

    def decisions(self) -> list[Decision]:
        """What was done about suggestions, in order of time."""
        connection = open_reader(self.data)
        found = load_decisions(connection)
        connection.close()
        return found

    def trial(self, suggestion: str = "batch_tasks") -> TrialState:
        connection = open_reader(self.data)
        (state,) = (one for one in load_trials(connection).values() if one.suggestion == suggestion)
        connection.close()
        return state


@pytest.fixture
def person(home: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    return Person(home, monkeypatch)
