"""Redacting a text that need not fit in memory: block by block, with the result of redacting the whole."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from tachograph.errors import TachographError
from tachograph.redaction.engine import MARKER, Redactor

LONGEST_LINE = 64 << 20
"""Most characters of one line; the same as a log may hold."""

_BLOCK = 1 << 20
# A border between blocks must keep this far from the end of what is known, and is looked for so many times.
_MARGIN, _STEP, _TRIES = 1 << 16, 1 << 12, 16
# No secret but a key block is known to reach over a line's end by more than this.
_REACH = 1 << 13

_KEY = r"PRIVATE KEY(?: BLOCK)?-----"
_KEY_BEGINS = re.compile(rf"-----BEGIN [A-Z0-9 ]{{0,40}}{_KEY}")
_KEY_ENDS = re.compile(rf"-----END [A-Z0-9 ]{{0,40}}{_KEY}")


class Block(msgspec.Struct, frozen=True):
    """A piece of the redacted text, and how many secrets of each kind were replaced in it."""

    text: str
    kinds: Counter[str]


def clean_stream(redactor: Redactor, pieces: Iterable[str]) -> Iterator[Block]:
    """Yield the redacted text of ``pieces`` in order; memory stays in proportion to the longest line.

    A private key without an end goes to the end of the text, as :meth:`Redactor.clean` has it.
    Raises ``TachographError`` (slug ``line_too_long``) at a line of more than 64 Mi characters.
    """
    held, in_key = "", False
    for piece in pieces:
        held += piece
        if in_key:
            held, in_key = _skip_key(held)
        if len(held) < _BLOCK + _MARGIN:
            continue
        border = _find_border(redactor, held)
        if border:
            yield _clean_block(redactor, held[:border])
            held = held[border:]
        elif _KEY_BEGINS.match(held) and not _KEY_ENDS.search(held):
            yield _clean_block(redactor, held)
            held, in_key = held[-_REACH:], True
        elif len(held) > LONGEST_LINE:
            raise TachographError("A line has more than 64 Mi characters.", slug="line_too_long")
    if held and not in_key:
        yield _clean_block(redactor, held)


def _skip_key(held: str) -> tuple[str, bool]:
    """Drop what belongs to a key that has no end yet; whether it still has none."""
    end = _KEY_ENDS.search(held)
    return (held[end.end() :], False) if end else (held[-_REACH:], True)


def _find_border(redactor: Redactor, held: str) -> int:
    """Return the end of a line, near the end of ``held``, over which no secret reaches; 0 when there is none."""
    limit = len(held) - _MARGIN
    key = _find_unfinished_key(held, limit - _TRIES * _STEP)
    if key is not None and key < limit:
        limit = key
        if _is_border(redactor, held, limit):
            return limit
    for _ in range(_TRIES):
        border = held.rfind("\n", 0, max(limit, 0)) + 1
        if not border or _is_border(redactor, held, border):
            return border
        limit = border - _STEP
    return 0


def _find_unfinished_key(held: str, limit: int) -> int | None:
    """Return where the first key begins that does not end before ``limit``; None when there is none."""
    at = 0
    while begin := _KEY_BEGINS.search(held, at):
        end = _KEY_ENDS.search(held, begin.end())
        if end is None or end.end() > limit:
            return begin.start()
        at = end.end()
    return None


def _is_border(redactor: Redactor, held: str, border: int) -> bool:
    before, after = held[max(0, border - _REACH) : border], held[border : border + _REACH]
    return border > 0 and redactor.clean(before + after) == redactor.clean(before) + redactor.clean(after)


def _clean_block(redactor: Redactor, text: str) -> Block:
    cleaned = redactor.clean(text)
    if cleaned is text:
        return Block(text, Counter())
    return Block(cleaned, _count_markers(cleaned) - _count_markers(text))


def _count_markers(text: str) -> Counter[str]:
    return Counter(marker[10:-1] for marker in MARKER.findall(text))
