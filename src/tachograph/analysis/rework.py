"""Files that a session changed and a later session changed again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable
from typing import NamedTuple

DAYS = 30
"""Within which a second change counts."""
_SPAN = DAYS * 24 * 3600 * 1000


class Edit(NamedTuple):
    """A file that was created or changed."""

    session: str
    """The main session, also where one of its subagents did it."""
    file: str
    at: int
    """ms UTC."""


class Rework(NamedTuple):
    """A file as one session left it."""

    session: str
    file: str
    at: int
    """The session's last change of it."""
    again: str | None
    """The session that changed it next, when it did so within :data:`DAYS`; None: none did."""


class Reworks(NamedTuple):
    """What could be watched for long enough, and what could not."""

    watched: list[Rework]
    censored: int
    """Files left by sessions less than :data:`DAYS` before the end of what is known: it cannot be told yet."""


def find_rework(edits: Iterable[Edit], about: Container[str], known_until: int) -> Reworks:
    """For each session in ``about`` and file whether any other session changed the file again within 30 days after.

    ``known_until`` (ms UTC) is the last moment of which the history knows. A file left less than 30 days before it is
    left out also when it was changed again already: counting only these would make the share too high.
    """
    by_file: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for edit in edits:
        by_file[edit.file][edit.session].append(edit.at)
    watched: list[Rework] = []
    censored = 0
    for file, sessions in by_file.items():
        for session in filter(about.__contains__, sessions):
            left = max(sessions[session])
            if left > known_until - _SPAN:
                censored += 1
                continue
            watched.append(Rework(session, file, left, _next_session(session, left, sessions)))
    watched.sort(key=lambda one: (one.at, one.session, one.file))
    return Reworks(watched, censored)


def _next_session(session: str, left: int, sessions: dict[str, list[int]]) -> str | None:
    later = [
        (at, other)
        for other, moments in sessions.items()
        if other != session
        for at in moments
        if left < at <= left + _SPAN
    ]
    return min(later)[1] if later else None
