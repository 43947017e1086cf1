"""A repository with a ledger of goals and the sessions that worked for them, in which every number is known."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Any, Literal

from tachograph.app.goals.book import Author, Book
from tachograph.app.goals.figure_records import Achieved, GoalFigures, ModelGoals, ReasonCount
from tachograph.app.goals.place import LedgerPlace
from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.model.goal import FailureReason, Goal, GoalType, ResultFit
from tests.builders.claude import ClaudeHome
from tests.builders.log import milliseconds
from tests.builders.small import HOUSE, make_workspace

DAY = "2026-05-18"


class GoalSite:
    """A repository below the test's home; a million tokens of output cost $10, all else is free."""

    def __init__(self, home: Path, name: str = "site", claude: ClaudeHome | None = None) -> None:
        self.home = home
        self.root = home / name
        (self.root / ".git").mkdir(parents=True)
        self.place = LedgerPlace(self.root, self.root / "metrics" / "events.ndjson")
        self.claude = claude or ClaudeHome(home / ".claude")

    @property
    def book(self) -> Book:
        """The ledger for writing."""
        return Book(self.place, Author(), UTC)

    def goal(
        self, begin: str, end: str | None = None, status: Literal["success", "fail"] = "success", *,
        title: str = "A goal", type: GoalType = "product", fit: ResultFit | None = None,
        reason: FailureReason | None = None, retry: tuple[str, FailureReason] | None = None, output: int = 0,
        model: str = HOUSE, noted: str | None = None, agent: str | None = None, supersedes: str | None = None,
    ) -> Goal:  # fmt: skip
        """A goal from ``begin`` to ``end`` (``09:00`` of DAY, or whole), with a session of ``output`` tokens in it.

        ``retry``: when a second attempt began, and why the first one failed.
        """
        book = Book(self.place, Author(agent, noted), UTC)
        made = book.start(title, type, started_at=at(begin), supersedes=supersedes)
        if retry is not None:
            book.resume(made.id, retry[1], started_at=at(retry[0]))
        if output:
            self.session(begin, output, model=model)
        if end is not None:
            made = book.finish(made.id, status, result_fit=fit, failure_reason=reason, finished_at=at(end))
        return made

    def session(self, begin: str, output: int, *, model: str = HOUSE, **options: Any) -> str:
        """A session with one response, a second or two after ``begin``; its id."""
        log = self.claude.project(str(self.root)).session(stamp(begin), model=model, **options)
        log.prompt("Do it.").response(output=output)
        return f"claude_code:{log.session_id}"

    def ingest(self) -> Workspace:
        """Store the history."""
        self.claude.write()
        workspace = make_workspace(self.home)
        ingest(workspace, jobs=1)
        return workspace


def at(moment: str) -> int:
    """ms UTC."""
    return milliseconds(stamp(moment))


def stamp(moment: str) -> str:
    """``09:00`` of DAY, or a whole day's time as it is."""
    return moment if "T" in moment else f"{DAY}T{moment}:00Z"


def make_figures(**given: Any) -> GoalFigures:
    """Figures of ten closed goals, seven of them reached, of whose cost half is known."""
    whole = Achieved(
        closed=10, succeeded=7, success_rate=0.7, attempts=13, attempts_per_goal=1.3, cost_known=5,
        cost_known_succeeded=4, usd=6.0, usd_per_success=1.5,
    )  # fmt: skip
    one = Achieved(
        closed=3, succeeded=0, success_rate=0.0, attempts=3, attempts_per_goal=1.0, cost_known=1,
        cost_known_succeeded=0, usd=0.5, usd_per_success=None,
    )  # fmt: skip
    fields: dict[str, Any] = {
        "ledgers": 2, "open": 1, "achieved": whole, "matched": 8, "known_cost_coverage": 0.5,
        "models": [ModelGoals(model="claude-sonnet-5", achieved=whole), ModelGoals(model="my-own", achieved=one)],
        "attempt_failures": [ReasonCount("model_mistake", 4), ReasonCount("other", 2)],
        "goal_failures": [ReasonCount("other", 2), ReasonCount("not noted", 1)],
        "result_fits": [ReasonCount("exact_fit", 6)], "unreadable": [], "lost_lines": 0,
    }  # fmt: skip
    return GoalFigures(**(fields | given))
