"""As much of a command's text as can be read: what stands beside a part that cannot be parsed is not lost."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import msgspec

from tachograph.analysis.shell.grammar import COMMANDS, ScriptReader, parse_tree
from tachograph.analysis.shell.syntax import Block, BlockKind, Node, Unclear, Word
from tachograph.analysis.shell.words import MAX_DEPTH, MisplacedLine

if TYPE_CHECKING:
    from tree_sitter import Node as Tree

MAX_CHARS = 1_000_000
"""No agent wrote a longer command by hand; it is not read at all."""

_PIPES = 2000
"""In one pipeline: an error behind so many takes 0.1 s, in one step that no watch can end; ten times so many, 10 s."""
_SUBSTITUTION = re.compile(r"[$<>]\(|`")
_BACKTICK = re.compile(r"(?<!\\)`")


class Script(msgspec.Struct, frozen=True):
    """What was read of a text."""

    block: Block
    whole: bool
    """Nothing was left out."""


def parse_partly(text: str) -> Script:
    """The commands of ``text`` that can be read; never raises."""
    if len(text) > MAX_CHARS:
        return Script(_EMPTY, whole=False)
    shown = text.replace("\0", "")  # bash drops them, the grammar takes minutes over 100 kB of them
    source = shown.encode("utf-8", "replace")
    script, misplaced = _read(source)
    if misplaced:
        starts = [0, *sorted(misplaced), len(source)]
        script, _ = _read(b"\n ".join(source[start:end] for start, end in itertools.pairwise(starts)))
    return script if len(shown) == len(text) else Script(script.block, whole=False)


def _read(source: bytes) -> tuple[Script, list[int]]:
    """The commands, and where a line begins that the grammar took for words of the line before it."""
    if source.count(b"|") > _PIPES and _longest_pipeline(source) > _PIPES:
        return Script(_EMPTY, whole=False), []
    try:
        root = parse_tree(source)
    except Unclear:
        return Script(_EMPTY, whole=False), []
    reader = _PartialReader(source)
    block = reader.read_block(root, 0)
    return Script(block, reader.whole and not root.has_error), reader.misplaced


def _longest_pipeline(source: bytes) -> int:
    """Roughly how many pipes follow each other: those of one line, and of the next one when a line ends with one."""
    longest = run = 0
    for line in source.splitlines():
        run += line.count(b"|")
        longest = max(longest, run)
        if not line.rstrip().endswith(b"|"):
            run = 0
    return longest


class _PartialReader(ScriptReader):
    """Takes note of what cannot be read and goes on behind it."""

    def __init__(self, source: bytes) -> None:
        super().__init__(source)
        self.whole = True
        self.misplaced: list[int] = []

    def children(self, node: Tree) -> list[Tree]:
        """Without comments; what the grammar left out between them (a lone ``-``) runs no program."""
        return [child for child in node.children if child.type != "comment"]

    def word(self, node: Tree, depth: int) -> Word:
        """A word that cannot be read may be anything."""
        try:
            return super().word(node, depth)
        except MisplacedLine:
            self.misplaced.append(node.start_byte)
            self.whole = False
            return Word(self.text(node), "1", known=False, plain=False, splits=True)
        except Unclear:
            text = self.text(node)
            self.whole &= not _SUBSTITUTION.search(text)
            return Word(text, "1", known=False, plain=False, splits=True)

    def read_block(self, node: Tree, depth: int) -> Block:
        """What can be read of it."""
        try:
            return super().read_block(node, depth)
        except (Unclear, KeyError):  # a node that is no block: the root of a text without any command
            return self._salvaged(node, depth)

    def _node(self, node: Tree, depth: int) -> Node:
        try:
            return super()._node(node, depth)
        except Unclear:
            return self._salvaged(node, depth)

    def _salvaged(self, node: Tree, depth: int) -> Block:
        """The commands right below ``node``, which could not be read as what it is."""
        if depth > MAX_DEPTH:
            self.whole = False
            return _EMPTY
        timed = node.type == "command" and self.text(node.children[0]) == "time"  # ``time (a; b)``
        self.whole &= timed
        below = [child for child in node.children if child.type in COMMANDS or child.type == "ERROR"]
        return Block(BlockKind.SEQUENCE, tuple(self._node(child, depth + 1) for child in below))

    def backticks(self, body: str) -> tuple[Node, ...]:
        """The commands between backticks without a backslash."""
        inner = [parse_partly(part.replace("\\`", "`")) for part in _BACKTICK.split(body)[1::2]]
        self.whole &= all(script.whole for script in inner)
        return tuple(script.block for script in inner)


_EMPTY = Block(BlockKind.SEQUENCE, ())
