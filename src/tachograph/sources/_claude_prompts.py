"""What a user line of Claude Code is: a person's prompt, a command, or something the harness put there."""

from __future__ import annotations

import re

from tachograph.model import PromptKind

INTERRUPTED = "[Request interrupted by user"
_HARNESS = (
    "<local-command-", "<bash-stdout>", "<bash-stderr>", "<system-reminder>", "<tick>", "<session-start-hook>",
)  # fmt: skip
_COMMAND = ("<command-name>", "<command-message>")
_NAME = re.compile(r"<command-name>\s*(.*?)\s*</command-name>", re.DOTALL)
_ARGS = re.compile(r"<command-args>\s*(.*?)\s*</command-args>", re.DOTALL)
_SHELL = re.compile(r"<bash-input>\s*(.*?)\s*</bash-input>", re.DOTALL)


def classify_prompt(text: str, origin: str | None, is_meta: bool, is_summary: bool) -> tuple[PromptKind, str]:
    """Kind of a user text, and the text as the person typed it (``/name args`` for a slash command).

    ``origin`` is the line's ``origin.kind``: None where the version does not write one.
    """
    if is_summary:
        return "compact_summary", text
    if is_meta:
        return "meta", text
    start = text.lstrip()
    if start.startswith("<task-notification>") or origin not in (None, "human"):
        return "notification", text
    if start.startswith(_COMMAND):
        return "slash", _slash_text(text)
    if start.startswith("<bash-input>"):
        match = _SHELL.search(text)
        return "shell", "!" + match[1] if match else text
    if start.startswith(_HARNESS):
        return "meta", text
    return "human", text


def _slash_text(text: str) -> str:
    name, args = _NAME.search(text), _ARGS.search(text)
    if name is None:
        return text
    return f"{name[1]} {args[1]}" if args and args[1] else name[1]
