"""Where ledgers may be: in the projects that the history knows. Told by names alone; nothing is opened.

Every overview asks this, so it loads nothing.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path


def list_projects(connection: sqlite3.Connection) -> list[str]:
    """The projects of all sessions, by name."""
    query = "SELECT DISTINCT project FROM sessions WHERE project IS NOT NULL ORDER BY project"
    return [project for (project,) in connection.execute(query)]


def find_roots(folders: Iterable[str], configured: str) -> list[str]:
    """Folders, these or above these, with something where a ledger would lie, each once; by name.

    Looked for is upwards as far as the root of a git repository. A folder that is not on this machine has none.
    """
    found: set[str] = set()
    seen: set[str] = set()
    for folder in folders:
        place = os.path.normpath(folder) if _is_local(folder) else ""
        if place in seen or not os.path.isdir(place):
            continue
        while place not in seen:
            seen.add(place)
            if os.path.lexists(os.path.join(place, configured)):
                found.add(place)
                break
            above = os.path.dirname(place)
            if above == place or os.path.lexists(os.path.join(place, ".git")):
                break
            place = above
    return sorted(found)


def here() -> str | None:
    """The folder one stands in; None when it is gone."""
    try:
        return str(Path.cwd())
    except OSError:
        return None


def _is_local(folder: str) -> bool:
    """Whether asking for the folder asks this machine alone: a log may name any path, a share of another's too."""
    return os.path.isabs(folder) and not folder.startswith(("\\\\", "//")) and "\0" not in folder
