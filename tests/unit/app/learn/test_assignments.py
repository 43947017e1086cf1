"""What the hooks wrote down before sessions began, read into the warehouse."""

from __future__ import annotations

import json

import pytest

from tachograph.app.learn.assignments import load_assignments
from tachograph.learning.records import Assignment
from tests.builders.pointed import NOW, Loop, loop

__all__ = ["loop"]

TRIAL = "batch_tasks:main:1790000000000"
FIRST = "claude_code:one"
LINE = {
    "v": 1, "trial": TRIAL, "suggestion": "batch_tasks", "session": FIRST, "agent_type": "main", "arm": "treatment",
    "share": 0.5, "at": NOW,
}  # fmt: skip


def held(loop: Loop) -> list[Assignment]:
    with loop.read() as connection:
        return load_assignments(connection)


def test_a_line_is_an_assignment(loop: Loop) -> None:
    loop.assign(TRIAL, FIRST, "treatment", 0.25)
    assert loop.learn().notes == []
    assert held(loop) == [Assignment("batch_tasks", TRIAL, FIRST, "main", "treatment", 0.25, NOW)]


def test_the_first_line_of_a_session_counts_whatever_a_later_one_says(loop: Loop) -> None:
    loop.assign(TRIAL, FIRST, "control")
    loop.assign(TRIAL, FIRST, "treatment", at=NOW + 1)
    loop.learn()
    loop.assign(TRIAL, FIRST, "treatment", at=NOW - 1)
    loop.learn()
    assert [one.arm for one in held(loop)] == ["control"]


def test_suggestions_are_assigned_independently(loop: Loop) -> None:
    loop.assign(TRIAL, FIRST, "control")
    loop.assign("idle_timeout:main:1", FIRST, "treatment")
    loop.learn()
    assert sorted((one.suggestion, one.arm) for one in held(loop)) == [
        ("batch_tasks", "control"), ("idle_timeout", "treatment"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        '{"trial": ',
        json.dumps({**LINE, "arm": "both"}),
        json.dumps({**LINE, "share": 1.0}),
        json.dumps({**LINE, "share": 0}),
        json.dumps({**LINE, "share": "0.5"}),
        json.dumps({**LINE, "at": 10**30}),
        json.dumps({"v": 1, "start": FIRST, "agent_type": "main", "at": 10**30}),
        json.dumps({"v": 1, "start": FIRST, "at": NOW}),
        json.dumps({**LINE, "at": 1.5}),
        json.dumps({**LINE, "session": None}),
        json.dumps({**LINE, "session": "\ud800"}),
        json.dumps({name: value for name, value in LINE.items() if name != "suggestion"}),
        json.dumps({**LINE, "session": "x" * 5000}),
    ],
    ids=range(13),
)
def test_a_line_that_says_nothing_is_counted_and_hides_no_other(loop: Loop, line: str) -> None:
    loop.say(line)
    loop.assign(TRIAL, "claude_code:two", "control")
    report = loop.learn()
    assert [one.session for one in held(loop)] == ["claude_code:two"]
    if len(line) < 4096:  # a longer one is not by the hooks
        assert report.notes == ["1 line of the hooks' assignments could not be read."]


def test_a_line_that_is_being_written_is_read_when_it_is_whole(loop: Loop) -> None:
    text = json.dumps(LINE)
    place = loop.folder / "hooks" / "assignments.ndjson"
    place.parent.mkdir(exist_ok=True)
    place.write_text(text[:60])
    assert loop.learn().notes == []
    assert held(loop) == []
    place.write_text(text + "\n")
    loop.learn()
    assert len(held(loop)) == 1


def test_lines_of_other_kinds_are_not_for_the_trials(loop: Loop) -> None:
    loop.say(json.dumps({"v": 1, "start": FIRST, "agent_type": "main", "at": NOW}))
    assert loop.learn().notes == []
    assert held(loop) == []


def test_sessions_that_the_hooks_saw_begin(loop: Loop) -> None:
    loop.say(json.dumps({"v": 1, "start": FIRST, "agent_type": "main", "at": NOW}))
    loop.say(json.dumps({"v": 1, "start": FIRST, "agent_type": "other", "at": NOW + 9}))
    loop.assign(TRIAL, "claude_code:two", "control", at=NOW + 5)
    loop.say("no JSON")
    loop.learn()
    assert loop.rows("SELECT session, agent_type, at FROM starts ORDER BY at") == [
        (FIRST, "main", NOW), ("claude_code:two", "main", NOW + 5),
    ]  # fmt: skip
