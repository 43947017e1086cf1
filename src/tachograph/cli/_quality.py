"""Judged quality as a person reads it."""

from __future__ import annotations

from tachograph.analysis.axes.quality import QUALITIES
from tachograph.app.quality import QualityReport, QualityRow
from tachograph.report.document import Block, Column, Document, Heading, Line, Table
from tachograph.report.units import UNKNOWN, counted

_LEGEND = (
    "0 to 1, the opinion of a model on prompts, calls and sizes: it sees neither what files contain nor what the agent"
    " said · hallucination: the less the better · a dash: it cannot be told"
)


def describe_quality(report: QualityReport) -> Document:
    """A row for each session that has an answer, the others below with what was in the way."""
    if not report.sessions:
        return Document([Line(f"No main session of this selection is without scores by {report.model}.")])
    columns = [
        Column("session", "left", style="accent"),
        *(Column(name) for name in QUALITIES),
        Column("turns shown"),
    ]
    scored = [one for one in report.sessions if one.reason is None]
    remark = f"{counted(len(scored), 'session')}; prompt version {report.prompt}"
    blocks: list[Block] = [
        Heading(f"Quality, judged by {report.model}", remark),
        Table(columns, [_row(one) for one in scored]),
        Line(_LEGEND, "dim"),
    ]
    blocks += [Line(f"{one.name} has no scores: {one.reason}") for one in report.sessions if one.reason is not None]
    if report.waiting:
        blocks.append(Line(f"{counted(report.waiting, 'session')} of this selection still without scores.", "dim"))
    return Document(blocks)


def tell_scores(one: QualityRow) -> str:
    """``relevance 0.9, hallucination 0.05``, or why there are none."""
    if one.reason is not None:
        return f"no scores: {one.reason}"
    told = ", ".join(f"{name} {getattr(one, name):.3g}" for name in QUALITIES if getattr(one, name) is not None)
    return f"{told or 'nothing can be told'}{' (stored)' if one.cached else ''}"


def _row(one: QualityRow) -> list[str]:
    scores = [UNKNOWN if (score := getattr(one, name)) is None else f"{score:.2f}" for name in QUALITIES]
    shown, left_out = one.turns_shown or 0, one.turns_left_out or 0
    return [one.name, *scores, f"{shown} of {shown + left_out}"]
