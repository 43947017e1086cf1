"""Ways of working that a history shows: which use of a subagent, a skill or a command is which practice."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import Literal, get_args

import msgspec

Kind = Literal["subagent", "skill", "slash", "command"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_WORDS = re.compile(r"[A-Za-z0-9_.-]+")


class Practice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the table; ``practices.toml`` says what each field means."""

    name: str
    each: bool = False
    excepted: tuple[str, ...] = msgspec.field(default=(), name="except")
    subagent: tuple[str, ...] = ()
    skill: tuple[str, ...] = ()
    slash: tuple[str, ...] = ()
    command: tuple[str, ...] = ()

    def patterns(self, kind: Kind) -> tuple[str, ...]:
        """What names of this kind match."""
        found: tuple[str, ...] = getattr(self, kind)
        return found

    def name_of(self, kind: Kind, used: str) -> str | None:
        """What the use of ``used`` is called; None when this practice is another one."""
        lower = used.lower()
        if not any(fnmatchcase(lower, one.lower()) for one in self.patterns(kind)):
            return None
        if any(fnmatchcase(lower, one.lower()) for one in self.excepted):
            return None
        return f"{self.name} {used}" if self.each else self.name


class PracticeTable(msgspec.Struct, frozen=True):
    """All practices that are looked for."""

    practices: tuple[Practice, ...]

    def names_of(self, kind: Kind, used: str) -> tuple[str, ...]:
        """Every practice that the use of ``used`` belongs to, in the table's order."""
        found = (one.name_of(kind, used) for one in self.practices)
        return tuple(dict.fromkeys(name for name in found if name is not None))

    def command_words(self) -> re.Pattern[str] | None:
        """What a command must match to be any practice's; None when any command may be one's.

        For passing over most commands without taking them apart: the longest word of each pattern that is whole.
        """
        patterns = [pattern for one in self.practices for pattern in one.command]
        words = {_longest_word(pattern) for pattern in patterns}
        if None in words:
            return None
        longest_first = sorted((word for word in words if word), key=lambda word: (-len(word), word))
        return re.compile("|".join(map(re.escape, longest_first)) or r"(?!)", re.IGNORECASE)

    def beside(self, own: PracticeTable) -> PracticeTable:
        """This table, with the rows of ``own`` instead of those of the same name, or added."""
        replaced = {one.name for one in own.practices}
        return PracticeTable((*(one for one in self.practices if one.name not in replaced), *own.practices))


def _longest_word(pattern: str) -> str | None:
    whole = [word for part in pattern.lower().split() for word in _WORDS.findall(re.sub(r"[*?\[].*", "", part))]
    return max(whole, key=len, default=None)


def read_practices(text: str) -> PracticeTable:
    """The table that a TOML text holds; ValueError with one sentence when a row is wrong."""
    try:
        rows = msgspec.convert(tomllib.loads(text).get("practice", []), tuple[Practice, ...])
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ValueError(f"The table of practices cannot be read: {error}.") from error
    _check(rows)
    return PracticeTable(rows)


def _check(rows: Iterable[Practice]) -> None:
    seen: set[str] = set()
    for one in rows:
        if not one.name.strip():
            raise ValueError("A practice has no name.")
        if one.name in seen:
            raise ValueError(f"There are two practices named {one.name!r}.")
        if not any(one.patterns(kind) for kind in KINDS):
            raise ValueError(f"The practice {one.name!r} says nothing that would show it: {', '.join(KINDS)}.")
        seen.add(one.name)


@cache
def load_practices() -> PracticeTable:
    """The table that comes with Tachograph."""
    return read_practices(resources.files(__package__).joinpath("practices.toml").read_text(encoding="utf-8"))


def find_commands(command: str, words: re.Pattern[str] | None) -> Iterator[str]:
    """What a shell command runs, each in a word or three, in order; nothing when ``words`` is nowhere in it."""
    if words is not None and not words.search(command):
        return
    from tachograph.analysis.commands import command_head
    from tachograph.analysis.shell.invocations import find_invocations  # loads a grammar: slow, and seldom needed

    for invocation in find_invocations(command).found:
        head = command_head(invocation.show())
        if head:
            yield head
