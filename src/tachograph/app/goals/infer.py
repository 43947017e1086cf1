"""Goals that nobody noted, proposed from the history: what a person then accepts, edits, or turns down."""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from tachograph.analysis.goal_grouping import Group, SessionFacts, group_sessions
from tachograph.app.goals.place import LedgerPlace
from tachograph.app.goals.sharing import below
from tachograph.app.goals.usage import measure
from tachograph.app.totals import PICO
from tachograph.ledger.replay import State
from tachograph.model import to_datetime
from tachograph.model.goal import GoalType
from tachograph.paths import open_regular, private_file

DISMISSED = "goals-dismissed"
"""In the data folder: sessions that a person does not want proposed, an id a line."""
_TITLE_CHARS = 90
_TYPES: tuple[tuple[GoalType, re.Pattern[str]], ...] = (
    ("retro", re.compile(r"\b(retro|retrospective|post-?mortem)s?\b", re.IGNORECASE)),
    ("meta", re.compile(r"\b(agents\.md|claude\.md|skill\.md|slash command|sub-?agent definition)\b", re.IGNORECASE)),
)
_SESSIONS = """
SELECT s.id, s.started_at, s.ended_at, coalesce(s.git_branch, ''), coalesce(s.opening, ''), s.opening_hash,
       s.forked_from, coalesce(s.title, '')
FROM sessions s
WHERE s.parent_id IS NULL AND s.started_at IS NOT NULL AND (s.project = ? OR substr(s.project, 1, ?) = ?)
  AND s.started_at >= ? AND s.started_at < ?
ORDER BY s.started_at, s.id"""
_SIGNS = """
SELECT m.kind, m.detail FROM sessions n CROSS JOIN segments g ON g.session = n.id CROSS JOIN markers m USING (segment)
WHERE n.root_id = ? AND m.position > g.inherited_until AND m.kind IN ('pr_link', 'commit')"""
_USED = """
SELECT coalesce(sum(u.responses), 0), sum_pico(u.cost_pico), coalesce(sum(u.unpriced), 0)
FROM sessions n CROSS JOIN usage_quarters u USING (session) WHERE n.root_id = ?"""


