"""What a hook writes down at a session's start is what the warehouse calls that session later, of every kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tachograph.app.learn.run import learn
from tachograph.app.workspace import Workspace
from tachograph.cli._frame import run
from tachograph.warehouse.store import open_reader
from tests.builders.claude import ClaudeHome
from tests.builders.codex import CodexHome
from tests.loop.simulated import run_hook
from tests.loop.working import Course, write_course

COURSE = Course(overhead=1.4, productive=12, tasks=3, batch=2, wall=900)
DAYS = 6


class Agents:
    """Two agents with their hooks; the same work every day."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.claude, self.codex = ClaudeHome(home / ".claude"), CodexHome(home / ".codex")
        for folder in (".claude/projects", ".codex/sessions", "work/docs/.git", ".config/tachograph"):
            (home / folder).mkdir(parents=True)
        (home / ".config" / "tachograph" / "config.toml").write_text('[agent_types]\n"work/docs" = "translation"\n')
        self.docs = self.claude.project(str(home / "work" / "docs"))
        for day in range(DAYS):
            self.a_day(f"2026-05-{day + 4:02d}")
        self.claude.write()
        self.codex.write()
        self.workspace = Workspace()
        learn(self.workspace)

    def a_day(self, day: str) -> tuple[Any, Any, Any, Any]:
        """A main session of two projects, a subagent and a thread of Codex."""
        main = self.claude.project("/home/ada/site").session(f"{day}T08:00:00Z")
        write_course(main, COURSE)
        main.call("Task", {"description": "look", "prompt": "Look.", "subagent_type": "Explore"})
        agent = main.subagent()
        write_course(agent, COURSE, "Look around.")
        docs = self.docs.session(f"{day}T12:00:00Z")
        write_course(docs, COURSE)
        thread = self.codex.session(f"{day}T16:00:00Z")
        thread.turn().prompt("Speed up the build.")
        for number in range(12):
            thread.plan((f"Step {number}", "in_progress")).shell(f"make part{number}", "ok")
            thread.tokens(input=9_000, cached=8_000, output=300)
        thread.complete()
        return main, agent, docs, thread

    def hook(self, agent: str, event: str, **fields: str) -> dict[str, Any]:
        """Run what the agent's settings name for ``event``; returns the answer."""
        file = {"claude_code": ".claude/settings.json", "codex": ".codex/hooks.json"}[agent]
        ((handler,),) = (group["hooks"] for group in json.loads((self.home / file).read_bytes())["hooks"][event])
        command = [handler["command"], *handler["args"]] if "args" in handler else handler["command"]
        given = {"hook_event_name": event, "source": "startup", "cwd": str(self.home), **fields}
        answer: dict[str, Any] = json.loads(run_hook(command, given))
        return answer


@pytest.fixture
def agents(home: Path) -> Agents:
    made = Agents(home)
    assert run(["hooks", "install", "--activation", "manual"]) == 0
    for agent_type in ("main", "Explore", "translation"):
        assert run(["suggest", "activate", "batch_tasks", "--agent-type", agent_type]) == 0
    return made


def test_the_hooks_names_and_types_are_those_of_the_warehouse(agents: Agents) -> None:
    main, agent, docs, thread = agents.a_day("2026-05-20")
    told = [
        agents.hook("claude_code", "SessionStart", session_id=main.session_id),
        agents.hook("claude_code", "SubagentStart", session_id=main.session_id, agent_id=agent.agent_id,
                   agent_type="Explore"),
        agents.hook("claude_code", "SessionStart", session_id=docs.session_id, cwd=docs.cwd + "/chapters"),
        agents.hook("codex", "SessionStart", session_id=thread.id),
    ]  # fmt: skip
    agents.claude.write()
    agents.codex.write()
    learn(agents.workspace)
    lines = (agents.workspace.folder / "hooks" / "assignments.ndjson").read_bytes().splitlines()
    noted = [json.loads(line) for line in lines]
    seen = {line.get("session", line.get("start")): line["agent_type"] for line in noted}
    connection = open_reader(agents.workspace.folder)
    known = dict(connection.execute("SELECT session, agent_type FROM points"))
    connection.close()
    assert len(seen) == len(told) == 4
    assert {session: known.get(session) for session in seen} == seen
    assert sorted(seen.values()) == ["Explore", "main", "main", "translation"]
    texts = [str(answer.get("hookSpecificOutput", {}).get("additionalContext", "")) for answer in told]
    treated = sum("Creating all tasks in one go" in text for text in texts)
    assert treated == sum(line.get("arm") == "treatment" for line in noted)
    assert all("measured over" in text for text in texts)
