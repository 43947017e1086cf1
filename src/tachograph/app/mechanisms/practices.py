"""Practices, and how their use relates to tokens within a session."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from tachograph.analysis.intervals import wilson
from tachograph.analysis.nearness import Contrast, Relation, contrast, relate, split_near
from tachograph.app.mechanisms._records import Account, Figure, ratio_figure, share_figure
from tachograph.app.mechanisms._registry import mechanism
from tachograph.app.mechanisms._scene import Moment, Scene
from tachograph.report.units import counted
from tachograph.warehouse.query_files import read_query

_SHOWN = 5


class _Place(NamedTuple):
    """A response."""

    segment: int
    position: int
    new: int
    whole: int
    """Tokens without and with what was read from the cache."""


_Measure = Callable[[_Place], int]
_MEASURES: tuple[tuple[str, str, _Measure], ...] = (
    ("far_near_new", "new tokens, far / near", lambda place: place.new),
    ("far_near_whole", "all tokens, far / near", lambda place: place.whole),
)
"""Key, title, and what of a response is compared."""


@mechanism(
    "practices",
    "Practices, and tokens near their use",
    not_proved=(
        "Not that a practice saves or costs tokens. Practices stand at certain points of a session (commits at the end,"
        " exploration at the start), and responses grow along a session whatever is done, which all tokens show most."
        " The probabilities are not corrected for the number of practices: of 20 without any relation, one is below .05"
        " by chance."
    ),
)
def practices(scene: Scene) -> Account:
    """Uses of subagents (Task, Agent and spawn_agent alike), skills, slash commands and shell commands, told by a table
    of practices. Near are the 5 responses before a use (the one that made the call included) and the 5 from it on; far
    are the session's others. For each main session with 3 responses at least of both: the median of tokens per
    response, far / near; then the median of that over sessions, its interval by resampling sessions, and the exact sign
    test of sessions above 1 against those below. New tokens are input, cache writes and output; all tokens have what
    was read from the cache too. Wilson's interval for shares of sessions."""
    responses = _read_responses(scene)
    figures = [_any_use(scene)]
    for name, sessions in scene.uses.items():
        figures.append(_use(scene, name, sessions))
        for key, title, measure in _MEASURES:
            contrasts = _contrasts(sessions, responses, measure)
            figures.append(_relation(key, title, name, relate(contrasts), contrasts))
    few = sum(one.unit == "ratio" and one.key == _MEASURES[0][0] and one.value is None for one in figures)
    note = f"Without a comparison, for want of sessions: {counted(few, 'practice')}."
    return Account(figures, [note] if few else [])


def _read_responses(scene: Scene) -> dict[str, list[list[_Place]]]:
    """Responses of every main session that shows a practice, log by log."""
    used = sorted({session for sessions in scene.uses.values() for session in sessions})
    segments = "SELECT segment FROM segments WHERE session = ? ORDER BY segment"
    query = read_query("mechanism_responses")
    return {
        session: [
            [_Place(segment, *row) for row in scene.connection.execute(query, (segment,))]
            for (segment,) in scene.connection.execute(segments, (session,)).fetchall()
        ]
        for session in used
    }


def _any_use(scene: Scene) -> Figure:
    showing = {session for sessions in scene.uses.values() for session in sessions}
    number, whole = len(showing), len(scene.sessions)
    title, interval = "main sessions that show any practice", wilson(number, whole)
    evidence = [one.id for one in scene.sessions if one.id in showing][:_SHOWN]
    return share_figure("use", title, number, whole, "main sessions", interval, evidence=evidence)


def _use(scene: Scene, name: str, sessions: Mapping[str, Sequence[Moment]]) -> Figure:
    most = sorted(sessions, key=lambda one: (-len(sessions[one]), one))[:_SHOWN]
    whole, events = len(scene.sessions), sum(map(len, sessions.values()))
    title = f"main sessions ({events:,} {'use' if events == 1 else 'uses'})"
    interval = wilson(len(sessions), whole)
    return share_figure("use", title, len(sessions), whole, "main sessions", interval, about=name, evidence=most)


def _contrasts(
    sessions: Mapping[str, Sequence[Moment]], responses: Mapping[str, Sequence[Sequence[_Place]]], measure: _Measure
) -> list[Contrast]:
    found = (_contrast(one, moments, responses[one], measure) for one, moments in sessions.items())
    return [one for one in found if one is not None]


def _contrast(
    session: str, moments: Sequence[Moment], logs: Sequence[Sequence[_Place]], measure: _Measure
) -> Contrast | None:
    near: list[int] = []
    far: list[int] = []
    for log in logs:
        at = [moment.position for moment in moments if log and moment.segment == log[0].segment]
        for place, is_near in zip(log, split_near([place.position for place in log], at), strict=True):
            (near if is_near else far).append(measure(place))
    return contrast(session, near, far)


def _relation(key: str, title: str, name: str, found: Relation, contrasts: Sequence[Contrast]) -> Figure:
    plainest = sorted(contrasts, key=lambda one: -abs(one.far - one.near) / min(one.far, one.near))
    return ratio_figure(
        key,
        title,
        found.ratio,
        found.interval,
        found.sessions,
        "main sessions with both",
        about=name,
        p=found.p,
        evidence=[one.session for one in plainest[:_SHOWN]],
    )
