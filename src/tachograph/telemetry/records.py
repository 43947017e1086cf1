"""What a telemetry folder tells."""

from __future__ import annotations

import msgspec

from tachograph.model import Problem, Session

_NEVER_TOLD = frozenset({"document_coverage", "interruption_rate", "rework_rate", "waste_share"})
"""No span says what a shell command was, that a person stopped the agent, or how many lines an edit changed."""
_NOT_OF_SUMS = frozenset({"cost_per_completed_task", "cost_per_output_token", "cost_per_turn"})
"""What is summed over many answers cannot be priced: prices depend on the size of each prompt."""


class TelemetrySession(msgspec.Struct, frozen=True):
    """One session as its spans tell it. What spans cannot tell is not there, so that its KPIs are not either."""

    session: Session
    context_utilization: float | None = None
    """Largest share of the context in use that a span told, 0 to 1; None: none told it."""
    is_summed: bool = False
    """Whether ``session.responses`` are sums over many answers each, at the moment at which they were read off: they
    have no size of a prompt, and prices that depend on it cannot be looked up."""

    @property
    def untold_kpis(self) -> frozenset[str]:
        """Names of KPIs that spans cannot tell: these do not apply, whatever could be computed from the records."""
        return _NEVER_TOLD | _NOT_OF_SUMS if self.is_summed else _NEVER_TOLD


class Evaluation(msgspec.Struct, frozen=True, order=True):
    """One score that a judge gave a session."""

    session: str
    """``<agent>:<native id>``."""
    name: str
    """What was judged: relevance, faithfulness …"""
    evaluator: str
    """Who judged, as the file names it."""
    at: int
    """ms UTC."""
    score: float
    """0 to 1."""


class FileProblem(msgspec.Struct, frozen=True):
    """A fault in one file of the folder."""

    file: str
    """Its name, cleaned; ``""`` for the folder itself."""
    problem: Problem


class Telemetry(msgspec.Struct, frozen=True):
    """All that one folder tells, in a fixed order: sessions by id, evaluations sorted, problems by file and line."""

    sessions: tuple[TelemetrySession, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    problems: tuple[FileProblem, ...] = ()
    unassigned: int = 0
    """Spans and scores that name no session and whose trace does not lead to exactly one."""
    made_up: int = 0
    """Scores that their own file calls seeded, canaries or backfilled: no judge gave them."""
