"""Events of the parser put together to a tree of nodes, one after the other, until the first offence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from tachograph.app.expect.document import DEEPEST, MOST_ANCHORS, MOST_BYTES, MOST_NODES, Node
from tachograph.app.expect.errors import ExpectationError, Place, quoted
from tachograph.app.expect.events import parse_events
from tachograph.app.expect.parser import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from tachograph.app.expect.scalars import SCALAR_TAGS, TAG, Scalar, hold_scalar, resolve_scalar

_NO_MERGE = "YAML 1.2 has none; write the keys out, or quote it if it is meant as a key."


def compose(text: str, name: str) -> Node:
    """The root of the one document in ``text``, a null at its start when there is none. Raises ExpectationError."""
    composer = _Composer(name)
    steps = composer.steps()
    for event in parse_events(text, name):
        step = steps.get(type(event))
        if step:
            step(event)
    return composer.root or Node(None, Place(1, 1), Place(1, 1), "")


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
            raise self._refusal("a second document begins here; only one is read", event.start_mark)

    def _add_scalar(self, event: ScalarEvent) -> None:
        text, place = event.value, event.start_mark
        if not text.isascii():
            text = self._join_surrogates(text, place)
        node = Node(self._value_of(event, text), place, event.end_mark, text, chars=len(text))
        self._count(1, node.chars, place)
        if event.anchor is not None:
            self._name_anchor(event.anchor, node)
        self._attach(node, may_merge=event.style is None and event.ctag is None)

    def _value_of(self, event: ScalarEvent, text: str) -> Scalar:
        tag = None if event.ctag is None else event.tag
        try:
            if tag is None:
                return resolve_scalar(text) if event.style is None else text
            if tag in SCALAR_TAGS:
                return hold_scalar(text, tag)
        except ValueError as error:
            raise self._refusal(str(error), event.start_mark) from None
        raise self._refusal(f"this is no value for the tag !!{tag.removeprefix(TAG)}", event.start_mark)

    def _join_surrogates(self, text: str, place: Place) -> str:
        """``text`` with two escapes that are one character joined: JSON writes them so, and YAML holds JSON."""
        try:
            return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
        except UnicodeDecodeError:
            raise self._refusal("an escape in this text is half a character", place) from None

    def _add_alias(self, event: AliasEvent) -> None:
        place, target = event.start_mark, self._anchors.get(event.anchor)
        if target is None:
            problem = f"no anchor {quoted('&' + event.anchor)} comes before this alias"
            raise self._refusal(problem, place, "Text that begins with '*' needs quotes.")
        if not target.complete:
            raise self._refusal(f"the alias {quoted('*' + event.anchor)} stands for what it is in", place)
        if len(self._frames) + target.height > DEEPEST:
            raise self._refusal(f"more than {DEEPEST} levels of nesting", place)
        self._count(target.nodes, target.chars, place)
        node = Node(target.value, place, event.end_mark, target.text, target.keys, target.children)
        node.nodes, node.chars, node.height = target.nodes, target.chars, target.height
        self._attach(node)

    def _open(self, event: SequenceStartEvent | MappingStartEvent) -> None:
        place, is_list = event.start_mark, type(event) is SequenceStartEvent
        if len(self._frames) >= DEEPEST:
            raise self._refusal(f"more than {DEEPEST} levels of nesting", place)
        if self._expects_key():
            raise self._refusal("a list cannot be a key" if is_list else "a mapping cannot be a key", place)
        if event.ctag is not None and event.tag != TAG + ("seq" if is_list else "map"):
            raise self._refusal(f"this is no value for the tag !!{str(event.tag).removeprefix(TAG)}", place)
        frame = _Frame(Node([] if is_list else {}, place, event.end_mark, height=1, complete=False), {}, {})
        frame.node.keys, frame.node.children = frame.keys, frame.children
        self._count(1, 0, place)
        if event.anchor is not None:
            self._name_anchor(event.anchor, frame.node)
        self._frames.append(frame)

    def _close(self, event: SequenceEndEvent | MappingEndEvent) -> None:
        node = self._frames.pop().node
        node.complete = True
        if event.end_mark != event.start_mark:  # a bracket; in block style the end is only noticed at the next token
            node.end = event.end_mark
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
        parent.end = node.end
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
        self._anchor_count += 1
        if self._anchor_count > MOST_ANCHORS:
            raise self._refusal(f"more than {MOST_ANCHORS:,} anchors", node.place)
        self._anchors[anchor] = node

    def _count(self, nodes: int, chars: int, place: Place) -> None:
        self._nodes += nodes
        self._chars += chars
        if self._nodes > MOST_NODES:
            raise self._refusal(f"more than {MOST_NODES:,} values, those that aliases stand for included", place)
        if self._chars > MOST_BYTES:
            raise self._refusal(f"more than {MOST_BYTES >> 20} MiB of text, what aliases stand for included", place)

    def _refusal(self, problem: str, place: Place, hint: str = "") -> ExpectationError:
        return ExpectationError(problem, name=self._name, line=place.line, column=place.column, hint=hint)
