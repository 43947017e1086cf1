"""The redactor as the sources use it: redact, then cut, and nothing that the store could not hold."""

from __future__ import annotations

import re
from functools import cache

from tachograph.redaction.engine import LONGEST_MARKER, MARKER, Redactor
from tachograph.redaction.rule_table import bundled_rules

NAME_LIMIT = 1_000
"""Most characters of a name."""

_MEMO_ENTRIES = 20_000
# Neither SQLite's text nor UTF-8 holds a lone surrogate, and a NUL ends a text for many readers.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Cleaner:
    """Implements :class:`tachograph.model.Clean`."""

    def __init__(self, redactor: Redactor, *, store_text: bool = True) -> None:
        """With ``store_text`` false, :meth:`text` gives nothing away; names are still cleaned and kept."""
        self._clean = redactor.clean
        self._clean_account = redactor.clean_account
        self._store_text = store_text
        self._names: dict[str, str] = {}

    def text(self, value: str, limit: int) -> str:
        """Return free text without secrets, at most ``limit`` characters; ``""`` when no text is stored."""
        if not self._store_text:
            return ""
        return _cut(self._clean(_storable(value)), limit)

    def name(self, value: str) -> str:
        """Return a short, often repeated string without secrets, at most 1,000 characters; remembered."""
        known = self._names.get(value)
        if known is not None:
            return known
        cleaned = _cut(self._clean(_storable(value)), NAME_LIMIT)
        if len(value) <= NAME_LIMIT:
            if len(self._names) >= _MEMO_ENTRIES:
                self._names.clear()
            self._names[value] = cleaned
        return cleaned

    def clean_account(self, value: str) -> str:
        """Return the value of an account field without secrets and e-mail addresses, at most 1,000 characters."""
        return _cut(self._clean_account(_storable(value)), NAME_LIMIT)


@cache
def default_cleaner(store_text: bool = True) -> Cleaner:
    """Return the cleaner over the bundled rules; one per process and setting."""
    return Cleaner(_bundled_redactor(), store_text=store_text)


@cache
def _bundled_redactor() -> Redactor:
    return Redactor(bundled_rules())


def _storable(value: str) -> str:
    if value.isascii() and "\x00" not in value:
        return value
    return _UNSTORABLE.sub("\ufffd", value)


def _cut(text: str, limit: int) -> str:
    """Return the first ``limit`` characters, without the piece of a marker that the cut would leave."""
    if len(text) <= limit:
        return text
    for marker in MARKER.finditer(text, max(0, limit - LONGEST_MARKER), limit + LONGEST_MARKER):
        if marker.start() < limit < marker.end():
            return text[: marker.start()]
    return text[:limit]
