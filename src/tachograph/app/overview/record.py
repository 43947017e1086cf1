"""What an overview holds."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from tachograph.app.cost import CostGroup
from tachograph.app.goals.figure_records import GoalFigures
from tachograph.app.retries import RetrySignals
from tachograph.app.session_rows import SessionRow
from tachograph.app.sessions import SessionCounts
from tachograph.app.totals import Totals
from tachograph.app.waste import WasteGroup


class Week(msgspec.Struct):
    """One week of the trend, from Monday."""

    week: date
    sessions: int
    responses: int
    tokens: int
    usd: float | None
    """Null when nothing is priced, also when there was nothing."""
    unpriced_responses: int


class SubagentShare(msgspec.Struct):
    """What subagents are of the whole."""

    sessions: int
    """Subagent sessions with responses."""
    responses: int
    tokens: int
    usd: float | None


class ProblemCounts(msgspec.Struct):
    """What could not be read; of the whole warehouse, whatever the selection."""

    lines: int
    """Lines that could not be read as they should."""
    unreadable_files: int


class NextCommand(msgspec.Struct):
    """A command that makes sense for this data."""

    command: str
    why: str


class Overview(msgspec.Struct):
    """What ``tacho`` shows. Cost and tokens are dated by response, sessions and their doings by their start."""

    timezone: str
    since: datetime | None
    """As asked for."""
    until: datetime | None
    first_response_at: datetime | None
    """Start of the quarter-hour of the first one counted here."""
    last_response_at: datetime | None
    """Start of the quarter-hour of the last one."""
    activity: SessionCounts
    total: Totals
    weeks: list[Week]
    """The last ones, at most twelve, up to the week of ``last_response_at``; weeks without responses are there too."""
    models: list[CostGroup]
    projects: list[CostGroup]
    agents: list[CostGroup]
    subagents: SubagentShare
    retries: RetrySignals
    top_sessions: list[SessionRow]
    """The most expensive ones among those that began in the selection."""
    problems: ProblemCounts
    waste: list[WasteGroup] = []
    """By detector, the dearest first, of the sessions that began in the selection. Detectors overlap."""
    token_verdicts: dict[str, int] = {}
    """Main sessions by verdict of the token axis: above_p75, within_band, below_p25, unavailable."""
    goals: GoalFigures | None = None
    """Of all known ledgers, by when the goals ended; null: there are none."""
    next: list[NextCommand] = []
    """Two or three."""
