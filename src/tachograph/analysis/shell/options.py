"""A program's words sorted into options and operands, as its row in the table says."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from tachograph.analysis.shell.syntax import Word
from tachograph.analysis.shell.table import Program, Wrapper

Row = Program | Wrapper


class Arguments(msgspec.Struct, frozen=True):
    """What a program was given."""

    options: tuple[tuple[str, Word | None], ...]
    """Name and value; None for an option without one."""
    operands: tuple[Word, ...]

    def has(self, names: Iterable[str]) -> bool:
        """Whether one of the options is there."""
        wanted = frozenset(names)
        return any(name in wanted for name, _ in self.options)


def read_arguments(row: Program, words: tuple[Word, ...]) -> Arguments:
    """All of ``words`` sorted; options may stand behind operands."""
    options: list[tuple[str, Word | None]] = []
    operands: list[Word] = []
    at = 0
    while at < len(words):
        text = words[at].text
        if text == "--":
            operands += words[at + 1 :]
            break
        if len(text) > 1 and text[0] == "-":
            at = read_option(row, words, at, options)
        else:
            operands.append(words[at])
            at += 1
    return Arguments(tuple(options), tuple(operands))


def read_option(row: Row, words: tuple[Word, ...], at: int, options: list[tuple[str, Word | None]]) -> int:
    """Add the options that ``words[at]`` stands for; returns where the next word to look at is."""
    text = words[at].text
    following = words[at + 1] if at + 1 < len(words) else None
    clusters = not isinstance(row, Program) or row.clusters
    if text.startswith("--") or not clusters:
        name, equals, value = text.partition("=")
        if equals:
            options.append((name, Word(value, value, words[at].known, words[at].plain)))
            return at + 1
        if isinstance(row, Program) and name in row.valued2:
            options.append((name, None))
            return at + 3
        takes = _takes_value(row, name)
        options.append((name, following if takes else None))
        return at + 2 if takes else at + 1
    for index, letter in enumerate(text[1:], start=1):
        name = f"-{letter}"
        if _takes_value(row, name):
            rest = text[index + 1 :]
            value_word = Word(rest, rest, words[at].known, words[at].plain) if rest else following
            options.append((name, value_word))
            return at + 1 if rest else at + 2
        options.append((name, None))
    return at + 1


def _takes_value(row: Row, name: str) -> bool:
    return name in row.valued or name in row.writes or (isinstance(row, Program) and name in row.allowed)


def find_change(row: Row, options: Iterable[tuple[str, Word | None]], null_devices: frozenset[str]) -> str:
    """The option that makes a change, as written; ``""`` when none does."""
    for name, value in options:
        if _is_among(name, row.changes):
            return name
        written = _is_among(name, row.writes)
        if written and (value is None or value.text not in null_devices):
            return name
        pattern = row.allowed.get(name) if isinstance(row, Program) else None
        if pattern is not None and (value is None or not re.fullmatch(pattern, value.text)):
            return f"{name} {value.text}" if value else name
    return ""


def _is_among(name: str, names: frozenset[str]) -> bool:
    """Whether ``name`` is one of ``names``, or long and begins one: GNU programs take long options cut short."""
    return name in names or (len(name) > 3 and name[:2] == "--" and any(one.startswith(name) for one in names))
