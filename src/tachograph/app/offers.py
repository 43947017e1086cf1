"""What could be meant: ids and names that begin as typed, for a shell that completes them.

Read from what is stored, without bringing it up to date, and goals from the ledger of the repository one stands in: a
person waits between two keys.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Literal

import msgspec

from tachograph.paths import open_regular
from tachograph.report.sanitise import harmless

Kind = Literal[
    "agent", "agent_type", "alert", "detector", "goal", "kpi", "mechanism", "metric", "project", "session",
    "suggestion", "trial",
]  # fmt: skip

MOST = 200
"""Offers at once; more could not be read."""
_LATEST = 10_000
"""Sessions among which projects and agent types are looked for: so many take 10 ms."""
_SECONDS = 0.1
"""After so long a question to the warehouse is given up."""
_LONGEST_LEDGER = 4 << 20
"""Bytes; a larger one is not read between two keys."""
_WIDTH = 60
_ENDING = "\U0010ffff"
"""Sorts after every continuation of a beginning."""


class Offer(msgspec.Struct, frozen=True):
    """One thing that could be meant."""

    value: str
    """As a command line takes it; not quoted for a shell."""
    about: str = ""
    """What it is: one harmless line of at most 60 characters."""


def find_offers(kind: Kind, beginning: str, folder: Path) -> list[Offer]:
    """At most 200 things of ``kind`` whose names begin with ``beginning``, the likeliest first.

    ``folder`` is the data folder. What a terminal cannot show as it is, is not offered. Raises TachographError, OSError
    and sqlite3.Error where the warehouse cannot be read.
    """
    found = _STORED[kind](folder, beginning) if kind in _STORED else _LISTED[kind]()
    offers: dict[str, Offer] = {}
    for value, about in found:
        if value.startswith(beginning) and value and value == harmless(value):
            offers.setdefault(value, Offer(value, harmless(about or "")[:_WIDTH].strip()))
        if len(offers) == MOST:
            break
    return list(offers.values())


Named = Iterable[tuple[str, str | None]]


# ------------------------------------------------------------------------------------------------ from the warehouse


def _ask(folder: Path, query: str, *values: str) -> list[tuple[str, str | None]]:
    from tachograph.warehouse.store import open_reader

    end = time.monotonic() + _SECONDS
    with closing(open_reader(folder)) as connection:
        connection.execute(f"PRAGMA busy_timeout = {round(_SECONDS * 1000)}")
        connection.set_progress_handler(lambda: time.monotonic() > end, 1000)
        try:
            return connection.execute(query, values).fetchall()
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                return []
            raise


_ABOUT = "coalesce(date(ended_at / 1000, 'unixepoch') || '  ', '') || coalesce(title, opening, agent_type, '')"


def _sessions(folder: Path, beginning: str) -> Named:
    """The latest first. Without a colon by their native ids; subagents as soon as there is a slash."""
    name = "id" if ":" in beginning else "substr(id, instr(id, ':') + 1)"
    kind = "1" if "/" in beginning else "kind = 'main'"
    return _ask(
        folder,
        f"SELECT {name}, {_ABOUT} FROM sessions WHERE substr({name}, 1, length(?1)) = ?1 AND {kind}"
        f" ORDER BY ended_at DESC, id LIMIT {MOST}",
        beginning,
    )


def _projects(folder: Path, beginning: str) -> Named:
    """Names, which are part of a path as much as the whole is, the last used first; paths once a slash is typed."""
    rows = _ask(
        folder,
        "SELECT project, NULL FROM (SELECT project, ended_at FROM sessions ORDER BY ended_at DESC"
        f" LIMIT {_LATEST}) WHERE project NOTNULL GROUP BY project ORDER BY max(ended_at) DESC",
    )
    paths = [path for path, _ in rows]
    if "/" in beginning or "\\" in beginning:
        return rows
    names = [path.replace("\\", "/").rstrip("/").rpartition("/")[2] for path in paths]
    alike = Counter(names)
    return [
        (name, path if alike[name] == 1 else f"{alike[name]} projects of this name")
        for name, path in zip(names, paths, strict=True)
    ]


def _agent_types(folder: Path, _beginning: str) -> Named:
    rows = _ask(
        folder,
        f"SELECT agent_type, count(*) || ' sessions' FROM (SELECT agent_type FROM sessions ORDER BY ended_at DESC"
        f" LIMIT {_LATEST}) WHERE agent_type NOTNULL GROUP BY agent_type ORDER BY count(*) DESC, agent_type",
    )
    return [("main", "sessions that a person started"), *rows]


def _alerts(folder: Path, beginning: str) -> Named:
    return _ask(
        folder,
        "SELECT id, severity || '  ' || date(at / 1000, 'unixepoch') || '  ' || rule || '  ' || kpi FROM alerts"
        f" WHERE substr(id, 1, length(?1)) = ?1 ORDER BY at DESC, id LIMIT {MOST}",
        beginning,
    )


def _trials(folder: Path, _beginning: str) -> Named:
    from tachograph.app.learn.decisions import find_activations, load_decisions
    from tachograph.warehouse.store import open_reader

    with closing(open_reader(folder)) as connection:
        trials = find_activations(load_decisions(connection))
    return [(one.trial, f"{one.suggestion}  {one.agent_type}") for one in reversed(trials)]


# ------------------------------------------------------------------------------------------- from a repository's ledger


def _goals(_folder: Path, _beginning: str) -> Named:
    """Those of the repository one stands in, the latest first."""
    from tachograph.app.goals.place import find_place
    from tachograph.app.workspace import Workspace
    from tachograph.ledger.reading import read_ledger

    try:
        with open_regular(find_place(Path.cwd(), Workspace().settings.goals_path).path) as stream:
            content = stream.read(_LONGEST_LEDGER + 1)
    except FileNotFoundError:
        return []
    if len(content) > _LONGEST_LEDGER:
        return []
    goals = read_ledger(content, sums=False).state.goals
    return [(one.id, f"{one.status.replace('_', ' ')}  {one.title}") for one in reversed(goals)]


_STORED: dict[Kind, Callable[[Path, str], Named]] = {
    "agent_type": _agent_types,
    "alert": _alerts,
    "goal": _goals,
    "project": _projects,
    "session": _sessions,
    "trial": _trials,
}


# ----------------------------------------------------------------------------------------------------- from the code


def _agents() -> Named:
    from tachograph.sources import load_sources

    return [(name, None) for name in load_sources()]


def _detectors() -> Named:
    from tachograph.analysis.detectors import load_detectors

    return [(one.name, one.title) for one in load_detectors().values()]


def _kpis() -> Named:
    from tachograph.analysis.kpis import load_kpis

    return [(one.name, one.title) for one in load_kpis().values()]


def _mechanisms() -> Named:
    from tachograph.app.mechanisms import load_mechanisms

    return [(one.name, one.title) for one in load_mechanisms().values()]


def _metrics() -> Named:
    """What two groups of sessions can be compared by."""
    from tachograph.analysis.metrics import load_metrics

    return [("usd", "Cost"), *_kpis(), *((one.name, one.title) for one in load_metrics().values())]


def _suggestions() -> Named:
    from tachograph.learning.suggestions import load_catalogue

    return [(one.id, one.title) for one in load_catalogue().values()]


_LISTED: dict[Kind, Callable[[], Named]] = {
    "agent": _agents,
    "detector": _detectors,
    "kpi": _kpis,
    "mechanism": _mechanisms,
    "metric": _metrics,
    "suggestion": _suggestions,
}
