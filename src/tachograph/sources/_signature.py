"""The short form of an error, the same for errors of one kind."""

from __future__ import annotations

import re

from tachograph.model import Clean

SIGNATURE_CHARS = 200
_TAGS = re.compile(r"</?tool_use_error>|\x1b\[[0-9;]*m")
_EXIT = re.compile(r"(?:Process exited with code|Exit code:?) -?\d+")
_NUMBER = re.compile(r"0x[0-9a-fA-F]+|\b[0-9a-f]{7,64}\b|\d+")
_HEAD_CHARS = 20000


def error_signature(text: str, clean: Clean) -> str | None:
    """First telling line of an error text, redacted, numbers and hashes replaced by ``#``, at most 200 characters.

    None when the text is blank or the user stores no text.
    """
    head = _TAGS.sub("", text[:_HEAD_CHARS])
    lines = [line.strip() for line in head.splitlines()]
    telling = [line for line in lines if line and not _EXIT.fullmatch(line)]
    first = telling[0] if telling else " ".join(line for line in lines if line)
    return _NUMBER.sub("#", clean.text(first, 4 * SIGNATURE_CHARS))[:SIGNATURE_CHARS] or None
