"""A ledger and the history, for a person."""

from __future__ import annotations

from datetime import tzinfo

from tachograph.app.goals.audit import AuditReport, Doubt
from tachograph.app.goals.coverage import CostState, CoverageReport, GoalCoverage
from tachograph.app.goals.history import HistoryComparison
from tachograph.app.goals.sync import SyncReport
from tachograph.app.totals import Totals
from tachograph.report.document import Block, Column, Document, Facts, Heading, Line, Style, Table
from tachograph.report.units import UNKNOWN, count, counted, duration, minute, percent, usd

_NONE = "No goals: tacho goal start begins one."
_COSTS: dict[CostState, Style] = {"complete": "good", "partial": "warn", "missing": "bad"}
_DOUBTS: dict[Doubt, str] = {
    "likely_miss": "Likely misses", "likely_partial_fit": "Likely partial fits", "stale": "Stale goals",
    "low_coverage": "Low coverage",
}  # fmt: skip


def describe_sync(report: SyncReport) -> Document:
    """What was noted."""
    if not report.goals:
        return Document([Line(_NONE)])
    if not report.changed:
        return Document([Line("The ledger knows already what this machine's sessions used for its goals.", "good")])
    columns = [
        Column("goal", "left", style="strong"), Column("session", "left", flexible=True), Column("responses"),
        Column("before", rank=1), Column("usd"),
    ]  # fmt: skip
    rows = [
        [
            goal.goal_id, one.session, count(one.responses), count(one.responses_before),
            usd(one.usd) if one.responses else UNKNOWN,
        ]
        for goal in report.changed for one in goal.sessions
    ]  # fmt: skip
    remark = f"{counted(report.events, 'line')} added to {report.path}"
    return Document([Heading(f"Noted of {counted(len(report.changed), 'goal')}", remark), Table(columns, rows)])


def describe_coverage(report: CoverageReport) -> Document:
    """How well costs are known, and the causes where they are not."""
    if not report.goals:
        return Document([Line(_NONE)])
    facts = [
        ("known cost", f"{percent(report.complete, report.closed)} of {counted(report.closed, 'closed goal')}"),
        ("complete", count(report.complete)), ("partial", count(report.partial)), ("missing", count(report.missing)),
    ]  # fmt: skip
    blocks: list[Block] = [Heading("What is known of costs", report.path), Facts(facts)]
    told = [one for one in report.goals if one.causes or len(report.goals) == 1]
    for one in told:
        blocks += _describe_goal(one)
    return Document(blocks if told else [*blocks, Line(), Line("The cost of every goal is known.", "good")])


def _describe_goal(one: GoalCoverage) -> list[Block]:
    amount = usd(one.usd) if one.responses else UNKNOWN
    state = f"{one.cost} · {amount} · {counted(one.responses, 'response')}"
    if one.coverage is not None and one.coverage < 1:
        state += f" · coverage {percent(one.coverage, 1)}"
    blocks: list[Block] = [Heading(one.title, one.goal_id), Line(state, _COSTS[one.cost])]
    for cause in one.causes:
        blocks.append(Line(f"{cause.kind}: {cause.text}"))
        named = ", ".join([*cause.models, *cause.sessions[:5]])
        blocks += [Line(named, "dim", indent=2)] * bool(named)
        if cause.effect != "none":
            word = "can be recovered" if cause.recoverable else "cannot be recovered from history"
            blocks.append(Line(f"{word}: {cause.how}" if cause.how else word, "dim", indent=2))
    return blocks


def describe_audit(report: AuditReport) -> Document:
    """What to look at, by kind."""
    if not report.goals:
        return Document([Line(_NONE)])
    if not report.findings:
        return Document([Line(f"Nothing to doubt about {counted(report.goals, 'goal')}.", "good")])
    blocks: list[Block] = []
    for kind, title in _DOUBTS.items():
        found = [one for one in report.findings if one.kind == kind]
        blocks += [Heading(title, counted(len(found), "goal"))] * bool(found)
        for one in found:
            blocks += [Line(f"{one.goal_id}  {one.title}", "strong"), Line(one.why, indent=2)]
            blocks.append(Line(one.command, "dim", indent=2))
    return Document(blocks)


