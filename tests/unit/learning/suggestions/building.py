"""Points, as few words as possible."""

from __future__ import annotations

from collections.abc import Sequence

from tachograph.learning.records import Group, Point

NOW = 1_780_000_000_000
DAY = 24 * 60 * 60 * 1000
WEEK = 7 * DAY


def point(
    number: int = 0,
    *,
    agent_type: str = "main",
    family: str = "opus-like",
    days_ago: float = 1,
    usd: float | None = None,
    task_type: str | None = None,
    session: str = "",
    **values: float,
) -> Point:
    """A session that ended ``days_ago`` days before NOW."""
    ended = NOW - round(days_ago * DAY)
    return Point(
        session=session or f"claude_code:s{number}",
        group=Group(agent_type, "claude_code", family),
        kind="main" if agent_type == "main" else "subagent",
        started_at=ended - 1000,
        ended_at=ended,
        values=values,
        task_type=task_type,
        cost_pico=None if usd is None else round(usd * 10**12),
    )


def row(of: Sequence[float], kpi: str, *, agent_type: str = "main", usd: float | None = None) -> list[Point]:
    """One session a day, the last value the latest."""
    return [
        point(number, agent_type=agent_type, days_ago=len(of) - number, usd=usd, **{kpi: value})
        for number, value in enumerate(of)
    ]
