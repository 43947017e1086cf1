"""The words of a command: their quotes taken off, and what the shell would put into them noted."""

from __future__ import annotations

import itertools
import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from tachograph.analysis.shell.syntax import Block, Node, Unclear, Word

if TYPE_CHECKING:
    from tree_sitter import Node as Tree

MAX_DEPTH = 40
"""Levels of nesting that are followed; beyond that nobody wrote the command by hand, and Python's stack is finite."""

SUBSTITUTIONS = frozenset({"command_substitution", "process_substitution"})
_SPLITTING = frozenset({"simple_expansion", "expansion", "command_substitution"})
EXPANSIONS = frozenset({"simple_expansion", "expansion", "arithmetic_expansion", *SUBSTITUTIONS})

_GAP = re.compile(rb"(?:[ \t\n]|\\\n)*+")
_JOINED = re.compile(rb"\S\\\n\S")
_BEFORE_COMMENT = frozenset(one.to_bytes() for one in b" \t\n;|&()") | {b""}
"""To bash a ``#`` within a word is part of it."""
_PATTERN = re.compile(r"[*?\[]")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPE_IN_STRING = re.compile(r'\\([$`"\\\n])')
_OPTION_IN_BRACES = re.compile(r"[{,][-+]")
_MANY = re.compile(r"\$@|\$\{(?:@|\w+\[@\])\}")
"""Becomes any number of words in double quotes, too."""
_CODED_START = re.compile(r"\\[xuU0-7c]")


class MisplacedLine(Unclear):
    """A line that begins with a backslash (``\\rm x``) was taken for words of the line before it."""


class WordReader(ABC):
    """Reads the words of one text's syntax tree."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self._joins = b"\\" in source and _JOINED.search(source) is not None

    @abstractmethod
    def read_block(self, node: Tree, depth: int) -> Block:
        """The commands below ``node``."""

    def text(self, node: Tree) -> str:
        """The source of ``node``."""
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def children(self, node: Tree) -> list[Tree]:
        """The children of ``node`` but for comments; the grammar must have left out nothing between them but space."""
        for left, right in itertools.pairwise(node.children):
            if left.end_byte < right.start_byte:
                self._check_gap(self.source[left.end_byte : right.start_byte])
        comments = [child for child in node.children if child.type == "comment"]
        for comment in comments:
            if self.source[comment.start_byte - 1 : comment.start_byte] not in _BEFORE_COMMENT:
                raise Unclear("cannot be parsed")
        return [child for child in node.children if child.type != "comment"] if comments else node.children

    def check_ends(self, root: Tree) -> None:
        """Raises ``Unclear`` when the grammar has left out anything before or behind ``root``'s children."""
        if root.children:
            self._check_gap(self.source[: root.children[0].start_byte])
            self._check_gap(self.source[root.children[-1].end_byte :])

    def _check_gap(self, gap: bytes) -> None:
        """The grammar takes more characters for space than bash does: a carriage return is part of a word to bash."""
        if not _GAP.fullmatch(gap) or (self._joins and gap == b"\\\n"):
            raise Unclear("cannot be parsed")

    def word(self, node: Tree, depth: int) -> Word:
        """The word that ``node`` is. Raises ``Unclear`` when it is nested too deeply."""
        if depth > MAX_DEPTH:
            raise Unclear("nested too deeply")
        kind = node.type
        text = self.text(node)
        if kind in ("word", "number") and not node.child_count:
            if text.startswith("\n"):
                raise MisplacedLine("cannot be parsed")
            plain = not _PATTERN.search(text)
            if "\\" in text:
                text = _ESCAPE.sub(lambda found: "" if found[1] == "\n" else found[1], text)
            return Word(text, text, plain=plain)
        if kind == "raw_string":
            return Word(text[1:-1], text[1:-1])
        if kind == "string":
            return self._string(node, depth)
        if kind == "concatenation":
            return self._concatenation(node, depth)
        if kind == "ansi_c_string":
            return _decode_ansi(text)
        inner = self._substituted(node, depth)
        if kind in EXPANSIONS:
            return Word(text, "1", known=False, plain=False, inner=inner, splits=kind in _SPLITTING)
        known = not inner and "$" not in text and "`" not in text
        return Word(text, text, known=known, plain=not node.is_named or kind == "variable_name", inner=inner)

    def _string(self, node: Tree, depth: int) -> Word:
        """A string in double quotes; its text is taken from the source, since the grammar drops some of its spaces."""
        texts, filled = [], []
        inner: list[Node] = []
        start = node.start_byte + 1
        for child in node.children:
            if child.type not in EXPANSIONS:
                continue
            before = self._unescaped(start, child.start_byte)
            texts += [before, self.text(child)]
            filled += [before, "1"]
            inner += self._substituted(child, depth)
            start = child.end_byte
        last = self._unescaped(start, node.end_byte - 1)
        known = not texts
        splits = any(map(_MANY.fullmatch, texts))
        return Word("".join([*texts, last]), "".join([*filled, last]), known, known, tuple(inner), splits)

    def _unescaped(self, start: int, end: int) -> str:
        text = self.source[start:end].decode("utf-8", "replace")
        if "\\" not in text:
            return text
        return _ESCAPE_IN_STRING.sub(lambda found: "" if found[1] == "\n" else found[1], text)

    def _concatenation(self, node: Tree, depth: int) -> Word:
        if any(left.end_byte != right.start_byte for left, right in itertools.pairwise(node.children)):
            raise Unclear("cannot be parsed")  # the grammar joins some words that nothing but a space divides
        parts = [self.word(child, depth + 1) for child in node.children]
        braces = any(child.type == "word" and self.text(child) == "{" for child in node.children)
        if braces and _OPTION_IN_BRACES.search(self.text(node)):
            raise Unclear("cannot be parsed")
        return Word(
            "".join(part.text for part in parts),
            "".join(part.filled for part in parts),
            all(part.known for part in parts),
            all(part.plain for part in parts) and not braces,
            tuple(one for part in parts for one in part.inner),
            all(part.splits for part in parts),
        )

    def _substituted(self, node: Tree, depth: int) -> tuple[Node, ...]:
        """The commands substituted anywhere below ``node``."""
        if depth > MAX_DEPTH:
            raise Unclear("nested too deeply")
        if node.type in SUBSTITUTIONS:
            return (self.read_block(node, depth + 1),)
        return tuple(one for child in node.named_children for one in self._substituted(child, depth + 1))


def _decode_ansi(text: str) -> Word:
    """``$'…'``: its codes stay as written, but must not stand where they could make an option."""
    inner = text[2:-1]
    if _CODED_START.match(inner):
        raise Unclear("cannot be parsed")
    return Word(inner, inner, plain="\\" not in inner)
