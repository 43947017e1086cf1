"""What retrospectives are about, by a table of words."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib import resources

import msgspec

_SPLIT = re.compile(r"[\s\-_*`#>|]+")


class Theme(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the table; ``retro_themes.toml`` says what each field means."""

    name: str
    words: tuple[str, ...]


class ThemeTable(msgspec.Struct, frozen=True):
    """All themes that are looked for."""

    themes: tuple[Theme, ...]

    def find(self, text: str) -> frozenset[str]:
        """Names of the themes that ``text`` is about."""
        folded = _fold(text)
        return frozenset(one.name for one in self.themes if _expression(one.words).search(folded))

    def beside(self, own: ThemeTable) -> ThemeTable:
        """This table, with the rows of ``own`` instead of those of the same name, or added."""
        replaced = {one.name for one in own.themes}
        return ThemeTable((*(one for one in self.themes if one.name not in replaced), *own.themes))


def _fold(text: str) -> str:
    """Lower case, one blank between words."""
    return _SPLIT.sub(" ", text.lower().replace("\u2019", "'"))


@cache
def _expression(words: tuple[str, ...]) -> re.Pattern[str]:
    """Matches where one of ``words`` stands whole. All of them are literal, so no text can make it slow."""
    forms = (re.escape(_fold(word.removesuffix("*"))) + (r"\w*" if word.endswith("*") else "") for word in words)
    return re.compile(rf"(?<!\w)(?:{'|'.join(forms)})(?!\w)")


def read_themes(text: str) -> ThemeTable:
    """The table that a TOML text holds; ValueError with one sentence when a row is wrong."""
    try:
        rows = msgspec.convert(tomllib.loads(text).get("theme", []), tuple[Theme, ...])
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ValueError(f"The table of themes cannot be read: {error}.") from error
    _check(rows)
    return ThemeTable(rows)


def _check(rows: Iterable[Theme]) -> None:
    seen: set[str] = set()
    for one in rows:
        if not one.name.strip() or one.name in seen:
            raise ValueError(
                f"There are two themes named {one.name!r}." if one.name.strip() else "A theme has no name."
            )
        if not one.words or not all(_fold(word.removesuffix("*")).strip() for word in one.words):
            raise ValueError(f"The theme {one.name!r} has no words, or an empty one.")
        seen.add(one.name)


@cache
def load_themes() -> ThemeTable:
    """The table that comes with Tachograph."""
    return read_themes(resources.files(__package__).joinpath("retro_themes.toml").read_text(encoding="utf-8"))
