"""``tacho ingest``."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from tachograph.app.ingest import IngestReport, ingest
from tachograph.app.workspace import Workspace
from tachograph.cli._options import json_option
from tachograph.cli._output import print_document, print_json
from tachograph.cli._progress import progress_bar
from tachograph.cli._session import note
from tachograph.errors import UsageError
from tachograph.report.document import Document, Line
from tachograph.report.units import count, counted, size

_SHOWN = 3


class Files(msgspec.Struct):
    """Log files."""

    seen: int
    """There, read or not."""
    changed: int
    """New or changed since the last time: these were read."""
    unreadable: int


class Published(msgspec.Struct):
    """What an ingestion did; counts are of what was read in this run."""

    files: Files
    bytes: int
    """Bytes parsed: of a log that grew, where its format allows it, only those that were added."""
    sessions: int
    """Sessions in the logs read, copies and subagents included; likewise below."""
    responses: int
    tool_calls: int
    problems: int
    """Lines and files that could not be read as they should."""
    seconds: float
    """How long it took."""
    rederived: bool
    """True: prices, findings and totals of everything were recomputed from what is stored."""
    unexamined_sessions: list[str]
    """Ids of sessions that an older version read, which did not keep all that detectors need, and whose logs were not
    there to be read again. Looked for after a rederivation or a rebuild only."""


@click.command()
@click.option("--agent", metavar="NAME", help="Only this agent's logs, such as claude_code or codex.")
@click.option(
    "--path", type=click.Path(path_type=Path), metavar="DIR", help="Logs under DIR instead of the agents' own folders."
)
@click.option(
    "--jobs", type=click.IntRange(1, 1024), help="Processes that read at the same time [default: one a core]."
)
@click.option("--rebuild", is_flag=True, help="Read every log again; keep the sessions whose logs are gone.")
@click.option("--rederive", is_flag=True, help="Recompute prices, findings and totals from what is stored.")
@json_option
def command(
    agent: str | None, path: Path | None, jobs: int | None, rebuild: bool, rederive: bool, as_json: bool
) -> None:
    """Bring the warehouse up to date: read what is new or changed in the agents' logs."""
    if rebuild and rederive:
        raise UsageError(
            "--rebuild and --rederive exclude each other.", hint="--rebuild recomputes everything as well."
        )
    if path is not None and not path.exists():
        raise UsageError(f"{path} does not exist.", slug="no_such_path")
    workspace = Workspace()
    with progress_bar() as on_progress:
        report = ingest(
            workspace,
            agent=agent,
            path=path,
            jobs=jobs or 0,
            rebuild=rebuild,
            rederive=rederive,
            on_progress=on_progress,
        )
    if report.changed or report.rederived:
        _tell_hooks(workspace)
    if as_json:
        print_json("ingest", _as_published(report))
    else:
        print_document(_describe(report))


def _tell_hooks(workspace: Workspace) -> None:
    """Go round the loop where hooks wait for its briefing; elsewhere it does when somebody asks for what it finds."""
    from tachograph.app.learn.installed import load_installed  # most machines have no hooks: start-up time

    if load_installed(workspace.folder).agents:
        from tachograph.app.learn.run import learn_if_free

        learn_if_free(workspace, update=False, note=note)


def _as_published(report: IngestReport) -> Published:
    return Published(
        Files(report.seen, report.changed, report.unreadable),
        report.bytes,
        report.sessions,
        report.responses,
        report.tool_calls,
        report.problems,
        round(report.seconds, 3),
        report.rederived,
        report.unexamined_sessions,
    )


def _describe(report: IngestReport) -> Document:
    lines = [
        f"{counted(report.seen, 'log file')} seen, {count(report.changed)} read ({size(report.bytes)})"
        f" in {report.seconds:.1f} s"
    ]
    if report.changed:
        found = ((report.sessions, "session"), (report.responses, "response"), (report.tool_calls, "tool call"))
        lines.append(", ".join(counted(number, noun) for number, noun in found))
    if report.rederived:
        lines.append("Prices, findings and totals were recomputed from what is stored")
    if report.problems or report.unreadable:
        unreadable = counted(report.unreadable, "unreadable file")
        lines.append(f"{counted(report.problems, 'problem')}, {unreadable}: see tacho doctor")
    return Document([*map(Line, lines), *_describe_unexamined(report.unexamined_sessions)])


def _describe_unexamined(sessions: list[str]) -> list[Line]:
    """How many sessions can no longer be examined, and the first few of them."""
    if not sessions:
        return []
    number = counted(len(sessions), "session")
    head = f"{number} last read by an older version, logs gone: not all waste can be found in them"
    more = [f"… and {count(len(sessions) - _SHOWN)} more: see --json"] if len(sessions) > _SHOWN else []
    return [Line(head), *(Line(one, indent=2) for one in [*sessions[:_SHOWN], *more])]
