"""Which failed commands count as repeated, and which had a reason to be tried again."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.analysis.detectors.repeated_failed_retry import repeated_failed_retry
from tachograph.model import Session, ToolCall
from tests.builders.claude import REFUSAL, ClaudeLog
from tests.builders.codex import CodexLog
from tests.builders.session import play
from tests.builders.waste import MYSTERY, Story, detect, read_log
from tests.unit.sources.parsing import new_claude, new_codex

FAIL = "$ make test !boom"

CASES: dict[str, tuple[list[str], list[str]]] = {
    "twice": ([FAIL, FAIL], ["1 2"]),
    "four times is one finding": ([FAIL] * 4, ["1 2 3 4"]),
    "once": ([FAIL], []),
    "white space is folded": ([FAIL, "$ make    test !boom"], ["1 2"]),
    "another command": ([FAIL, "$ make check !boom"], []),
    "a failing test that fails differently": ([FAIL, "$ make test !crash", "$ make test !crash"], ["2 3"]),
    "another exit code": ([FAIL, "$ make test !2 boom"], []),
    "a command that may change things and one that does not, in turn": (
        [FAIL, "$ git status !no", FAIL, "$ git status !no"], ["1 3"],
    ),
    "two read-only commands in turn": (
        ["$ cat a.py !no", "$ git status !no", "$ cat a.py !no", "$ git status !no"], ["1 3", "2 4"],
    ),
    # what could change the outcome
    "an edit between": ([FAIL, "edit a.py", FAIL], []),
    "a failed edit between": ([FAIL, "edit a.py !String to replace not found", FAIL], ["1 3"]),
    "a refused edit between": ([FAIL, "edit a.py ?denied", FAIL], []),
    "a cancelled edit between": ([FAIL, "edit a.py ?cancelled", FAIL], ["1 3"]),
    "an edit whose result is missing": ([FAIL, "edit a.py ?missing", FAIL], []),
    "an edit that saw another's change": ([FAIL, "edit a.py !File has been modified since read", FAIL], []),
    "a patch of two files that failed": ([FAIL, "edit a.py,b.py !no match", FAIL], []),
    "sed -i between": ([FAIL, "$ sed -i s/1/2/ a.py", FAIL], []),
    "sed without -i between": ([FAIL, "$ sed s/1/2/ a.py", FAIL], ["1 3"]),
    "a redirection between": ([FAIL, "$ echo 1 > a.py", FAIL], []),
    "a checkout between": ([FAIL, "$ git checkout main", FAIL], []),
    "a failed change between": ([FAIL, "$ git checkout main !1 local changes", FAIL], []),
    "a cancelled change between": ([FAIL, "$ git checkout main ?cancelled", FAIL], ["1 3"]),
    "looking around between": ([FAIL, "$ ls", "read a.py =A", "$ git diff", "tool Grep search", FAIL], ["1 6"]),
    "a long command is not known whole": ([FAIL, f"$ cat {'a' * 450}", FAIL], []),
    "a command that was not stored": ([FAIL, "$ ", FAIL], []),
    "input to a running process": ([FAIL, "tool write_stdin shell", FAIL], []),
    "a subagent between": ([FAIL, "tool Task subagent", FAIL], []),
    "a subagent that nobody allowed": ([FAIL, "tool Task subagent ?cancelled", FAIL], ["1 3"]),
    "news of a subagent between": ([FAIL, "tool TaskOutput subagent", FAIL], []),
    "news of a subagent before": (["tool TaskOutput subagent", FAIL, FAIL], ["2 3"]),
    "a subagent sent to the background before": (["tool Task subagent", FAIL, FAIL], []),
    "a subagent that failed before": (["tool Task subagent !no", FAIL, FAIL], ["2 3"]),
    "a command in the background before": (["$ (make &) ; ls", FAIL, FAIL], []),
    "a harmless command in the background before": (["$ grep -r a . & ls", FAIL, FAIL], ["2 3"]),
    "a long command with an ampersand before": ([f"$ ls & {'a' * 450}", FAIL, FAIL], []),
    "a long command before": ([f"$ ls && {'a' * 450}", FAIL, FAIL], ["2 3"]),
    "it leaves something at work itself": (["$ make & false !boom"] * 2, []),
    "a to-do list between": ([FAIL, "tool TodoWrite task", FAIL], ["1 3"]),
    "a web search between": ([FAIL, "tool WebSearch web", FAIL], ["1 3"]),
    "a search for tools between": ([FAIL, "tool ToolSearch other", FAIL], ["1 3"]),
    "an unknown tool between": ([FAIL, "tool Mystery other", FAIL], []),
    "a skill between": ([FAIL, "tool Skill other", FAIL], []),
    "a server was asked": ([FAIL, "tool mcp__hub__get_issue mcp:hub", FAIL], ["1 3"]),
    "a server was told": ([FAIL, "tool mcp__hub__close_issue mcp:hub", FAIL], []),
    "a server was asked and told": ([FAIL, "tool mcp__hub__get_or_create mcp:hub", FAIL], []),
    "a person said: again": ([FAIL, "> again", FAIL], []),
    "a person said: again, then it failed twice": ([FAIL, "> again", FAIL, FAIL], ["3 4"]),
    "a slash command between": ([FAIL, ">slash /fix", FAIL], []),
    "a person's own command between": ([FAIL, ">shell make clean", FAIL], []),
    "a person answered": ([FAIL, "tool AskUserQuestion other", FAIL], []),
    "a person refused something": ([FAIL, "$ ls ?denied", FAIL], []),
    "something ended in the background": ([FAIL, ">notification done", FAIL], []),
    "interrupted": ([FAIL, "# interruption", FAIL], []),
    "a rollback": ([FAIL, "# rollback 1", FAIL], []),
    "a compaction changes nothing": ([FAIL, "# compaction", ">compact_summary so far", FAIL], ["1 4"]),
    "a wait between": ([FAIL, "$ sleep 5", FAIL], []),
    "a command that waits": (["$ sleep 5; cat log !no", "$ sleep 5; cat log !no"], []),
    "an hour later": ([FAIL, "+3599.5", FAIL], ["1 2"]),
    "more than an hour later": ([FAIL, "+3600", FAIL], []),
    "a success between": (["$ cat a.py !no", "$ cat a.py =A", "$ cat a.py !no"], []),
    "changed before, not between": (["edit a.py", FAIL, FAIL, "edit a.py", FAIL], ["2 3"]),
    # where
    "another folder": ([FAIL, "cd /home/ada/docs", FAIL], []),
    "there and back": ([FAIL, "cd /home/ada/docs", FAIL, "cd /home/ada/site", "$ ls", "$ make !boom", "$ make !boom"],
                       ["4 5"]),
    "a command with its own cd": (["$ cd web && make test !boom", "$ cd web && make test !boom"], ["1 2"]),
    "a cd to elsewhere": (["$ cd web && make test !boom", "$ cd api && make test !boom"], []),
    # when
    "parallel": ([FAIL, "& " + FAIL], []),
    "parallel, then again": ([FAIL, "& " + FAIL, FAIL], ["1 3"]),
    "parallel with another end, then again": ([FAIL, "& $ make test !crash", "$ make test !crash"], []),
    "an edit in parallel": (["edit a.py", "& " + FAIL, FAIL], []),
    # what is no failure
    "errors that pass": (["$ make test !~boom", "$ make test !~boom"], []),
    "an error that passes between": ([FAIL, "$ make test !~boom", FAIL], []),
    "refused twice": (["$ make test ?denied", "$ make test ?denied"], []),
    "cancelled twice": (["$ make test ?cancelled", "$ make test ?cancelled"], []),
    "without results": (["$ make test ?missing", "$ make test ?missing"], []),
    "no shell": (["read a.py !no", "read a.py !no"], []),
}  # fmt: skip


def found_in(session: Session) -> list[str]:
    return [" ".join(finding.calls) for finding in detect(repeated_failed_retry, session)]


@pytest.mark.parametrize("case", CASES)
def test_repetitions_are_found_and_nothing_else(case):
    steps, expected = CASES[case]
    assert found_in(play(*steps)) == expected


@pytest.mark.parametrize(
    ("codes", "results", "expected"),
    [((1, 1), (5, 5), ["c1 c3"]), ((1, 1), (5, 6), []), ((1, 2), (5, 5), []), ((0, 0), (5, 5), []),
     ((None, None), (5, 5), [])],
)  # fmt: skip
def test_an_exit_code_is_a_failure_where_the_tool_saw_none(codes, results, expected):
    story = Story()
    for code, result in zip(codes, results, strict=True):
        story.answer().call(command="cat a", command_hash=7, exit_code=code, result_hash=result)
    assert found_in(story.done()) == expected


@pytest.mark.parametrize(
    ("notice", "took", "expected"),
    [(None, 3, []), ("<task-id>a77</task-id>", 3, ["c4 c6"]), ("<task-id>b88</task-id>", 3, []), (None, 60, ["c3 c5"])],
)
def test_a_subagent_in_the_background_works_until_it_is_told_of(notice, took, expected):
    story = Story().answer().call("Agent", "subagent", spawned="a77")
    agents = story.records[ToolCall]
    agents[0] = msgspec.structs.replace(agents[0], ended_at=agents[0].started_at + took * 1000)
    story.wait(took)
    if notice is not None:
        story.prompt(notice, "notification")
    for _ in range(2):
        story.answer().call(command="make", command_hash=7, status="error", error_hash=1, exit_code=1).wait(1)
    assert found_in(story.done()) == expected


@pytest.mark.parametrize(
    ("command", "kind", "notice", "expected"),
    [
        ("make", "background", None, []),
        ("make", "background", "<tool-use-id>c1</tool-use-id>", ["c4 c6"]),
        ("make", "background", "<tool-use-id>c11</tool-use-id>", []),
        ("make &", "", "<tool-use-id>c1</tool-use-id>", ["c4 c6"]),
        ("make", "", None, ["c3 c5"]),
        ("git log", "background", None, ["c3 c5"]),
        (None, "background", None, []),
    ],
)
def test_a_command_in_the_background_works_until_it_is_told_of(command, kind, notice, expected):
    story = Story().answer().call(command=command, result_kind=kind).wait(1)
    if notice is not None:
        story.prompt(notice, "notification")
    for _ in range(2):
        story.answer().call(command="pytest", command_hash=7, status="error", error_hash=1, exit_code=1).wait(1)
    assert found_in(story.done()) == expected


@pytest.mark.parametrize(
    ("left_running", "ended", "found"),
    [(1, 0, 0), (1, 1, 1), (2, 1, 0), (2, 2, 1), (1, 2, 1)],
)
def test_a_command_that_the_agent_ended_works_no_longer(left_running, ended, found):
    story = Story()
    for _ in range(left_running):
        story.answer().call(command="npm run dev", result_kind="background").wait(1)
    for _ in range(ended):
        story.answer().call("KillShell", command=None).wait(1)
    for _ in range(2):
        story.answer().call(command="pytest", command_hash=7, status="error", error_hash=1, exit_code=1).wait(1)
    assert len(found_in(story.done())) == found


def test_a_command_that_went_on_for_a_while_may_have_changed_what_began_meanwhile():
    story = Story().answer().call(command="make")
    calls = story.records[ToolCall]
    for seconds, expected in ((9, []), (1, ["c3 c5"])):
        if len(calls) == 1:
            for _ in range(2):
                story.wait(1).answer().call(command="ls a", command_hash=7, status="error", error_hash=1, exit_code=1)
        calls[0] = msgspec.structs.replace(calls[0], ended_at=calls[0].started_at + seconds * 1000)
        assert found_in(story.done()) == expected


def test_the_finding_says_what_failed_where_and_how_often():
    (finding,) = detect(
        repeated_failed_retry, play("> Test it.", "$ make test !2 boom", "$ ls", "$ make  test !2 boom")
    )
    assert (finding.calls, finding.turns, finding.count) == (("2", "4"), (1,), 1)
    assert finding.facts == {
        "command": "make test", "cwd": "/home/ada/site", "exit_code": 2, "error": "boom", "runs": 2, "seconds": 2,
    }  # fmt: skip


def failing(story: Story) -> Story:
    """A failed call of 270 characters (100 tokens) with a result of 2,700 (1,000)."""
    return story.call(
        command="make", command_hash=7, status="error", error_hash=1, exit_code=1, given=270, result=2_700
    ).wait(1)  # fmt: skip


def test_the_waste_is_what_the_later_calls_weighed_and_cost_to_carry():
    # Input 10, read 1, write 12, output 50. The first failure is needed. The second: 100 tokens written (50), all
    # 1,100 taken in by the next response (12) and read by one more (1). The third: taken in by the last one.
    story = failing(Story().answer(9_000))
    story = failing(story.answer(9_000, 1_100))
    story = failing(story.answer(10_100, 1_100)).answer(11_200, 1_100)
    (finding,) = detect(repeated_failed_retry, story.done())
    assert finding.count == 2
    assert (finding.tokens, finding.carried_tokens) == (2_200, 1_100)
    assert finding.cost_pico == (100 * 50 + 1_100 * (12 + 1)) + (100 * 50 + 1_100 * 12) == 37_500
    assert finding.is_estimate


def test_carrying_ends_with_the_compaction():
    story = failing(failing(Story().answer(9_000)).answer(9_000, 1_100)).answer(10_100, 1_100).mark("compaction")
    (finding,) = detect(repeated_failed_retry, story.answer(11_200).answer(11_200).done())
    assert (finding.tokens, finding.carried_tokens, finding.cost_pico) == (1_100, 0, 100 * 50 + 1_100 * 12)


def test_an_unknown_price_leaves_the_cost_open():
    story = failing(failing(Story().answer(9_000)).answer(9_000, 1_100)).answer(10_100, 1_100, model=MYSTERY)
    (finding,) = detect(repeated_failed_retry, story.done())
    assert (finding.tokens, finding.cost_pico) == (1_100, None)


# ------------------------------------------------------------------------------------------------- from logs


Tell = Callable[[Any], Any]
"""Adds to a log; the two agents' builders share the methods used here where both agents can be meant."""

