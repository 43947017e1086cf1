"""Reading the logs of stored sessions again, for what is never stored."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from tachograph.app.reading import read_log
from tachograph.model import Clean, Problem, Texts
from tachograph.sources import LogFile, hash_text, load_sources


def read_stored_logs(connection: sqlite3.Connection, sessions: list[str], clean: Clean, texts: Texts) -> frozenset[str]:
    """Give ``texts`` what the logs of ``sessions`` say at full length.

    Returns the sessions of which a log is gone, cannot be read, or is no longer the one that was stored.
    """
    marks = ", ".join("?" * len(sessions))
    owners: dict[tuple[str, str, int, int], list[str]] = defaultdict(list)
    rows = connection.execute(
        f"SELECT l.agent, l.path, l.path_hash, l.size, s.session FROM segments s JOIN logs l USING (log)"
        f" WHERE s.session IN ({marks}) ORDER BY l.path_hash",
        sessions,
    )
    for agent, path, path_hash, size, session in rows:
        owners[agent, path, path_hash, size].append(session)
    gone: set[str] = set()
    for (agent, path, path_hash, size), told in owners.items():
        log = _find_log(agent, path, path_hash)
        found = read_log(log, clean, wanted=texts.wanted)[0] if log is not None else None
        if found is None or found.texts is None or not found.readable or found.size < size:  # logs only grow
            gone.update(told)
        else:
            texts.add(found.texts)
            still = {session.id for session in found.parsed.sessions}
            gone.update(one for one in told if one not in still)
    return frozenset(gone)


def _find_log(agent: str, path: str, path_hash: int) -> LogFile | None:
    """The log that was stored under ``path``; where redaction has changed the path, it is looked for by its hash."""
    source = load_sources().get(agent)
    if source is None:
        return None
    if hash_text(path) == path_hash:
        return _first(source.discover(Path(path)), path_hash) if Path(path).is_file() else None
    return next((log for root in source.roots() if (log := _first(source.discover(root), path_hash))), None)


def _first(found: Iterable[LogFile | Problem], path_hash: int) -> LogFile | None:
    for one in found:
        if not isinstance(one, Problem) and hash_text(one.path) == path_hash:
            return one
    return None
