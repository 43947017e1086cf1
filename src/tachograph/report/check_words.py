"""What every report of checks says in the same words. Texts are as they were recorded: renderers make them harmless."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, tzinfo

from tachograph.model import CheckedSession, CheckReport, CheckResult, Evidence
from tachograph.report.units import counted

MARKS = {"pass": "✓", "fail": "✗", "skip": "–", "unknown": "?"}
"""One character for each status."""
NOT_CHOSEN = "asked for, but not checked, because the scorers that are named do not include it"
"""Before the keys that a manifest's choice of scorers leaves out."""
_NOTHING = CheckResult("expectations", "skip", "nothing is expected")


def results_of(session: CheckedSession) -> tuple[CheckResult, ...]:
    """The results of a session; one that says so when nothing was expected of it and nothing kept it from a check."""
    return session.results or (() if session.fault else (_NOTHING,))


def counts_as_failed(result: CheckResult, report: CheckReport) -> bool:
    """Whether ``result`` makes its session fail, as the report's ``fail_on`` wants it."""
    return result.failed or (report.fail_on == "skip" and result.status == "skip")


def failures_of(session: CheckedSession, report: CheckReport) -> list[CheckResult]:
    """The results that make the session fail, in their order."""
    return [result for result in results_of(session) if counts_as_failed(result, report)]


def has_failed(session: CheckedSession, report: CheckReport) -> bool:
    """Whether the session makes the report fail."""
    return bool(session.fault) or bool(failures_of(session, report))


def failed_sessions(report: CheckReport) -> list[CheckedSession]:
    """The sessions that make the report fail, in their order."""
    return [session for session in report.sessions if has_failed(session, report)]


def name_session(session: CheckedSession) -> str:
    """``case (session)``, or what there is of the two."""
    if session.case is None or session.case == session.name:
        return session.name
    return f"{session.case} ({session.name})" if session.name else session.case


def tell_outcome(report: CheckReport) -> str:
    """One sentence on the whole report: ``2 of 5 sessions failed``, of one session ``1 of 7 checks failed``."""
    unread = f"{counted(len(report.unreadable), 'log')} could not be read" if report.unreadable else ""
    if len(report.sessions) == 1:
        return _join(tell_session(report.sessions[0], report), unread)
    of, failed = len(report.sessions), len(failed_sessions(report))
    if not of:
        return unread or "no session was checked"
    told = f"{failed:,} of {counted(of, 'session')} failed" if failed else f"all {counted(of, 'session')} passed"
    return _join(told, unread)


def tell_session(session: CheckedSession, report: CheckReport) -> str:
    """``2 of 7 checks failed, 1 skipped``, or that it could not be checked."""
    if session.fault:
        return "it could not be checked"
    results = results_of(session)
    tally = Counter(result.status for result in results)
    failed = len(failures_of(session, report))
    skipped = tally["skip"] if report.fail_on == "fail" else 0
    ran = len(results) - skipped
    told = (
        (f"{failed:,} of {counted(ran, 'check')} failed" if failed else f"{counted(ran, 'check')} passed")
        if ran
        else ""
    )
    return _join(told, f"{tally['skip']:,} skipped" if skipped else "") or "nothing was checked"


def first_failure(session: CheckedSession, report: CheckReport) -> str:
    """Why the session failed, in one sentence: of several failed checks the first one; ``""`` when it passed."""
    if session.fault:
        return session.fault
    failures = failures_of(session, report)
    return f"{failures[0].key}: {failures[0].rationale}" if failures else ""


def tell_evidence(evidence: Evidence, checked: str | None, zone: tzinfo = UTC) -> str:
    """``2026-05-20 10:00:14 · Bash · npm run build``, and which subagent of the session ``checked`` did it."""
    at = "" if evidence.at is None else f"{evidence.at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    by = "" if evidence.session == checked else f"in {evidence.session.rpartition('/')[2]}"
    return " · ".join(part for part in (at, evidence.tool or "", evidence.text, by) if part)


def tell_proof(result: CheckResult, checked: str | None, most: int, zone: tzinfo = UTC) -> list[str]:
    """A line for each of the first ``most`` records that prove ``result``, and one that counts the others."""
    lines = [tell_evidence(evidence, checked, zone) for evidence in result.evidence[:most]]
    left = len(result.evidence) - len(lines)
    return [*lines, *([f"… and {left:,} more"] if left > 0 else [])]


def keys_of(sessions: Sequence[CheckedSession]) -> list[str]:
    """Every key that was checked in one of them, in the order in which they come first."""
    return list(dict.fromkeys(result.key for session in sessions for result in session.results))


def _join(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
