"""Which subagents are compared with each other, and when."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import pytest

from tachograph.app.analyst import Analyst
from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.model import Finding, Session
from tachograph.settings import Settings
from tests.builders.claude import ClaudeHome, ClaudeLog

Compared = list[list[str]]


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> Compared:
    """The subagents of each comparison, by their native ids."""
    seen: Compared = []
    find = Analyst.find_shared_waste

    def look(self: Analyst, subagents: Sequence[tuple[Session, int]]) -> list[tuple[int, Finding]]:
        seen.append([session.id.rpartition("/")[2] for session, _ in subagents])
        return find(self, subagents)

    monkeypatch.setattr(Analyst, "find_shared_waste", look)
    return seen


@pytest.fixture
def claude(home: Path) -> ClaudeHome:
    return ClaudeHome(home / ".claude")


def agent(main: ClaudeLog, contents: str) -> ClaudeLog:
    """A subagent that reads one file for each letter."""
    found = main.wait(60).subagent().prompt("Look.")
    for letter in contents:
        found.read(f"/home/ada/site/{letter}.py", f"content {letter}\n")
    return found


def update(home: Path, *logs: ClaudeLog) -> None:
    """Write ``logs`` as they are now and bring the warehouse up to date."""
    for log in logs:
        log.write()
    ingest(Workspace(home / "tachograph", Settings()), jobs=1)


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        (["abcd", "abcd"], [0, 1]),
        (["abcd", "abcx"], []),
        (["abcd", "wxyz"], []),
        (["abcd", "abxy", "cdxy"], []),  # four in common with all others together, two with each
        (["abcd", "wxyz", "abcde", "vwxyz", "pqrs"], [0, 1, 2, 3]),
        (["abcdefgh", "abcdxxxx", "efghyyyy"], [0, 1, 2]),  # the last two are only like the first
        (["aaaaaa", "aaaaaa"], []),  # one content six times
        (["abcd"], []),
    ],
    ids=str,
)
def test_those_are_compared_that_have_four_results_in_common(
    claude: ClaudeHome, home: Path, compared: Compared, contents: list[str], expected: list[int]
) -> None:
    main = claude.project().session().prompt().response()
    agents = [agent(main, one) for one in contents]
    update(home, main, *agents)
    assert compared == ([[agents[number].agent_id for number in expected]] if expected else [])


def test_a_main_session_that_goes_on_alone_has_nothing_compared_again(
    claude: ClaudeHome, home: Path, compared: Compared
) -> None:
    main = claude.project().session().prompt().response()
    agents = [agent(main, "abcde") for _ in range(2)]
    update(home, main, *agents)
    update(home, main.prompt().response())
    assert len(compared) == 1
    update(home, agents[0].read("/home/ada/site/f.py", "content f\n"))
    assert len(compared) == 2


def test_other_sessions_subagents_are_left_alone(claude: ClaudeHome, home: Path, compared: Compared) -> None:
    mains = [claude.project().session().prompt().response() for _ in range(2)]
    agents = [[agent(main, "abcde") for _ in range(2)] for main in mains]
    update(home, *mains, *chain.from_iterable(agents))
    del compared[:]
    update(home, agents[1][1].read("/home/ada/site/f.py", "content f\n"))
    assert compared == [[one.agent_id for one in agents[1]]]


def test_subagents_that_come_under_another_root_are_compared_there(
    claude: ClaudeHome, home: Path, compared: Compared
) -> None:
    main = claude.project().session().prompt().response()
    above = agent(main, "vwxyz")
    first = agent(main, "abcde")
    nested = main.wait(60).subagent(spawned_by=above.agent_id).prompt("Look.")
    for letter in "abcde":
        nested.read(f"/home/ada/site/{letter}.py", f"content {letter}\n")
    update(home, main, first, nested)
    del compared[:]
    update(home, above)
    assert [set(one) for one in compared] == [{first.agent_id, nested.agent_id}]
