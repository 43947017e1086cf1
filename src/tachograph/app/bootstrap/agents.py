"""The agents' instructions: which files get the block, and what it says."""

from __future__ import annotations

import re
from pathlib import Path

from tachograph.app.bootstrap.block import MARKDOWN, has_block
from tachograph.app.bootstrap.files import locate, read_text

AGENTS, CLAUDE = "AGENTS.md", "CLAUDE.md"
_IMPORT = re.compile(rb"(?:^|(?<=\s))@(?:\./)?AGENTS\.md(?=[\s.,;:)]|\Z)", re.MULTILINE)
_FENCED = re.compile(rb"^ {0,3}(```|~~~).*?(?:^ {0,3}\1|\Z)", re.MULTILINE | re.DOTALL)


def describe_goals(ledger: str, policy: str) -> list[str]:
    """The lines that tell an agent to keep goals."""
    return f"""\
## Goals

This repository keeps a ledger of goals: `{ledger}`. [The policy](<{policy}>) says when; in short:

- Before you change anything, run `tacho goal list`. Go on with the open goal that the work belongs to, or begin one:
  `tacho goal start --title "what is wanted" --type product` (`retro` for looking back, `meta` for work on how we work).
- When an attempt was wrong and another one is needed: `tacho goal continue ID --failure-reason REASON`.
- When it is done: `tacho goal finish ID --status success --result-fit exact_fit` (or `partial_fit`); when it is given
  up, or is not what was wanted: `tacho goal finish ID --status fail --failure-reason REASON`.
- Never type in costs or tokens, and never edit the ledger by hand. Commit it together with the work.""".split("\n")


def choose_files(root: Path) -> tuple[list[Path], list[Path]]:
    """The agents' files of the repository ``root`` that get the block, and those that shall have none.

    AGENTS.md and CLAUDE.md as far as they are there, else AGENTS.md. CLAUDE.md needs none where it imports AGENTS.md
    or is a link to it. Raises TachographError as ``locate`` and ``read_text``.
    """
    agents, claude = locate(root, AGENTS), locate(root, CLAUDE)
    told, instructions = read_text(agents), read_text(claude)
    if claude == agents or instructions is None:
        return [agents], []
    if _IMPORT.search(_FENCED.sub(b"", instructions)):
        return [agents], [claude]
    return ([claude] if told is None else [agents, claude]), []


def list_files(root: Path) -> list[Path]:
    """The agents' files that have a mark of ours. Raises TachographError as ``choose_files``."""
    paths = dict.fromkeys((locate(root, AGENTS), locate(root, CLAUDE)))
    return [path for path in paths if has_block(read_text(path) or b"", MARKDOWN)]
