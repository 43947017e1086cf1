"""What every session used, as the token axis wants it."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, get_args

from tachograph.analysis.axes.token_economy import NEEDED, References, TokenFacts, TokenScore, Verdict
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


def score_few(connection: sqlite3.Connection, chosen: Iterable[TokenFacts]) -> dict[str, TokenScore]:
    """The verdicts on some sessions, by id: those that all references give, from no more rows than these compare."""
    groups: dict[tuple[str, str | None], list[TokenFacts]] = defaultdict(list)
    for own in chosen:
        groups[own.kind, own.task_type].append(own)
    return {
        own.session: score
        for (kind, task_type), group in groups.items()
        for own, score in _score_group(_load_group(connection, kind, task_type), group)
    }


def _load_group(
    connection: sqlite3.Connection, kind: str, task_type: str | None
) -> dict[str | None, list[tuple[Any, ...]]]:
    """Sessions of one kind and task type by model family; those that used nothing are no reference."""
    found: dict[str | None, list[tuple[Any, ...]]] = defaultdict(list)
    query = f"{_FACTS} WHERE task_type = ? AND kind = ? AND real_tokens > 0"
    for row in connection.execute(query, (task_type, kind)):
        found[_family(row[3]) if row[3] else None].append(row)
    return found


def _score_group(
    rows: dict[str | None, list[tuple[Any, ...]]], group: list[TokenFacts]
) -> Iterator[tuple[TokenFacts, TokenScore]]:
    """Each with its own model family where that is enough for it, whatever it counts; else with all families."""
    everything: References | None = None
    families: dict[str | None, References] = {}
    for own in group:
        alike = sum(not row[7] for row in rows.get(own.family, ()))
        if alike > NEEDED:  # itself may be among them
            if own.family not in families:
                families[own.family] = References([_facts(row) for row in rows[own.family]])
            yield own, families[own.family].score(own)
        else:
            everything = everything or References([_facts(row) for found in rows.values() for row in found])
            yield own, everything.score(own)


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
