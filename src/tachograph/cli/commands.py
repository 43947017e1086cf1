"""``tacho commands``."""

from __future__ import annotations

import sys
import typing
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from tachograph.app.workspace import Workspace
from tachograph.cli._options import MANY, filter_options, json_option, update_option
from tachograph.report.units import counted

if TYPE_CHECKING:
    from tachograph.app.commands.dataset import DatasetRow
    from tachograph.app.commands.formats import Format

F = TypeVar("F", bound=Callable[..., Any])

_SHELLS = ("bash", "zsh", "fish")
_STDOUT = Path("-")


def _path_option(command: F) -> F:
    """``--path``: a store of its own."""
    return click.option(
        "--path", "folder", type=click.Path(path_type=Path), metavar="DIR", help="The store in DIR, such as .tacho."
    )(command)


@click.group()
def command() -> None:
    """See and export the commands that were captured, and capture more of them.

    tacho run keeps one command; shell-init has a shell note what is typed; backfill takes what agents ran from their
    logs.
    """


@command.command("list")
@click.option(
    "--limit", type=click.IntRange(0, MANY), default=20, show_default=True, metavar="N", help="How many; 0: all."
)
@click.option("--program", metavar="TEXT", help='Only programs that begin with TEXT, such as "git commit".')
@_path_option
@filter_options
@json_option
def list_command(
    limit: int, program: str | None, folder: Path | None, as_json: bool,
    since: str | None, until: str | None, project: str | None, agent: str | None, tz: str | None,
) -> None:  # fmt: skip
    """List captured commands, the latest first.

    --since and --until are about the moment a command was started; --project is part of its repository's path.
    """
    from tachograph.app.commands.events import existing_store, list_commands
    from tachograph.app.filters import make_filter
    from tachograph.capture.store import open_commands
    from tachograph.cli._commands import describe_list
    from tachograph.cli._output import print_document, print_json

    workspace = Workspace()
    chosen = make_filter(since, until, _text(project), _text(agent), tz or workspace.settings.display_timezone)
    with open_commands(existing_store(workspace, folder)) as store:
        found = list_commands(store, chosen, limit, _text(program))
    print_json("commands", found) if as_json else print_document(describe_list(found, chosen.zone))


@command.command("show")
@click.argument("name", metavar="COMMAND")
@_path_option
@json_option
def show_command(name: str, folder: Path | None, as_json: bool) -> None:
    """Show one captured command whole. COMMAND is its id or the beginning of it."""
    from tachograph.app.commands.events import existing_store
    from tachograph.app.commands.events import show_command as show
    from tachograph.app.filters import find_zone
    from tachograph.capture.store import open_commands
    from tachograph.cli._commands import describe_detail
    from tachograph.cli._output import print_document, print_json

    workspace = Workspace()
    zone, _ = find_zone(workspace.settings.display_timezone)
    with open_commands(existing_store(workspace, folder)) as store:
        found = show(store, name)
    print_json("command", found) if as_json else print_document(describe_detail(found, zone))


@command.command("export")
@click.option(
    "--format",
    "named",
    type=click.Choice(["csv", "jsonl", "parquet"]),
    help="How the rows are written; else as FILE's name ends, else csv. Parquet needs the extra of that name.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    default=_STDOUT,
    metavar="FILE",
    help="Write to FILE, readable by you alone, instead of stdout (-). It appears when all is written.",
)
@click.option("--limit", type=click.IntRange(0, MANY), default=0, metavar="N", help="Only the latest N.")
@click.option("--with-labels", is_flag=True, help="With productivity_label, label_kind and label_source.")
@click.option("--with-scores", is_flag=True, help="With the predicted score, its interval and what moved it most.")
@_path_option
@filter_options
def export_command(
    named: Format | None, out: Path, limit: int, with_labels: bool, with_scores: bool, folder: Path | None,
    since: str | None, until: str | None, project: str | None, agent: str | None, tz: str | None,
) -> None:  # fmt: skip
    """Export captured commands, the oldest first, one row each.

    The first columns are always command_hash, duration_ms, exit_code, timed_out, files_touched_count, lines_added and
    lines_deleted. What is not known is empty in CSV, null elsewhere; times are UTC. In CSV, text that a spreadsheet
    would take for a formula gets an apostrophe before it. tacho ml train --dataset reads each of the formats. Before
    --with-labels, outcomes are looked up: what the next check said, whether the change survived.
    """
    from tachograph.app.commands.dataset import write_dataset
    from tachograph.app.commands.events import each_row, existing_store
    from tachograph.app.commands.formats import choose_format, contradiction
    from tachograph.app.commands.outcomes import refresh_outcomes
    from tachograph.app.filters import make_filter
    from tachograph.capture.store import open_commands

    workspace = Workspace()
    chosen = make_filter(since, until, _text(project), _text(agent), tz or workspace.settings.display_timezone)
    if remark := contradiction(out, named):
        _note(remark)
    with open_commands(existing_store(workspace, folder)) as store:
        if with_labels:
            refresh_outcomes(workspace, store)
        found = _for_terminal(each_row(store, chosen, limit), out)
        rows = write_dataset(found, choose_format(out, named), out, labels=with_labels, scores=with_scores)
        total = rows or store.connection.execute("SELECT count(*) FROM events").fetchone()[0]
    if out != _STDOUT:
        _note(f"{counted(rows, 'command')} written to {out}")
    if not rows:
        _note(_nothing_to_export(total))


