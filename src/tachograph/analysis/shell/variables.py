"""The variables that a command sets itself, as far as their values stand in its text."""

from __future__ import annotations

import re

import msgspec

from tachograph.analysis.shell.syntax import Word

_SETTING = re.compile(r"""([A-Za-z_]\w*)=(?:'([^']*)'|"([^"\\$`]*)"|([^\s'"\\$`(){}*?\[;&|<>]*))""")
_NAME = re.compile(r"([A-Za-z_]\w*)\+?=")
_USE = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})")
_MAX_VALUES = 100
_MAX_CHARS = 200
_MAX_USES = 1000
"""Beyond these a variable is not filled in: a short text could become an endless one."""


class Variables:
    """Values by name, in the order of the text."""

    def __init__(self) -> None:
        self._values: dict[str, list[str | None]] = {}
        self._uses = 0

    def set(self, setting: Word) -> None:
        """Note ``NAME=value``; a value with a variable in it is not known."""
        named = _NAME.match(setting.text)
        if named is None:
            return
        plain = _SETTING.fullmatch(setting.text)
        value = next((part for part in plain.groups()[1:] if part is not None), "") if plain else None
        self._add(named[1], value)

    def loop(self, name: str, words: tuple[Word, ...]) -> None:
        """Note that ``name`` goes through ``words``."""
        for word in words[:_MAX_VALUES]:
            self._add(name, word.text if word.known else None)

    def fill(self, words: tuple[Word, ...]) -> tuple[Word, ...]:
        """``words`` with the variables replaced that can only hold one value."""
        if not self._values:
            return words
        filled: list[Word] = []
        for word in words:
            filled += self._filled(word)
        return tuple(filled)

    def _add(self, name: str, value: str | None) -> None:
        values = self._values.setdefault(name, [])
        if value is not None and len(value) > _MAX_CHARS:
            value = None
        if len(values) < _MAX_VALUES and value not in values:
            values.append(value)

    def _filled(self, word: Word) -> list[Word]:
        use = None if word.known else _USE.fullmatch(word.text)
        values = self._values.get(use[1] or use[2]) if use else None
        if not values:
            return [word]
        value = values[0]
        self._uses += 1
        if self._uses > _MAX_USES:
            return [word]
        if len(values) == 1 and value is not None:
            parts = value.split() if word.splits else [value]
            return [Word(part, part) for part in parts]
        harmless = all(one is not None and not any(part.startswith("-") for part in one.split()) for one in values)
        return [msgspec.structs.replace(word, splits=False)] if harmless else [word]
