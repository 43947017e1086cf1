"""Making text from logs harmless before a terminal sees it."""

from __future__ import annotations

import re

_HOSTILE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]|[\U000e0000-\U000e007f]"
)
_SPACES = re.compile(r"\s+")


def harmless(text: str) -> str:
    """``text`` on one line, without control characters, escape sequences' introducers, and direction overrides.

    Each becomes a visible ``\N{REPLACEMENT CHARACTER}``, so that what was there can be seen to have been there.
    """
    return _HOSTILE.sub("\ufffd", _SPACES.sub(" ", text))
