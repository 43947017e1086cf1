"""Goals in numbers, as overviews and reports show them."""

from __future__ import annotations

import msgspec

NOT_NOTED = "not noted"


class Achieved(msgspec.Struct, frozen=True, kw_only=True):
    """Goals that are over, and what became of them."""

    closed: int
    succeeded: int
    success_rate: float | None
    """0 to 1; null without a closed goal."""
    attempts: int
    """At the closed goals."""
    attempts_per_goal: float | None
    cost_known: int
    """Closed goals whose whole cost is known: only these count below."""
    cost_known_succeeded: int
    """Of these, those that succeeded."""
    usd: float | None
    """What they cost together; null without one."""
    usd_per_success: float | None
    """``usd``, that of failures included, for each that succeeded; null where none did."""


class ModelGoals(msgspec.Struct, frozen=True, kw_only=True):
    """Goals that one model worked for."""

    model: str
    """As the ledger notes it last, else that of most responses of their main sessions; ``not noted``: neither."""
    achieved: Achieved


class ReasonCount(msgspec.Struct, frozen=True):
    """How often a reason was given."""

    reason: str
    """``not noted``: it failed without one (in another tool's ledger)."""
    count: int


class GoalFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The goals of one or more ledgers that ended in the selection, and those that are open."""

    ledgers: int
    """Ledgers with such goals."""
    open: int
    """Goals that are still in progress."""
    achieved: Achieved
    matched: int
    """Closed goals to which responses of the history fell."""
    known_cost_coverage: float | None
    """Share of the closed goals whose whole cost is known, 0 to 1; null without a closed goal."""
    models: list[ModelGoals]
    """Most closed goals first."""
    attempt_failures: list[ReasonCount]
    """Reasons of the attempts that failed, also of goals that were reached later; the most frequent first."""
    goal_failures: list[ReasonCount]
    """Reasons of the goals that failed."""
    result_fits: list[ReasonCount]
    """How the results of closed goals of type ``product`` met what was wanted."""
    unreadable: list[str]
    """Ledgers that are there and cannot be read: a sentence of each."""
    lost_lines: int
    """Lines of the ledgers without effect, which ``tacho goal fsck`` explains."""
