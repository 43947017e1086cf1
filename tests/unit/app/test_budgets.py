"""What was spent against budgets: of a day, a week, a project, a session, in USD or tokens."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tachograph.app.budgets import fullest, judge_user_budgets, show_budget, spend_today
from tachograph.app.filters import find_zone
from tachograph.app.ingest import ingest
from tachograph.app.learn.run import learn
from tachograph.app.workspace import Workspace
from tachograph.errors import TachographError
from tachograph.warehouse.store import open_reader
from tests.builders.claude import ClaudeHome
from tests.builders.codex import CodexHome
from tests.builders.log import milliseconds

NOW = milliseconds("2026-03-04T20:00:00Z")
"""A Wednesday."""
CONFIG = """
[prices."claude-house"]
input = 10
output = 20

[prices."gpt-house"]
input = 1
output = 1
"""


@pytest.fixture
def spent(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """$2 on Monday and $4 on Wednesday in one project, $1 on Wednesday by Codex in another."""
    monkeypatch.setenv("TZ", "UTC")
    claude, codex = ClaudeHome(home / "claude"), CodexHome(home / "codex")
    site = claude.project("/home/ada/site")
    site.session("2026-03-02T09:00:00.000Z").prompt("Go.").response(model="claude-house", input=100_000, output=50_000)
    session = site.session("2026-03-04T09:00:00.000Z").prompt("On.")
    session.response(model="claude-house", input=100_000, output=50_000)
    session.subagent().prompt("Look.").response(model="claude-house", input=100_000, output=50_000)
    claude.write()
    thread = codex.session("2026-03-04T10:00:00.000Z", cwd="/home/ada/other")
    thread.turn("gpt-house").prompt("Go.").tokens(input=900_000, output=100_000).complete()
    codex.write()
    config = home / ".config" / "tachograph" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(CONFIG)
    for agent in ("claude", "codex"):
        ingest(Workspace(home / "data"), path=home / agent)
    return config


def states(config: Path, budgets: str):
    config.write_text(CONFIG + budgets)
    workspace = Workspace(config.parents[2] / "data")
    connection = open_reader(workspace.folder)
    try:
        return judge_user_budgets(connection, workspace, NOW)
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("budget", "used", "level"),
    [
        ('scope = "day"\nusd = 10', 5.0, "ok"),
        ('scope = "day"\nusd = 6', 5.0, "near"),
        ('scope = "day"\nusd = 5', 5.0, "over"),
        ('scope = "day"\nusd = 10\nagent = "codex"', 1.0, "ok"),
        ('scope = "week"\nusd = 8', 7.0, "near"),
        ('scope = "project"\nproject = "SITE"\nusd = 6', 6.0, "over"),
        ('scope = "project"\nproject = "nowhere"\nusd = 6', 0.0, "ok"),
        ('scope = "session"\nusd = 4', 4.0, "over"),
        ('scope = "day"\ntokens = 1000000', 1_300_000.0, "over"),
    ],
)
def test_each_scope_counts_its_own(spent: Path, budget: str, used: float, level: str) -> None:
    (state,) = states(spent, f"[[budget]]\n{budget}\n")
    assert (state.used, state.level) == (pytest.approx(used), level)
    assert bool(state.text) == (level != "ok")
    assert "site" not in state.text.lower()


def test_the_session_that_used_most_is_named_with_its_subagents(spent: Path) -> None:
    (state,) = states(spent, '[[budget]]\nscope = "session"\nusd = 4\n')
    workspace = Workspace(spent.parents[2] / "data")
    connection = open_reader(workspace.folder)
    (began, kind) = connection.execute(
        "SELECT date(started_at / 1000, 'unixepoch'), kind FROM sessions WHERE id = ?", (state.session,)
    ).fetchone()
    assert (began, kind) == ("2026-03-04", "main")
    assert spend_today(connection, find_zone("UTC")[0], NOW) == pytest.approx(5.0)
    connection.close()


def test_the_fullest_is_shown_in_short(spent: Path) -> None:
    both = states(spent, '[[budget]]\nscope = "day"\nusd = 10\n[[budget]]\nscope = "week"\nusd = 8\n')
    most = fullest(both)
    assert most is not None
    assert show_budget(most) == "$7.00 of $8.00 this week"
    assert fullest([]) is None


def test_a_wrong_budget_is_one_sentence(spent: Path) -> None:
    with pytest.raises(TachographError, match="needs a limit") as caught:
        states(spent, '[[budget]]\nscope = "day"\n')
    assert (caught.value.slug, caught.value.exit_code) == ("config_value", 4)


def test_the_next_session_is_told_of_the_two_that_are_used_up_most(
    spent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent.write_text(
        CONFIG
        + '[[budget]]\nscope = "day"\nusd = 6\n'
        + '[[budget]]\nscope = "week"\nusd = 7\n'
        + '[[budget]]\nscope = "project"\nproject = "site"\nusd = 3\n'
    )
    monkeypatch.setattr("tachograph.app.learn.prepare.now_ms", lambda: NOW)
    data = spent.parents[2] / "data"
    learn(Workspace(data), update=False)
    briefing = json.loads((data / "hooks" / "briefing.json").read_bytes())
    notice = briefing["types"]["claude_code"]["main"]["notice"]
    assert notice == (
        "Tachograph: A project's budget of $3.00 is used up: $6.00. The week's budget of $7.00 is used up: $7.00."
    )
    assert briefing["status"]["usd_today"] == pytest.approx(5.0)
    assert briefing["status"]["budget"] == "$6.00 of $3.00 in a project"
