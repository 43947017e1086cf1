"""What a failed test shows."""

from __future__ import annotations

from tachograph.errors import TachographError
from tachograph.model import CheckedSession, CheckReport
from tachograph.report.check_words import MARKS, failed_sessions, failures_of, name_session, tell_proof, tell_session
from tachograph.report.sanitise import harmless, harmless_lines

_PROOFS = 10


def tell_failures(report: CheckReport) -> str:
    """Every failed session with its failed checks, why they failed and what proves it; logs that could not be read."""
    lines = [line for session in failed_sessions(report) for line in _tell_session(session, report)]
    lines += [f"could not be read: {one}" for one in report.unreadable]
    return "\n".join(map(harmless, lines))


def tell_error(error: TachographError) -> str:
    """What went wrong and what to do about it."""
    return harmless_lines("\n".join(part for part in (error.message, error.hint) if part))


def _tell_session(session: CheckedSession, report: CheckReport) -> list[str]:
    if session.fault:
        name = name_session(session)
        return [session.fault if session.fault.startswith(name) else f"{name}: {session.fault}"]
    ended = "" if session.complete else " (it never ended)"
    lines = [f"{name_session(session)}: {tell_session(session, report)}{ended}"]
    lines += [session.title] if session.title else []
    for result in failures_of(session, report):
        lines.append(f"{MARKS[result.status]} {result.key}: {result.rationale}")
        lines += [f"\xa0\xa0\xa0\xa0{line}" for line in tell_proof(result, session.session, _PROOFS)]
    return lines
