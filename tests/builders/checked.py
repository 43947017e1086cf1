"""Reports of checks, and random ones full of text that means something where it is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tachograph.model import CheckedSession, CheckReport, CheckResult, Evidence

SESSION = "claude_code:00000001-0304-4000-8000-000003040001"
START = datetime(2026, 5, 20, 10, 0, 14, tzinfo=UTC)


def proof(text: str, seconds: int = 0, *, tool: str | None = "Bash", session: str = SESSION) -> Evidence:
    """A tool call, ``seconds`` after 10:00:14."""
    return Evidence(session, f"toolu_{seconds}", tool, START + timedelta(seconds=seconds), text)


PASSED = CheckResult("required_tools", "pass", "Read: 4 calls (session)")
FAILED = CheckResult(
    "tool_limits",
    "fail",
    "Bash: 3 > 1 (session and 1 subagent)",
    (proof("npm run build", 1), proof("npm test", 61, session=f"{SESSION}/agent-3f")),
)
SKIPPED = CheckResult("tool_sequence", "skip", "nothing is expected")
UNKNOWN = CheckResult("banned_commands", "unknown", "the log is gone, so what its commands were is not known")


def checked(*results: CheckResult, **fields: Any) -> CheckedSession:
    """A session with these results."""
    given = {"session": SESSION, "name": "00000001", "title": "Fix the failing test.", **fields}
    return CheckedSession(results=results, **given)


def fault(case: str, reason: str = "no session is called so") -> CheckedSession:
    """A case without a session."""
    return CheckedSession(session=None, name=case, case=case, fault=reason)


def report(*sessions: CheckedSession, **fields: Any) -> CheckReport:
    """A report on these sessions."""
    return CheckReport(**{"expectations": "deploy.expect.yaml", "sessions": sessions, **fields})


HOSTILE = (
    "@octocat", "#1", "https://evil.example/x", "www.evil.example", "a@evil.example", "[x](https://evil.example)",
    "![x](https://evil.example/i.png)", "<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "</details>",
    "</code>", "`", "``` ", "````", "~~~", "|", "\\|", "\\", "\n", "\n\n", "\r", "***", "# h", "- l", "> q", "]]>",
    "<!--", "&amp;", "\x00", "\x1b[31m", "\x07", "\u202e", "\ud800", "\ufffe", "\uffff", "é", "日本", "🚀", "::stop::",
    "   ", "word",
)  # fmt: skip
"""Pieces that mean something to Markdown, HTML, XML, a terminal or GitHub."""

_pieces = st.sampled_from(HOSTILE)
texts = _pieces | st.tuples(_pieces, _pieces).map("".join) | st.text(max_size=5)
_tools = st.sampled_from([None, "Bash", *HOSTILE])
_moments = st.sampled_from([None, START, START + timedelta(days=1)])
_evidence = st.builds(Evidence, texts, st.none(), _tools, _moments, texts)
_statuses = st.sampled_from(["pass", "fail", "skip", "unknown"])
_results = st.builds(CheckResult, texts, _statuses, texts, st.lists(_evidence, max_size=2).map(tuple))
_sessions = st.builds(
    CheckedSession,
    session=_tools,
    name=texts,
    title=texts,
    case=_tools,
    source=texts,
    complete=st.booleans(),
    notes=st.lists(texts, max_size=1).map(tuple),
    results=st.lists(_results, max_size=3).map(tuple),
    fault=st.sampled_from(["", "", "", *HOSTILE]),
)
reports = st.builds(
    CheckReport,
    expectations=texts,
    sessions=st.lists(_sessions, max_size=3).map(tuple),
    not_ours=st.lists(texts, max_size=2).map(tuple),
    not_chosen=st.lists(texts, max_size=2).map(tuple),
    unreadable=st.lists(texts, max_size=2).map(tuple),
    fail_on=st.sampled_from(["fail", "skip"]),
)
