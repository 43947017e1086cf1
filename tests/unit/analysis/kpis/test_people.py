"""KPIs of how often a person had to step in."""

from __future__ import annotations

import msgspec
import pytest

from tachograph.analysis.kpis import Seen
from tachograph.analysis.kpis.people import follow_up_rate, interruption_rate
from tests.builders.session import SessionScript


def dialogue(*steps: str, kind: str = "main") -> Seen:
    """``>`` a prompt, ``>slash /clear`` another kind, ``!`` an interruption, ``.`` an answer."""
    script = SessionScript()
    for step in steps:
        if step[0] == ">":
            name, _, text = step[1:].partition(" ")
            script.prompt(text or "Go on.", name or "human")
        elif step == "!":
            script.marker("interruption")
        else:
            script.response(output=5)
    return Seen(msgspec.structs.replace(script.done(), kind=kind))


@pytest.mark.parametrize(
    ("steps", "value"),
    [
        ([">", "."], 0.0),
        ([">", ".", "!"], 1.0),
        ([">", ".", "!", ">", ".", ">", ".", ">", "."], 0.25),
        ([">", "!", "!", ".", "!", ">", "."], 0.5),
        (["!", ">", "."], 0.0),
        ([">slash /clear", "!", ">", "."], 0.0),
        ([">", ">shell ls", "!", ">notification Done.", "!"], 1.0),
        (["."], None),
        ([], None),
    ],
)
def test_interrupted_turns_among_all(steps: list[str], value: float | None) -> None:
    assert interruption_rate(dialogue(*steps)) == value


@pytest.mark.parametrize(
    ("steps", "value"),
    [
        ([">", "."], 0.0),
        ([">", ">"], 0.5),
        ([">", ">", ">slash /review", ">"], 0.75),
        ([">slash /clear", ">", ">slash /model opus", ">slash /compact"], 0.0),
        ([">", ">shell ls", ">notification Done.", ">meta x", ">compact_summary y"], 0.0),
        ([">", "> /clear does nothing"], 0.5),
        ([">slash /clear"], None),
        (["."], None),
    ],
)
def test_turns_that_a_person_added(steps: list[str], value: float | None) -> None:
    assert follow_up_rate(dialogue(*steps)) == value


def test_nobody_steps_in_with_a_subagent() -> None:
    seen = dialogue(">task", ".", "!", ">", kind="subagent")
    assert (interruption_rate(seen), follow_up_rate(seen)) == (None, None)
