"""An incident's report: what speaks for which cause, and what to do. No text from a log: numbers, and words of ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from tachograph.analysis.task_type import TASK_TYPES
from tachograph.learning.alerts.records import Incident, IncidentRow, name_for
from tachograph.learning.records import Group, Point
from tachograph.model import to_datetime

BEFORE = 10
"""Sessions before an incident that its own are compared with."""
MOST = 2 / 3
"""Share of the incident's sessions from which something is theirs; before, at most half of that may have had it."""

NEW = 1 / 2
"""Share of the sessions before from which another agent or model is told of: five of the ten may be of the new one,
for before these it has no baseline and no incidents."""

_Key = TypeVar("_Key")


class Context(msgspec.Struct, frozen=True, array_like=True):
    """What a session was, for comparing those of an incident with those before."""

    session: str
    agent: str
    family: str
    task_type: str | None
    project: str | None
    is_treated: bool
    """It was given a suggestion under test, or kept out of the baseline for another reason."""
    bad: tuple[str, ...]
    """KPIs on the bad side, in order of name."""


def write_incident(
    point: Point, kpi: str, rows: Sequence[IncidentRow], group: Sequence[Context], everyone: Sequence[Context]
) -> Incident:
    """The incident that ends with ``point``.

    ``group``: the last sessions of its group, ``everyone``: those of its agent type whatever the agent and the model;
    both with the incident's own, the oldest first.
    """
    ids = {row.session for row in rows}
    own = [context for context in group if context.session in ids]
    before = [context for context in group if context.session not in ids][-BEFORE:]
    others = [context for context in everyone if context.session not in ids][-BEFORE:]
    moved = Counter(name for context in own for name in context.bad if name != kpi)
    moved = Counter({name: count for name, count in moved.items() if count >= MOST * len(own)})
    causes = [
        *_moved(moved, len(own)),
        *_other_model(point.group, others),
        *_work(own, before),
        *_treated(own),
    ]
    if not causes:
        causes = ["No other KPI moved with it, and models, kinds of work and projects are the same as before."]
    key = name_for("incident", kpi, rows[0].session)
    actions = _actions(rows, [name for name, _ in _ranked(moved)], sum(context.is_treated for context in own))
    return Incident(key, point.group, kpi, point.ended_at, tuple(rows), tuple(causes), actions)


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _moved(moved: Counter[str], of: int) -> list[str]:
    if not moved:
        return []
    names = ", ".join(f"{name} ({count} of {of})" for name, count in _ranked(moved))
    kpis = "Another KPI was" if len(moved) == 1 else f"{len(moved)} other KPIs were"
    return [f"{kpis} worse than usual in the same sessions: {names}."]


def _other_model(group: Group, others: Sequence[Context]) -> list[str]:
    """A change of agent or model family: the group's own sessions all have the same."""
    found = []
    for what, differ in (
        ("another agent", sum(context.agent != group.agent for context in others)),
        ("another model family", sum(context.family != group.family for context in others)),
    ):
        if others and differ >= NEW * len(others):
            found.append(f"Of the {len(others)} sessions of this agent type before, {differ} ran with {what}.")
    return found


def _work(own: Sequence[Context], before: Sequence[Context]) -> list[str]:
    """A change of kinds of work or of projects."""
    found = []
    new = _become_usual(own, before, lambda context: context.task_type)
    if new is not None and new[0] in TASK_TYPES:
        found.append(f"{new[1]} of {len(own)} are of the kind {new[0]}; of the {len(before)} before, {new[2]} were.")
    project = _become_usual(own, before, lambda context: context.project)
    if project is not None:
        found.append(f"{project[1]} of {len(own)} lie in one project; of the {len(before)} before, {project[2]} did.")
    return found


def _become_usual(
    own: Sequence[Context], before: Sequence[Context], key: Callable[[Context], _Key | None]
) -> tuple[_Key, int, int] | None:
    """What most of the incident's sessions have and few did before: the key, how many of them, how many before."""
    counts = Counter(value for context in own if (value := key(context)) is not None)
    if not counts or not before:
        return None
    value, count = counts.most_common(1)[0]
    earlier = sum(key(context) == value for context in before)
    if count < MOST * len(own) or earlier > MOST / 2 * len(before):
        return None
    return value, count, earlier


def _treated(own: Sequence[Context]) -> list[str]:
    treated = sum(context.is_treated for context in own)
    return [f"{treated} of {len(own)} were given a suggestion under test."] if treated >= MOST * len(own) else []


def _actions(rows: Sequence[IncidentRow], moved: Sequence[str], treated: int) -> tuple[str, ...]:
    """The plan's four, made specific."""
    first, last = to_datetime(rows[0].at), to_datetime(rows[-1].at)
    start = f" and begin with {moved[0]}, which moved with it" if moved else ""
    active = f": {treated} of these sessions were given one" if treated else ""
    return (
        f"Look for what the {len(rows)} sessions have in common{start}.",
        f"See what changed in the agent's configuration, instructions or prompts shortly before {first:%Y-%m-%d}.",
        f"Check the infrastructure from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC: limits of the model's"
        " provider, network, tool servers, the machine itself.",
        f"Roll back suggestions activated shortly before{active} (tacho suggest list, tacho suggest disable).",
    )
