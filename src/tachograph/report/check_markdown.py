"""Checks as Markdown, for the summary of a CI job or a comment on a pull request.

Text from logs stands in code spans, in code blocks, and in ``<code>`` inside HTML, and nowhere else: these are the
places where forges make no links, mentions, references or images of what they find, and where no markup counts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from tachograph.model import CheckedSession, CheckReport, CheckResult
from tachograph.report.check_words import (
    NOT_CHOSEN,
    failed_sessions,
    failures_of,
    first_failure,
    has_failed,
    keys_of,
    name_session,
    results_of,
    tell_outcome,
    tell_proof,
    tell_session,
)
from tachograph.report.sanitise import harmless
from tachograph.report.units import counted

LIMIT = 60_000
"""Characters of a report at most. GitHub takes 65,536 in a comment; the rest is for what is written around it."""

_SIGNS = {"pass": "✅", "fail": "❌", "skip": "➖", "unknown": "❔"}
_ROWS = 50
_COLUMNS = 8
_NAME, _CELL, _LINE, _WHY = 80, 120, 300, 1000
"""Characters of a name, a cell, a line of a block, a rationale."""
_PROOFS = 10
_LISTED = 20


def to_markdown(report: CheckReport) -> str:
    """A headline, a table of sessions and results, and the proof of each failure, in at most :data:`LIMIT` characters.

    What did not fit is counted. The same report gives the same text.
    """
    head = [*_headline(report), *_table(report), *_unreadable(report)]
    foot = [*_listed(NOT_CHOSEN.capitalize(), report.not_chosen), *_listed("Not ours, left alone", report.not_ours)]
    room = LIMIT - sum(len(part) + 2 for part in [*head, *foot]) - 200
    return "\n\n".join([*head, *_details(report, room), *foot]) + "\n"


def _headline(report: CheckReport) -> list[str]:
    sign = _SIGNS["pass"] if report.passed else _SIGNS["fail"]
    told = f"### {sign} tacho check: {tell_outcome(report)}"
    file = _code(report.expectations, _NAME)
    return [told, f"Expectations: {file}"] if file else [told]


# ------------------------------------------------------------------------------------------------------- tables


def _table(report: CheckReport) -> list[str]:
    if not report.sessions:
        return []
    if len(report.sessions) == 1:
        return _single(report.sessions[0])
    failed = failed_sessions(report)
    shown = report.sessions if len(report.sessions) <= _ROWS else failed[:_ROWS]
    if not shown:
        return []
    keys = keys_of(shown)
    table = _matrix(shown, keys, report) if len(keys) <= _COLUMNS else _tallies(shown, report)
    left = len(report.sessions) - len(shown)
    failed_left = len(failed) - sum(has_failed(one, report) for one in shown)
    remark = f"{counted(left, 'session')} not shown: {failed_left:,} failed, {left - failed_left:,} passed."
    return [table, *([remark] if left else [])]


def _single(session: CheckedSession) -> list[str]:
    rows = [[_SIGNS[one.status], _cell(one.key), _cell(one.rationale)] for one in results_of(session)[:_ROWS]]
    return [_about(session), *([_lay(["", "check", "result"], rows)] if rows else [])]


def _matrix(sessions: Sequence[CheckedSession], keys: list[str], report: CheckReport) -> str:
    rows = []
    for session in sessions:
        signs = {result.key: _SIGNS[result.status] for result in session.results}
        rows.append([*_first_cells(session, report), *(signs.get(key, "") for key in keys)])
    return _lay(["", "session", *map(_cell, keys)], rows)


def _tallies(sessions: Sequence[CheckedSession], report: CheckReport) -> str:
    rows = []
    for session in sessions:
        why = first_failure(session, report)
        rows.append([*_first_cells(session, report), tell_session(session, report), _cell(why)])
    return _lay(["", "session", "checks", "first failure"], rows)


def _first_cells(session: CheckedSession, report: CheckReport) -> list[str]:
    sign = _SIGNS["fail" if has_failed(session, report) else "pass"]
    return [sign, _cell(name_session(session)) + ("" if session.complete else " (never ended)")]


def _lay(titles: list[str], rows: list[list[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


# ------------------------------------------------------------------------------------------------------ details


def _details(report: CheckReport, room: int) -> list[str]:
    """What failed and its proof, session by session, as long as there is room."""
    parts: list[str] = []
    faults = [f"{name_session(one)}: {one.fault}" for one in report.sessions if one.fault]
    if faults:
        parts.append(_fold(f"{counted(len(faults), 'session')} could not be checked", [_block(faults, _LISTED)]))
        room -= len(parts[0]) + 2
    failed = [session for session in report.sessions if failures_of(session, report)]
    for number, session in enumerate(failed):
        part = _session(session, report, room)
        if not part:
            parts.append(f"The details of {counted(len(failed) - number, 'session')} did not fit here.")
            break
        parts.append(part)
        room -= len(part) + 2
    return parts


def _session(session: CheckedSession, report: CheckReport, room: int) -> str:
    """A session's failures, as many as fit into ``room`` characters; ``""`` when not even one does."""
    name = escape(_short(name_session(session), _NAME))
    title = f"<code>{name}</code>: {tell_session(session, report)}"
    about = [] if len(report.sessions) == 1 else [_about(session)]
    failures = [_failure(one, session) for one in failures_of(session, report)]
    room -= len(_fold(title, about)) + 100
    kept: list[str] = []
    for failure in failures:
        room -= len(failure) + 2
        if room < 0:
            break
        kept.append(failure)
    left = len(failures) - len(kept)
    remark = [f"{counted(left, 'failure')} more did not fit here."] if left else []
    return _fold(title, [*about, *kept, *remark]) if kept else ""


