"""Names of tools and of their categories."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Self

import msgspec

from tachograph.analysis.expectations._reading import Misread, suggest
from tachograph.analysis.expectations._values import read_text
from tachograph.model import ToolCall

CATEGORIES = ("shell", "read", "edit", "search", "web", "task", "subagent", "other")
ALIASES = {"bash": ("shell",), "file_ops": ("read", "edit", "search")}
"""Categories that other tools' files name, and what they are here."""
_TOOLS = """
    Agent AgentOutputTool AskUserQuestion Bash BashOutput Edit EnterPlanMode ExitPlanMode Glob Grep KillBash KillShell
    LS LSP ListMcpResourcesTool MultiEdit NotebookEdit NotebookRead PowerShell Read ReadMcpResourceTool SendMessage
    Skill SlashCommand StructuredOutput Task TaskCreate TaskGet TaskList TaskOutput TaskStop TaskUpdate TodoRead
    TodoWrite ToolSearch WebFetch WebSearch Workflow Write
    close_agent exec_command grep_files list_dir local_shell read_file resume_agent send_input shell_command spawn_agent
    shell unified_exec update_plan view_image web_fetch web_search write_stdin
"""
AGENT_TOOLS = frozenset(_TOOLS.split())
"""Tools of the agents whose logs are read; no program that one runs in a shell has such a name. ``apply_patch`` is not
here: it is a command, too."""
_GLOB = re.compile(r"[*?]|\[.+\]")
_WHITE = re.compile(r"\s")
_SHELLS = (
    "Bash", "PowerShell", "container.exec", "exec_command", "local_shell", "shell", "shell_command", "unified_exec",
    "write_stdin",
)  # fmt: skip
"""Tools that run, or type, commands."""
_USE = re.compile(r"([\w*?.:!\[\]-]+)\((.*)\)", re.DOTALL)


class ToolPattern(msgspec.Struct, frozen=True):
    """A tool's name or a glob of names; capitals count."""

    text: str

    @classmethod
    def read(cls, value: object) -> Self:
        """The pattern that a file gives. Raises Misread."""
        text = read_text(value, "the name of a tool").strip()
        use = split_use(text)
        if use is None:
            return cls(text)
        field = "command" if cls(use[0]).names_a_shell else "input"
        hint = f"Write {{tool: {use[0]}, {field}: {without_star(use[1])}}}."
        raise Misread(f"{text!r} is more than the name of a tool", (), hint)

    @property
    def names_a_shell(self) -> bool:
        """Whether a tool is meant, perhaps among others, that runs commands."""
        return any(map(self.matches, _SHELLS))

    def matches(self, name: str) -> bool:
        """Whether a tool of this name is meant."""
        return fnmatchcase(name, self.text)


class CategoryPattern(msgspec.Struct, frozen=True):
    """A category of tools: shell, read, edit, search, web, task, subagent, other, mcp (any), or ``mcp:<server>``."""

    text: str

    @classmethod
    def read(cls, value: object) -> Self:
        """The category that a file gives; ``bash``, ``file_ops``, ``mcp_<server>`` are understood. Raises Misread."""
        text = read_text(value, "a category of tools").strip()
        if is_category(text):
            return cls(text)
        hint = suggest(text, [*CATEGORIES, *ALIASES, "mcp", "mcp:<server>"])
        raise Misread(f"unknown category {text!r}", (), hint)

    def matches(self, call: ToolCall) -> bool:
        """Whether ``call`` is of this category."""
        text, category = self.text, call.category
        if text == "mcp" or text.startswith(("mcp:", "mcp_")):
            server = text[4:]
            return category.startswith("mcp:") and (not server or fnmatchcase(category[4:], server))
        return category in ALIASES.get(text, (text,))


def split_use(text: str) -> tuple[str, str] | None:
    """The tool and the text of ``TOOL(text)``; None where it is written otherwise."""
    use = _USE.fullmatch(text)
    return None if use is None else (use[1], use[2].strip())


def without_star(text: str) -> str:
    """``text`` without the ``:*`` or `` *`` at its end that permissions (``Bash(rm:*)``) are written with."""
    return text.removesuffix("*").rstrip(": ") if text.endswith((":*", " *")) else text


def is_category(text: str) -> bool:
    """Whether ``text`` names a category."""
    return text in CATEGORIES or text in ALIASES or text == "mcp" or (text[:4] in ("mcp:", "mcp_") and len(text) > 4)


def is_only_a_tool(text: str) -> bool:
    """Whether ``text`` can be nothing but the name of a tool, or a pattern of names: no program is called so."""
    return text in AGENT_TOOLS or text.startswith("mcp__") or (not _WHITE.search(text) and bool(_GLOB.search(text)))
