"""The histories that the documents' examples are about: a home as it lies on Ada's machine."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

from tachograph.app.demo.build import write_logs
from tests.builders.claude import ClaudeHome, iteration
from tests.builders.codex import CodexHome
from tests.conftest import ROOT, SHARED_DATA

TODAY = date(2026, 11, 2)
"""The day on which the demo of the documents is made."""


def write_demo(home: Path) -> None:
    """The demo's logs where the agents would have put them."""
    for path, content in write_logs(TODAY):
        place = home / (".codex" if path.parts[0] == "sessions" else ".claude") / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def write_empty(home: Path) -> None:
    """A machine without any history."""


def write_streamed(home: Path) -> None:
    """One response on three lines, its output count growing."""
    claude = ClaudeHome(home / ".claude")
    log = claude.project().session("2026-05-04T09:00:00.000Z")
    log.prompt("Why does the login fail?").response(input=10, cache_read=5_000, outputs=[2, 2, 180])
    claude.write()


def write_fork(home: Path) -> None:
    """A session of two responses, and a fork that copied both and added one."""
    claude = ClaudeHome(home / ".claude")
    project = claude.project()
    first = project.session("2026-05-04T09:00:00.000Z", id="11111111-0000-4000-8000-000000000000")
    first.prompt("Write a parser.").response(output=100).prompt("Make it faster.").response(output=200)
    second = first.fork("2026-05-04T10:00:00.000Z", id="22222222-0000-4000-8000-000000000000")
    second.prompt("Try it with a table.").response(output=300)
    claude.write()


def write_subagents(home: Path) -> None:
    """A session with a subagent in a file of its own and one that is only inlined in its parent's log."""
    claude = ClaudeHome(home / ".claude")
    log = claude.project().session("2026-01-20T09:00:00.000Z", version="2.1.59")
    log.prompt("Find every caller.").call("Task", {"subagent_type": "Explore", "prompt": "In src."}, output=100)
    log.subagent("a0000001").prompt("In src.").response(output=200)
    log.result("Two callers.").call("Task", {"subagent_type": "Plan", "prompt": "In tests."}, output=50)
    log.inlined("a0000002").prompt("In tests.").response(output=400)
    log.result("None.").response(output=30)
    claude.write()


def write_prices(home: Path) -> None:
    """Cache writes of both kinds, a long prompt, fast mode and two searches: one response of each, on four days."""
    claude = ClaudeHome(home / ".claude")
    project = claude.project()
    for day, options in enumerate((
        {"model": "claude-opus-5", "write_5m": 1_000, "write_1h": 3_000},
        {"model": "claude-sonnet-4-5", "input": 1_000, "cache_read": 200_000, "output": 1_000},
        {"model": "claude-opus-5", "speed": "fast"},
        {"model": "claude-opus-5", "searches": 2},
    ), start=4):  # fmt: skip
        project.session(f"2026-05-{day:02d}T09:00:00.000Z").prompt("Go on.").response(**options)
    claude.write()


def write_fallback(home: Path) -> None:
    """One response that the server began with one model and finished with another."""
    claude = ClaudeHome(home / ".claude")
    hops = [
        iteration("claude-fable-5", "message", input=4, write_1h=20_000, output=40),
        iteration("claude-opus-5", "fallback_message", input=4, cache_read=6_000, output=200),
    ]
    log = claude.project().session("2026-05-04T09:00:00.000Z")
    log.prompt().response(model="claude-opus-5", input=4, cache_read=6_000, output=200, iterations=hops)
    claude.write()


def write_counter(home: Path) -> None:
    """A Codex rollout: two responses, a repeated event, a notice without usage, and a compaction."""
    codex = CodexHome(home / ".codex")
    log = codex.session("2026-05-04T09:00:00.000Z")
    log.turn("gpt-5.4").prompt("Speed up the build.").null_info()
    log.tokens(input=900, cached=500, output=80, reasoning=30).repeat()
    log.tokens(input=1_500, cached=1_200, output=60).compaction().complete()
    codex.write()


def write_midnight(home: Path) -> None:
    """Two responses, ten minutes before and after midnight in Kolkata (UTC+05:30)."""
    claude = ClaudeHome(home / ".claude")
    log = claude.project().session("2026-05-04T18:19:53.000Z")
    log.prompt().response(output=100).wait(20 * 60).response(output=300)
    claude.write()


def write_public(home: Path) -> None:
    """The Claude Code half of the public histories, and the worked example's repository."""
    assert SHARED_DATA is not None
    (home / ".claude").mkdir()
    (home / ".claude" / "projects").symlink_to(SHARED_DATA / "claude_home" / "projects")
    shutil.copytree(ROOT / "docs" / "examples" / "commit-skill", home / "commit-skill")


HISTORIES: dict[str, Callable[[Path], None]] = {
    "demo": write_demo,
    "empty": write_empty,
    "streamed": write_streamed,
    "fork": write_fork,
    "subagents": write_subagents,
    "prices": write_prices,
    "fallback": write_fallback,
    "counter": write_counter,
    "midnight": write_midnight,
    "public": write_public,
}
MISSING = frozenset({"public"} if SHARED_DATA is None else ())
"""Histories that cannot be had here: what pages show of them is taken for right."""
