"""A piece of a command, as a person writes it in a list of banned or required ones, and whether a command holds it."""

from __future__ import annotations

import re
from enum import Enum
from fnmatch import fnmatchcase
from functools import lru_cache

import msgspec

from tachograph.analysis.shell.given import Given, Operand, Option, read_given
from tachograph.analysis.shell.invocations import Invocation, Invocations, find_invocations
from tachograph.analysis.shell.manuals import names_of
from tachograph.analysis.shell.syntax import Block, BlockKind, Simple, Unclear, Word

MAX_PIECE_CHARS = 1000
_QUOTING = re.compile(r"\\\n|[\\'\"]")


class Presence(Enum):
    """Whether a command holds a piece."""

    FOUND = "found"
    ABSENT = "absent"
    UNSURE = "unsure"
    """A variable, or a part that cannot be parsed, decides."""


class PieceMatch(msgspec.Struct, frozen=True):
    """Whether a command holds a piece, and the program that shows it."""

    presence: Presence
    invocation: Invocation | None = None
    """The first that matches, or that may; None when the piece is absent or the command could not be understood."""

    @property
    def found(self) -> bool:
        """The command holds it."""
        return self.presence is Presence.FOUND

    @property
    def understood(self) -> bool:
        """Whether the command holds it is known."""
        return self.presence is not Presence.UNSURE


_ABSENT = PieceMatch(Presence.ABSENT)


class Piece(msgspec.Struct, frozen=True):
    """A program with the options and operands that must be there."""

    text: str
    """As written."""
    names: frozenset[str]
    """Of its program."""
    given: Given
    inner: Piece | None = None
    """The command it runs (``sudo rm -rf``)."""

    def matches(self, command: str) -> PieceMatch:
        """Whether ``command`` holds it. A command in whose text the program's name does not stand is not parsed."""
        if not self.may_match(command):
            return _ABSENT
        return self.matches_invocations(find_invocations(command))

    def may_match(self, command: str) -> bool:
        """Whether the program's name stands in ``command`` as a word of its own, its quotes and backslashes ignored."""
        pattern = _name_pattern(self.names)
        return bool(pattern.search(command) or pattern.search(_QUOTING.sub("", command)))

    def matches_invocations(self, invocations: Invocations) -> PieceMatch:
        """Whether it is among ``invocations``; when it is not and not all was understood, nobody knows."""
        unsure: Invocation | None = None
        for invocation in invocations.found:
            if invocation.program not in self.names:
                continue
            presence = _compare(self, invocation.program, invocation.arguments())
            if presence is Presence.FOUND:
                return PieceMatch(presence, invocation)
            if presence is Presence.UNSURE and unsure is None:
                unsure = invocation
        if unsure is not None or not invocations.understood:
            return PieceMatch(Presence.UNSURE, unsure)
        return _ABSENT


@lru_cache(maxsize=256)
def compile_piece(text: str) -> Piece:
    """The piece that ``text`` is: one program, perhaps with options and operands (``rm -rf``, ``npm run build``).

    Raises ValueError with a sentence for people when it is empty, longer than 1,000 characters, cannot be parsed, holds
    more than one command, half a character, a redirection, a variable, or a pattern in its program's place. In an
    operand ``*``, ``?`` and ``[…]`` without quotes stand for others; ``*`` at the end for anything, or nothing.
    """
    if not text.strip():
        raise ValueError("A piece of a command must name a program.")
    if len(text) > MAX_PIECE_CHARS:
        raise ValueError(f"A piece of a command must be shorter than {MAX_PIECE_CHARS} characters.")
    if not text.isascii() and text != text.encode("utf-8", "replace").decode("utf-8"):
        raise ValueError(f"The piece of a command {text!r} holds half a character.")
    return _make_piece(text, _read_words(text))


def _read_words(text: str) -> tuple[Word, ...]:
    # Slow to import, and most sessions never need it.
    from tachograph.analysis.shell.grammar import parse_script

    shown = f"The piece of a command {text!r}"
    try:
        node = parse_script(text.strip())
    except Unclear:
        raise ValueError(f"{shown} cannot be read: is a quote or a bracket open?") from None
    if node.kind is not BlockKind.SEQUENCE or len(node.parts) != 1 or isinstance(node.parts[0], Block):
        raise ValueError(f"{shown} must hold one command.")
    simple = node.parts[0]
    if not isinstance(simple, Simple) or simple.redirects or simple.assignments or not simple.words:
        raise ValueError(f"{shown} must be a program with its words, without redirections and settings.")
    if any(not word.known for word in simple.words):
        raise ValueError(f"{shown} must not hold variables or substitutions.")
    return simple.words


