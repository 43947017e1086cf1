"""Finding the places where a rule can match at all: one Aho-Corasick pass over the text.

The only module that imports pyahocorasick.
"""

from __future__ import annotations

from collections.abc import Iterable

import ahocorasick

Hit = tuple[int, tuple[int, ...]]
"""Where a keyword begins, and the numbers of the rules it belongs to."""


class Prefilter:
    """Knows every keyword and which rules it belongs to."""

    def __init__(self, keywords: Iterable[tuple[str, int]]) -> None:
        """Take pairs of a lower-case keyword and the number of its rule."""
        owners: dict[str, list[int]] = {}
        for keyword, rule in keywords:
            owners.setdefault(keyword, []).append(rule)
        self.longest = max(map(len, owners), default=0)
        self._automaton = ahocorasick.Automaton()
        for keyword, rules in owners.items():
            self._automaton.add_word(keyword, (len(keyword) - 1, tuple(rules)))
        if owners:
            self._automaton.make_automaton()

    def find(self, text: str) -> list[Hit]:
        """Return the hits in ``text`` (which is lower case already), ordered by where the keyword ends."""
        if not self.longest:
            return []
        return [(end - back, rules) for end, (back, rules) in self._automaton.iter(text)]


def fold(text: str) -> str:
    """Return ``text`` in lower case and of the same length, so that places in it are places in the text."""
    folded = text.lower()
    if len(folded) != len(text):
        # U+0130 is the one character whose lower case is longer; no keyword holds it.
        folded = text.replace("\u0130", "\ufffd").lower()
    return folded
