"""Fill a warehouse with a made-up history of any size, for measuring what depends on its size.

``python tools/big_history.py FOLDER --sessions 100000 --calls 10000000``. Rows are written straight into the tables
that logs would fill, and everything derived is derived by the program itself. All ids are new in every run.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import sqlite3
import sys
import time
from pathlib import Path

CHUNK = 2000
DAY_MS = 86_400_000
MODELS = {
    "claude_code": ["claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-1"],
    "codex": ["gpt-5.1-codex", "gpt-5-codex", "a-model-without-price"],
}
PROVIDERS = {"claude_code": "anthropic", "codex": "openai"}
TOOLS = [
    ("Bash", "shell"), ("Read", "read"), ("Edit", "edit"), ("Grep", "search"), ("Glob", "search"), ("Write", "edit"),
    ("TodoWrite", "task"), ("WebFetch", "web"), ("Task", "subagent"), ("mcp__github__search", "mcp:github"),
    ("mcp__db__query", "mcp:db"), ("NotebookEdit", "edit"),
]  # fmt: skip
TOOL_WEIGHTS = [34, 25, 14, 8, 4, 4, 4, 2, 1, 2, 1, 1]
TASKS = ["feature-build", "debug-fix", "research-recon", "infra-deploy", "ml-eval", None]
VERBS = ["Add", "Fix", "Explain", "Refactor", "Deploy", "Measure", "Review", "Document", "Speed up", "Test"]
NOUNS = ["the parser", "the login form", "the nightly job", "the index", "the cache", "the price table", "the build"]
DETECTORS = ["cache_rebuild", "heavy_result", "redundant_read", "repeated_failed_retry", "failed_edit_loop"]
KPIS = ["token_efficiency", "task_completion_rate", "active_time_ratio", "tool_overhead_ratio", "cache_efficiency",
        "error_rate"]  # fmt: skip


def main() -> None:
    """Fill the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sessions", type=int, default=100_000, help="main sessions")
    parser.add_argument("--calls", type=int, default=10_000_000, help="tool calls of all sessions together")
    parser.add_argument("--days", type=int, default=730, help="over which the sessions are spread, up to now")
    options = parser.parse_args()
    build(options.folder, options.sessions, options.calls, options.days)


