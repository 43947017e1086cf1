"""Metrics of how long a session took and how it went back and forth."""

from __future__ import annotations

from tachograph.analysis.metrics._registry import metric
from tachograph.analysis.summary import active_ms, summarise
from tachograph.model import Session


@metric("turns", "turns", "Turns")
def turns(session: Session) -> int:
    """Prompts that open a turn: typed prompts, slash commands, and a parent's task for its subagent."""
    return summarise(session).turns


@metric("human_prompts", "prompts", "Prompts a person typed")
def human_prompts(session: Session) -> int:
    """Prompts, slash commands and ``!`` shell commands. A program that drives the agent counts as a person."""
    return summarise(session).prompts


@metric("interruptions", "interruptions", "Interruptions")
def interruptions(session: Session) -> int:
    """Times a person stopped the agent."""
    return summarise(session).interruptions


@metric("compactions", "compactions", "Compactions")
def compactions(session: Session) -> int:
    """Times the conversation was summarised to make room."""
    return summarise(session).compactions


@metric("api_errors", "errors", "API errors")
def api_errors(session: Session) -> int:
    """Failed requests that the log tells of, each retry by itself."""
    return summarise(session).api_errors


@metric("duration_seconds", "seconds", "Duration")
def duration_seconds(session: Session) -> float | None:
    """From the first to the last timestamp, pauses included; absent when the log has no timestamps."""
    if session.started_at is None or session.ended_at is None:
        return None
    return (session.ended_at - session.started_at) / 1000


@metric("active_seconds", "seconds", "Active time")
def active_seconds(session: Session) -> float:
    """Time in which the agent was at work: see :func:`tachograph.analysis.summary.active_ms`."""
    return active_ms(session) / 1000