def describe_comparison(report: HistoryComparison, zone: tzinfo) -> Document:
    """The ledger against the history."""
    if not report.goals:
        return Document([Line(_NONE)])
    share = UNKNOWN if report.share_of_usd is None else percent(report.share_of_usd, 1)
    facts = [
        ("made for goals", f"{_amount(report.for_goals)} · {share} of what is priced"),
        ("unclear for which", _amount(report.unclear)), ("made for none", _amount(report.for_no_goal)),
        ("goals with sessions", f"{count(report.with_sessions)} of {count(report.goals)}"),
    ]  # fmt: skip
    return Document([
        Heading("Ledger and history", report.path), Facts(facts), *_sessions(report, zone), *_goals(report, zone),
        *_overlaps(report), *_mismatches(report),
    ])  # fmt: skip


def _amount(totals: Totals) -> str:
    if not totals.responses:
        return UNKNOWN
    return f"{usd(totals.usd, totals.unpriced_responses > 0)} · {counted(totals.responses, 'response')}"


def _sessions(report: HistoryComparison, zone: tzinfo) -> list[Block]:
    if not report.loose_sessions:
        return []
    columns = [
        Column("session", "left", style="strong"), Column("started", "left", rank=1), Column("responses", rank=2),
        Column("usd"), Column("title", "left", flexible=True),
    ]  # fmt: skip
    rows = [
        [
            one.id, minute(one.started_at, zone), count(one.responses), usd(one.usd, one.unpriced_responses > 0),
            one.title or "",
        ]
        for one in report.sessions_without_goal
    ]  # fmt: skip
    remark = _remark(len(rows), report.loose_sessions, "session")
    hint = "tacho goal infer proposes goals for these; tacho goal update ID --link SESSION gives one to a goal."
    return [Heading("Sessions without a goal", remark), Table(columns, rows), Line(hint, "dim")]


def _goals(report: HistoryComparison, zone: tzinfo) -> list[Block]:
    if not report.goals_without_session:
        return []
    columns = [
        Column("goal", "left", style="strong"), Column("started", "left"), Column("finished", "left", rank=1),
        Column("title", "left", flexible=True),
    ]  # fmt: skip
    rows = [
        [one.goal_id, minute(one.started_at, zone), minute(one.finished_at, zone), one.title]
        for one in report.goals_without_session
    ]
    heading = Heading("Goals without a session", counted(len(rows), "goal"))
    return [heading, Table(columns, rows), Line("tacho goal coverage ID says why.", "dim")]


def _overlaps(report: HistoryComparison) -> list[Block]:
    if not report.overlaps:
        return []
    columns = [
        Column("goals", "left", style="strong"), Column("both open"), Column("unclear responses"),
        Column("titles", "left", flexible=True, rank=1),
    ]  # fmt: skip
    rows = [
        [" + ".join(one.goal_ids), duration(one.seconds * 1000), count(one.unclear_responses), " + ".join(one.titles)]
        for one in report.overlaps
    ]
    return [Heading("Goals that overlap", _remark(len(rows), report.overlapping, "pair")), Table(columns, rows)]


def _mismatches(report: HistoryComparison) -> list[Block]:
    if not report.mismatches:
        return []
    columns = [
        Column("goal", "left", style="strong"), Column("attempts"), Column("sessions"),
        Column("attempts without a response", "left"), Column("title", "left", flexible=True, rank=1),
    ]  # fmt: skip
    rows = [
        [
            one.goal_id, count(one.attempts), count(one.sessions),
            ", ".join(map(str, one.attempts_without_response)) or UNKNOWN, one.title,
        ]
        for one in report.mismatches
    ]  # fmt: skip
    hint = "More sessions than attempts: a retry may not have been noted. An idle attempt: its times may be wrong."
    return [Heading("Attempts and sessions", counted(len(rows), "goal")), Table(columns, rows), Line(hint, "dim")]


def _remark(shown: int, matching: int, noun: str) -> str:
    return counted(matching, noun) if shown == matching else f"{count(shown)} of {counted(matching, noun)}"
