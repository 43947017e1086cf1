"""What was decided, read as a history of activations."""

from __future__ import annotations

import pytest

from tachograph.app.learn.decisions import (
    acknowledge,
    decide,
    find_activations,
    load_acks,
    load_decisions,
)
from tachograph.learning.records import Decision
from tests.builders.pointed import NOW, Loop, loop

__all__ = ["loop"]


def history(*actions: str, suggestion: str = "batch_tasks", agent_type: str = "main") -> list[Decision]:
    return [Decision(at, suggestion, agent_type, action, "user") for at, action in enumerate(actions)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("actions", "found"),
    [
        (["activate"], [(0, None, False)]),
        (["activate", "disable"], [(0, "disable", False)]),
        (["activate", "retire"], [(0, "retire", False)]),
        (["activate", "activate"], [(0, None, False)]),
        (["activate", "disable", "retire"], [(0, "disable", False)]),
        (["activate", "disable", "activate"], [(0, "disable", False), (2, None, False)]),
        (["disable"], []),
        (["demote"], []),
        (["activate", "promote"], [(0, "promote", False)]),
        (["activate", "promote", "demote"], [(0, "promote", True)]),
        (["activate", "promote", "demote", "promote"], [(0, "promote", False)]),
        (["activate", "disable", "promote"], [(0, "promote", False)]),
    ],
)
def test_activations_of_one_suggestion(actions: list[str], found: list[tuple[int, str | None, bool]]) -> None:
    told = find_activations(history(*actions))
    assert [(one.started_at, one.closed and one.closed.action, one.demoted) for one in told] == found


def test_agent_types_and_suggestions_do_not_meet() -> None:
    decisions = [
        *history("activate"), *history("activate", agent_type="reader"),
        *history("activate", suggestion="idle_timeout"),
        *history("activate", "disable", agent_type="reader")[1:],
    ]  # fmt: skip
    told = find_activations(decisions)
    assert [(one.trial, one.closed is None) for one in told] == [
        ("batch_tasks:main:0", True), ("batch_tasks:reader:0", False), ("idle_timeout:main:0", True),
    ]  # fmt: skip


def test_decisions_are_kept_as_they_were_made(loop: Loop) -> None:
    with loop.write() as connection:
        decide(connection, "batch_tasks", "main", "activate", "auto", "It fits.", None, {"value": 1.5})
        decide(connection, "batch_tasks", "main", "disable", "user", "No.", NOW - 5)
    with loop.read() as connection:
        assert load_decisions(connection) == [
            Decision(NOW - 5, "batch_tasks", "main", "disable", "user", "No."),
            Decision(NOW, "batch_tasks", "main", "activate", "auto", "It fits.", {"value": 1.5}),
        ]


def test_the_last_word_on_an_alert_counts(loop: Loop) -> None:
    with loop.write() as connection:
        acknowledge(connection, "a1", "seen")
        acknowledge(connection, "a2", "real")
        acknowledge(connection, "a1", "false_alarm")
    with loop.read() as connection:
        assert load_acks(connection) == {"a1": "false_alarm", "a2": "real"}
