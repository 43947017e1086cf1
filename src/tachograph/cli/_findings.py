"""Mechanisms of a history as a document."""

from __future__ import annotations

from tachograph.app.mechanisms import Figure, FindingsReport, MechanismReport
from tachograph.report.document import Block, Column, Document, Heading, Line, Table
from tachograph.report.units import UNKNOWN, count, counted

_SHOWN = 5


def describe_findings(report: FindingsReport) -> Document:
    """One section for each mechanism."""
    if not report.sessions:
        hint = Line("tacho doctor shows where logs were looked for.", "dim")
        return Document([Line("No sessions in this selection."), hint])
    remark = f"{counted(report.sessions, 'main session')} by their start"
    blocks: list[Block] = [Heading("Findings from history", remark)]
    for one in report.mechanisms:
        blocks += _describe(one, report.names)
    return Document(blocks)


def _describe(one: MechanismReport, names: dict[str, str]) -> list[Block]:
    ratios = [figure for figure in one.figures if figure.unit == "ratio"]
    few = {figure.about for figure in ratios} - {figure.about for figure in ratios if figure.value is not None}
    shown = [figure for figure in one.figures if figure.about not in few]
    blocks: list[Block] = [Heading(one.title, one.name)]
    if shown:
        blocks.append(_table(shown))
    blocks += [Line(note) for note in one.notes]
    evidence = next((figure.evidence for figure in shown if figure.evidence), [])
    if evidence:
        blocks.append(Line(f"See {', '.join(names[session] for session in evidence[:_SHOWN])}.", "dim"))
    return [*blocks, Line(one.method, "dim"), Line(f"What it does not prove: {one.not_proved}", "dim")]


def _table(figures: list[Figure]) -> Table:
    told = any(figure.about for figure in figures)
    tested = any(figure.p is not None for figure in figures)
    columns = [
        *([Column("about", "left", flexible=True)] if told else []),
        Column("what", "left", flexible=True),
        Column("value (95 %)", style="strong"),
        *([Column("p")] if tested else []),
        Column("n"),
        Column("of", "left", flexible=True, rank=1),
    ]
    rows = []
    last = None
    for figure in figures:
        about = [figure.about if figure.about != last else ""] if told else []
        last = figure.about
        sign = [_probability(figure.p)] if tested else []
        rows.append([*about, figure.title, _value(figure), *sign, count(figure.n), _of(figure)])
    return Table(columns, rows)


def _of(figure: Figure) -> str:
    return figure.of if figure.sessions is None else f"{figure.of} in {counted(figure.sessions, 'session')}"


def _value(figure: Figure) -> str:
    """The value with its interval, where there is one."""
    if figure.value is None:
        return UNKNOWN
    unit = " %" if figure.unit == "share" else ""
    ends = "no interval"
    if figure.low is not None and figure.high is not None:
        ends = f"{_number(figure, figure.low)} to {_number(figure, figure.high)}"
    return f"{_number(figure, figure.value)}{unit} ({ends})"


def _number(figure: Figure, value: float) -> str:
    return f"{100 * value:.1f}" if figure.unit == "share" else f"{value:.2f}"


def _probability(p: float | None) -> str:
    if p is None:
        return ""
    return "≤ .001" if p < 0.001 else f"{p:.3f}".lstrip("0")
