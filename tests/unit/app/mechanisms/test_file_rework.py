from __future__ import annotations

from pathlib import Path

import pytest

from tachograph.app.filters import make_filter
from tachograph.app.mechanisms.file_rework import file_key
from tests.builders.claude import ClaudeHome
from tests.builders.codex import CodexHome
from tests.unit.app.mechanisms.working import figure, find_one, session_id, shares

GATE, HINGE, LATCH = "/home/ada/site/gate.py", "/home/ada/site/hinge.py", "/home/ada/site/latch.py"
LEFT_OUT = "Left out: {} left less than 30 days before the last known moment."


def test_files_changed_again_by_a_later_session(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    site = claude.project()
    first = (
        site.session("2026-03-01T09:00:00Z").prompt("Build the gate.").create(GATE, "gate\n").create(HINGE, "hinge\n")
    )
    first.edit(GATE, "gate", "door")
    second = site.session("2026-03-11T09:00:00Z").prompt("Paint it.")
    second.call("Task", {"prompt": "Paint.", "subagent_type": "painter"})
    painter = second.subagent().prompt("Paint.")
    painter.edit("/home/ada/site/.claude/worktrees/paint/gate.py", "door", "green door").response()
    second.result("Painted.").create(LATCH, "latch\n")
    site.session("2026-04-20T09:00:00Z").prompt("Oil it.").edit(GATE, "green", "oiled").edit(HINGE, "hinge", "oiled")
    site.session("2026-05-01T09:00:00Z").prompt("Look.").response()
    claude.write()
    found = find_one(home, "file_rework")
    # Watched: gate (again after 10 days), hinge (after 50); gate (after 40), latch (never). Left 11 days before the
    # end: gate and hinge of the third session.
    assert shares(found) == {"files": (1, 4), "sessions": (1, 2)}
    files = figure(found, "files")
    assert files.sessions == 2
    assert files.evidence == [session_id(first), session_id(second)], "who left it, who changed it again"
    assert found.notes == [LEFT_OUT.format("2 files")]


def test_the_next_change_may_lie_outside_what_is_asked_for(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    for at in ("2026-03-01T09:00:00Z", "2026-03-20T09:00:00Z", "2026-06-01T09:00:00Z"):
        claude.project().session(at).prompt(f"Work of {at}").edit(GATE, "a", "b").response()
    claude.write()
    found = find_one(home, "file_rework", make_filter(until="2026-03-10", tz="UTC"))
    assert shares(found) == {"files": (1, 1), "sessions": (1, 1)}


def test_a_moment_still_to_come_is_not_known(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    claude.project().session("2026-12-20T09:00:00Z").prompt("Late.").edit(GATE, "a", "b").response()
    claude.project().session("2099-01-01T09:00:00Z").prompt("A wrong clock.").response()
    claude.write()
    found = find_one(home, "file_rework")
    assert figure(found, "files").n == 0
    assert found.notes == [LEFT_OUT.format("1 file")]


def test_agents_share_their_files(home: Path) -> None:
    claude, codex = ClaudeHome(home / ".claude"), CodexHome(home / ".codex")
    claude.project().session("2026-03-01T09:00:00Z").prompt("Build.").create(GATE, "gate\n").response()
    log = codex.session("2026-03-05T09:00:00Z", cwd="/home/ada/site").turn().prompt("Change it.")
    log.patch([("update", "gate.py", "@@\n-gate\n+door\n"), ("add", "hinge.py", "+hinge\n")]).answer()
    log.tokens(input=10, output=5)
    codex.session("2026-06-01T09:00:00Z", cwd="/home/ada/site").turn().prompt("Look.").answer().tokens(
        input=1, output=1
    )
    claude.write()
    codex.write()
    assert shares(find_one(home, "file_rework")) == {"files": (1, 3), "sessions": (1, 2)}


@pytest.mark.parametrize(
    ("path", "folder", "key"),
    [
        ("/a/b.py", "/x", "/a/b.py"),
        ("b.py", "/a", "/a/b.py"),
        ("../b.py", "/a/c", "/a/b.py"),
        ("/a/.claude/worktrees/w-1/src/b.py", "", "/a/src/b.py"),
        ("src/b.py", "/a/.worktrees/w", "/a/src/b.py"),
        ("/a/worktrees/w/b.py", "", "/a/worktrees/w/b.py"),
        ("C:\\a\\b.py", "C:\\x", "C:/a/b.py"),
        ("b.py", "C:\\a", "C:/a/b.py"),
        ("C:\\a\\.claude\\worktrees\\w\\b.py", "", "C:/a/b.py"),
        ("/a//c/../b.py", "", "/a/b.py"),
    ],
)
def test_one_file_has_one_key(path: str, folder: str, key: str) -> None:
    assert file_key(path, folder) == key
