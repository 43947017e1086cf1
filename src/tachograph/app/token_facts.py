"""What every session used, as the token axis wants it."""

from __future__ import annotations

import sqlite3
from functools import cache
from typing import Any, get_args

from tachograph.analysis.axes.token_economy import References, TokenFacts, Verdict
from tachograph.analysis.model_family import model_family
from tachograph.analysis.session_task import find_task_type
from tachograph.analysis.summary import summarise
from tachograph.app.filters import Filter
from tachograph.model import Session, Usage

_FACTS = "SELECT id, kind, task_type, model, turns, real_tokens, input_tokens, unreliable FROM sessions"
_family = cache(model_family)


def load_references(connection: sqlite3.Connection) -> References:
    """All sessions of the warehouse to compare with."""
    return References([_facts(row) for row in connection.execute(f"{_FACTS} WHERE task_type IS NOT NULL")])


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
