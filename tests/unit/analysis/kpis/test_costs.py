"""KPIs of cost: what it is divided by, and where a price is missing."""

from __future__ import annotations

from typing import Any

import pytest

from tachograph.analysis.kpis import Kpi, Lacking, Seen
from tachograph.analysis.kpis.costs import (
    cost_per_completed_task,
    cost_per_output_token,
    cost_per_turn,
    waste_share,
)
from tachograph.model import Finding, Session, TaskChange
from tests.builders.session import SessionScript

USD = 10**12
EMPTY = Session("claude_code:s1", "claude_code", "main")
UNPRICED = Lacking("some of its responses have no known price")
PLACEHOLDERS = Lacking("its log has placeholders in place of output counts")
ALL = [cost_per_turn, cost_per_output_token, cost_per_completed_task, waste_share]


def work(*, turns: int = 4, done: int = 2, output: int = 1_000, reliable: bool = True) -> Session:
    """A session of so many turns, each with a response, and so many completed tasks of three."""
    script = SessionScript()
    for _ in range(turns):
        script.prompt().response(output=output, reliable=reliable)
    for task in range(3):
        state: Any = "completed" if task < done else "open"
        script.call("TaskUpdate", "task", tasks=(TaskChange(task, state),))
    return script.done()


def waste(detector: str, usd: float | None) -> Finding:
    return Finding(position=0, at=0, detector=detector, cost_pico=None if usd is None else round(usd * USD))


@pytest.mark.parametrize(
    ("one", "value"),
    [
        (cost_per_turn, 1.5),
        (cost_per_output_token, 1_500.0),
        (cost_per_completed_task, 3.0),
        (waste_share, 0.0),
    ],
)
def test_cost_by_what_it_was_paid_for(one: Kpi, value: float) -> None:
    assert one(Seen(work(), cost_pico=6 * USD)) == pytest.approx(value)


@pytest.mark.parametrize("one", ALL)
@pytest.mark.parametrize(("cost", "unpriced"), [(None, 4), (6 * USD, 1), (None, 0)])
def test_a_missing_price_silences_every_kpi_of_cost(one: Kpi, cost: int | None, unpriced: int) -> None:
    assert one(Seen(work(), cost_pico=cost, unpriced=unpriced)) == UNPRICED


@pytest.mark.parametrize("one", ALL)
def test_without_responses_there_is_no_cost_to_speak_of(one: Kpi) -> None:
    assert one(Seen(EMPTY)) is None
    assert one(Seen(EMPTY, unpriced=1)) is None


def test_commands_to_the_agent_s_own_program_are_no_turns() -> None:
    session = SessionScript().prompt("/clear", "slash").prompt().response(output=1).prompt("/review", "slash").done()
    assert cost_per_turn(Seen(session, cost_pico=USD)) == 0.5
    assert cost_per_turn(Seen(SessionScript().response(output=1).done(), cost_pico=USD)) is None


def test_a_free_model_costs_nothing() -> None:
    seen = Seen(work(), cost_pico=0)
    assert (cost_per_turn(seen), waste_share(seen)) == (0.0, None)


def test_cost_per_output_token_needs_every_output_count() -> None:
    one_unknown = SessionScript().response(output=900).response(output=1, reliable=False).done()
    assert cost_per_output_token(Seen(one_unknown, cost_pico=USD)) == PLACEHOLDERS
    assert cost_per_turn(Seen(work(reliable=False), cost_pico=6 * USD)) == 1.5
    assert cost_per_output_token(Seen(work(output=0), cost_pico=USD)) is None


def test_cost_per_task_needs_a_completed_one_whose_state_is_known() -> None:
    assert cost_per_completed_task(Seen(work(done=0), cost_pico=USD)) is None
    assert cost_per_completed_task(Seen(SessionScript().response(output=1).done(), cost_pico=USD)) is None
    untold = SessionScript().response(output=1).call("TaskCreate", "task").done()
    reason = Lacking("its task calls do not say what became of the tasks")
    assert cost_per_completed_task(Seen(untold, cost_pico=USD)) == reason


@pytest.mark.parametrize(
    ("findings", "value"),
    [
        ([waste("heavy_result", 1.0)], 0.25),
        ([waste("heavy_result", 1.0), waste("redundant_read", 0.6), waste("redundant_read", 0.6)], 0.3),
        ([waste("heavy_result", 9.0)], 1.0),
        ([waste("heavy_result", 0.0)], 0.0),
        (
            [waste("heavy_result", 1.0), waste("redundant_read", None)],
            Lacking("what some of its waste cost is not known"),
        ),
    ],
    ids=["one", "the dearest detector", "never above 1", "free", "unknown"],
)
def test_detectors_overlap_so_the_dearest_one_counts(findings: list[Finding], value: object) -> None:
    assert waste_share(Seen(work(), cost_pico=4 * USD, findings=tuple(findings))) == value
