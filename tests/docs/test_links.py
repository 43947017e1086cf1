"""Every link in every Markdown file leads somewhere."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from tests.test_house import ROOT, find_tracked_files

PAGES = sorted(path for path in find_tracked_files() if path.suffix == ".md")

_FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"(?<!\\)\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)


def find_links(text: str) -> list[str]:
    """The targets of the links in a page, code left out."""
    plain = _FENCE.sub("", text)
    return [match[1] for match in _LINK.finditer(_CODE.sub("`", plain))]


def find_anchors(text: str) -> set[str]:
    """The anchors that headings get: lower case, words joined by hyphens, a number after repeated ones."""
    anchors: dict[str, int] = {}
    found = set()
    for heading in _HEADING.findall(_FENCE.sub("", text)):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        seen = anchors[slug] = anchors.get(slug, -1) + 1
        found.add(f"{slug}-{seen}" if seen else slug)
    return found


@cache
def anchors_of(page: Path) -> set[str]:
    return find_anchors(page.read_text(encoding="utf-8"))


def find_broken(page: Path, text: str) -> list[str]:
    """Relative links of ``page`` whose file or anchor is not there."""
    broken = []
    for target in find_links(text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        inside = place.is_relative_to(ROOT)
        if not inside or not place.exists() or (anchor and (place.suffix != ".md" or anchor not in anchors_of(place))):
            broken.append(target)
    return broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path):
    assert find_broken(page, page.read_text(encoding="utf-8")) == []


def test_every_page_of_the_documentation_is_linked_from_its_index():
    index = ROOT / "docs" / "index.md"
    reached = {(index.parent / link.partition("#")[0]).resolve() for link in find_links(index.read_text("utf-8"))}
    docs = index.parent.resolve()
    pages = {page for page in docs.rglob("*.md") if not page.is_relative_to(docs / "examples")} - {index.resolve()}
    assert pages - reached == set()


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see [a](b.md) and [c](d.md#e)", ["b.md", "d.md#e"]),
        ("`[a](b)` and\n```\n[c](d)\n```\n[`e`](f)", ["f"]),
        ("[a] (b), \\[a](b), [[a]](b)", ["b"]),
    ],
)
def test_links_are_found(text, links):
    assert find_links(text) == links


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("# Plain words", "plain-words"),
        ("## 8. Every total can be reconciled", "8-every-total-can-be-reconciled"),
        ("### `tacho cost`", "tacho-cost"),
        ("# What it says, and [does](x.md) not", "what-it-says-and-does-not"),
        ("### invalid_json", "invalid_json"),
    ],
)
def test_anchors_are_as_forges_make_them(heading, anchor):
    assert find_anchors(heading) == {anchor}


def test_repeated_headings_are_numbered():
    assert find_anchors("# A\n# A\n") == {"a", "a-1"}


def test_a_broken_link_is_found(tmp_path: Path):
    page = ROOT / "docs" / "index.md"
    assert find_broken(page, "[a](nowhere.md) [b](tutorial.md) [c](tutorial.md#nothing) [d](../../x)") == [
        "nowhere.md",
        "tutorial.md#nothing",
        "../../x",
    ]