TEST = {"command": "make test"}
LINES = (
    "FAILED tests/test_a.py::test_sum - assert {n} == 4\nsee /tmp/run-{n}{n}x/log, {n}.31s, at 2026-05-2{n}T1{n}:00:05Z"
)


def fail(log: Any, number: int = 1, **form: Any) -> Any:
    return answered(log.shell("make test", LINES.format(n=number), 2, **form))


def answered(log: Any) -> Any:
    """The response is over: Codex tells its usage behind its calls."""
    return log.tokens(input=900, output=80) if isinstance(log, CodexLog) else log


def parallel(log: ClaudeLog) -> ClaudeLog:
    log.calls(("Bash", TEST), ("Bash", TEST))
    blocks = [block for record in log.records[-2:] for block in record["message"]["content"]]
    for block in blocks:
        log.result("Exit code 2\nboom", error=True, call=block["id"])
    return log


def moved(log: ClaudeLog) -> ClaudeLog:
    log.cwd += "/web"
    return log


CLAUDE: dict[str, tuple[Tell, list[int]]] = {
    "numbers, places and times differ": (lambda log: fail(fail(fail(log), 2), 3), [3]),
    "another test fails": (lambda log: fail(log).shell("make test", "FAILED tests/test_b.py", 2), []),
    "another exit code": (lambda log: fail(log).shell("make test", LINES.format(n=2), 1), []),
    "an edit": (lambda log: fail(fail(log).edit("/home/ada/site/a.py", "1", "2"), 2), []),
    "a failed edit": (
        lambda log: fail(fail(log).tool("Edit", {"file_path": "a.py"}, result="No such string", error=True)),
        [2],
    ),
    "a look at a file": (lambda log: fail(fail(log).read("/home/ada/site/a.py", "a = 1\n")), [2]),
    "a person says again": (lambda log: fail(fail(log).prompt("again")), []),
    "an interruption": (lambda log: fail(fail(log).interruption()), []),
    "connection refused": (lambda log: fail_to_connect(fail_to_connect(log)), []),
    "refused by a person": (
        lambda log: fail(fail(log).call("Bash", {"command": "ls"}).result(REFUSAL, error=True, denial="user-rejected")),
        [],
    ),
    "its own cd moved the shell": (lambda log: fail(moved(fail(log))), []),
    "two at once": (parallel, []),
    "a subagent": (lambda log: fail(fail(log).tool("Task", {"subagent_type": "general"}, result="done")), []),
}  # fmt: skip


