"""Reading the HTML that a test is about, with the standard library alone."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

_VOID = {"meta", "link", "input", "br", "hr", "img"}


class Node:
    """An element: its name, its attributes, and what is in it."""

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.inside: list[Node | str] = []

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def get(self, name: str) -> str:
        """The attribute; empty when there is none."""
        return self.attributes.get(name, "")

    @property
    def classes(self) -> list[str]:
        return self.get("class").split()

    @property
    def text(self) -> str:
        """All text in it, white space made one space."""
        parts = (part if isinstance(part, str) else part.raw for part in self.inside)
        return " ".join("".join(parts).split())

    @property
    def raw(self) -> str:
        return "".join(part if isinstance(part, str) else part.raw for part in self.inside)

    def walk(self) -> Iterator[Node]:
        """The element and all below it."""
        yield self
        for part in self.inside:
            if isinstance(part, Node):
                yield from part.walk()

    def all(self, tag: str, klass: str = "", **attributes: str) -> list[Node]:
        """Elements of this name, class and attributes below it."""
        return [
            node
            for node in self.walk()
            if node.tag == tag
            and (not klass or klass in node.classes)
            and all(node.attributes.get(name.replace("_", "-")) == value for name, value in attributes.items())
        ]

    def one(self, tag: str, klass: str = "", **attributes: str) -> Node:
        """The only such element."""
        found = self.all(tag, klass, **attributes)
        assert len(found) == 1, f"{len(found)} of {tag}.{klass} {attributes}"
        return found[0]

    def texts(self, tag: str, klass: str = "") -> list[str]:
        return [node.text for node in self.all(tag, klass)]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("", {})
        self.open = [self.root]

    def handle_starttag(self, tag, attrs):
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute twice: {tag} {attrs}"
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(node)
        if tag not in _VOID:
            self.open.append(node)

    def handle_startendtag(self, tag, attrs):
        self.open[-1].inside.append(Node(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag):
        assert self.open[-1].tag == tag, f"</{tag}> ends <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data):
        self.open[-1].inside.append(data)

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")


def parse(html: str) -> Node:
    """The root of what is well formed; an element that is not closed, or closed by another, fails."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == [reader.root], f"not closed: {[node.tag for node in reader.open[1:]]}"
    return reader.root
