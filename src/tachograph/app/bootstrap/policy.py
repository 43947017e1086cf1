"""The policy document: ours as long as nobody has edited it."""

from __future__ import annotations

import hashlib
import re
from importlib import resources

from tachograph.app.bootstrap.block import line_end

_MARK = re.compile(rb"\A<!-- tacho:policy ([0-9a-f]{16}) [^\r\n]*-->\r?\n")
_REMARK = "(made by tacho bootstrap; once you have changed this file, it is left to you)"


def put_policy(content: bytes | None, ledger: str) -> bytes:
    """The policy for a repository whose ledger is ``ledger``, with the line ends that ``content`` has."""
    text = resources.files(__package__).joinpath("policy.md").read_text("utf-8").replace("{ledger}", ledger)
    body = text.encode()
    ending = line_end(content or b"")
    return (f"<!-- tacho:policy {_digest(body)} {_REMARK} -->\n".encode() + body).replace(b"\n", ending)


def is_ours(content: bytes) -> bool:
    """Whether it is as some version of ours wrote it: the mark on its first line has the hash of all that follows."""
    mark = _MARK.match(content)
    return mark is not None and mark[1].decode() == _digest(content[mark.end() :])


def _digest(body: bytes) -> str:
    """git may have changed the line ends."""
    return hashlib.sha256(body.replace(b"\r\n", b"\n")).hexdigest()[:16]
