"""A ledger held against the history: sessions without a goal, goals without a session, goals that overlap."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import combinations

import msgspec

from tachograph.analysis.goal_shares import FOREVER
from tachograph.app.goals.place import LedgerPlace
from tachograph.app.goals.sharing import Sharing, Sum, share, spans_of
from tachograph.app.goals.usage import GoalUsage, sum_up
from tachograph.app.totals import Totals, to_usd
from tachograph.ledger.replay import State
from tachograph.model import to_datetime
from tachograph.model.goal import Goal, GoalStatus

_ABOUT = "SELECT coalesce(title, opening), project, started_at, ended_at FROM sessions WHERE id = ?"


class LooseSession(msgspec.Struct, frozen=True, kw_only=True):
    """A main session of the project of which nothing fell to a goal; subagents folded in."""

    id: str
    title: str | None
    """Its title, else the beginning of its first prompt; null: not known."""
    project: str | None
    started_at: datetime | None
    ended_at: datetime | None
    responses: int
    usd: float | None
    """Null: nothing is priced."""
    unpriced_responses: int
    unclear_responses: int
    """Of ``responses``: made while several goals were open."""


class LooseGoal(msgspec.Struct, frozen=True):
    """A goal to which no session falls, neither here nor as another machine noted it."""

    goal_id: str
    title: str
    status: GoalStatus
    started_at: datetime
    finished_at: datetime | None


class Overlap(msgspec.Struct, frozen=True):
    """Two goals that were open at the same time."""

    goal_ids: tuple[str, str]
    titles: tuple[str, str]
    seconds: int
    """How long both were open, up to now."""
    unclear_responses: int
    """Responses of which nobody knows for which of the two (or of a third one) they were made."""


class AttemptMismatch(msgspec.Struct, frozen=True):
    """A goal whose attempts and sessions do not go together."""

    goal_id: str
    title: str
    attempts: int
    sessions: int
    """Main sessions that fall to it, as far as this machine knows."""
    attempts_without_response: list[int]
    """Numbers of attempts that somebody noted, and in whose time nothing was done."""


class HistoryComparison(msgspec.Struct, frozen=True, kw_only=True):
    """A ledger against the history, from the start of its first goal up to now."""

    path: str
    goals: int
    with_sessions: int
    """Goals to which sessions fall."""
    for_goals: Totals
    """What fell to goals, sessions that only the ledger knows included."""
    unclear: Totals
    """Made while several goals were open."""
    for_no_goal: Totals
    share_of_usd: float | None
    """Of what is priced, the part that fell to goals; null: nothing is."""
    loose_sessions: int
    """How many sessions are without a goal; the list may show fewer. So below."""
    sessions_without_goal: list[LooseSession]
    """The most expensive ones first."""
    goals_without_session: list[LooseGoal]
    overlapping: int
    overlaps: list[Overlap]
    """Those with the most unclear responses first, then the longest."""
    mismatches: list[AttemptMismatch]


def compare_history(
    connection: sqlite3.Connection, place: LedgerPlace, state: State, now_ms: int, limit: int = 20
) -> HistoryComparison:
    """Hold the goals against the project's sessions; at most ``limit`` sessions and overlaps are listed, 0: all."""
    sharing = share(connection, place, state.goals, to_now=True)
    used = sum_up(connection, sharing, state.goals)
    loose = _find_loose(connection, sharing)
    overlaps = _find_overlaps(state.goals, sharing, now_ms)
    for_goals = _add(one.totals for one in used.goals.values())
    for_goals.sessions = len({session for one in used.goals.values() for session in one.sessions})
    known = [one.usd for one in (for_goals, used.unclear, used.other) if one.usd is not None]
    return HistoryComparison(
        path=str(place.path), goals=len(state.goals),
        with_sessions=sum(1 for one in used.goals.values() if one.sessions), for_goals=for_goals,
        unclear=used.unclear, for_no_goal=used.other,
        share_of_usd=(for_goals.usd or 0.0) / sum(known) if sum(known) else None,
        loose_sessions=len(loose), sessions_without_goal=loose[: limit or None],
        goals_without_session=[_tell_loose(goal) for goal in state.goals if not _sessions(used.goals, goal)],
        overlapping=len(overlaps), overlaps=overlaps[: limit or None],
        mismatches=[found for goal in state.goals if (found := _find_mismatch(goal, used.goals.get(goal.key)))],
    )  # fmt: skip


