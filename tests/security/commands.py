"""Running every reporting command there is, so that a new one is tested from its first day."""

from __future__ import annotations

from contextlib import closing

import click

from tachograph.app.workspace import Workspace
from tachograph.cli._frame import run, tacho
from tachograph.warehouse.store import open_reader, warehouse_file

WRITING = {"ingest", "demo", "purge", "import"}
"""Commands that report nothing of what is stored."""
ELSEWHERE = {"judge", "redact"}
"""Commands about files that a person names: their own tests run them."""
NEEDED: dict[str, list[list[str]]] = {
    "cost": [["--by", by] for by in ("day", "model", "project", "agent", "session", "agent-type", "branch")]
    + [["--reconcile"]],
    "show": [["--last"]],
    "score": [["--last"]],
    "waste": [["--limit", "0"]],
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
        if name in WRITING | ELSEWHERE:
            continue
        for arguments in NEEDED.get(name, [[]]):
            calls.append([name, *arguments])
            if name != "export":
                calls.append([name, *arguments, "--json"])
    return calls + _explanations()


def _explanations() -> list[list[str]]:
    """``tacho waste --explain`` for a finding of each detector that found something."""
    folder = Workspace().folder
    if not warehouse_file(folder).exists():
        return []
    with closing(open_reader(folder)) as connection:
        found = connection.execute("SELECT min(id) FROM findings GROUP BY detector ORDER BY detector").fetchall()
    return [["waste", "--explain", name, *more] for (name,) in found for more in ([], ["--json"])]


def run_quietly(arguments: list[str]) -> int:
    """Run one command line in this process, without ingesting."""
    command = tacho.get_command(click.Context(tacho), arguments[0])
    assert command is not None
    if any("--no-ingest" in parameter.opts for parameter in command.params):
        arguments = [*arguments, "--no-ingest"]
    return run(arguments)
