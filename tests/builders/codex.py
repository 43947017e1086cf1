"""Codex's homes and rollouts.

home = CodexHome(folder)
log = home.session().turn().prompt("Fix the test").shell("make test", "ok").tokens(input=900, cached=500, output=80)
home.write()
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import zstandard

from tests.builders.log import START, Ids, LogBuilder, Record

MODEL = "gpt-5.5"
VERSION = "0.142.5"
KINDS = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens", "total_tokens")
Counts = dict[str, int]


def counts_of(input: int = 0, cached: int = 0, output: int = 0, reasoning: int = 0, written: int = 0) -> Counts:
    """Codex's own counters: cached and written tokens lie inside input, reasoning inside output."""
    counts = dict(zip(KINDS, (input, cached, output, reasoning, input + output), strict=True))
    return {**counts, "cache_write_input_tokens": written} if written else counts


def add(one: Counts, other: Counts) -> Counts:
    """The sum of two counters."""
    return {kind: one.get(kind, 0) + other.get(kind, 0) for kind in {**one, **other}}


class CodexHome:
    """A folder as ``CODEX_HOME`` names it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ids = Ids()
        self.logs: list[CodexLog] = []

    def session(self, at: str = START, *, id: str | None = None, **options: Any) -> CodexLog:
        """A rollout that begins with its ``session_meta``, to which ``meta`` adds; options as in :class:`CodexLog`."""
        meta = options.pop("meta", {})
        log = CodexLog(self, id or self.ids.uuid("thread"), at, **options)
        return log.meta(**meta) if options.get("begin", True) else log

    def write(self) -> Path:
        """Write every rollout; returns the home."""
        for log in self.logs:
            log.write()
        return self.folder


class CodexLog(LogBuilder):
    """One rollout."""

    def __init__(
        self,
        home: CodexHome,
        id: str,
        at: str,
        *,
        cwd: str = "/home/ada/site",
        model: str = MODEL,
        version: str = VERSION,
        branch: str = "main",
        archived: bool = False,
        segment: str = "",
        begin: bool = True,
    ) -> None:
        super().__init__(home.folder, at)
        self.home, self.ids, self.id = home, home.ids, id
        self.cwd, self.model, self.version, self.branch = cwd, model, version, branch
        self.total: Counts = counts_of()
        self.last: Counts = counts_of()
        self.turn_id = ""
        self.call_id = ""
        stamp = self.clock.strftime("%Y-%m-%dT%H-%M-%S")
        name = f"rollout-{stamp}-{id}{'_' + segment if segment else ''}.jsonl"
        day = Path("sessions", self.clock.strftime("%Y/%m/%d"))
        self.path = home.folder / (Path("archived_sessions") if archived else day) / name
        self.compression = ""
        home.logs.append(self)

    def compressed(self, *, beside: bool = False) -> Self:
        """Write the file as ``.jsonl.zst``; with ``beside``, next to the plain one."""
        self.compression = "both" if beside else "only"
        return self

    def write(self) -> Path:
        """Write the file, or its compressed form, or both; returns the plain file's path."""
        if self.compression != "only":
            super().write()
        if self.compression:
            packed = self.path.with_name(self.path.name + ".zst")
            packed.parent.mkdir(parents=True, exist_ok=True)
            packed.write_bytes(zstandard.ZstdCompressor().compress(self.content()))
        return self.path

    # ------------------------------------------------------------------------------------------------ any line

    def line(self, type: str, payload: Record) -> Self:
        """A line of whatever type."""
        return self.emit({"timestamp": self.timestamp, "type": type, "payload": payload})

    def event(self, type: str, **fields: Any) -> Self:
        """An ``event_msg``."""
        return self.line("event_msg", {"type": type, **fields})

    def item(self, type: str, **fields: Any) -> Self:
        """A ``response_item``."""
        return self.line("response_item", {"type": type, **fields})

    def completed(self, type: str, **fields: Any) -> Self:
        """An ``item_completed`` event (0.16x)."""
        return self.event("item_completed", thread_id=self.id, turn_id=self.turn_id, item={"type": type, **fields})

    def meta(self, **fields: Any) -> Self:
        """A ``session_meta``."""
        payload = {
            "id": self.id,
            "timestamp": self.timestamp,
            "cwd": self.cwd,
            "originator": "codex-tui",
            "cli_version": self.version,
            "source": "cli",
            "model_provider": "openai",
            "base_instructions": {"text": "Invented instructions."},
            "git": {"commit_hash": "0" * 40, "branch": self.branch},
        }
        return self.line("session_meta", {**payload, **fields})

    # --------------------------------------------------------------------------------------------------- turns

    def turn(self, model: str | None = None, *, seconds: float = 5) -> Self:
        """A turn begins."""
        self.model = model or self.model
        self.turn_id = self.ids.uuid("turn")
        self.wait(seconds).event("task_started", turn_id=self.turn_id, model_context_window=258_400)
        context = {"turn_id": self.turn_id, "cwd": self.cwd, "model": self.model, "summary": "auto"}
        return self.line("turn_context", context)

    def prompt(self, text: str = "Please fix the failing test.") -> Self:
        """What a person typed (with the copy of it that goes to the model)."""
        self.item("message", role="user", content=[{"type": "input_text", "text": text}])
        return self.event("user_message", message=text, kind="plain")

    def answer(self, text: str = "Done.", seconds: float = 2) -> Self:
        """What the model said."""
        self.wait(seconds).item("message", role="assistant", content=[{"type": "output_text", "text": text}])
        return self.event("agent_message", message=text)

    def complete(self, duration_ms: int | None = 4000) -> Self:
        """The turn ends."""
        return self.wait(1).event("task_complete", turn_id=self.turn_id, duration_ms=duration_ms)

    def abort(self, reason: str = "interrupted") -> Self:
        """The person stops the turn."""
        return self.wait(1).event("turn_aborted", turn_id=self.turn_id, reason=reason, duration_ms=900)

    def compaction(self, context: int = 9000) -> Self:
        """The context is compacted; the unchanged total is told again, with the new context's size as ``last``."""
        history = [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "So far."}]}]
        self.wait(1).line("compacted", {"message": "", "replacement_history": history})
        self.event("context_compacted")
        return self._token_count({**counts_of(), "total_tokens": context})

    # --------------------------------------------------------------------------------------------------- usage

    def tokens(self, seconds: float = 1, **usage: int) -> Self:
        """One response's usage: the running total grows by it. ``usage`` goes to :func:`counts_of`."""
        self.last = counts_of(**usage)
        self.total = add(self.total, self.last)
        return self.wait(seconds)._token_count(self.last)

    def lose(self, **usage: int) -> Self:
        """A response whose event was never written: the total grows unseen."""
        self.total = add(self.total, counts_of(**usage))
        return self

    def restart(self) -> Self:
        """The running total begins again at zero."""
        self.total = counts_of()
        return self

    def repeat(self) -> Self:
        """The last event once more (a refresh of rate limits)."""
        return self._token_count(self.last)

    def null_info(self) -> Self:
        """Rate limits without usage."""
        return self.event("token_count", info=None, rate_limits={"primary": {"used_percent": 3.0}})

    def _token_count(self, last: Counts) -> Self:
        info = {"total_token_usage": dict(self.total), "last_token_usage": dict(last), "model_context_window": 258_400}
        return self.event("token_count", info=info, rate_limits={"primary": {"used_percent": 3.0}})

    def record(self, response_id: str | None = None, *, counted: bool = True, **usage: int) -> Self:
        """A ``token_usage_record`` (0.16x), and with ``counted`` the ``token_count`` that says the same."""
        self.last = counts_of(**usage)
        self.total = add(self.total, self.last)
        payload = {
            "thread_id": self.id,
            "turn_id": self.turn_id,
            "response_id": response_id or self.ids.named("resp_"),
            "usage": dict(self.last),
            "thread_token_usage": dict(self.total),
        }
        self.wait(1).line("token_usage_record", payload)
        return self.wait(1)._token_count(self.last) if counted else self

    # --------------------------------------------------------------------------------------------------- tools

    def call(self, name: str, arguments: Mapping[str, Any], *, id: str | None = None, **fields: Any) -> Self:
        """A function call: its arguments are JSON in a string."""
        self.call_id = id or self.ids.named("call_")
        text = json.dumps(arguments)
        return self.wait(1).item("function_call", name=name, arguments=text, call_id=self.call_id, **fields)

    def output(self, output: Any, *, call: str | None = None, type: str = "function_call_output") -> Self:
        """The result of a call."""
        return self.wait(1).item(type, call_id=call or self.call_id, output=output)

    def shell(
        self, command: str, text: str = "", exit_code: int = 0, *, form: str = "header", wall: float = 0.5
    ) -> Self:
        """A command. ``form``: ``header`` (exec_command), ``old`` (JSON in a string), ``plain`` (shell_command)."""
        if form == "header":
            head = f"Chunk ID: a1b2c3\nWall time: {wall:.4f} seconds\nProcess exited with code {exit_code}\n"
            return self.call("exec_command", {"cmd": command}).output(f"{head}Original token count: 9\nOutput:\n{text}")
        if form == "old":
            packed = {"output": text, "metadata": {"exit_code": exit_code, "duration_seconds": wall}}
            return self.call("shell", {"command": ["bash", "-lc", command]}).output(json.dumps(packed))
        return self.call("shell_command", {"command": command}).output(
            f"Exit code: {exit_code}\nWall time: {wall} seconds\nOutput:\n{text}"
        )

    def patch(self, changes: Sequence[tuple[str, str, str]], *, success: bool = True, event: bool = True) -> Self:
        """An ``apply_patch`` of (``Add`` | ``Update`` | ``Delete``, path, body) with its event and output."""
        files = "\n".join(f"*** {op} File: {path}\n{body}" for op, path, body in changes)
        self.call_id = self.ids.named("call_")
        text = f"*** Begin Patch\n{files}\n*** End Patch\n"
        self.wait(1).item("custom_tool_call", status="completed", call_id=self.call_id, name="apply_patch", input=text)
        if event:
            told = {path: _change(op, body) for op, path, body in changes}
            self.event("patch_apply_end", call_id=self.call_id, turn_id=self.turn_id, success=success, changes=told)
        words = "Success. Updated the following files:\n" if success else "apply_patch verification failed: no match"
        said = {"output": words, "metadata": {"exit_code": 0 if success else 1, "duration_seconds": 0.1}}
        return self.output(json.dumps(said), type="custom_tool_call_output")

    def plan(self, *steps: tuple[str, str], output: str = "Plan updated", name: str = "update_plan") -> Self:
        """The whole plan of (step, status) written."""
        return self.call(name, {"plan": [{"step": step, "status": status} for step, status in steps]}).output(output)

    def mcp(self, server: str, tool: str, arguments: Record, text: str = "ok", *, error: str | None = None) -> Self:
        """A call of an MCP server's tool, with the event that names the server."""
        self.call(f"_{tool}", arguments, namespace=f"mcp__{server}")
        result = {"Err": error} if error else {"Ok": {"content": [{"type": "text", "text": text}]}}
        self.event(
            "mcp_tool_call_end", call_id=self.call_id, invocation={"server": server, "tool": tool},
            duration={"secs": 1, "nanos": 500_000_000}, result=result,
        )  # fmt: skip
        return self.output(error or text)

    def web_search(self, query: str) -> Self:
        """A search on the server's side: the call comes without an id and without a result."""
        action = {"type": "search", "query": query}
        self.wait(1).event("web_search_end", call_id=self.ids.named("ws_"), query=query, action=action)
        return self.item("web_search_call", status="completed", action=action)

    # --------------------------------------------------------------------------------------- forks, subagents

    def fork(self, at: str, *, paginated: bool = False, subagent: bool = False, **options: Any) -> CodexLog:
        """A thread that goes on from this one.

        Usually (``history_mode`` legacy) all of this rollout's lines follow the new meta, stamped anew within a second.
        With ``paginated`` only new lines will follow. The running total goes on in both.
        """
        options = {"cwd": self.cwd, "model": self.model, "version": self.version, "branch": self.branch, **options}
        child = CodexLog(self.home, self.ids.uuid("thread"), at, **options)
        origin: Record = {"forked_from_id": self.id, "history_mode": "paginated" if paginated else "legacy"}
        if subagent:
            origin = {"history_mode": "legacy", "parent_thread_id": self.id, **spawned_source(self.id, "worker")}
        if paginated:
            origin["history_base"] = {"thread_id": self.id, "end_ordinal_exclusive": len(self.records)}
        child.meta(**origin)
        if not paginated:
            for number, record in enumerate(self.records):
                stamped = copy.deepcopy(record)
                child.clock += timedelta(milliseconds=1 if number < 500 else 0)
                stamped["timestamp"] = child.timestamp
                child.emit(stamped)
        child.total, child.last = dict(self.total), dict(self.last)
        child.wait(5)
        return child

    def subagent(self, at: str | None = None, *, role: str = "explorer", **options: Any) -> CodexLog:
        """A spawned thread that counts from zero."""
        options = {"cwd": self.cwd, "model": self.model, "version": self.version, "branch": self.branch, **options}
        child = CodexLog(self.home, self.ids.uuid("thread"), at or self.timestamp, **options)
        return child.meta(parent_thread_id=self.id, session_id=self.id, **spawned_source(self.id, role))


def spawned_source(parent: str, role: str) -> Record:
    """The fields of ``session_meta`` that say who spawned the thread."""
    spawn = {"parent_thread_id": parent, "depth": 1, "agent_nickname": "Heron", "agent_role": role}
    return {"thread_source": "subagent", "source": {"subagent": {"thread_spawn": spawn}}}


def _change(op: str, body: str) -> Record:
    if op == "Update":
        return {"type": "update", "unified_diff": body, "move_path": None}
    signs = "+" if op == "Add" else "-"
    return {"type": op.lower(), "content": "".join(line.removeprefix(signs) + "\n" for line in body.splitlines())}
