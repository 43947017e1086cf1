"""What main sessions came to: their cost, their waste, whether they succeeded; each where it is really known."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import msgspec

from tachograph.analysis.axes.trajectory import PROMPT_VERSION, REVIEWED
from tachograph.analysis.model_family import model_family
from tachograph.learning.ml.session_features import What
from tachograph.model import CommandLabel, LabelKind

SETTLED_MS = 60 * 60 * 1000
"""A session that ended less than an hour ago may go on: what it comes to is not known yet. A convention."""
SUCCEEDED = 50.0
"""Of a label's score, 0 to 100: the least that counts as success, as for commands."""
LABELS: dict[What, str] = {
    "cost": "how many times as much the session with its subagents costs in the end as after the turns that are known"
    " (natural logarithm), at list prices as tacho shows them; only where every response has a price. Where a log holds"
    " placeholders of output counts, costs are lower bounds (source lower_bound)",
    "success": "1 where the session's strongest label is 50 or more: a person's, else a known outcome's, else (pseudo)"
    " a judge's verdict that asks nobody to look",
    "waste": "logarithm of 1 and the cents of the session's dearest detector (subagents included; none without"
    " findings), less the same of what it had cost after the turns that are known; only where the session and every"
    " finding are priced",
}
"""What the label of a session is, in words: for a model's metadata and the docs."""

_ROOTS = """
SELECT s.id, s.agent, s.agent_type, s.project, s.forked_from IS NOT NULL, s.started_at, t.ended_at, s.turns, s.complete,
       s.task_type, s.model, t.pico, t.unpriced, t.unreliable
FROM sessions s
JOIN (
    SELECT c.root_id, max(c.ended_at) AS ended_at, sum_pico(u.cost_pico) AS pico, sum(u.unpriced) AS unpriced,
           sum(u.unreliable) AS unreliable
    FROM sessions c LEFT JOIN usage_quarters u USING (session)
    GROUP BY c.root_id
) t ON t.root_id = s.id
WHERE s.kind = 'main' AND s.started_at IS NOT NULL AND t.ended_at IS NOT NULL AND s.turns > 0
ORDER BY s.started_at, s.id"""
_WASTE = """
SELECT {key}, f.detector, sum_pico(f.cost_pico), sum(f.cost_pico IS NULL)
FROM findings f JOIN segments g USING (segment) JOIN sessions s ON s.id = g.session
GROUP BY 1, 2"""
_OWN_COST = """
SELECT s.id, sum_pico(u.cost_pico), sum(u.unpriced) FROM sessions s JOIN usage_quarters u USING (session)
WHERE s.kind = 'subagent' GROUP BY 1"""
_VERDICTS = "SELECT session, verdict, model, max(at) FROM judgements WHERE prompt = ? GROUP BY session"


class Root(msgspec.Struct, frozen=True):
    """A main session with its subagents. Times are ms UTC."""

    id: str
    agent: str
    agent_type: str | None
    project: str | None
    is_fork: bool
    started_at: int
    ended_at: int
    """The end of the last of its subagents, when that is later."""
    turns: int
    """That it opened."""
    is_complete: bool
    """False: its last turn is not over."""
    task_type: str | None
    model: str | None
    """That gave most of its output."""
    pico: int | None
    """Picodollars of what is priced; None: nothing is."""
    unpriced: int
    unreliable: int
    """Responses whose output, and with it the cost, is a lower bound: the log holds a placeholder."""

    @property
    def finished_turns(self) -> int:
        """Turns that are over."""
        return self.turns if self.is_complete else self.turns - 1

    @property
    def family(self) -> str | None:
        """Of its model."""
        return model_family(self.model) if self.model else None

    @property
    def usd(self) -> float | None:
        """What it cost; None: not every response has a price."""
        return None if self.pico is None or self.unpriced else self.pico / 10**12


class Known(msgspec.Struct, frozen=True):
    """What a session came to, and where that is from."""

    value: float
    """USD; of success 1 or 0."""
    kind: LabelKind
    source: str


