"""Names of files made of what logs say: harmless on every system, and never the same for two different texts."""

from __future__ import annotations

import re
from collections.abc import Iterable

import xxhash

_PLAIN = re.compile(rb"[a-z0-9_-]")
_LONGEST = 120
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)")
"""Windows takes these for devices, whatever stands behind a point."""
_OURS = re.compile(r"active$|weekly-")
"""Names that the layout itself uses in the same folders."""


def file_name(text: str) -> str:
    """A file's name, without its ending, for ``text``: different texts differ, also where case does not count.

    Small letters, digits, ``_``, ``-`` and points within stay; any other byte becomes ``%`` and two digits, and a long
    name's end a hash after ``~``.
    """
    return _encode(text, keeps_case=False)


def file_names(texts: Iterable[str]) -> dict[str, str]:
    """As :func:`file_name` for texts that are known together; capitals stay where no other text differs by case alone.

    Of those that do, the first in order keeps its name.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for text in sorted(set(texts)):
        name = _encode(text, keeps_case=True)
        if name.lower() in taken:
            name = f"{name}~{_hash(text)}"
        taken.add(name.lower())
        found[text] = name
    return found


def _encode(text: str, *, keeps_case: bool) -> str:
    raw = text.encode("utf-8", "surrogatepass")
    plain = [_stays(raw, place, keeps_case) for place in range(len(raw))]
    if _DEVICES.match(text.lower()) or _OURS.match(text.lower()):
        plain[0] = False
    name = "".join(chr(byte) if stays else f"%{byte:02x}" for byte, stays in zip(raw, plain, strict=True)) or "%"
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}~{_hash(text)}"


def _stays(raw: bytes, place: int, keeps_case: bool) -> bool:
    byte = raw[place : place + 1]
    if byte == b".":  # at its start a file is hidden, at its end Windows drops it
        return 0 < place < len(raw) - 1
    return _PLAIN.match(byte.lower() if keeps_case else byte) is not None


def _hash(text: str) -> str:
    return f"{xxhash.xxh3_64_intdigest(text.encode('utf-8', 'surrogatepass')):016x}"
