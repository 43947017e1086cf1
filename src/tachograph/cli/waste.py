"""``tacho waste``."""

from __future__ import annotations

from datetime import tzinfo

import click

from tachograph.app.explain import explain_finding
from tachograph.app.findings import FindingFilter, FindingRecord, check_detector
from tachograph.app.waste import WasteGroup, WasteReport, report_waste
from tachograph.app.workspace import Workspace
from tachograph.cli._explanation import describe_explanation
from tachograph.cli._options import MANY, chosen_filter, filter_options, json_option, update_option
from tachograph.cli._output import print_document, print_json
from tachograph.cli._session import report_connection
from tachograph.errors import UsageError
from tachograph.report.document import Block, Column, Document, Heading, Line, Table
from tachograph.report.units import UNKNOWN, count, counted, day, percent, tokens, usd

_LEGEND = (
    "usd (estimate): what was repeated, rebuilt or heavy, and what later responses paid to carry it, at the session's"
    " own prices; of abandoned branches what they really cost, cache reads included. Detectors overlap, so they do not"
    " add up: beside a project stand the amounts of its dearest detector. carried: the tokens as often as later"
    " responses read them again."
)
_LONG, _PARTS = 40, 3
"""Of a longer path only so many parts are shown."""
_TARGET = ("command", "path", "target", "cause", "other_session", "tool", "cwd")
"""Facts that say what a finding is about, the first one that is there."""


@click.command()
@click.option("--detector", metavar="NAME", help="Only findings of this detector.")
@click.option("--min-usd", type=float, metavar="USD", help="Only findings that cost at least this much.")
@click.option(
    "--max-gap-turns",
    type=click.IntRange(0, MANY),
    metavar="N",
    help="Of repeated reads only those with at most N responses between two of them.",
)
@click.option(
    "--limit",
    type=click.IntRange(0, MANY),
    default=10,
    show_default=True,
    metavar="N",
    help="How many findings to show, the dearest first; 0: all.",
)
@click.option("--explain", metavar="ID", help="Show one finding's proof as it happened.")
@filter_options
@update_option
@json_option
def command(
    detector: str | None, min_usd: float | None, max_gap_turns: int | None, limit: int, explain: str | None,
    as_json: bool, no_ingest: bool,
    since: str | None, until: str | None, project: str | None, agent: str | None, tz: str | None,
) -> None:  # fmt: skip
    """Show what was wasted, as far as the logs prove it: by detector, project and kind of agent.

    Sessions are those that began in the selection. A share says in how many of them there is such a finding. Amounts
    are estimates; what counts, and how it is estimated, is in the docs page on waste. --explain shows the calls that
    prove a finding, and what lay between them.
    """
    choices = (detector, min_usd, max_gap_turns, since, until, project, agent)
    if explain is not None and any(choice is not None for choice in choices):
        raise UsageError("--explain shows one finding: leave out the other choices.")
    check_detector(detector)
    workspace = Workspace()
    chosen = chosen_filter(workspace, since, until, project, agent, tz)
    with report_connection(workspace, no_ingest) as connection:
        if explain is not None:
            explanation = explain_finding(connection, explain, chosen)
            if as_json:
                print_json("finding", explanation)
            else:
                print_document(describe_explanation(explanation, chosen.zone))
            return
        report = report_waste(connection, chosen, FindingFilter(detector, min_usd, max_gap_turns), limit)
    print_json("waste", report) if as_json else print_document(_describe(report, chosen.zone))


def _describe(report: WasteReport, zone: tzinfo) -> Document:
    if not report.sessions:
        hint = Line("tacho doctor shows where logs were looked for.", "dim")
        return Document([Line("No sessions in this selection."), hint])
    remark = (
        f"{counted(report.sessions_with_findings, 'session')} of {count(report.sessions)} with a finding; time zone"
        f" {report.timezone}"
    )
    blocks: list[Block] = [Heading("Waste", remark), _groups("detector", report.detectors)]
    if report.sessions_with_findings:
        blocks += [Line(), _groups("project", report.projects), Line(), _groups("agent type", report.agent_types)]
        blocks.append(Line(_LEGEND, "dim"))
    if report.findings:
        blocks += _findings(report, zone)
    return Document([*blocks, *_remarks(report)])


