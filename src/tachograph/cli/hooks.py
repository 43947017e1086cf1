"""``tacho hooks``."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from tachograph.app.hooks.entries import Agent, Scope
from tachograph.app.hooks.install import FileChange, HooksChange, Request, install_hooks, uninstall_hooks
from tachograph.app.hooks.installed import Activation, read_installed
from tachograph.app.hooks.status import HooksStatus, SettingsStatus, report_status
from tachograph.app.hooks.targets import AGENTS
from tachograph.app.workspace import Workspace
from tachograph.cli._options import json_option
from tachograph.cli._output import print_document, print_json
from tachograph.report.document import Block, Column, Document, Facts, Heading, Line, Table
from tachograph.report.units import UNKNOWN

F = TypeVar("F", bound=Callable[..., Any])

_ACTIONS = {
    "installed": ("installed", "would be installed"),
    "unchanged": ("installed already", "installed already"),
    "removed": ("removed", "would be removed"),
    "restored": ("removed, the file is as it was before", "would be removed, the file is as it was before"),
    "nothing": ("nothing to remove", "nothing to remove"),
}
_QUESTION = "Try suggestions out by themselves (auto), or only those you activate (manual)?"


@click.group()
def command() -> None:
    """Install what agents run at the start and the end of their sessions."""


def _where_options(command: F) -> F:
    """``--agent --scope --dry-run``."""
    for option in (
        click.option("--dry-run", is_flag=True, help="Show what would be done and change nothing."),
        click.option("--scope", type=click.Choice(["user", "project"]), default="user", show_default=True,
                     help="Settings of the user, or of the project one stands in."),
        click.option("--agent", type=click.Choice(AGENTS), help="Only this agent."),
    ):  # fmt: skip
        command = option(command)
    return command


@command.command("install")
@_where_options
@click.option(
    "--activation",
    type=click.Choice(["auto", "manual"]),
    help="Whether suggestions are tried out by themselves or when you activate them.  [default: asks; else manual]",
)
@click.option("--statusline", is_flag=True, help="Also show costs below Claude Code's prompt.")
@json_option
def install_command(
    agent: Agent | None, scope: Scope, dry_run: bool, activation: Activation | None, statusline: bool, as_json: bool
) -> None:
    """Put the hooks into the agents' settings.

    At its start a session is then told how its kind of session has been doing, and what is on trial; at its end the
    warehouse is brought up to date. What is in the settings already stays byte by byte. A second time changes nothing.
    Without --agent, for each agent that has its folder in your home.
    """
    workspace = Workspace()
    if activation is None and not (dry_run or as_json):
        activation = _ask_activation(workspace)
    request = Request(
        directory=Path.cwd(), agent=agent, scope=scope, dry_run=dry_run, status_line=statusline, activation=activation
    )
    change = install_hooks(workspace, request)
    print_json("hooks_install", change) if as_json else print_document(_describe(change))


@command.command("uninstall")
@_where_options
@json_option
def uninstall_command(agent: Agent | None, scope: Scope, dry_run: bool, as_json: bool) -> None:
    """Take the hooks out again.

    A settings file that nobody changed since has the same bytes as before; otherwise only the hooks are taken out of
    it.
    """
    change = uninstall_hooks(Workspace(), Request(directory=Path.cwd(), agent=agent, scope=scope, dry_run=dry_run))
    print_json("hooks_uninstall", change) if as_json else print_document(_describe(change))


@command.command("status")
@click.option("--agent", type=click.Choice(AGENTS), help="Only this agent.")
@json_option
def status_command(agent: Agent | None, as_json: bool) -> None:
    """Show where the hooks are installed, whether they can run, and when they last did."""
    report = report_status(Workspace(), Path.cwd(), agent)
    print_json("hooks_status", report) if as_json else print_document(_describe_status(report))


def _ask_activation(workspace: Workspace) -> Activation | None:
    """Asked once, and only where somebody can answer and the settings leave it open."""
    is_open = workspace.settings.learn_activation == "installed"
    if not is_open or read_installed(workspace.folder).activation or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    chosen: Activation = click.prompt(_QUESTION, type=click.Choice(["auto", "manual"]), default="manual", err=True)
    return chosen


def _describe(change: HooksChange) -> Document:
    blocks: list[Block] = []
    for file in change.files:
        blocks += _describe_file(file, dry_run=change.dry_run)
    if change.activation and any(file.action in ("installed", "unchanged") for file in change.files):
        how = {"auto": "are tried out by themselves", "manual": "wait until you activate them"}[change.activation]
        blocks.append(Line(f"Suggestions {how} (activation: {change.activation})."))
    return Document([*blocks, *(Line(note, "dim") for note in change.notes)])


def _describe_file(file: FileChange, *, dry_run: bool) -> list[Block]:
    done, planned = _ACTIONS[file.action]
    blocks: list[Block] = [Heading(f"{file.agent}: {planned if dry_run else done}", file.path)]
    if file.entries and file.action != "nothing":
        blocks.append(Facts([(entry.event, shlex.join(entry.command)) for entry in file.entries]))
    return blocks


def _describe_status(report: HooksStatus) -> Document:
    columns = [
        Column("agent", "left"),
        Column("settings", "left", flexible=True, keep_end=True),
        Column("hooks", "left"),
        Column("status line", "left", rank=1),
    ]
    facts = [
        ("activation", report.activation or "not chosen"),
        ("prompts held back", "after a critical alert" if report.gate else "never"),
        ("briefing made", _moment(report.briefing_made_at)),
        ("last start seen", _moment(report.last_start_at)),
        ("last assignment", _moment(report.last_assignment_at)),
        ("last started by a hook", _moment(report.learning_started_at)),
    ]
    return Document(
        [
            Heading("Hooks"),
            Table(columns, [_status_row(file) for file in report.files]),
            Line(),
            Facts(facts),
            *(Line(note, "warn") for note in report.notes),
            *(Line(f"{file.path}: {file.problem}", "bad") for file in report.files if file.problem),
        ]
    )


def _status_row(file: SettingsStatus) -> list[str]:
    if file.problem:
        installed = "unreadable"
    elif file.missing_programs:
        installed = "program missing"
    else:
        count = sum(entry.event != "statusLine" for entry in file.entries)
        installed = f"{count} installed" if count else "none"
    return [file.agent, file.path, installed, file.status_line if file.agent == "claude_code" else UNKNOWN]


def _moment(at: datetime | None) -> str:
    return "never" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"
