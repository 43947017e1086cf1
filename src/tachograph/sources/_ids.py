"""Ids of messages, calls and lines: known to be harmless by their form, or cleaned like any other text."""

from __future__ import annotations

from tachograph.model import Clean
from tachograph.sources._hashing import hash_text

_PREFIXES = ("msg_", "toolu_", "call_", "req_", "resp_")
_LONGEST = 64


def clean_id(value: str, clean: Clean) -> str:
    """``value`` as it may be stored: an API's own form is kept, all else goes through the redactor.

    Ids are many and never alike: looking at their form costs a tenth of looking for secrets.
    """
    head, mark, rest = value.partition("_")
    if mark and rest.isalnum() and rest.isascii() and len(value) <= _LONGEST and head + mark in _PREFIXES:
        return value
    if len(value) == 36 and value[8] == value[13] == value[18] == value[23] == "-" and _is_hex(value):
        return value
    cleaned = clean.name(value)
    if cleaned == value:
        return value
    # Ids that differ stay different, also without the part that looked like a secret.
    return f"{cleaned[:_LONGEST]}~{hash_text(value) & 0xFFFFFFFFFFFF:012x}"


def _is_hex(value: str) -> bool:
    try:
        int(value.replace("-", ""), 16)
    except ValueError:
        return False
    return True
