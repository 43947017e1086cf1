"""Events of the parser put together to a tree of nodes, one after the other, until the first offence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from tachograph.app.expect.document import (
    DEEPEST,
    LONGEST,
    LONGEST_NAME,
    MOST_ANCHORS,
    MOST_BYTES,
    MOST_NODES,
    DocumentTooLarge,
    Node,
)
from tachograph.app.expect.errors import ExpectationError, Place, quoted
from tachograph.app.expect.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    parse_events,
    place_of,
)
from tachograph.app.expect.scalars import COLLECTION_TAGS, SCALAR_TAGS, TAG, Scalar, hold_scalar, resolve_scalar

_NO_MERGE = "YAML 1.2 has none; write the keys out, or quote it if it is meant as a key."


def compose(text: str, name: str) -> Node:
    """The root of the one document in ``text``, a null at its start when there is none. Raises ExpectationError."""
    composer = _Composer(name)
    steps = composer.steps()
    for event in parse_events(text, name):
        step = steps.get(type(event))
        if step:
            step(event)
    return composer.root or Node(None, Place(1, 1), "")


class _Frame(msgspec.Struct):
    """A collection that is open, and the key whose value comes next; none in a list and where a key comes next."""

    node: Node
    keys: dict[str | int, Place]
    children: dict[str | int, Node]
    key: Node | None = None


class _Composer:
    """What is open while events come in."""

    def __init__(self, name: str) -> None:
        self.root: Node | None = None
        self._name = name
        self._frames: list[_Frame] = []
        self._anchors: dict[str, Node] = {}
        self._anchor_count = 0
        self._nodes = 0
        self._chars = 0

    def steps(self) -> dict[type[Event], Callable[[Any], None]]:
        """What to do at which event."""
        return {
            DocumentStartEvent: self._start_document,
            ScalarEvent: self._add_scalar,
            AliasEvent: self._add_alias,
            SequenceStartEvent: self._open,
            MappingStartEvent: self._open,
            SequenceEndEvent: self._close,
            MappingEndEvent: self._close,
        }

    def _start_document(self, event: DocumentStartEvent) -> None:
        if self.root:
            raise self._refusal("a second document begins here; only one is read", place_of(event.start_mark))

    def _add_scalar(self, event: ScalarEvent) -> None:
        text, place, tag = event.value, place_of(event.start_mark), self._tag_of(event)
        if len(text) > LONGEST:
            raise self._refusal(f"this text has more than {LONGEST:,} characters", place)
        if not text.isascii():
            text = self._join_surrogates(text, place)
        is_plain = event.style is None and tag is None
        key = self._frames[-1].key if self._frames else None
        if key and is_plain and not text and event.anchor is None:
            place = key.place  # the library says that a value left out is where the next thing is
        node = Node(self._value_of(text, tag, is_plain, place), place, text, chars=len(text))
        self._count(1, node.chars, place)
        if event.anchor is not None:
            self._name_anchor(event.anchor, node)
        self._attach(node, may_merge=is_plain)

    def _value_of(self, text: str, tag: str | None, is_plain: bool, place: Place) -> Scalar:
        try:
            if is_plain:
                return resolve_scalar(text)
            if tag is None:
                return text
            if tag in SCALAR_TAGS:
                return hold_scalar(text, tag)
        except ValueError as error:
            raise self._refusal(str(error), place) from None
        raise self._refusal(f"this is no value for the tag !!{tag.removeprefix(TAG)}", place)

    def _tag_of(self, event: ScalarEvent | SequenceStartEvent | MappingStartEvent) -> str | None:
        """The long name of a tag of the core schema, None where there is none; any other is refused."""
        if event.ctag is None:
            return None
        handle, suffix = event.ctag.handle or "", event.ctag.suffix or ""
        tag: str = (TAG if handle == "!!" else handle) + suffix
        if tag not in COLLECTION_TAGS | SCALAR_TAGS:
            problem = f"the tag {quoted(handle + suffix)} is not allowed"
            raise self._refusal(problem, place_of(event.start_mark), "Plain YAML values need no tags.")
        return tag

    def _join_surrogates(self, text: str, place: Place) -> str:
        """``text`` with two escapes that are one character joined: JSON writes them so, and YAML holds JSON."""
        try:
            return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
        except UnicodeDecodeError:
            raise self._refusal("an escape in this text is half a character", place) from None

    def _add_alias(self, event: AliasEvent) -> None:
        place, target = place_of(event.start_mark), self._anchors.get(event.anchor)
        if target is None:
            problem = f"{quoted('*' + event.anchor)} is an alias, and no anchor of its name comes before it"
            raise self._refusal(problem, place, "Text that begins with '*' needs quotes.")
        if not target.complete:
            raise self._refusal(f"the alias {quoted('*' + event.anchor)} stands for what it is in", place)
        if len(self._frames) + target.height > DEEPEST:
            raise self._refusal(f"more than {DEEPEST} levels of nesting", place)
        self._count(target.nodes, target.chars, place)
        node = Node(target.value, place, target.text, target.keys, target.children)
        node.nodes, node.chars, node.height = target.nodes, target.chars, target.height
        self._attach(node)

    def _open(self, event: SequenceStartEvent | MappingStartEvent) -> None:
        place, is_list, tag = place_of(event.start_mark), type(event) is SequenceStartEvent, self._tag_of(event)
        if len(self._frames) >= DEEPEST:
            raise self._refusal(f"more than {DEEPEST} levels of nesting", place)
        if self._expects_key():
            raise self._refusal("a list cannot be a key" if is_list else "a mapping cannot be a key", place)
        if tag not in (None, TAG + ("seq" if is_list else "map")):
            raise self._refusal(f"this is no value for the tag !!{str(tag).removeprefix(TAG)}", place)
        frame = _Frame(Node([] if is_list else {}, place, height=1, complete=False), {}, {})
        frame.node.keys, frame.node.children = frame.keys, frame.children
        self._count(1, 0, place)
        if event.anchor is not None:
            self._name_anchor(event.anchor, frame.node)
        self._frames.append(frame)

    def _close(self, _event: SequenceEndEvent | MappingEndEvent) -> None:
        node = self._frames.pop().node
        node.complete = True
        self._attach(node)

    def _attach(self, node: Node, may_merge: bool = False) -> None:
        """Make ``node`` the root, the next item of the open list, or the next key or value of the open mapping."""
        if not self._frames:
            self.root = node
            return
        frame = self._frames[-1]
        parent = frame.node
        parent.nodes += node.nodes
        parent.chars += node.chars
        parent.height = max(parent.height, node.height + 1)
        if isinstance(parent.value, list):
            frame.children[len(parent.value)] = node
            parent.value.append(node.value)
        elif frame.key is None:
            self._check_key(node, frame, may_merge)
            frame.key = node
        else:
            key = frame.key.text or ""
            frame.keys[key] = frame.key.place
            frame.children[key] = node
            parent.value[key] = node.value
            frame.key = None

    def _check_key(self, key: Node, frame: _Frame, may_merge: bool) -> None:
        if key.text is None:
            raise self._refusal("an alias for a list or a mapping cannot be a key", key.place)
        if may_merge and key.text == "<<":
            raise self._refusal("'<<' would be a merge key", key.place, _NO_MERGE)
        first = frame.keys.get(key.text)
        if first:
            told = f"duplicate key {quoted(key.text)}, first at line {first.line}, column {first.column}"
            raise self._refusal(told, key.place)

    def _expects_key(self) -> bool:
        return bool(self._frames) and self._frames[-1].key is None and isinstance(self._frames[-1].node.value, dict)

    def _name_anchor(self, anchor: str, node: Node) -> None:
        if len(anchor) > LONGEST_NAME:
            raise self._refusal(f"this name has more than {LONGEST_NAME} characters", node.place)
        self._anchor_count += 1
        if self._anchor_count > MOST_ANCHORS:
            raise self._refusal(f"more than {MOST_ANCHORS:,} anchors", node.place)
        self._anchors[anchor] = node

    def _count(self, nodes: int, chars: int, place: Place) -> None:
        self._nodes += nodes
        self._chars += chars
        if self._nodes > MOST_NODES:
            raise self._too_large(f"more than {MOST_NODES:,} values, those that aliases stand for included", place)
        if self._chars > MOST_BYTES:
            raise self._too_large(f"more than {MOST_BYTES >> 10} KiB of text, what aliases stand for included", place)

    def _too_large(self, problem: str, place: Place) -> DocumentTooLarge:
        return DocumentTooLarge(problem, name=self._name, line=place.line, column=place.column)

    def _refusal(self, problem: str, place: Place, hint: str = "") -> ExpectationError:
        return ExpectationError(problem, name=self._name, line=place.line, column=place.column, hint=hint)
