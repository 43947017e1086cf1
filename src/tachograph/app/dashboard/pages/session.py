"""One session: its axes, findings, timeline, turns, subagents, KPIs, and where its numbers come from."""

from __future__ import annotations

from tachograph.app.dashboard.page import Page, Param
from tachograph.app.dashboard.session_story import SESSION_PARAM, tell_session
from tachograph.app.dashboard.session_view import show_session

PAGE = Page(
    "session",
    "Session",
    tell_session,
    show_session,
    "One session with its axes, findings, turns, subagents, KPIs and the origin of its numbers.",
    params=(
        SESSION_PARAM,
        Param("part", "Which part of the turns, from 1; by default the first, of a live session the last."),
        Param("below", "Which part of the subagents, from 1."),
        Param("findings", "Which part of the findings, from 1."),
    ),
    scoped=False,
    live=True,
)
