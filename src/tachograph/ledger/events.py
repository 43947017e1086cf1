"""The events of a ledger, and one line for each."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Literal

import msgspec

from tachograph.model.goal import FailureReason, GoalType, ResultFit, SyncedUsage

if TYPE_CHECKING:
    Micros = int
    Millis = int
else:

    class Micros(int):
        """Microseconds since 1970-01-01 UTC; a line has it as a time."""

    class Millis(int):
        """Milliseconds since 1970-01-01 UTC; a line has it as a time."""


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="event_type"):
    """What every event says."""

    event_id: str
    """``ev_`` and 16 hexadecimal digits, drawn at random."""
    ts: Micros
    """When it was written; an event has a later one than those its writer saw."""
    goal_id: str
    """As the goal was called when this was written: for people."""
    key: str
    """Which goal, for the replay."""
    session: str | None = None
    """Session in which it was written, or which it is about."""


class GoalStarted(Event, tag="goal_started", omit_defaults=True, kw_only=True, frozen=True):
    """A goal and its first attempt begin."""

    title: str
    goal_type: GoalType
    started_at: Millis
    supersedes: str | None = None
    """Key of the goal that it takes up again."""
    notes: str = ""
    agent: str | None = None
    model: str | None = None


class GoalContinued(Event, tag="goal_continued", omit_defaults=True, kw_only=True, frozen=True):
    """The attempt that was under way has failed, and the next one begins."""

    failure_reason: FailureReason
    """Of the attempt that failed."""
    started_at: Millis
    """Of the next one."""
    notes: str = ""
    """On the next one."""
    agent: str | None = None
    model: str | None = None


class GoalFinished(Event, tag="goal_finished", omit_defaults=True, kw_only=True, frozen=True):
    """The goal is over, and the attempt that was under way with it."""

    status: Literal["success", "fail"]
    finished_at: Millis
    result_fit: ResultFit | None = None
    failure_reason: FailureReason | None = None
    notes: str = ""


class Changes(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is to be another way from now on; what is left out stays."""

    title: str | msgspec.UnsetType = msgspec.UNSET
    goal_type: GoalType | msgspec.UnsetType = msgspec.UNSET
    status: Literal["in_progress"] | msgspec.UnsetType = msgspec.UNSET
    """Opens a goal that was closed."""
    result_fit: ResultFit | msgspec.UnsetType | None = msgspec.UNSET
    failure_reason: FailureReason | msgspec.UnsetType = msgspec.UNSET
    started_at: Millis | msgspec.UnsetType = msgspec.UNSET
    finished_at: Millis | msgspec.UnsetType = msgspec.UNSET
    supersedes: str | msgspec.UnsetType | None = msgspec.UNSET
    notes: str | msgspec.UnsetType = msgspec.UNSET
    agent: str | msgspec.UnsetType | None = msgspec.UNSET
    model: str | msgspec.UnsetType | None = msgspec.UNSET


class GoalUpdated(Event, tag="goal_updated", omit_defaults=True, kw_only=True, frozen=True):
    """Somebody corrects what the ledger says."""

    changes: Changes = Changes()
    attempt: int | None = None
    """Number of the attempt that ``failure_reason`` and ``notes`` are about; None: the goal."""
    link: tuple[str, ...] = ()
    """Sessions that worked for it."""
    unlink: tuple[str, ...] = ()


class UsageAdded(Event, tag="usage_added", omit_defaults=True, kw_only=True, frozen=True):
    """Cost or tokens that no log shows, typed in."""

    usd: str | None = None
    """Decimal."""
    tokens: int | None = None
    note: str = ""


class UsageSynced(Event, tag="usage_synced", omit_defaults=True, kw_only=True, frozen=True):
    """What sessions used for the goal, as a machine that has their logs tells it."""

    sessions: tuple[SyncedUsage, ...]
    """Each takes the place of what was noted of its session before."""


class GoalsMerged(Event, tag="goals_merged", omit_defaults=True, kw_only=True, frozen=True):
    """Two goals were one: the attempts of the dropped one are the kept one's."""

    dropped_key: str
    dropped_goal_id: str


OwnEvent = GoalStarted | GoalContinued | GoalFinished | GoalUpdated | UsageAdded | UsageSynced | GoalsMerged
"""An event in our own form."""


def new_event_id() -> str:
    """A name for an event that no other clone draws."""
    return f"ev_{secrets.token_hex(8)}"


def new_key() -> str:
    """A name for a goal that no other clone draws."""
    return secrets.token_hex(4)
