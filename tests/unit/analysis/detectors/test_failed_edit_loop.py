"""When failed edits of a file are a loop, and what breaks it."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.analysis.detectors.failed_edit_loop import failed_edit_loop
from tachograph.model import Session
from tests.builders.claude import REFUSAL, ClaudeLog
from tests.builders.codex import CodexLog
from tests.builders.session import play
from tests.builders.waste import MYSTERY, Story, detect, read_log
from tests.unit.sources.parsing import new_claude, new_codex

BAD = "edit a.py !not found"

CASES: dict[str, tuple[list[str], list[str]]] = {
    "three": ([BAD] * 3, ["1 2 3"]),
    "five are one finding": ([BAD] * 5, ["1 2 3 4 5"]),
    "two": ([BAD] * 2, []),
    "with different errors": ([BAD, "edit a.py !two matches", "edit a.py !not read"], ["1 2 3"]),
    "of three files": ([BAD, "edit b.py !not found", "edit c.py !not found"], []),
    "of two files in turn": ([BAD, "edit b.py !no"] * 3, ["1 3 5", "2 4 6"]),
    "of namesakes": ([BAD, BAD, "edit lib/a.py !not found"], []),
    "one file under two names": ([BAD, "edit ./a.py !not found", "edit /home/ada/site/a.py !not found"], ["1 2 3"]),
    "all in one response": ([BAD, "& " + BAD, "& " + BAD], ["1 2 3"]),
    "a patch of the same two files": (["edit a.py,b.py !no"] * 3, ["1 2 3"]),
    "patches that share a file": ([BAD, BAD, "edit a.py,b.py !no"], []),
    # an edit that works, or may have worked
    "a success": ([BAD, BAD, "edit a.py", BAD], []),
    "a success, then three": ([BAD, BAD, "edit a.py", BAD, BAD, BAD], ["4 5 6"]),
    "a success with another file": ([BAD, BAD, "edit b.py", BAD], ["1 2 4"]),
    "a success with both files": ([BAD, BAD, "edit b.py,a.py", BAD], []),
    "an edit without a result": ([BAD, BAD, "edit a.py ?missing", BAD], []),
    "a refused edit": ([BAD, BAD, "edit a.py ?denied", BAD], ["1 2 4"]),
    "two failed, one refused": ([BAD, BAD, "edit a.py ?denied"], []),
    "a cancelled edit": ([BAD, BAD, "edit a.py ?cancelled", BAD], ["1 2 4"]),
    # a look at the file
    "a read of it": ([BAD, BAD, "read a.py =A", BAD], []),
    "a read of it, then three": ([BAD, "read a.py =A", BAD, BAD, BAD], ["3 4 5"]),
    "a read of another": ([BAD, BAD, "read b.py =A", BAD], ["1 2 4"]),
    "a read of it that failed": ([BAD, BAD, "read a.py !no such file", BAD], ["1 2 4"]),
    "a read of it without a result": ([BAD, BAD, "read a.py ?missing", BAD], []),
    "a refused read of it": ([BAD, BAD, "read a.py ?denied", BAD], ["1 2 4"]),
    "cat of it": ([BAD, BAD, "$ cat a.py =A", BAD], []),
    "cat of it from its folder": ([BAD, BAD, "$ cd /home/ada/site && cat ./a.py =A", BAD], []),
    "cat of another": ([BAD, BAD, "$ cat b.py =A", BAD], ["1 2 4"]),
    "grep in it": ([BAD, BAD, "$ grep -n total a.py =A", BAD], []),
    "cat of a pattern": ([BAD, BAD, "$ cat *.py =A", BAD], []),
    "cat of whatever find finds": ([BAD, BAD, "$ find . -name '*.py' -exec cat {} +", BAD], []),
    "a command that names it otherwise": ([BAD, BAD, "$ ls -l 'A.PY'", BAD], []),
    "grep in all files": ([BAD, BAD, "$ grep -rn total src", BAD], []),
    "rg in all files": ([BAD, BAD, "$ rg total", BAD], []),
    "grep in another": ([BAD, BAD, "$ grep -n total b.py =A", BAD], ["1 2 4"]),
    "git diff": ([BAD, BAD, "$ git diff =A", BAD], []),
    "git log with patches": ([BAD, BAD, "$ git log -p -3", BAD], []),
    "git show": ([BAD, BAD, "$ git show HEAD", BAD], []),
    "git diff in numbers": ([BAD, BAD, "$ git diff --stat", BAD], ["1 2 4"]),
    "git status": ([BAD, BAD, "$ git status", BAD], ["1 2 4"]),
    "ls": ([BAD, BAD, "$ ls -la", BAD], ["1 2 4"]),
    "pwd and echo": ([BAD, BAD, "$ pwd && echo here", BAD], ["1 2 4"]),
    "wc of another": ([BAD, BAD, "$ wc -l b.py", BAD], ["1 2 4"]),
    "a failing test": ([BAD, BAD, "$ pytest -q !1 failed", BAD], ["1 2 4"]),
    "a test that works": ([BAD, BAD, "$ python -m pytest -q 2>&1 | tail -5", BAD], ["1 2 4"]),
    "a test that names it": ([BAD, BAD, "$ pytest -q a.py !1 failed", BAD], []),
    "a compiler": ([BAD, BAD, "$ npx tsc --noEmit !2 errors", BAD], ["1 2 4"]),
    "a linter": ([BAD, BAD, "$ ruff check .", BAD], ["1 2 4"]),
    "a linter that mends": ([BAD, BAD, "$ ruff check --fix .", BAD], []),
    "a formatter": ([BAD, BAD, "$ ruff format .", BAD], []),
    "a checkout": ([BAD, BAD, "$ git checkout main", BAD], []),
    "make": ([BAD, BAD, "$ make", BAD], []),
    "an unknown program": ([BAD, BAD, "$ ./gen.sh", BAD], []),
    "a command that was cut": ([BAD, BAD, "$ ls " + "x" * 450, BAD], []),
    "a command that is not known": ([BAD, BAD, "$ ", BAD], []),
    "a refused command": ([BAD, BAD, "$ cat a.py ?denied", BAD], ["1 2 4"]),
    "a search everywhere": ([BAD, BAD, "tool Grep search", BAD], []),
    "a search in its folder": ([BAD, BAD, "tool Grep search /home/ada/site", BAD], []),
    "a search elsewhere": ([BAD, BAD, "tool Grep search /srv", BAD], ["1 2 4"]),
    "a search that failed": ([BAD, BAD, "tool Grep search !no such folder", BAD], ["1 2 4"]),
    "a subagent": ([BAD, BAD, "tool Task subagent", BAD], []),
    "a server's tool": ([BAD, BAD, "tool mcp__fs__read_file mcp:fs", BAD], []),
    "an unknown tool": ([BAD, BAD, "tool Mystery other", BAD], []),
    "a to-do list": ([BAD, BAD, "tool TodoWrite task", BAD], ["1 2 4"]),
    # what else
    "a person's word": ([BAD, BAD, "> Try again.", BAD], ["1 2 4"]),
    "a prompt that shows it": ([BAD, BAD, "> Look at @lib/A.py again.", BAD], []),
    "a prompt that shows another": ([BAD, BAD, "> Look at @b.py again.", BAD], ["1 2 4"]),
    "a prompt about one of two": ([BAD, "edit b.py !no"] * 2 + ["> See b.py."] + [BAD, "edit b.py !no"], ["1 3 6"]),
    "a person's command": ([BAD, BAD, ">shell make", BAD], []),
    "an interruption": ([BAD, BAD, "# interruption", BAD], ["1 2 4"]),
    "a rollback": ([BAD, BAD, "# rollback 1", BAD], []),
    "a compaction": ([BAD, BAD, "# compaction", BAD], []),
    "a notice": ([BAD, BAD, ">notification done", BAD], ["1 2 4"]),
    "a word before": (["> Go.", BAD, BAD, BAD], ["2 3 4"]),
    "a failed command is no edit": (["$ patch a.py !no"] * 3, []),
}


def found_in(session: Session) -> list[str]:
    return [" ".join(finding.calls) for finding in detect(failed_edit_loop, session)]


@pytest.mark.parametrize("case", CASES)
def test_loops_are_found_and_nothing_else(case):
    steps, expected = CASES[case]
    assert found_in(play(*steps)) == expected


def test_edits_of_an_unnamed_file_are_no_loop():
    story = Story()
    for _ in range(3):
        story.answer().call("Edit", "edit", status="error")
    assert found_in(story.done()) == []


def test_the_finding_says_which_file_and_why():
    session = play("> Go.", BAD, "& " + BAD, "edit a.py !two matches", "edit a.py !not found")
    (finding,) = detect(failed_edit_loop, session)
    assert (finding.calls, finding.turns, finding.count) == (("2", "3", "4", "5"), (1,), 4)
    assert finding.facts == {"path": "/home/ada/site/a.py", "errors": "not found; two matches", "responses": 3}


def failing(story: Story) -> Story:
    """A failed edit of 270 characters (100 tokens) with an error of 27 (10)."""
    return story.call("Edit", "edit", status="error", path="/a.py", given=270, result=27)


def test_the_waste_is_what_the_later_edits_weighed_and_cost_to_carry():
    # Input 10, read 1, write 12, output 50. The first failure is not counted. The second: 100 tokens written (50), all
    # 110 taken in by the next response (12) and read by one more (1). The third: taken in by the last one.
    story = failing(failing(Story().answer(9_000)).answer(9_000, 110)).answer(9_110, 110)
    (finding,) = detect(failed_edit_loop, failing(story).answer(9_220, 110).done())
    assert finding.count == 3
    assert (finding.tokens, finding.carried_tokens) == (220, 110)
    assert finding.cost_pico == (100 * 50 + 110 * (12 + 1)) + (100 * 50 + 110 * 12) == 12_750


def test_an_unknown_price_leaves_the_cost_open():
    story = failing(failing(failing(Story().answer(9_000)))).answer(9_000, 990, model=MYSTERY)
    (finding,) = detect(failed_edit_loop, story.done())
    assert (finding.tokens, finding.cost_pico) == (220, None)


# ------------------------------------------------------------------------------------------------- from logs

FILE, OTHER = "/home/ada/site/a.py", "/home/ada/site/b.py"
PATCH = [("Update", "a.py", "@@\n-1\n+2")]


def fail(log: ClaudeLog, path: str = FILE, times: int = 1) -> ClaudeLog:
    for _ in range(times):
        given = {"file_path": path, "old_string": "a", "new_string": "b"}
        log.tool("Edit", given, result="<tool_use_error>String to replace not found.</tool_use_error>", error=True)
    return log


def miss(log: CodexLog, times: int = 1, **form: Any) -> CodexLog:
    for _ in range(times):
        log.patch(PATCH, success=False, **form).tokens(input=900, output=80)
    return log


CLAUDE: dict[str, tuple[Callable[[ClaudeLog], Any], list[int]]] = {
    "three": (lambda log: fail(log, times=3), [3]),
    "two": (lambda log: fail(log, times=2), []),
    "by three tools": (
        lambda log: (
            fail(log)
            .tool("MultiEdit", {"file_path": FILE, "edits": []}, result="no", error=True)
            .tool("Write", {"file_path": FILE, "content": ""}, result="no", error=True)
        ),
        [3],
    ),
    "a read": (lambda log: fail(fail(log, times=2).read(FILE, "a = 1\n")), []),
    "a read of another": (lambda log: fail(fail(log, times=2).read(OTHER, "a = 1\n")), [3]),
    "a success": (lambda log: fail(fail(log, times=2).edit(FILE, "a", "b")), []),
    "a refusal": (
        lambda log: fail(
            fail(log, times=2).call("Edit", {"file_path": FILE}).result(REFUSAL, error=True, denial="user-rejected")
        ),
        [3],
    ),
    "two files": (lambda log: fail(fail(log, times=2), OTHER), []),
    "a compaction": (lambda log: fail(fail(log, times=2).compaction()), []),
    "cat": (lambda log: fail(fail(log, times=2).shell("cat a.py", "a = 1")), []),
}
CODEX: dict[str, tuple[Callable[[CodexLog], Any], list[int]]] = {
    "three": (lambda log: miss(log, 3), [3]),
    "three without events": (lambda log: miss(log, 3, event=False), [3]),
    "two": (lambda log: miss(log, 2), []),
    "a look": (lambda log: miss(miss(log, 2).shell("sed -n 1,9p a.py", "a = 1")), []),
    "a look at another": (lambda log: miss(miss(log, 2).shell("sed -n 1,9p b.py", "a = 1")), [3]),
    "a success": (lambda log: miss(miss(log, 2).patch(PATCH)), []),
    "a success with another": (lambda log: miss(miss(log, 2).patch([("Add", "b.py", "+1")])), [3]),
    "a person's word": (lambda log: miss(miss(log, 2).complete().turn().prompt("again")), [3]),
    "a failing test": (lambda log: miss(miss(log, 2).shell("pytest -q", "1 failed", exit_code=1)), [3]),
}


@pytest.mark.parametrize("case", CLAUDE)
def test_in_a_transcript_of_claude_code(case):
    tell, sizes = CLAUDE[case]
    session = read_log(tell(new_claude().prompt("Fix it.")))
    assert [finding.count for finding in detect(failed_edit_loop, session)] == sizes


@pytest.mark.parametrize("case", CODEX)
def test_in_a_rollout_of_codex(case):
    tell, sizes = CODEX[case]
    session = read_log(tell(new_codex().turn().prompt("Fix it.")))
    assert [finding.count for finding in detect(failed_edit_loop, session)] == sizes


# ---------------------------------------------------------------------------------------------- in any session

STEPS = [
    BAD, BAD, BAD, "& " + BAD, "edit b.py !no", "edit a.py", "edit b.py", "edit a.py ?denied", "edit a.py,b.py !no",
    "read a.py =A", "read b.py =A", "read a.py !no", "$ cat a.py =A", "$ cat b.py =A", "$ make", "$ ls", "> again",
    "> see a.py", "# compaction", "tool Task subagent", "tool TodoWrite task",
]  # fmt: skip


@given(st.lists(st.sampled_from(STEPS), max_size=25).map(lambda steps: ["$ ls", *steps]), st.randoms())
def test_nothing_ever_lies_between_the_edits_of_a_finding(steps: list[str], shuffle: random.Random):
    session = play(*steps)
    findings = detect(failed_edit_loop, session)
    calls = {call.id: call for call in session.tool_calls}
    ends = [mark.position for mark in session.markers] + [p.position for p in session.prompts if "a.py" in p.text]
    for finding in findings:
        edits = [calls[id] for id in finding.calls]
        assert len(edits) == finding.count >= 3
        assert {(edit.category, edit.status) for edit in edits} == {("edit", "error")}
        assert len({(edit.path, edit.more_files) for edit in edits}) == 1
        assert min(finding.tokens, finding.carried_tokens, finding.cost_pico) >= 0
        for earlier, later in pairwise(edits):
            between = [c for c in session.tool_calls if earlier.position < c.position < later.position]
            done = [c for c in between if c.status == "ok"]
            assert not any(c.category == "subagent" or c.command in ("make", "cat a.py") for c in done)
            assert not any(c.path == edits[0].path for c in done)
            if edits[0].path == "a.py":
                assert not any(earlier.position < position < later.position for position in ends)
    mixed = {
        name: tuple(shuffle.sample(getattr(session, name), len(getattr(session, name))))
        for name in ("tool_calls", "responses", "prompts", "markers")
    }
    assert detect(failed_edit_loop, msgspec.structs.replace(session, **mixed)) == findings
