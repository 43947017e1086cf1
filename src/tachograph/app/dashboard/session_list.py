"""The list of sessions: what an address asks for, and what it gets."""

from __future__ import annotations

from typing import get_args

import msgspec

from tachograph.analysis.axes.token_economy import Verdict
from tachograph.analysis.axes.trajectory import VALUES
from tachograph.analysis.detectors import detector_names
from tachograph.app.dashboard.desk import Desk, Params
from tachograph.app.dashboard.root_rows import (
    ANY,
    ListedSession,
    RootFilter,
    Sort,
    list_roots,
    read_sort,
)
from tachograph.app.rollups.cubes import FindingSums, UsageSums
from tachograph.app.rollups.read import add_up
from tachograph.app.scope import Scope
from tachograph.errors import UsageError

SIZE, MOST = 50, 500
"""Rows of a part: unless said otherwise, and at most."""
_LAST_PAGE = 10**9
_MOST_NUMBER = 10**6
"""USD and minutes beyond which a choice makes no sense."""
_WORDS = 12
"""Words of a search; more are left out."""


class SessionChoices(msgspec.Struct, frozen=True):
    """What the sessions of the range can be chosen by."""

    task_types: list[str]
    models: list[str]
    """Those used in the range, by name."""
    verdicts: list[str]
    """Of the token axis."""
    trajectories: list[str]
    """Of the trajectory axis."""
    detectors: list[str]


class SessionPage(msgspec.Struct, frozen=True):
    """A part of the sessions that began in the range, subagents folded in, in the order asked for."""

    timezone: str
    sort: Sort
    matching: int
    """Sessions that fit, shown or not."""
    page: int
    """Number of this part, from 1."""
    size: int
    """Sessions of a part."""
    watching: bool
    """Whether it is known which sessions are live."""
    filtered: bool
    """Whether more than range, project and agent was chosen."""
    sessions: list[ListedSession]
    choices: SessionChoices


def gather_sessions(desk: Desk, scope: Scope, params: Params) -> SessionPage:
    """The part of the list that an address asks for; beyond the last part, the last one. Raises UsageError."""
    wanted, sort = read_filter(params), read_sort(params.get("sort"))
    size = _read_whole(params, "size", SIZE, MOST)
    page = _read_whole(params, "page", 1, _LAST_PAGE)
    found = list_roots(desk, scope, wanted, sort, size, (page - 1) * size)
    if not found.sessions and page > 1:
        page = max(1, -(-found.matching // size))
        found = list_roots(desk, scope, wanted, sort, size, (page - 1) * size)
    return SessionPage(
        scope.zone_name, sort, found.matching, page, size, desk.live.watching, wanted != RootFilter(),
        found.sessions, _choices(desk, scope),
    )  # fmt: skip


def read_filter(params: Params) -> RootFilter:
    """What an address chooses beside range, project and agent. Raises UsageError."""
    return RootFilter(
        words=tuple((params.get("q") or "").split()[:_WORDS]),
        task_type=params.get("task") or None,
        model=params.get("model") or None,
        verdict=_read_choice(params, "verdict", get_args(Verdict)),
        trajectory=_read_choice(params, "trajectory", tuple(VALUES)),
        detector=_read_choice(params, "detector", (ANY, *detector_names())),
        live=params.get("live") == "1",
        min_usd=_read_number(params, "min_cost"),
        min_minutes=_read_number(params, "min_minutes"),
    )


def _choices(desk: Desk, scope: Scope) -> SessionChoices:
    tasks = {str(task) for (task,), _ in add_up(desk.connection, FindingSums, scope, ("task_type",))}
    models = {str(model) for (model,), _ in add_up(desk.connection, UsageSums, scope, ("model",))}
    return SessionChoices(
        sorted(tasks - {""}), sorted(models - {""}), list(get_args(Verdict)), list(VALUES), detector_names()
    )


def _read_choice(params: Params, name: str, known: tuple[str, ...]) -> str | None:
    text = params.get(name) or None
    if text is not None and text not in known:
        raise UsageError(f"{name} cannot be {text!r}.", slug="bad_choice", hint=f"Known ones: {', '.join(known)}.")
    return text


def _read_number(params: Params, name: str) -> float | None:
    text = params.get(name) or None
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= _MOST_NUMBER:  # also what is no number at all
        raise UsageError(f"{name} has to be a number from 0 to {_MOST_NUMBER:,}.", slug="bad_number")
    return number


def _read_whole(params: Params, name: str, default: int, most: int) -> int:
    text = params.get(name) or str(default)
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(_LAST_PAGE)) else 0
    if not 1 <= number <= most:
        raise UsageError(f"{name} has to be a whole number from 1 to {most:,}.", slug="bad_number")
    return number
