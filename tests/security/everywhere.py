"""Logs in which a text of the test's choice stands in every place that is read, so that none can be forgotten.

``text`` places hold what people and models write (prompts, commands, errors, titles); ``name`` places hold short,
often repeated strings (paths, branches, models, ids). What ``store.text = "none"`` drops are the ``text`` places.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from tests.builders.claude import REFUSAL, ClaudeHome
from tests.builders.codex import CodexHome, CodexLog
from tests.builders.log import Record

Kind = Literal["text", "name", "file"]
Give = Callable[[Kind, str], str]
"""(kind of place, its name) -> what shall stand there; ``file``: a part of a file's name."""


def write_everywhere(folder: Path, give: Give, rounds: int) -> None:
    """Write ``claude`` and ``codex`` homes under ``folder``, with ``rounds`` sessions of each shape."""
    claude, codex = ClaudeHome(folder / "claude"), CodexHome(folder / "codex")
    for number in range(rounds):
        at = f"2026-05-{number % 28 + 1:02d}T08:00:00.000Z"
        _fill_main(claude, give, at)
        _fill_names(claude, give, at)
        _fill_helpers(claude, give, at)
        _fill_thread(codex, give, at)
        _fill_new_thread(codex, give, at)
    claude.write()
    codex.write()


# --------------------------------------------------------------------------------------------------- Claude Code


def _fill_main(home: ClaudeHome, give: Give, at: str) -> None:
    """Prompts, commands, errors, titles."""
    log = home.project().session(at)
    log.prompt(give("text", "prompt")).response()
    log.user([{"type": "text", "text": give("text", "prompt in blocks")}]).response()
    log.slash("/review", give("text", "arguments of a slash command")).response()
    log.user(f"<bash-input>{give('text', 'shell input')}</bash-input>").response()
    log.user(f"<bash-stdout>{give('text', 'shell output')}</bash-stdout>").response()
    log.user(f"<task-notification>{give('text', 'notification')}</task-notification>").response()
    log.user(give("text", "meta prompt"), isMeta=True).response()
    log.queued_command(give("text", "queued command")).response()
    log.system(
        "local_command",
        content=f"<command-name>/x</command-name><command-args>{give('text', 'local command')}</command-args>",
    )
    log.shell(give("text", "command"), give("text", "output"))
    log.shell("make", give("text", "error output"), exit_code=2)
    log.tool(
        "Grep",
        {"pattern": give("text", "pattern"), "path": "/home/ada"},
        result=give("text", "tool's error"),
        error=True,
    )
    log.tool("Bash", {"command": give("text", "refused command")}, result=REFUSAL, error=True)
    log.call("Bash", {"command": [give("text", "command as a list"), "x"]}).result(
        "ok", detail=[give("text", "odd detail")]
    )
    log.edit("/home/ada/site/a.py", give("text", "old text"), give("text", "new text"))
    log.create("/home/ada/site/b.py", give("text", "content"))
    log.read("/home/ada/site/c.py", give("text", "content read"), reminder=give("text", "reminder"))
    log.response(
        give("text", "answer"), blocks=[{"type": "thinking", "thinking": give("text", "thinking"), "signature": "x"}]
    )
    log.compaction(summary=give("text", "summary of a compaction"), trigger=give("name", "trigger"))
    log.custom_title(give("text", "custom title"))
    log.synthetic(give("text", "message of an API error"))
    log.system(
        "api_error",
        error={"status": 529, "error": {"type": "error", "error": {"type": give("text", "kind of API error")}}},
    )
    log.summary(give("text", "old title"), str(log.tip))
    other = home.project().session(at)
    other.ai_title(give("text", "title by a model")).prompt("Hello").response()
    other.raw(b'{"type":"user","broken": ' + json.dumps(give("text", "broken line")).encode() + b"\n")
    other.emit(
        {"type": "user", "message": give("text", "unexpected shape"), "uuid": 7, give("text", "unknown field"): 1}
    )


def _fill_names(home: ClaudeHome, give: Give, at: str) -> None:
    """Ids, paths, branches, models, versions."""
    project = home.project(give("name", "cwd"))
    project.folder = home.folder / "projects" / give("file", "project's folder")
    log = project.session(
        at, stem=give("file", "log's name"), version=give("name", "version"), branch=give("name", "branch"),
        model=give("name", "model"), entrypoint=give("name", "entrypoint"), id=give("name", "session id"),
    )  # fmt: skip
    log.prompt("Hello", uuid=give("name", "uuid")).response(id=give("name", "message id"))
    log.response(id=None, stop=give("name", "stop reason"), speed=give("name", "speed"))
    log.chained("assistant", message=_message(give), requestId=give("name", "request id"))
    log.call(give("name", "tool"), {"file_path": give("name", "path")}, call_id=give("name", "call id")).result("ok")
    log.call(f"mcp__{give('name', 'server')}__find", {"path": give("name", "folder")}).result("ok")
    detail = {
        "agentId": give("name", "agent spawned"),
        "agentType": give("name", "type in the result"),
        "status": "completed",
    }
    log.call("Agent", {"subagent_type": give("name", "type asked for"), "prompt": "Look."}).result("ok", detail=detail)
    git = {
        "commit": {"sha": give("name", "commit")},
        "pr": {"number": 1, "url": give("name", "pull request"), "action": "x"},
    }
    log.call("Bash", {"command": "git push"}).result("ok", error=False, detail={"stdout": "", "gitOperation": git})
    log.call("Bash", {"command": "rm"}).result("no", error=True, denial=give("name", "denial"))
    log.pr_link(3, give("name", "link of a pull request"))
    log.fallback(give("name", "original model"), give("name", "fallback model"))
    log.prompt("Hi", origin={"kind": give("name", "origin")})
    log.system(give("name", "subtype")).chained(give("name", "record type"))
    log.emit({"type": "attachment", "attachment": {"type": give("name", "attachment type")}, "uuid": "x"})
    fork = {"sessionId": give("name", "forked session"), "messageUuid": give("name", "forked message")}
    log.prompt("Again", forkedFrom=fork).interruption()
    log.response(iterations=[_pass(give), _pass(give)])


