"""The three axes of a session beside each other, and the findings that prove its waste."""

from __future__ import annotations

from collections import defaultdict
from shlex import quote

from tachograph.analysis.axes.token_economy import TokenScore
from tachograph.analysis.axes.trajectory import TrajectoryScore
from tachograph.app.dashboard.cells import TRAJECTORIES, VERDICTS, finding_target
from tachograph.app.dashboard.session_paging import page_through
from tachograph.app.dashboard.session_story import SessionData
from tachograph.app.dashboard.session_words import detector_title, offer_copies, proof_link
from tachograph.app.findings import FindingRecord
from tachograph.app.scope import Scope
from tachograph.app.score import WasteScore
from tachograph.report.units import counted, tokens
from tachograph.report.view import Beside, Block, Cell, Code, Column, Facts, Grid, Kind, Note, Section, Tone

_MOST_TURNS = 6
_Entries = list[tuple[str, Cell, Kind]]


def show_axes(data: SessionData) -> list[Block]:
    """The axes, each with its verdict, its numbers and its domain of validity; never a sum of them."""
    if data.axes is None:
        text = (
            "It cannot be judged on any axis: its own log is missing. Its subagents, below, are judged by themselves."
        )
        return [Section("Three axes", [Note(text)], "axes", how="verdicts")]
    axes = data.axes
    parts: list[list[Block]] = [
        [Section("Token economy", _token(axes.token), "axis-token", how="verdicts")],
        [Section("Trajectory", _trajectory(axes.trajectory, data.session.name), "axis-trajectory", how="trajectory")],
        [Section("Proven waste", _waste(axes.waste), "axis-waste", how="waste")],
    ]
    remark = "Three questions, three answers: there is no sum of them."
    return [Section("Three axes", [Beside(parts)], "axes", remark)]


def _token(token: TokenScore) -> list[Block]:
    words, tone = VERDICTS[token.verdict]
    unit = token.unit.replace("_", " ")
    entries: _Entries = [
        ("Verdict", Cell(words, tag=True, tone=tone), "text"),
        (unit[0].upper() + unit[1:], Cell(token.value), "tokens"),
    ]
    if token.band is not None:
        band = Cell(
            f"{tokens(round(token.band.p25))} – {tokens(round(token.band.p75))}",
            note="half of the reference lies in it",
        )
        entries.append(("Usual band", band, "text"))
    if token.percentile is not None:
        entries.append(("Percentile", Cell(round(token.percentile)), "number"))
    if token.reference is not None:
        own = token.reference.kind == "own"
        text = f"{token.reference.n:,} sessions of your own" if own else f"{token.reference.n:,} public sessions"
        entries.append(("Reference", Cell(text, note=token.reference.family or "all model families"), "text"))
    hint: list[Block] = [Note(token.hint)] if token.hint else []
    return [Facts(entries), *hint, Note(token.domain_of_validity, "dim")]


_STATES: dict[str, tuple[str, Tone]] = {"UNAVAILABLE": ("no verdict", "dim"), "STALE": ("stale", "warn")}


def _trajectory(one: TrajectoryScore, name: str) -> list[Block]:
    words, tone = TRAJECTORIES[one.verdict] if one.verdict else _STATES["UNAVAILABLE"]
    entries: _Entries = [("Verdict", Cell(words, tag=True, tone=tone), "text")]
    if one.state == "STALE":
        stale, stale_tone = _STATES["STALE"]
        entries.append(("State", Cell(stale, tag=True, tone=stale_tone), "text"))
    if one.verdict is not None:
        entries += [
            ("Confidence", Cell(one.confidence, title="As the model states it"), "percent"),
            ("Judge", Cell(one.model), "text"),
            ("Judged", Cell(one.judged_at), "moment"),
            ("Turns shown", Cell(one.turns_shown, note=_left_out(one)), "count"),
        ]
    if one.waste_categories:
        entries.append(("It named", Cell(", ".join(one.waste_categories).replace("_", " ")), "text"))
    blocks: list[Block] = [Facts(entries)]
    if one.review:
        blocks.append(Note("Look at it yourself: the judge thinks little of it.", "warn"))
    blocks += [Code(one.reasoning, "The judge's words")] if one.reasoning else []
    blocks += [Note(one.hint.replace("`", ""))] if one.hint else []
    blocks += [offer_copies(("Judge it", f"tacho score --judge {quote(name)}"))] if one.state != "CURRENT" else []
    return [*blocks, Note(one.domain_of_validity, "dim")]


