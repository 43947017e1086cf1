"""``tacho suggest``."""

from __future__ import annotations

from pathlib import Path

import click

from tachograph.app.learn.installed import load_installed
from tachograph.app.learn.run import learn_if_free
from tachograph.app.promoting import Promotion, promote_suggestion
from tachograph.app.suggestions import (
    DecisionList,
    SuggestionChange,
    SuggestionDetails,
    SuggestionList,
    SuggestionRow,
    activate,
    disable,
    list_decisions,
    list_suggestions,
    show_suggestion,
)
from tachograph.app.workspace import Workspace
from tachograph.cli._loop import loop_connection, type_option
from tachograph.cli._options import json_option, update_option
from tachograph.cli._output import print_document, print_json
from tachograph.cli._session import note
from tachograph.report.document import Block, Column, Document, Facts, Heading, Line, Table
from tachograph.report.units import UNKNOWN, usd


@click.group()
def command() -> None:
    """See what could be changed, put it to the test, keep what is proven."""


@command.command("list")
@type_option
@update_option
@json_option
def list_command(agent_type: str | None, no_ingest: bool, as_json: bool) -> None:
    """List suggestions that fit your last weeks' sessions, and those under test, by what they may save."""
    workspace = Workspace()
    with loop_connection(workspace, no_ingest) as connection:
        found = list_suggestions(connection, workspace, agent_type)
    print_json("suggestions", found) if as_json else print_document(_describe(found))


@command.command("show")
@click.argument("id", metavar="ID")
@update_option
@json_option
def show_command(id: str, no_ingest: bool, as_json: bool) -> None:
    """Show one suggestion: when it fits, what sessions are told, what can be done besides, and the evidence."""
    with loop_connection(Workspace(), no_ingest) as connection:
        details = show_suggestion(connection, id)
    print_json("suggestion", details) if as_json else print_document(_describe_one(details))


@command.command("activate")
@click.argument("id", metavar="ID")
@type_option
@json_option
def activate_command(id: str, agent_type: str | None, as_json: bool) -> None:
    """Put a suggestion to the test: half of the next sessions are given its text, the others are the control group.

    At most three are under test for an agent type. Hooks have to be installed: tacho hooks install.
    """
    workspace = Workspace()
    learn_if_free(workspace, update=workspace.settings.ingest_auto, note=note)
    one = activate(workspace, id, agent_type)
    learn_if_free(workspace, update=False, note=note)
    agents = load_installed(workspace.folder).agents
    if not agents:
        note("No hooks are installed, so no session is told anything yet: tacho hooks install.")
    elif one.agent and one.agent not in agents:
        note(f"It is about sessions of {one.agent}, which has no hooks: tacho hooks install --agent {one.agent}.")
    if as_json:
        print_json("suggestion_activated", SuggestionChange(id, one.agent_type, one.trial))
    else:
        print_document(Document([Line(f"Under test from now on: {id} for {one.agent_type}; tacho trials shows how.")]))


@command.command("disable")
@click.argument("id", metavar="ID")
@click.option("--reason", metavar="TEXT", default="", help="Why, for the history.")
@type_option
@json_option
def disable_command(id: str, reason: str, agent_type: str | None, as_json: bool) -> None:
    """Take a suggestion out of the next sessions; its trial ends."""
    workspace = Workspace()
    one = disable(workspace, id, agent_type, reason)
    learn_if_free(workspace, update=False, note=note)
    if as_json:
        print_json("suggestion_disabled", SuggestionChange(id, one.agent_type, one.trial))
    else:
        print_document(Document([Line(f"Disabled: {id} for {one.agent_type}.")]))


@command.command("history")
@update_option
@json_option
def history_command(no_ingest: bool, as_json: bool) -> None:
    """Show what was decided about suggestions, by you and by the loop, and why."""
    with loop_connection(Workspace(), no_ingest) as connection:
        decisions = list_decisions(connection)
    print_json("suggestion_history", decisions) if as_json else print_document(_describe_history(decisions))


