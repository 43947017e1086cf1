"""What git is told about the ledger: merge its lines, keep its line ends, leave its backups alone."""

from __future__ import annotations

import re

from tachograph.app.bootstrap.block import HASH, outside_block

ATTRIBUTES, IGNORE = ".gitattributes", ".gitignore"
_GLOB = re.compile(r"([*?\[\]\\])")


def attribute_lines(ledger: str) -> list[str]:
    """Lines of .gitattributes for a ledger at this path from the root."""
    return [f"{_attribute_pattern(ledger)} merge=union text eol=lf"]


def ignore_lines(ledger: str) -> list[str]:
    """Lines of .gitignore for what ``tacho goal fsck`` keeps beside the ledger."""
    escaped = _GLOB.sub(r"\\\1", ledger)
    return [f"/{escaped}.*.bak"]


def needs_lines(content: bytes | None, lines: list[str]) -> bool:
    """Whether one of the lines is missing outside of our block. Raises BadMarks."""
    there = {b" ".join(line.split()) for line in outside_block(content or b"", HASH).split(b"\n")}
    return any(line.encode() not in there for line in lines)


def _attribute_pattern(ledger: str) -> str:
    """A path with a slash is taken from the root; quotes are C's, within which a backslash is two."""
    pattern = _GLOB.sub(r"\\\1", ledger if "/" in ledger else f"/{ledger}")
    if re.search(r'[\s"]', pattern) or pattern[0] in "#!":
        return '"' + pattern.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return pattern
