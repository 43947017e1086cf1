"""Running every reporting command there is, so that a new one is tested from its first day."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from tachograph.app.workspace import Workspace
from tachograph.cli._frame import run, tacho
from tachograph.warehouse.store import open_reader, warehouse_file

WRITING = {"ingest", "demo", "purge", "import", "learn"}
"""Commands that report nothing of what is stored."""
ELSEWHERE = {"judge", "redact", "cases", "mlflow", "hooks", "serve", "run", "completion", "bootstrap"}
"""Commands about files and stores that a person names: their own tests run them."""
ABOUT_SESSIONS = {"check", "expect"}
"""Commands that are given the sessions which they are about."""
EXPECTATIONS = Path(__file__).with_name("nothing_passes.yaml")
"""Expectations that show as much of a session as a check may."""
NEEDED: dict[str, list[list[str]]] = {
    "commands": [["backfill"], ["list", "--limit", "0"], ["export", "--with-labels", "--with-scores"]],
    "label": [["list"], ["review"]],
    "ml": [["status"]],
    "predict": [["--live"], ["--task-type", "feature-build"]],
    "cost": [["--by", by] for by in ("day", "model", "project", "agent", "session", "agent-type", "branch")]
    + [["--reconcile"]],
    "alerts": [["list", "--all", "--limit", "0"], ["replay"]],
    "baseline": [["list", "--pooled"], ["show", "main", "--pooled"]],
    "compare": [["--at", "2026-05-10"]],
    "kpis": [[], ["--last"]],
    "report": [["session", "--last"], ["weekly"]],
    "show": [["--last"]],
    "suggest": [["list"], ["history"], ["show", "narrow_results"]],
    "trials": [["list"]],
    "score": [["--last"]],
    "waste": [["--limit", "0"]],
    "goal": [["list"], ["infer"], ["coverage"], ["audit"], ["compare"], ["report"], ["retro-timeline"]],
    "retries": [["--by", by] for by in ("project", "model", "agent", "branch", "week")],
    "sessions": [["--limit", "0"], ["--subagents", "--limit", "0"]],
    "export": [
        [format, "--table", table]
        for format in ("csv", "jsonl")
        for table in ("sessions", "responses", "tool_calls", "prompts", "findings", "daily")
    ],
}
"""Arguments to call a command with, where it needs some or shows different things with others."""


def reporting_commands() -> list[list[str]]:
    """Argument lists that between them show everything that any command shows."""
    calls = []
    for name in tacho.list_commands(click.Context(tacho)):
        if name in WRITING | ELSEWHERE | ABOUT_SESSIONS:
            continue
        for arguments in NEEDED.get(name, [[]]):
            calls.append([name, *arguments])
            if name != "export" and arguments[:1] != ["export"]:
                calls.append([name, *arguments, "--json"])
    calls.append(["report", "html", "--output", "-"])
    return calls + _explanations() + _about_sessions()


def _explanations() -> list[list[str]]:
    """``tacho waste --explain`` for a finding of each detector that found something."""
    found = _stored("SELECT min(id) FROM findings GROUP BY detector ORDER BY detector")
    return [["waste", "--explain", name, *more] for name in found for more in ([], ["--json"])]


def _about_sessions() -> list[list[str]]:
    """``tacho check`` and ``tacho expect learn`` for all sessions that are stored, the latter also for single ones."""
    ids = _stored("SELECT id FROM sessions WHERE kind = 'main' ORDER BY id")
    if not ids:
        return []
    check = ["check", "--expect", str(EXPECTATIONS)]
    calls = [[*check, *ids, *more] for more in ([], ["--json"], ["--markdown", "-"])]
    calls += [[*check, "--last"], [*check, ids[0]]]
    learnt = [ids, *([one] for one in ids[:: max(1, len(ids) // 8)])]
    return calls + [["expect", "learn", *some, *more] for some in learnt for more in ([], ["--json"])]


def _stored(query: str) -> list[str]:
    """What ``query`` finds in the warehouse, where there is one."""
    folder = Workspace().folder
    if not warehouse_file(folder).exists():
        return []
    with closing(open_reader(folder)) as connection:
        return [value for (value,) in connection.execute(query)]


def run_quietly(arguments: list[str]) -> int:
    """Run one command line in this process, without ingesting; that a check failed is no failure here."""
    command = tacho.get_command(click.Context(tacho), arguments[0])
    if isinstance(command, click.Group):
        command = command.get_command(click.Context(command), arguments[1])
    assert command is not None
    if any("--no-ingest" in parameter.opts for parameter in command.params):
        arguments = [*arguments, "--no-ingest"]
    code = run(arguments)
    return 0 if arguments[0] == "check" and code == 1 else code
