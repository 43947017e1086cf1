"""Every kind of block as HTML."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from jinja2 import DictLoader, UndefinedError

from tachograph.report.html.render import environment, render_page
from tachograph.report.html.shell import Shell
from tachograph.report.view import (
    Banner,
    Beside,
    Card,
    Cards,
    Cell,
    Change,
    Chart,
    Choice,
    Code,
    Column,
    Empty,
    Facts,
    Field,
    Filters,
    Grid,
    Mark,
    Note,
    Paging,
    Section,
    Series,
    Special,
    View,
)

from .tree import Node, parse

SHELL = Shell([], "/sessions?sort=tokens&page=3&q=x", downloads="/download/sessions", query="q=x")
NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


def render(*blocks, shell=SHELL, zone=UTC) -> Node:
    """The page's content."""
    return parse(render_page(View("Sessions", list(blocks), "All of them."), shell, zone)).one("main")


def cells(*row, columns=None, **more) -> Node:
    """The first row of a table."""
    columns = columns or [Column(f"c{place}", f"C{place}") for place in range(len(row))]
    return render(Grid("g", "G", columns, [list(row)], **more)).one("tbody")


# -------------------------------------------------------------------------------------------------------- cards


def test_a_card_shows_its_number_and_how_it_moved():
    page = render(Cards([Card("Spend", Cell(110.0, at_least=True), "usd", Change(100.0, "down"), "spend")]))
    card = page.one("div", "card")
    assert card.one("span", "figure").text == "≥$110.00"
    assert card.one("span", "moved").text == "↑ up 10 % from $100.00"
    assert card.one("span", "tone-bad").text == "↑ up 10 %"
    assert card.one("dt").one("a")["href"] == "/how-we-count#spend"


def test_a_card_without_a_range_before_shows_its_number_alone():
    page = render(Cards([Card("Sessions", Cell(3, note="2 live", href="/sessions"), change=Change(None))]))
    card = page.one("div", "card")
    assert card.all("span", "moved") == []
    assert card.one("dd").text == "3 2 live"
    assert card.one("dd").one("a")["href"] == "/sessions"
    assert card.one("dt").all("a") == []


# --------------------------------------------------------------------------------------------------------- grid


def test_a_table_has_a_caption_and_headers_with_scopes():
    grid = Grid(
        "g", "Models", [Column("a", "Model"), Column("b", "Cost", "usd")], [[Cell("x"), Cell(1.5)]], "By model."
    )
    page = render(grid)
    table = page.one("table", id="table-g")
    assert table.one("caption").text == "Models"
    assert [(one.text, one["scope"]) for one in table.all("th")] == [("Model", "col"), ("Cost", "col"), ("x", "row")]
    assert [one.text for one in table.all("td")] == ["$1.50"]
    assert page.one("section", "grid").one("p", "about").text == "By model."
    assert page.one("h2").text == "Models"


def test_a_column_without_a_title_has_a_name_for_those_who_hear_it():
    head = render(Grid("g", "G", [Column("label", "")], [[Cell("x")]])).one("thead").one("th")
    assert head.one("span", "sr").text == "label"


@pytest.mark.parametrize(
    ("kind", "value", "classes", "text"),
    [
        ("text", "x", [], "x"),
        ("count", 1234, ["num"], "1,234"),
        ("tokens", 12_345, ["num"], "12.3k"),
        ("usd", None, ["num"], "unpriced"),
        ("percent", 0.5, ["num"], "50.0 %"),
        ("seconds", 90, ["num"], "1m 30s"),
        ("number", 1.5, ["num"], "1.5"),
        ("moment", NOON, [], "2026-07-01 12:00"),
        ("day", "2026-07-01", [], "2026-07-01"),
    ],
)
def test_numbers_are_aligned_by_their_ends(kind, value, classes, text):
    row = cells(Cell("x"), Cell(value), columns=[Column("a", "A"), Column("b", "B", kind)])
    assert (row.one("td").classes, row.one("td").text) == (classes, text)


