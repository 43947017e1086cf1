"""Real agent CLIs, each with a home of its own and a model on loopback; nothing of this machine's user is read."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tachograph.warehouse.store import FILE_NAME
from tests.agents.model_server import Asked, Body, Call, Model

RUN_SECONDS = 60
_CODEX_AGENTS = "multi_agent_v1"
"""Where its tools for subagents are."""
_TACHO = [sys.executable, "-m", "tachograph"]
_CODEX_CONFIG = """\
model = "gpt-5.1-codex"
model_provider = "loopback"
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false
[analytics]
enabled = false
[features]
apps = false
plugins = false
remote_plugin = false
[model_providers.loopback]
name = "loopback"
base_url = "{url}/v1"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
"""


@dataclass
class Run:
    """One call of the CLI: what it printed and what it asked of the model; ``began`` in seconds since 1970."""

    output: str
    errors: str
    asked: list[Asked]
    began: float
    seconds: float


class AgentCli:
    """A CLI with its own home, project and data folder of Tachograph."""

    agent: str
    settings_file: str
    """Where its hooks are installed, below its home."""

    def __init__(self, program: str, folder: Path, model: Model) -> None:
        self.program, self.folder, self.model = program, folder, model
        self.home, self.data, self.project = (folder / name for name in ("home", "data", "project"))
        for place in (self.home, self.data, self.project):
            place.mkdir(parents=True)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "TMPDIR": str(folder),
            "TACHO_DATA_DIR": str(self.data),
            "HTTP_PROXY": model.url,
            "HTTPS_PROXY": model.url,
            "http_proxy": model.url,
            "https_proxy": model.url,
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }

    def command(self, prompt: str, arguments: Sequence[str]) -> list[str]:
        """What is run for a prompt."""
        raise NotImplementedError

    def resume(self, session: str, prompt: str) -> Run:
        """Go on with a session that has ended."""
        raise NotImplementedError

    def next_step(self, results: list[str], part: str) -> Call | None:
        """What the model does to have a subagent do a part, after these results of tools; None: nothing any more."""
        raise NotImplementedError

    def tool_results(self, body: Body) -> list[str]:
        """What tools have returned in a request's conversation."""
        raise NotImplementedError

    def ask(self, prompt: str, *arguments: str) -> Run:
        """Run one whole session, and return when the CLI has ended."""
        before, began = len(self.model.asked), time.time()
        done = subprocess.run(
            self.command(prompt, arguments), cwd=self.project, env=self.environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=RUN_SECONDS, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        return Run(done.stdout, done.stderr, self.model.asked[before:], began, time.time() - began)

    def tacho(self, *arguments: str) -> str:
        """Run our own command as the user of this home would."""
        done = subprocess.run(
            [*_TACHO, *arguments], cwd=self.project, env=self.environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=RUN_SECONDS, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def install_hooks(self) -> str:
        """Let Tachograph install its hooks for this CLI."""
        return self.tacho("hooks", "install", "--agent", self.agent, "--activation", "manual")

    def stored(self) -> set[str]:
        """The ids of the sessions that the warehouse has now."""
        return set(self.query("SELECT id FROM sessions"))

    def query(self, sql: str) -> list[Any]:
        """The first column of what the warehouse holds now; nothing while there is none."""
        try:
            with closing(sqlite3.connect(f"file:{self.data / FILE_NAME}?mode=ro", uri=True, timeout=5)) as connection:
                return [row[0] for row in connection.execute(sql)]
        except sqlite3.OperationalError:  # it is not there yet
            return []

    def settings(self) -> bytes | None:
        """The file that hooks are installed in; None when there is none."""
        file = self.home / self.settings_file
        return file.read_bytes() if file.exists() else None

    def assignments(self) -> list[Body]:
        """The lines that the hooks wrote about trials, first ones first."""
        file = self.data / "hooks" / "assignments.ndjson"
        lines = file.read_text().splitlines() if file.exists() else []
        return [record for record in map(json.loads, lines) if "trial" in record]


class Codex(AgentCli):
    """The Codex CLI."""

    agent = "codex"
    settings_file = ".codex/hooks.json"

    def __init__(self, program: str, folder: Path, model: Model) -> None:
        super().__init__(program, folder, model)
        place = self.home / ".codex"
        place.mkdir()
        (place / "config.toml").write_text(_CODEX_CONFIG.format(url=model.url))

    def command(self, prompt: str, arguments: Sequence[str]) -> list[str]:
        return [self.program, "exec", *arguments, "--skip-git-repo-check", "--dangerously-bypass-hook-trust", prompt]

    def resume(self, session: str, prompt: str) -> Run:
        return self.ask(prompt, "resume", session)

    def next_step(self, results: list[str], part: str) -> Call | None:
        if not results:
            return Call("spawn_agent", {"message": part, "agent_type": "explorer"}, _CODEX_AGENTS)
        if len(results) > 1:
            return None
        started = json.loads(results[0])["agent_id"]
        return Call("wait_agent", {"targets": [started], "timeout_ms": 20_000}, _CODEX_AGENTS)

    def tool_results(self, body: Body) -> list[str]:
        return [item["output"] for item in body["input"] if item["type"] == "function_call_output"]


class ClaudeCode(AgentCli):
    """Claude Code."""

    agent = "claude_code"
    settings_file = ".claude/settings.json"

    def __init__(self, program: str, folder: Path, model: Model) -> None:
        super().__init__(program, folder, model)
        self.environment |= {
            "ANTHROPIC_BASE_URL": model.url,
            "ANTHROPIC_API_KEY": "none",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
            "DISABLE_ERROR_REPORTING": "1",
            "DISABLE_TELEMETRY": "1",
        }

    def command(self, prompt: str, arguments: Sequence[str]) -> list[str]:
        return [self.program, "-p", *arguments, prompt]

    def resume(self, session: str, prompt: str) -> Run:
        return self.ask(prompt, "--resume", session)

    def next_step(self, results: list[str], part: str) -> Call | None:
        kind = {"subagent_type": "general-purpose", "run_in_background": False}
        return None if results else Call("Agent", {"description": "a part", "prompt": part, **kind})

    def tool_results(self, body: Body) -> list[str]:
        said = [message["content"] for message in body["messages"] if isinstance(message["content"], list)]
        return [json.dumps(block) for content in said for block in content if block["type"] == "tool_result"]
