"""The table of programs that change nothing: ``readonly.toml`` read into Structs."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeVar

import msgspec


class Program(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A program, or a subcommand of one, that changes nothing unless one of its options says so."""

    names: tuple[str, ...]
    """``ls``, or with subcommands ``git log``."""
    changes: frozenset[str] = frozenset()
    """Options that make it a change."""
    writes: frozenset[str] = frozenset()
    """Options that name a file to write: a change unless that is a null device."""
    allowed: dict[str, str] = {}
    """Options whose value decides: a change unless the pattern fits the whole of it."""
    only_with: frozenset[str] = frozenset()
    """It is a change unless one of these options is there."""
    refuses: tuple[str, ...] = ()
    """It is a change when a word contains one of these."""
    max_operands: int | None = None
    """With more operands than this it is a change: the next one would name something to write or to set."""
    listing: frozenset[str] = frozenset()
    """Options with which operands only choose what is shown; ``max_operands`` does not count then."""
    valued: frozenset[str] = frozenset()
    """Options that take the next word as their value."""
    valued2: frozenset[str] = frozenset()
    """Options that take the next two words."""
    flags: frozenset[str] = frozenset()
    """Options without a value that may stand before the subcommand."""
    clusters: bool = True
    """``-ab`` is ``-a -b``; else one option, as in Go's and PowerShell's programs."""
    rule: str = ""
    """A rule of its own besides the table, see rules.py."""
    bare: bool = False
    """Without a subcommand it changes nothing."""
    operands: Literal["other", "files", "script"] = "other"
    """Whether operands are files whose content is read; of ``script`` the first is a pattern or a script."""
    script_options: frozenset[str] = frozenset()
    """Options that give the script instead."""
    prints: Literal["nothing", "cut", "content", "other"] = "other"
    """Of what it reads: nothing; pieces cut by line or byte; something of its content; something else."""
    alters: frozenset[str] = frozenset()
    """Options with which pieces are no longer just cut."""
    prepares: bool = False
    """It only prepares the shell for what comes after it."""


class Wrapper(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A program that runs the command after it."""

    names: tuple[str, ...]
    changes: frozenset[str] = frozenset()
    """Options that make it a change."""
    writes: frozenset[str] = frozenset()
    """Options that name a file to write."""
    valued: frozenset[str] = frozenset()
    """Options that take the next word as their value."""
    listing: frozenset[str] = frozenset()
    """Options with which it runs nothing and only says something."""
    skips: int = 0
    """Operands before the command."""
    adds: bool = False
    """It adds words to the command that are not in the text."""


class CommonWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words that several rules share."""

    shells: frozenset[str]
    """Programs that run the text after ``-c``."""
    folders: tuple[str, ...]
    """Where a program of the table may lie when it is called by its path."""
    null_devices: frozenset[str]
    """Targets of which nothing is left."""
    versions: frozenset[str]
    """The one argument with which any of ``tools`` only says something about itself."""
    tools: frozenset[str]
    """Programs that know ``--version`` and ``--help``."""
    running_variables: frozenset[str]
    """Variables that make read-only programs run others or use another configuration."""
    paging_variables: frozenset[str]
    """Variables that name a program for showing output; ``cat`` and ``less`` are harmless."""


R = TypeVar("R", Program, Wrapper)


class Table(msgspec.Struct, frozen=True):
    """The whole table."""

    rows: tuple[Program, ...]
    """As in the file, in its order."""
    wrapper_rows: tuple[Wrapper, ...]
    programs: dict[str, Program]
    """By name."""
    wrappers: dict[str, Wrapper]
    words: CommonWords


@cache
def load_table() -> Table:
    """The bundled table. Raises ValueError when a name has two rows or a key is unknown."""
    text = files("tachograph.analysis.shell").joinpath("readonly.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    rows = tuple(msgspec.convert(_split(row), Program) for row in document["program"])
    wrapper_rows = tuple(msgspec.convert(_split(row), Wrapper) for row in document["wrapper"])
    words = msgspec.convert({key: value.split() for key, value in document["words"].items()}, CommonWords)
    programs = _by_name(rows)
    return Table(rows, wrapper_rows, programs, _by_name(wrapper_rows), words)


def program_name(text: str) -> str:
    """``text`` without the folder of the system's own programs."""
    folder, slash, name = text.rpartition("/")
    return name if slash and folder + slash in load_table().words.folders else text


def _split(row: dict[str, Any]) -> dict[str, Any]:
    """``row`` with its texts of several words split: names at commas, options at spaces."""
    split = {key: value.split() for key, value in row.items() if isinstance(value, str) and key not in _TEXTS}
    return {**row, **split, "names": [name.strip() for name in row["names"].split(",")]}


_TEXTS = frozenset({"names", "rule", "operands", "prints"})


def _by_name(rows: tuple[R, ...]) -> dict[str, R]:
    found: dict[str, R] = {}
    for row in rows:
        for name in row.names:
            if found.setdefault(name, row) is not row:
                raise ValueError(f"There are two rows for {name!r}.")
    return found
