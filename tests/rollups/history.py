"""A history in which each session matters to the sums of another: what the hard one has, and many that are alike."""

from __future__ import annotations

from pathlib import Path

from tests.builders.claude import ClaudeHome
from tests.builders.history import write_hard_history

PRICED = "claude-sonnet-4-5"
SITE, TOOLS = "/home/ada/site", "/home/ada/tools"
ALIKE = 13
"""Sessions of one task type: with ten others each is compared with its own kind."""


def write_sharing_history(folder: Path) -> dict[Path, bytes]:
    """Write both homes under ``folder`` (``claude`` and ``codex``); returns every log's content."""
    logs = write_hard_history(folder)
    home = ClaudeHome(folder / "claude")
    for _ in range(40):  # so that no id is one of the hard history's
        for kind in ("session", "agent"):
            home.ids.count(kind)
    for number in range(3000):
        home.ids.named("msg_" if number % 2 else "req_")
    _write_alike(home)
    _write_wasteful(home)
    _write_across_days(home)
    before = {path: path.read_bytes() for path in logs}
    home.write()
    assert all(path.read_bytes() == content for path, content in before.items())
    found = {p: p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file() and ".meta.json" not in p.name}
    assert len(found) == len(logs) + ALIKE + 4
    return found


def _write_alike(home: ClaudeHome) -> None:
    """Begun alike every five hours, over the night in which Europe's clocks go forward; the last ones elsewhere."""
    for number in range(ALIKE):
        day, hour = divmod(number * 5, 24)
        project = home.project(SITE if number < ALIKE - 3 else TOOLS)
        log = project.session(f"2026-03-{27 + day:02d}T{hour:02d}:40:00.000Z", model=PRICED)
        log.prompt("Fix the failing test of the parser.").shell("pytest -q", "1 failed", exit_code=1)
        log.response(input=100, output=50 * (number * 7 % ALIKE + 1), write_5m=10 * number)
        if number % 3 == 0:
            log.prompt("It still fails.").shell("pytest -q", "ok").response(output=30)


def _write_wasteful(home: ClaudeHome) -> None:
    """A file read again and again, by the session and by a subagent on the day after."""
    log = home.project(SITE).session("2026-03-31T21:30:00.000Z", model=PRICED)
    text = "".join(f"line {number}\n" for number in range(300))
    log.prompt("Explain the parser.").response(write_5m=9_000, output=300)
    for _ in range(3):
        log.read(f"{SITE}/parser.py", text, cache_read=9_000, output=20).response(cache_read=9_000, output=10)
    log.call("Task", {"subagent_type": "Explore", "prompt": "Look."}, output=25)
    agent = log.wait(6 * 3600).subagent()
    agent.prompt("Look.").response(write_5m=4_000, output=70)
    for _ in range(3):
        agent.read(f"{SITE}/lexer.py", text, cache_read=4_000, output=20).response(cache_read=4_000, output=15)


def _write_across_days(home: ClaudeHome) -> None:
    """Two sessions that go on past midnight, wherever one is, with calls of one response on both sides of it."""
    for number in range(2):
        log = home.project(TOOLS).session(
            f"2026-04-0{number + 1}T16:00:00.000Z", model=(PRICED, "house-model-1")[number]
        )
        log.prompt("Rewrite the tables.")
        for _ in range(9):
            log.calls(
                ("Bash", {"command": "ls"}), ("Read", {"file_path": "/a"}), ("Bash", {"command": "pwd"}), output=77
            )
            log.result("fine").wait(3000)
