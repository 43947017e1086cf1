"""Documents as Markdown, as forges and editors read it.

Text in a document may come from logs. Words that are plain in every dialect stand as they are; any other one goes into
a code span, where no markup counts and where forges make no links, mentions, references or images.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from tachograph.report.document import Beside, Block, Chart, Document, Facts, Heading, Line, Table, Trend
from tachograph.report.layout import lay_blocks
from tachograph.report.sanitise import harmless

_CHART_WIDTH = 100
_PLAIN = re.compile(r"[(\"']*(?:[≥≤+-]?\$(?=\d)|[+-])?(?:[^\x00-\x7f]|[A-Za-z0-9.,:;%()/'\"?+-])*!?")
"""Characters that no dialect gives a meaning inside a word."""
_RISKY = re.compile(
    r"[^\W\d_]\.[^\W\d_]|//|--|\.\.\.|www\.|:[^\s:]+:|[A-Z]{2,}-\d|%\w|\b(?=[a-f]*\d)[0-9a-f]{7,}\b",
    re.IGNORECASE,
)
"""Domains, addresses, joined dashes and dots, emoji, references to issues, labels and commits."""
_EDGES = re.compile(r"(\(?)(.+?)([.,:;)]*)")
_STARTS_BLOCK = re.compile(r"[-+]|[-+]?\d+[.)]|[-=]+|:")
"""First words that would begin a list, an underline, a definition."""


def to_markdown(document: Document) -> str:
    """The document as Markdown with tables, ending with a line feed; charts are blocks of characters."""
    parts = list(_parts(document.blocks, first=True))
    return "\n\n".join(parts) + "\n" if parts else ""


def _parts(blocks: Sequence[Block], *, first: bool) -> Iterator[str]:
    for kind, group in groupby(blocks, key=_kind):
        if kind == "items":
            yield "\n".join(f"- {_words(one.text, starts=True)}" for one in group if isinstance(one, Line))
            continue
        for block in group:
            yield from _part(block, is_title=first)
            first = False


def _kind(block: Block) -> str:
    return "items" if isinstance(block, Line) and block.indent and block.text else "block"


def _part(block: Block, *, is_title: bool) -> Iterator[str]:
    match block:
        case Heading():
            remark = f" – {_words(block.remark)}" if block.remark else ""
            yield f"{'#' if is_title else '##'} {_words(block.text)}{remark}"
        case Line():
            if block.text.strip():
                yield _words(block.text, starts=True)
        case Facts():
            if block.items:
                yield "\n".join(map(_fact, block.items))
        case Table():
            yield from _table(block)
        case Chart() | Trend():
            yield _chart(block)
        case Beside():
            yield from _parts([*block.left, *block.right], first=False)


def _fact(item: tuple[str, str]) -> str:
    name, text = item
    return f"- **{_words(name)}**: {_words(text)}" if name.strip() else f"- {_words(text, starts=True)}"


def _table(table: Table) -> Iterator[str]:
    titles = [_cell(column.title) for column in table.columns]
    if table.caption:
        titles[0] = _cell(table.caption)
    rules = ["---:" if column.align == "right" else "---" for column in table.columns]
    footer = [[f"**{cell}**" if cell else "" for cell in map(_cell, table.footer)]] if table.footer else []
    rows = [titles, rules, *([_cell(cell) for cell in row] for row in table.rows), *footer]
    yield "\n".join("| " + " | ".join(row) + " |" for row in rows)
    notes = [(number, note) for number, note in table.notes.items() if note.text]
    if notes:
        yield "\n".join(
            f"- {_words(table.rows[number][0], starts=True)}: {_words(note.text)}" for number, note in notes
        )


def _chart(block: Chart | Trend) -> str:
    lines = ["".join(text for text, _ in row).rstrip() for row in lay_blocks([block], _CHART_WIDTH)]
    fence = "`" * max(3, _longest_run("\n".join(lines)) + 1)
    return "\n".join([f"{fence}text", *lines, fence])


def _cell(text: str) -> str:
    """The text in a table, where a vertical bar would end the cell even within code: it becomes a broken bar."""
    return _words(text.replace("|", "¦"))


def _words(text: str, *, starts: bool = False) -> str:
    """The text on one line; ``starts``: it stands at a line's beginning, where more has a meaning."""
    words = harmless(text).split()
    plain = [bool(_PLAIN.fullmatch(word)) and not _RISKY.search(word) for word in words]
    if starts and words and _STARTS_BLOCK.fullmatch(words[0]):
        plain[0] = False
    told: list[str] = []
    run: list[str] = []
    for word, is_plain in zip(words, plain, strict=True):
        if not is_plain:
            run.append(word)
        if run and (is_plain or word.endswith((",", ";"))):
            told.append(_code(" ".join(run)))
            run = []
        if is_plain:
            told.append(word)
    return " ".join([*told, _code(" ".join(run))] if run else told)


def _code(text: str) -> str:
    """The text in a code span that it cannot leave; the punctuation around it stays outside."""
    found = _EDGES.fullmatch(text)
    start, text, end = found.groups() if found else ("", text, "")
    return f"{start}{_span(text)}{end}"


def _span(text: str) -> str:
    fence = "`" * (_longest_run(text) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _longest_run(text: str) -> int:
    """Backticks in a row, at most."""
    return max(map(len, re.findall("`+", text)), default=0)
