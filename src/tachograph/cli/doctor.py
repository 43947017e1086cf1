"""``tacho doctor``."""

from __future__ import annotations

import click

from tachograph.app.doctor import Check, DoctorReport, Status, examine
from tachograph.cli._options import json_option
from tachograph.cli._output import print_document, print_json
from tachograph.report.document import Block, Document, Heading, Line, Style

_MARKS: dict[Status, str] = {"ok": "✓", "info": "·", "warn": "!", "broken": "✗"}
_STYLES: dict[Status, Style] = {"ok": "", "info": "", "warn": "warn", "broken": "bad"}
_EXIT_BROKEN = 4


@click.command()
@json_option
def command(as_json: bool) -> int:
    """Check the store, the logs and this machine; exit code 4 when something is broken.

    Reads only: nothing is ingested, repaired or sent.
    """
    report = examine()
    print_json("doctor", report) if as_json else print_document(_describe(report))
    return _EXIT_BROKEN if report.status == "broken" else 0


def _describe(report: DoctorReport) -> Document:
    blocks: list[Block] = [Heading("Doctor", f"data in {report.data_dir}")]
    for check in report.checks:
        blocks += _lines(check)
    blocks += [Line(), Line(_conclusion(report.checks), _STYLES[report.status] or "good")]
    return Document(blocks)


def _lines(check: Check) -> list[Block]:
    lines: list[Block] = [Line(f"{_MARKS[check.status]} {check.name}: {check.summary}", _STYLES[check.status])]
    for detail in check.details:
        text = detail.lstrip()
        lines.append(Line(text, "dim", indent=4 + len(detail) - len(text)))
    if check.hint:
        lines.append(Line(f"→ {check.hint}", indent=4))
    return lines


def _conclusion(checks: list[Check]) -> str:
    broken = [check.name for check in checks if check.status == "broken"]
    warned = [check.name for check in checks if check.status == "warn"]
    if broken:
        return f"Broken: {', '.join(broken)}."
    if warned:
        return f"Nothing is broken; worth a look: {', '.join(warned)}."
    return "All is well."
