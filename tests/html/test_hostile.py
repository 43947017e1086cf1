"""Text from logs is text, in every field of every block."""

from __future__ import annotations

import re
from datetime import UTC
from functools import cache
from itertools import chain
from typing import Any, get_type_hints

import msgspec
import pytest

from tachograph.report.html.render import render_page, render_standalone
from tachograph.report.html.shell import MenuItem, Shell
from tachograph.report.view import (
    Banner,
    Beside,
    Block,
    Card,
    Cards,
    Cell,
    Chart,
    Column,
    Grid,
    Section,
    Series,
    Special,
    View,
)

from . import gallery
from .test_page import violations
from .tree import Node, parse

PAYLOADS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</title></style></textarea></svg><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    '" autofocus onfocus="alert(1)',
    "`onclick=alert(1)`",
    "<!--<script>",
    "]]><script>alert(1)</script>",
    "{{ 7*7 }}{% raw %}${7*7}",
    "&lt;script&gt;&#x3c;",
    "javascript:alert(1)",
    "\u202egnp.exe\u2066\u200b\u2028\u2029",
    "a\x00b\x1b[31m\x07\x85",
    "\ud800 and \udfff",
    "url(#x)};*{background:url(//elsewhere.example)}",
    "<math><mi//xlink:href=data:x,<script>alert(1)</script>",
]
_LITERAL = {"kind", "unit", "tone", "better", "template"}
_BAD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff]")


def poison(value: Any, payload: str, name: str = "") -> Any:
    """The same with every text replaced, those alone left that can be but one of a few words."""
    if isinstance(value, str):
        return value if name in _LITERAL else payload
    if isinstance(value, list | tuple):
        return type(value)(
            part if place == 2 and isinstance(value, tuple) and len(value) == 3 else poison(part, payload)
            for place, part in enumerate(value)
        )
    if isinstance(value, dict):
        return {payload: payload}
    if isinstance(value, Chart):
        value = shorten(value)
    if isinstance(value, Grid):
        value = msgspec.structs.replace(value, rows=value.rows[:2])
    if isinstance(value, msgspec.Struct):
        changed = {field: poison(getattr(value, field), payload, field) for field in value.__struct_fields__}
        return type(value)(**changed)
    return value


def shorten(chart: Chart, length: int = 3) -> Chart:
    """Three days are as hostile as thirty."""
    series = [Series(one.name, one.values[:length]) for one in chart.series]
    marks = [msgspec.structs.replace(mark, at=place) for place, mark in enumerate(chart.marks)]
    rest = {"moments": chart.moments[:length], "hrefs": chart.hrefs[:length]}
    return msgspec.structs.replace(chart, axis=chart.axis[:length], series=series, marks=marks, **rest)


def blocks_shown(blocks: list[Block]) -> set[type]:
    found: set[type] = set()
    for block in blocks:
        found.add(type(block))
        inside = block.blocks if isinstance(block, Section) else []
        inside = list(chain.from_iterable(block.parts)) if isinstance(block, Beside) else inside
        found |= blocks_shown(inside)
    return found


def every_field() -> View:
    """The gallery, and what it leaves empty."""
    more = [
        Grid(
            "x", "T", [Column("k", "t", hint="h", sort="s")], [[Cell("v", "/h", "n", "t")]], "d", [Cell("f")], how="how"
        ),
        Cards([Card("t", Cell("v", note="n", title="t"), how="h")]),
        Banner("t", "bad", "/h", "l"),
        *[
            msgspec.structs.replace(chart, kind=kind, hrefs=["/h"] * len(chart.axis), band_name="b", how="h")
            for chart in (gallery.trend(), gallery.spend())
            for kind in ("lines", "bars", "stacked")
        ],
    ]
    view = gallery.gallery()
    return View(view.title, [*view.blocks, *more], view.lead)


@cache
def tree_of(payload: str) -> Node:
    return parse(page_of(payload))


def tags(root: Node) -> list[str]:
    """All elements of the content, but links and labels: those hang on addresses and on how long a text is."""
    return [node.tag for node in root.one("main").walk() if node.tag not in ("a", "text")]


@cache
def page_of(payload: str) -> str:
    shell = gallery.shell()
    full = msgspec.structs.replace(shell, banners=[Banner("t", "warn", "/h", "l")], watches="agent:1", query="q=1")
    assert all(getattr(full, field) for field in full.__struct_fields__)
    return render_page(poison(every_field(), payload), poison(full, payload), UTC)


def test_the_gallery_shows_every_kind_of_block():
    assert blocks_shown(every_field().blocks) == set(get_type_hints(View)["blocks"].__args__[0].__args__) - {Special}


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_text_becomes_markup(payload):
    plain, hostile = tree_of("plain"), tree_of(payload)
    assert tags(hostile) == tags(plain)
    assert len(hostile.all("text")) <= len(plain.all("text"))
    names = {(node.tag, name) for node in hostile.walk() for name in node.attributes}
    assert names <= {(node.tag, name) for node in plain.walk() for name in node.attributes}
    assert violations(hostile) == []


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_hides_or_turns_round_what_is_read(payload):
    page = page_of(payload)
    assert not _BAD.search(page)
    page.encode("utf-8")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_file_by_itself_is_as_safe(payload):
    root = parse(render_standalone(poison(every_field(), payload), zone=UTC, footer=payload))
    assert violations(root) == ["<style>"]
    assert root.all("script") == []


@pytest.mark.parametrize("payload", PAYLOADS)
def test_the_numbers_for_the_script_cannot_end_their_element(payload):
    for script in tree_of(payload).all("script", type="application/json"):
        assert not re.search("[<>&\u2028\u2029]", script.raw)
        assert msgspec.json.decode(script.raw)["labels"]


def test_links_lead_nowhere_but_here():
    root = tree_of("https://elsewhere.example/")
    allowed = {"/", "#content", "/how-we-count", "/api/v1/openapi.json"}
    links = {one["href"] for one in root.one("body").all("a")}
    assert {href for href in links - allowed if not href.startswith(("/how-we-count#", "/?sort="))} == set()
    assert root.one("form", "scope")["action"] == "#content"


def test_text_is_shown_as_it_was_written():
    cell = Cell("<script>alert('&amp;')</script>")
    view = View("x", [Grid("g", "G", [Column("a", "A")], [[cell]])])
    page = parse(render_page(view, Shell([MenuItem("a", "/")], "/"), UTC))
    assert page.one("tbody").one("th").text == "<script>alert('&amp;')</script>"


def test_names_of_series_are_text_in_pictures():
    chart = Chart("</svg>", "<b>", "<i>", "stacked", ["<u>"], [], "usd")
    assert parse(render_page(View("x", [chart]), Shell([], "/"), UTC)).one("figure")["id"] == "</svg>"
