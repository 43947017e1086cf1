"""How blocks become lines: columns that give way, bars, parts side by side."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.report.document import Bar, Beside, Block, Chart, Column, Document, Facts, Heading, Line, Style, Table
from tachograph.report.text import render
from tachograph.report.width import cut, text_width, wrap


def show(*blocks: Block, width: int = 40) -> list[str]:
    return render(Document(list(blocks)), width).splitlines()


# ------------------------------------------------------------------------------------------- lines and headings


def test_a_long_line_is_wrapped_and_keeps_its_indent() -> None:
    assert show(Line("one two three four", indent=2), width=12) == ["  one two", "  three four"]


def test_a_heading_stands_apart_but_not_at_the_top() -> None:
    assert show(Heading("A"), Line("x"), Heading("B", "b")) == ["A", "x", "", "B  b"]


@pytest.mark.parametrize(
    ("width", "lines"),
    [(20, ["A title  a remark"]), (12, ["A title", "a remark"]), (6, ["A", "title", "a", "remark"])],
)
def test_a_remark_that_does_not_fit_goes_below_its_heading(width: int, lines: list[str]) -> None:
    assert show(Heading("A title", "a remark"), width=width) == lines


def test_facts_stand_in_two_columns() -> None:
    assert show(Facts([("id", "x"), ("project", "one two three")]), width=18) == [
        "id       x",
        "project  one two",
        "         three",
    ]


PATH = "/home/ada/skylight/src/components/Select.tsx"


def test_a_word_that_is_too_wide_stays_whole_where_it_may_be_copied() -> None:
    assert show(Facts([("✓ read", f"in {PATH};")]), width=30) == ["✓ read  in", f"        {PATH};"]


def test_on_a_terminal_a_word_that_is_too_wide_goes_on_below_itself() -> None:
    facts = Document([Facts([("✓ read", f"in {PATH}; twice"), ("", "x" * 30)])])
    assert render(facts, 30, breaks=True).splitlines() == [
        "✓ read  in",
        "        /home/ada/skylight/",
        "        src/components/",
        "        Select.tsx; twice",
        "        xxxxxxxxxxxxxxxxxxxxxx",
        "        xxxxxxxx",
    ]


def test_a_column_that_is_too_narrow_breaks_no_word() -> None:
    facts = Document([Facts([("a name", "x" * 30)])])
    assert render(facts, 19, breaks=True) == f"a name  {'x' * 30}\n"
    assert render(facts, 20, breaks=True).splitlines()[1] == f"        {'x' * 12}"


@given(st.text("ab/\\ 日\u0301", max_size=60), st.integers(12, 30), st.integers(0, 9))
def test_broken_words_fit_and_nothing_of_them_is_lost(text: str, room: int, indent: int) -> None:
    lines = list(wrap(text, room + indent, indent, breaks=True))
    assert all(line.startswith(" " * indent) and text_width(line.rstrip()) <= room + indent for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


# ---------------------------------------------------------------------------------------------------- tables


COLUMNS = [
    Column("name", "left", flexible=True),
    Column("cost"),
    Column("first", rank=1),
    Column("second", rank=2),
]
ROW = ["a name that is quite long", "$1.00", "1", "2"]


@pytest.mark.parametrize(
    ("width", "title"),
    [
        (60, "name                        cost  first  second"),
        (44, "name                        cost  first"),
        (37, "name                        cost"),
        (20, "name            cost"),
        (5, "name           cost"),
    ],
)
def test_columns_of_the_highest_rank_go_first_and_names_shrink_last(width: int, title: str) -> None:
    assert show(Table(COLUMNS, [ROW]), width=width)[0] == title


def test_what_is_cut_shows_an_ellipsis() -> None:
    assert show(Table(COLUMNS, [ROW]), width=20)[1] == "a name that …  $1.00"


def test_two_flexible_columns_share_what_is_left() -> None:
    columns = [Column("a", "left", flexible=True), Column("b", "left", flexible=True)]
    assert show(Table(columns, [["x" * 40, "y" * 40]]), width=42)[1] == "x" * 19 + "…  " + "y" * 19 + "…"
    assert show(Table(columns, [["x" * 40, "yy"]]), width=42)[1] == "x" * 37 + "…  yy"


def test_a_caption_stands_where_the_first_title_would() -> None:
    table = Table([Column("model", "left"), Column("cost")], [["m", "$1"]], ["all", "$1"], caption="By model")
    assert show(Line("before"), table) == ["before", "", "By model  cost", "m           $1", "all         $1"]


def test_without_titles_there_is_no_line_of_them() -> None:
    assert show(Table([Column("", "left"), Column("")], [["a", "1"], ["bb", "22"]])) == ["a    1", "bb  22"]


def test_a_note_stands_below_its_row() -> None:
    table = Table([Column("n", "left")], [["a"], ["b"]], notes={0: Line("two words", indent=2)})
    assert show(table, width=7) == ["n", "a", "  two", "  words", "b"]


# ----------------------------------------------------------------------------------------------------- charts


def test_bars_are_in_proportion_and_the_least_is_seen() -> None:
    bars = [Bar("a", "0", 0), Bar("b", "1", 0.001), Bar("c", "12", 12), Bar("d", "24", 24)]
    assert show(Chart(bars, height=3)) == [
        "                          ██████",
        "                  ▄▄▄▄▄▄  ██████",
        "          ▁▁▁▁▁▁  ██████  ██████",
        "       0       1      12      24",
        "       a       b       c       d",
    ]


def test_where_room_is_short_the_first_bars_go() -> None:
    bars = [Bar(str(number), str(number), number) for number in range(9)]
    assert show(Chart(bars, height=1), width=25)[-1] == "       6       7       8"


def test_a_chart_of_nothing_has_no_bars() -> None:
    assert show(Chart([Bar("a", "·", 0), Bar("b", "·", 0)])) == ["       ·       ·", "       a       b"]
    assert show(Chart([])) == ["", ""]


# -------------------------------------------------------------------------------------------------- side by side

LEFT: list[Block] = [Heading("Left"), Line("l")]
RIGHT: list[Block] = [Heading("Right"), Line("r"), Line("s")]


def test_two_parts_stand_side_by_side_where_there_is_room() -> None:
    assert show(Beside(LEFT, RIGHT), width=100) == ["Left" + " " * 48 + "Right", "l" + " " * 51 + "r", " " * 52 + "s"]


def test_else_one_stands_below_the_other() -> None:
    assert show(Beside(LEFT, RIGHT), width=80) == ["Left", "l", "", "Right", "r", "s"]


# ----------------------------------------------------------------------------------------------------- width


@pytest.mark.parametrize(
    ("text", "width", "keep_end", "result"),
    [
        ("short", 5, False, "short"),
        ("longer", 5, False, "long…"),
        ("/home/ada/site", 10, True, "…/ada/site"),
        ("/home/ada/site", 9, True, "…/site"),
        ("/home/ada/a-very-long-name", 8, True, "…ng-name"),
        ("C:\\code\\ada\\site", 11, True, "…\\ada\\site"),
        ("表表表", 5, False, "表表…"),
        ("表表表", 4, True, "…表"),
        ("x", 0, False, "…"),
    ],
)
def test_text_is_cut_to_its_width(text: str, width: int, keep_end: bool, result: str) -> None:
    assert cut(text, width, keep_end) == result


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("表", 2), ("e\u0301", 1), ("Ａ", 2), ("–…·", 3)])
def test_width_is_counted_in_columns(text: str, width: int) -> None:
    assert text_width(text) == width


@given(st.text("ab 表é", max_size=60), st.integers(2, 30), st.integers(0, 4))
def test_wrapping_loses_nothing_and_keeps_to_the_width(text: str, width: int, indent: int) -> None:
    lines = list(wrap(text, width, indent))
    assert " ".join(lines).split() == text.split()
    assert all(text_width(line) <= width or len(line.split()) <= 1 for line in lines)


@given(st.text(max_size=40), st.integers(1, 30), st.booleans())
def test_what_is_cut_fits(text: str, width: int, keep_end: bool) -> None:
    assert text_width(cut(text, width, keep_end)) <= width


# ------------------------------------------------------------------------------------------------------ styles


def test_styles_do_not_change_the_layout() -> None:
    blocks: list[Block] = [
        Heading("Title", "remark"),
        Facts([("name", "text")]),
        Table(COLUMNS, [ROW], ROW, {0: Line("note", "warn")}, "Caption"),
        Chart([Bar("a", "1", 1), Bar("b", "2", 2)]),
        Beside(LEFT, [Table(COLUMNS, [ROW])]),
    ]
    seen: set[Style] = set()

    def paint(text: str, style: Style) -> str:
        seen.add(style)
        assert text or not style
        return text

    assert render(Document(blocks), 100, paint) == render(Document(blocks), 100)
    assert seen == {"", "strong", "dim", "warn", "accent"}


@given(st.text(max_size=30))
def test_no_text_breaks_out_of_its_place(text: str) -> None:
    blocks: list[Block] = [
        Heading(text, text),
        Facts([(text, text)]),
        Table([Column("a", "left", flexible=True)], [[text]], [text], {0: Line(text)}, text),
        Chart([Bar(text, text, 1)]),
        Beside([Line(text)], [Line(text)]),
    ]
    shown = render(Document(blocks), 100)
    assert all(char == "\n" or char.isprintable() or char == " " or ord(char) > 0xA0 for char in shown)
    assert not {"\x1b", "\x9b", "\u202e", "\u2066", "\r"} & set(shown)
