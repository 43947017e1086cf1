"""Commands under ``tacho run`` that an agent ran: the call in its log and the event are the same command."""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable

import msgspec

from tachograph.analysis.commands import command_head
from tachograph.app.commands.log_calls import LoggedCall, LoggedSession
from tachograph.model import CommandEvent

SLACK_MS = 2000
"""How far the agent's and our moments of the same thing may lie apart: both are written by one clock, ms apart; the
agent's with the time that its shell takes to start. A choice."""
CAPTURED = "origin <> 'log' AND origin = 'run' AND (session IS NOT NULL OR agent IS NOT NULL)"
"""Events that an agent may have run, for ``CommandStore.events``."""

_INNER = re.compile(r"\btacho(?:\.exe)?\s+run\b(?P<rest>[^|;&\n]*)")
_OVERLAPPING = """
SELECT DISTINCT root_id FROM sessions
WHERE agent = ? AND ended_at >= ? AND started_at <= ? AND (?4 IS NULL OR project = ?4)"""

Place = tuple[str, str]
"""A session and the id of a call in it."""


class Families:
    """Which families (main sessions with their subagents, by the main one's id) the call of an event may be in."""

    def __init__(self, warehouse: sqlite3.Connection, runs: Collection[CommandEvent]) -> None:
        self.of: dict[str, frozenset[str]] = {run.id: frozenset(_roots(warehouse, run)) for run in runs}

    def joined(self, touched: Iterable[str]) -> set[str]:
        """The families that have to be looked at together when those ``touched`` are."""
        found: set[str] = set()
        waiting = set(touched)
        while waiting:
            found |= waiting
            near: set[str] = set()
            for roots in self.of.values():
                if roots & waiting:
                    near |= roots
            waiting = near - found
        return found


def _roots(warehouse: sqlite3.Connection, run: CommandEvent) -> list[str]:
    if run.session is not None:
        rows = warehouse.execute("SELECT root_id FROM sessions WHERE id = ?", (run.session,))
    else:
        end = run.executed_at + (run.duration_ms or 0)
        rows = warehouse.execute(_OVERLAPPING, (run.agent, run.executed_at - SLACK_MS, end + SLACK_MS, run.repo))
    return [root for (root,) in rows]


class Match(msgspec.Struct, frozen=True):
    """The call that an event is the inside of."""

    place: Place
    run: CommandEvent
    position: tuple[int, int]


def match_runs(sessions: Iterable[LoggedSession], runs: Iterable[CommandEvent], families: Families) -> list[Match]:
    """Each of ``runs`` with the call that it was made by, where there is one: of several that may be it, the one that
    names the event's program and began nearest before it.

    A call may be it when its text holds ``tacho run`` (or no text is stored), it is in a family of the event, and the
    event lies within its time.
    """
    calls: defaultdict[str, list[tuple[LoggedSession, LoggedCall]]] = defaultdict(list)
    for session in sessions:
        for call in session.calls:
            if call.command is None or _INNER.search(call.command):
                calls[session.root].append((session, call))
    found = []
    for run in runs:
        every = (one for root in families.of[run.id] for one in calls.get(root, ()))
        near = [(session, call) for session, call in every if _is_within(run, session, call)]
        if near:
            session, call = min(near, key=lambda one: _distance(run, *one))
            found.append(Match((session.id, call.id), run, (call.part, call.position)))
    return found


def _is_within(run: CommandEvent, session: LoggedSession, call: LoggedCall) -> bool:
    if session.agent != (run.agent or session.agent):
        return False
    if run.session is not None and run.session not in (session.root, session.id):
        return False
    if run.session is None and (call.command is None or (run.repo is not None and session.project != run.repo)):
        return False
    end = run.executed_at + (run.duration_ms or 0)
    return call.started_at - SLACK_MS <= run.executed_at and (call.ended_at is None or end <= call.ended_at + SLACK_MS)


def _distance(run: CommandEvent, session: LoggedSession, call: LoggedCall) -> tuple[bool, int, str, str]:
    inner = _INNER.search(call.command or "")
    rest = inner["rest"].rpartition("-- ")[2] if inner else ""
    names = command_head(rest.strip()) == run.program
    return not names, abs(run.executed_at - call.started_at), session.id, call.id
