"""What rewound branches cost: Claude Code's second answers to one record, Codex's rollbacks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tachograph.analysis.detectors._rewinds import Rewind, find_rewinds
from tachograph.analysis.detectors.abandoned_branch import abandoned_branch
from tachograph.model import FileTouch, Pass, Usage
from tests.builders.claude import ClaudeHome
from tests.builders.codex import CodexHome
from tests.builders.waste import HOUSE, MYSTERY, Story, detect, read_log

Tell = Callable[[Story], Story]


def branch(story: Story, parent: int = 7, responses: int = 1) -> Story:
    """A prompt that answers to ``parent``, and responses of 100 tokens each."""
    story.prompt(parent=parent)
    for _ in range(responses):
        story.answer(90, output=10)
    return story


CASES: dict[str, tuple[Tell, list[int]]] = {
    # ---- Claude Code: responses of each finding
    "nothing rewound": (lambda s: branch(branch(s, 7), 8), []),
    "one rewind": (lambda s: branch(branch(s, 7, 2), 7), [2]),
    "the branch that stays does not count": (lambda s: branch(branch(s, 7, 1), 7, 5), [1]),
    "two rewinds to one point": (lambda s: branch(branch(branch(s, 7, 1), 7, 2), 7), [1, 2]),
    "one prompt written down twice": (
        lambda s: s.prompt(parent=7).answer(90, took=0).prompt(parent=7).answer(90), [],
    ),
    "written down twice, then rewound": (
        lambda s: branch(s.prompt(parent=7).answer(90, took=0).prompt(parent=7).answer(90), 7), [2],
    ),
    "before any response": (lambda s: branch(s.prompt(parent=7), 7), []),
    "before any response, then after one": (lambda s: branch(branch(s.prompt(parent=7), 7), 7), [1]),
    "prompts without a known parent": (lambda s: s.prompt().answer(9).prompt().answer(9), []),
    "everything from the earlier prompt on": (lambda s: branch(branch(branch(branch(s, 1), 2), 3), 2), [2]),
    "nested: inner first, outer the rest": (
        lambda s: branch(branch(branch(branch(branch(s, 1), 2, 2), 2, 3), 3), 1), [2, 5],
    ),
    "nested in a nested one": (
        lambda s: branch(branch(branch(branch(branch(branch(s, 1), 2), 3), 3), 2), 1), [1, 2, 2],
    ),
    "overlapping: each counts once": (
        lambda s: branch(branch(branch(branch(branch(s, 1), 2, 2), 1, 3), 2, 4), 5), [3, 3],
    ),
    "nothing left for the outer one": (
        lambda s: branch(branch(branch(s.prompt(parent=1), 2, 2), 2, 0).prompt(parent=1)), [2],
    ),
    "a slash command": (lambda s: branch(branch(s, 7), 0).prompt("/review", "slash", parent=7), [2]),
    "a command of the person's own": (lambda s: branch(s, 7).prompt("!ls", "shell", parent=7), [1]),
    "a notification is no rewind": (lambda s: branch(s, 7).prompt("x", "notification", parent=7), []),
    "a harness text is no rewind": (lambda s: branch(s, 7).prompt("x", "meta", parent=7), []),
    "nor is what a harness text began": (lambda s: branch(s.prompt("x", "meta", parent=7).answer(9), 7), []),
    "nor a subagent's task": (lambda s: branch(s.prompt("x", "task", parent=7).answer(9), 7), []),
    "nor a summary": (lambda s: branch(s, 7).prompt("x", "compact_summary", parent=7), []),
    # ---- Codex
    "a rollback": (lambda s: branch(branch(s, None), None, 2).mark("rollback", 1), [2]),  # type: ignore[arg-type]
    "of two turns": (lambda s: branch(branch(branch(s), 8), 9, 2).mark("rollback", 2), [3]),
    "of more turns than there are": (lambda s: branch(branch(s), 8).mark("rollback", 9), [2]),
    "one turn, then one more": (
        lambda s: branch(branch(branch(s), 8, 2).mark("rollback", 1), 9, 3).mark("rollback", 1), [2, 3],
    ),
    "one turn, then the one before it": (
        lambda s: branch(branch(s), 8, 2).mark("rollback", 1).mark("rollback", 1), [2, 1],
    ),
    "one turn, new ones, then all": (
        lambda s: branch(branch(branch(s), 8, 2).mark("rollback", 1), 9, 3).mark("rollback", 2), [2, 4],
    ),
    "turns already rolled back do not count again": (
        lambda s: branch(branch(branch(s), 8), 9).mark("rollback", 2).mark("rollback", 1), [2, 1],
    ),
    "nothing there to roll back": (lambda s: branch(s.mark("rollback", 1)), []),
    "an unknown number of turns": (lambda s: branch(s).mark("rollback"), []),
    "no turns": (lambda s: branch(s).mark("rollback", 0), []),
    "a turn without a response": (lambda s: branch(s, 7, 0).mark("rollback", 1), []),
    "a subagent's task is a turn": (
        lambda s: s.prompt(kind="task").answer(90, output=10).mark("rollback", 1), [1],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_responses_left_behind(name: str) -> None:
    tell, expected = CASES[name]
    found = detect(abandoned_branch, tell(Story()).done())
    assert [finding.count for finding in found] == expected
    assert [len(finding.responses) for finding in found] == expected
    counted = [id for finding in found for id in finding.responses]
    assert len(counted) == len(set(counted))


def test_the_numbers_are_the_responses_own() -> None:
    story = Story().prompt(parent=7).answer(10_000, 200, hour=300, input=40, output=5).wait(30)
    story.answer(10_500, output=8, speed="fast").wait(9).prompt(parent=7).answer(10_000)
    (found,) = detect(abandoned_branch, story.done())
    assert found.tokens == 10_000 + 200 + 300 + 40 + 5 + 10_500 + 8
    assert found.cost_pico == 10_000 + 200 * 12 + 300 * 20 + 40 * 10 + 5 * 50 + 2 * (10_500 + 8 * 50)
    assert (found.is_estimate, found.carried_tokens, found.detector) == (False, 0, "abandoned_branch")
    assert (found.responses, found.turns, found.position) == (("r1", "r2"), (1,), 1)
    assert found.facts["seconds"] == 32


def test_each_pass_has_its_own_price() -> None:
    passes = (Pass(HOUSE, Usage(cache_read=100)), Pass(MYSTERY, Usage(input=7)))
    cheap = (Pass(HOUSE, Usage(cache_read=100)), Pass(HOUSE, Usage(input=7)))
    for parts, cost in ((passes, None), (cheap, 170)):
        story = Story().prompt(parent=7).answer(100, input=7, passes=parts).prompt(parent=7)
        (found,) = detect(abandoned_branch, story.done())
        assert (found.tokens, found.cost_pico) == (107, cost)


@pytest.mark.parametrize("given", [{"model": MYSTERY}, {"searches": 1}])
def test_what_has_no_price_makes_the_whole_unpriced(given: dict[str, object]) -> None:
    story = Story().prompt(parent=7).answer(100).answer(50, **given).prompt(parent=7)  # type: ignore[arg-type]
    (found,) = detect(abandoned_branch, story.done())
    assert (found.tokens, found.cost_pico) == (150, None)


def test_files_edited_there_are_named() -> None:
    story = branch(Story())
    story.call("Edit", "edit", path="/a.py", file_op="modify").call("Read", "read", path="/b.py", file_op="read")
    story.call("Edit", "edit", path="/a.py", file_op="modify").call("Write", "edit", path="/c.py", file_op="create")
    story.call("Edit", "edit", path="/d.py", file_op="modify", status="error")
    more = (FileTouch("/e.py", "delete"), FileTouch("/a.py", "modify"))
    story.call("apply_patch", "edit", path="/f.py", file_op="create", more_files=more)
    session = branch(story.prompt("More.")).call("Edit", "edit", path="/g.py", file_op="modify").done()
    (found,) = detect(abandoned_branch, session)
    assert found.facts == {
        "prompts": 2, "tool_calls": 6, "files_edited": 4, "files": "/a.py, /c.py, /f.py, /e.py", "seconds": 1,
    }  # fmt: skip


def test_many_files_are_counted_and_ten_named() -> None:
    story = branch(Story())
    for number in range(12):
        story.call("Write", "edit", path=f"/{number}", file_op="create")
    (found,) = detect(abandoned_branch, branch(story).done())
    assert found.facts["files_edited"] == 12
    assert found.facts["files"] == ", ".join(f"/{number}" for number in range(10))


def test_what_an_inner_rewind_left_is_not_named_again_by_the_outer_one() -> None:
    story = branch(branch(Story(), 1), 2).call("Edit", "edit", path="/inner.py", file_op="modify")
    story = branch(story, 2).call("Edit", "edit", path="/outer.py", file_op="modify")
    inner, outer = detect(abandoned_branch, branch(branch(story, 1), 1).done())[:2]
    assert (inner.facts["prompts"], inner.facts["tool_calls"], inner.facts["files"]) == (1, 1, "/inner.py")
    assert (outer.facts["prompts"], outer.facts["tool_calls"], outer.facts["files"]) == (2, 1, "/outer.py")


def test_a_branch_taken_up_again_and_left_again() -> None:
    story = branch(branch(branch(branch(Story(), 1), 2, 2), 1, 3), 2, 4)
    first, second = detect(abandoned_branch, story.done())
    assert (first.count, first.facts["prompts"], second.count, second.facts["prompts"]) == (3, 2, 3, 1)
    story = branch(branch(branch(Story(), 1), 2, 2), 1, 0).answer(90).prompt(parent=2)
    first, second = detect(abandoned_branch, story.done())
    assert (second.count, second.facts["prompts"], second.facts["seconds"]) == (1, 1, 1)


def test_copies_are_not_looked_at() -> None:
    session = branch(branch(Story(), 7, 2), 7).done()
    assert [len(found.responses) for found in detect(abandoned_branch, session, after=1)] == []
    assert detect(abandoned_branch, session, after=3) == []


def test_rewinds_come_in_the_order_in_which_they_were_made() -> None:
    session = branch(branch(branch(branch(Story(), 1), 2), 2), 1).mark("rollback", 1).done()
    assert find_rewinds(session.prompts, session.markers) == [Rewind(2, 4), Rewind(0, 6), Rewind(6, 8)]
    thrice = branch(branch(branch(Story(), 1), 1), 1).done()
    assert find_rewinds(thrice.prompts, thrice.markers) == [Rewind(0, 2), Rewind(2, 4)]


# ------------------------------------------------------------------------------------------------ from logs


def test_claude_code_goes_back_to_an_earlier_prompt(tmp_path: Path) -> None:
    log = ClaudeHome(tmp_path).project().session()
    log.prompt("One.").response(input=1, output=2)
    fork_point = log.tip
    log.prompt("Two.").edit("/home/ada/site/a.py", "a\n", "b\n", cache_read=10, output=20)
    log.response(input=30, output=40)
    log.rewind(fork_point).prompt("Two, differently.").response(input=500, output=600)
    (found,) = detect(abandoned_branch, read_log(log))
    assert (found.tokens, found.cost_pico, found.count) == (110, 10 + 40 * 10 + 60 * 50, 2)
    assert (found.facts["prompts"], found.facts["files"]) == (1, "/home/ada/site/a.py")


def test_codex_takes_turns_back(tmp_path: Path) -> None:
    log = CodexHome(tmp_path).session()
    for number in (1, 2, 3):
        log.turn().prompt(f"{number}.").answer().tokens(input=10 * number, output=number).complete()
    log.event("thread_rolled_back", num_turns=2)
    log.turn().prompt("Again.").answer().tokens(input=500, output=5).complete()
    (found,) = detect(abandoned_branch, read_log(log))
    assert (found.tokens, found.cost_pico, found.turns) == (55, 50 * 10 + 5 * 50, (2, 3))
