"""Which subagents of one session read the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest

from tachograph.analysis.detectors.duplicate_subagent_work import duplicate_subagent_work
from tachograph.model import Finding, Session
from tests.builders.claude import ClaudeHome
from tests.builders.codex import CodexHome
from tests.builders.waste import Story, read_log, scene_of

Tell = Callable[[Story], Story]


def reads(*contents: int) -> Tell:
    return lambda story: story.answer(9).reads(*contents)


def compare(sessions: Sequence[Session]) -> list[tuple[int, Finding]]:
    return duplicate_subagent_work.compare([scene_of(session) for session in sessions])


def team(tellings: Iterable[Tell]) -> list[Session]:
    """Subagents a1, a2 … that began one minute after the other."""
    return [tell(Story(f"s/a{n}", kind="subagent", start=60 * n)).done() for n, tell in enumerate(tellings, 1)]


FIVE = (1, 2, 3, 4, 5)
# What the subagents do, and for each finding: which one it belongs to, the earlier one, how many contents in common.
CASES: dict[str, tuple[list[Tell], list[tuple[int, int, int]]]] = {
    "five the same": ([reads(*FIVE), reads(*FIVE)], [(2, 1, 5)]),
    "in another order": ([reads(*FIVE), reads(5, 3, 1, 2, 4)], [(2, 1, 5)]),
    "four the same": ([reads(1, 2, 3, 4), reads(1, 2, 3, 4)], []),
    "four of five": ([reads(*FIVE), reads(1, 2, 3, 4, 9)], [(2, 1, 4)]),
    "three of five": ([reads(*FIVE), reads(1, 2, 3, 8, 9)], []),
    "the smaller one has four": ([reads(1, 2, 3, 4), reads(*FIVE, 6, 7)], []),
    "seven of ten": ([reads(*range(10)), reads(*range(3, 13))], [(2, 1, 7)]),
    "six of ten": ([reads(*range(10)), reads(*range(4, 14))], []),
    "the smaller one lies in the larger one": ([reads(*range(50)), reads(*FIVE)], [(2, 1, 5)]),
    "the larger one comes later": ([reads(*FIVE), reads(*range(50))], [(2, 1, 5)]),
    "nothing in common": ([reads(*FIVE), reads(6, 7, 8, 9, 10)], []),
    "alone": ([reads(*FIVE)], []),
    "nobody": ([], []),
    "one content five times": ([reads(1, 1, 1, 1, 1), reads(1, 1, 1, 1, 1)], []),
    "repeated, but five different ones": ([reads(*FIVE, 1, 2), reads(*FIVE, 3)], [(2, 1, 5)]),
    "failed": ([reads(*FIVE), lambda s: s.answer(9).reads(1, 2, 3, 4).read(5, status="error")], []),
    "denied": ([reads(*FIVE), lambda s: s.answer(9).reads(1, 2, 3, 4).read(5, status="denied")], []),
    "empty": ([reads(*FIVE), lambda s: s.answer(9).reads(1, 2, 3, 4).read(5, result=0)], []),
    "said to be unchanged": (
        [lambda s: s.answer(9).reads(1, 2, 3, 4).read(5, result_kind="unchanged")] * 2, [],
    ),
    "without a result": ([reads(*FIVE), lambda s: s.answer(9).reads(1, 2, 3, 4).call("Read", "read", result=9)], []),
    "searches are no reads": (
        [reads(*FIVE), lambda s: s.answer(9).reads(1, 2, 3, 4).call("Grep", "search", result=9, result_hash=5)], [],
    ),
    "edits are no reads": (
        [reads(*FIVE), lambda s: s.answer(9).reads(1, 2, 3, 4).call("Write", "edit", result=9, result_hash=5)], [],
    ),
    "commands that print files": (
        [lambda s: [s.answer(9), *(s.print(n, f"cat /f{n}") for n in FIVE)][0]] * 2, [(2, 1, 5)],
    ),
    "a command that does more": (
        [lambda s: s.answer(9).reads(1, 2, 3, 4).print(5, "make test")] * 2, [],
    ),
    "a command that prints and does more": (
        [lambda s: s.answer(9).reads(1, 2, 3, 4).print(5, "cat /f5; make test")] * 2, [],
    ),
    "a command that was cut": (
        [lambda s: s.answer(9).reads(1, 2, 3, 4).print(5, "cat " + "x" * 496)] * 2, [],
    ),
    "a tool and a command": (
        [reads(*FIVE), lambda s: s.answer(9).reads(1, 2, 3, 4).print(5, "cat /f5")], [(2, 1, 5)],
    ),
    "three alike: each later one once": ([reads(*FIVE)] * 3, [(2, 1, 5), (3, 1, 5)]),
    "the one with most in common": ([reads(*FIVE), reads(*range(1, 9)), reads(*range(1, 9))], [(2, 1, 5), (3, 2, 8)]),
    "two pairs": (
        [reads(*FIVE), reads(11, 12, 13, 14, 15), reads(15, 14, 13, 12, 11), reads(*FIVE)], [(3, 2, 5), (4, 1, 5)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_subagents_that_read_the_same(name: str) -> None:
    tellings, expected = CASES[name]
    found = compare(team(tellings))
    assert [(at + 1, finding.facts["other_session"], finding.count) for at, finding in found] == [
        (later, f"claude_code:s/a{earlier}", shared) for later, earlier, shared in expected
    ]


def test_the_finding_is_proved_and_paid_by_the_later_one() -> None:
    earlier, later = team([reads(*FIVE), lambda s: s.answer(9).reads(9, 1, 2, 3, 4, 4).answer(9_000, 9_000)])
    ((at, found),) = compare([earlier, later])
    assert (at, found.detector, found.is_estimate) == (1, "duplicate_subagent_work", True)
    assert found.calls == ("c2", "c3", "c4", "c5")
    assert (found.tokens, found.carried_tokens, found.cost_pico) == (400, 0, 400 * 12)
    assert found.facts == {
        "other_session": "claude_code:s/a1", "shared": 4, "reads": 5, "other_reads": 5, "share": 0.8,
        "agent_type": None, "other_agent_type": None,
    }  # fmt: skip


def test_the_order_given_does_not_matter() -> None:
    first, second = team([reads(*FIVE), reads(*FIVE)])
    assert [at for at, _ in compare([first, second])] == [1]
    assert [at for at, _ in compare([second, first])] == [0]


def test_of_two_that_began_together_the_id_decides() -> None:
    sessions = [reads(*FIVE)(Story(id)).done() for id in ("b", "a")]
    assert [(at, f.facts["other_session"]) for at, f in compare(sessions)] == [(0, "claude_code:a")]


def test_two_logs_of_one_subagent_are_not_compared() -> None:
    assert compare([reads(*FIVE)(Story("a", start=n)).done() for n in (1, 2)]) == []


def test_copies_of_the_parents_history_are_not_compared() -> None:
    scenes = [scene_of(session, after=5) for session in team([reads(*FIVE), reads(*FIVE)])]
    assert duplicate_subagent_work.compare(scenes) == []


def test_nothing_is_found_in_a_session_alone() -> None:
    assert duplicate_subagent_work(scene_of(team([reads(*FIVE)])[0])) == []


def test_claude_codes_subagents(tmp_path: Path) -> None:
    main = ClaudeHome(tmp_path).project().session().prompt().response()
    agents = [main.subagent(agent_type="Explore"), main.wait(9).subagent(agent_type="Plan")]
    for agent in agents:
        agent.prompt("Look.")
        for number in range(4):
            agent.read(f"/home/ada/site/{number}.py", f"content {number}\n")
        agent.shell("cat notes.md", "the notes")
    ((at, found),) = compare([read_log(agent) for agent in agents])
    assert (at, found.count, found.facts["share"]) == (1, 5, 1.0)


def test_codexs_subagents(tmp_path: Path) -> None:
    main = CodexHome(tmp_path).session()
    agents = [main.subagent(), main.wait(9).subagent()]
    for agent in agents:
        agent.turn().prompt("Look.")
        for number in range(5):
            agent.shell(f"sed -n 1,80p src/{number}.py", f"content {number}\n").tokens(input=900, output=5)
    ((at, found),) = compare([read_log(agent) for agent in agents])
    assert (at, found.count) == (1, 5)
    assert (found.facts["agent_type"], found.facts["other_agent_type"]) == ("explorer", "explorer")