def _groups(by: str, groups: list[WasteGroup]) -> Table:
    is_detector = by == "detector"
    columns = [
        Column(by, "left", flexible=True, keep_end=by == "project", least=22),
        Column("findings"),
        Column("sessions"),
        Column("share", rank=1),
        *([] if is_detector else [Column("dearest", "left")]),
        Column("tokens", rank=0 if is_detector else 2),
        Column("carried", rank=3),
        Column("usd (estimate)", style="strong"),
    ]
    rows = [_group_row(group) for group in groups]
    if not is_detector:
        rows = [[*row[:4], group.amounts_of or "", *row[4:]] for row, group in zip(rows, groups, strict=True)]
    return Table(columns, rows)


def _group_row(group: WasteGroup) -> list[str]:
    if not group.of:
        return [group.key, *[UNKNOWN] * 6]
    if not group.findings:
        return [group.key, "0", "0", percent(0, group.of), UNKNOWN, UNKNOWN, UNKNOWN]
    at_least = "≥" if group.unweighed_findings and group.wasted_tokens is not None else ""
    return [
        group.key or "(unknown)",
        count(group.findings),
        count(group.sessions),
        percent(group.sessions, group.of),
        at_least + tokens(group.wasted_tokens),
        at_least + tokens(group.carried_tokens) if group.carried_tokens else UNKNOWN,
        usd(group.wasted_usd, lower_bound=group.unpriced_findings > 0),
    ]


def _findings(report: WasteReport, zone: tzinfo) -> list[Block]:
    columns = [
        Column("id", "left", style="accent"),
        Column("session", "left", rank=1),
        Column("day", "left", rank=2),
        Column("detector", "left"),
        Column("what", "left", flexible=True),
        Column("times", rank=3),
        Column("tokens"),
        Column("usd (est.)", style="strong"),
    ]
    rows = [_finding_row(finding, zone) for finding in report.findings]
    remark = f"the dearest first; {count(report.more_findings)} more: --limit 0" if report.more_findings else ""
    return [Heading("Findings", remark), Table(columns, rows)]


def _finding_row(finding: FindingRecord, zone: tzinfo) -> list[str]:
    return [
        finding.id,
        finding.session_name,
        day(finding.at, zone),
        finding.detector,
        finding_target(finding),
        count(finding.count),
        tokens(finding.wasted_tokens),
        usd(finding.wasted_usd),
    ]


def finding_target(finding: FindingRecord) -> str:
    """What a finding is about, in a few words."""
    facts = finding.facts
    if isinstance(facts.get("prompts"), int):
        return f"{counted(facts['prompts'], 'prompt')} taken back"
    name = next((name for name in _TARGET if facts.get(name)), None)
    text = str(facts[name]) if name else ""
    return _end_of_path(text) if name in ("path", "target") and len(text) > _LONG else text


def _end_of_path(text: str) -> str:
    """The last parts of a path, which tell more than the first; any other text as it is."""
    path = text.replace("\\", "/")
    is_path = " " not in path and "/" in path
    return "…/" + "/".join(path.rstrip("/").rsplit("/", _PARTS)[-_PARTS:]) if is_path else text


def _remarks(report: WasteReport) -> list[Line]:
    lines = []
    if report.transient_failures and any(group.key == "repeated_failed_retry" for group in report.detectors):
        lines.append(
            Line(
                f"{counted(report.transient_failures, 'failed command')} left out: such errors pass by themselves"
                " (rate limits, locks, pending checks).",
                "dim",
            )
        )
    if report.unexamined_sessions:
        lines.append(
            Line(
                f"{counted(report.unexamined_sessions, 'session')} last read by an older version, which did not keep"
                f" all that is needed: {_listed(report.unexamined_detectors)} find nothing there, or not all, and"
                " shares leave such sessions out. tacho ingest reads anew what is not gone.",
                "dim",
            )
        )
    if report.findings:
        lines.append(Line("tacho waste --explain ID shows the proof.", "dim"))
    return lines


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