def test_moments_are_in_the_readers_zone():
    page = render(Grid("g", "G", [Column("a", "A", "moment")], [[Cell(NOON)]]), zone=ZoneInfo("Europe/Berlin"))
    assert page.one("time").text == "2026-07-01 14:00"
    assert page.one("time")["datetime"] == "2026-07-01T14:00:00+02:00"


def test_wide_and_low_columns_are_marked_in_head_and_rows():
    columns = [Column("a", "A", wide=True), Column("b", "B", "count", low=True)]
    page = render(Grid("g", "G", columns, [[Cell("x"), Cell(1)]], footer=[Cell("all"), Cell(1)]))
    for row in page.all("tr"):
        assert [one.classes for one in row.all("th") + row.all("td")] == [["wide"], ["num", "low"]]


def test_a_cell_can_be_a_link_with_a_note():
    row = cells(Cell("x", href="/session?id=a&b", note="below", title="at pointing"))
    assert row.one("a")["href"] == "/session?id=a&b"
    assert row.one("a")["title"] == "at pointing"
    assert row.one("small").text == "below"


def test_a_tag_has_its_tone_and_its_text():
    row = cells(Cell("heavy", tone="warn", tag=True))
    assert row.one("span", "tag").classes == ["tone-warn", "tag"]
    assert row.one("span", "tag").text == "heavy"


def test_a_tag_without_a_value_is_a_dash():
    span = cells(Cell(None, tag=True)).one("span")
    assert (span.classes, span.text, span["title"]) == (["missing"], "–", "not known")


def test_bounds_estimates_and_unknown_values_say_so_at_pointing():
    row = cells(Cell(1, at_least=True), Cell(2, about=True), Cell(None))
    assert [(one.text, one["title"]) for one in row.all("span")] == [
        ("≥1", "at least this"),
        ("≈2", "an estimate"),
        ("–", "not known"),
    ]


def test_columns_that_sort_are_links_from_the_first_row_on():
    columns = [
        Column("a", "Name", sort="name"),
        Column("b", "Cost", "usd", sort="cost"),
        Column("c", "Tokens", "tokens", hint="Of all kinds"),
    ]
    heads = render(Grid("g", "G", columns, [[Cell("x"), Cell(1.0), Cell(2)]], sorted_by="cost")).one("thead").all("th")
    assert heads[0].one("a")["href"] == "/sessions?q=x&sort=name"
    assert [one.get("aria-sort") for one in heads] == ["", "descending", ""]
    assert heads[2].all("a") == []
    assert heads[2]["title"] == "Of all kinds"


def test_text_is_sorted_upwards():
    columns = [Column("a", "Name", sort="name")]
    head = render(Grid("g", "G", columns, [[Cell("x")]], sorted_by="name")).one("thead").one("th")
    assert head["aria-sort"] == "ascending"


@pytest.mark.parametrize(
    ("paging", "text", "links"),
    [
        (Paging(1, 50, 12_345, "", "/s?page=2"), "1–50 of 12,345 Next →", ["/s?page=2"]),
        (Paging(51, 50, 75, "/s?page=1", ""), "51–75 of 75 ← Previous", ["/s?page=1"]),
        (Paging(1, 50, 0), "0 of 0", []),
    ],
)
def test_paging_says_which_rows_of_how_many(paging, text, links):
    page = render(Grid("g", "Sessions", [Column("a", "A")], [[Cell("x")]], paging=paging))
    parts = page.one("nav", "paging")
    assert parts.text == text
    assert [one["href"] for one in parts.all("a")] == links
    assert parts["aria-label"] == "Parts of Sessions"