def _left_out(one: TrajectoryScore) -> str:
    return f"{counted(one.turns_left_out, 'turn')} left out" if one.turns_left_out else ""


def _waste(waste: WasteScore) -> list[Block]:
    words, tone = ("waste found", "warn") if waste.findings else ("nothing found", "")
    entries: _Entries = [
        ("Verdict", Cell(words, tag=True, tone="warn" if tone else ""), "text"),
        ("Findings", Cell(waste.value, href="#findings" if waste.findings else ""), "count"),
    ]
    kinds = [detector_title(name) for name in _by_detector(waste.findings)]
    if kinds:
        entries.append(("Kinds", Cell("; ".join(kinds)), "text"))
    return [Facts(entries), Note(waste.domain_of_validity, "dim")]


def show_findings(data: SessionData, scope: Scope) -> list[Block]:
    """The findings by detector, and each with a link to what proves it."""
    findings = data.axes.waste.findings if data.axes else []
    if not findings:
        return []
    remark = "Each leads to the calls or responses that prove it. Detectors overlap, so there is no sum over them."
    return [Section("Findings", [_list(data, scope), _detectors(findings)], "findings", remark, "waste")]


def _detectors(findings: list[FindingRecord]) -> Grid:
    rows = []
    for name, found in sorted(_by_detector(findings).items(), key=lambda one: -_usd(one[1])):
        tokens = [one.wasted_tokens for one in found if one.wasted_tokens is not None]
        costs = [one.wasted_usd for one in found if one.wasted_usd is not None]
        rough = any(one.is_estimate for one in found)
        rows.append([
            Cell(detector_title(name), note=name), Cell(len(found)), Cell(sum(one.count for one in found)),
            Cell(sum(tokens) if tokens else None, about=rough, at_least=0 < len(tokens) < len(found)),
            Cell(sum(one.carried_tokens for one in found), about=rough, at_least=len(tokens) < len(found)),
            Cell(sum(costs) if costs else None, about=rough, at_least=0 < len(costs) < len(found)),
        ])  # fmt: skip
    columns = [
        Column("detector", "Kind of waste", wide=True), Column("findings", "Findings", "count"),
        Column("times", "Times", "count", "How often something was done that need not have been"),
        Column("tokens", "Tokens", "tokens", "What the needless part weighed, once"),
        Column("carried", "Carried", "tokens", "The same tokens as often as later responses read them again", low=True),
        Column("usd", "Cost", "usd"),
    ]  # fmt: skip
    return Grid("findings_by_detector", "Findings by kind of waste", columns, rows, folded=len(rows) == 1)


def _list(data: SessionData, scope: Scope) -> Grid:
    assert data.axes is not None
    columns = [
        Column("what", "What", wide=True), Column("kind", "Detector", low=True),
        Column("at", "When", "moment", low=True), Column("turns", "Turns"),
        Column("times", "Times", "count", "How often something was done that need not have been", low=True),
        Column("tokens", "Tokens", "tokens", "What the needless part weighed, once", low=True),
        Column("usd", "Cost", "usd", "Estimate"), Column("finding", "Finding", low=True),
    ]  # fmt: skip
    rows = [_finding(data.session.id, one) for one in data.axes.waste.findings[data.findings_piece.span]]
    paging = page_through(data.session.id, scope, "findings", data.findings_piece, "findings")
    return Grid("findings_list", "In the order in which they happened", columns, rows, paging=paging)


def _finding(session: str, one: FindingRecord) -> list[Cell]:
    turns = one.evidence["turns"]
    told = ", ".join(map(str, turns[:_MOST_TURNS])) + ("…" if len(turns) > _MOST_TURNS else "")
    return [
        Cell(
            finding_target(one) or "(the log does not say)", proof_link(session, one), detector_title(one.detector),
            "Show its proof",
        ),
        Cell(one.detector.replace("_", " ")), Cell(one.at), Cell(told), Cell(one.count),
        Cell(one.wasted_tokens, about=one.is_estimate), Cell(one.wasted_usd, about=one.is_estimate), Cell(one.id),
    ]  # fmt: skip


def _by_detector(findings: list[FindingRecord]) -> dict[str, list[FindingRecord]]:
    groups: dict[str, list[FindingRecord]] = defaultdict(list)
    for one in findings:
        groups[one.detector].append(one)
    return groups


def _usd(findings: list[FindingRecord]) -> float:
    return sum(one.wasted_usd or 0.0 for one in findings)
