"""Making text from logs harmless before a terminal sees it."""

from __future__ import annotations

import re

_HOSTILE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]|[\U000e0000-\U000e007f]"
)
_SPACES = re.compile(r"[^\S\xa0]+")


def harmless(text: str) -> str:
    """``text`` on one line, without control characters, escape sequences' introducers, and direction overrides.

    Each becomes a visible ``\N{REPLACEMENT CHARACTER}``, so that what was there can be seen to have been there. Runs of
    white space become one space; those of no-break spaces stay as wide as they are.
    """
    return _HOSTILE.sub("\ufffd", _SPACES.sub(" ", text)).replace("\xa0", " ")


def harmless_lines(text: str) -> str:
    """As :func:`harmless`, with line feeds and spaces kept."""
    return _HOSTILE.sub("\ufffd", text)


def harmless_json(text: str) -> str:
    """JSON that means the same, each of those characters written as ``\\uXXXX``: it may go to a terminal."""
    return _HOSTILE.sub(lambda match: _escape(ord(match[0])), text)


def _escape(code: int) -> str:
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
