"""A machine on which logs come and grow in any order while the loop goes round now and then, and what it then holds."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import msgspec

from tachograph.app.ingest import ingest
from tachograph.app.learn import points
from tachograph.app.learn import run as loop
from tachograph.app.learn.decisions import decide
from tachograph.app.workspace import Workspace
from tachograph.hooks.assign import is_treated
from tachograph.settings import Settings
from tachograph.warehouse.store import open_writer, transaction
from tests.builders.claude import ClaudeHome
from tests.builders.codex import CodexHome
from tests.loop.working import Course, write_course

SESSIONS = 24
TWINS = 10
ALL = SESSIONS + TWINS + 5 + 4
"""Main sessions, subagents, threads of Codex."""
STARTED = 1_779_000_000_000
NOW = 1_781_000_000_000
"""The loop's clock stands still here: only what it has read may make a difference."""
TRIAL = f"batch_tasks:main:{STARTED}"
KEY = "22" * 32
_TABLES = ("points", "kpis", "alerts", "assignments", "evaluations", "decisions")

Dump = dict[str, Any]


def write_history(folder: Path) -> dict[Path, bytes]:
    """Logs of both agents under ``folder``: a trial in the middle, and a regression at the end; by relative path."""
    claude, codex = ClaudeHome(folder / "claude"), CodexHome(folder / "codex")
    chance = random.Random(3)
    for number in range(SESSIONS):
        worse = 1.5 if number >= SESSIONS - 4 else 0.0
        day = f"2026-05-{number + 5:02d}"
        log = claude.project().session(f"{day}T09:00:00Z")
        overhead = max(0.2, chance.gauss(1.2, 0.2) + worse)
        write_course(log, Course(overhead=overhead, productive=14, tasks=4, batch=3, wall=1800))
        if number >= SESSIONS - TWINS:  # another one that ends at the same moment
            twin = claude.project("/home/ada/tools").session(f"{day}T09:00:00Z")
            write_course(twin, Course(overhead=overhead / 2, productive=14, tasks=4, batch=3, wall=1800))
        if number % 5 == 0:
            log.call("Task", {"description": "look", "prompt": "Look.", "subagent_type": "Explore"})
            agent = log.subagent()
            write_course(agent, Course(productive=12, tasks=3, batch=2, wall=900), "Look around.")
    for number in range(4):
        thread = codex.session(f"2026-05-{number + 10:02d}T20:00:00Z")
        thread.turn().prompt("Speed up the build.").plan(("Measure", "in_progress"), ("Speed up", "pending"))
        for call in range(12):
            thread.shell(f"make part{call}", "ok").tokens(input=9_000, cached=8_000, output=300)
        thread.plan(("Measure", "completed"), ("Speed up", "completed")).complete()
    claude.write()
    codex.write()
    return {file.relative_to(folder): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


class Machine:
    """Its homes, empty at first, and its data folder, in which a suggestion is under test."""

    def __init__(self, folder: Path, logs: dict[Path, bytes]) -> None:
        self.folder, self.logs = folder, logs
        self.interruptions = 0
        for home in ("claude/projects", "codex/sessions"):
            (folder / home).mkdir(parents=True)
        self.workspace = Workspace(folder / "data", Settings())
        prepare(self.workspace, logs)

    def grow(self, path: Path, share: float = 1.0) -> None:
        """So much more of the log is there now."""
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        held = place.read_bytes() if place.exists() else b""
        content = self.logs[path]
        if len(held) < len(content):
            place.write_bytes(content[: len(held) + max(1, int(share * len(content)))])

    def settle(self) -> Dump:
        """Everything is there; go round once more."""
        for path in self.logs:
            self.grow(path)
        self.learn()
        return dump_loop(self.workspace.folder)

    def ingest(self) -> None:
        ingest(self.workspace, jobs=1)

    def learn(self) -> loop.LearnReport:
        with still():
            return loop.learn(self.workspace)

    def learn_cut_short(self, after: int) -> None:
        """Ctrl-C after so many sessions were measured; -1: while the round is kept, -2: before its briefing is."""
        left = max(after, 0)

        def interrupted(*arguments: Any) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
            stored(*arguments)

        stored = points.store_point
        target = {-1: "fold._keep", -2: "run.prepare_briefing"}.get(after, "points.store_point")
        try:
            with still(), mock.patch(f"tachograph.app.learn.{target}", interrupted):
                loop.learn(self.workspace)
        except KeyboardInterrupt:
            self.interruptions += 1


def prepare(workspace: Workspace, logs: dict[Path, bytes]) -> None:
    """What people and hooks have left in the data folder: a decision, scores, and who was given what."""
    ingest(workspace, jobs=1)
    mains = sorted(path.stem for path in logs if path.parts[0] == "claude" and len(path.parts) == 4)
    with open_writer(workspace.folder) as connection, transaction(connection):
        decide(connection, "batch_tasks", "main", "activate", "user", at=STARTED, numbers=_NUMBERS)
        connection.executemany(
            "INSERT INTO evaluations VALUES (?, 'relevance', 'judge', 1, ?, 'judge')",
            [(f"claude_code:{session}", 0.5 + _number(session) / 100) for session in mains],
        )
    (workspace.folder / "hooks").mkdir(mode=0o700, exist_ok=True)
    lines = b"".join(_assigned(f"claude_code:{session}") for session in mains if _number(session) > 8)
    (workspace.folder / "hooks" / "assignments.ndjson").write_bytes(lines)
    (workspace.folder / "hooks" / "trial.key").write_text(KEY)


def _number(session: str) -> int:
    """That the builder has put into the id."""
    return int(session[:8], 16)


_NUMBERS = {"sessions": 8.0, "value": 1.2, "bound": 1.0}


def _assigned(session: str) -> bytes:
    arm = "treatment" if is_treated(KEY, TRIAL, session, 0.5) else "control"
    line = {"v": 1, "trial": TRIAL, "suggestion": "batch_tasks", "session": session, "agent_type": "main"}
    return msgspec.json.encode({**line, "arm": arm, "share": 0.5, "at": STARTED}) + b"\n"


@contextmanager
def still() -> Any:
    """The loop's clock does not move; it remembers the fold after so many sessions that a short history has some."""
    distances = mock.patch("tachograph.app.learn.fold.DISTANCES", (12, 4))
    with distances, mock.patch("tachograph.app.learn.decisions.time", SimpleNamespace(time_ns=lambda: NOW * 1_000_000)):
        yield


def dump_loop(folder: Path) -> Dump:
    """All that the loop holds and has told: tables, records and the briefing."""
    with closing(sqlite3.connect(folder / "warehouse.sqlite")) as connection:
        dump: Dump = {
            name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in _TABLES
        }
        for kind, name, record in connection.execute(
            "SELECT kind, name, record FROM loop_records WHERE kind <> 'snapshot' ORDER BY 1, 2"
        ):
            dump[f"{kind} {name}"] = msgspec.msgpack.decode(record, strict=False)
    dump["briefing"] = msgspec.json.decode((folder / "hooks" / "briefing.json").read_bytes())
    return dump


def assert_same(found: Dump, expected: Dump) -> None:
    """Part by part, so that a failure shows which one differs."""
    assert sorted(found) == sorted(expected)
    for name, part in expected.items():
        assert found[name] == part, name
