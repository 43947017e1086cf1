"""KPIs of how often a person had to step in."""

from __future__ import annotations

from bisect import bisect_left

from tachograph.analysis.kpis._registry import Seen, Value, kpi
from tachograph.analysis.kpis._session_facts import working_turns

_OURS = "Our own, from the signals of `tacho retries`. No thresholds: how much a person says depends on the work."


@kpi("interruption_rate", "ratio", "Interrupted turns", better="down", source=_OURS, least_sd=0.1)
def interruption_rate(seen: Seen) -> Value:
    """Turns in which a person stopped the agent / turns.

    Does not say why. Unattended sessions are never interrupted, however badly they go. Does not apply to subagents,
    which are stopped with their parent, nor without turns.
    """
    turns = working_turns(seen.session)
    if seen.session.kind != "main" or not turns:
        return None
    starts = [prompt.position for prompt in turns]
    stopped = {bisect_left(starts, m.position) for m in seen.session.markers if m.kind == "interruption"}
    return len(stopped - {0}) / len(turns)


@kpi("follow_up_rate", "ratio", "Turns that a person added", better="down", source=_OURS, least_sd=0.1)
def follow_up_rate(seen: Seen) -> Value:
    """Turns after the first one / turns: 0 where one prompt was enough, .5 with one more, near 1 in a long dialogue.

    Slash commands that ask nothing of the model (``/clear``) are no turns. Most follow-ups are the normal course of
    work: the next task, an answer, a change of mind. Work given in one prompt has fewer than the same work given in
    steps. Does not apply to subagents, to whom nobody speaks, nor without turns.
    """
    turns = len(working_turns(seen.session))
    return (turns - 1) / turns if seen.session.kind == "main" and turns else None
