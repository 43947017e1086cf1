"""Scores as a document: three axes, each with what it rests on and what it is worth."""

from __future__ import annotations

from collections import Counter

from tachograph.analysis.axes.token_economy import TokenScore
from tachograph.analysis.axes.trajectory import TrajectoryScore
from tachograph.app.findings import FindingRecord
from tachograph.app.score import Score, WasteScore
from tachograph.app.score_targets import ScoreReport
from tachograph.report.document import Block, Column, Document, Facts, Heading, Line, Table
from tachograph.report.units import count, counted, tokens, usd
from tachograph.report.width import cut

_SHOWN = 8
_TITLE = 100
_WORDS = {
    "above_p75": "above the band",
    "within_band": "within the band",
    "below_p25": "below the band",
    "unavailable": "unavailable",
    "waste_found": "waste found",
    "no_waste_found": "nothing found",
}


def describe_scores(report: ScoreReport) -> Document:
    """One session after the other."""
    blocks = [block for score in report.sessions for block in describe_score(score)]
    return Document(blocks or [Line("No session was scored.")])


def describe_score(score: Score) -> list[Block]:
    """One session: its axes, and its findings."""
    remark = " · ".join(part for part in (score.name, score.task_type or "task type unknown") if part)
    blocks: list[Block] = [Heading(cut(score.title, _TITLE) or score.id, remark), Facts(axis_lines(score))]
    blocks += _findings(score.waste)
    if score.subagents:
        found = sum(one.findings for one in score.subagents)
        used = tokens(sum(one.real_tokens for one in score.subagents))
        subagents = counted(len(score.subagents), "subagent")
        findings = counted(found, "finding")
        blocks.append(Line(f"{subagents} beside it: {used} real tokens, {findings} (tacho show {score.name})", "dim"))
    return blocks


def axis_lines(score: Score) -> list[tuple[str, str]]:
    """Each axis with its verdict, what it rests on, and its domain of validity."""
    return [
        ("token economy", token_words(score.token)),
        ("", score.token.domain_of_validity),
        ("trajectory", trajectory_words(score.trajectory)),
        ("", score.trajectory.domain_of_validity),
        ("proven waste", waste_words(score.waste)),
        ("", score.waste.domain_of_validity),
    ]


def token_words(token: TokenScore) -> str:
    """``within the band: 120k real tokens, band 90k – 200k, percentile 43``."""
    parts = [_WORDS[token.verdict]]
    if token.value is not None:
        parts.append(f"{tokens(token.value)} {token.unit.replace('_', ' ')}")
    if token.band is not None and token.verdict != "unavailable":
        parts.append(f"band {tokens(round(token.band.p25))} – {tokens(round(token.band.p75))}")
    if token.percentile is not None:
        parts.append(f"percentile {token.percentile:.0f}")
    return " · ".join(parts) + (f". {token.hint}" if token.hint else "")


def trajectory_words(trajectory: TrajectoryScore) -> str:
    """``BETTER (confidence 0.8) by <model>: …``, or why there is no verdict."""
    if trajectory.verdict is None:
        return f"{trajectory.state}. {trajectory.hint or ''}".rstrip()
    sure = f", confidence {trajectory.confidence:.2f}" if trajectory.confidence is not None else ""
    review = " · review: look at it yourself" if trajectory.review else ""
    stale = " · STALE: the session has changed since" if trajectory.state == "STALE" else ""
    return f"{trajectory.verdict} by {trajectory.model}{sure}{review}{stale}. {trajectory.reasoning or ''}".rstrip()


def waste_words(waste: WasteScore) -> str:
    """``waste found: 3 findings (2 redundant_read, 1 heavy_result)``."""
    if not waste.findings:
        return _WORDS[waste.verdict]
    kinds = Counter(finding.detector for finding in waste.findings).most_common()
    return f"{_WORDS[waste.verdict]}: " + ", ".join(f"{count(number)} {kind}" for kind, number in kinds)


def _findings(waste: WasteScore) -> list[Block]:
    if not waste.findings:
        return []
    from tachograph.cli.waste import finding_target

    columns = [
        Column("id", "left", style="accent"),
        Column("turns", "left"),
        Column("detector", "left"),
        Column("what", "left", flexible=True),
        Column("times", rank=1),
        Column("tokens"),
        Column("usd (estimate)", style="strong"),
    ]
    dearest = sorted(waste.findings, key=lambda finding: -(finding.wasted_usd or 0))[:_SHOWN]
    rows = [_row(finding, finding_target(finding)) for finding in dearest]
    more = len(waste.findings) - len(dearest)
    return [
        Table(columns, rows),
        *([Line(f"{counted(more, 'finding')} more: --json lists all", "dim")] if more else []),
    ]


def _row(finding: FindingRecord, target: str) -> list[str]:
    turns = ", ".join(map(str, finding.evidence["turns"][:4])) + ("…" if len(finding.evidence["turns"]) > 4 else "")
    return [
        finding.id,
        turns,
        finding.detector,
        target,
        count(finding.count),
        tokens(finding.wasted_tokens),
        usd(finding.wasted_usd),
    ]
