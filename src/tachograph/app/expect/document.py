"""One YAML document as plain values, together with where each of its keys and values stands."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec

from tachograph.app.expect.errors import ExpectationError, Place

MOST_BYTES: Final = 1 << 20
"""Of a document; of one given as text, characters."""
MOST_NODES: Final = 10_000
"""Keys, values and collections of a document, each alias counted as what it stands for. Reading them takes 0.1 s."""
MOST_ANCHORS: Final = 1_000
"""Ways to name a value; people use a handful."""
DEEPEST: Final = 50
"""Levels of nesting."""
LONGEST: Final = 1 << 16
"""Characters of one line, and of one scalar."""
MOST_STEPS: Final = 60_000
"""What the scanner may do: 2 for each token, 10 more for a tag, 1 for each time it moves on within one (text over
several lines, escapes), 2 more for a line of block text, and 1 for 16 characters that it looks at one by one. A step
takes one to two microseconds; 10,000 values take 50,000 steps at most, 15,000 lines of text as many."""

_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class Node(msgspec.Struct):
    """A value, where it stands, and what is in it."""

    value: Any
    place: Place
    end: Place
    text: str | None = None
    """As the file has it; None for collections."""
    keys: dict[str | int, Place] | None = None
    """Where each key of a mapping begins."""
    children: dict[str | int, Node] | None = None
    """A mapping's values by key, a list's by position from 0; None for scalars."""
    nodes: int = 1
    """Keys and values in it, itself included."""
    chars: int = 0
    """Of the scalars in it."""
    height: int = 0
    """Levels of collections, itself included."""
    complete: bool = True


class Document(msgspec.Struct, frozen=True):
    """A parsed document."""

    value: Any
    """None, bool, int, float, str, list, or dict with text for keys. Where aliases stand it is one and the same object
    several times."""
    root: Node

    def place(self, path: Sequence[str | int], of: Literal["key", "value"] = "value") -> Place:
        """Where the value at ``path`` begins, or its key; of the nearest one above it when there is none there.

        The document has no key, nor has a list's item: then it is where the value begins. A value with an anchor or a
        tag begins with it, one that is left out behind its key's colon (between brackets at the next mark).
        """
        node, key = self._find(path)
        return key if key and of == "key" else node.place

    def end_of(self, path: Sequence[str | int]) -> Place:
        """The place just behind the value at ``path``, or behind the nearest one above it.

        A mapping or list in block style ends with its last value; text in block style ends where the line behind it
        and its blank lines begins.
        """
        return self._find(path)[0].end

    def _find(self, path: Sequence[str | int]) -> tuple[Node, Place | None]:
        node, key = self.root, None
        for step in path:
            child = node.children.get(step) if node.children else None
            if child is None:
                break
            node, key = child, node.keys.get(step) if node.keys else None
        return node, key


def read_document(text: bytes | str, name: str) -> Document:
    """The one document that ``text`` is, by YAML 1.2's core schema; an empty text is None.

    ``name`` is what errors call it. Raises ExpectationError at the first offence: bad syntax, keys given twice or
    that are no scalars, tags beyond the core schema's, merge keys, a second document, or more of anything than the
    limits above.
    """
    from tachograph.app.expect.compose import compose  # loads the library, which takes 15 ms

    if len(text) > MOST_BYTES:
        problem = f"the document is larger than {MOST_BYTES >> 20} MiB"
        raise ExpectationError(problem, name=name, line=1, column=1)
    decoded = text.removeprefix("\ufeff") if isinstance(text, str) else _decode(text, name)
    root = compose(decoded, name)
    return Document(root.value, root)


def _decode(data: bytes, name: str) -> str:
    known = (each for each in _BYTE_ORDER_MARKS if data.startswith(each[0]))
    mark, encoding = next(known, (b"", "utf-8"))
    content = data[len(mark) :]
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        before = content[: error.start].decode(encoding)
        problem = f"this is not {encoding[:6].rstrip('-').upper()} text"
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise ExpectationError(problem, name=name, line=line, column=column) from None
