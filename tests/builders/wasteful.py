"""A home in which every detector finds something, in Claude Code's logs and in Codex's, with prices told by heart.

Prices, for a million tokens: input $10, cache read $1, write for five minutes $12, for an hour $20, output $50; the
model ``mystery`` has none.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tachograph.app.ingest import ingest
from tachograph.app.purge import Target, plan_purge, purge
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tachograph.warehouse.store import open_reader
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.codex import CodexHome, CodexLog

HOUSE, MYSTERY = "house-model", "mystery"
RATES = {"input": 10, "output": 50, "cache_read": 1, "cache_write_5m": 12, "cache_write_1h": 20}
CONFIG = '[prices."house-model"]\n' + "".join(f"{name} = {rate}\n" for name, rate in RATES.items())
SITE, TOOLS = "/home/ada/site", "/home/ada/tools"
FILE = f"{SITE}/login.py"
TEXT = "".join(f"line {number}: x\n" for number in range(1, 31))
ERROR = "boom: no such module"


def make_workspace(home: Path, **options: object) -> Workspace:
    """A workspace in the test's home, with the made-up prices."""
    return Workspace(home / "tachograph", Settings(prices={HOUSE: RATES}, **options))  # type: ignore[arg-type]


def write_config(home: Path, more: str = "") -> None:
    """The same prices for the command line; ``more`` are further options, which stand before them."""
    folder = home / ".config" / "tachograph"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(more + CONFIG, encoding="utf-8")


def purge_session(workspace: Workspace, name: str) -> None:
    """Remove a session for good."""
    with closing(open_reader(workspace.folder)) as connection:
        plan = plan_purge(connection, Target(session=name))
    purge(workspace, plan)


@pytest.fixture
def wasteful(home: Path) -> Wasteful:
    """The home, written but not yet ingested."""
    return Wasteful(home)


class Wasteful:
    """Six sessions of Claude Code (one of them without waste) with two subagents, one of Codex with two."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.claude = ClaudeHome(home / ".claude")
        self.codex = CodexHome(home / ".codex")
        for _ in range(16):
            self.codex.ids.count("thread")  # so that no id begins as one of Claude Code's does
        self.loops = self._write_loops()
        self.heavy = self._write_heavy()
        self.rebuilt = self._write_rebuilt()
        self.rewound = self._write_rewound()
        self.parent, self.agents = self._write_subagents()
        self.clean = self.open("2026-05-20T09:00:00Z", "Explain the parser.", TOOLS).response(output=1000)
        self.thread, self.workers = self._write_codex()
        self.claude.write()
        self.codex.write()

    def ingest(self, **options: object) -> Workspace:
        """Store it."""
        workspace = make_workspace(self.home, **options)
        ingest(workspace)
        return workspace

    def open(self, at: str, text: str, project: str = SITE, model: str = HOUSE) -> ClaudeLog:
        """One more session, its prompt given."""
        return self.claude.project(project).session(at, model=model).prompt(text)

    def _write_loops(self) -> ClaudeLog:
        """Turn 1: a command fails twice, a lock once. Turn 2: a file is read twice. Turn 3: three edits fail."""
        log = self.open("2026-05-18T09:00:00Z", "Fix the broken login.")
        for _ in range(2):
            log.shell("npm test", ERROR, 1)
        log.shell("apt-get install jq", "E: Could not get lock /var/lib/dpkg/lock", 100)
        log.prompt("Now look at it.").read(FILE, TEXT).read(FILE, TEXT).prompt("Change it.")
        for _ in range(3):
            given = {"file_path": FILE, "old_string": "nowhere", "new_string": "here"}
            log.tool("Edit", given, result="String to replace not found in file.", error=True)
        return log.response()

    def _write_heavy(self) -> ClaudeLog:
        """A result of 270,000 characters (100,000 tokens) is carried by two responses: $1.20 and $0.10."""
        log = self.open("2026-05-18T11:00:00Z", "Summarise the log.")
        log.tool("Read", {"file_path": f"{SITE}/big.log"}, result="x" * 270_000, write_5m=990, output=0)
        log.response(input=0, cache_read=1000, write_5m=120_000, output=0)
        return log.prompt("And?").response(input=0, cache_read=121_000, write_5m=1000, output=0)

    def _write_rebuilt(self) -> ClaudeLog:
        """A prefix of 100,000 tokens is written again at once: $12 less $1 for a million of them."""
        log = self.open("2026-05-18T13:00:00Z", "Add a page.")
        log.response(input=0, write_5m=100_000, output=0)
        log.prompt("More.").response(input=0, cache_read=100_000, output=0)
        return log.prompt("More of it.").response(input=0, write_5m=100_000, output=0)

    def _write_rewound(self) -> ClaudeLog:
        """The second prompt is taken back: its response's 10,000 tokens of output cost $0.50."""
        log = self.open("2026-05-18T15:00:00Z", "Add a button.").response(output=100)
        before = log.tip
        log.prompt("In blue.").response(input=0, output=10_000)
        return log.rewind(before).prompt("In red.").response(output=100)

    def _write_subagents(self) -> tuple[ClaudeLog, list[ClaudeLog]]:
        """Two subagents read the same five files."""
        log = self.open("2026-05-19T09:00:00Z", "Review the project.", TOOLS)
        agents = []
        for _ in range(2):
            log.call("Task", {"description": "look", "prompt": "Look.", "subagent_type": "Explore"})
            agents.append(agent := log.subagent())
            agent.wait(1).prompt("Look.")
            for number in range(5):
                agent.read(f"{TOOLS}/part{number}.py", TEXT.replace("x", str(number)))
            agent.response()
            log.wait(30).result("Looked.")
        return log.response(), agents

    def _write_codex(self) -> tuple[CodexLog, list[CodexLog]]:
        """The same kinds of waste as Codex writes them, one turn each."""
        log = self.codex.session("2026-05-19T12:00:00Z", cwd=SITE, model=HOUSE)
        self._write_codex_loops(log)
        log.turn().prompt("Show the log.").shell("cat big.log", "y" * 400_000).tokens(input=1000)
        log.answer().tokens(input=121_000, cached=1000).complete()
        log.turn().prompt("Go on.").answer().tokens(input=121_000, cached=121_000).complete()
        log.turn().prompt("And on.").answer().tokens(input=121_000).complete()
        log.turn().prompt("In blue.").answer().tokens(input=1000, output=10_000).complete()
        log.event("thread_rolled_back", num_turns=1)
        log.turn().prompt("In red.").answer().tokens(input=1000, output=10).complete()
        workers = []
        for minute in (30, 40):
            worker = log.subagent(f"2026-05-19T12:{minute}:00Z").turn().prompt("Look.")
            for number in range(5):
                worker.shell(f"cat part{number}.py", TEXT.replace("x", str(number))).tokens(input=2000, output=20)
            workers.append(worker.answer().tokens(input=2000, output=20).complete())
        return log, workers

    def _write_codex_loops(self, log: CodexLog) -> None:
        log.turn().prompt("Fix the broken login.")
        each: tuple[tuple[int, Callable[[], object]], ...] = (
            (2, lambda: log.shell("npm test", ERROR, 1)),
            (2, lambda: log.shell("cat login.py", TEXT)),
            (3, lambda: log.patch([("Update", FILE, "@@\n-nowhere\n+here")], success=False)),
        )
        for times, act in each:
            for _ in range(times):
                act()
                log.tokens(input=1000, output=50)
        log.answer().tokens(input=1000, output=10).complete()
