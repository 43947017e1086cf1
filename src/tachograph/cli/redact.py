"""``tacho redact``."""

from __future__ import annotations

import codecs
import io
import sys
from collections import Counter
from collections.abc import Iterator

import click
import msgspec

from tachograph.cli._options import json_option
from tachograph.cli._output import print_json
from tachograph.errors import NotFound, TachographError
from tachograph.redaction import Block, Redactor, bundled_rules, clean_stream
from tachograph.report.sanitise import harmless_lines

_PIECE = 1 << 18
# UTF-16 without a mark at its start: in such a file every other byte of plain text is zero.
_SAMPLE, _ZEROS = 4096, 1 / 8


class KindCount(msgspec.Struct, frozen=True, kw_only=True):
    """How often one kind of secret was replaced."""

    kind: str
    """Id of the rule, as in [redacted:<kind>]."""
    count: int


class RedactedFile(msgspec.Struct, frozen=True, kw_only=True):
    """What was replaced in a text; nothing of the text itself."""

    file: str | None
    """As it was named; null for the standard input."""
    characters: int
    """Of the redacted text."""
    secrets: int
    """How many were replaced."""
    kinds: list[KindCount]
    """The most frequent first, then by name."""


@click.command()
@click.argument("file")
@click.option("--count", is_flag=True, help="Say on stderr how many secrets of each kind were replaced.")
@json_option
def command(file: str, count: bool, as_json: bool) -> None:
    """Print a file with each secret replaced by [redacted:<kind>]; - reads the standard input.

    The text goes through the rules that everything tacho stores goes through; the file itself is not changed. Line ends
    and bytes that are not UTF-8 stay as they are; UTF-16 with a byte order mark is printed as UTF-8. With --json the
    counts are printed instead of the text.
    """
    kinds: Counter[str] = Counter()
    characters = 0
    for block in _clean_file(file):
        kinds += block.kinds
        characters += len(block.text)
        if not as_json:
            _print_text(block.text)
    result = RedactedFile(
        file=None if file == "-" else file,
        characters=characters,
        secrets=kinds.total(),
        kinds=[KindCount(kind=kind, count=n) for kind, n in sorted(kinds.items(), key=lambda one: (-one[1], one[0]))],
    )
    if as_json:
        print_json("redact", result)
    elif count:
        sys.stdout.flush()
        print(_describe(result), file=sys.stderr)


def _clean_file(file: str) -> Iterator[Block]:
    """Yield the redacted text block by block. Raises ``NotFound`` and ``TachographError``."""
    try:
        with _open(file) as stream:
            yield from clean_stream(Redactor(bundled_rules()), iter(lambda: stream.read(_PIECE), ""))
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {file}.", slug="no_such_file") from error
    except OSError as error:
        raise TachographError(f"Cannot read {file}: {error.strerror or error}.", slug="cannot_read") from error


def _open(file: str) -> io.TextIOWrapper:
    """Open a file, or the standard input, as text of which each byte can be told again."""
    stream = open(0, "rb", closefd=False) if file == "-" else open(file, "rb")  # noqa: SIM115 (closed with its wrapper)
    head = stream.peek(_SAMPLE)[:_SAMPLE]
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return io.TextIOWrapper(stream, "utf-16", errors="replace", newline="")
    if head.count(0) > len(head) * _ZEROS:
        stream.close()
        name = "The standard input" if file == "-" else file
        raise TachographError(f"{name} is not text in UTF-8, or in UTF-16 with a byte order mark.", slug="not_text")
    return io.TextIOWrapper(stream, "utf-8", errors="surrogateescape", newline="")


def _print_text(text: str) -> None:
    """Print the text byte for byte; on a terminal without control characters and escape sequences."""
    if sys.stdout.isatty():
        shown = harmless_lines(text.replace("\r\n", "\n"))
        sys.stdout.write(shown.encode(sys.stdout.encoding, "replace").decode(sys.stdout.encoding))
    else:
        sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))


def _describe(result: RedactedFile) -> str:
    if not result.secrets:
        return "No secret was found."
    rows = "".join(f"\n{one.count:>6}  {one.kind}" for one in result.kinds)
    return f"{result.secrets} secret{'s' if result.secrets > 1 else ''} replaced:{rows}"