def test_a_table_can_be_had_as_a_file_and_copied():
    tools = render(Grid("g", "G", [Column("a", "A")], [[Cell("x")]], how="tokens")).one("div", "tools")
    links = {one.text: one["href"] for one in tools.all("a")}
    assert links == {
        "How we count": "/how-we-count#tokens",
        "CSV": "/download/sessions/g.csv?q=x",
        "JSON": "/download/sessions/g.json?q=x",
    }
    assert tools.one("button")["data-copy-table"] == "g"


def test_without_downloads_there_are_no_links_to_them():
    shell = msgspec.structs.replace(SHELL, downloads="")
    page = render(Grid("g", "G", [Column("a", "A")], [[Cell("x")]]), shell=shell)
    assert page.one("div", "tools").all("a") == []


def test_a_table_without_rows_says_what_that_means():
    page = render(Grid("g", "Trials", [Column("a", "A")], [], empty="None was started."))
    assert page.all("table") == []
    assert page.one("p", "nothing").text == "None was started."
    assert page.all("div", "tools") == []


def test_a_folded_table_is_closed_and_says_how_long_it_is():
    page = render(Grid("g", "Problems", [Column("a", "A")], [[Cell("x")], [Cell("y")]], folded=True))
    details = page.one("details", "grid")
    assert "open" not in details.attributes
    assert details.one("summary").text == "Problems (2)"
    assert len(details.one("tbody").all("tr")) == 2


def test_a_table_scrolls_in_a_box_that_the_keyboard_reaches():
    box = render(Grid("g", "Models", [Column("a", "A")], [[Cell("x")]])).one("div", "scroll")
    assert (box["tabindex"], box["role"], box["aria-label"]) == ("0", "region", "Models")


# -------------------------------------------------------------------------------------------------------- chart


def a_chart(**more) -> Chart:
    series = [Series("a", [1.0, None]), Series("b", [2.0, 3.0])]
    return Chart("spend", "Spend", "US dollars.", more.pop("kind", "stacked"), ["x", "y"], series, "usd", **more)


def test_a_chart_has_a_title_a_description_a_legend_and_its_numbers():
    figure = render(a_chart(how="spend")).one("figure", "chartbox", id="spend")
    assert figure.one("h2").text == "Spend"
    assert figure.one("p", "about").text == "US dollars."
    assert figure.one("ul", "legend").texts("li") == ["a", "b"]
    rows = [[cell.text for cell in row.walk() if cell.tag in ("th", "td")] for row in figure.all("tr")]
    assert rows == [["label", "a", "b"], ["x", "$1.00", "$2.00"], ["y", "unpriced", "$3.00"]]
    assert figure.one("details", "numbers").all("table")
    assert figure.one("a", "how")["href"] == "/how-we-count#spend"
    assert figure.one("svg", "chart")["role"] == "img"


def test_a_live_chart_brings_its_numbers_for_the_script():
    script = render(a_chart(live=True, marks=[Mark(1, "trial", tone="good")])).one("script")
    assert script["type"] == "application/json"
    assert script["data-chart"] == "spend"
    numbers = json.loads(script.raw)
    assert [one["values"] for one in numbers["series"]] == [[1.0, None], [2.0, 3.0]]
    assert [one["name"] for one in numbers["series"]] == ["a", "b"]
    assert (numbers["kind"], numbers["unit"], numbers["labels"]) == ("stacked", "usd", ["x", "y"])
    assert numbers["hrefs"] == []
    assert numbers["marks"] == [{"at": 1, "label": "trial", "tone": "good"}]


def test_charts_that_are_not_live_and_level_bars_bring_none():
    assert render(a_chart()).all("script") == []
    assert render(a_chart(kind="bars", live=True)).all("script") == []


def test_the_script_gets_no_address_that_leads_elsewhere():
    script = render(a_chart(live=True, hrefs=["/sessions?from=x", "//elsewhere.example/"])).one("script")
    assert json.loads(script.raw)["hrefs"] == ["/sessions?from=x", ""]


