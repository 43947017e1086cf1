"""What a report calls the user's own things: as they are called, or by pseudonyms that tell nothing."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from pathlib import Path

from tachograph.app.dashboard.projects import NO_PROJECT, name_projects
from tachograph.app.export.write import write_privately
from tachograph.paths import private_dir

UNKNOWN = "(unknown)"
_LONGEST = 160
"""Characters of a name, a title or a command that are shown."""
KEY_FILE = "pseudonyms.key"
_KEY_BYTES, _SHOWN_BYTES = 32, 4
_OWN_TYPES = frozenset({
    "main", "main session", "subagent", "unknown",
    "Explore", "Plan", "general-purpose", "statusline-setup", "output-style-setup", "claude-code-guide",
    "default", "explorer", "worker",
})  # fmt: skip
"""Kinds of agents that come with Claude Code and Codex, and our own words for a session."""
_OWN_TOOLS = frozenset({
    "Agent", "AgentOutputTool", "AskUserQuestion", "Bash", "BashOutput", "Edit", "EnterPlanMode", "EnterWorktree",
    "ExitPlanMode", "ExitWorktree", "Glob", "Grep", "KillBash", "KillShell", "LS", "LSP", "ListMcpResourcesTool",
    "Monitor", "MultiEdit", "NotebookEdit", "NotebookRead", "PowerShell", "Read", "ReadMcpResourceTool",
    "ReportFindings", "SendMessage", "Skill", "SlashCommand", "StructuredOutput", "Task", "TaskCreate", "TaskGet",
    "TaskList", "TaskOutput", "TaskStop", "TaskUpdate", "TodoRead", "TodoWrite", "ToolSearch", "WebFetch",
    "WebSearch", "Workflow", "Write", "apply_patch", "close_agent", "container.exec", "exec_command", "grep_files",
    "list_dir", "local_shell", "read_file", "request_user_input", "resume_agent", "send_input", "shell",
    "shell_command", "spawn_agent", "tool_search", "unified_exec", "update_plan", "view_image", "wait", "web_fetch",
    "web_search", "write_stdin",
})  # fmt: skip
"""Tools that come with Claude Code and Codex: any other has been named by somebody else."""
_OWN_CATEGORIES = frozenset({"shell", "read", "edit", "search", "web", "task", "subagent", "other"})
_MCP = "mcp:"
_PLACES = re.compile(r"(?:(?:us|eu|apac|au|jp|global)\.)?anthropic\.|(?:openai|anthropic|google)/")
"""Before a model's name: where it is offered."""
_FAMILY = re.compile(
    r"(?:chatgpt|claude|codestral|codex|deepseek|devstral|gemini|gemma|glm|gpt|grok|kimi|llama|mistral|o|qwen)\d{0,2}"
)
_MODEL_WORD = re.compile(
    r"v?\d{1,8}[a-z]?|chat|chatgpt|codex|coder|fable|fast|flash|haiku|high|instant|instruct|large|latest|lite|low|max"
    r"|medium|micro|mini|nano|opus|oss|preview|pro|reasoner|small|sonnet|spark|thinking|turbo"
)
_MODEL_BREAK = re.compile(r"[-.:]")
_MODEL_WORDS = 8
"""Names of published models: a family, then versions and the usual words. What is named otherwise may have been tuned
or deployed by somebody, and tell of them."""


class Names:
    """Names as they are."""

    is_safe = False

    def __init__(self, projects: Iterable[str] = ()) -> None:
        """``projects``: the paths of all that are named, so that each is called by as little as tells it apart."""
        self._projects = name_projects(projects)

    def project(self, path: str) -> str:
        """A project, by the last parts of its path."""
        return _cut(self._projects.get(path, path)) or NO_PROJECT

    def place(self, path: str) -> str:
        """Where a project lies; empty when that is not told."""
        return _cut(path)

    def session(self, id: str, label: str) -> str:
        """A session: what it is about, else its id."""
        return _cut(label or id)

    def agent_type(self, name: str) -> str:
        """A kind of agent."""
        return _cut(name) or UNKNOWN

    def tool(self, name: str) -> str:
        """A tool."""
        return _cut(name) or UNKNOWN

    def category(self, name: str) -> str:
        """A category of tools, or an MCP server as ``mcp:<server>``."""
        return _cut(name)

    def model(self, name: str) -> str:
        """A model."""
        return _cut(name) or UNKNOWN

    def text(self, text: str) -> str:
        """A command, a path …; empty when such things are not told."""
        return _cut(text)


class Pseudonyms(Names):
    """Words such as ``project-7f3a19c2`` in the place of whatever the user or a log has named.

    They are a keyed hash: the same name has the same pseudonym in every report of this installation, another one in
    every other's, and without the key nobody can find out by trying names. What agents, model makers and Tachograph
    itself have named stays.
    """

    is_safe = True

    def __init__(self, key: bytes) -> None:
        super().__init__()
        self._key = key

    def project(self, path: str) -> str:
        """A project."""
        return self._hide("project", path) if path else NO_PROJECT

    def place(self, path: str) -> str:
        """Nothing."""
        return ""

    def session(self, id: str, label: str) -> str:
        """A session; nothing of what it is about."""
        return self._hide("session", id)

    def agent_type(self, name: str) -> str:
        """A kind of agent; those that agents bring stay."""
        return self._hide("type", name) if name and name not in _OWN_TYPES else name or UNKNOWN

    def tool(self, name: str) -> str:
        """A tool; those that agents bring stay."""
        return self._hide("tool", name) if name and name not in _OWN_TOOLS else name or UNKNOWN

    def category(self, name: str) -> str:
        """A category; an MCP server's name goes."""
        if name.startswith(_MCP):
            return _MCP + self._hide("server", name.removeprefix(_MCP))
        return name if name in _OWN_CATEGORIES else self._hide("category", name)

    def model(self, name: str) -> str:
        """A model; published ones stay."""
        return self._hide("model", name) if name and not _is_published(name) else name or UNKNOWN

    def text(self, text: str) -> str:
        """Nothing."""
        return ""

    def _hide(self, kind: str, name: str) -> str:
        text = f"{kind}\0{name}".encode("utf-8", "surrogatepass")
        return f"{kind}-{hashlib.blake2b(text, key=self._key, digest_size=_SHOWN_BYTES).hexdigest()}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _is_published(model: str) -> bool:
    """Whether the name is made of nothing but what makers of models put into theirs."""
    place = _PLACES.match(model)
    family, *words = _MODEL_BREAK.split(model[place.end() if place else 0 :].removesuffix("[1m]"))
    known = all(_MODEL_WORD.fullmatch(word) for word in words)
    return bool(_FAMILY.fullmatch(family)) and len(words) <= _MODEL_WORDS and known


def load_pseudonyms(folder: Path) -> Pseudonyms:
    """The pseudonyms of this installation; their key lies in the data folder (0600) and is made when there is none.

    Raises TachographError when it cannot be written.
    """
    path = private_dir(folder) / KEY_FILE
    if not _is_key(path):
        with write_privately(path) as stream:
            stream.write(secrets.token_bytes(_KEY_BYTES))
    return Pseudonyms(path.read_bytes()[:_KEY_BYTES])


def _is_key(path: Path) -> bool:
    return path.is_file() and path.stat().st_size == _KEY_BYTES
