"""KPIs of what work costs: list prices of a session's own responses, its subagents left out."""

from __future__ import annotations

from collections import Counter

from tachograph.analysis.kpis._registry import Lacking, Seen, Value, kpi
from tachograph.analysis.kpis._session_facts import last_states, own_cost, working_turns

_OURS = "Our own. No thresholds: what is dear depends on the work."
_PLACEHOLDERS = Lacking("its log has placeholders in place of output counts")
_UNKNOWN_WASTE = Lacking("what some of its waste cost is not known")


@kpi("cost_per_turn", "USD", "Cost per turn", better="down", source=_OURS, scale="log", least_sd=0.25)
def cost_per_turn(seen: Seen) -> Value:
    """Cost of its responses / turns. Slash commands that ask nothing of the model (``/clear``) are no turns.

    A lower bound where the log has placeholders in place of output counts (see ``token_efficiency``): output is 14 % of
    the cost in the median, 1 to 29 % in 20 real sessions. Does not apply without responses or turns; lacking where a
    response has no known price.
    """
    turns = len(working_turns(seen.session))
    if not seen.session.responses or not turns:
        return None
    cost = own_cost(seen)
    return cost if isinstance(cost, Lacking) else cost / turns


@kpi(
    "cost_per_output_token",
    "USD per million tokens",
    "Cost per million output tokens",
    better="down",
    source="A later wish of the published plan for a self-optimising loop of agents. "
    + _OURS.removeprefix("Our own. "),
    scale="log",
    least_sd=0.25,
)
def cost_per_output_token(seen: Seen) -> Value:
    """Cost of its responses / output tokens, for a million of them: all that was paid, reading included, to get them.

    Does not apply without responses or output; lacking where a response has no known price or no true output count.
    """
    responses = seen.session.responses
    if not all(response.output_reliable for response in responses):
        return _PLACEHOLDERS
    output = sum(response.usage.output for response in responses)
    if not output:
        return None
    cost = own_cost(seen)
    return cost if isinstance(cost, Lacking) else cost / output * 1e6


@kpi(
    "cost_per_completed_task",
    "USD",
    "Cost per completed task",
    better="down",
    source="A later wish of the published plan for a self-optimising loop of agents. "
    + _OURS.removeprefix("Our own. "),
    scale="log",
    least_sd=0.3,
)
def cost_per_completed_task(seen: Seen) -> Value:
    """Cost of its responses / distinct tasks left as completed (see ``task_completion_rate``).

    All of the session's cost counts, also what no task was made for. Does not apply without responses or without a
    completed task: how many were not completed is told by ``task_completion_rate``. Lacking where a response has no
    known price, or where the calls do not say what became of the tasks.
    """
    if not seen.session.responses:
        return None
    states = last_states(seen.session)
    if isinstance(states, Lacking):
        return states
    completed = list(states.values()).count("completed")
    if not completed:
        return None
    cost = own_cost(seen)
    return cost if isinstance(cost, Lacking) else cost / completed


@kpi(
    "waste_share",
    "ratio",
    "Cost that was waste",
    better="down",
    source="Our own, from the detectors of waste. No thresholds: how much is found depends on the tools in use.",
    least_sd=0.02,
)
def waste_share(seen: Seen) -> Value:
    """Cost of the waste that one detector proved, that of the dearest / cost of its responses; 0 where none was found.

    Detectors overlap (a file read again may be a heavy result too), so their costs are not added up: the share is a
    lower bound of all waste, made of estimates, and never above 1. Does not apply without responses or cost; lacking
    where a response has no known price or what a finding cost is not known.
    """
    if not seen.session.responses:
        return None
    cost = own_cost(seen)
    if isinstance(cost, Lacking):
        return cost
    if not cost:
        return None
    wasted: Counter[str] = Counter()
    for finding in seen.findings:
        if finding.cost_pico is None:
            return _UNKNOWN_WASTE
        wasted[finding.detector] += finding.cost_pico
    return min(max(wasted.values(), default=0) / 1e12 / cost, 1.0)
