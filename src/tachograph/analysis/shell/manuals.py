"""How programs read their words: ``manuals.toml`` read into Structs, joined with the wrappers of ``readonly.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import msgspec

from tachograph.analysis.shell.table import Program, Wrapper, load_table


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a row of the table says of each program, or subcommand of one, that it names."""

    names: tuple[str, ...] = ()
    valued: frozenset[str] = frozenset()
    """Options that take the next word as their value."""
    same: tuple[tuple[str, ...], ...] = ()
    """Options that mean the same; ``-s=KILL`` is an option with that value."""
    clusters: bool = True
    """``-ab`` is ``-a -b``; else one option."""
    subcommand: bool = False
    """Its first operand is a subcommand."""
    depth: int = 1
    """So many of its first operands are."""
    keeps: bool = False
    """Its own options may stand behind its subcommand, too."""
    runs: Literal["", "command", "dashes", "text", "first", "shell", "script"] = ""
    """What it runs: its operands as a command; that only after ``--``; its operands joined, as a shell reads them; its
    first operand so; what a shell does, ``-c TEXT`` or what it is fed; a script in a language of its own."""
    skips: int = 0
    """Operands before what it runs."""
    sets: bool = False
    """``NAME=value`` before what it runs is no operand."""
    listing: frozenset[str] = frozenset()
    """Options with which it runs nothing."""
    modules: frozenset[str] = frozenset()
    """Options whose value is a program, and all words behind it that program's."""
    texts: frozenset[str] = frozenset()
    """Options whose value a shell reads."""
    executes: frozenset[str] = frozenset()
    """Options with a command behind them, up to a word ``;`` or ``+``."""


class Manual(msgspec.Struct, frozen=True):
    """How one program, or a subcommand of one, reads its words."""

    name: str
    """``rm``, ``git push``; of several names for one thing the first."""
    row: Row
    options: Program
    """Its options, for ``read_option``."""
    same: dict[str, str]
    """Each option that others mean the same as, and the one that stands for all."""
    listed: bool = True
    """It is in the table; else it is read as most programs are."""
    depth: int = 0
    """So many operands that follow are subcommands."""

    def canonical(self, name: str, value: str | None) -> tuple[str, str | None]:
        """The option that stands for ``name`` with ``value`` (None: without one), and its value."""
        whole = self.same.get(f"{name}={value}")
        if whole is not None:
            found, equals, rest = whole.partition("=")
            return found, rest if equals else None
        return self.same.get(name, name), value


def find_manual(name: str) -> Manual:
    """How the program ``name`` reads its words."""
    found = _load().get(_one_name(name))
    return found if found is not None else _make_manual(name, Row(), listed=False)


def find_submanual(above: Manual, operand: str) -> Manual | None:
    """How the subcommand ``operand`` of ``above`` does; None when it is none."""
    name = _one_name(f"{above.name} {operand}")
    found = _load().get(name)
    if found is None and above.depth > 0:
        kept = above.row if above.row.keeps else Row(clusters=above.row.clusters)
        row = msgspec.structs.replace(kept, subcommand=above.depth > 1, depth=above.depth - 1, runs="", names=())
        found = _make_manual(name, row)
    return found


def names_of(program: str) -> tuple[str, ...]:
    """All the names by which ``program`` may be called: those of the table that mean the same."""
    first = _one_name(program)
    return tuple(dict.fromkeys([program, first, *(other for other, one in _also().items() if one == first)]))


def _one_name(name: str) -> str:
    return _also().get(name, name)


@cache
def _document() -> dict[str, Any]:
    text = files("tachograph.analysis.shell").joinpath("manuals.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def _also() -> dict[str, str]:
    return dict(_document()["also"])


@cache
def _load() -> dict[str, Manual]:
    """The table, by name. Raises ValueError when a name has two rows or a key is unknown."""
    rows = {name: _wrapper_row(wrapper) for wrapper in load_table().wrapper_rows for name in wrapper.names}
    seen: set[str] = set()
    for row in (msgspec.convert(_split(raw), Row) for raw in _document()["manual"]):
        for name in row.names:
            if name in seen:
                raise ValueError(f"There are two rows for {name!r}.")
            seen.add(name)
            rows[name] = _joined(rows[name], row) if name in rows else row
    return {name: _make_manual(name, row) for name, row in rows.items()}


def _split(row: dict[str, Any]) -> dict[str, Any]:
    """``row`` with its texts of several words split: names at commas, groups at semicolons, options at spaces."""
    split = {key: value.split() for key, value in row.items() if isinstance(value, str) and key != "runs"}
    names = [name.strip() for name in row["names"].split(",")]
    return {
        **row,
        **split,
        "names": names,
        "same": [group.split() for group in row.get("same", "").split(";") if group],
    }


def _wrapper_row(wrapper: Wrapper) -> Row:
    return Row(valued=wrapper.valued | wrapper.writes, runs="command", skips=wrapper.skips, listing=wrapper.listing)


def _joined(wrapper: Row, more: Row) -> Row:
    """A wrapper's row with what this table adds to it."""
    return msgspec.structs.replace(
        more,
        runs="command",
        skips=wrapper.skips,
        valued=wrapper.valued | more.valued,
        listing=wrapper.listing | more.listing,
    )


def _make_manual(name: str, row: Row, *, listed: bool = True) -> Manual:
    return Manual(
        name,
        row,
        Program(names=(name,), valued=row.valued | row.modules | row.texts, clusters=row.clusters),
        {option: group[0] for group in row.same for option in group},
        listed,
        row.depth if row.subcommand else 0,
    )
