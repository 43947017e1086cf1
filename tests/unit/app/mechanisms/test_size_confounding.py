from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders.claude import ClaudeHome
from tests.unit.app.mechanisms.working import figure, find_one


def write_sessions(claude: ClaudeHome, number: int, responses: int, *, commits: bool, tokens: int) -> None:
    """Sessions of one size; the last response makes a commit."""
    for _ in range(number):
        log = claude.project().session().prompt(f"Work of {claude.ids.count('work')}.")
        for _ in range(responses - commits):
            log.response(input=0, output=tokens)
        if commits:
            log.calls(("Bash", {"command": "git commit -m x"}), input=0, output=tokens).result("ok")


def write_history(home: Path, *, dearer: int) -> None:
    """Large sessions of 16 responses, of which 15 of 20 commit, and small ones of 4, of which 5 of 20 do."""
    claude = ClaudeHome(home / ".claude")
    write_sessions(claude, 15, 16, commits=True, tokens=100 * dearer)
    write_sessions(claude, 5, 16, commits=False, tokens=100)
    write_sessions(claude, 5, 4, commits=True, tokens=100 * dearer)
    write_sessions(claude, 15, 4, commits=False, tokens=100)
    claude.write()


def test_sessions_that_commit_are_only_larger(home: Path) -> None:
    write_history(home, dearer=1)
    found = find_one(home, "size_confounding")
    naive, matched = figure(found, "naive", "commit"), figure(found, "matched", "commit")
    assert naive.value == pytest.approx(2.0), "4 ** (15/20 - 5/20)"
    assert naive.low is not None
    assert naive.high is not None
    assert 1.2 < naive.low < 1.7 < 2.4 < naive.high < 3.4
    assert matched.value == pytest.approx(1.0)
    assert (naive.n, naive.of) == (40, "main sessions: 20 with, 20 without")
    assert (matched.n, matched.of) == (40, "main sessions: 20 with, 20 without")
    assert figure(found, "naive", "any practice").value == pytest.approx(2.0)
    assert len(naive.evidence) == 5, "the largest sessions that commit"


def test_what_a_commit_truly_costs_stays(home: Path) -> None:
    write_history(home, dearer=3)
    found = find_one(home, "size_confounding")
    assert figure(found, "naive", "commit").value == pytest.approx(6.0)
    assert figure(found, "matched", "commit").value == pytest.approx(3.0)


def test_too_few_sessions_of_a_group(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    write_sessions(claude, 9, 16, commits=True, tokens=100)
    write_sessions(claude, 20, 16, commits=False, tokens=100)
    claude.write()
    found = find_one(home, "size_confounding")
    assert [one.value for one in found.figures] == [None] * 4
    assert figure(found, "naive", "commit").reason == "fewer than 10 pairs of sessions of a size: too few to say"
    assert found.notes == ["Without a comparison, for want of sessions: 2 of 2 groups."]