def _nothing_to_export(total: int) -> str:
    if total:
        return f"Nothing matches --since, --until, --project and --agent; the store holds {counted(total, 'command')}."
    return "No commands are stored yet: tacho run -- COMMAND keeps one, tacho commands backfill takes what agents ran."


def _for_terminal(rows: Iterable[DatasetRow], out: Path) -> Iterable[DatasetRow]:
    """The rows, without what could steer a terminal where they go to one."""
    if out != _STDOUT or not sys.stdout.isatty():
        return rows
    from tachograph.report.sanitise import harmless

    def clean(row: DatasetRow) -> DatasetRow:
        texts = {name: harmless(value) for name, value in msgspec.structs.asdict(row).items() if isinstance(value, str)}
        return msgspec.structs.replace(row, **texts)

    return map(clean, rows)


@command.command("init")
@click.option(
    "--path", "folder", type=click.Path(path_type=Path), default=Path(".tacho"), show_default=True, metavar="DIR",
    help="The folder to make.",
)  # fmt: skip
@json_option
def init_command(folder: Path, as_json: bool) -> None:
    """Make a store of commands inside a repository, kept out of git by its own .gitignore."""
    from tachograph.app.commands.init_store import init_store
    from tachograph.cli._output import print_json
    from tachograph.report.sanitise import harmless

    made = init_store(folder)
    if as_json:
        print_json("commands_init", made)
        return
    what = "made" if made.made else "was there already"
    print(f"{harmless(made.folder)} {what}; tacho run --path {harmless(made.folder)} -- COMMAND keeps commands in it.")


@command.command("shell-init")
@click.argument("shell", type=click.Choice(_SHELLS))
@click.option("--keep-text", is_flag=True, help="Keep the commands' text, redacted; else only keyed hashes.")
@_path_option
def shell_init_command(shell: str, keep_text: bool, folder: Path | None) -> None:
    """Print the lines that have a shell note each command that is typed.

    Opt-in: put them into the shell's start-up file. The prompt waits for next to nothing: one process in the background
    keeps hash, duration, exit code and folder. What a command changed is known under tacho run alone.

    \b
    bash  ~/.bashrc                   eval "$(tacho commands shell-init bash)"
    zsh   ~/.zshrc                    eval "$(tacho commands shell-init zsh)"
    fish  ~/.config/fish/config.fish  tacho commands shell-init fish | source
    """
    from tachograph.app.commands.shell_hook import Shell, shell_script

    sys.stdout.write(shell_script(typing.cast(Shell, shell), folder, keep_text))


@command.command("backfill")
@_path_option
@update_option
@json_option
def backfill_command(folder: Path | None, no_ingest: bool, as_json: bool) -> None:
    """Take the commands that agents ran from their logs.

    Running it again adds what is new and changes nothing else.
    """
    from tachograph.app.commands.backfill import backfill
    from tachograph.app.commands.events import existing_store
    from tachograph.capture.store import open_commands
    from tachograph.cli._commands import describe_backfill
    from tachograph.cli._output import print_document, print_json
    from tachograph.cli._session import report_connection

    workspace = Workspace()
    with report_connection(workspace, no_ingest):  # for its bringing the warehouse up to date
        pass
    with open_commands(existing_store(workspace, folder)) as store:
        report = backfill(workspace, store)
    print_json("commands_backfill", report) if as_json else print_document(describe_backfill(report))


@command.command("note-shell", hidden=True)
@click.option("--keep-text", is_flag=True, help="Keep the command's text, redacted.")
@_path_option
def note_shell_command(keep_text: bool, folder: Path | None) -> None:
    """What the hook of shell-init starts: keeps what it is told on stdin."""
    from tachograph.app.commands.capture import start_scoring
    from tachograph.app.commands.shell_hook import note_shell, read_note

    workspace = Workspace()
    event = note_shell(workspace, folder, read_note(sys.stdin.buffer), keep_text=keep_text)
    if event is not None:
        start_scoring(workspace, folder, event.id, None)


@command.command("score-event", hidden=True)
@click.argument("event")
@click.argument("model_dir", type=click.Path(path_type=Path))
@_path_option
def score_event_command(event: str, model_dir: Path, folder: Path | None) -> None:
    """What tacho run starts in the background: scores one event."""
    from tachograph.app.ml.score_event import score_event

    workspace = Workspace()
    score_event(workspace, folder or workspace.folder, event, model_dir)


def _text(argument: str | None) -> str | None:
    """An argument may hold any bytes; a store holds none of them."""
    return None if argument is None else argument.encode("utf-8", "replace").decode()


def _note(text: str) -> None:
    from tachograph.report.sanitise import harmless

    print(f"tacho: {harmless(text)}", file=sys.stderr)
