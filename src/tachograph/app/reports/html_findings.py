"""The dearest findings of a range, for the HTML report."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tachograph.app.dashboard.dearest_findings import dearest_findings
from tachograph.app.dashboard.desk import Desk
from tachograph.app.findings import FindingRecord
from tachograph.app.scope import Scope

MOST_FINDINGS = 30
_ROOT = """
SELECT r.id, coalesce(t.label, '') FROM sessions s JOIN roll.members m USING (session) JOIN roll.roots r USING (root)
LEFT JOIN roll.root_texts t USING (root) WHERE s.id = ?"""
_TARGETS = ("command", "path", "target", "cause", "tool")
"""Facts that say what a finding is about, the first one that is there."""


class ReportedFinding(msgspec.Struct, frozen=True):
    """One finding."""

    detector: str
    session: str
    """Id of the session at the top."""
    label: str
    """What that session is about."""
    at: datetime
    times: int
    """How many times something was done that need not have been."""
    tokens: int | None
    usd: float | None
    is_estimate: bool
    about: str
    """A command, a path …; empty: nothing of the kind is known."""


def find_dearest(desk: Desk, scope: Scope) -> list[ReportedFinding]:
    """The dearest findings with a known cost in the sessions that began within ``scope``, subagents folded in."""
    return [_report(desk, one) for one in dearest_findings(desk, scope, None, MOST_FINDINGS)]


def _report(desk: Desk, one: FindingRecord) -> ReportedFinding:
    session, label = desk.connection.execute(_ROOT, (one.session,)).fetchone()
    facts = one.facts
    name = next((name for name in _TARGETS if facts.get(name)), None)
    about = str(facts[name]) if name else ""
    if name == "cause":
        about = about.replace("_", " ")  # a word of ours
    return ReportedFinding(
        one.detector, session, label, one.at, one.count, one.wasted_tokens, one.wasted_usd, one.is_estimate, about
    )
