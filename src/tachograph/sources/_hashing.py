"""Fingerprints that fit a database's integer."""

from __future__ import annotations

import xxhash
from msgspec import Raw

_SIGN = 1 << 63
_WRAP = 1 << 64
_UNSET = (b"", b"null", b"false")


def hash_bytes(data: bytes | memoryview) -> int:
    """xxh3 of ``data`` as a signed 64-bit integer."""
    value = xxhash.xxh3_64_intdigest(data)
    return value - _WRAP if value >= _SIGN else value


def hash_command(command: str, *options: Raw) -> int:
    """As :func:`hash_text`, of ``command`` with every run of white space as one blank.

    ``options`` say how it was to be run, as the log has them: those that are set (not false, not null) are part of it.
    """
    folded = " ".join(command.split())
    told = [b"" if value in _UNSET else value for value in map(bytes, options)]
    if not any(told):
        return hash_text(folded)
    return hash_bytes(b"\0".join([folded.encode("utf-8", "surrogatepass"), *told]))


def hash_text(text: str) -> int:
    """xxh3 of ``text`` as UTF-8 (lone surrogates allowed), as a signed 64-bit integer."""
    return hash_bytes(text.encode("utf-8", "surrogatepass"))
