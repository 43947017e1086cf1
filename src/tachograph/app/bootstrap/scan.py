"""Secrets in what is about to be committed."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator

import msgspec

from tachograph.app.bootstrap.staged import StagedFile
from tachograph.redaction import Redactor, Secret, bundled_rules

ALLOWED = "tacho:allow-secret"
"""A line that says so may hold a secret: one that is made up, say."""

_SAMPLE = 8000
"""git too calls a file binary that has a zero byte among so many first ones."""
_SHOWN, _LONG = 4, 20
"""So many first characters are shown of a secret that has at least so many: it can be found again, and not used."""


class FoundSecret(msgspec.Struct, frozen=True, kw_only=True):
    """A secret in an added line."""

    file: str
    """From the top of the work tree."""
    line: int
    """In the staged file, from 1."""
    kind: str
    """Id of the rule, as in [redacted:<kind>]."""
    masked: str
    """Its first four characters at most, and its length."""


class SkippedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was not looked through."""

    file: str
    reason: str


class StagedScan(msgspec.Struct, frozen=True, kw_only=True):
    """Secrets in what is staged."""

    files: int
    """That were looked through."""
    secrets: list[FoundSecret]
    allowed: int
    """Secrets in lines that say ``tacho:allow-secret``."""
    skipped: list[SkippedFile]


def scan_staged(files: Iterable[StagedFile]) -> StagedScan:
    """The secrets that ``files`` add. Those in lines that the last commit had in the same file do not count."""
    redactor = Redactor(bundled_rules())
    found: list[FoundSecret] = []
    skipped: list[SkippedFile] = []
    count = allowed = 0
    for file in files:
        text = None if file.content is None else _decode(file.content)
        if text is None:
            reason = "it is larger than 5 MiB" if file.content is None else "it is binary"
            skipped.append(SkippedFile(file=file.path, reason=reason))
            continue
        count += 1
        for line, secret, is_allowed in _find_added(redactor, text, _decode(file.former) or ""):
            if is_allowed:
                allowed += 1
            else:
                masked = mask(text[secret.begin : secret.end])
                found.append(FoundSecret(file=file.path, line=line, kind=secret.kind, masked=masked))
    return StagedScan(files=count, secrets=found, allowed=allowed, skipped=skipped)


def mask(secret: str) -> str:
    """What may be shown of a secret."""
    return f"{secret[:_SHOWN] if len(secret) >= _LONG else ''}… ({len(secret)} characters)"


def _find_added(redactor: Redactor, text: str, former: str) -> Iterator[tuple[int, Secret, bool]]:
    """Yield the line (from 1), the secret and whether it is allowed, of each that stands in an added line."""
    known: set[str] | None = None
    line, at = 1, 0
    for secret in redactor.find(text):
        line += text.count("\n", at, secret.begin)
        at = secret.begin
        known = _lines(former) if known is None else known
        begin = text.rfind("\n", 0, secret.begin) + 1
        end = text.find("\n", max(secret.begin, secret.end - 1))
        lines = text[begin : len(text) if end < 0 else end].split("\n")
        added = [number for number, one in enumerate(lines) if one.rstrip() not in known]
        if added:
            yield line + added[0], secret, ALLOWED in lines[0]


def _lines(text: str) -> set[str]:
    return {line.rstrip() for line in text.split("\n")}


def _decode(content: bytes) -> str | None:
    """Its text; None when it is binary."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    return None if b"\0" in content[:_SAMPLE] else content.decode("utf-8", "replace")