def test_marks_are_listed_with_the_numbers():
    marks = [Mark(1, "trial began", "/suggestions"), Mark(0, "alert"), Mark(7, "nowhere")]
    items = render(a_chart(kind="lines", marks=marks)).one("ul", "marks").all("li")
    assert [one.text for one in items] == ["y trial began", "x alert", "nowhere"]
    assert items[0].one("a")["href"] == "/suggestions"


def test_a_chart_of_nothing_says_so():
    page = render(Chart("c", "Spend", "US dollars.", "stacked", [], [], "usd", live=True))
    assert page.all("svg") == []
    assert page.all("script") == []
    assert page.one("p", "nothing").text == "Nothing to draw: no value is known."


# ----------------------------------------------------------------------------------------------------- the rest


@pytest.mark.parametrize(
    ("tone", "klass", "text"),
    [
        ("warn", "is-warn", "Attention No price. Mend it"),
        ("bad", "is-bad", "Problem No price. Mend it"),
        ("good", "is-good", "Good No price. Mend it"),
        ("", "is-plain", "No price. Mend it"),
    ],
)
def test_a_banner_tells_its_tone_in_words(tone, klass, text):
    banner = render(Banner("No price.", tone, "/models", "Mend it")).one("div", "banner")
    assert (banner.classes[1], banner.text) == (klass, text)
    assert banner.one("a")["href"] == "/models"


def test_nothing_yet_says_what_to_do():
    empty = render(Empty("No goals yet.", "tacho goal start 'x'", "/how-we-count", "What goals are")).one(
        "div", "empty"
    )
    assert empty.one("code").text == "tacho goal start 'x'"
    assert empty.one("button")["data-copy"] == "tacho goal start 'x'"
    assert empty.one("a").text == "What goals are"
    bare = render(Empty("Nothing.")).one("div", "empty")
    assert bare.all("code") == bare.all("a") == []


def test_a_note_ends_with_its_link():
    note = render(Note("See also", "dim", "/models#x", "models")).one("p", "note")
    assert (note.text, note.one("a")["href"], note.classes) == ("See also models", "/models#x", ["note", "tone-dim"])


def test_facts_are_names_and_values():
    facts = Facts(
        [("Started", Cell(NOON), "moment"), ("Cost", Cell(None), "usd"), ("Name", Cell("a b"), "text")], "Facts"
    )
    found = render(facts).one("section", "facts")
    assert found.texts("dt") == ["Started", "Cost", "Name"]
    assert found.texts("dd") == ["2026-07-01 12:00", "unpriced", "a b"]
    assert found.one("h2").text == "Facts"


def test_text_as_it_was_written_keeps_its_lines():
    code = render(Code("first\r\n\tsecond <b>\n", "Prompt"))
    assert code.one("pre").raw == "first\n\tsecond <b>\n"
    assert code.one("h2").text == "Prompt"


def test_filters_are_a_form_that_works_without_a_script():
    fields = [
        Field("q", "Search", "words", search=True),
        Field("type", "Type", "b", [Choice("a", "A"), Choice("b", "B")]),
        Field("min", "At least", "3"),
    ]
    form = render(Filters(fields, "/sessions", {"range": "7d"})).one("form", "filters")
    assert (form["method"], form["action"]) == ("get", "/sessions")
    inputs = {one["name"]: (one["type"], one["value"]) for one in form.all("input")}
    assert inputs == {"range": ("hidden", "7d"), "q": ("search", "words"), "min": ("text", "3")}
    assert [one["value"] for one in form.one("select").all("option") if "selected" in one.attributes] == ["b"]
    assert [one.one("span").text for one in form.all("label")] == ["Search", "Type", "At least"]
    assert form.one("button")["type"] == "submit"
    assert "data-search" in form.one("input", name="q").attributes


