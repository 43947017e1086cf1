"""Every program that a command would run, at any depth."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from tachograph.analysis.shell.syntax import Word

_CACHED_CHARS = 8192
_SHOWN_CHARS = 200


class Invocation(msgspec.Struct, frozen=True):
    """One program with its words."""

    program: str
    """Its base name: ``rm`` for ``/bin/rm``."""
    words: tuple[str, ...] = ()
    """After the program, without their quotes; variables that are not known stand in them as written."""
    known: tuple[bool, ...] = ()
    """Of each word: it holds no variable and no substitution."""
    splits: tuple[bool, ...] = ()
    """Of each word: it is only a variable or substitution outside of quotes: perhaps several words, or options."""

    def show(self, limit: int = _SHOWN_CHARS) -> str:
        """It on one line of at most ``limit`` characters, for people; control characters are left to the surface."""
        text = " ".join([self.program, *self.words])
        line = " ".join(text[: limit * 4].split())
        return line if len(line) <= limit else line[: limit - 1] + "…"

    def arguments(self) -> tuple[Word, ...]:
        """The words as the reader of options takes them."""
        return tuple(
            Word(text, text, known, known, (), splits)
            for text, known, splits in zip(self.words, self.known, self.splits, strict=True)
        )


class Invocations(msgspec.Struct, frozen=True):
    """All programs of a command."""

    found: tuple[Invocation, ...]
    """In the order in which they stand; what is substituted into a program's words comes before it."""
    understood: bool
    """False when a part could not be parsed, is nested too deeply, or runs what only a variable knows."""


def find_invocations(command: str) -> Invocations:
    """Every program that ``command`` would run; any text is taken, none raises.

    Followed are pipes, lists, blocks, functions' bodies, substitutions, programs that run others (``sudo``, ``xargs``,
    ``uv run``, ``python -m``, ``docker exec``, ``find -exec`` …: ``manuals.toml``) and texts that shells read
    (``bash -c``, ``eval``, ``ssh``, ``trap``, a here-document). The program that runs another stands before it.
    Variables that the command sets to a plain text are filled in. A script on disk, an alias and a makefile are not
    looked into.
    """
    return _cached(command) if len(command) <= _CACHED_CHARS else _find(command)


def _find(command: str) -> Invocations:
    if not command.strip():
        return Invocations((), understood=True)
    # Slow to import, and most sessions never need it.
    from tachograph.analysis.shell.finder import Finder

    finder = Finder()
    finder.read(command)
    return Invocations(tuple(finder.found), finder.understood)


_cached = lru_cache(maxsize=4096)(_find)
