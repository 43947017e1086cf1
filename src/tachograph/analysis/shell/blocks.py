"""Walks through the blocks of a command: what runs in which order, in which folder, and feeds what."""

from __future__ import annotations

from abc import ABC, abstractmethod

from tachograph.analysis.shell.outcome import NOTHING, Outcome
from tachograph.analysis.shell.places import may_be_path
from tachograph.analysis.shell.syntax import Block, BlockKind, Node, Prints, Redirect, Simple, Unclear, Word
from tachograph.analysis.shell.table import load_table

MAX_DEPTH = 50
"""Levels of blocks, functions and shells within each other that are followed."""


class BlockWalk(ABC):
    """One command on its way through: the folder it is in, the functions it made, the words it named."""

    def __init__(self) -> None:
        self.moved = False
        """It changed the folder in a way that outlives it."""
        self.works = False
        """It holds more than preparations for a later command."""
        self.background = False
        """It left a command running."""
        self.prepares = ""
        """Its last preparation."""
        self.mentions: dict[str, None] = {}
        """Words that could be paths, in their order."""
        self._folder: str | None = ""
        self._functions: dict[str, Node] = {}
        self._option_variables: set[str] = set()
        self._table = load_table()
        self._inner = 0
        self._depth = 0
        self._calls = 0

    def run(self, node: Node, fed: Outcome | None = None) -> Outcome:
        """What ``node`` does; ``fed`` is what it reads from the command before it in a pipeline.

        Raises ``Unclear`` when it is nested too deeply or holds a shell's text that cannot be parsed.
        """
        if self._depth >= MAX_DEPTH:
            raise Unclear("nested too deeply")
        self._depth += 1
        if isinstance(node, Simple):
            outcome = self._simple(node, fed)
        elif isinstance(node, Block):
            outcome = self._block(node, fed)
        else:
            self._functions[node.name] = node.body
            self.works = True  # nobody defines a function to prepare for another command
            outcome = NOTHING
        self._depth -= 1
        return outcome

    # ------------------------------------------------------------------------------------------ blocks

    def _block(self, block: Block, fed: Outcome | None) -> Outcome:
        reason = self._evaluate(block.words)
        for word in block.words:
            self.works = True
            self.mentions.update(dict.fromkeys(part for part in word.text.split() if may_be_path(part)))
        if block.kind is BlockKind.LOOP and any(word.text.startswith("-") for word in block.words[1:]):
            self._option_variables.add(block.words[0].text)
        outcome = _RUNNERS[block.kind](self, block.parts, fed)
        if block.redirects:
            outcome = self._redirected(outcome, block.redirects)
        return outcome.because(reason)

    @abstractmethod
    def _simple(self, node: Simple, fed: Outcome | None) -> Outcome:
        """What one program with its words does."""

    @abstractmethod
    def _redirected(self, outcome: Outcome, redirects: tuple[Redirect, ...]) -> Outcome:
        """``outcome`` with its streams led elsewhere."""

    def _evaluate(self, words: tuple[Word, ...]) -> str:
        """Run what is substituted in ``words``: what it prints becomes words, what it changes stays changed."""
        reason = ""
        for word in words:
            for node in word.inner:
                self.works = True
                inner = self._subshell((node,), None)
                reason = reason or inner.reason
        return reason

    def _sequence(self, parts: tuple[Node, ...], fed: Outcome | None) -> Outcome:
        outcome = NOTHING
        for part in parts:
            outcome = outcome.then(self.run(part, fed))
        return outcome

    def _chain(self, parts: tuple[Node, ...], fed: Outcome | None, certain: bool = True) -> Outcome:
        """After ``a && cd b`` nobody knows where it stands; between its parts one does, when all hang by ``&&``."""
        outcome = self.run(parts[0], fed)
        start = self._folder
        for part in parts[1:]:
            outcome = outcome.then(self.run(part, fed))
            if self._folder != start and not certain:
                self._folder = None
        if self._folder != start:
            self._folder = None
        return outcome

    def _either(self, parts: tuple[Node, ...], fed: Outcome | None) -> Outcome:
        return self._chain(parts, fed, certain=False)

    def _pipeline(self, parts: tuple[Node, ...], fed: Outcome | None) -> Outcome:
        outcome = self._subshell(parts[:1], fed)
        for part in parts[1:]:
            outcome = self._subshell((part,), outcome).because(outcome.reason)
        return outcome

    def _subshell(self, parts: tuple[Node, ...], fed: Outcome | None) -> Outcome:
        folder = self._folder
        self._inner += 1
        outcome = self._sequence(parts, fed)
        self._inner -= 1
        self._folder = folder
        return outcome

    def _in_background(self, parts: tuple[Node, ...], fed: Outcome | None) -> Outcome:
        self.background = True
        return self._subshell(parts, fed)

    def _branches(self, parts: tuple[Node, ...], fed: Outcome | None) -> Outcome:
        outcome = NOTHING
        start = self._folder
        for part in parts:
            outcome = outcome.then(self.run(part, fed))
            if self._folder != start:
                self._folder = None
        return outcome

    def _loop(self, parts: tuple[Node, ...], fed: Outcome | None) -> Outcome:
        start = self._folder
        outcome = self._sequence(parts, fed)
        if self._folder == start:
            return outcome
        self._folder = None  # and in its second round it began elsewhere
        return Outcome(outcome.reason, Prints.OTHER)


_RUNNERS = {
    BlockKind.SEQUENCE: BlockWalk._sequence,
    BlockKind.AND: BlockWalk._chain,
    BlockKind.EITHER: BlockWalk._either,
    BlockKind.PIPELINE: BlockWalk._pipeline,
    BlockKind.SUBSHELL: BlockWalk._subshell,
    BlockKind.BACKGROUND: BlockWalk._in_background,
    BlockKind.BRANCHES: BlockWalk._branches,
    BlockKind.LOOP: BlockWalk._loop,
}
