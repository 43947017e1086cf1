"""``tacho check``."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

import click
import msgspec

from tachograph.app.check.recordings import OpenedRecording
from tachograph.app.check.run import Checking, FindMore, check_sessions
from tachograph.app.expect.cases import Case
from tachograph.app.expect.forms import ExpectationFile, find_skill, load_expectation_file
from tachograph.app.filters import find_zone
from tachograph.app.find_session import current_folder, find_last
from tachograph.app.workspace import Workspace
from tachograph.cli._checks import describe_checks
from tachograph.cli._options import json_option, update_option
from tachograph.cli._output import print_document, print_json
from tachograph.cli._progress import progress_bar
from tachograph.cli._session import note
from tachograph.errors import TachographError, UsageError
from tachograph.model import CheckReport
from tachograph.report.sanitise import harmless

_FAILED, _NOTHING, _UNREADABLE = 1, 3, 4
_STDOUT = Path("-")
_OUT = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@click.option("--expect", "file", metavar="FILE", type=click.Path(path_type=Path), help="The file of expectations.")
@click.option("--skill", metavar="NAME|DIR", help="The skill whose manifest and ground truth say what to expect.")
@click.option("--case", metavar="ID", help="The test case of the ground truth whose expectations hold.")
@click.option("--last", is_flag=True, help="The session that ended last in the project you stand in, else in all.")
@click.option("--project", metavar="DIR", help="With --last: the project that lies there.")
@click.option(
    "--mlflow-run",
    metavar="ID",
    help="The session whose log this MLflow run keeps as an artifact; latest: the latest run that keeps one.",
)
@click.option("--mlflow-trace", metavar="ID", help="The session that this MLflow trace tells of.")
@click.option("--experiment", metavar="NAME", help="The MLflow experiment whose latest run is meant.")
@click.option("--tracking-uri", metavar="URI", help="Where MLflow keeps its runs and traces.")
@click.option(
    "--fail-on",
    type=click.Choice(["fail", "skip"]),
    default="fail",
    show_default=True,
    help="skip: a skipped check fails too.",
)
@click.option("--junit", metavar="FILE", type=_OUT, help="Write the results as JUnit XML too; - for stdout.")
@click.option("--markdown", metavar="FILE", type=_OUT, help="Write the results as Markdown too; - for stdout.")
@update_option
@json_option
def command(
    targets: tuple[str, ...],
    file: Path | None,
    skill: str | None,
    fail_on: Literal["fail", "skip"],
    junit: Path | None,
    markdown: Path | None,
    no_ingest: bool,
    as_json: bool,
    **named: Any,
) -> int:
    """Check sessions against expectations: tools, commands, files, tokens, cost, order.

    TARGET is a log file, a folder of logs (searched recursively), or a session's id as tacho sessions lists it. Files
    and folders are only read: nothing of them gets into the warehouse. Without a TARGET each case of a ground truth is
    checked on the session that its metadata names. tacho expect learn proposes a file of expectations,
    docs/expectations.md explains what may stand in it.

    The exit code is 0 when all is as expected, 1 when a check failed, 3 when there is no such session, 4 when the file
    of expectations or a log cannot be read.
    """
    _refuse_mixture(junit, markdown, as_json)
    workspace = Workspace()
    expected = _load(file, skill, named["case"])
    with ExitStack() as stack, progress_bar() as on_progress:
        checking = Checking(
            file=expected,
            targets=targets,
            find_more=_find_last(workspace, named["project"], last=named["last"]),
            case=named["case"],
            fail_on=fail_on,
            update=workspace.settings.ingest_auto and not no_ingest,
        )
        checking = _with_mlflow(workspace, checking, named, stack)
        report = check_sessions(workspace, checking, note=note, on_progress=on_progress)
    _write(report, junit, markdown)
    if as_json:
        print_json("check", report)
    elif _STDOUT not in (junit, markdown):
        print_document(describe_checks(report, find_zone(workspace.settings.display_timezone)[0]))
    for one in report.unreadable:
        print(f"tacho: {harmless(one)} (not checked)", file=sys.stderr)
    return _exit_code(report)


def _refuse_mixture(junit: Path | None, markdown: Path | None, as_json: bool) -> None:
    """Nobody can take apart two reports on one stdout."""
    if [junit, markdown].count(_STDOUT) + as_json > 1:
        raise UsageError("Only one of --json, --junit and --markdown can go to stdout.", hint="Give the others a file.")


def _load(file: Path | None, skill: str | None, case: str | None) -> ExpectationFile:
    if (file is None) == (skill is None):
        raise UsageError(
            "Say what to expect: --expect FILE, or --skill NAME.",
            hint="tacho expect learn SESSION proposes a file; docs/expectations.md explains it.",
        )
    return load_expectation_file(file, case) if file is not None else find_skill(str(skill), Path.cwd(), case)


def _find_last(workspace: Workspace, project: str | None, *, last: bool) -> FindMore | None:
    if not last:
        if project is not None:
            raise UsageError("--project goes with --last.")
        return None
    here = workspace.clean.name(os.path.abspath(project) if project is not None else current_folder())
    return lambda connection: [find_last(connection, here, only_here=project is not None)]


def _with_mlflow(workspace: Workspace, checking: Checking, named: dict[str, Any], stack: ExitStack) -> Checking:
    """``checking`` with what the options and the cases name in MLflow, which is loaded only where something is."""
    opened: list[Callable[[str | None, str | None], str | OpenedRecording]] = []

    def fetch(run: str | None, trace: str | None) -> str | OpenedRecording:
        if not opened:
            from tachograph.mlflow.reading import open_mlflow

            place = open_mlflow(workspace, tracking_uri=named["tracking_uri"], experiment=named["experiment"])
            opened.append(stack.enter_context(place))
        return opened[0](run, trace)

    def fetch_case(case: Case) -> str | OpenedRecording:
        return fetch(case.mlflow_run, case.mlflow_trace)

    pairs = [(named["mlflow_run"], None), (None, named["mlflow_trace"])]
    in_mlflow = any(one.mlflow_run or one.mlflow_trace for one in checking.file.cases)
    if (named["experiment"] or named["tracking_uri"]) and not (
        named["mlflow_run"] or named["mlflow_trace"] or in_mlflow
    ):
        raise UsageError(
            "--experiment and --tracking-uri go with --mlflow-run, --mlflow-trace, or a case that names one."
        )
    found = [fetch(run, trace) for run, trace in pairs if run or trace]
    return msgspec.structs.replace(
        checking,
        targets=(*checking.targets, *(one for one in found if isinstance(one, str))),
        recordings=tuple(one for one in found if not isinstance(one, str)),
        fetch=fetch_case,
    )


def _write(report: CheckReport, junit: Path | None, markdown: Path | None) -> None:
    if junit is not None:
        from tachograph.report.junit import to_junit

        _write_file(junit, to_junit(report))
    if markdown is not None:
        from tachograph.report.check_markdown import to_markdown

        _write_file(markdown, to_markdown(report))


def _write_file(path: Path, text: str) -> None:
    if path == _STDOUT:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")  # as a file would be, whatever the machine's language
        sys.stdout.write(text)
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise TachographError(f"{path} cannot be written: {error.strerror}.", slug="cannot_write") from error


def _exit_code(report: CheckReport) -> int:
    if any(one.results and not one.fault and one.failed for one in report.sessions):
        return _FAILED
    if any(one.fault for one in report.sessions):
        return _NOTHING
    if report.unreadable:
        return _UNREADABLE
    return 0 if report.passed else _FAILED
