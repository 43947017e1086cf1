"""What was asked for, the attempts it took, and how it ended."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

GoalType = Literal["product", "retro", "meta"]
"""``product``: work on the product; ``retro``: looking back; ``meta``: work on how one works."""
GoalStatus = Literal["in_progress", "success", "fail"]
ResultFit = Literal["exact_fit", "partial_fit", "miss"]
"""How the result met what was wanted; for goals of type ``product`` alone."""
FailureReason = Literal[
    "unclear_task", "missing_context", "validation_failed", "environment_issue",
    "model_mistake", "scope_too_large", "tooling_issue", "other",
]  # fmt: skip
GOAL_TYPES: tuple[GoalType, ...] = get_args(GoalType)
GOAL_STATUSES: tuple[GoalStatus, ...] = get_args(GoalStatus)
RESULT_FITS: tuple[ResultFit, ...] = get_args(ResultFit)
FAILURE_REASONS: tuple[FailureReason, ...] = get_args(FailureReason)


class ManualUsage(msgspec.Struct, frozen=True):
    """Cost and tokens that somebody typed in; what the history knows of never gets here."""

    at: int
    """When it was typed in, ms UTC."""
    usd: str | None
    """Decimal; None: none was given."""
    tokens: int | None
    note: str


class SyncedUsage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one session used for a goal, as the history told the machine that it ran on. Tokens are integers."""

    session: str
    """Main session, its subagents folded in."""
    responses: int
    """Counted responses; 0: the session is no longer counted for this goal."""
    input: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    output: int = 0
    reasoning: int = 0
    """A part of ``output``."""
    web_searches: int = 0
    pico_usd: int | None = None
    """API-equivalent list price, picodollars; None: nothing is priced."""
    unpriced_responses: int = 0
    output_unreliable_responses: int = 0
    unclear_responses: int = 0
    """Made while several goals were open; in none of the other numbers."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try at a goal."""

    number: int
    """From 1, in the order of time."""
    status: GoalStatus
    started_at: int
    """ms UTC."""
    finished_at: int | None = None
    failure_reason: FailureReason | None = None
    """Why this try failed; it stays when a later one succeeds."""
    notes: str = ""
    agent: str | None = None
    model: str | None = None
    inferred: bool = False
    """Nobody noted it: another tool's ledger counted it."""


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """A goal as its ledger leaves it."""

    id: str
    """``YYYY-MM-DD-NNN``, with a suffix where two clones gave the same number."""
    key: str
    """What its events name it by: never two the same."""
    title: str
    type: GoalType
    status: GoalStatus
    started_at: int
    """ms UTC."""
    finished_at: int | None = None
    result_fit: ResultFit | None = None
    failure_reason: FailureReason | None = None
    supersedes: str | None = None
    """Key of the goal that this one takes up again."""
    notes: str = ""
    agent: str | None = None
    model: str | None = None
    attempts: tuple[Attempt, ...] = ()
    """At least one."""
    sessions: tuple[str, ...] = ()
    """Sessions that are known to have worked for it (``<agent>:<native id>``)."""
    manual: tuple[ManualUsage, ...] = ()
    synced: tuple[SyncedUsage, ...] = ()
    """By session; what ``sync`` noted last of each."""
    merged: tuple[str, ...] = ()
    """Keys of goals that were merged into it."""

    @property
    def closed(self) -> bool:
        """Whether it has ended, well or not."""
        return self.status != "in_progress"

    def entry_id(self, attempt: Attempt) -> str:
        """Name of one of its attempts: ``<goal>-attempt-NNN``."""
        return f"{self.id}-attempt-{attempt.number:03}"
