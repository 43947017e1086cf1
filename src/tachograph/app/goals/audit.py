"""What a ledger probably says wrongly, or has left open, with the command that mends it."""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from shlex import quote
from typing import Literal

import msgspec

from tachograph.app.goals.coverage import GoalCoverage, report_coverage
from tachograph.app.goals.place import LedgerPlace
from tachograph.app.goals.sharing import Sharing, share
from tachograph.ledger.foreign import Snapshot
from tachograph.ledger.reading import Reading
from tachograph.model.goal import Goal
from tachograph.report.units import counted, percent

Doubt = Literal["likely_miss", "likely_partial_fit", "stale", "low_coverage"]
LOW_COVERAGE = 0.9
"""Below this share of responses with a known cost, a goal's cost says little; our choice."""
STALE_DAYS = 7
"""A goal of which nothing was heard for a week is over, or forgotten; our choice."""
_DAY_MS = 86_400_000
_WORDS: dict[str, str] = {
    "retry": r"re-?tr(?:y|ies|ied)",
    "not accepted": r"not (?:\w+ )?accepted|rejected|turned down",
    "partial": r"partial(?:ly)?|in part|half[- ]done|incomplete",
    "missing": r"missing|left out|still to do|to ?do",
    "unclear": r"unclear|not clear|not sure|unsure",
}
"""Words in notes that speak of a result which was not all that was wanted -> as they are found."""
_SIGNS = {name: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for name, words in _WORDS.items()}


class AuditFinding(msgspec.Struct, frozen=True):
    """One thing to look at."""

    kind: Doubt
    goal_id: str
    title: str
    why: str
    command: str
    """What mends it, if it is so."""


class AuditReport(msgspec.Struct, frozen=True):
    """What to look at in a ledger."""

    path: str
    goals: int
    stale_days: int
    """Days without an event or a response after which an open goal is told of."""
    findings: list[AuditFinding]
    """By kind, then by the start of the goal."""


def audit(
    connection: sqlite3.Connection, place: LedgerPlace, reading: Reading, now_ms: int, stale_days: int = STALE_DAYS
) -> AuditReport:
    """Look the goals through, with what the history knows of them."""
    goals = reading.state.goals
    sharing = share(connection, place, goals)
    coverage = {one.goal_id: one for one in report_coverage(connection, place, reading.state, sharing).goals}
    heard = _last_heard(reading, sharing)
    superseded = {goal.supersedes: goal.id for goal in goals if goal.supersedes}
    found = [
        *(one for goal in goals for one in _find_misfits(goal, superseded.get(goal.key))),
        *(one for goal in goals for one in _find_stale(goal, heard[goal.key], now_ms, stale_days)),
        *(one for goal in goals for one in _find_uncovered(goal, coverage[goal.id])),
    ]
    order: tuple[Doubt, ...] = ("likely_miss", "likely_partial_fit", "stale", "low_coverage")
    return AuditReport(str(place.path), len(goals), stale_days, sorted(found, key=lambda one: order.index(one.kind)))


def _last_heard(reading: Reading, sharing: Sharing) -> dict[str, int]:
    """Key of a goal -> when the latest of its events was written, or of its responses began, ms UTC."""
    heard: defaultdict[str, int] = defaultdict(int)
    kept = {key: goal.key for goal in reading.state.goals for key in (goal.key, *goal.merged)}
    for numbered in reading.events:
        event = numbered.event
        keys = [goal.key for goal in event.goals] if isinstance(event, Snapshot) else [event.key]
        for key in keys:
            if key in kept:
                heard[kept[key]] = max(heard[kept[key]], event.ts // 1000)
    for (key, _, _), one in sharing.goals.items():
        heard[key] = max(heard[key], one.last_at)
    for (several, _), one in sharing.unclear.items():
        for key in several:
            heard[key] = max(heard[key], one.last_at)
    return heard


def _find_misfits(goal: Goal, superseded_by: str | None) -> Iterator[AuditFinding]:
    if goal.type != "product" or goal.result_fit not in (None, "exact_fit"):
        return
    update = f"tacho goal update {quote(goal.id)} --result-fit"
    if goal.status == "fail":
        yield AuditFinding("likely_miss", goal.id, goal.title, "It failed, and has no result fit.", f"{update} miss")
    elif goal.status == "success":
        why = list(_partial_signs(goal, superseded_by))
        if why:
            yield AuditFinding("likely_partial_fit", goal.id, goal.title, " ".join(why), f"{update} partial_fit")


def _partial_signs(goal: Goal, superseded_by: str | None) -> Iterator[str]:
    """Sentences that speak against an exact fit; against what a person called one, only that it was taken up again."""
    if superseded_by is not None:
        yield f"Goal {superseded_by} took it up again."
    if goal.result_fit is not None:
        return
    if len(goal.attempts) > 1:
        yield f"It took {counted(len(goal.attempts), 'attempt')}."
    if goal.supersedes is not None:
        yield "It takes up an earlier goal again."
    notes = "\n".join([goal.notes, *(one.notes for one in goal.attempts)])
    said = [name for name, words in _SIGNS.items() if words.search(notes)]
    if said:
        yield f"Its notes speak of: {', '.join(said)}."


def _find_stale(goal: Goal, heard: int, now_ms: int, stale_days: int) -> Iterator[AuditFinding]:
    days = (now_ms - heard) // _DAY_MS
    if not goal.closed and days >= stale_days:
        why = f"It is open, and nothing was heard of it for {counted(days, 'day')}: no event, no response."
        yield AuditFinding("stale", goal.id, goal.title, why, f"tacho goal finish {quote(goal.id)} --status …")


def _find_uncovered(goal: Goal, known: GoalCoverage) -> Iterator[AuditFinding]:
    if not goal.closed or (known.cost != "missing" and (known.coverage or 0) >= LOW_COVERAGE):
        return
    first = next((cause.text for cause in known.causes if cause.effect != "none"), "")
    why = "Its cost is not known."
    if known.coverage is not None:
        covered = percent(known.coverage, 1)
        why = f"Of the responses that were, or may have been, made for it, {covered} have a known cost."
    why = f"{why} {first}".strip()
    yield AuditFinding("low_coverage", goal.id, goal.title, why, f"tacho goal coverage {quote(goal.id)}")
