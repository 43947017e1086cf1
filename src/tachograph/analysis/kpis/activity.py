"""KPIs of how time was spent."""

from __future__ import annotations

from tachograph.analysis.kpis._registry import Lacking, Seen, Value, kpi
from tachograph.analysis.kpis._waits import find_waits, leave_out
from tachograph.analysis.summary import active_ms
from tachograph.model import Session

LEAST_WALL_MS = 60_000
"""A shorter session has no time to be idle in: all but every such one has a ratio of 1."""
_NO_PROMPT = Lacking("no prompt is recorded, so that the agent's time cannot be told from the person's")


@kpi(
    "active_time_ratio",
    "ratio",
    "Time at work",
    better="up",
    source="Thresholds: the published plan for a self-optimising loop of agents; its formula added up the time of "
    "hooks, ours takes the agent's from each prompt on.",
    thresholds=(0.60, 0.40, 0.20),
    least_sd=0.05,
    default=(0.50, 0.15),
)
def active_time_ratio(seen: Seen) -> Value:
    """Time at work / time from the session's first line to its last.

    At work from each prompt up to the last record before the next one; silences of more than ten minutes are left out
    (docs/metrics.md, active time), and so is waiting that is known: for the answer to a question, for a plan to be
    approved, for an edit or a read to be refused, as long as no other call was at work. Waiting for a permission that
    was given cannot be told from work. Says when the agent worked, not how well: a session left open over night is low.
    Does not apply to sessions of less than a minute; lacking where no prompt is recorded.
    """
    wall = _wall_ms(seen.session)
    if wall < LEAST_WALL_MS:
        return None
    if not seen.session.prompts:
        return _NO_PROMPT
    session = leave_out(seen.session, find_waits(seen.session))
    return min(active_ms(session) / wall, 1.0)


def _wall_ms(session: Session) -> int:
    """Of a fork without what it copied: from its own first record."""
    if session.started_at is None or session.ended_at is None:
        return 0
    start = session.started_at
    if session.forked_from is not None:
        own = [p.at for p in session.prompts]
        own += [r.started_at for r in session.responses] + [c.started_at for c in session.tool_calls]
        start = min(own, default=start)
    return session.ended_at - start
