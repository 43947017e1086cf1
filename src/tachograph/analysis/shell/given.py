"""What one program was given: its options, its operands, and the command among its words that it runs."""

from __future__ import annotations

import re

import msgspec

from tachograph.analysis.shell.manuals import Manual, find_manual, find_submanual
from tachograph.analysis.shell.options import read_option
from tachograph.analysis.shell.syntax import Word

_SETTING = re.compile(r"[A-Za-z_]\w*\+?=")
_NUMBER = re.compile(r"-\d\d+")
"""``head -20``: one option, and another one than ``-200``."""
_MAX_LEVELS = 8
"""Subcommands of subcommands that are followed."""


class Option(msgspec.Struct, frozen=True):
    """An option by the name that stands for all that mean the same."""

    name: str
    value: Word | None


class Operand(msgspec.Struct, frozen=True):
    """A word that is no option."""

    word: Word
    subcommand: bool = False
    """It stands where a subcommand does."""
    follows_option: bool = False
    """It may be the value of the option before it."""
    final: bool = False
    """It stands behind ``--``: whatever it holds is no option."""


class Given(msgspec.Struct, frozen=True):
    """What one program was given."""

    manual: Manual
    """Of its last subcommand."""
    options: tuple[Option, ...]
    operands: tuple[Operand, ...]
    inner: int | None = None
    """Where among its words the command begins that it runs."""
    texts: tuple[Word, ...] = ()
    """Words that a shell reads as commands."""
    executed: tuple[tuple[Word, ...], ...] = ()
    """Commands that stand between its words (``find -exec``)."""
    reads_commands: bool = False
    """It is a shell that runs what it is fed."""


def read_given(program: str, words: tuple[Word, ...]) -> Given:
    """``words`` sorted as ``program`` (its base name) reads them."""
    reading = _Reading(program, words)
    reading.read()
    return reading.result()


class _Reading:
    """The words of one program on their way into options and operands."""

    def __init__(self, program: str, words: tuple[Word, ...]) -> None:
        self.words = words
        self.manual = find_manual(program)
        self.listed = self.manual.listed
        self.at = 0
        self.options: list[Option] = []
        self.operands: list[Operand] = []
        self.own = 0
        """Operands of the last subcommand."""
        self.levels = 0
        self.inner: int | None = None
        self.texts: list[Word] = []
        self.executed: list[tuple[Word, ...]] = []
        self.after_option = False

    def read(self) -> None:
        """Go through all words."""
        while self.at < len(self.words) and not self._stops():
            word = self.words[self.at]
            if word.text == "--" and word.known:
                self._end_options()
                return
            if _is_option(word):
                self._option(word)
            else:
                self._operand(word)
            if self.inner is not None:
                return

    def result(self) -> Given:
        """What was read."""
        runs = self.manual.row.runs
        rest = self.words[self.at :]
        texts = self.texts
        reads = False
        if any(option.name in self.manual.row.listing for option in self.options):
            return Given(self.manual, tuple(self.options), tuple(self.operands))
        if runs == "text" and rest:
            texts = [*texts, _join(rest)]
        elif runs == "first":
            texts = [*texts, *(operand.word for operand in self.operands[:1])]
        elif runs == "shell":
            flags = {option.name for option in self.options}
            if "-c" in flags:
                texts = [*texts, *(operand.word for operand in self.operands[:1])]
            else:
                reads = not self.operands or "-s" in flags
        operands, executed = tuple(self.operands), tuple(self.executed)
        return Given(self.manual, tuple(self.options), operands, self.inner, tuple(texts), executed, reads)

    def _stops(self) -> bool:
        """Its own words end here: what follows belongs to what it runs."""
        row = self.manual.row
        if row.runs == "text" and self.own >= row.skips:
            return not _is_option(self.words[self.at])
        if row.runs in ("shell", "script", "first") and self.own > 0:
            self.operands += [Operand(word, final=True) for word in self.words[self.at :]]
            self.at = len(self.words)
            return True
        return False

    def _end_options(self) -> None:
        self.at += 1
        row = self.manual.row
        if (row.runs == "command" and self.own >= row.skips) or row.runs == "dashes":
            self._run(self.at)
            return
        if row.runs == "text" and self.own >= row.skips:
            return
        while self.at < len(self.words):
            self._operand(self.words[self.at], final=True)
            if self.inner is not None:
                return

    def _option(self, word: Word) -> None:
        if word.text in self.manual.row.executes:
            self._execute()
            return
        read: list[tuple[str, Word | None]] = []
        if _NUMBER.fullmatch(word.text):
            read.append((word.text, None))
            self.at += 1
        else:
            self.at = read_option(self.manual.options, self.words, self.at, read)
        row = self.manual.row
        for name, value in read:
            canonical, _ = self.manual.canonical(name, value.text if value else None)
            kept = None if value and canonical != self.manual.same.get(name, name) else value
            self.options.append(Option(canonical, kept))
            if name in row.texts and value is not None:
                self.texts.append(value)
            if name in row.modules and value is not None and self.words[self.at - 1].text == value.text:
                self._run(self.at - 1)
        self.after_option = not self.manual.listed
        if self.after_option and "=" in word.text:
            attached = word.text.partition("=")[2]
            self.operands.append(Operand(Word(attached, attached, word.known), follows_option=True))

    def _operand(self, word: Word, *, final: bool = False) -> None:
        row = self.manual.row
        if row.sets and _SETTING.match(word.text):
            self.at += 1
            return
        if row.runs == "command" and self.own >= row.skips:
            self._run(self.at)
            return
        below = None
        if self.levels < _MAX_LEVELS and word.known and not self.after_option:
            below = find_submanual(self.manual, word.text)
        place = below is not None or self.manual.depth > 0
        if place and below is not None:
            text = below.name.rpartition(" ")[2] if below.listed else word.text
            word = Word(text, text, plain=word.plain)
        self.operands.append(Operand(word, place, self.after_option, final))
        self.own += 1
        if below is not None:
            self.manual = below
            self.own = 0
            self.levels += 1
        self.after_option = False
        self.at += 1

    def _run(self, at: int) -> None:
        if at < len(self.words):
            self.inner = at

    def _execute(self) -> None:
        end = next(
            (i for i in range(self.at + 1, len(self.words)) if self.words[i].text in (";", "+")), len(self.words)
        )
        self.executed.append(self.words[self.at + 1 : end])
        self.options.append(Option(self.words[self.at].text, None))
        self.at = end + 1


def _is_option(word: Word) -> bool:
    return len(word.text) > 1 and word.text[0] == "-" and not word.splits


def _join(words: tuple[Word, ...]) -> Word:
    """As ``eval`` and ``ssh`` join them: with spaces, their quotes gone."""
    text = " ".join(word.text for word in words)
    return Word(text, text, all(word.known for word in words))
