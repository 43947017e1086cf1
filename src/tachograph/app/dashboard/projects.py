"""What projects are called where room is short."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

NO_PROJECT = "(no project)"


def name_projects(paths: Iterable[str]) -> dict[str, str]:
    """For each path as many of its last parts as tell it from the others; one's own name for what has no path."""
    names: dict[str, str] = {}
    pending = {path: _parts(path) for path in paths}
    for size in range(1, max([1, *(len(parts) for parts in pending.values())]) + 1):
        short = {path: "/".join(parts[-size:]) for path, parts in pending.items()}
        taken = Counter(short.values())
        names |= {path: name for path, name in short.items() if taken[name] == 1 or size >= len(pending[path])}
        pending = {path: parts for path, parts in pending.items() if path not in names}
    return {path: name or NO_PROJECT for path, name in names.items()}


def _parts(path: str) -> list[str]:
    return [part for part in path.replace("\\", "/").split("/") if part]
