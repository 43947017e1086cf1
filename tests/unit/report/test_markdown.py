"""Documents as Markdown: nothing that comes from a log is more than text in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tachograph.report.document import Bar, Beside, Block, Chart, Column, Document, Facts, Heading, Line, Table, Trend
from tachograph.report.markdown import to_markdown

PARSER = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")
OURS = {
    "heading_open", "heading_close", "inline", "text", "code_inline", "paragraph_open", "paragraph_close",
    "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close", "strong_open", "strong_close",
    "fence", "table_open", "table_close", "thead_open", "thead_close", "tbody_open", "tbody_close", "tr_open",
    "tr_close", "th_open", "th_close", "td_open", "td_close",
}  # fmt: skip
LINKED = re.compile(r"www\.|//|[@#]\w|\w@|[A-Za-z]\.[A-Za-z]|\b[A-Z]{2,}-\d|:\w+:|[<>&`*_~|\\\[\]{}^!%]\w")
"""What forges and editors make links, references, formulas or emoji of, although no markup says so."""


def markdown(*blocks: Block) -> str:
    return to_markdown(Document(list(blocks)))


def flatten(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from flatten(token.children or [])


def assert_harmless(text: str) -> None:
    tokens = list(flatten(PARSER.parse(text)))
    assert {token.type for token in tokens} <= OURS
    assert [token.content for token in tokens if token.type == "text" and LINKED.search(token.content)] == []


# ------------------------------------------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("token efficiency: 3.8 sd worse (0.001 against 0.047 ± 0.012).", None),
        ("$3.20 against $4.10, +12 %, -$0.30, ≥$1.2k, ×1.3, ↗ up", None),
        ("Don't stop; read and/or write, 1,234 times. What?!", None),
        ("Über die Prüfung – “so”", None),
        ("", ""),
        ("  two   spaces ", "two spaces"),
        ("see token_efficiency: 3", "see `token_efficiency`: 3"),
        ("run tacho report weekly --week 2026-W46.", "run tacho report weekly `--week` 2026-W46."),
        ("**bold** _it_ text", "`**bold** _it_` text"),
        ("[a](javascript:alert(1))", "`[a](javascript:alert(1`))"),
        ("![a](http://x.org/y.png)", "`![a](http://x.org/y.png`)"),
        ("<img src=x onerror=y>", "`<img src=x onerror=y>`"),
        ("&lt; &#64;", "`&lt`; `&#64`;"),
        ("a `b` c", "a `` `b` `` c"),
        ("``` x", "```` ``` ```` x"),
        ("ask @ada about #12 and GH-7", "ask `@ada` about `#12` and `GH-7`"),
        ("www.example.org, example.org, a//b", "`www.example.org`, `example.org`, `a//b`"),
        ("mail ada@example.org", "mail `ada@example.org`"),
        (":smile: 12:30", "`:smile`: 12:30"),
        ("fixed by 0123456789abcdef", "fixed by `0123456789abcdef`"),
        ("$x$ and $$y$$", "`$x$` and `$$y$$`"),
        ("a\nb\x1b[31m\u202ec", "a `b�[31m�c`"),
        ("one_a, one_b, c", "`one_a`, `one_b`, c"),
        ("1. one", "`1`. one"),
        ("- one", "`-` one"),
        ("# one", "`#` one"),
        ("--- ---", "`--- ---`"),
        ("=== x", "`===` x"),
        ("> x", "`>` x"),
    ],
)  # fmt: skip
def test_words_of_ours_stay_and_all_others_become_code(text: str, told: str | None) -> None:
    found = markdown(Line(text)).removesuffix("\n")
    assert found == (text if told is None else told)
    assert_harmless(found)


# ------------------------------------------------------------------------------------------------------ blocks


def test_blocks_become_what_they_are() -> None:
    table = Table(
        [Column("KPI", "left"), Column("value")], [["a|b", "1"], ["c", ""]], ["all", "3"], {0: Line("see it")}
    )
    text = markdown(
        Heading("A title", "a remark"), Facts([("session", "x_1"), ("about", "–")]), Heading("Part"), table, Line(),
        Line("One."), Line("first", indent=2), Line("second", "bad", 2), Line("Two."),
        Beside([Line("left")], [Line("right")]),
    )  # fmt: skip
    assert text.split("\n\n") == [
        "# A title – a remark",
        "- **session**: `x_1`\n- **about**: –",
        "## Part",
        "| KPI | value |\n| --- | ---: |\n| a¦b | 1 |\n| c |  |\n| **all** | **3** |",
        "- `a|b`: see it",
        "One.",
        "- first\n- second",
        "Two.",
        "left",
        "right\n",
    ]


def test_charts_are_blocks_of_characters_that_nothing_can_close() -> None:
    text = markdown(
        Chart([Bar("Mo", "$1", 1.0), Bar("```", "$2", 2.0)], height=1),
        Trend("``` <b>", [1.0, 3.0], "1", "3", "05-11", "05-12", height=2),
    )
    assert text == (
        "````text\n  ▄▄▄▄▄▄  ██████\n      $1      $2\n      Mo     ```\n````\n\n"
        "````text\n``` <b>\n3   █\n1 ▁ █\n  05-11 05-12\n````\n"
    )
    assert_harmless(text)


def test_an_empty_document_is_empty() -> None:
    assert to_markdown(Document()) == ""
    assert markdown(Line(), Facts([])) == ""


PIECES = [*"ab1 .,:;()[]{}<>|`*_~#@!$%&^=+-/\\\"'\n\t\x1b\u202eé"]
PIECES += ["www.", "://", "--", "GH-1", "](", "```", "<b>", "&lt;", " - ", "1. ", "```\n"]
hostile = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@given(st.lists(hostile, min_size=9, max_size=9))
def test_no_text_is_ever_more_than_text(texts: list[str]) -> None:
    one, two, three, four, five, six, seven, eight, nine = texts
    table = Table([Column(one, "left"), Column(two)], [[three, four]], [five, six], {0: Line(seven)})
    blocks: list[Block] = [
        Heading(one, two), Line(three), Line(four, indent=2), Facts([(five, six)]), table, Heading(seven), Line(eight),
        Chart([Bar(nine, one, 1.0)]), Trend(two, [1.0, 2.0], three, four, five, six), Line(nine),
    ]  # fmt: skip
    assert_harmless(to_markdown(Document(blocks)))