def fail_to_connect(log: Any) -> Any:
    return log.shell("curl -sS localhost:1", "curl: (7) Failed to connect: Connection refused", 7)


def fail_at_once(log: CodexLog) -> CodexLog:
    first = log.call("exec_command", {"cmd": "make test"}).call_id
    second = log.call("exec_command", {"cmd": "make test"}).call_id
    text = "Process exited with code 2\nOutput:\nboom"
    return answered(log.output(text, call=first).output(text, call=second))


def fail_in(log: CodexLog, folder: str) -> CodexLog:
    text = "Process exited with code 2\nOutput:\nboom"
    return answered(log.call("exec_command", {"cmd": "make test", "workdir": folder}).output(text))


CODEX: dict[str, tuple[Tell, list[int]]] = {
    "numbers, places and times differ": (lambda log: fail(fail(fail(log), 2), 3), [3]),
    "the old form": (lambda log: fail(fail(log, form="old"), 2, form="old"), [2]),
    "the plain form": (lambda log: fail(fail(log, form="plain"), 2, form="plain"), [2]),
    "another test fails": (lambda log: fail(log).shell("make test", "FAILED tests/test_b.py", 2), []),
    "a patch": (lambda log: fail(fail(log).patch([("Update", "a.py", "@@\n-1\n+2")])), []),
    "a failed patch": (lambda log: fail(fail(log).patch([("Update", "a.py", "@@\n-1\n+2")], success=False)), [2]),
    "a look at a file": (lambda log: fail(fail(log).shell("sed -n 1,9p a.py", "a = 1")), [2]),
    "sed -i": (lambda log: fail(fail(log).shell("sed -i s/1/2/ a.py")), []),
    "connection refused": (lambda log: fail_to_connect(fail_to_connect(log)), []),
    "input to a process": (lambda log: fail(fail(log).call("write_stdin", {"session_id": 1}).output("y")), []),
    "a person says again": (lambda log: fail(fail(log).complete().turn().prompt("again")), []),
    "a plan": (lambda log: fail(fail(log).call("update_plan", {"plan": []}).output("Plan updated")), [2]),
    "two folders": (lambda log: fail_in(fail_in(log, "/srv/a"), "/srv/b"), []),
    "one folder": (lambda log: fail_in(fail_in(log, "/srv/a"), "/srv/a"), [2]),
    "two at once": (fail_at_once, []),
}  # fmt: skip