def _message(give: Give) -> Record:
    usage = {"input_tokens": 3, "output_tokens": 4}
    return {"role": "assistant", "model": give("name", "model of one message"), "content": [], "usage": usage}


def _pass(give: Give) -> Record:
    return {"type": "message", "model": give("name", "model of a pass"), "input_tokens": 5, "output_tokens": 6}


def _fill_helpers(home: ClaudeHome, give: Give, at: str) -> None:
    """Subagents in files of their own, inlined, and on a side chain."""
    log = home.project().session(at)
    log.call("Task", {"subagent_type": "Explore", "prompt": give("text", "task")})
    agent = log.subagent(
        give("file", "subagent's file"),
        agent_type=give("name", "type in the sidecar"),
        spawned_by=give("name", "parent agent"),
    )
    agent.prompt(give("text", "subagent's prompt")).shell(
        give("text", "subagent's command"), give("text", "its error"), exit_code=1
    )
    inlined = log.inlined(give("name", "inlined agent"))
    inlined.prompt(give("text", "inlined prompt")).shell(
        give("text", "inlined command"), give("text", "inlined error"), exit_code=1
    )
    inlined.response(model=give("name", "inlined model"), id=give("name", "inlined message id"))
    stray = home.project().session(at)
    stray.path = (
        home.folder / "projects" / give("file", "owner's folder") / "subagents" / f"agent-{stray.session_id}.jsonl"
    )
    stray.emit({"type": "user", "uuid": "u", "agentId": "x", "message": {"role": "user", "content": "Hello"}})
    side = home.project().session(at)
    side.prompt("Hello").response().sidechain().prompt(give("text", "side chain's prompt")).response()


# --------------------------------------------------------------------------------------------------------- Codex


def _fill_thread(home: CodexHome, give: Give, at: str) -> None:
    """As versions up to 0.145 write it."""
    log = CodexLog(home, home.ids.uuid("thread"), at)
    log.path = log.path.with_name(f"rollout-{give('file', 'rollout')}.jsonl")
    log.cwd, log.version, log.branch = give("name", "cwd"), give("name", "version"), give("name", "branch")
    log.id = give("name", "thread id")
    spawn = {
        "parent_thread_id": give("name", "parent thread"),
        "agent_role": give("name", "role"),
        "agent_nickname": "Heron",
    }
    log.meta(
        originator=give("name", "originator"), model_provider=give("name", "provider"),
        forked_from_id=give("name", "forked thread"), agent_role=give("name", "role in the meta"),
        source={"subagent": {"thread_spawn": spawn}},
        base_instructions={"text": give("text", "instructions")},
    )  # fmt: skip
    log.turn(give("name", "model")).prompt(give("text", "prompt")).answer(give("text", "answer"))
    log.tokens(input=900, output=40).shell(give("text", "command"), give("text", "output"))
    log.shell("make", give("text", "error output"), 2).shell("make", give("text", "old error output"), 2, form="old")
    log.call("shell", {"command": ["bash", "-lc", give("text", "command in a list")]}).output(
        give("text", "plain output")
    )
    log.call(give("name", "tool"), {"path": give("name", "path")}, id=give("name", "call id")).output("ok")
    log.call("exec_command", {"cmd": give("text", "pending command")}, id=give("name", "pending call id"))
    log.call("spawn_agent", {"agent_type": give("name", "type asked for")}).output("ok")
    log.patch(
        [("Add", give("name", "patched path"), "+x"), ("Update", give("name", "second path"), "@@\n-a\n+b")],
        success=False,
    )
    log.patch([("Delete", give("name", "deleted path"), "-x")])
    log.mcp(
        give("name", "server"),
        give("name", "server's tool"),
        {"q": give("text", "argument")},
        error=give("text", "server's error"),
    )
    log.item(
        "function_call", name="find", namespace=f"mcp__{give('name', 'namespace')}", arguments="{}", call_id="call_1"
    )
    log.web_search(give("text", "query")).item(
        "local_shell_call", call_id="call_2", action={"command": [give("text", "local")]}
    )
    log.line(give("name", "record type"), {}).event(give("name", "event type"))
    log.turn_id = give("name", "turn id")
    log.complete().turn().abort(give("text", "reason")).compaction()
    log.raw(b'{"timestamp": "x", "broken": ' + json.dumps(give("text", "broken line")).encode() + b"\n")


def _fill_new_thread(home: CodexHome, give: Give, at: str) -> None:
    """As 0.16x writes it, compressed."""
    log = home.session(at).turn(give("name", "model")).compressed()
    log.completed("UserMessage", id="i1", content=[{"type": "text", "text": give("text", "prompt")}])
    log.record(give("name", "response id"), input=700, output=30)
    log.call("exec_command", {"cmd": "make"}, id=give("name", "call id"))
    log.completed(
        "CommandExecution", id=log.call_id, command=["make"], status="failed", exit_code=2,
        aggregated_output=give("text", "aggregated output"),
    )  # fmt: skip
    log.call("spawn_agent", {"prompt": give("text", "task")})
    log.completed(
        "CollabAgentToolCall", id=log.call_id, tool="spawn_agent", receiver_thread_ids=[give("name", "spawned thread")]
    )
    log.record(None, input=800, output=30).complete()