class ProposedSession(msgspec.Struct, frozen=True):
    """A session of a proposal."""

    session: str
    started_at: datetime
    title: str
    """What it was called, or how it began."""
    asked_again: bool
    """It opened as an earlier session of the proposal did."""


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A goal that may have been."""

    id: str
    """``p-`` and eight hexadecimal digits, the same as long as the sessions are."""
    title: str
    goal_type: GoalType
    """A guess from words; ``product`` unless they say otherwise."""
    started_at: datetime
    finished_at: datetime
    """End of the last session."""
    sessions: list[ProposedSession]
    reasons: list[str]
    """Why these sessions are taken for one goal."""
    status: Literal["success"] | None
    """``success`` where a commit or a pull request came of it; null: nothing tells."""
    evidence: list[str]
    """What tells the status."""
    responses: int
    usd: float | None
    """API-equivalent list price of all its responses; null: nothing is priced."""
    unpriced_responses: int


class Proposals(msgspec.Struct, frozen=True):
    """What the history proposes."""

    path: str
    """The ledger that accepted ones go to."""
    sessions: int
    """Main sessions of the project that were looked at."""
    taken: int
    """Those of them that belong to a goal already."""
    dismissed: int
    """Those that a person turned down."""
    proposals: list[Proposal]
    """The latest first."""


def infer_goals(
    connection: sqlite3.Connection, place: LedgerPlace, state: State, folder: Path,
    since: int | None = None, until: int | None = None,
) -> Proposals:  # fmt: skip
    """Goals that sessions of the project tell of and the ledger does not; ``folder`` is the data folder.

    ``since`` and ``until`` (ms UTC) are about the start of sessions.
    """
    span = (since or -(1 << 60), until or 1 << 60)
    under = below(place.project)
    rows = connection.execute(_SESSIONS, (place.project, len(under), under, *span)).fetchall()
    used = measure(connection, place, state.goals)
    taken = {session for goal in state.goals for session in goal.sessions}
    taken |= {session for one in used.goals.values() for session in one.sessions}
    turned_down = read_dismissed(folder)
    titles, facts, commits = {}, [], {}
    for row in rows:
        if row[0] in taken or row[0] in turned_down:
            continue
        signs = connection.execute(_SIGNS, (row[0],)).fetchall()
        titles[row[0]] = row[7] or _beginning(row[4])
        commits[row[0]] = {detail for kind, detail in signs if kind == "commit"}
        facts.append(_facts(row, frozenset(detail for kind, detail in signs if kind == "pr_link")))
    found = [_propose(connection, group, titles, commits) for group in group_sessions(facts)]
    found = sorted((one for one in found if one.responses), key=lambda one: (one.finished_at, one.id), reverse=True)
    known = [row[0] for row in rows]
    return Proposals(
        str(place.path), len(rows), sum(one in taken for one in known),
        sum(one in turned_down for one in known), found,
    )  # fmt: skip


def read_dismissed(folder: Path) -> set[str]:
    """Ids of the sessions that are not to be proposed."""
    try:
        with open_regular(folder / DISMISSED) as opened:
            return set(opened.read().decode("utf-8", "replace").split())
    except OSError:
        return set()


def dismiss(folder: Path, sessions: Sequence[str]) -> None:
    """Do not propose these sessions again, on this machine. Raises TachographError (``cannot_write``)."""
    with open(private_file(folder / DISMISSED), "ab") as out:
        out.write("".join(f"{session}\n" for session in sessions).encode())
        out.flush()
        os.fsync(out.fileno())


def _facts(row: Sequence[object], requests: frozenset[str]) -> SessionFacts:
    found = msgspec.convert(
        {
            "id": row[0], "started_at": row[1], "ended_at": row[2] or row[1], "branch": row[3], "opening": row[4],
            "opening_hash": row[5], "forked_from": row[6],
        },
        SessionFacts,
    )  # fmt: skip
    return msgspec.structs.replace(found, pull_requests=requests)


def _propose(
    connection: sqlite3.Connection, group: Group, titles: dict[str, str], commits: dict[str, set[str]]
) -> Proposal:
    ids = [one.id for one in group.sessions]
    requests = sorted({request for one in group.sessions for request in one.pull_requests})
    made = {commit for session in ids for commit in commits[session]}
    evidence = [f"pull request {request}" for request in requests]
    evidence += [f"{len(made)} commit{'s' * (len(made) > 1)}"] * bool(made)
    responses, pico, unpriced = _used(connection, ids)
    title = _title(group, titles)
    said = " ".join((title, *(one.opening for one in group.sessions)))
    return Proposal(
        id=_name(ids), title=title, goal_type=next((kind for kind, words in _TYPES if words.search(said)), "product"),
        started_at=to_datetime(group.sessions[0].started_at),
        finished_at=to_datetime(max(one.ended_at for one in group.sessions)),
        sessions=[
            ProposedSession(one.id, to_datetime(one.started_at), titles[one.id], one.id in group.asked_again)
            for one in group.sessions
        ],
        reasons=[*_told(group)], status="success" if evidence else None, evidence=evidence, responses=responses,
        usd=None if pico is None else pico / PICO, unpriced_responses=unpriced,
    )  # fmt: skip


def _told(group: Group) -> list[str]:
    """The reasons with what they are about."""
    branches = sorted({one.own_branch for one in group.sessions if one.own_branch})
    about: defaultdict[str, str] = defaultdict(str)
    about["same branch"] = f": {', '.join(branches)}"
    return [f"{why}{about[why]}" for why in group.reasons]


def _title(group: Group, titles: dict[str, str]) -> str:
    """What the first session that has a name is called; else what its branch is."""
    named = next((titles[one.id] for one in group.sessions if titles[one.id]), "")
    branch = next((one.own_branch for one in group.sessions if one.own_branch), "")
    return named or " ".join(re.split(r"[-_/]+", branch)) or "Work without a prompt"


def _beginning(text: str) -> str:
    """The first sentence of a prompt, cut between words."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    sentence = re.split(r"(?<=[.!?])\s", line, maxsplit=1)[0]
    if len(sentence) <= _TITLE_CHARS:
        return sentence
    return sentence[:_TITLE_CHARS].rpartition(" ")[0] + " …"


def _used(connection: sqlite3.Connection, ids: Sequence[str]) -> tuple[int, int | None, int]:
    rows = [connection.execute(_USED, (session,)).fetchone() for session in ids]
    picos = [row[1] for row in rows if row[1] is not None]
    return sum(row[0] for row in rows), sum(picos) if picos else None, sum(row[2] for row in rows)


def _name(ids: Sequence[str]) -> str:
    return f"p-{hashlib.sha256(chr(10).join(sorted(ids)).encode()).hexdigest()[:8]}"
