"""Finding the session that a person means: by id, native id, unique prefix, or the last one here."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable

from tachograph.errors import NotFound
from tachograph.report.sanitise import harmless
from tachograph.sources import project_of

_SHOWN = 5
_ENDING = "\U0010ffff"
"""Sorts after every continuation of a prefix."""
_LENGTHS = (8, 13, 18, 23)
"""Up to each of a uuid's hyphens."""


def find_session(connection: sqlite3.Connection, name: str) -> str:
    """The id of the session called ``name``: its id, its native id, or a prefix of either that no other one has.

    A main session is meant before its subagents, whose ids begin with its own; a subagent may be named by the last
    part of its id. Raises NotFound, with up to five candidates in the hint.
    """
    name = name.encode("utf-8", "replace").decode()  # an argument may hold any bytes
    if not name.strip():
        raise NotFound("An empty name names no session.", hint="tacho sessions lists them.")
    mains = _matching(connection, name, "root_id")
    exact = [one for one in mains if name in (one, _native(one))]
    candidates = exact or mains or _matching(connection, name, "id") or _matching_tails(connection, name)
    whole = [one for one in candidates if name in (one, _native(one), one.rpartition("/")[2])]
    if len(whole) == 1 or len(candidates) == 1:
        return (whole or candidates)[0]
    shown = harmless(name)
    if not candidates:
        raise NotFound(
            f"No session is called {shown}, or begins so.", hint="tacho sessions lists them." + _recent(connection)
        )
    raise NotFound(
        f"{len(candidates)} sessions begin with {shown}.",
        slug="ambiguous_session",
        hint="Give more of the id:" + _describe(connection, candidates),
    )


def find_last(connection: sqlite3.Connection, here: str, *, only_here: bool = False) -> str:
    """The main session that ended last among those of the project in which ``here`` lies, else among all.

    ``here`` is a working directory as the warehouse would write it (redacted). The innermost project counts. Raises
    NotFound when there is no session, with ``only_here`` also when that project has none.
    """
    projects = [row[0] for row in connection.execute("SELECT DISTINCT project FROM sessions WHERE project IS NOT NULL")]
    around = [project for project in projects if lies_in(here, project)]
    places: list[str | None] = [*sorted(around, key=len, reverse=True)[:1]]
    if only_here and not places:
        raise NotFound(
            f"No session was in {harmless(here)}.", slug="no_such_project", hint="tacho sessions lists the projects."
        )
    for project in [*places, None]:
        row = connection.execute(
            "SELECT id FROM sessions WHERE kind = 'main' AND (?1 IS NULL OR project = ?1)"
            " ORDER BY ended_at DESC NULLS LAST, id LIMIT 1",
            (project,),
        ).fetchone()
        if row is not None:
            return str(row[0])
    raise NotFound("There is no session yet.", slug="no_session", hint="tacho doctor shows where logs were looked for.")


def lies_in(here: str, project: str) -> bool:
    """Whether the folder ``here`` is ``project`` or lies below it: a rule on text, worktrees folded in."""
    inner, outer = (_parts(project_of(path)) for path in (here, project))
    return inner[: len(outer)] == outer


def current_folder() -> str:
    """Where one stands, as a log would name it: the way one came, if that is still here.

    A folder that was deleted under one's feet is told by the name it had, empty when the shell does not say.
    """
    named = os.environ.get("PWD", "")
    named = named if os.path.isabs(named) else ""
    try:
        real = os.getcwd()
    except FileNotFoundError:
        return named
    return named if named and os.path.realpath(named) == os.path.realpath(real) else real


def _parts(path: str) -> list[str]:
    windows = "\\" in path or path[1:2] == ":"
    parts = path.replace("\\", "/").split("/") if windows else path.split("/")
    return [part.lower() if windows else part for part in parts if part]


def _native(id: str) -> str:
    return id.partition(":")[2]


def _matching(connection: sqlite3.Connection, name: str, column: str) -> list[str]:
    """Ids in ``column`` that begin with ``name``; without an agent's name before it, those of any agent."""
    found: set[str] = set()
    for start in _beginnings(connection, name):
        rows = connection.execute(
            f"SELECT DISTINCT {column} FROM sessions WHERE {column} >= ? AND {column} < ?",
            (start, start + _ENDING),
        )
        found.update(row[0] for row in rows)
    return sorted(found)


def _beginnings(connection: sqlite3.Connection, name: str) -> list[str]:
    """How an id may begin that is called ``name``."""
    return [name] if ":" in name else [f"{agent}:{name}" for agent in _agents(connection)]


def _agents(connection: sqlite3.Connection) -> list[str]:
    """The agents that have sessions, each found by one look into the index of ids."""
    found: list[str] = []
    after = ""
    while (row := connection.execute("SELECT min(id) FROM sessions WHERE id > ?", (after,)).fetchone())[0] is not None:
        found.append(row[0].partition(":")[0])
        after = found[-1] + ";"  # the character after the colon
    return found


def _matching_tails(connection: sqlite3.Connection, name: str) -> list[str]:
    """Ids of subagents whose last part begins with ``name``."""
    rows = connection.execute("SELECT id FROM sessions WHERE instr(id, '/' || ?) > 0 ORDER BY id", (name,))
    return [found for (found,) in rows if found.rpartition("/")[2].startswith(name)]


def _recent(connection: sqlite3.Connection) -> str:
    rows = connection.execute(
        "SELECT id FROM sessions WHERE kind = 'main' ORDER BY ended_at DESC NULLS LAST, id LIMIT ?", (_SHOWN,)
    ).fetchall()
    return " The most recent ones are:" + _describe(connection, [row[0] for row in rows]) if rows else ""


def _describe(connection: sqlite3.Connection, ids: list[str]) -> str:
    """A line for each of the first few."""
    lines = []
    for one in ids[:_SHOWN]:
        row = connection.execute(
            "SELECT date(started_at / 1000, 'unixepoch'), coalesce(title, opening, agent_type, '')"
            " FROM sessions WHERE id = ?",
            (one,),
        ).fetchone()
        about = [harmless(part)[:60] for part in row if part] if row else []
        lines.append("\n  " + "  ".join([harmless(one), *about]))
    if len(ids) > _SHOWN:
        lines.append(f"\n  … and {len(ids) - _SHOWN} more")
    return "".join(lines)


def short_names(connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, str]:
    """For each id a short name by which :func:`find_session` finds it: eight characters where that is enough."""
    return {one: _short_name(connection, one) for one in ids}


def label_sessions(connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, str]:
    """For each id its short name and what the session is about, where that is known."""
    labels = {}
    for one, name in short_names(connection, ids).items():
        row = connection.execute("SELECT coalesce(title, opening) FROM sessions WHERE id = ?", (one,)).fetchone()
        labels[one] = f"{name}  {row[0]}" if row and row[0] else name
    return labels


def _short_name(connection: sqlite3.Connection, id: str) -> str:
    native = _native(id)
    if "/" in native:
        return native.rpartition("/")[2]
    for length in (*_LENGTHS, None):
        found = _matching(connection, native[:length], "root_id") or _matching(connection, native[:length], "id")
        if found in ([], [id]):
            return native[:length]
    return id
