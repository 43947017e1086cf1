"""A finding's proof as a document."""

from __future__ import annotations

import re
from datetime import tzinfo

from tachograph.app.explain import Explanation, Step
from tachograph.report.document import Block, Column, Document, Facts, Heading, Line, Table
from tachograph.report.units import count, counted, minute, tokens, usd

_MARK = "▶"


def describe_explanation(explanation: Explanation, zone: tzinfo) -> Document:
    """What was found, by which rule, and the steps of the proof (marked) with what lay between."""
    finding = explanation.finding
    blocks: list[Block] = [
        Heading(explanation.title, f"finding {finding.id}"),
        Facts(
            [
                ("session", f"{finding.session} (tacho show {finding.session_name})"),
                ("when", minute(finding.at, zone)),
                ("turns", ", ".join(map(str, finding.evidence["turns"]))),
                ("wasted", _wasted(explanation)),
                *((name.replace("_", " "), _value(value)) for name, value in finding.facts.items() if value != ""),
            ]
        ),
        Heading("Rule"),
        *_rule(explanation.rule),
    ]
    if explanation.steps:
        blocks += [Heading("Proof", f"{_MARK} proves it; the rest lay between"), _steps(explanation.steps, zone)]
    return Document(blocks)


def _rule(text: str) -> list[Block]:
    """The rule's paragraphs, each item of a list on lines of its own."""
    blocks: list[Block] = []
    for paragraph in text.replace("``", "`").split("\n\n"):
        first, *items = re.split(r"(?:\A|\n)\s*- ", paragraph)
        if first.strip():
            blocks.append(Line(" ".join(first.split())))
        blocks += [Line(f"- {' '.join(item.split())}", indent=2) for item in items]
    return blocks


def _wasted(explanation: Explanation) -> str:
    finding = explanation.finding
    label = " (estimate)" if finding.is_estimate else ""
    carried = f", read again {tokens(finding.carried_tokens)}" if finding.carried_tokens else ""
    return f"{usd(finding.wasted_usd)}{label}, {tokens(finding.wasted_tokens)} tokens{carried}"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return count(value)
    return "not known" if value is None else str(value)


def _steps(steps: list[Step], zone: tzinfo) -> Table:
    columns = [
        Column("", "left", style="accent"),
        Column("turn"),
        Column("at", "left", rank=2),
        Column("what", "left"),
        Column("", "left", flexible=True),
        Column("came of it", "left", flexible=True, least=18),
    ]
    rows: list[list[str]] = []
    for step in steps:
        if step.left_out:
            rows.append(["", "", "", "…", f"({counted(step.left_out, 'step')} left out)", ""])
        rows.append(
            [
                _MARK if step.is_proof else "",
                str(step.turn),
                f"{step.at.astimezone(zone):%H:%M:%S}",
                step.what,
                step.text,
                _outcome(step),
            ]
        )
    return Table(columns, rows)


def _outcome(step: Step) -> str:
    code = f"exit {step.exit_code}" if step.exit_code else ""
    return " · ".join(part for part in (step.status or "", code, step.result or "") if part)
