"""What an error's text says, in forms that are the same for errors of one kind."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources

import msgspec

from tachograph.model import Clean, ResultKind
from tachograph.sources._hashing import hash_text

SIGNATURE_CHARS = 200
_TAGS = re.compile(r"</?tool_use_error>|\x1b\[[0-9;]*m")
_EXIT = re.compile(r"(?:Process exited with code|Exit code:?) -?\d+")
_NUMBER = re.compile(r"0x[0-9a-fA-F]+|\b[0-9a-f]{7,64}\b|\d+")
_ASIDE = re.compile(
    r"""^(?:(?:npm|pnpm|yarn)\ (?:warn|notice)\b|\[?(?:warn|warning|notice|info|debug)\b[]:\ ]|\(Use\ `
        |>\ |\$\ |-->|[|=]|\d+\ +\||[-=_*~^]+$)
    |[a-z]Warning:\ """,
    re.VERBOSE | re.IGNORECASE,
)
"""Lines before the error itself: warnings with the lines they quote, the echo of a script, rules."""
_HEAD_CHARS = 20_000
_END_CHARS = 32_000
_EDGE_CHARS = 8_000

_UNIT = r"(?:ns|µs|us|ms|s|secs?|seconds?|m|mins?|minutes?|h|hours?)\b"
_UNSTABLE = re.compile(
    rf"""
    (?P<time>\b\d{{4}}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)
    |(?P<temporary>(?:/private)?(?:/var/folders|/var/tmp|/tmp)(?:/[^:'",)\]]+)?
        |[A-Za-z]:\\[^'"]*?\\Temp(?:\\[^'":,)\]]+)?)
    |(?P<hash>0[xX][0-9a-fA-F]+|\b[0-9a-fA-F]{{8}}(?:-[0-9a-fA-F]{{4}}){{3}}-[0-9a-fA-F]{{12}}\b
        |\b(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{{7,64}}\b)
    |(?P<duration>(?<![\w.])\d+(?:[.,]\d+)?{_UNIT})
    |(?P<number>(?<![A-Za-z_\d])\d+)
    """,
    re.VERBOSE,
)
_SIGNS = {"time": "<time>", "temporary": "<temporary>", "hash": "<hash>", "duration": "<duration>", "number": "#"}
_SUSPECT = re.compile(r"[0-9]|/tmp|/var/|\\Temp")
"""Found in every word that :data:`_UNSTABLE` would change."""
_DURATION = re.compile(rf"#(?:[.,]#)? {_UNIT}")
_DURATIONS = re.compile(r"<duration>(?: <duration>)+")


class ErrorText(msgspec.Struct, frozen=True):
    """An error, described."""

    signature: str | None
    """First telling line, redacted, numbers and hashes as ``#``, at most 200 characters; None when it is blank."""
    hash: int | None
    """Of the whole text, what differs from one time to the next as one sign each (see :func:`normalise`)."""
    kind: ResultKind
    """transient for those of transient.toml."""


def describe_error(text: str, clean: Clean, category: str = "shell") -> ErrorText:
    """What is kept of an error's text; hash and kind are those of commands alone, which nothing else is asked for."""
    text = _TAGS.sub("", text)
    if category != "shell":
        return ErrorText(_first_line(text[:_HEAD_CHARS], clean), None, "")
    kind: ResultKind = "transient" if _passes_by_itself(text) else ""
    return ErrorText(_first_line(text[:_HEAD_CHARS], clean), hash_text(normalise(text)), kind)


def normalise(text: str) -> str:
    """``text`` with times, temporary paths, hashes, durations and numbers as one sign each, and white space folded.

    Digits within a name (``test_3``, ``utf8``) stay. Of a very long text the middle is left out.
    """
    if len(text) > 2 * _END_CHARS:
        text = text[:_END_CHARS] + text[-_END_CHARS:]
    suspect, unstable = _SUSPECT.search, _UNSTABLE.sub
    text = " ".join([word if word.isalpha() or not suspect(word) else unstable(_sign, word) for word in text.split()])
    return _DURATIONS.sub("<duration>", _DURATION.sub("<duration>", text))


def _sign(match: re.Match[str]) -> str:
    return _SIGNS[match.lastgroup or ""]


def _first_line(head: str, clean: Clean) -> str | None:
    """The first line that tells something: no exit code and, where another line follows, no warning and no echo."""
    first = ""
    for line in map(str.strip, head.splitlines()):
        if not line or _EXIT.fullmatch(line):
            continue
        if not _ASIDE.search(line):
            first = line
            break
        first = first or line
    if not first:
        first = " ".join(head.split())
    return _NUMBER.sub("#", clean.text(first, 4 * SIGNATURE_CHARS))[:SIGNATURE_CHARS] or None


def _passes_by_itself(text: str) -> bool:
    """Whether the beginning or the end of ``text`` holds an error of transient.toml."""
    if len(text) > 2 * _EDGE_CHARS:
        text = f"{text[:_EDGE_CHARS]}\n{text[-_EDGE_CHARS:]}"
    lower = text.lower()
    for word, pattern in _transient():  # noqa: SIM110 (a generator takes twice as long)
        if word in lower and pattern.search(text):
            return True
    return False


@cache
def _transient() -> list[tuple[str, re.Pattern[str]]]:
    """A word without which an error of a row is not there, and the row's pattern."""
    table = resources.files("tachograph.sources").joinpath("transient.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(table)["error"]
    return [(word, re.compile(row["pattern"], re.IGNORECASE | re.MULTILINE)) for row in rows for word in row["words"]]
