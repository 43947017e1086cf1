"""One turn of a session: its responses and tool calls, one after the other."""

from __future__ import annotations

from tachograph.app.dashboard.page import Page, Param
from tachograph.app.dashboard.session_calls import tell_turn
from tachograph.app.dashboard.session_calls_view import show_turn
from tachograph.app.dashboard.session_story import SESSION_PARAM

PAGE = Page(
    "turn",
    "Turn",
    tell_turn,
    show_turn,
    "One turn of a session: its responses and tool calls in order, and the findings that they prove.",
    params=(
        SESSION_PARAM,
        Param("n", "Number of the turn, from 1; 0 is what came before the first prompt. Not needed with ``call``."),
        Param("part", "Which part of its calls, from 1."),
        Param("call", "Id of a call or a response: its turn is shown, without ``part`` the part in which it lies."),
    ),
    scoped=False,
    live=True,
)
