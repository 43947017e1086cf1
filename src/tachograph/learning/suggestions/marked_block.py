"""A suggestion's place in an agent's file: a block between two marks. All else stays, byte for byte."""

from __future__ import annotations

import re

_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")
_TEXT = re.compile(r"[^\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]*")
_MARK = re.compile(
    rb"(?:^|(?<=\A\xef\xbb\xbf))<!-- tacho:suggestion ([a-z0-9_]+) (start|end)\b[^\r\n]*-->[ \t]*(?=\r?$)", re.MULTILINE
)
"""A whole line; the first one may stand behind a byte order mark."""
_BOM = b"\xef\xbb\xbf"


def put_block(content: bytes, name: str, text: str) -> bytes:
    """``content`` with ``text`` in the block ``name``: in its place where there is one, else behind all else.

    ``text`` is one or more lines, without marks of comments and control characters. The block has the line ends that
    most lines of ``content`` have. What :func:`drop_block` makes of the result is ``content`` again.

    Raises ValueError for a name or a text that may not stand there, and where the marks in ``content`` do not match.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a suggestion")
    if not text.strip() or not _TEXT.fullmatch(text) or "<!--" in text or "-->" in text:
        raise ValueError("the text is empty, or has control characters or marks of a comment")
    found = _find_block(content, name)
    if found is not None:
        begin, end = found
        return content[:begin] + _block(name, text, _line_end(content[begin:end])) + content[end:]
    line_end = _line_end(content)
    block = _block(name, text, line_end)
    if content in (b"", _BOM):
        return content + block + line_end
    if content.endswith(b"\n"):
        return content + line_end + block + line_end
    return content + line_end + line_end + block


def drop_block(content: bytes, name: str) -> bytes:
    """``content`` without the block ``name`` and the blank line before it; as it is when it has no such block.

    Raises ValueError where the marks do not match.
    """
    found = _find_block(content, name)
    if found is None:
        return content
    begin, end = found
    before, after = content[:begin], content[end:]
    line_end = _line_end(content[begin:end])
    if after.startswith(line_end):
        after = after.removeprefix(line_end)
    else:
        before = before.removesuffix(line_end)
    return before.removesuffix(line_end) + after


def has_block(content: bytes, name: str) -> bool:
    """Whether there is a block ``name``. Raises ValueError where the marks do not match."""
    return _find_block(content, name) is not None


def _block(name: str, text: str, line_end: bytes) -> bytes:
    lines = [
        f"<!-- tacho:suggestion {name} start (kept by tacho: what is changed between these marks is lost) -->",
        *text.strip().split("\n"),
        f"<!-- tacho:suggestion {name} end -->",
    ]
    return line_end.join(line.rstrip().encode() for line in lines)


def _line_end(content: bytes) -> bytes:
    """That of most lines; a line feed where there is none."""
    windows = content.count(b"\r\n")
    return b"\r\n" if windows > content.count(b"\n") - windows else b"\n"


def _find_block(content: bytes, name: str) -> tuple[int, int] | None:
    """Where the block begins and ends, its last line's end left out; None when there is none."""
    inside: bytes | None = None
    begin, found = 0, None
    for mark in _MARK.finditer(content):
        is_start = mark[2] == b"start"
        if is_start == (inside is not None) or inside not in (None, mark[1]):
            raise ValueError("the marks of a block do not match")
        if is_start:
            begin = mark.start()
        elif mark[1] == name.encode():
            if found is not None:
                raise ValueError(f"there are two blocks {name}")
            found = begin, mark.end()
        inside = mark[1] if is_start else None
    if inside is not None:
        raise ValueError("the marks of a block do not match")
    return found
