"""Documents that prompts name, and which of them were read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tachograph.analysis.shell import examine_command
from tachograph.analysis.task_text import find_task_text
from tachograph.model import Session, ToolCall

ENDINGS = (
    "adoc", "csv", "doc", "docx", "epub", "htm", "html", "md", "markdown", "mdx", "odt", "org", "pdf", "ppt", "pptx",
    "rst", "rtf", "tex", "tsv", "txt", "xls", "xlsx",
)  # fmt: skip
"""What the names of documents end in: texts and tables for people. Code and configuration are none."""
_PROMPTS = frozenset({"human", "slash", "task"})
_NAME = re.compile(
    rf"(?<![\w*}}>/\\.-])(?:[A-Za-z]:[\\/]|~?[\\/])?[\w@.+-]+(?:[\\/][\w@.+-]+)*\.(?:{'|'.join(ENDINGS)})\b(?![\w/\\-]|\.\w)",
    re.IGNORECASE,
)
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_POWERSHELL = re.compile(r"\b(?:Get-Content|gc)\s+([^|;\n]*)", re.IGNORECASE)
"""Its way to print files, which the grammar of shells does not know."""
_QUOTES = "'\""
_PASSING = re.compile(r"/(?:tmp|temp|var/folders)/")
"""Folders of files that do not last: such names stand in pasted output."""
_GIVEN = frozenset({"agent.md", "agents.md", "claude.md", "claude.local.md", "gemini.md"})
"""Instructions that agents' programs read by themselves."""


def find_documents(session: Session) -> list[str]:
    """The documents that the prompts name, each once, as paths in lower case with slashes.

    Of two names of which one is the end of the other, the longer counts. Left out: those in fenced blocks and
    addresses, instructions that the agent's program reads by itself, files that Claude Code puts in for ``@name``, and
    files that the session made itself.
    """
    made = {_plain(path) for call in session.tool_calls for path, op in _files(call) if op == "create"}
    found: dict[str, None] = {}
    for prompt in session.prompts:
        if prompt.kind in _PROMPTS and prompt.text:
            for name in _names(prompt.text, prompt.kind == "slash", session.agent):
                if not any(_is_same(name, path) for path in made):
                    found[name] = None
    return [name for name in found if not any(other.endswith(f"/{name}") for other in found)]


def read_documents(session: Session, documents: Iterable[str]) -> set[str]:
    """Those of ``documents`` that a successful call read: by a tool, or by a command that prints files."""
    unread = set(documents)
    found: set[str] = set()
    for call in session.tool_calls:
        if not unread:
            break
        if call.status == "ok":
            for path in _paths_read(call, unread):
                found |= {name for name in unread if _is_same(name, path)}
        unread -= found
    return found


def _names(text: str, is_slash: bool, agent: str) -> Iterator[str]:
    prose = text if is_slash else find_task_text(text) or ""
    for match in _NAME.finditer(_ADDRESS.sub(" ", _FENCE.sub(" ", prose))):
        name = match[0]
        if name.startswith("@"):
            if agent == "claude_code":
                continue
            name = name[1:]
        plain = _plain(name)
        if plain.rpartition("/")[2] not in _GIVEN and not _PASSING.search(plain):
            yield plain


def _paths_read(call: ToolCall, names: set[str]) -> Iterator[str]:
    for path, op in _files(call):
        if op == "read":
            yield _plain(path)
    if call.category == "shell" and call.command:
        command = call.command.lower()
        if any(name.rpartition("/")[2] in command for name in names):  # to examine it takes longer
            yield from (_plain(file.path) for file in examine_command(call.command).reads)
            for given in _POWERSHELL.findall(call.command):
                yield from (_plain(word.strip(_QUOTES)) for word in given.split())


def _files(call: ToolCall) -> Iterator[tuple[str, str]]:
    if call.path and call.status == "ok":
        yield call.path, call.file_op
        for touch in call.more_files:
            yield touch.path, touch.op


def _plain(path: str) -> str:
    plain = path.replace("\\", "/").lower()
    while plain.startswith("./"):
        plain = plain[2:]
    return plain


def _is_same(name: str, path: str) -> bool:
    """Whether both may be one file: one is the end of the other, part by part."""
    return name == path or path.endswith(f"/{name.lstrip('/~')}") or name.endswith(f"/{path.lstrip('/~')}")
