"""The part of a history that mechanisms look at, and what several of them need of it."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from functools import cached_property
from typing import NamedTuple

from tachograph.analysis.practices import PracticeTable
from tachograph.app.filters import Filter
from tachograph.app.mechanisms._events import Event, name_event
from tachograph.app.mechanisms._tables import load_user_practices
from tachograph.model import Clean
from tachograph.warehouse.query_files import read_query


class MainSession(NamedTuple):
    """A main session as ``mechanism_sessions.sql`` describes it."""

    id: str
    subagents: int
    by_prompt: bool
    by_branch: bool
    forked: bool
    responses: int
    tokens: int


class Moment(NamedTuple):
    """Where in a session something was used."""

    segment: int
    position: int


class Scene:
    """The main sessions that began within ``chosen``, with all that lies below them."""

    def __init__(self, connection: sqlite3.Connection, chosen: Filter, clean: Clean, now: int) -> None:
        """``clean`` is for names of files that are found beside the history; ``now`` is in ms UTC."""
        self.connection = connection
        self.chosen = chosen
        self.clean = clean
        self.now = now

    def read(self, query: str) -> sqlite3.Cursor:
        """Rows of a query about sessions ``s`` that began within ``chosen``; ``{where}`` may stand in it repeatedly."""
        where, values = self.chosen.where("s.started_at")
        text = read_query(query)
        code = "\n".join(line.partition("--")[0] for line in text.splitlines())
        return self.connection.execute(code.format(where=where), values * code.count("{where}"))

    @cached_property
    def sessions(self) -> list[MainSession]:
        """In order of their start."""
        return [MainSession(*row) for row in self.read("mechanism_sessions")]

    @cached_property
    def practices(self) -> PracticeTable:
        """What is looked for: the table that comes along, with the user's own rows. Raises TachographError."""
        return load_user_practices()

    @cached_property
    def uses(self) -> dict[str, dict[str, list[Moment]]]:
        """Practice -> main session -> the moments at which it was used; both in order."""
        found: dict[str, dict[str, list[Moment]]] = defaultdict(lambda: defaultdict(list))
        words = self.practices.command_words()
        named: dict[tuple[str, str], tuple[str, ...]] = {}
        for row in self.read("mechanism_events"):
            for kind, used in name_event(Event(*row), words):
                if (kind, used) not in named:
                    named[kind, used] = self.practices.names_of(kind, used)
                for practice in named[kind, used]:
                    found[practice][row[0]].append(Moment(row[1], row[2]))
        return {practice: dict(found[practice]) for practice in sorted(found)}
