"""A story as Claude Code's transcripts: what each step of it writes."""

from __future__ import annotations

from tachograph.app.demo.claude_transcript import ClaudeTranscript
from tachograph.app.demo.meter import Meter
from tachograph.app.demo.scribe import Record, make_file, make_line
from tachograph.app.demo.story import Step

_REFUSAL = (
    "The user doesn't want to proceed with this tool use. The tool use was rejected (eg. if it was a file edit, the"
    " new_string was NOT written to the file). STOP what you are doing and wait for the user to tell you what to do."
)


class ClaudeScribe(ClaudeTranscript):
    """Plays one main session and its subagents."""

    def do_read(self, step: Step) -> None:
        """A file is read whole."""
        path = f"{self.story.cwd}/{step.what}"
        self.seen.add(step.what)
        content = make_file(path, step.added, self.editions.get(path, 0))
        self.call(step, "Read", {"file_path": path})
        text = "\n".join(f"{number}\t{line}" for number, line in enumerate(content.splitlines(), 1))
        file = {"filePath": path, "content": content, "numLines": step.added, "startLine": 1, "totalLines": step.added}
        self.result(text, {"type": "text", "file": file}, seconds=0.1)

    def look_at(self, path: str, lines: int) -> None:
        """A file of the project is read."""
        self.do_read(Step("read", path, added=lines))

    def search(self, word: str) -> None:
        """A word is looked for in the project."""
        self.do_grep(Step("grep", word, added=self.rng.randint(2, 24)))

    def do_grep(self, step: Step) -> None:
        """A search over the project."""
        self.call(step, "Grep", {"pattern": step.what, "path": self.story.cwd, "output_mode": "content"})
        text = "\n".join(
            f"src/{make_line(self.rng).split()[0]}.py:{self.rng.randint(3, 280)}: {step.what}"
            for _ in range(step.added)
        )
        self.result(
            text or "No matches found", {"mode": "content", "numFiles": step.added, "filenames": []}, seconds=0.3
        )

    def do_edit(self, step: Step) -> None:
        """A part of a file is changed."""
        self.seen.discard(step.what)
        path = f"{self.story.cwd}/{step.what}"
        edition = self.editions[path] = self.editions.get(path, 0) + 1
        old, new = make_file(path, step.removed, edition), make_file(path, step.added, edition + 1)
        lines = [*(f"-{line}" for line in old.splitlines()), *(f"+{line}" for line in new.splitlines())]
        hunk = {"oldStart": 12, "oldLines": step.removed, "newStart": 12, "newLines": step.added, "lines": lines}
        self.call(step, "Edit", {"file_path": path, "old_string": old, "new_string": new})
        detail = {"filePath": path, "oldString": old, "newString": new, "structuredPatch": [hunk], "replaceAll": False}
        self.result(f"The file {path} has been updated successfully.", detail)

    def do_miss(self, step: Step) -> None:
        """An edit whose text is not in the file."""
        old = make_line(self.rng)
        given = {"file_path": f"{self.story.cwd}/{step.what}", "old_string": old, "new_string": make_line(self.rng)}
        self.call(step, "Edit", given)
        text = f"String to replace not found in file.\nString: {old}"
        self.result(f"<tool_use_error>{text}</tool_use_error>", f"Error: {text}", error=True)

    def do_write(self, step: Step) -> None:
        """A file is written; it is new unless it was written before."""
        self.seen.discard(step.what)
        path = f"{self.story.cwd}/{step.what}"
        content = make_file(path, step.added, self.editions.get(path, 0))
        kind = "update" if path in self.editions else "create"
        self.editions.setdefault(path, 0)
        self.call(step, "Write", {"file_path": path, "content": content})
        said = "File created successfully at" if kind == "create" else "The file has been updated:"
        self.result(f"{said}: {path}", {"type": kind, "filePath": path, "content": content, "structuredPatch": []})

    def do_run(self, step: Step) -> None:
        """A command that went well."""
        self.shell(step, {})

    def shell(self, step: Step, extra: Record) -> None:
        """A command and its output."""
        self.call(step, "Bash", {"command": step.what, "description": "Run a command"})
        text = self.printed(step)
        detail = {"stdout": text, "stderr": "", "interrupted": False, "isImage": False, **extra}
        self.result(text, detail, error=False, seconds=self.seconds_of(step.what))

    def do_fail(self, step: Step) -> None:
        """A command that failed."""
        self.call(step, "Bash", {"command": step.what, "description": "Run a command"})
        text = f"Exit code 1\n{self.printed(step)}"
        self.result(text, f"Error: {text}", error=True, seconds=self.seconds_of(step.what))

    def do_deny(self, step: Step) -> None:
        """A command that the person refused."""
        self.call(step, "Bash", {"command": step.what, "description": "Run a command"})
        self.result(_REFUSAL, "User rejected tool use", error=True, seconds=9, toolDenialKind="user-rejected")

    def do_commit(self, step: Step) -> None:
        """Everything is committed."""
        sha = f"{self.rng.getrandbits(28):07x}"
        command = Step("run", f'git add -A && git commit -m "{step.what}"', f"[{self.story.branch} {sha}] {step.what}")
        self.shell(command, {"gitOperation": {"commit": {"sha": sha, "kind": "committed"}}})

    def do_web(self, step: Step) -> None:
        """A search on the web."""
        self.call(step, "WebSearch", {"query": step.what})
        text = "\n".join(make_line(self.rng) for _ in range(30))
        self.result(text, {"query": step.what, "results": [text], "durationSeconds": 3.1}, seconds=3.1)

    def do_mcp(self, step: Step) -> None:
        """A tool of an MCP server."""
        self.call(step, f"mcp__{step.what}__{step.result}", {"owner": "ada", "repo": self.story.project})
        text = "\n".join(make_line(self.rng) for _ in range(self.rng.randint(5, 60)))
        self.result(text, [{"type": "text", "text": text}], seconds=self.rng.uniform(0.4, 1.9))

    def do_task(self, step: Step) -> None:
        """A subagent looks around and reports."""
        helper = ClaudeScribe(
            self.story, self.clock, self.days_ago, f"{self.session_id}:{len(self.helpers)}", parent=self
        )
        helper.lifetime_of_helper()
        helper.agent_type = step.result
        self.call(step, "Agent", {"subagent_type": step.result, "description": step.what[:40], "prompt": step.what})
        helper.call_id, helper.clock = self.call_id, self.clock
        began = helper.clock
        helper.prompt(step.what)
        self.helpers.append(helper)
        for number in range(9 if step.folder else self.rng.randint(4, 9)):
            path = f"{step.folder or self.rng.choice(('src', 'lib', 'app'))}/part_{number}.py"
            look = Step("grep", self.rng.choice(("import", "class", "TODO")), added=self.rng.randint(2, 30))
            helper.do_grep(look) if number % 3 == 0 else helper.do_read(Step("read", path, added=40 + 31 * number))
        answer = "\n".join(make_line(self.rng) for _ in range(self.rng.randint(12, 40)))
        helper.respond({"type": "text", "text": answer}, self.rng.randint(300, 900), "end_turn")
        spent = helper.clock - began
        detail = {
            "status": "completed", "agentId": helper.agent_id, "agentType": step.result, "prompt": step.what,
            "content": [{"type": "text", "text": answer}], "totalDurationMs": round(spent.total_seconds() * 1000),
            "totalTokens": helper.meter.context,
        }  # fmt: skip
        self.result(answer, detail, seconds=spent.total_seconds() + 0.3)

    def lifetime_of_helper(self) -> None:
        """Subagents write to the 5-minute cache and begin with a smaller context."""
        self.meter = Meter(self.rng, 24_500 + self.rng.randint(0, 1900), 300.0)

    def do_say(self, step: Step) -> None:
        """The answer that ends a turn."""
        self.respond({"type": "text", "text": step.what}, self.rng.randint(90, 420), "end_turn")

    def do_stop(self, step: Step) -> None:
        """The person interrupts while the next call is being made."""
        self.wait(self.rng.uniform(3, 15))
        text = {"type": "text", "text": "[Request interrupted by user]"}
        self.line("user", message={"role": "user", "content": [text]})

    def do_back(self, step: Step) -> None:
        """The person goes back: the next prompt answers to what this turn's prompt had answered to."""
        self.tip, self.meter = self.before

    def do_overload(self, step: Step) -> None:
        """The API refuses twice before it answers."""
        for attempt in (1, 2):
            body = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
            error = {"status": 529, "headers": {}, "error": body}
            self.line("system", subtype="api_error", level="error", error=error, retryAttempt=attempt, maxRetries=10)
            self.wait(2.0**attempt)

    def do_compact(self, step: Step) -> None:
        """The context has grown too large and is summarised."""
        before = self.meter.compact()
        self.seen.clear()
        metadata = {"trigger": "auto" if before > 120_000 else "manual", "preTokens": before}
        self.line(
            "system",
            subtype="compact_boundary",
            level="info",
            content="Conversation compacted",
            compactMetadata=metadata,
        )
        summary = "This session is being continued from a previous conversation. " + make_file(self.session_id, 60)
        content = {"role": "user", "content": summary}
        self.line("user", message=content, isCompactSummary=True, isVisibleInTranscriptOnly=True)