def _make_piece(text: str, words: tuple[Word, ...]) -> Piece:
    program = _base_name(words[0].text)
    if not program or program.startswith("-"):
        raise ValueError(f"The piece of a command {text!r} must name a program.")
    if not words[0].plain:
        raise ValueError(f"The piece of a command {text!r} must name its program; /…/ is a regular expression.")
    if words[-1].text == "*" and not words[-1].plain:
        words = words[:-1]  # with whatever follows, as permissions are written
    given = read_given(program, words[1:])
    inner = _make_piece(text, words[1 + given.inner :]) if given.inner is not None else None
    return Piece(text, frozenset(names_of(program)), given, inner)


def _base_name(text: str) -> str:
    return text.rpartition("/")[2].removesuffix(".exe")


@lru_cache(maxsize=256)
def _name_pattern(names: frozenset[str]) -> re.Pattern[str]:
    choice = "|".join(re.escape(_QUOTING.sub("", name)) for name in sorted(names))
    return re.compile(rf"(?<![\w-])(?:{choice})(?![\w-])")


# ------------------------------------------------------------------------------------------------- comparing


def _compare(piece: Piece, program: str, words: tuple[Word, ...]) -> Presence:
    given = read_given(program, words)
    presences = [_compare_options(piece.given, given), _compare_operands(piece.given, given)]
    if piece.inner is not None:
        presences.append(_compare_inner(piece.inner, given, words))
    if Presence.ABSENT in presences:
        return Presence.ABSENT
    return Presence.UNSURE if Presence.UNSURE in presences else Presence.FOUND


def _compare_inner(inner: Piece, given: Given, words: tuple[Word, ...]) -> Presence:
    if given.inner is None:
        return Presence.ABSENT
    first, *rest = words[given.inner :]
    if not first.known and "/" not in first.text:
        return Presence.UNSURE
    program = _base_name(first.text)
    return _compare(inner, program, tuple(rest)) if program in inner.names else Presence.ABSENT


def _compare_options(wanted: Given, given: Given) -> Presence:
    """Every option of the piece must be there; a variable outside of quotes may hold any."""
    presence = Presence.FOUND
    for option in wanted.options:
        found = _find_option(option, given)
        if found is Presence.ABSENT and any(one.word.splits and not one.final for one in given.operands):
            found = Presence.UNSURE
        if found is Presence.ABSENT:
            return found
        if found is Presence.UNSURE:
            presence = found
    return presence


def _find_option(wanted: Option, given: Given) -> Presence:
    presence = Presence.ABSENT
    for option in given.options:
        if option.name != wanted.name:
            continue
        if wanted.value is None or (option.value is None and not given.manual.listed):
            return Presence.FOUND
        if option.value is not None and option.value.text == wanted.value.text:
            return Presence.FOUND
        if option.value is not None and not option.value.known:
            presence = Presence.UNSURE
    return presence


def _compare_operands(wanted: Given, given: Given) -> Presence:
    """Those of the piece must be there in their order, subcommands at their place."""
    presence = Presence.FOUND
    at = 0
    anchored = not wanted.manual.listed
    for place, operand in enumerate(wanted.operands):
        if operand.subcommand:
            found = _same_word(operand, given.operands[place]) if place < len(given.operands) else Presence.ABSENT
            if found is Presence.ABSENT and any(one.word.splits for one in given.operands[:place]):
                found = Presence.UNSURE
            at = place + 1
        else:
            found, at = _search(operand, given.operands, at, anchored and not operand.follows_option)
            anchored &= operand.follows_option
        if found is Presence.ABSENT:
            return found
        if found is Presence.UNSURE:
            presence = found
    return presence


def _search(wanted: Operand, operands: tuple[Operand, ...], at: int, anchored: bool) -> tuple[Presence, int]:
    """``wanted`` among ``operands`` from ``at`` on; ``anchored``: only values of options may stand before it."""
    unsure: int | None = None
    for index in range(at, len(operands)):
        found = _same_word(wanted, operands[index])
        if found is Presence.FOUND:
            return found, index + 1
        if found is Presence.UNSURE:
            unsure = index if unsure is None else unsure
        elif anchored and not operands[index].follows_option:
            break
    return (Presence.ABSENT, at) if unsure is None else (Presence.UNSURE, unsure + 1)


def _same_word(wanted: Operand, operand: Operand) -> Presence:
    text, pattern = operand.word.text, wanted.word
    if operand.word.known:
        same = text == pattern.text or (not pattern.plain and fnmatchcase(text, pattern.text))
        return Presence.FOUND if same else Presence.ABSENT
    return Presence.UNSURE
