"""Fingerprints that fit a database's integer."""

from __future__ import annotations

import xxhash

_SIGN = 1 << 63
_WRAP = 1 << 64


def hash_bytes(data: bytes | memoryview) -> int:
    """xxh3 of ``data`` as a signed 64-bit integer."""
    value = xxhash.xxh3_64_intdigest(data)
    return value - _WRAP if value >= _SIGN else value


def hash_folded(text: str) -> int:
    """As :func:`hash_text`, of ``text`` with every run of white space as one blank."""
    return hash_text(" ".join(text.split()))


def hash_text(text: str) -> int:
    """xxh3 of ``text`` as UTF-8 (lone surrogates allowed), as a signed 64-bit integer."""
    return hash_bytes(text.encode("utf-8", "surrogatepass"))
