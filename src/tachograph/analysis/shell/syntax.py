"""A shell command as the examination needs it: words, what feeds them, and what runs in which order."""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import TypeAlias

import msgspec


class Unclear(Exception):
    """The text cannot be understood; the message says why, in a few words."""


class Word(msgspec.Struct, frozen=True):
    """One word of a command."""

    text: str
    """Without its quotes; variables and substitutions stand in it as written."""
    filled: str
    """``text`` with a 1 in the place of every variable and substitution, for reading it as a script."""
    known: bool = True
    """It holds no variable and no substitution."""
    plain: bool = True
    """Known, and no pattern the shell would expand either: it can name a file."""
    inner: tuple[Node, ...] = ()
    """The commands substituted in it."""
    splits: bool = False
    """Nothing but variables and substitutions outside of quotes: it may become any number of words, also options."""


class Assignment(msgspec.Struct, frozen=True):
    """A variable that is set."""

    name: str
    value: Word


class Redirect(msgspec.Struct, frozen=True):
    """Where a stream of a command comes from or goes to."""

    operator: str
    """As written, without the stream's number: ``>``, ``>>``, ``&>``, ``<``, ``<<``, ``<<<`` …"""
    stream: str
    """The stream's number, ``""`` when it is left out."""
    target: Word | None
    """None for a closed stream."""
    body: str = ""
    """A here-document's text, as written."""


class Simple(msgspec.Struct, frozen=True):
    """A program with its words, or assignments alone, or redirections alone."""

    words: tuple[Word, ...]
    assignments: tuple[Assignment, ...] = ()
    redirects: tuple[Redirect, ...] = ()


class Function(msgspec.Struct, frozen=True):
    """A function's definition."""

    name: str
    body: Node


class BlockKind(Enum):
    """How the parts of a block run."""

    SEQUENCE = "one after the other, in the same shell"
    AND = "each when the one before it worked"
    EITHER = "joined by ||, perhaps by && too"
    PIPELINE = "each reads what the one before it prints; shells of their own"
    SUBSHELL = "in a shell of its own"
    BACKGROUND = "in a shell of its own, for which nobody waits"
    BRANCHES = "one after the other, perhaps only some of them"
    LOOP = "any number of times"


class Block(msgspec.Struct, frozen=True):
    """Several commands together."""

    kind: BlockKind
    parts: tuple[Node, ...]
    words: tuple[Word, ...] = ()
    """Words that are evaluated and run no program: those of ``for``, ``case``, ``[[ ]]`` and ``(( ))``."""
    redirects: tuple[Redirect, ...] = ()


Node: TypeAlias = Simple | Function | Block


class Prints(IntEnum):
    """What a command's output is made of."""

    NOTHING = 0
    CUT = 1
    """Pieces of files, cut by line or byte."""
    CONTENT = 2
    """Something of the content of files."""
    OTHER = 3
