"""``tacho expect``."""

from __future__ import annotations

from pathlib import Path

import click

from tachograph.app.expect.explain import explain_file
from tachograph.app.expect.lint import LintReport, lint_files
from tachograph.cli._expect_learn import learn_command
from tachograph.cli._expectations import describe_expectations
from tachograph.cli._options import json_option
from tachograph.cli._output import print_document, print_json
from tachograph.report.sanitise import harmless

WRONG = 4
"""Exit code when a file makes no sense."""


@click.group()
def command() -> None:
    """Write, read and examine expectations: what a session must have done."""


command.add_command(learn_command)


@command.command("explain")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--case", metavar="ID", help="Only this case of a ground truth.")
@json_option
def explain_command(file: Path, case: str | None, as_json: bool) -> None:
    """Say in words what FILE asks of a session.

    FILE holds expectations by themselves, or it is a manifest.yaml or a ground_truth.yaml. A ground truth is shown with
    what the manifest beside it asks of every case; keys that are other tools' are listed and left alone.
    """
    explained = explain_file(file, case)
    print_json("expect_explain", explained) if as_json else print_document(describe_expectations(explained))


@command.command("lint")
@click.argument("target", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-v", "--verbose", is_flag=True, help="Also tell which keys are other tools' and were left alone.")
@json_option
def lint_command(target: tuple[Path, ...], verbose: bool, as_json: bool) -> int:
    """Examine files of expectations: everything that is wrong with them, with line and column.

    TARGET is a file, or a folder: then every manifest.yaml, ground_truth.yaml and *.expect.yaml in it is examined. A
    file that asks for nothing is wrong only when it holds nothing but expectations.
    """
    report = lint_files(target)
    print_json("expect_lint", report) if as_json else _print_lines(report, verbose)
    return WRONG if report.flaws else 0


def _print_lines(report: LintReport, verbose: bool) -> None:
    """A line for each flaw, as editors and CI read it."""
    for flaw in report.flaws:
        click.echo(harmless(str(flaw)))
    for file, keys in report.not_ours.items() if verbose else ():
        click.echo(harmless(f"{file}: not ours, left alone: {', '.join(keys)}"))
