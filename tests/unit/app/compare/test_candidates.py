"""Which sessions are of which side, and what they have: over points that the loop keeps."""

from __future__ import annotations

import pytest

from tachograph.analysis.comparison import Observation
from tachograph.app.compare.candidates import find_candidates, observe
from tachograph.app.compare.metrics import choose_metrics
from tachograph.app.compare.sides import Side
from tachograph.app.filters import Filter
from tachograph.learning.records import Group
from tests.builders.pointed import HOUR, NOW, Loop, loop, make_point

__all__ = ["loop"]

READER = Group("reader", "claude_code", "claude-opus")
CODEX = Group("main", "codex", "gpt")
CUT = NOW - 24 * HOUR
"""Session 96 ends here; it began an hour earlier, and session 97 begins five hours later."""


def side(since: int | None = None, until: int | None = None) -> Side:
    return Side(since, until, ())


@pytest.fixture
def filled(loop: Loop) -> Loop:
    """Ten main sessions, one of a subagent, one of Codex."""
    loop.put(*(make_point(number, {"error_rate": number / 100}) for number in range(91, 101)))
    loop.put(make_point(92, {"error_rate": 0.5}, READER), make_point(92, {"waste_share": 0.5}, CODEX))
    return loop


def names(found: list[str]) -> list[str]:
    return [name.removeprefix("claude_code:main-") for name in found]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (side(None, CUT + 1), side(CUT + 1), (["0091", "0092", "0093", "0094", "0095", "0096"], 4, 0)),
        (side(None, CUT), side(CUT), (["0091", "0092", "0093", "0094", "0095"], 4, 1)),
        (side(None, CUT - HOUR), side(CUT - HOUR), (["0091", "0092", "0093", "0094", "0095"], 5, 0)),
        (side(None, CUT - HOUR + 1), side(CUT), (["0091", "0092", "0093", "0094", "0095"], 4, 1)),
        (side(CUT - 20 * HOUR, CUT - 2 * HOUR), side(CUT, CUT + 12 * HOUR), (["0093", "0094", "0095"], 2, 0)),
    ],
)
def test_a_session_is_of_the_side_that_it_began_in_and_ended_in(
    filled: Loop, before: Side, after: Side, expected: tuple[list[str], int, int]
) -> None:
    with filled.read() as connection:
        found = find_candidates(connection, before, after, Filter(agent="claude_code"))
    told = names([one.point.session for one in found.before])
    assert (told, len(found.after), found.straddling) == expected


def test_subagents_are_of_neither_and_agents_can_be_chosen(filled: Loop) -> None:
    with filled.read() as connection:
        both = find_candidates(connection, side(None, CUT + 1), side(CUT + 1), Filter())
        codex = find_candidates(connection, side(None, CUT + 1), side(CUT + 1), Filter(agent="codex"))
    assert {one.point.kind for one in both.before} == {"main"}
    assert (len(both.before), len(codex.before), len(codex.after)) == (7, 1, 0)


def test_what_a_session_lacks_is_not_observed_and_without_a_log_it_has_no_size(filled: Loop) -> None:
    """Sessions that are known by their KPIs alone: of such telemetry tells."""
    metrics = choose_metrics(("error_rate", "waste_share", "usd", "turns"))
    with filled.read() as connection:
        found = find_candidates(connection, side(None, CUT - 20 * HOUR), side(CUT), Filter())
        told = observe(connection, found.before, metrics)
    assert told == {
        "error_rate": [Observation(0.91, None, None), Observation(0.92, None, None)],
        "waste_share": [Observation(0.5, None, None)],
        "usd": [],
        "turns": [],
    }
