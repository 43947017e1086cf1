"""Cutting a session into turns: nothing is lost, nothing is in two of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tachograph.analysis.summary import summarise
from tachograph.analysis.turns import split_turns
from tachograph.model import Session
from tests.builders.session import SessionScript

STEPS = ("human", "slash", "task", "shell", "meta", "compact_summary", "response", "call", "compaction")


def play(steps: list[str]) -> Session:
    script = SessionScript()
    for number, step in enumerate(steps):
        script.at(number)
        if step == "response":
            script.response(output=number)
        elif step == "call":
            script.call(status=("ok", "error", "denied")[number % 3])
        elif step == "compaction":
            script.marker("compaction")
        else:
            script.prompt(f"prompt {number}", step)
    return script.done()


def shapes(steps: list[str]) -> list[tuple[int, int, int, int, int]]:
    return [
        (
            turn.number,
            len(turn.part.prompts),
            len(turn.part.responses),
            len(turn.part.tool_calls),
            len(turn.part.markers),
        )
        for turn in split_turns(play(steps))
    ]


def test_a_prompt_opens_a_turn_and_what_a_person_ran_in_between_does_not() -> None:
    steps = ["human", "response", "call", "shell", "response", "slash", "response", "meta", "task", "compaction"]
    assert shapes(steps) == [(1, 2, 2, 1, 0), (2, 2, 1, 0, 0), (3, 1, 0, 0, 1)]


def test_what_comes_before_the_first_prompt_is_turn_zero() -> None:
    assert shapes(["response", "human", "response"]) == [(0, 0, 1, 0, 0), (1, 1, 1, 0, 0)]
    assert split_turns(play(["response"]))[0].opening is None


def test_an_empty_session_has_no_turns() -> None:
    assert split_turns(SessionScript().done()) == []


def test_a_turn_knows_the_prompt_that_opened_it() -> None:
    first, second = split_turns(play(["human", "response", "slash"]))
    assert (first.opening and first.opening.text, second.opening and second.opening.kind) == ("prompt 0", "slash")


@given(st.lists(st.sampled_from(STEPS), max_size=40))
def test_the_turns_add_up_to_the_session(steps: list[str]) -> None:
    session = play(steps)
    parts = [turn.part for turn in split_turns(session)]
    for kind in ("prompts", "responses", "tool_calls", "markers"):
        dealt = [record for part in parts for record in getattr(part, kind)]
        assert sorted(dealt, key=lambda record: record.position) == list(getattr(session, kind))
    whole, sums = summarise(session), [summarise(part) for part in parts]
    for name in ("turns", "prompts", "tool_calls", "tool_errors", "tool_denied", "compactions", "active_ms"):
        assert getattr(whole, name) == sum(getattr(one, name) for one in sums), name