def _about(session: CheckedSession) -> str:
    """Which session it is, and what to know of it."""
    lines = [session.session or session.name, session.title, *session.notes[:_LISTED]]
    if not session.complete:
        lines.append("It never ended: its log ends within a turn. It was checked as far as it goes.")
    return _block([line for line in lines if line], len(lines))


def _failure(result: CheckResult, session: CheckedSession) -> str:
    proof = ["  " + line for line in tell_proof(result, session.session, _PROOFS)]
    return f"{_SIGNS[result.status]} {_code(result.key, _NAME)}\n\n{_block([result.rationale, *proof], 99, _WHY)}"


def _unreadable(report: CheckReport) -> list[str]:
    if not report.unreadable:
        return []
    title = f"{counted(len(report.unreadable), 'log')} could not be read"
    return [_fold(title, [_block(list(report.unreadable), _LISTED)])]


def _listed(told: str, keys: Sequence[str]) -> list[str]:
    names = [name for one in keys if (name := _code(one, _NAME))]
    left = len(names) - _LISTED
    more = f" and {left:,} more" if left > 0 else ""
    return [f"{told}: {', '.join(names[:_LISTED])}{more}"] if names else []


def _fold(title: str, parts: Sequence[str]) -> str:
    """A part that opens on demand; ``title`` is HTML."""
    return "\n\n".join([f"<details><summary>{title}</summary>", *parts, "</details>"])


# -------------------------------------------------------------------------------------------------- log's texts


def _block(lines: Sequence[str], most: int, first: int = _LINE) -> str:
    """Lines of text from logs in a code block whose fence none of them can close; ``first``: width of the first one."""
    shown = [_short(line, _LINE if number else first) for number, line in enumerate(lines[:most])]
    if len(lines) > most:
        shown.append(f"… and {len(lines) - most:,} more")
    fence = "`" * max(3, _longest_run(shown) + 1)
    return "\n".join([f"{fence}text", *shown, fence])


def _code(text: str, width: int) -> str:
    """Text from a log in a code span that it cannot leave; ``""`` when there is none."""
    text = _short(text, width).strip()
    if not text:
        return ""
    fence = "`" * (_longest_run([text]) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _cell(text: str) -> str:
    """The same in a table, where a vertical bar would end the cell: it becomes a broken bar."""
    return _code(text.replace("|", "¦"), _CELL)


def _short(text: str, width: int) -> str:
    """``text`` on one line of at most ``width`` characters, without what could steer a reader's eyes."""
    indent = len(text) - len(text.lstrip(" "))
    told = " " * indent + harmless(text).strip()
    return told if len(told) <= width else told[: width - 1] + "…"


def _longest_run(lines: Sequence[str]) -> int:
    """Backticks in a row, at most."""
    return max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
