"""KPIs of the tasks that an agent sets itself."""

from __future__ import annotations

from tachograph.analysis.kpis._registry import Lacking, Seen, Value, kpi
from tachograph.analysis.kpis._session_facts import last_states


@kpi(
    "task_completion_rate",
    "ratio",
    "Tasks completed",
    better="up",
    source="Thresholds: the published plan for a self-optimising loop of agents; its formula counted an update as a "
    "completion, ours takes each task once, as it was left.",
    thresholds=(0.95, 0.85, 0.70),
    least_sd=0.03,
    default=(0.90, 0.10),
)
def task_completion_rate(seen: Seen) -> Value:
    """Distinct tasks left as completed / distinct tasks that were made (task tools, to-do lists, Codex's plans).

    Tasks that were dropped are in neither number: deleted, or taken off a to-do list of which other items stay (agents
    reword and refine their lists). A list that gives way to a wholly different one leaves its open items open. A task
    that was completed and opened again is not completed. Says what the agent recorded, not whether the work is good.
    Does not apply to a session without tasks; lacking where its calls do not say what became of them.
    """
    states = last_states(seen.session)
    if isinstance(states, Lacking):
        return states
    left = [state for state in states.values() if state != "dropped"]
    return left.count("completed") / len(left) if left else None