def load_roots(connection: sqlite3.Connection) -> list[Root]:
    """All main sessions that have left a log with a prompt, in the order in which they began."""
    rows = connection.execute(_ROOTS)
    return [
        Root(*row[:4], bool(row[4]), *row[5:8], bool(row[8]), *row[9:12], row[12] or 0, row[13] or 0)  # type: ignore[call-arg]
        for row in rows
    ]


def load_outcomes(
    connection: sqlite3.Connection, folder: Path, what: What, roots: Iterable[Root], now_ms: int
) -> dict[str, Known]:
    """What each session that is over came to; those of which it is not known are left out.

    ``folder`` is the data folder: people's labels lie in its store of commands.
    """
    settled = [root for root in roots if root.ended_at <= now_ms - SETTLED_MS]
    if what == "success":
        return _load_success(connection, folder, {root.id for root in settled})
    if what == "cost":
        return {
            root.id: Known(root.usd, "outcome", "lower_bound" if root.unreliable else "price")
            for root in settled
            if root.usd is not None
        }
    waste = load_waste(connection)
    known = {}
    for root in settled:
        usd = waste.get(root.id, 0.0)
        if root.usd is not None and usd is not None:
            known[root.id] = Known(usd, "outcome", "findings")
    return known


def load_own_amounts(connection: sqlite3.Connection) -> dict[str, tuple[float | None, float | None]]:
    """USD that each subagent by itself cost and wasted; None where not all of it has a price."""
    waste = _dearest(connection, "s.id")
    return {
        session: (pico / 10**12, waste.get(session, 0.0)) if not unpriced and pico is not None else (None, None)
        for session, pico, unpriced in connection.execute(_OWN_COST)
    }


def load_waste(connection: sqlite3.Connection) -> dict[str, float | None]:
    """USD of the dearest detector of each main session that has a finding; detectors overlap, so they do not add up.

    None where a finding has no price. Sessions that an older version read, and of which it did not keep all that
    detectors need, are None too: what they wasted is not known.
    """
    from tachograph.app.waste import list_unexamined

    usd = _dearest(connection, "s.root_id")
    unexamined = list_unexamined(connection)
    if unexamined:
        roots = dict(connection.execute("SELECT id, root_id FROM sessions"))
        usd |= {roots.get(one, one): None for one in unexamined}
    return usd


def _dearest(connection: sqlite3.Connection, key: str) -> dict[str, float | None]:
    usd: dict[str, float | None] = {}
    for one, _, pico, unpriced in connection.execute(_WASTE.format(key=key)):
        before = usd.get(one, 0.0)
        usd[one] = None if unpriced or before is None else max(before, pico / 10**12)
    return usd


def _load_success(connection: sqlite3.Connection, folder: Path, wanted: set[str]) -> dict[str, Known]:
    known: dict[str, Known] = {}
    for session, verdict, model, _ in connection.execute(_VERDICTS, (PROMPT_VERSION,)):
        if session in wanted:
            known[session] = Known(float(verdict not in REVIEWED), "pseudo", f"judge:{model}")
    for session, labels in _read_labels(folder, wanted).items():
        best = _strongest(labels)
        if best is not None and (best.kind in ("human", "outcome") or session not in known):
            known[session] = Known(float(best.score >= SUCCEEDED), best.kind, best.source)
    return known


def _strongest(labels: list[CommandLabel]) -> CommandLabel | None:
    from tachograph.app.commands.labels import effective_label

    return effective_label(labels)


def _read_labels(folder: Path, wanted: set[str]) -> dict[str, list[CommandLabel]]:
    from tachograph.capture.store import commands_file, open_commands

    found: dict[str, list[CommandLabel]] = defaultdict(list)
    if commands_file(folder).exists():
        with open_commands(folder) as store:
            for label in store.labels("target NOT LIKE 'evt_%'"):
                if label.target in wanted:
                    found[label.target].append(label)
    return found
