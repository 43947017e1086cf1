"""Checks of the logs: where they were looked for, and what could not be read."""

from __future__ import annotations

import sqlite3

from tachograph.app.doctor.check import EXAMPLES, Check, Scene, Status, plural, without_store
from tachograph.report.units import size
from tachograph.sources import hash_text

_EVERYDAY = frozenset({"unfinished_line", "orphan_result"})
"""Problems that a log which is still being written, or was cut by its agent, has by nature."""
_SHOWN_DETAIL = 120


def check_logs(scene: Scene) -> Check:
    """Where logs were looked for, how many were found, and what was in the way."""
    details = []
    for place in scene.places:
        held = f"{plural(len(place.logs), 'log file')}, {size(sum(log.size for log in place.logs))}"
        details.append(f"{place.agent}: {place.folder}: {held if place.exists else 'no sessions there'}")
    total = sum(len(place.logs) for place in scene.places)
    problems = [problem for place in scene.places for problem in place.problems]
    details += [f"{problem.slug}: {problem.detail}" for problem in problems[:10]]
    if len(problems) > 10:
        details.append(f"… and {len(problems) - 10:,} more")
    if problems:
        summary = f"{plural(total, 'log file')}; {plural(len(problems), 'place')} could not be looked at"
        return Check("logs", "warn", summary, details, "docs/problems.md says what each word means.")
    if not total:
        return Check(
            "logs", "info", "none found on this machine", details,
            "CLAUDE_CONFIG_DIR and CODEX_HOME name other places; tacho ingest --path DIR reads any folder;"
            " tacho demo shows a made-up history.",
        )  # fmt: skip
    waiting = _count_unread(scene)
    unread = f"; {waiting:,} of them new or changed since they were last read" if waiting else ""
    return Check("logs", "ok", f"{plural(total, 'log file')} found{unread}", details)


def _count_unread(scene: Scene) -> int:
    """Logs that the next ingestion will read."""
    if scene.connection is None:
        return 0
    stored = {row[0]: row[1:] for row in scene.connection.execute("SELECT path_hash, size, mtime_ns FROM logs")}
    left_out = {row[0] for row in scene.connection.execute("SELECT hash FROM purged")}
    logs = ((hash_text(log.path), (log.size, log.mtime_ns)) for place in scene.places for log in place.logs)
    return sum(stored.get(path_hash) != state for path_hash, state in logs if path_hash not in left_out)


def check_problems(scene: Scene) -> Check:
    """What could not be read as it should, by kind, with examples."""
    connection = scene.connection
    if connection is None:
        return without_store("problems", scene)
    kinds = connection.execute(
        "SELECT slug, count(*), count(DISTINCT log) FROM problems GROUP BY slug ORDER BY count(*) DESC, slug"
    ).fetchall()
    if not kinds:
        return Check("problems", "ok", "every line of every log could be read")
    details = []
    for slug, number, files in kinds:
        details.append(f"{slug}: {number:,} in {plural(files, 'file')}")
        details += [f"  {example}" for example in _examples(connection, slug)]
    files = connection.execute("SELECT count(DISTINCT log) FROM problems").fetchone()[0]
    status: Status = "info" if _EVERYDAY.issuperset(kind[0] for kind in kinds) else "warn"
    summary = (
        f"{plural(sum(kind[1] for kind in kinds), 'problem')} in {plural(files, 'log file')}; all else in them was read"
    )
    return Check("problems", status, summary, details, "docs/problems.md says what each kind means and what is lost.")


def _examples(connection: sqlite3.Connection, slug: str) -> list[str]:
    rows = connection.execute(
        "SELECT l.path, p.line, p.detail FROM problems p JOIN logs l USING (log) WHERE p.slug = ?"
        " ORDER BY l.mtime_ns DESC, p.number LIMIT ?",
        (slug, EXAMPLES),
    )
    return [f"{path}{f':{line}' if line else ''}: {detail[:_SHOWN_DETAIL]}" for path, line, detail in rows]
