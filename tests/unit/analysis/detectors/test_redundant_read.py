"""Which reads brought nothing new, and which might have."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.analysis.detectors._files import absolute, tail
from tachograph.analysis.detectors.redundant_read import redundant_read
from tachograph.model import Session
from tests.builders.claude import ClaudeLog
from tests.builders.codex import CodexLog
from tests.builders.session import play
from tests.builders.waste import MYSTERY, Story, detect, read_log
from tests.unit.sources.parsing import new_claude, new_codex, parse

READ = "read a.py =A"
CAT = "$ cat a.py =A"

CASES: dict[str, tuple[list[str], list[str]]] = {
    "twice": ([READ, READ], ["1 2"]),
    "four reads are one finding": ([READ] * 4, ["1 2 3 4"]),
    "once": ([READ], []),
    "two files in turn": ([READ, "read b.py =B", READ, "read b.py =B"], ["1 3", "2 4"]),
    "licence headers equal in two files": ([READ, "read b.py =A"], []),
    "one file under two names": ([READ, "read /home/ada/site/./a.py =A"], ["1 2"]),
    "another file of that name": ([READ, "cd /home/ada/docs", READ], []),
    "another folder, the same file": (
        ["read web/a.py =A", "cd /home/ada/site/web", READ, "cd /home/ada", "read site/web/a.py =A"], ["1 2 3"],
    ),
    "another content": ([READ, "read a.py =B"], []),
    "changed and changed back by nobody": ([READ, "read a.py =B", READ], ["1 3"]),
    "the same range": (["read a.py:10 =A", "read a.py:10 =A"], ["1 2"]),
    "another range with the same content": (["read a.py:10 =A", "read a.py:20 =A"], []),
    "the first line, however it is asked for": ([READ, "read a.py:0 =A", "read a.py:1 =A"], ["1 2 3"]),
    "parallel": ([READ, "& " + READ], ["1 2"]),
    "small": (["read a.py =A/199", "read a.py =A/199"], []),
    "just large enough": (["read a.py =A/200", "read a.py =A/200"], ["1 2"]),
    "failed": (["read a.py !no such file", "read a.py !no such file"], []),
    "without a result": ([READ, "read a.py ?missing"], []),
    # what may have changed the file
    "an edit of it": ([READ, "edit a.py", READ], []),
    "an edit of another file": ([READ, "edit b.py", READ], ["1 3"]),
    "an edit of its namesake": ([READ, "edit lib/a.py", READ], ["1 3"]),
    "an edit of it under another name": ([READ, "edit /mnt/site/A.py", READ], []),
    "a patch of two files": ([READ, "edit b.py,a.py", READ], []),
    "a failed edit of it": ([READ, "edit a.py !String to replace not found", READ], ["1 3"]),
    "a failed patch of two files": ([READ, "edit b.py,a.py !no match", READ], []),
    "an edit whose result is missing": ([READ, "edit a.py ?missing", READ], []),
    "a refused edit of it": ([READ, "edit a.py ?denied", READ], ["1 3"]),
    "an edit for which it had to be read": ([READ, "edit a.py !File has not been read yet.", READ], []),
    "somebody else's change": ([READ, "edit a.py !File has been modified since read, by a linter", READ], []),
    "sed -i": ([READ, "$ sed -i s/1/2/ b.py", READ], []),
    "a test, which may write": ([READ, "$ pytest -q !1 failed", READ], []),
    "an unreadable command": ([READ, "$ echo 'open", READ], []),
    "a command that only looks": ([READ, "$ git diff | head -5", READ], ["1 3"]),
    "a subagent": ([READ, "tool Task subagent", READ], []),
    "a subagent that could not start": ([READ, "tool Task subagent ?denied", READ], ["1 3"]),
    "an unknown tool": ([READ, "tool Mystery other", READ], []),
    "a question to a person": ([READ, "tool AskUserQuestion other", READ], ["1 3"]),
    "a person's own command": ([READ, ">shell make", READ], []),
    "something ended in the background": ([READ, ">notification done", READ], []),
    "a command in the background before": (["$ make &", READ, READ], []),
    "a harmless command in the background before": (["$ grep -r a . &", READ, READ], ["2 3"]),
    "no command in the background before": (["$ make 2>&1 && curl 'a?b&c'", READ, READ], ["2 3"]),
    "a wait": ([READ, "$ sleep 5", READ], []),
    "a log": (["read build.log =A", "read build.log =A"], []),
    "a log that is printed": (["$ cat out/Build.LOG =A", "$ cat out/Build.LOG =A"], []),
    "a command that waits": (["$ sleep 5; cat a.py =A", "$ sleep 5; cat a.py =A"], []),
    # what takes it out of the context
    "a compaction": ([READ, "# compaction", READ], []),
    "a compaction, then twice": ([READ, "# compaction", READ, READ], ["3 4"]),
    "a rollback": ([READ, "> Do it.", "# rollback 1", READ], []),
    # what does not matter
    "a person said something": ([READ, "> And now?", READ], ["1 3"]),
    "an interruption": ([READ, "# interruption", READ], ["1 3"]),
    "much later": ([READ, "+86400", *["$ ls"] * 30, READ], ["1 32"]),
    "a refused command": ([READ, "$ ls ?denied", READ], ["1 3"]),
    # the tool says so
    "said to be unchanged": ([READ, "read a.py =unchanged/90"], ["1 2"]),
    "said to be unchanged twice": ([READ, "read a.py =unchanged/90", "read a.py =unchanged/90"], ["1 2", "1 3"]),
    "said to be unchanged since an unknown read": (["read a.py =unchanged/90"], ["1"]),
    "another file said to be unchanged": ([READ, "read b.py =unchanged/90"], ["2"]),
    # commands
    "the same command": ([CAT, CAT], ["1 2"]),
    "the same command with white space": ([CAT, "$ cat  a.py =A"], ["1 2"]),
    "another command with the same output": ([CAT, "$ head -99 a.py =A"], []),
    "the same command in another folder": ([CAT, "cd /srv", CAT], []),
    "the same command with another output": ([CAT, "$ cat a.py =B"], []),
    "the same command after an edit": ([CAT, "edit a.py", CAT], []),
    "the same command of two files after an edit of one": (
        ["$ tail -q a.py b.py =A", "edit b.py", "$ tail -q a.py b.py =A"], [],
    ),
    "a command that prints more than files": (["$ grep -n x a.py =A", "$ grep -n x a.py =A"], []),
    "a command that changes": (["$ cat a.py > b.py =A", "$ cat a.py > b.py =A"], []),
    "a command that failed": (["$ cat a.py !no such file", "$ cat a.py !no such file"], []),
    "a command with its own cd": (["$ cd web && cat a.py =A", "edit web/a.py", "$ cd web && cat a.py =A"], []),
    "a read and a command": ([READ, CAT], []),
}  # fmt: skip


def found_in(session: Session) -> list[str]:
    return [" ".join(finding.calls) for finding in detect(redundant_read, session)]


@pytest.mark.parametrize("case", CASES)
def test_reads_of_the_same_are_found_and_nothing_else(case):
    steps, expected = CASES[case]
    assert found_in(play(*steps)) == expected


@pytest.mark.parametrize(
    ("path", "folder", "expected", "end"),
    [
        ("a.py", "/srv/site", "/srv/site/a.py", "site/a.py"),
        ("./lib/../a.py", "/srv/site", "/srv/site/a.py", "site/a.py"),
        ("/srv/A.py", "/home/ada", "/srv/A.py", "srv/a.py"),
        ("~/a.py", "/srv", "~/a.py", "~/a.py"),
        ("a.py", "", "a.py", "a.py"),
        ("D:\\site\\a.py", "/srv", "D:/site/a.py", "site/a.py"),
        ("lib\\a.py", "D:\\site", "D:/site/lib/a.py", "lib/a.py"),
        ("d:/site/a.py", "D:\\site", "d:/site/a.py", "site/a.py"),
    ],
)
def test_names_of_one_file_become_one(path, folder, expected, end):
    assert absolute(path, folder) == expected
    assert tail(absolute(path, folder)) == end


def test_a_rewound_branch_is_out_of_the_context():
    story = Story().prompt(parent=7).answer().read(1, result=900)
    assert found_in(story.answer().read(1, result=900).done()) == ["c2 c4"]
    assert found_in(story.prompt(parent=7).answer().read(1, result=900).done()) == ["c2 c4"]


@pytest.mark.parametrize(
    ("status", "path", "error", "expected"),
    [
        ("ok", None, None, []),
        ("error", "/f1", None, []),
        ("error", "/f1", "no match", ["c1 c4"]),
        ("error", "/f2", None, ["c1 c4"]),
    ],
)
def test_an_edit_of_which_too_little_is_known_may_have_changed_the_file(status, path, error, expected):
    story = Story().answer().read(1).call("Edit", "edit", status=status, path=path, error_signature=error)
    assert found_in(story.answer().read(1).done()) == expected


def test_the_finding_says_what_was_read_and_how_far_apart():
    session = play("> Go.", "read a.py:5 =A", "$ ls", "> And?", "read a.py:5 =A", "& read a.py:5 =A")
    (finding,) = detect(redundant_read, session)
    assert (finding.calls, finding.turns, finding.count) == (("2", "5", "6"), (1, 2), 2)
    assert finding.facts == {
        "kind": "same_content", "path": "/home/ada/site/a.py", "first_line": 5, "gap_turns": 0,
        "largest_gap_turns": 2, "gap_seconds": 3, "result_chars": 600,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "facts"),
    [
        (
            [READ, "$ ls", "read a.py =unchanged/90"],
            {"kind": "said_unchanged", "path": "/home/ada/site/a.py", "first_line": 1, "gap_turns": 2,
             "largest_gap_turns": 2, "gap_seconds": 2, "result_chars": 90},
        ),
        (
            ["read a.py =unchanged/90"],
            {"kind": "said_unchanged", "path": "/home/ada/site/a.py", "first_line": 1, "gap_turns": None,
             "largest_gap_turns": None, "gap_seconds": None, "result_chars": 90},
        ),
        (
            ["$ cat a.py b/c.py =A", "& $ cat a.py b/c.py =A"],
            {"kind": "same_command", "path": "/home/ada/site/a.py, /home/ada/site/b/c.py", "first_line": None,
             "gap_turns": 0, "largest_gap_turns": 0, "gap_seconds": 0, "result_chars": 600},
        ),
    ],
)  # fmt: skip
def test_the_kinds_are_told_apart(steps, facts):
    (finding,) = detect(redundant_read, play(*steps))
    assert finding.facts == facts


def test_the_waste_is_what_the_later_reads_weighed_and_cost_to_carry():
    # Input 10, read 1, write 12, output 50. A call of 270 characters is 100 tokens, a result of 2,700 is 1,000. The
    # first read is needed. The second: 100 tokens written, all 1,100 taken in by one response and read by another.
    story = Story().answer(9_000).read(1, given=270, result=2_700)
    story.answer(9_000, 1_100).read(1, given=270, result=2_700)
    story.answer(10_100, 1_100).answer(11_200, 100)
    (finding,) = detect(redundant_read, story.done())
    assert (finding.tokens, finding.carried_tokens) == (1_100, 1_100)
    assert finding.cost_pico == 100 * 50 + 1_100 * (12 + 1) == 19_300


def test_carrying_ends_with_the_compaction():
    story = Story().answer(9_000).read(1, given=270, result=2_700).read(1, given=270, result=2_700)
    story.answer(9_000, 2_200).mark("compaction").answer(9_000)
    (finding,) = detect(redundant_read, story.done())
    assert (finding.tokens, finding.carried_tokens, finding.cost_pico) == (1_100, 0, 100 * 50 + 1_100 * 12)


def test_an_unknown_price_leaves_the_cost_open():
    story = Story().answer(9_000).read(1, result=2_700).read(1, result=2_700).answer(9_000, 2_000, model=MYSTERY)
    (finding,) = detect(redundant_read, story.done())
    assert (finding.tokens, finding.cost_pico) == (1_000, None)


# ------------------------------------------------------------------------------------------------- from logs

TEXT = "def total(rows):\n    return sum(row.price for row in rows)\n" * 9
FILE, OTHER = "/home/ada/site/a.py", "/home/ada/site/b.py"
UNCHANGED = "File unchanged since last read. The content from the earlier Read is still current."


def licences(log: ClaudeLog) -> ClaudeLog:
    return log.read(FILE, TEXT).read(OTHER, TEXT)


def parallel(log: ClaudeLog) -> ClaudeLog:
    given = {"file_path": FILE}
    log.calls(("Read", given), ("Read", given))
    for record in log.records[-2:]:
        log.result(TEXT, call=record["message"]["content"][0]["id"])
    return log


CLAUDE: dict[str, tuple[Callable[[ClaudeLog], Any], list[tuple[str, int]]]] = {
    "twice": (lambda log: log.read(FILE, TEXT).read(FILE, TEXT), [("same_content", 2)]),
    "a reminder is no content": (
        lambda log: log.read(FILE, TEXT).read(FILE, TEXT, reminder="\n<system-reminder>Be kind.</system-reminder>"),
        [("same_content", 2)],
    ),
    "licence headers": (licences, []),
    "another content": (lambda log: log.read(FILE, TEXT).read(FILE, TEXT + "# end\n"), []),
    "an edit": (lambda log: log.read(FILE, TEXT).edit(FILE, "a", "b").read(FILE, TEXT), []),
    "an edit of another": (
        lambda log: log.read(FILE, TEXT).edit(OTHER, "a", "b").read(FILE, TEXT), [("same_content", 2)],
    ),
    "sed -i": (lambda log: log.read(FILE, TEXT).shell("sed -i s/a/b/ a.py").read(FILE, TEXT), []),
    "a look": (lambda log: log.read(FILE, TEXT).shell("git log -3", "one").read(FILE, TEXT), [("same_content", 2)]),
    "a compaction": (lambda log: log.read(FILE, TEXT).compaction().read(FILE, TEXT), []),
    "a prompt": (lambda log: log.read(FILE, TEXT).prompt("go on").read(FILE, TEXT), [("same_content", 2)]),
    "said to be unchanged": (
        lambda log: log.read(FILE, TEXT).tool("Read", {"file_path": FILE}, result=UNCHANGED), [("said_unchanged", 2)],
    ),
    "parallel": (parallel, [("same_content", 2)]),
    "cat": (lambda log: log.shell("cat a.py", TEXT).shell("cat a.py", TEXT), [("same_command", 2)]),
}  # fmt: skip

SED = "sed -n 1,40p a.py"
CODEX: dict[str, tuple[Callable[[CodexLog], Any], list[tuple[str, int]]]] = {
    "twice": (lambda log: log.shell(SED, TEXT).shell(SED, TEXT, wall=0.7), [("same_command", 2)]),
    "thrice, with prompts": (
        lambda log: log.shell(SED, TEXT).prompt("go on").shell(SED, TEXT).prompt("and on").shell(SED, TEXT),
        [("same_command", 3)],
    ),
    "the old form": (lambda log: log.shell(SED, TEXT, form="old").shell(SED, TEXT, form="old"), [("same_command", 2)]),
    "another range": (lambda log: log.shell(SED, TEXT).shell("sed -n 41,80p a.py", TEXT), []),
    "another output": (lambda log: log.shell(SED, TEXT).shell(SED, TEXT + "#"), []),
    "a patch": (lambda log: log.shell(SED, TEXT).patch([("Update", FILE, "@@\n-1\n+2")]).shell(SED, TEXT), []),
    "a patch of another": (
        lambda log: log.shell(SED, TEXT).patch([("Update", OTHER, "@@\n-1\n+2")]).shell(SED, TEXT),
        [("same_command", 2)],
    ),
    "sed -i": (lambda log: log.shell(SED, TEXT).shell("sed -i s/a/b/ b.py").shell(SED, TEXT), []),
    "a compaction": (lambda log: log.shell(SED, TEXT).compaction().shell(SED, TEXT), []),
    "a failed read": (lambda log: log.shell(SED, TEXT, 1).shell(SED, TEXT, 1), []),
    "a server was told": (lambda log: log.shell(SED, TEXT).mcp("hub", "merge", {}).shell(SED, TEXT), []),
}


@pytest.mark.parametrize("case", CLAUDE)
def test_in_a_transcript_of_claude_code(case):
    tell, expected = CLAUDE[case]
    findings = detect(redundant_read, read_log(tell(new_claude().prompt("Fix it."))))
    assert [(finding.facts["kind"], len(finding.calls)) for finding in findings] == expected


@pytest.mark.parametrize("case", CODEX)
def test_in_a_rollout_of_codex(case):
    tell, expected = CODEX[case]
    session = read_log(tell(new_codex().turn().prompt("Fix it.")).tokens(input=900, output=80))
    findings = detect(redundant_read, session)
    assert [(finding.facts["kind"], len(finding.calls)) for finding in findings] == expected


def test_each_agent_has_a_context_of_its_own():
    log = new_claude().prompt("Fix it.").read(FILE, TEXT)
    log.sidechain().user("Look at it.").read(FILE, TEXT)
    sessions = parse(log).sessions
    assert [len(session.tool_calls) for session in sessions] == [1, 1]
    assert [detect(redundant_read, session) for session in sessions] == [[], []]


# ---------------------------------------------------------------------------------------------- in any session

STEPS = [
    READ, READ, READ, "& " + READ, "read a.py =B", "read b.py =A", "read a.py =unchanged/90", CAT, CAT, "$ ls",
    "edit a.py", "edit b.py", "edit a.py !no", "$ sed -i s/1/2/ a.py", "> again", ">shell make", "# compaction",
    "tool Task subagent", "tool Task subagent ?denied", "# rollback 1", "cd /srv", "cd /home/ada/site",
]  # fmt: skip


@given(st.lists(st.sampled_from(STEPS), max_size=25).map(lambda steps: ["$ ls", *steps]), st.randoms())
def test_nothing_ever_lies_between_the_reads_of_a_finding(steps: list[str], shuffle: random.Random):
    session = play(*steps)
    findings = detect(redundant_read, session)
    calls = {call.id: call for call in session.tool_calls}
    losses = [m.position for m in session.markers] + [p.position for p in session.prompts if p.kind == "shell"]
    for finding in findings:
        reads = [calls[id] for id in finding.calls]
        assert min(finding.tokens, finding.carried_tokens, finding.cost_pico) >= 0
        if finding.facts["kind"] == "said_unchanged":
            continue
        assert len({(read.category, read.path, read.cwd, read.result_hash) for read in reads}) == 1
        for earlier, later in pairwise(reads):
            between = [c for c in session.tool_calls if earlier.position < c.position < later.position]
            done = [c for c in between if c.status == "ok"]
            assert not any(c.category == "subagent" or "sed -i" in (c.command or "") for c in done)
            assert not any(c.category == "edit" and c.path == earlier.path and c.cwd == earlier.cwd for c in done)
            assert not any(earlier.position < position < later.position for position in losses)
    mixed = {
        name: tuple(shuffle.sample(getattr(session, name), len(getattr(session, name))))
        for name in ("tool_calls", "responses", "prompts", "markers")
    }
    assert detect(redundant_read, msgspec.structs.replace(session, **mixed)) == findings
