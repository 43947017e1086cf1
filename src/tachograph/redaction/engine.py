"""Replacing secrets in a text by markers that name their kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tachograph.redaction.prefilter import Hit, Prefilter, fold
from tachograph.redaction.rule_table import Rule

MARKER = re.compile(r"\[redacted:[a-z0-9-]{1,40}\]")
"""What stands where a secret was."""

LONGEST_MARKER = 51

# The text is looked through in pieces of this many characters: the prefilter copies each to four bytes a character.
_PIECE = 1 << 16
# A replacement may move a boundary and so show one more secret; no text is known that takes more than three passes.
_PASSES = 4

Span = tuple[int, int, int]
"""Start of the secret, number of its rule, end of the secret: sorts by start, then by precedence."""


class Secret(NamedTuple):
    """Where a secret stands in a text."""

    begin: int
    end: int
    """Behind its last character."""
    kind: str
    """Id of the rule that found it."""


class Redactor:
    """Finds and replaces the secrets that its rules describe. Safe to share between threads."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Take the rules in order of precedence."""
        every = tuple(rules)
        self._rules = tuple(rule for rule in every if rule.where == "text")
        self._account_rules = tuple(rule for rule in every if rule.where == "account")
        self._reach = max((rule.before for rule in self._rules), default=0)
        self._prefilter = Prefilter((word, number) for number, rule in enumerate(self._rules) for word in rule.keywords)

    def clean(self, text: str) -> str:
        """Return ``text`` with each secret replaced by ``[redacted:<rule id>]``; the same object if there is none.

        Takes time in proportion to the text, and cleaning twice changes nothing more.
        """
        for _ in range(_PASSES):
            cleaned = self._replace_secrets(text)
            if cleaned is text:
                break
            text = cleaned
        return text

    def find(self, text: str) -> Iterator[Secret]:
        """Yield the secrets of ``text`` in order; those that overlap are one, named by the one that begins first."""
        found: Secret | None = None
        for begin, number, end in self._stream_spans(text):
            if found is not None and begin < found.end:
                found = found._replace(end=max(found.end, end))
                continue
            if found is not None:
                yield found
            found = Secret(begin, end, self._rules[number].id)
        if found is not None:
            yield found

    def clean_account(self, text: str) -> str:
        """Return ``text`` without secrets and without what names a person's account (e-mail addresses)."""
        text = self.clean(text)
        for rule in self._account_rules:
            text = rule.pattern.sub(rule.marker, text)
        return text

    def _replace_secrets(self, text: str) -> str:
        if len(text) <= _PIECE:
            hits = self._prefilter.find(fold(text))
            if not hits:
                return text
            spans = sorted(self._match_hits(text, hits, [0] * len(self._rules)))
            return self._write(text, iter(spans)) if spans else text
        stream = self._stream_spans(text)
        first = next(stream, None)
        return text if first is None else self._write(text, _prepend(first, stream))

    def _match_hits(self, text: str, hits: list[Hit], resume: list[int]) -> Iterator[Span]:
        """Try each rule where its keyword says it begins; ``resume`` holds per rule where its last match ended."""
        for start, numbers in hits:
            for number in numbers:
                rule = self._rules[number]
                first = start - rule.before
                if first < resume[number]:
                    continue
                match = rule.pattern.match(text, first)
                if match is None:
                    continue
                resume[number] = match.end()
                begin, end = match.span(rule.group)
                if end - begin >= rule.min_length and not MARKER.fullmatch(text, begin, end):
                    yield begin, number, end

    def _stream_spans(self, text: str) -> Iterator[Span]:
        """Yield the spans of a long text in order, piece by piece, so that neither hits nor spans pile up."""
        resume = [0] * len(self._rules)
        waiting: list[Span] = []
        for start in range(0, len(text), _PIECE):
            stop = start + _PIECE
            # A keyword may lie across the border: it belongs to the piece where it begins.
            found = self._prefilter.find(fold(text[start : stop + self._prefilter.longest - 1]))
            hits = [(start + at, numbers) for at, numbers in found if at < _PIECE]
            if hits:
                waiting.extend(self._match_hits(text, hits, resume))
                waiting.sort()
            # A keyword of a later piece gives a span that begins at most `_reach` characters before that piece.
            ready = sum(1 for span in waiting if span[0] < stop - self._reach)
            yield from waiting[:ready]
            del waiting[:ready]
        yield from waiting

    def _write(self, text: str, spans: Iterator[Span]) -> str:
        """Copy ``text`` with a marker for each span; overlapping spans become one."""
        # Strings grow in place; a list of pieces or a StringIO would hold the whole result twice at the end.
        done = block = ""
        written = 0
        for begin, number, end in spans:
            if begin >= written:
                block += text[written:begin]
                block += self._rules[number].marker
            written = max(written, end)
            if len(block) > _PIECE:
                done += block
                block = ""
        block += text[written:]
        done += block
        return done


def _prepend(first: Span, rest: Iterator[Span]) -> Iterator[Span]:
    yield first
    yield from rest