def _add(parts: Iterable[Totals]) -> Totals:
    """The sum, but for ``sessions``: one may have worked for several."""
    whole = Totals()
    for one in parts:
        for name in Totals.__struct_fields__:
            if name not in ("sessions", "usd", "unpriced_models"):
                setattr(whole, name, getattr(whole, name) + getattr(one, name))
        if one.usd is not None:
            whole.usd = (whole.usd or 0.0) + one.usd
        whole.unpriced_models = sorted({*whole.unpriced_models, *one.unpriced_models})
    return whole


def _sessions(used: dict[str, GoalUsage], goal: Goal) -> tuple[str, ...]:
    return used[goal.key].sessions if goal.key in used else ()


def _find_loose(connection: sqlite3.Connection, sharing: Sharing) -> list[LooseSession]:
    taken = {root for _, _, root in sharing.goals}
    unclear: defaultdict[str, int] = defaultdict(int)
    sums: dict[str, list[Sum]] = {root: [one] for root, one in sharing.other.items() if root not in taken}
    for (_, root), one in sharing.unclear.items():
        if root not in taken:
            unclear[root] += one.responses
            sums.setdefault(root, []).append(one)
    found = []
    for root, parts in sums.items():
        whole = Sum()
        for one in parts:
            whole.add_sum(one)
        title, project, start, end = connection.execute(_ABOUT, (root,)).fetchone() or (None, None, None, None)
        found.append(
            LooseSession(
                id=root, title=title, project=project, started_at=_moment(start), ended_at=_moment(end),
                responses=whole.responses, usd=to_usd(whole.pico), unpriced_responses=whole.unpriced,
                unclear_responses=unclear[root],
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (-(one.usd or 0.0), -one.responses, one.id))


def _tell_loose(goal: Goal) -> LooseGoal:
    return LooseGoal(goal.id, goal.title, goal.status, to_datetime(goal.started_at), _moment(goal.finished_at))


def _find_overlaps(goals: Sequence[Goal], sharing: Sharing, now_ms: int) -> list[Overlap]:
    unclear: defaultdict[tuple[str, str], int] = defaultdict(int)
    for (keys, _), one in sharing.unclear.items():
        for pair in combinations(keys, 2):  # they are sorted
            unclear[pair] += one.responses
    times = sorted(((_open_times(goal, now_ms), goal) for goal in goals), key=lambda one: one[0][0])
    found = []
    for at, (first, goal) in enumerate(times):
        for later, other in times[at + 1 :]:
            if later[0][0] >= first[-1][1]:
                break
            if both := _common_ms(first, later):
                known = unclear[min(goal.key, other.key), max(goal.key, other.key)]
                found.append(Overlap((goal.id, other.id), (goal.title, other.title), both // 1000, known))
    return sorted(found, key=lambda one: (-one.unclear_responses, -one.seconds, one.goal_ids))


def _open_times(goal: Goal, now_ms: int) -> list[tuple[int, int]]:
    """When the goal was open, ms UTC, ascending and apart from each other."""
    times: list[tuple[int, int]] = []
    for span in sorted(spans_of(goal), key=lambda span: span.start):
        end = max(now_ms, span.start) if span.end == FOREVER else span.end
        if times and span.start <= times[-1][1]:
            times[-1] = (times[-1][0], max(times[-1][1], end))
        else:
            times.append((span.start, end))
    return times


def _common_ms(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> int:
    return sum(max(0, min(a[1], b[1]) - max(a[0], b[0])) for a in one for b in other)


def _find_mismatch(goal: Goal, usage: GoalUsage | None) -> AttemptMismatch | None:
    """Attempts without a response though the goal has some, or more sessions than there are attempts."""
    if usage is None or not usage.attempts:
        return None
    done = {one.number for one in usage.attempts}
    idle = [one.number for one in goal.attempts if one.number not in done and not one.inferred]
    sessions = len(usage.sessions) - usage.synced.sessions
    if not idle and sessions <= len(goal.attempts):
        return None
    return AttemptMismatch(goal.id, goal.title, len(goal.attempts), sessions, idle)


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else to_datetime(milliseconds)
