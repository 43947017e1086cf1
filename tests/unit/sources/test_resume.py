"""Reading a log in pieces, wherever they end, gives what reading it whole gives."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from tachograph.app.reading import Continuation, read_log
from tachograph.sources import LogFile
from tests.builders.claude import ClaudeLog, InlinedAgent, iteration
from tests.builders.codex import CodexLog
from tests.builders.log import LogBuilder
from tests.unit.sources.parsing import (
    CLEAN,
    agent_of,
    continue_from,
    new_claude,
    new_codex,
    parse,
    parse_growing,
    problems_of,
)

Step = Callable[[Any, int], object]


def _inlined(log: ClaudeLog, n: int) -> object:
    """Two subagents may be at work at once."""
    agent = InlinedAgent(log, f"a00000{n % 2}")
    return agent.user("Look", 0).shell("ls", "a", n % 2) if n % 3 else agent.response(outputs=(1, n + 2))


CLAUDE_STEPS: dict[str, Step] = {
    "prompt": lambda log, n: log.prompt(f"Do number {n}"),
    "response": lambda log, n: log.response(output=n, cache_read=n * 10),
    "snapshots": lambda log, n: log.response(outputs=(1, n, n + 50)),
    "one response in three places": lambda log, n: log.response(id=f"msg_{n % 3}", output=n),
    "no ids": lambda log, n: log.response(id=None, request=bool(n % 2)),
    "hops": lambda log, n: log.response(
        output=n, searches=n, iterations=[iteration("claude-fable-5", output=5), iteration(output=n)]
    ),
    "synthetic": lambda log, n: log.synthetic(api_error=bool(n % 2)),
    "shell": lambda log, n: log.shell("make test", "1 failed", n % 2),
    "read": lambda log, n: log.read("/home/ada/site/a.py", f"line {n}\n"),
    "edit": lambda log, n: log.edit("/home/ada/site/a.py", "x", f"{n}\n{n}"),
    "create": lambda log, n: log.create(f"/home/ada/site/{n}.py", "a\nb\n"),
    "task": lambda log, n: log.create_task(f"Task {n}").update_task(n % 4, "completed", refused="No" if n % 3 else ""),
    "task without result": lambda log, n: log.call("TaskUpdate", {"taskId": n % 4, "status": "in_progress"}),
    "late task": lambda log, n: log.result("Updated task", detail={"success": n % 2 == 0, "taskId": f"{n % 4}"}),
    "to-do list": lambda log, n: log.todos((f"Do {n}", "completed"), (f"Do {n + 1}", "pending")),
    "call without result": lambda log, n: log.call("Bash", {"command": "sleep 9"}),
    "late result": lambda log, n: log.result("late"),
    "orphan result": lambda log, n: log.result("orphan", call=f"toolu_{n}"),
    "subagent call": lambda log, n: log.call("Task", {"subagent_type": "Explore", "prompt": "Look"}),
    "inlined subagent": _inlined,
    "compaction": lambda log, n: log.compaction(pre_tokens=n),
    "interruption": lambda log, n: log.interruption(),
    "api error": lambda log, n: log.api_error(attempt=n),
    "turn duration": lambda log, n: log.turn_duration(n),
    "queued": lambda log, n: log.queued_command(f"Also {n}"),
    "own title": lambda log, n: log.custom_title(f"Title {n}"),
    "model's title": lambda log, n: log.ai_title(f"Guess {n}"),
    "pull request": lambda log, n: log.pr_link(n, f"https://example.org/pull/{n}"),
    "summary of this": lambda log, n: log.summary(f"Summary {n}", log.tip or "none"),
    "sidechain": lambda log, n: log.sidechain().user("Look", 0).response(),
    "unknown type": lambda log, n: log.loose(f"new-{n % 3}"),
    "another folder": lambda log, n: setattr(log, "cwd", f"/home/ada/site/part{n % 3}"),
    "another branch": lambda log, n: setattr(log, "branch", f"feature-{n % 3}"),
    "another version": lambda log, n: setattr(log, "version", f"2.1.{n}"),
    "forked line": lambda log, n: log.prompt("Copied", forkedFrom={"sessionId": "other", "messageUuid": f"m{n}"}),
    "back in time": lambda log, n: log.wait(-n),
    "odd tool result": lambda log, n: log.call("X", {}).result("r", detail={"file": n}),
}

CODEX_STEPS: dict[str, Step] = {
    "turn": lambda log, n: log.turn("gpt-5.5" if n % 2 else "gpt-5.4"),
    "prompt": lambda log, n: log.prompt(f"Do number {n}"),
    "answer": lambda log, n: log.answer(),
    "complete": lambda log, n: log.complete(n * 100),
    "abort": lambda log, n: log.abort(),
    "tokens": lambda log, n: log.tokens(input=n * 10, cached=n, output=n),
    "repeat": lambda log, n: log.repeat(),
    "null info": lambda log, n: log.null_info(),
    "lost": lambda log, n: log.lose(input=n, output=n).tokens(input=n, output=1),
    "restart": lambda log, n: log.restart().tokens(input=n, output=1),
    "record": lambda log, n: log.record(input=n * 10, cached=n, output=n, counted=bool(n % 2)),
    "compaction": lambda log, n: log.compaction(context=n),
    "shell": lambda log, n: log.shell("make test", f"{n} failed", n % 2, form=("header", "old", "plain")[n % 3]),
    "plan": lambda log, n: log.plan((f"Do {n}", "completed"), output="failed to parse" if n % 3 else "Plan updated"),
    "plan without output": lambda log, n: log.call("update_plan", {"plan": [{"step": f"{n}", "status": "pending"}]}),
    "call without output": lambda log, n: log.call("exec_command", {"cmd": "sleep 9"}),
    "late output": lambda log, n: log.output("late"),
    "orphan output": lambda log, n: log.output("orphan", call=f"call_{n}"),
    "patch": lambda log, n: log.patch([("Add", f"/a{n}", "+x\n+y"), ("Delete", "/b", "")], success=bool(n % 2)),
    "mcp": lambda log, n: log.mcp("tickets", "find", {"q": n}, error="no such ticket" if n % 2 else None),
    "search": lambda log, n: log.web_search(f"query {n}"),
    "item": lambda log, n: log.completed(
        "CommandExecution", id=log.call_id, status="failed", exit_code=n, aggregated_output="boom"
    ),
    "typed": lambda log, n: log.completed("UserMessage", id=f"u{n}", content=[{"type": "text", "text": f"Do {n}"}]),
    "meta": lambda log, n: log.meta(cwd=f"/home/ada/site/{n}"),
    "rollback": lambda log, n: log.event("thread_rolled_back", num_turns=n),
    "unknown type": lambda log, n: log.line(f"new-{n % 3}", {}),
    "back in time": lambda log, n: log.wait(-n),
}

FAULTS: dict[str, Step] = {
    "noise": lambda log, n: log.raw(b"not json\n"),
    "blank": lambda log, n: log.raw(b"\n  \n"),
    "comment": lambda log, n: log.raw(b"// comment\n"),
    "nul": lambda log, n: log.raw(b"\x00" * n),
    "not utf-8": lambda log, n: log.raw(b'{"type":"mode\xff","sessionId":"x"}\n'),
    "fragment": lambda log, n: log.cut(min(n, max(0, len(log.content()) - 600))),
    "glued": lambda log, n: log.glue() if log.content().endswith(b"}\n") else log,
}


def steps_of(table: dict[str, Step]) -> st.SearchStrategy[list[tuple[str, int]]]:
    names = st.one_of(st.sampled_from(sorted(table)), st.sampled_from(sorted(table)), st.sampled_from(sorted(FAULTS)))
    return st.lists(st.tuples(names, st.integers(1, 40)), min_size=1, max_size=25)


def build(log: LogBuilder, table: dict[str, Step], steps: list[tuple[str, int]]) -> LogBuilder:
    for name, number in steps:
        {**table, **FAULTS}[name](log, number)
    return log


def place_cut(content: bytes, share: float, before_line_end: int | None) -> int:
    """A byte offset: anywhere, or so many bytes before the end of a line."""
    cut = round(share * len(content))
    return cut if before_line_end is None else max(0, content.rfind(b"\n", 0, cut) + 1 - before_line_end)


def check_growth(log: LogBuilder, places: list[tuple[float, int | None]]) -> None:
    content = log.content()
    cuts = [place_cut(content, *place) for place in places]
    whole = parse(log)
    grown, resumed = parse_growing(agent_of(log), log.path, content, cuts)
    event(f"read on {min(resumed, 3)} times")
    assert grown.sessions == whole.sessions
    assert msgspec.structs.replace(grown, carry=b"") == msgspec.structs.replace(whole, carry=b"")
    assert bool(grown.carry) == bool(whole.carry)


cuts = st.lists(st.tuples(st.floats(0, 1), st.sampled_from((None, None, 0, 1))), max_size=5)


@given(steps_of(CLAUDE_STEPS), cuts)
def test_a_transcript_that_grows_is_read_as_it_is_read_whole(steps, cuts):
    check_growth(build(new_claude().prompt(), CLAUDE_STEPS, steps), cuts)


@given(steps_of(CODEX_STEPS), cuts)
def test_a_rollout_that_grows_is_read_as_it_is_read_whole(steps, cuts):
    check_growth(build(new_codex(), CODEX_STEPS, steps), cuts)


@given(steps_of(CODEX_STEPS), steps_of(CODEX_STEPS), cuts)
def test_a_fork_that_grows_is_read_as_it_is_read_whole(before, after, cuts):
    parent = build(new_codex().turn(), CODEX_STEPS, before)
    assert isinstance(parent, CodexLog)
    check_growth(build(parent.fork("2026-05-20T18:00:00Z"), CODEX_STEPS, after), cuts)


def long_log(log: LogBuilder, table: dict[str, Step]) -> LogBuilder:
    leave_out = {"sidechain", "summary of this", "restart"}
    return build(log, table, [(name, number) for number in (2, 3, 7) for name in sorted(table.keys() - leave_out)])


@pytest.mark.parametrize(
    ("log", "least"),
    [
        pytest.param(long_log(new_claude().prompt(), CLAUDE_STEPS), 100, id="claude_code"),
        pytest.param(long_log(new_codex(), CODEX_STEPS), 60, id="codex"),
    ],
)
def test_it_can_be_read_on_after_every_single_line(log, least):
    lines = log.content().splitlines(keepends=True)
    cuts = [sum(map(len, lines[: number + 1])) for number in range(len(lines) - 1)]
    grown, resumed = parse_growing(agent_of(log), log.path, log.content(), cuts)
    assert grown == parse(log)
    assert resumed >= least


def test_a_summary_of_what_was_read_before_has_the_log_read_again():
    log = new_claude().prompt().response()
    leaf, so_far = log.tip, len(log.content())
    log.summary("A failing test is fixed", leaf)
    grown, resumed = parse_growing("claude_code", log.path, log.content(), [so_far])
    assert (grown.sessions[0].title, resumed) == ("A failing test is fixed", 0)


def test_the_first_usage_record_of_a_log_read_before_has_it_read_again():
    log = new_codex().turn().tokens(input=900, output=80)
    so_far = len(log.content())
    log.record(input=500, output=20)
    grown, resumed = parse_growing("codex", log.path, log.content(), [so_far])
    assert ([response.usage.output for response in grown.sessions[0].responses], resumed) == ([80, 20], 0)


def test_a_last_line_that_is_whole_but_for_its_line_feed_counts_at_once_and_only_once():
    log = new_claude().prompt().response().response()
    first, _ = parse_growing("claude_code", log.path, log.content()[:-1], [])
    assert len(first.sessions[0].responses) == 2
    assert first.carry == b""
    so_far = len(log.content()) - 1
    log.response()
    grown, _ = parse_growing("claude_code", log.path, log.content(), [so_far])
    assert grown == parse(log)


def test_an_odd_last_line_without_its_line_feed_counts_once_too():
    log = new_claude().prompt().call("X", {}).result("r", detail={"file": 7})
    so_far = len(log.content()) - 1
    log.response()
    grown, _ = parse_growing("claude_code", log.path, log.content(), [so_far])
    assert grown == parse(log)


def test_an_unfinished_line_is_a_problem_until_it_is_finished():
    log = new_claude().prompt().response()
    whole = log.content()
    log.cut(10)
    assert problems_of(log) == [("unfinished_line", 2)]
    grown, resumed = parse_growing("claude_code", log.path, whole, [len(whole) - 10])
    assert (grown.problems, resumed) == ((), 1)


# ------------------------------------------------------------------------------------------- files on a disk


def stat_log(log: LogBuilder) -> LogFile:
    status = os.stat(log.path)
    return LogFile(agent_of(log), str(log.path), status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev)


def continuation(log: LogBuilder) -> Continuation:
    found, _ = read_log(stat_log(log), CLEAN)
    resume = continue_from(found.parsed)
    assert resume is not None
    return Continuation(resume, found.size, found.content_hash)


@pytest.fixture(params=["claude_code", "codex"])
def written(request, tmp_path) -> LogBuilder:
    log = new_claude() if request.param == "claude_code" else new_codex().turn()
    log.path = tmp_path / log.path.name
    log.prompt().shell("ls", "a")
    log.write()
    return log


def test_a_grown_file_is_read_from_where_it_ended(written):
    known = continuation(written)
    before = len(written.content())
    written.shell("make", "ok").write()
    found, went_on = read_log(stat_log(written), CLEAN, known)
    assert went_on
    assert found.read == len(written.content()) - before
    assert found == msgspec.structs.replace(read_log(stat_log(written), CLEAN)[0], read=found.read)


def test_a_file_that_grew_after_an_unfinished_line_is_read_from_that_line(written):
    whole = written.content()
    written.cut(10).write()
    known = continuation(written)
    written.path.write_bytes(whole)
    found, went_on = read_log(stat_log(written), CLEAN, known)
    assert went_on
    assert found.read == len(whole.splitlines(keepends=True)[-1])
    assert found.parsed == parse_growing(agent_of(written), written.path, whole, [])[0]


def test_a_file_whose_beginning_changed_is_read_whole(written):
    known = continuation(written)
    written.shell("make", "ok")
    written.path.write_bytes(written.content().replace(b"failing", b"passing"))
    found, went_on = read_log(stat_log(written), CLEAN, known)
    assert not went_on
    assert found.read == found.size == len(written.content())


def test_a_shorter_file_is_read_whole(written):
    known = continuation(written)
    shorter = b"".join(written.content().splitlines(keepends=True)[:2])
    written.path.write_bytes(shorter)
    found, went_on = read_log(stat_log(written), CLEAN, known)
    assert not went_on
    assert (found.read, found.parsed.lines) == (len(shorter), 2)
