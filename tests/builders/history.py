"""A small history with everything in it that makes counting hard."""

from __future__ import annotations

from pathlib import Path

from tests.builders.claude import ClaudeHome
from tests.builders.codex import CodexHome


def write_hard_history(folder: Path) -> dict[Path, bytes]:
    """Write both homes under ``folder`` (``claude`` and ``codex``); returns every log's content."""
    claude, codex = ClaudeHome(folder / "claude"), CodexHome(folder / "codex")
    _write_claude(claude)
    _write_codex(codex)
    claude.write()
    codex.write()
    logs = {
        path: path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".meta.json" not in path.name
    }
    assert len(logs) == 10
    return logs


def _write_claude(home: ClaudeHome) -> None:
    site = home.project("/home/ada/site")
    main = site.session("2026-03-02T09:00:00.000Z")
    main.custom_title("Repair the login")
    main.prompt("Repair the login, please.").response(
        input=12, cache_read=9_000, write_5m=700, output=220, outputs=[3, 3, 220]
    )
    main.shell("pytest -q tests/login", "1 failed", exit_code=1).edit(
        "/home/ada/site/login.py", "a = 1\n", "a = 2\nb = 3\n"
    )
    main.create_task("Find the cause").create_task("Mend it").update_task("1", "in_progress")
    main.update_task(1, "completed").update_task("2", "completed", refused="Task not found")
    agent = main.subagent()
    agent.prompt("Look for other callers.").response(input=3, cache_read=4_000, output=90).shell(
        "rg login", "three hits"
    )
    inlined = main.inlined()
    inlined.prompt("Count the tests.").response(input=5, output=41).todos(
        ("Count", "in_progress"), ("Report", "pending")
    )
    main.interruption().prompt("Go on.").response(
        input=4, cache_read=12_000, write_1h=300, output=410, outputs=[9, 410]
    )
    main.compaction().api_error().response(input=9, cache_read=2_000, output=77)
    fork = main.fork("2026-03-02T10:00:00.000Z")
    fork.prompt("Try it another way.").response(input=6, cache_read=9_500, output=130).shell("git status", "clean")
    old_fork = main.fork("2026-03-02T11:00:00.000Z", sdk=False)
    old_fork.prompt("And a third way.").response(input=7, output=66).raw(b'{"type":"user","broken\n').raw(
        b"// a remark\n"
    )
    other = home.project("/home/ada/site/.claude/worktrees/calm-otter").session("2026-03-03T08:00:00.000Z")
    other.synthetic().prompt("What is new?").response(input=2, output=30, model="house-model-1").glue().response(
        output=12
    )

    cut_off = site.session("2026-03-06T08:00:00.000Z")
    cut_off.prompt("Write the changelog.").response(id="msg_01TESTcutoff", stop=None, output=5)
    whole = cut_off.fork("2026-03-06T09:00:00.000Z", sdk=False)
    whole.response(id="msg_01TESTcutoff", output=500).prompt("Thanks.").response(output=9)


def _write_codex(home: CodexHome) -> None:
    thread = home.session("2026-03-04T09:00:00.000Z")
    thread.turn("gpt-5.4").prompt("Speed up the build.").tokens(input=9_000, cached=2_000, output=300, reasoning=120)
    thread.plan(("Measure", "in_progress"), ("Speed up", "pending"))
    thread.shell("make -j2", "ok").repeat().null_info().tokens(input=11_000, cached=9_000, output=150).complete()
    thread.compaction().turn().prompt("Now the tests.").tokens(input=4_000, output=90).patch(
        [("Update", "Makefile", "@@\n-a\n+b\n")]
    )
    fork = thread.fork("2026-03-04T12:00:00.000Z")
    fork.turn().prompt("In a fork.").plan(("Measure", "completed"), ("Speed up", "in_progress"))
    fork.tokens(input=5_000, cached=4_000, output=210).complete()
    records = home.session("2026-03-05T09:00:00.000Z")
    records.turn("gpt-5.4").prompt("With records.").record(input=800, cached=100, output=44).tokens(
        input=800, cached=100, output=44
    )
    records.record(input=900, output=33).complete()


def write_many_histories(folder: Path, copies: int) -> int:
    """Write the hard history ``copies`` times, each with ids of its own, into one pair of homes; returns the bytes."""
    logs = write_hard_history(folder / "first")
    extra = list((folder / "first").rglob("*.meta.json"))
    contents = {**logs, **{path: path.read_bytes() for path in extra}}
    size = 0
    for copy in range(copies):
        for path, content in contents.items():
            place = _renamed(str(path.relative_to(folder / "first")).encode(), copy).decode()
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            size += (folder / place).write_bytes(_renamed(content, copy))
    return size


def _renamed(data: bytes, copy: int) -> bytes:
    return data.replace(b"-4000-8000-", b"-4%03d-8000-" % copy).replace(b"01TEST", b"01T%03d" % copy)
