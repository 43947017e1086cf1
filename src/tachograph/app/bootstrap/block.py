"""A block between two marks in a file that people edit too. All else in the file stays, byte for byte."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

_BOM = b"\xef\xbb\xbf"
_REMARK = "(kept by tacho bootstrap: what is changed between these marks is lost)"


class BadMarks(Exception):
    """The marks in a file do not make one block; the message says which line is wrong, and why."""


class Style(msgspec.Struct, frozen=True):
    """How marks are written in a kind of file."""

    begin: str
    end: str
    mark: re.Pattern[bytes]
    """A whole line, its first group ``start`` or ``end``; the first line may stand behind a byte order mark."""


def _style(opening: str, closing: str) -> Style:
    mark = rf"(?:^|(?<=\A\xef\xbb\xbf)){opening}tacho:goals (start|end)\b[^\r\n]*{closing}[ \t]*(?=\r?$)"
    return Style(
        f"{opening}tacho:goals start {_REMARK}{closing}",
        f"{opening}tacho:goals end{closing}",
        re.compile(mark.encode("latin-1"), re.MULTILINE),
    )


MARKDOWN = _style("<!-- ", " -->")
HASH = _style("# ", "")
"""Shell scripts, .gitattributes, .gitignore."""


def put_block(content: bytes | None, style: Style, lines: Sequence[str], at: int | None = None) -> bytes:
    """``content`` (None: there is no file) with ``lines`` in the block: in its place where there is one, else at the
    offset ``at`` (where a line begins; without it behind all else).

    The block has the line ends that most lines of ``content`` have. ``drop_block`` makes ``content`` of the result
    again. Raises BadMarks.
    """
    known = content or b""
    found = _find_block(known, style)
    if found is not None:
        begin, end = found
        return known[:begin] + _block(style, lines, line_end(known[begin:end])) + known[end:]
    ending = line_end(known)
    block = _block(style, lines, ending)
    if known in (b"", _BOM):
        # Without an end, so that a file which was there, and empty, can be told from one that was not.
        return known + block + (b"" if content == b"" else ending)
    at = len(known) if at is None else at
    if known[:at].endswith(b"\n"):
        return known[:at] + ending + block + ending + known[at:]
    return known + ending + ending + block


def drop_block(content: bytes, style: Style) -> bytes | None:
    """``content`` without the block and the blank line before it; as it is when it has none.

    None when the file holds nothing but the block that made it. Raises BadMarks.
    """
    found = _find_block(content, style)
    if found is None:
        return content
    begin, end = found
    before, after = content[:begin], content[end:]
    ending = line_end(content[begin:end])
    was_last = not after
    after = after.removeprefix(ending)
    if not before and not after:
        return b"" if was_last else None
    if before == ending or before.endswith(b"\n" + ending):
        before = before.removesuffix(ending)
        if was_last:  # what was there had no line's end
            before = before.removesuffix(ending)
    return before + after


def has_block(content: bytes, style: Style) -> bool:
    """Whether there is a mark of ours at all."""
    return style.mark.search(content) is not None


def outside_block(content: bytes, style: Style) -> bytes:
    """What stands outside of the block. Raises BadMarks."""
    found = _find_block(content, style)
    return content if found is None else content[: found[0]] + content[found[1] :]


def mend_marks(content: bytes, style: Style) -> bytes:
    """``content`` with one block at most: further ones are taken out, of marks without a partner only their lines."""
    marks = list(style.mark.finditer(content))
    cuts: list[tuple[int, int]] = []
    number, is_first = 0, True
    while number < len(marks):
        this, following = marks[number], marks[number + 1 : number + 2]
        is_pair = this[1] == b"start" and bool(following) and following[0][1] == b"end"
        if not is_pair or not is_first:
            cuts.append((this.start(), (following[0] if is_pair else this).end()))
        is_first = is_first and not is_pair
        number += 2 if is_pair else 1
    for begin, end in reversed(cuts):
        rest = content[end:]
        content = content[:begin] + (rest[rest.index(b"\n") + 1 :] if b"\n" in rest else b"")
    return content


def line_end(content: bytes) -> bytes:
    """That of most lines; a line feed where there is none."""
    windows = content.count(b"\r\n")
    return b"\r\n" if windows > content.count(b"\n") - windows else b"\n"


def _block(style: Style, lines: Sequence[str], ending: bytes) -> bytes:
    return ending.join(line.rstrip().encode() for line in (style.begin, *lines, style.end))


def _find_block(content: bytes, style: Style) -> tuple[int, int] | None:
    """Where the block begins and ends, its last line's end left out; None when there is none."""
    marks = list(style.mark.finditer(content))
    for number, mark in enumerate(marks):
        line = content.count(b"\n", 0, mark.start()) + 1
        is_start = mark[1] == b"start"
        if is_start and number % 2 == 1:
            raise BadMarks(f"line {line} begins a block within a block")
        if not is_start and number % 2 == 0:
            raise BadMarks(f"line {line} ends a block that does not begin")
        if is_start and number:
            raise BadMarks(f"line {line} begins a second block")
    if len(marks) % 2:
        line = content.count(b"\n", 0, marks[-1].start()) + 1
        raise BadMarks(f"line {line} begins a block that does not end")
    return (marks[0].start(), marks[1].end()) if marks else None
