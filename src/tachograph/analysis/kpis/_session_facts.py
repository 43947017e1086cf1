"""What several KPIs ask of a session."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from tachograph.analysis.kpis._registry import Lacking, Seen
from tachograph.analysis.summary import HOUSEKEEPING
from tachograph.model import TURN_KINDS, Prompt, Session, TaskState, ToolCall

by_position = attrgetter("position")
UNPRICED = Lacking("some of its responses have no known price")
_LISTS = frozenset({"TodoWrite", "update_plan"})
"""Tools that write the whole list of tasks each time."""
_TELLING = _LISTS | {"TaskCreate", "TaskUpdate"}
"""Tools whose successful calls say what became of a task."""
_UNTOLD = Lacking("its task calls do not say what became of the tasks")


def in_order(calls: Iterable[ToolCall]) -> list[ToolCall]:
    """Calls in the order in which they were made."""
    return sorted(calls, key=by_position)


def working_turns(session: Session) -> list[Prompt]:
    """The prompts that open a turn, in order; slash commands that ask nothing of the model (``/clear``) open none."""
    return sorted(
        (
            prompt
            for prompt in session.prompts
            if prompt.kind in TURN_KINDS
            and not (prompt.kind == "slash" and prompt.text.partition(" ")[0] in HOUSEKEEPING)
        ),
        key=by_position,
    )


def own_cost(seen: Seen) -> float | Lacking:
    """What its own responses cost, USD; lacking where a price is."""
    return UNPRICED if seen.unpriced or seen.cost_pico is None else seen.cost_pico / 1e12


def last_states(session: Session) -> dict[int, TaskState] | Lacking:
    """The state in which each of the session's tasks was left, by key; lacking where its calls do not tell.

    Where a tool writes the whole list each time, an open item that disappears while another one stays was dropped; when
    nothing stays, the whole list was given up, and what was open stays open.
    """
    states: dict[int, TaskState] = {}
    listed: set[int] = set()
    untold = False
    for call in in_order(call for call in session.tool_calls if call.category == "task"):
        if call.name in _LISTS and call.tasks:
            keys = {change.key for change in call.tasks}
            if not keys.isdisjoint(listed):
                states.update((key, "dropped") for key in listed - keys if states[key] != "completed")
            listed = keys
        states.update((change.key, change.state) for change in call.tasks)
        untold = untold or (call.status == "ok" and call.name in _TELLING)
    return states if states or not untold else _UNTOLD
