"""Checked sessions as a document: what passed, what failed, and what proves it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, tzinfo

from tachograph.model import CheckedSession, CheckReport, CheckResult
from tachograph.report.check_words import (
    MARKS,
    NOT_CHOSEN,
    counts_as_failed,
    failed_sessions,
    failures_of,
    first_failure,
    has_failed,
    name_session,
    results_of,
    tell_outcome,
    tell_proof,
    tell_session,
)
from tachograph.report.document import Block, Column, Document, Facts, Heading, Line, Style, Table
from tachograph.report.units import count, counted
from tachograph.report.width import cut

_TITLE = 100
_ROWS = 50
"""Sessions that the table shows; of more than that only failed ones."""
_DETAILED = 10
_PROOFS = 5
_NAMES = 12


def describe_checks(report: CheckReport, zone: tzinfo = UTC) -> Document:
    """One session: every check. Several: a table of them, then what failed in each. Times are those of ``zone``."""
    if len(report.sessions) == 1:
        (session,) = report.sessions
        blocks: list[Block] = [*_describe_session(session, report, results_of(session), zone)]
    else:
        blocks = [Heading("Checks", tell_outcome(report)), *_overview(report)]
        failed = failed_sessions(report)
        for session in failed[:_DETAILED]:
            blocks += _describe_session(session, report, failures_of(session, report), zone)
        left = len(failed) - _DETAILED
        if left > 0:
            blocks.append(Line(f"… and {counted(left, 'failed session')} more: --json and --markdown show all.", "dim"))
    asides = [*_list(NOT_CHOSEN, report.not_chosen), *_list("not ours, left alone", report.not_ours)]
    return Document([*blocks, *([Line(), *asides] if asides else [])])


def _describe_session(
    session: CheckedSession, report: CheckReport, results: Sequence[CheckResult], zone: tzinfo
) -> list[Block]:
    """The session and ``results``, aligned below each other; what proves those that count as failed."""
    name = name_session(session)
    title = cut(session.title, _TITLE)
    ended = "" if session.complete else "never ended"
    remark = " · ".join(part for part in (name if title else "", ended, tell_session(session, report)) if part)
    blocks: list[Block] = [Heading(title or name, remark)]
    if session.fault:
        blocks.append(Line(session.fault, "bad"))
    blocks += [Line(remark, "dim") for remark in session.notes]
    widest = max((len(result.key) for result in results), default=0)
    for result in results:
        failed = counts_as_failed(result, report)
        proof = tell_proof(result, session.session, _PROOFS, zone) if failed else []
        label = f"{MARKS[result.status]}\xa0{result.key}" + "\xa0" * (widest - len(result.key))
        told = [(label, result.rationale), *(("", f"· {line}") for line in proof)]
        blocks.append(Facts(told, _style(result, failed)))
    return blocks


def _style(result: CheckResult, failed: bool) -> Style:
    if failed:
        return "warn" if result.status == "unknown" else "bad"
    return "good" if result.status == "pass" else "dim"


def _overview(report: CheckReport) -> list[Block]:
    """All sessions, or where there are too many those that failed."""
    failed = failed_sessions(report)
    shown = list(report.sessions) if len(report.sessions) <= _ROWS else failed[:_ROWS]
    if not shown:
        return []
    has_cases = any(session.case is not None for session in shown)
    columns = [
        Column("", "left"),
        *([Column("case", "left", flexible=True, least=16)] if has_cases else []),
        Column("session", "left"),
        Column("pass"),
        Column("fail", style="strong"),
        Column("skip", rank=1),
        Column("first failure", "left", flexible=True),
    ]
    rows = [_row(session, report, has_cases) for session in shown]
    left = len(report.sessions) - len(shown)
    failed_left = len(failed) - sum(has_failed(session, report) for session in shown)
    remark = f"{counted(left, 'session')} not shown: {failed_left:,} failed, {left - failed_left:,} passed."
    return [Table(columns, rows), *([Line(remark, "dim")] if left else [])]


def _row(session: CheckedSession, report: CheckReport, has_cases: bool) -> list[str]:
    tally = Counter(result.status for result in session.results)
    why = first_failure(session, report)
    return [
        MARKS["fail" if has_failed(session, report) else "pass"],
        *([session.case or ""] if has_cases else []),
        session.name if session.name != session.case else "",
        count(tally["pass"]),
        count(tally["fail"] + tally["unknown"]),
        count(tally["skip"]),
        " · ".join(part for part in ("" if session.complete else "never ended", why) if part),
    ]


def _list(told: str, keys: Sequence[str]) -> list[Block]:
    """A line with ``keys``, as many as are worth reading; nothing when there are none."""
    left = len(keys) - _NAMES
    names = ", ".join(keys[:_NAMES]) + (f" and {left:,} more" if left > 0 else "")
    return [Line(f"{told}: {names}", "dim")] if keys else []
