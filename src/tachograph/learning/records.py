"""What the loop goes by: sessions with their KPIs, what people decided, which session got which suggestion."""

from __future__ import annotations

from typing import Literal

import msgspec

Arm = Literal["treatment", "control"]
Action = Literal["activate", "disable", "promote", "demote", "retire"]


class Group(msgspec.Struct, frozen=True, order=True):
    """Sessions that are held against one baseline."""

    agent_type: str
    """``main``, a subagent's type, or what the user has named the main sessions of a project."""
    agent: str
    family: str
    """Model family, see :func:`tachograph.analysis.model_family.model_family`."""


class Point(msgspec.Struct, frozen=True):
    """One session with its KPIs. Times are ms UTC."""

    session: str
    group: Group
    kind: Literal["main", "subagent"]
    started_at: int
    ended_at: int
    values: dict[str, float]
    """KPIs by name; what is not known is not there."""
    lacking: dict[str, str] = {}
    """KPIs whose data is missing, and why."""
    project: str | None = None
    task_type: str | None = None
    cost_pico: int | None = None
    """Picodollars of its own responses; None: nothing is priced."""
    origin: Literal["transcript", "telemetry"] = "transcript"

    @property
    def completeness(self) -> float | None:
        """Share of the KPIs that apply whose data is there, 0 to 1; None when none applies."""
        applying = len(self.values) + len(self.lacking)
        return len(self.values) / applying if applying else None


def in_order(point: Point) -> tuple[int, str]:
    """Sort key: the order in which sessions count, whatever the order in which they were read."""
    return point.ended_at, point.session


class Reset(msgspec.Struct, frozen=True):
    """A baseline that the user has set back: sessions that ended up to ``at`` no longer feed it."""

    at: int
    agent_type: str
    agent: str | None = None
    """None: of every agent; so the next two."""
    family: str | None = None
    kpi: str | None = None


class Assignment(msgspec.Struct, frozen=True):
    """That a session was given a suggestion's text (treatment), or that chance left it without (control)."""

    suggestion: str
    trial: str
    """Id of the trial it belongs to: a suggestion may be tried again."""
    session: str
    """``<agent>:<native id>``."""
    agent_type: str
    arm: Arm
    share: float
    """Chance of treatment at that moment, 0 to 1."""
    at: int


class Decision(msgspec.Struct, frozen=True):
    """What was done about a suggestion, in order of time."""

    at: int
    suggestion: str
    agent_type: str
    action: Action
    by: Literal["user", "auto"]
    reason: str = ""
    """A sentence of ours; never text from a log."""
    numbers: dict[str, float] = {}
    """Those in the text that sessions are given from then on (activate): a trial's text does not change."""
    agent: str = ""
    """Whose sessions (activate); empty: those of every agent."""
