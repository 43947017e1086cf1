"""``tacho bootstrap``."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tachograph.cli._options import json_option
from tachograph.cli._output import print_document, print_json
from tachograph.cli._session import note
from tachograph.errors import NotFound, TachographError, UsageError
from tachograph.report.document import Document, Line

if TYPE_CHECKING:
    from tachograph.app.bootstrap.message import MessageCheck
    from tachograph.app.bootstrap.plan import Request
    from tachograph.app.bootstrap.report import BootstrapReport
    from tachograph.app.bootstrap.scan import StagedScan

_POLICY = "docs/goals-policy.md"
_MOST_MESSAGE = 1 << 20


@click.group(invoke_without_command=True)
@click.option("--target-dir", type=click.Path(path_type=Path), metavar="DIR", help="The repository that DIR lies in.")
@click.option("--dry-run", is_flag=True, help="Show what would be done and change nothing.")
@click.option("--force", is_flag=True, help="Replace an edited policy; take out marks without a partner.")
@click.option("--remove", is_flag=True, help="Take it all away again, but for the ledger and an edited policy.")
@click.option("--commit-msg-check", is_flag=True, help="Also have git check that messages name a goal.")
@click.option("--secret-scan", is_flag=True, help="Also have git look for secrets before each commit.")
@click.option("--policy-path", default=_POLICY, show_default=True, metavar="PATH", help="Where the policy lies.")
@json_option
@click.pass_context
def command(
    context: click.Context, target_dir: Path | None, dry_run: bool, force: bool, remove: bool, commit_msg_check: bool,
    secret_scan: bool, policy_path: str, as_json: bool,
) -> None:  # fmt: skip
    """Set a repository up for goals: ledger, policy, agents' instructions, git attributes, git hooks.

    Each change is shown. Agents are told in a marked block of AGENTS.md and CLAUDE.md; nothing outside of it is
    touched. A second time changes nothing, and finishes what was interrupted.
    """
    if context.invoked_subcommand is not None:
        return
    if target_dir is None:
        raise UsageError("Which repository?", hint="tacho bootstrap --target-dir . sets up the one you stand in.")
    if remove and (commit_msg_check or secret_scan):
        raise UsageError("--remove takes all hooks away: ask for it alone.")
    from tachograph.app.bootstrap.plan import apply_setup, plan_removal, plan_setup
    from tachograph.app.bootstrap.report import report_setup

    request = _request(target_dir, policy_path, commit_msg_check, secret_scan, force)
    setup = plan_removal(request) if remove else plan_setup(request)
    report = report_setup(setup, dry_run=dry_run)
    if not as_json:
        _show(report)
    if not dry_run:
        apply_setup(setup)
    if as_json:
        print_json("bootstrap", report)
    elif any(file.action != "unchanged" for file in report.files):
        note("nothing is written yet: this was a dry run." if dry_run else "written.")


def _request(folder: Path, policy: str, message_check: bool, secret_scan: bool, force: bool) -> Request:
    from tachograph.app.bootstrap.git_hooks import HookName
    from tachograph.app.bootstrap.plan import Request
    from tachograph.app.workspace import Workspace

    wanted: list[tuple[bool, HookName]] = [(message_check, "commit-msg"), (secret_scan, "pre-commit")]
    hooks = tuple(name for is_wanted, name in wanted if is_wanted)
    return Request(folder, Workspace().settings.goals_path, policy, hooks, force)


def _show(report: BootstrapReport) -> None:
    """Diffs line for line as they are: their spaces count."""
    print_document(Document([Line(f"Repository: {report.root}")]))
    for file in report.files:
        click.secho(f"{file.path}: {file.action}", bold=True)
        for line in file.diff.splitlines():
            click.secho(line, fg={"+": "green", "-": "red"}.get(line[:1]))
    print_document(Document([Line(text, "warn") for text in report.notes]))
    sys.stdout.flush()


@command.command("scan-staged")
@json_option
def scan_command(as_json: bool) -> int:
    """Look for secrets in what is staged in git; exit code 1 when there are any.

    Only added lines count. A line with tacho:allow-secret in it may hold one.
    """
    from tachograph.app.bootstrap.scan import scan_staged
    from tachograph.app.bootstrap.staged import read_staged

    scan = scan_staged(read_staged(Path.cwd(), os.environ))
    if as_json:
        print_json("bootstrap_scan", scan)
    else:
        _tell_scan(scan)
    return 1 if scan.secrets else 0


def _tell_scan(scan: StagedScan) -> None:
    found = [Line(f"{one.file}:{one.line}: {one.kind} {one.masked}", "bad") for one in scan.secrets]
    print_document(Document([*found]))
    sys.stdout.flush()
    for file in scan.skipped:
        note(f"{file.file} was not looked through: {file.reason}.")
    if scan.allowed:
        note(f"{scan.allowed} allowed by tacho:allow-secret.")
    if scan.secrets:
        count = len(scan.secrets)
        note(f"{count} secret{'s' if count > 1 else ''} in what is staged.")
        note("A line that only looks so may say tacho:allow-secret in a comment.")


@command.command("check-message")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def message_command(file: Path, as_json: bool) -> int:
    """Check that a commit's message names a goal: one that is open, or of today; exit code 1 when it does not.

    It stands in the subject, or in a line "Goal: ID"; "Goal: none" says that there is none. Without a ledger every
    message passes.
    """
    check = _check(file)
    if as_json:
        print_json("bootstrap_message", check)
    elif not check.passed:
        note(f"The commit message is refused: {check.reason}.")
        shown = ", ".join(check.open_goals[:10])
        note(f"Open goals: {shown}." if shown else 'No goal is open: tacho goal start --title "…" --type product')
        note('Add a line "Goal: ID", or "Goal: none" where there is none.')
    return 0 if check.passed else 1


def _check(file: Path) -> MessageCheck:
    from tachograph.app.bootstrap.message import MessageCheck, check_message
    from tachograph.app.goals.book import read
    from tachograph.app.goals.place import find_place
    from tachograph.app.workspace import Workspace
    from tachograph.cli._goal_options import chosen_zone
    from tachograph.paths import open_regular

    workspace = Workspace()
    place = find_place(Path.cwd(), workspace.settings.goals_path)
    try:
        with open_regular(file) as stream:
            message = stream.read(_MOST_MESSAGE).decode("utf-8", "replace")
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {file}.", slug="no_such_file") from error
    except OSError as error:
        raise TachographError(f"Cannot read {file}: {error.strerror or error}.", slug="cannot_read") from error
    if not place.path.exists():
        return MessageCheck(passed=True, goal=None, reason="there is no ledger of goals", open_goals=[])
    return check_message(message, read(place).state.goals, datetime.now(UTC), chosen_zone(workspace))