def test_sections_nest_and_their_headings_with_them():
    grid = Grid("g", "Inner", [Column("a", "A")], [[Cell("x")]])
    page = render(Section("Outer", [Section("Middle", [grid])], "where", "A remark.", "waste"))
    assert (page.one("h1").text, page.one("h2").text, page.one("h3").text) == ("Sessions", "Outer", "Middle")
    assert page.one("h4").text == "Inner"
    assert page.one("section", id="where").all("p", "about")[0].text == "A remark."
    assert page.one("section", id="where").one("a", "how")["href"] == "/how-we-count#waste"


def test_parts_beside_each_other_keep_their_order():
    beside = render(Beside([[Note("one"), Note("two")], [Note("three")]])).one("div", "beside")
    assert [column.texts("p") for column in beside.all("div", "column")] == [["one", "two"], ["three"]]


class Turns(msgspec.Struct, frozen=True):
    names: list[str]


@pytest.fixture
def special(monkeypatch):
    """Gives a special template a content."""

    def give(content: str) -> None:
        changed = environment().overlay()
        loader = environment().loader
        names = {"special/turns.html": content}
        names |= {name: loader.get_source(environment(), name)[0] for name in ("page.html", "blocks.html")}
        changed.loader = DictLoader(names)
        monkeypatch.setattr("tachograph.report.html.render.environment", lambda: changed)

    return give


def test_what_is_special_has_a_template_of_its_own_and_the_macros(special):
    special(
        '{% import "blocks.html" as blocks %}'
        "<ol>{% for name in data.names %}<li>{{ name }}</li>{% endfor %}</ol>"
        '{{ blocks.heading("Below", level) }}{{ blocks.value(data.names, "text", canvas) if false }}'
    )
    page = render(Section("Turns", [Special("turns", Turns(["<b>", "two\u202e"]))]))
    assert page.one("ol").texts("li") == ["<b>", "two\ufffd"]
    assert page.one("h3").text == "Below"


def test_a_name_that_is_not_there_is_an_error(special):
    special("{{ data.absent }}")
    with pytest.raises(UndefinedError):
        render(Special("turns", Turns([])))


# ----------------------------------------------------------------------------------------------------- sections


EVENTS = Grid("events", "Events", [Column("what", "What")], [[Cell("commit")]], how="events")


def test_a_section_and_its_table_of_the_same_name_have_one_heading():
    page = render(Section("Events", [EVENTS, Note("Two more.")], "event_list", "In order."))
    assert [one.text for one in page.all("h2") + page.all("h3")] == ["Events"]
    tools = page.one("section", id="event_list").one("div", "blockhead").one("div", "tools")
    assert tools.texts("a") == ["How we count", "CSV", "JSON"]
    assert page.one("div", "grid")["id"] == "events"
    assert page.one("table").one("caption").text == "Events"
    assert page.texts("p")[-2:] == ["In order.", "Two more."]


@pytest.mark.parametrize(
    "grid",
    [
        Grid("events", "Others", EVENTS.columns, EVENTS.rows),
        Grid("events", "Events", EVENTS.columns, EVENTS.rows, folded=True),
        Grid("events", "Events", EVENTS.columns, []),
    ],
    ids=["of another name", "folded", "empty"],
)
def test_every_other_table_keeps_its_own_heading(grid):
    page = render(Section("Events", [grid], "event_list"))
    own = [one.text for one in page.all("h3")] + [one.text for one in page.all("summary")]
    assert len(own) == 1
    assert page.one("h2").text == "Events"


def test_a_folded_section_is_closed_under_its_heading():
    page = render(
        Section("Origin", [Note("From logs."), EVENTS], "origin", "How it came.", "reconciliation", folded=True)
    )
    fold = page.one("details", "section")
    assert (fold["id"], "open" in fold.attributes) == ("origin", False)
    assert fold.one("summary").one("h2").text == "Origin"
    assert [one["href"] for one in fold.all("a", "how")] == ["/how-we-count#reconciliation", "/how-we-count#events"]
    assert "From logs." in fold.text
