"""From logs on disk to ``tacho goal show --json``: a history whose truth is known, and what each goal cost of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.builders.small import write_config
from tests.goals.commands import Goals, goals
from tests.goals.worked import Worked, moment, name_of

__all__ = ["goals"]

IN, OUT, NIGHT = "2026-05-20-001", "2026-05-20-002", "2026-05-20-003"


class Truth:
    """Three goals: two share a session and even a turn; the third goes on past midnight, and in a fork.

    A response costs $10 for a million output tokens.
    """

    def __init__(self, goals: Goals, work: Worked) -> None:
        place = str(goals.folder)
        self.day, self.night = work.session("10:00", place), work.session("23:50", place)
        work.turn(self.day, "10:00", 10_000, 20_000, 40_000)  # at 10:01, 10:02, 10:03
        work.turn(self.day, "11:00", 80_000)
        work.turn(self.night, "23:50", 100_000)
        work.turn(self.night, "23:58", 200_000, 400_000)  # the second one at midnight
        self.fork = self.night.fork(moment("21T00:30"))  # its log holds the three again
        work.turn(self.fork, "21T00:40", 800_000)
        work.turn(work.session("21T09:00", place), "21T09:00", 5_000)  # for nobody
        work.claude.write()


@pytest.fixture
def truth(goals: Goals, home: Path) -> Truth:
    work = Worked(home)
    write_config(work.home)
    made = Truth(goals, work)
    goals.start("Log in", at=moment("09:55"))
    goals("finish", IN, "--status", "success", "--finished-at", "2026-05-20T10:02:30Z")
    goals.start("Log out", at="2026-05-20T10:02:30Z")
    goals("finish", OUT, "--status", "fail", "--failure-reason", "unclear_task", "--finished-at", moment("11:30"))
    goals.start("Stay in", at=moment("23:30"))
    goals("continue", NIGHT, "--failure-reason", "validation_failed", "--started-at", moment("23:58"))
    goals("finish", NIGHT, "--status", "success", "--finished-at", moment("21T01:00"))
    return made


def test_each_goal_costs_what_was_done_for_it_to_the_response(goals: Goals, truth: Truth) -> None:
    shown = {name: goals.json("show", name)["cost"] for name in (IN, OUT, NIGHT)}
    assert {
        name: (cost["totals"]["usd"], cost["totals"]["output"], cost["totals"]["responses"], cost["coverage"])
        for name, cost in shown.items()
    } == {
        IN: (0.3, 30_000, 2, 1.0),
        OUT: (1.2, 120_000, 2, 1.0),
        NIGHT: (15.0, 1_500_000, 4, 1.0),
    }
    assert shown[IN]["sessions"] == shown[OUT]["sessions"] == [name_of(truth.day)]
    assert shown[NIGHT]["sessions"] == sorted([name_of(truth.night), name_of(truth.fork)])


def test_the_attempt_that_failed_keeps_its_reason_and_its_cost(goals: Goals, truth: Truth) -> None:
    told = goals.json("show", NIGHT)
    assert (told["goal"]["status"], told["goal"]["failure_reason"]) == ("success", None)
    assert [
        (one["entry_id"][-3:], one["status"], one["failure_reason"], cost["totals"]["usd"])
        for one, cost in zip(told["attempts"], told["cost"]["attempts"], strict=True)
    ] == [("001", "fail", "validation_failed", 1.0), ("002", "success", None, 14.0)]


def test_goals_and_what_was_done_for_none_are_all_that_was_spent(goals: Goals, truth: Truth) -> None:
    compared = goals.json("compare", schema="goal_compare")
    assert goals.tacho("cost", "--json", "--since", "2026-05-01") == 0
    spent = json.loads(goals.tacho.out)["total"]
    assert (spent["usd"], spent["responses"]) == (16.55, 9)
    assert [compared[part]["usd"] for part in ("for_goals", "unclear", "for_no_goal")] == [16.5, None, 0.05]
