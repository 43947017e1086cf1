"""KPIs of the tools that were called."""

from __future__ import annotations

from collections import Counter

from tachograph.analysis.kpis._registry import Seen, Value, kpi

LEAST_CALLS = 10
"""In fewer, a single failed call would by itself be past the critical bound of .10, and one list of tasks past most
bounds of overhead."""
_PRODUCTIVE = frozenset({"read", "edit", "search", "shell", "web"})
_PLAN = "the published plan for a self-optimising loop of agents"


@kpi(
    "tool_overhead_ratio",
    "ratio",
    "Management calls per productive call",
    better="down",
    source=f"Formula and thresholds: {_PLAN}.",
    thresholds=(0.5, 1.0, 2.0),
    least_sd=0.05,
)
def tool_overhead_ratio(seen: Seen) -> Value:
    """Calls that keep tasks, to-dos and plans / calls that read, write, edit, search, run a command or use the web.

    All calls count, whatever came of them. Those to MCP servers, subagents and other tools are in neither number. A
    session with management calls and no productive one has no ratio: it counts as if it had one productive call, so
    that the worst case shows. Does not apply to fewer than 10 calls of both kinds together, nor where the calls that
    are in neither outnumber the productive ones: then the work was done by tools that the formula does not look at.
    """
    kinds = Counter(call.category for call in seen.session.tool_calls)
    management = kinds["task"]
    productive = sum(kinds[kind] for kind in _PRODUCTIVE)
    if management + productive < LEAST_CALLS or kinds.total() - management - productive > productive:
        return None
    return management / max(productive, 1)


@kpi(
    "error_rate",
    "ratio",
    "Failed tool calls",
    better="down",
    source=f"Thresholds: {_PLAN}; its formula counted calls of unknown outcome as failed, ours does not.",
    thresholds=(0.0, 0.05, 0.10),
    least_sd=0.02,
)
def error_rate(seen: Seen) -> Value:
    """Failed calls / finished calls.

    Finished are those that worked or failed by themselves; calls that a person refused, that were stopped with a
    failing sibling, or that have no result are left out. A failing test is a failed call too: working test-first costs
    some. Does not apply to fewer than 10 finished calls.
    """
    outcomes = Counter(call.status for call in seen.session.tool_calls)
    finished = outcomes["ok"] + outcomes["error"]
    return outcomes["error"] / finished if finished >= LEAST_CALLS else None
