"""Walks through a command's syntax and gathers the programs it runs."""

from __future__ import annotations

from tachograph.analysis.shell.given import Given, read_given
from tachograph.analysis.shell.invocations import Invocation
from tachograph.analysis.shell.partial import parse_partly
from tachograph.analysis.shell.syntax import Block, BlockKind, Function, Node, Redirect, Simple, Word
from tachograph.analysis.shell.variables import Variables

MAX_TEXTS = 8
"""Texts within texts (``bash -c "bash -c …"``) that are followed; each is parsed anew."""
MAX_WRAPPERS = 16
"""Programs that run each other on one line; each is listed with all words behind it."""

_PRINTERS = frozenset({"echo", "printf"})
_DECLARING = frozenset({"export", "declare", "local", "readonly", "typeset"})


class Finder:
    """One command on its way through."""

    def __init__(self) -> None:
        self.found: list[Invocation] = []
        self.understood = True
        self._variables = Variables()
        self._texts = 0

    def read(self, text: str, fed: str | None = None) -> None:
        """Gather the programs of ``text``; ``fed`` is what it reads, None when that is not known."""
        if self._texts >= MAX_TEXTS:
            self.understood = False
            return
        script = parse_partly(text)
        self.understood &= script.whole
        self._texts += 1
        self._node(script.block, fed)
        self._texts -= 1

    # ------------------------------------------------------------------------------------------ blocks

    def _node(self, node: Node, fed: str | None) -> str | None:
        """Walk through ``node``; returns what it prints, None when that is not known."""
        if isinstance(node, Simple):
            return self._simple(node, fed)
        if isinstance(node, Function):
            return self._node(node.body, None)
        return self._block(node, fed)

    def _block(self, block: Block, fed: str | None) -> str | None:
        self._substituted(block.words)
        if block.kind is BlockKind.LOOP and block.words:
            self._variables.loop(block.words[0].text, block.words[1:])
        fed = self._fed(block.redirects, fed)
        printed: str | None = None
        for part in block.parts:
            printed = self._node(part, fed)
            if block.kind is BlockKind.PIPELINE:
                fed = printed
        return printed if len(block.parts) == 1 or block.kind is BlockKind.PIPELINE else None

    def _substituted(self, words: tuple[Word, ...]) -> None:
        for word in words:
            for node in word.inner:
                self._node(node, None)

    def _fed(self, redirects: tuple[Redirect, ...], fed: str | None) -> str | None:
        for redirect in redirects:
            if redirect.target is not None:
                self._substituted((redirect.target,))
            if redirect.body:
                fed = redirect.body
            elif redirect.operator == "<<<" and redirect.target is not None:
                fed = redirect.target.text
            elif redirect.operator == "<":
                fed = None
        return fed

    # ---------------------------------------------------------------------------------------- programs

    def _simple(self, node: Simple, fed: str | None) -> str | None:
        self._substituted(tuple(assignment.value for assignment in node.assignments))
        for assignment in node.assignments:
            self._variables.set(assignment.value)
        self._substituted(node.words)
        fed = self._fed(node.redirects, fed)
        words = self._variables.fill(node.words)
        if not words:
            return None
        if words[0].text in _DECLARING:
            for word in node.words[1:]:
                self._variables.set(word)
        return self._command(words, fed)

    def _command(self, words: tuple[Word, ...], fed: str | None) -> str | None:
        """A program, and those that it runs; returns what the first one prints."""
        printed = _printed(words, fed)
        for _ in range(MAX_WRAPPERS):
            program = base_name(words[0])
            if not program:
                self.understood = False
                return None
            words = words[1:]
            self.found.append(
                Invocation(
                    program,
                    tuple(word.text for word in words),
                    tuple(word.known for word in words),
                    tuple(word.splits for word in words),
                )
            )
            given = read_given(program, words)
            self._run(given, fed)
            if given.inner is None:
                return printed
            words = words[given.inner :]
        self.understood = False
        return None

    def _run(self, given: Given, fed: str | None) -> None:
        """What a program runs besides the command that ends its words."""
        for text in given.texts:
            self.read(text.text, fed)
        for executed in given.executed:
            if executed:
                self._command(executed, None)
        if given.reads_commands and fed is not None:
            self.read(fed)


def base_name(word: Word) -> str:
    """The program that ``word`` names, without its folder; ``""`` when a variable holds it."""
    name = word.text.rpartition("/")[2]
    if not word.known:
        _, slash, name = word.filled.rpartition("/")
        if not slash or not word.text.endswith("/" + name):
            return ""
    return name.removesuffix(".exe")


def _printed(words: tuple[Word, ...], fed: str | None) -> str | None:
    """What a program prints when its words say so: commands are fed to shells by ``echo`` and ``cat``."""
    name = base_name(words[0])
    if name in _PRINTERS:
        return " ".join(word.text for word in words[1:] if not word.text.startswith("-"))
    return fed if name == "cat" and len(words) == 1 else None
