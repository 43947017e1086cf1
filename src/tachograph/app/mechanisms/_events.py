"""What was used at a moment of a session, by its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tachograph.analysis.practices import Kind, find_commands

UNNAMED = "(unnamed)"
"""A use of which the log does not say what was used."""
_SKILL = re.compile(r"Base directory for this skill: (?:[^\n]*[\\/])?([^\\/\n]+?)[\\/]?\s*(?:\n|$)")
_LOADED = re.compile(r"Skill /(\S+) is already loaded")


class Event(NamedTuple):
    """A row of ``mechanism_events.sql``."""

    session: str
    segment: int
    position: int
    kind: Kind
    used: str


def name_event(event: Event, words: re.Pattern[str] | None) -> Iterator[tuple[Kind, str]]:
    """Kind and name of everything that was used then, each once; ``words`` as ``find_commands`` takes them."""
    if event.kind == "command":
        for command in dict.fromkeys(find_commands(event.used, words)):
            yield "command", command
    elif event.kind == "skill":
        found = _SKILL.match(event.used) or _LOADED.match(event.used)
        yield "skill", found[1] if found else UNNAMED
    elif event.kind == "slash":
        name = event.used.partition(" ")[0].partition("\n")[0].lstrip("/")
        if name:  # empty where the user chose to store no text: it may have been one that works the program
            yield "slash", name
    else:
        yield "subagent", event.used or UNNAMED
