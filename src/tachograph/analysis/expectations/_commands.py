"""Pieces of commands and of other tools' inputs, as a person writes them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Self

import msgspec

from tachograph.analysis.expectations._answers import NOT_KNOWN, NOT_UNDERSTOOD, Answer
from tachograph.analysis.expectations._names import ToolPattern, split_use, without_star
from tachograph.analysis.expectations._patterns import Expression
from tachograph.analysis.expectations._reading import Misread
from tachograph.analysis.expectations._recording import Call, Recording
from tachograph.analysis.expectations._values import read_text

if TYPE_CHECKING:
    from tachograph.analysis.shell import Piece

_SEARCHING = frozenset({"grep", "egrep", "fgrep", "zgrep", "rg", "ag", "ack", "git", "gh"})
"""Programs whose words are looked for or noted down; none of them runs a statement."""
_STATEMENT = re.compile(
    r"""
    (?: alter | create (?:\s+or\s+replace)? | drop ) \s+ (?: temp(?:orary)? \s+ | unique \s+ | materialized \s+ )?
        (?: database | table | schema | view | index | user | role | function | procedure | trigger | sequence | type
          | extension | catalog | column | constraint | policy | publication | subscription | tablespace | keyspace )
    | delete \s+ from | insert \s+ (?: into | overwrite ) | merge \s+ into | replace \s+ into
    | truncate \s+ (?: table \b | [a-z] ) | update \s+ \S+ \s+ set | select \s .* \b from
    | grant \s .* \b (?: on | to ) | revoke \s .* \b (?: on | from )
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_VERBS = """
    ALTER CREATE DELETE DROP GRANT INSERT MERGE REPLACE REVOKE SELECT TRUNCATE UPDATE VACUUM
"""


class TextPiece(msgspec.Struct, frozen=True):
    """A piece of a text: capitals do not count, a run of white space is like another, words are whole.

    A hyphen within a word belongs to it: ``commit`` is in ``to-commit`` as little as in ``commits``.
    """

    text: str

    def found_in(self, text: str) -> bool:
        """Whether it is in ``text``."""
        return self.count_in(text) > 0

    def count_in(self, text: str) -> int:
        """How often it is in ``text``."""
        words = self.text.lower().split()
        if words[0] not in text.lower():
            return 0
        return len(_compile_words(tuple(words)).findall(text))


@lru_cache(maxsize=256)
def _compile_words(words: tuple[str, ...]) -> re.Pattern[str]:
    before = r"(?<!\w)(?<!\w-)" if re.match(r"\w", words[0]) else ""
    after = r"(?!-?\w)" if re.search(r"\w$", words[-1]) else ""
    return re.compile(before + r"\s+".join(map(re.escape, words)) + after, re.IGNORECASE)


def is_statement(text: str) -> bool:
    """Whether ``text`` is a piece of SQL: it begins like a statement, or with a statement's verb in capitals."""
    return text.split()[0] in _VERBS.split() or _STATEMENT.match(text.strip()) is not None


class CommandPattern(msgspec.Struct, frozen=True):
    """A piece of a shell command (``git push --force``), a piece of SQL in one, or ``/a regular expression/``."""

    text: str

    @classmethod
    def read(cls, value: object) -> Self:
        """The pattern that a file gives. Raises Misread."""
        pattern = cls(read_text(value, "a piece of a command").strip())
        _refuse_use(pattern.text)
        pattern._parts()
        return pattern

    def found_in(self, command: str) -> Answer:
        """Whether ``command`` holds it."""
        parts = self._parts()
        if isinstance(parts, Expression):
            return parts.found_in(command)
        if isinstance(parts, TextPiece):
            return _states(parts, command)
        match = parts.matches(command)
        return True if match.found else NOT_UNDERSTOOD if not match.understood else False

    def ask(self, recording: Recording, call: Call) -> Answer:
        """Whether the command of ``call`` holds it."""
        command = recording.command(call)
        return NOT_KNOWN if command is None else bool(command) and self.found_in(command)

    def _parts(self) -> Expression | TextPiece | Piece:
        """What it is made of. Raises Misread."""
        text = self.text
        if len(text) > 2 and text.startswith("/") and text.endswith("/"):
            return Expression.read(text[1:-1])
        return TextPiece(text) if is_statement(text) else _piece(text)


def _refuse_use(text: str) -> None:
    """Raises Misread for ``Bash(rm:*)`` and ``Skill(x)``, which no command would ever match."""
    use = split_use(text)
    if use is not None:
        is_shell = ToolPattern(use[0]).names_a_shell
        alone = f"Write the command alone: {without_star(use[1])}."
        hint = alone if is_shell else "Write it in required_tools or banned_tools."
        raise Misread(f"{text!r} is a tool with what it was given, not a command", (), hint)


@lru_cache(maxsize=1024)
def _piece(text: str) -> Piece:
    from tachograph.analysis.shell import compile_piece  # slow to import, and most keys never need it

    try:
        return compile_piece(text)
    except ValueError as error:
        message = str(error)
        raise Misread(message[:1].lower() + message[1:].removesuffix(".")) from None


def _states(statement: TextPiece, command: str) -> bool:
    """Whether a statement is in a command, elsewhere than in what it only looks for."""
    count = statement.count_in(command)
    if not count:
        return False
    from tachograph.analysis.shell import find_invocations

    searched = (one for one in find_invocations(command).found if one.program in _SEARCHING)
    return count > sum(statement.count_in(" ".join(one.words)) for one in searched)