@pytest.mark.parametrize("case", CLAUDE)
def test_in_a_transcript_of_claude_code(case):
    tell, sizes = CLAUDE[case]
    session = read_log(tell(new_claude().prompt("Fix the test.")))
    assert [len(finding.calls) for finding in detect(repeated_failed_retry, session)] == sizes


@pytest.mark.parametrize("case", CODEX)
def test_in_a_rollout_of_codex(case):
    tell, sizes = CODEX[case]
    session = read_log(tell(new_codex().turn().prompt("Fix the test.")))
    assert [len(finding.calls) for finding in detect(repeated_failed_retry, session)] == sizes


# ---------------------------------------------------------------------------------------------- in any session

STEPS = [
    FAIL, FAIL, FAIL, "& " + FAIL, "$ make test !crash", "$ make test", "$ cat a.py !no", "$ cat a.py =A", "edit a.py",
    "edit a.py !no", "> again", ">notification done", "# interruption", "# compaction", "tool Task subagent",
    "$ sed -i s/1/2/ a.py", "$ ls ?denied", "+3600", "cd /srv", "cd /home/ada/site", "read a.py =A", "$ sleep 1",
]  # fmt: skip


@given(st.lists(st.sampled_from(STEPS), max_size=25).map(lambda steps: ["$ ls", *steps]), st.randoms())
def test_nothing_ever_lies_between_the_calls_of_a_finding(steps: list[str], shuffle: random.Random):
    session = play(*steps)
    findings = detect(repeated_failed_retry, session)
    calls = {call.id: call for call in session.tool_calls}
    reasons = [r.position for r in (*session.prompts, *session.markers) if getattr(r, "kind", "") != "compaction"]
    for finding in findings:
        run = [calls[id] for id in finding.calls]
        assert len({(call.command_hash, call.error_hash, call.exit_code, call.cwd) for call in run}) == 1
        assert all(later.started_at >= earlier.ended_at for earlier, later in pairwise(run))
        for earlier, later in pairwise(run):
            between = [c for c in session.tool_calls if earlier.position < c.position < later.position]
            others = [
                c for c in between if c.command_hash != earlier.command_hash or c.error_hash != earlier.error_hash
            ]
            assert {c.category for c in others} <= {"shell", "read", "edit"}
            assert all(c.status == "error" for c in others if c.category == "edit")
            assert all(c.command == "cat a.py" for c in others if c.category == "shell")
            assert not any(earlier.position < position < later.position for position in reasons)
        assert min(finding.tokens, finding.carried_tokens, finding.cost_pico) >= 0
    mixed = {
        name: tuple(shuffle.sample(getattr(session, name), len(getattr(session, name))))
        for name in ("tool_calls", "responses", "prompts", "markers")
    }
    assert detect(repeated_failed_retry, msgspec.structs.replace(session, **mixed)) == findings