@command.command("promote")
@click.argument("id", metavar="ID")
@click.option("--apply", is_flag=True, help="Write the file; without it, only the change is shown.")
@click.option("--remove", is_flag=True, help="Take the text out of the file again.")
@click.option(
    "--project", "folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
    help="The files of this project instead of your own.",
)  # fmt: skip
@click.option(
    "--agent",
    metavar="NAME",
    help="Whose files: claude_code or codex. By default those of the agent whose sessions took part in the trial.",
)
@type_option
@json_option
def promote_command(
    id: str, apply: bool, remove: bool, folder: Path | None, agent: str | None, agent_type: str | None, as_json: bool
) -> None:
    """Write a suggestion's text into the agent's own file, so that all sessions have it.

    Shows the change; --apply makes it, with a backup. A subagent's text goes into its file in the folder agents, a main
    session's into CLAUDE.md or AGENTS.md, between two marks: everything else stays as it is.
    """
    workspace = Workspace()
    done = promote_suggestion(
        workspace, id, agent_type, agent=agent, project=folder, apply=apply, remove=remove, by="user"
    )
    if apply:
        learn_if_free(workspace, update=False, note=note)
    if done.state != "proven" and not remove:
        note(f"{id} is not proven: {done.sessions} sessions have been judged so far.")
    print_json("promotion", done) if as_json else print_document(_describe_promotion(done))


def _describe_promotion(done: Promotion) -> Document:
    if not done.diff:
        return Document([Line(f"{done.path} needs no change.")])
    lines: list[Block] = [
        Line(line, "good" if line.startswith("+") else "bad" if line.startswith("-") else "dim")
        for line in done.diff.splitlines()
    ]
    if done.applied:
        saved = f"; as it was before: {done.backup}" if done.backup else ""
        return Document([*lines, Line(), Line(f"Written: {done.path}{saved}.")])
    return Document([*lines, Line(), Line("Nothing is written yet: --apply makes this change.", "dim")])


def _describe(found: SuggestionList) -> Document:
    blocks: list[Block] = []
    if found.suggestions:
        columns = [
            Column("suggestion", "left", style="strong"),
            Column("agent type", "left", flexible=True, least=8),
            Column("state", "left"),
            Column("may save", "right"),
            Column("priority", "left", rank=1),
            Column("target KPI", "left", rank=2),
            Column("what", "left", flexible=True),
        ]
        blocks += [
            Heading("Suggestions", "may save: USD a week, estimated from your own last weeks"),
            Table(columns, [_row(one) for one in found.suggestions]),
        ]
    else:
        blocks.append(Line("Nothing fits the last weeks' sessions."))
    if not found.hooks:
        blocks.append(Line("No hooks are installed, so no session is told anything: tacho hooks install.", "dim"))
    elif found.activation == "manual":
        blocks.append(Line("tacho suggest activate ID puts one to the test.", "dim"))
    return Document(blocks)


def _row(one: SuggestionRow) -> list[str]:
    saving = UNKNOWN if one.usd_per_week is None else f"{usd(one.usd_per_week)}/week"
    return [one.id, one.agent_type, one.state.replace("_", " "), saving, one.priority.lower(), one.kpi, one.title]


def _describe_one(details: SuggestionDetails) -> Document:
    facts = [
        ("suggestion", details.id),
        ("what", details.title),
        ("target", f"{details.kpi}, {details.direction}"),
        ("priority", details.priority.lower()),
        ("impact", details.impact),
        ("besides", details.implementation),
        ("text", details.guidance),
    ]
    blocks: list[Block] = [Facts(facts)]
    for row in details.rows:
        saving = UNKNOWN if row.usd_per_week is None else f"{usd(row.usd_per_week)} a week: {row.basis}"
        items = [("state", row.state.replace("_", " ")), ("may save", saving)]
        items += [("sessions are told", row.text)] if row.text else []
        items += [("evidence", line) for line in row.evidence]
        blocks += [Heading(row.agent_type), Facts(items)]
    return Document(blocks)


def _describe_history(found: DecisionList) -> Document:
    if not found.decisions:
        return Document([Line("Nothing was decided yet.")])
    columns = [
        Column("at", "left"), Column("suggestion", "left", style="strong"), Column("agent type", "left", flexible=True),
        Column("action", "left"), Column("by", "left"), Column("reason", "left", flexible=True),
    ]  # fmt: skip
    rows = [
        [f"{one.at:%Y-%m-%d %H:%M}", one.suggestion, one.agent_type, one.action, one.by, one.reason]
        for one in found.decisions
    ]
    return Document([Heading("Decisions", "the latest first; times are UTC"), Table(columns, rows)])
