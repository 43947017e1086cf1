"""The prepared briefing: what a session of some agent and type is told, and what is said to its user."""

import os

from tachograph.hooks.places import BRIEFING, FOLDER, read_bytes
from tachograph.hooks.records import is_name, number_of, parse, rows_of, table_of, text_of

VERSION = 1
LONGEST_TEXT = 2000
"""Characters of all that is put into a session's context."""
_LONGEST_FILE = 1024 * 1024
_MOST = 3
"""Suggestions on trial at once. What is proven has made room for another, and is given besides."""

Record = dict[str, object]


def load_briefing(data: str) -> Record:
    """The briefing in the data folder; an empty one when there is none of this version."""
    briefing = parse(read_bytes(os.path.join(data, FOLDER, BRIEFING), _LONGEST_FILE)) if data else {}
    return briefing if briefing.get("version") == VERSION else {}


def type_of(briefing: Record, agent: str, event: Record) -> str:
    """The type of a main session: the one it was started as, else that of its project, else ``main``."""
    named = text_of(event, "agent_type")
    if is_agent_type(named) and named in table_of(table_of(briefing, "types"), agent):
        return named
    projects = [row for row in rows_of(briefing, "projects") if isinstance(row, list) and len(row) == 2]
    where = _project_of(text_of(event, "cwd")).lower() if projects else ""
    for part, name in projects:
        if isinstance(part, str) and isinstance(name, str) and part and part in where and is_agent_type(name):
            return name
    return "main"


def is_agent_type(name: str) -> bool:
    """Whether ``name`` is one that briefings may have: 1 to 40 ASCII letters, digits, ``_``, ``:`` and ``-``."""
    return len(name) <= 40 and is_name(name, "_:-")


def _project_of(cwd: str) -> str:
    """The nearest folder above with a repository in it, else ``cwd``."""
    place = cwd
    while len(place) > 1:
        if os.path.exists(os.path.join(place, ".git")):
            return place
        above = os.path.dirname(place)
        if above == place:
            break
        place = above
    return cwd


def offers_of(briefing: Record, agent: str, agent_type: str) -> tuple[Record, list[Record]]:
    """What there is for sessions of this type, and those of its suggestions that are well-formed and have room.

    Room is kept for all of them, whoever gets which: so nobody's assignment depends on that of another suggestion.
    """
    found = table_of(table_of(table_of(briefing, "types"), agent), agent_type)
    offers: list[Record] = []
    room, on_trial = LONGEST_TEXT, 0
    for row in rows_of(found, "suggestions"):
        if not isinstance(row, dict) or not is_name(text_of(row, "id")) or not is_name(text_of(row, "trial"), "_:.-"):
            continue
        share, length = number_of(row, "share"), len(text_of(row, "text"))
        if share is None or not 0 < share <= 1 or not 0 < length <= room - 2 or (share < 1 and on_trial == _MOST):
            continue
        offers.append(row)
        on_trial += share < 1
        room -= length + 2
    return found, offers


def compose(facts: str, texts: list[str]) -> str:
    """The text for the session: ``facts`` by whole lines as far as there is room, then every one of ``texts``."""
    room = LONGEST_TEXT - sum(len(text) + 2 for text in texts)
    if len(facts) > room:
        facts = facts[: max(room, 0) + 1].rpartition("\n")[0]
    return "\n\n".join(part for part in (facts.strip(), *texts) if part)