def build(folder: Path, sessions: int, calls: int, days: int) -> None:
    """Make the warehouse in ``folder``, which must hold none."""
    from tachograph.app.analyst import Analyst
    from tachograph.app.ingest import ingest
    from tachograph.app.learn.agent_types import AgentTypes
    from tachograph.app.learn.points import forget_outdated
    from tachograph.app.workspace import Workspace
    from tachograph.settings import Settings
    from tachograph.warehouse.store import open_writer, warehouse_file

    if warehouse_file(folder).exists():
        sys.exit(f"{folder} holds a warehouse already.")
    nowhere = folder / "nowhere"
    nowhere.mkdir(parents=True)
    workspace = Workspace(folder, Settings())
    ingest(workspace, path=nowhere)
    started = time.monotonic()
    with open_writer(folder) as connection:
        forget_outdated(connection, AgentTypes({}))
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -262144")
        maker = Maker(connection, Analyst(workspace.prices(connection), workspace.settings), workspace, days)
        for first in range(0, sessions, CHUNK):
            size = min(CHUNK, sessions - first)
            maker.add_chunk(size, calls * size // sessions)
            done = first + size
            print(
                f"\r{done:,} sessions, {maker.calls:,} calls, {time.monotonic() - started:.0f} s",
                end="",
                file=sys.stderr,
            )
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size_mb = warehouse_file(folder).stat().st_size / 1e6
    print(f"\n{size_mb:,.0f} MB of warehouse in {time.monotonic() - started:.0f} s", file=sys.stderr)


class Maker:
    """Makes sessions and stores them."""

    def __init__(self, connection: sqlite3.Connection, analyst: object, workspace: object, days: int) -> None:
        self.connection = connection
        self.analyst = analyst
        self.prices = workspace.prices(connection)
        self.random = random.Random(os.urandom(16))
        self.now = time.time_ns() // 1_000_000
        self.days = days
        self.calls = 0
        self.number = 0
        self.projects = [f"/home/dev/code/{name}-{n}" for n in range(8) for name in
                         ("shop", "engine", "site", "tools", "infra")]  # fmt: skip
        self.weights = [1 / (place + 1) for place in range(len(self.projects))]
        self.widths = {
            table: len(connection.execute(f"PRAGMA table_info({table})").fetchall())
            for table in ("logs", "responses", "tool_calls", "prompts")
        }

    def add_chunk(self, sessions: int, calls: int) -> None:
        """Add ``sessions`` main sessions, every fifth with a subagent, and about ``calls`` tool calls."""
        from tachograph.warehouse.derive import derive
        from tachograph.warehouse.store import transaction
        from tachograph.warehouse.writer import Touched

        sizes = [self.random.lognormvariate(0, 1.1) for _ in range(sessions)]
        share = calls / sum(sizes)
        touched = Touched()
        with transaction(self.connection):
            for size in sizes:
                main = self.add_session(max(1, round(size * share * 0.97)), None, touched)
                if self.random.random() < 0.2:
                    self.add_session(max(1, round(calls / sessions * 0.15)), main, touched)
            derive(self.connection, touched, self.analyst)
            self.add_extras(touched.sessions)

    def add_session(
        self, calls: int, parent: tuple[str, int, str, str] | None, touched: object
    ) -> tuple[str, int, str, str]:
        """One session with a log of its own; returns its name, beginning, project and agent."""
        rng = self.random
        self.number += 1
        if parent is None:
            agent = "claude_code" if rng.random() < 0.7 else "codex"
            project = rng.choices(self.projects, self.weights)[0]
            name = f"{agent}:{rng.getrandbits(128):032x}"
            start = self.now - round(rng.random() ** 1.3 * self.days * DAY_MS) - 600_000
        else:
            name, start, project, agent = (
                f"{parent[0]}/{rng.getrandbits(60):015x}",
                parent[1] + 60_000,
                parent[2],
                parent[3],
            )
        models = MODELS[agent]
        model = models[min(len(models) - 1, int(rng.expovariate(1.5)))]
        turns = max(1, round(math.sqrt(calls) * rng.random()))
        responses = max(1, round(calls / 1.4))
        step = rng.randint(4_000, 14_000)
        end = min(start + responses * step, self.now - 1000)
        failed = sum(rng.random() < 0.04 for _ in range(min(calls, 50))) * calls // min(calls, 50)
        log = self.insert(
            "logs",
            (None, rng.getrandbits(62), agent, f"/nowhere/{name}.jsonl", 4000 * calls, 0, self.number, 1, 0, 0,
             4000 * calls, 2 * calls, b"", -1, 0, "{}"),
        )  # fmt: skip
        verb, noun = rng.choice(VERBS), rng.choice(NOUNS)
        opening = f"{verb} {noun} of {project.rpartition('/')[2]}, item {self.number}"
        segment = int(
            self.connection.execute(
                "INSERT INTO segments (log, ordinal, session, agent, kind, parent_id, agent_type, project, cwds,"
                " git_branch, versions, title, entrypoint, started_at, ended_at, complete, lines, usage_lines,"
                " skipped_usage, turns, prompts, interruptions, compactions, api_errors, tool_calls, tool_errors,"
                " tool_denied, subagents, lines_added, lines_removed, active_ms, first_at, opening_hash, opening,"
                " task_type)"
                " VALUES (?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'cli', ?, ?, 1, ?, ?, '{}', ?, ?, ?, ?, ?, ?, ?, ?, ?,"
                " ?, ?, ?, ?, ?, ?, ?)",
                (log, name, agent, "main" if parent is None else "subagent", parent and parent[0],
                 None if parent is None else "Explore", project, json.dumps([project]), "main", '["2.1.0"]',
                 f"{verb} {noun}" if rng.random() < 0.5 else None, start, end, 2 * calls, responses, turns,
                 turns if parent is None else 0, rng.random() < 0.1, rng.random() < 0.2, rng.random() < 0.1,
                 calls, failed, rng.random() < 0.05, 0, calls * 3, calls, round((end - start) * 0.6), start,
                 rng.getrandbits(62) if rng.random() < 0.97 else 7, opening, rng.choice(TASKS)),
            ).lastrowid
        )  # fmt: skip
        self.add_records(segment, agent, model, calls, responses, turns, start, end, opening)
        touched.segments.add(segment)
        touched.sessions.add(name)
        return name, start, project, agent

    def add_records(self, segment: int, agent: str, model: str, calls: int, responses: int, turns: int, start: int,
                    end: int, opening: str) -> None:  # fmt: skip
        """Prompts, responses and tool calls, evenly over the session."""
        from tachograph.model import Usage

        rng, provider = self.random, PROVIDERS[agent]
        span = max(1, end - start)
        positions = range(turns + responses + calls)
        prompts = [
            (
                segment,
                n,
                f"p{segment}-{n}",
                "human",
                start + span * n // turns,
                opening if n == 0 else "Go on.",
                40,
                n,
                None,
            )
            for n in positions[:turns]
        ]
        rows = []
        context = 12_000
        cost_of = self.prices.price
        for n in range(responses):
            at = start + span * n // responses
            context = context + 900 if context < 160_000 else 30_000
            usage = (300, context, 900, 0, 400 + n % 600)
            cost = cost_of(provider, model, at - at % DAY_MS, "standard", Usage(*usage))
            rows.append(
                (segment, turns + n, 0, rng.getrandbits(62), f"msg_{segment}_{n}", model, provider, at, at + 3000,
                 *usage, 0, 0, cost, "tool_use", 1, "standard", "main", 0, 0, 1, usage[-1], 1, 1)
            )  # fmt: skip
        tools = rng.choices(TOOLS, TOOL_WEIGHTS, k=calls)
        made = []
        for n, (name, category) in enumerate(tools):
            at = start + span * n // calls
            status = "error" if (n * 7919) % 100 < 4 else "ok"
            took = 40 << (n * 31 % 11)
            made.append(
                (segment, turns + responses + n, f"call_{segment}_{n}", turns + n * responses // calls, name, category,
                 at, at + took, status, None, "pytest -q tests" if category == "shell" else None,
                 f"src/module_{n % 40}.py" if category in ("read", "edit") else None, None, None, "none", n, n,
                 300 + n % 5000, "AssertionError: # of # differ" if status == "error" else None, None, None, None, None,
                 None, None, None, 80, None, None, "", None)
            )  # fmt: skip
        self.calls += calls
        self.insert_many("prompts", prompts)
        self.insert_many("responses", rows)
        self.insert_many("tool_calls", made)

    def add_extras(self, ids: set[str]) -> None:
        """Findings and KPIs, which need no records to be what they are."""
        rng = self.random
        marks = self.connection.execute(
            "SELECT s.id, s.agent, s.kind, s.project, s.task_type, s.started_at, s.ended_at, g.segment, s.agent_type"
            " FROM sessions s JOIN segments g ON g.session = s.id"
            " WHERE s.session > (SELECT max(session) FROM sessions) - ?",
            (len(ids) + 10,),
        ).fetchall()
        findings, points, kpis = [], [], []
        for session, agent, kind, project, task, start, end, segment, agent_type in marks:
            if session not in ids:
                continue
            for n in range(min(6, int(rng.expovariate(0.5)))):
                evidence = {
                    "calls": [f"call_{segment}_{n}"],
                    "responses": [f"msg_{segment}_{n}"],
                    "turns": [1],
                    "facts": {},
                }
                cost = rng.randrange(10**9, 3 * 10**12)
                findings.append(
                    (segment, f"{rng.getrandbits(60):015x}", rng.choice(DETECTORS), n, start + n, 1, 4000, 9000, cost,
                     1, json.dumps(evidence), 0)
                )  # fmt: skip
            points.append(
                (session, "transcript", "main" if kind == "main" else agent_type, agent, "claude", kind, project, task,
                 start, end, 10**12, "{}")
            )  # fmt: skip
            kpis += [(session, name, min(1.0, max(0.0, rng.gauss(0.7, 0.1)))) for name in KPIS]
        self.connection.executemany(f"INSERT OR IGNORE INTO findings VALUES ({', '.join('?' * 12)})", findings)
        columns = "session, origin, agent_type, agent, family, kind, project, task_type"
        columns += ", started_at, ended_at, cost_pico, lacking"
        self.connection.executemany(f"INSERT OR REPLACE INTO points ({columns}) VALUES ({', '.join('?' * 12)})", points)
        self.connection.executemany("INSERT OR REPLACE INTO kpis VALUES (?, ?, ?)", kpis)

    def insert(self, table: str, row: tuple[object, ...]) -> int:
        """One row; returns its number."""
        return int(
            self.connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row).lastrowid or 0
        )

    def insert_many(self, table: str, rows: list[tuple[object, ...]]) -> None:
        """Rows of one table."""
        self.connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * self.widths[table])})", rows)


if __name__ == "__main__":
    main()
