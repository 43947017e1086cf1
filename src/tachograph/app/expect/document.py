"""One YAML document as plain values, together with where each of its keys and values stands."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec

from tachograph.app.expect.errors import ExpectationError, Place

MOST_BYTES: Final = 1 << 19
"""Of a document; of one given as text, characters."""
MOST_NODES: Final = 10_000
"""Keys, values and collections of a document, each alias counted as what it stands for."""
MOST_ANCHORS: Final = 1_000
"""Ways to name a value; people use a handful."""
DEEPEST: Final = 32
"""Levels of nesting."""
MOST_OPEN: Final = 100
"""Brackets on one line that are not closed when the next one opens, in texts as well. The library reads up to 1,024
characters ahead and looks at all that are open for each one: 0.3 s before it tells of the first."""
LONGEST: Final = 1 << 15
"""Characters of one line, and of one scalar."""
LONGEST_NAME: Final = 128
"""Characters of an anchor's name."""
MOST_WORK: Final = 1_000_000
"""What the library may have to do: it is written in Python, and this takes it less than half a second whatever the
document is made of (some 600 cases). The unit is a character, about 0.3 microseconds; what takes longer costs more, as
follows. The text is counted before the library begins, whatever it means there: an upper bound."""
ESCAPE_WORK: Final = 1
"""For a backslash."""
WORD_WORK: Final = 5
"""For a piece of text between blanks."""
LINE_WORK: Final = 3
"""For a line break."""
EVENT_WORK: Final = 50
"""For a value or key, and for the beginning and the end of a collection."""
TAG_WORK: Final = 25
"""For a tag."""

_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class DocumentTooLarge(ExpectationError):
    """A document is larger than what is read."""


class Node(msgspec.Struct):
    """A value, where it stands, and what is in it."""

    value: Any
    place: Place
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
        tag begins with it, one that is left out with its key.
        """
        node, key = self.root, None
        for step in path:
            child = node.children.get(step) if node.children else None
            if child is None:
                break
            node, key = child, node.keys.get(step) if node.keys else None
        return key if key and of == "key" else node.place


def read_document(text: bytes | str, name: str) -> Document:
    """The one document that ``text`` is, by YAML 1.2's core schema; an empty text is None.

    ``name`` is what errors call it. Raises ExpectationError at the first offence: bad syntax, keys given twice or
    that are no scalars, tags beyond the core schema's, merge keys, a second document, or more of anything than the
    limits above.
    """
    from tachograph.app.expect.compose import compose  # loads the library, which takes 15 ms

    if len(text) > MOST_BYTES:
        problem = f"the document is larger than {MOST_BYTES >> 10} KiB"
        raise DocumentTooLarge(problem, name=name, line=1, column=1)
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
