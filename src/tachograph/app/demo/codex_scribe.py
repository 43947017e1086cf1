"""A story as a Codex rollout."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from tachograph.app.demo.scribe import Scribe, make_file, make_line, to_lines
from tachograph.app.demo.story import Step, Story

_VERSIONS = ((25, "0.140.0"), (0, "0.142.5"))
"""(at least so many days ago, version)"""
_COUNTS = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens", "total_tokens")


class CodexScribe(Scribe):
    """Writes one session."""

    base = 26_500
    lifetime = 600.0

    def __init__(self, story: Story, day: datetime, days_ago: int, seed: str) -> None:
        """Begins with the session's meta line."""
        super().__init__(story, day, seed)
        self.session_id = self.uuid()
        self.total = dict.fromkeys(_COUNTS, 0)
        self.call_id = ""
        self.turn_id = ""
        self.turn_began = self.clock
        self.began = self.clock
        self.line("session_meta", {
            "id": self.session_id, "timestamp": self.timestamp, "cwd": story.cwd, "originator": "codex-tui",
            "cli_version": next(version for least, version in _VERSIONS if days_ago >= least), "source": "cli",
            "model_provider": "openai", "git": {"branch": story.branch},
        })  # fmt: skip

    def files(self) -> dict[PurePosixPath, bytes]:
        """The rollout, by its path within the home."""
        name = f"rollout-{self.began:%Y-%m-%dT%H-%M-%S}-{self.session_id}.jsonl"
        return {PurePosixPath("sessions", f"{self.began:%Y/%m/%d}", name): to_lines(self.records)}

    def line(self, type: str, payload: dict[str, Any]) -> None:
        """One line."""
        self.records.append({"timestamp": self.timestamp, "type": type, "payload": payload})

    def event(self, type: str, **fields: Any) -> None:
        """An ``event_msg`` line."""
        self.line("event_msg", {"type": type, **fields})

    def prompt(self, text: str) -> None:
        """A turn begins."""
        self.turn_id = self.uuid()
        self.turn_began = self.clock
        self.event("task_started", turn_id=self.turn_id, model_context_window=272_000)
        self.line(
            "turn_context",
            {"turn_id": self.turn_id, "cwd": self.story.cwd, "model": self.story.model, "effort": "high"},
        )
        self.meter.add_text(len(text))
        self.event("user_message", message=text, images=[])

    def respond(self, item: dict[str, Any], output: int) -> None:
        """One API answer, and the count that follows it."""
        self.wait(2 + output / 90)
        self.line("response_item", {"type": "reasoning", "summary": [], "content": None, "encrypted_content": "…"})
        self.line("response_item", item)
        usage = self.meter.take(self.clock.timestamp(), output)
        prompt, cached = usage.prompt_size, usage.cache_read // 128 * 128
        numbers = (prompt, cached, output, output * self.rng.randint(20, 60) // 100, prompt + output)
        last = dict(zip(_COUNTS, numbers, strict=True))
        self.total = {name: self.total[name] + last[name] for name in _COUNTS}
        info = {"total_token_usage": dict(self.total), "last_token_usage": last, "model_context_window": 272_000}
        self.event("token_count", info=info, rate_limits={"primary": {"used_percent": 11.0, "window_minutes": 300}})

    def call(self, step: Step, command: str) -> None:
        """A response that runs a command."""
        self.call_id = self.token("call_")
        item = {
            "type": "function_call", "name": "exec_command", "call_id": self.call_id,
            "arguments": json.dumps({"cmd": command, "workdir": self.story.cwd}),
        }  # fmt: skip
        self.respond(item, self.output_of(step))

    def output(self, text: str, kind: str = "function_call_output") -> None:
        """What came of a call."""
        self.meter.add_text(len(text))
        self.line("response_item", {"type": kind, "call_id": self.call_id, "output": text})

    def do_run(self, step: Step) -> None:
        """A command that went well."""
        self.shell(step, 0)

    def do_fail(self, step: Step) -> None:
        """A command that failed."""
        self.shell(step, 101)

    def shell(self, step: Step, code: int) -> None:
        """A command and its output."""
        self.call(step, step.what)
        seconds = self.seconds_of(step.what)
        self.wait(seconds)
        chunk = f"Chunk ID: {self.rng.getrandbits(24):06x}\nWall time: {seconds:.4f} seconds"
        self.output(
            f"{chunk}\nProcess exited with code {code}\nOriginal token count: 90\nOutput:\n{self.printed(step)}"
        )

    def look_at(self, path: str, lines: int) -> None:
        """A file of the project is read."""
        self.seen.add(path)
        self.do_run(Step("run", f"sed -n 1,{lines}p {path}", make_file(path, lines)))

    def search(self, word: str) -> None:
        """A word is looked for in the project."""
        found = "\n".join(f"src/{word}.rs:{number}: {make_line(self.rng)}" for number in range(7, 90, 9))
        self.do_run(Step("run", f"rg -n {word} src", found))

    def do_edit(self, step: Step) -> None:
        """A file is changed by a patch."""
        old, new = make_file(step.what, step.removed), make_file(step.what, step.added, 1)
        lines = [*(f"-{line}" for line in old.splitlines()), *(f"+{line}" for line in new.splitlines())]
        diff = "@@\n" + "\n".join(lines)
        self.patch(step, "Update", diff, {"type": "update", "unified_diff": diff, "move_path": None})

    def do_write(self, step: Step) -> None:
        """A file is added by a patch."""
        content = make_file(step.what, step.added)
        body = "\n".join(f"+{line}" for line in content.splitlines())
        self.patch(step, "Add", body, {"type": "add", "content": content + "\n"})

    def patch(self, step: Step, op: str, body: str, change: dict[str, Any]) -> None:
        """An ``apply_patch`` with its event and output."""
        self.seen.discard(step.what)
        self.call_id = self.token("call_")
        text = f"*** Begin Patch\n*** {op} File: {step.what}\n{body}\n*** End Patch\n"
        item = {"type": "custom_tool_call", "status": "completed", "name": "apply_patch", "call_id": self.call_id}
        self.respond({**item, "input": text}, self.output_of(step))
        path = f"{self.story.cwd}/{step.what}"
        self.event("patch_apply_end", call_id=self.call_id, turn_id=self.turn_id, success=True, changes={path: change})
        said = {"output": f"Success. Updated the following files:\n{op[0]} {step.what}\n", "metadata": {"exit_code": 0}}
        self.output(json.dumps(said), "custom_tool_call_output")

    def do_web(self, step: Step) -> None:
        """A search on the web, done on the server's side."""
        action = {"type": "search", "query": step.what}
        self.respond({"type": "web_search_call", "status": "completed", "action": action}, 90)
        self.meter.add_text(sum(len(make_line(self.rng)) for _ in range(80)))

    def do_say(self, step: Step) -> None:
        """The answer that ends a turn."""
        content = [{"type": "output_text", "text": step.what}]
        self.respond({"type": "message", "role": "assistant", "content": content}, self.rng.randint(120, 500))
        self.event("task_complete", turn_id=self.turn_id, last_agent_message=step.what, duration_ms=self.elapsed_ms())

    def do_stop(self, step: Step) -> None:
        """The person interrupts."""
        self.wait(self.rng.uniform(2, 12))
        self.event("turn_aborted", turn_id=self.turn_id, reason="interrupted", duration_ms=self.elapsed_ms())

    def elapsed_ms(self) -> int:
        """Since the turn began."""
        return round((self.clock - self.turn_began).total_seconds() * 1000)
