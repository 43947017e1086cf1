"""What every session used, as the token axis wants it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from functools import cache
from typing import Any, get_args

from tachograph.analysis.axes.token_economy import ReferenceKey, References, TokenFacts, TokenScore, Verdict
from tachograph.analysis.model_family import model_family
from tachograph.analysis.session_task import find_task_type
from tachograph.analysis.summary import summarise
from tachograph.app.filters import Filter
from tachograph.model import Session, Usage

_FACTS = "SELECT id, kind, task_type, model, turns, real_tokens, input_tokens, unreliable FROM sessions"
_family = cache(model_family)


def load_references(
    connection: sqlite3.Connection, groups: Iterable[tuple[str, str | None]] | None = None
) -> References:
    """The sessions of the warehouse to compare with: all, or those of these (kind, task type) alone."""
    if groups is None:
        return References([_facts(row) for row in connection.execute(f"{_FACTS} WHERE task_type IS NOT NULL")])
    query = f"{_FACTS} WHERE task_type = ? AND kind = ?"
    return References(
        [_facts(row) for kind, task in dict.fromkeys(groups) for row in connection.execute(query, (task, kind))]
    )


def score_few(connection: sqlite3.Connection, stored: Iterable[TokenFacts]) -> dict[str, TokenScore]:
    """The verdicts on some sessions as they are stored, by id: those that all references give."""
    facts = list(stored)
    references = _StoredReferences(connection, facts)
    return {own.session: references.score(own) for own in facts}


class _StoredReferences(References):
    """The sessions of the warehouse, of which only those columns are read that the sessions ``own`` ask for."""

    def __init__(self, connection: sqlite3.Connection, own: Iterable[TokenFacts]) -> None:
        super().__init__(own)
        self._connection = connection
        self._read: dict[ReferenceKey, tuple[list[int], list[int]]] = {}

    def columns(self, key: ReferenceKey) -> tuple[list[int], list[int]]:
        """See :meth:`References.columns`."""
        if key not in self._read:
            kind, task_type, family, unit = key
            where, values = "task_type = ? AND kind = ? AND real_tokens > 0", [task_type, kind]
            if family is not None:
                models = self._connection.execute(f"SELECT model FROM sessions WHERE {where} GROUP BY model", values)
                alike = [model for (model,) in models if model and _family(model) == family]
                where, values = f"{where} AND model IN ({', '.join('?' * len(alike))})", [*values, *alike]
            value = "real_tokens" if unit == "real_tokens" else "input_tokens"
            reliable = " AND NOT unreliable" if unit == "real_tokens" else ""
            rows = self._connection.execute(f"SELECT {value}, turns FROM sessions WHERE {where}{reliable}", values)
            found = rows.fetchall()
            self._read[key] = sorted(tokens for tokens, _ in found), sorted(turns for _, turns in found)
        return self._read[key]


def load_facts(connection: sqlite3.Connection, ids: list[str]) -> dict[str, TokenFacts]:
    """The facts of the sessions ``ids``, by id; those without a log of their own are left out."""
    found: dict[str, TokenFacts] = {}
    for start in range(0, len(ids), 500):
        part = ids[start : start + 500]
        marks = ", ".join("?" * len(part))
        found.update({row[0]: _facts(row) for row in connection.execute(f"{_FACTS} WHERE id IN ({marks})", part)})
    return found


def count_verdicts(connection: sqlite3.Connection, chosen: Filter) -> dict[str, int]:
    """Main sessions that began within ``chosen`` by verdict, each verdict with its number."""
    references = load_references(connection)
    where, values = chosen.where("s.started_at")
    rows = connection.execute(f"{_FACTS} s WHERE s.kind = 'main' AND {where}", values)
    counts = dict.fromkeys(get_args(Verdict), 0)
    for row in rows:
        counts[references.score(_facts(row)).verdict] += 1
    return counts


def copied_until(session: Session, connection: sqlite3.Connection | None = None) -> int:
    """Position up to which ``session`` is a copy of another session, as far as that is known; -1: there is none.

    A log may show it by itself (Codex's forks). Where it does not (Claude Code's), only a warehouse can tell that
    knows both: the one of ``connection``.
    """
    copies = _owned_elsewhere(connection, session.id) if connection is not None else frozenset()
    return max((one.position for one in session.responses if one.replayed or one.id in copies), default=-1)


def _owned_elsewhere(connection: sqlite3.Connection, session: str) -> frozenset[str]:
    """The ids of those responses in the session's logs that another session owns."""
    rows = connection.execute(
        "SELECT r.id FROM segments s JOIN responses r USING (segment) WHERE s.session = ?1 AND r.counted = 0"
        " AND NOT EXISTS (SELECT 1 FROM segments o JOIN responses c USING (segment)"
        "   WHERE o.session = ?1 AND c.key = r.key AND c.counted = 1)",
        (session,),
    )
    return frozenset(one for (one,) in rows)


def session_facts(session: Session, copied: int = -1) -> TokenFacts:
    """The facts of one session, from its records beyond the position ``copied``, see :func:`copied_until`."""
    own = [response for response in session.responses if response.position > copied]
    total = sum((response.usage for response in own), Usage())
    written: dict[str, int] = {}
    for response in own:
        for one in response.passes or (response,):
            written[one.model] = written.get(one.model, 0) + one.usage.output
    model = min(written, key=lambda name: (-written[name], name)) if written else None
    inputs = total.input + total.cache_write_5m + total.cache_write_1h
    return TokenFacts(
        session=session.id,
        kind=session.kind,
        task_type=find_task_type(session.prompts, copied),
        family=_family(model) if model else None,
        turns=summarise(session, copied).turns,
        real_tokens=inputs + total.output,
        input_tokens=inputs,
        reliable=all(response.output_reliable for response in own),
    )


def _facts(row: tuple[Any, ...]) -> TokenFacts:
    session, kind, task_type, model, turns, real_tokens, input_tokens, unreliable = row
    family = _family(model) if model else None
    return TokenFacts(session, kind, task_type, family, turns, real_tokens, input_tokens, not unreliable)
