from __future__ import annotations

from pathlib import Path

from tests.builders.claude import ClaudeHome
from tests.builders.codex import CodexHome
from tests.unit.app.mechanisms.working import figure, find_one, session_id, shares


def test_every_record_of_the_user_is_counted_once_by_its_kind(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project().session().prompt("Repair the gate.").slash("/paint", "green")
    log.user("Know this.", isMeta=True)
    log.user("<task-notification>done</task-notification>", origin={"kind": "task"})
    log.shell("ls", "gate")
    log.call("Bash", {"command": "rm gate"}).result("no", error=True)
    log.call("Bash", {"command": "sleep"})  # without a result
    log.interruption()
    log.compaction()
    log.call("Task", {"prompt": "Look.", "subagent_type": "Explore"})
    log.subagent().prompt("Look.").shell("ls", "hinge").response()
    log.result("Looked.").response()
    claude.write()
    found = find_one(home, "untyped_records")
    assert shares(found) == {
        "untyped": (8, 10),
        "result": (4, 10),
        "task": (1, 10),
        "meta": (1, 10),
        "notification": (1, 10),
        "compact_summary": (1, 10),
    }
    first = figure(found, "untyped")
    assert (first.of, first.sessions, first.evidence) == ("records of the user", 1, [session_id(log)])
    assert found.notes == []


def test_a_fork_does_not_count_its_copy_again(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project().session().prompt("Repair the gate.").shell("ls", "gate").response()
    log.fork("2026-06-01T10:00:00Z").prompt("Go on.").response()
    claude.write()
    assert shares(find_one(home, "untyped_records"))["untyped"] == (1, 3)


def test_agents_whose_logs_say_it_otherwise_are_left_out_by_name(home: Path) -> None:
    codex = CodexHome(home / ".codex")
    codex.session().turn().prompt("Repair the gate.").shell("ls", "gate").answer().tokens(input=10, output=5)
    codex.write()
    found = find_one(home, "untyped_records")
    assert [one.value for one in found.figures] == [None] * 6
    assert found.figures[0].reason == "there are no records of the user"
    assert found.notes == ["Left out: codex, whose logs keep what is no prompt in other records."]


def test_the_interval_is_by_session(home: Path) -> None:
    """Nine sessions with one prompt and 0 to 8 results: as many records, but nine units."""
    claude = ClaudeHome(home / ".claude")
    for number in range(9):
        log = claude.project().session(f"2026-05-{number + 1:02d}T09:00:00Z").prompt(f"Paint {number} gates.")
        for _ in range(number):
            log.shell("ls", "gate")
        log.response()
    claude.write()
    first = figure(find_one(home, "untyped_records"), "untyped")
    assert (first.value, first.n, first.sessions) == (36 / 45, 45, 9)
    assert first.low is not None
    assert first.high is not None
    assert 0.6 < first.low < 0.75
    assert 0.83 < first.high < 0.88
