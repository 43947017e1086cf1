"""What surrounds a page, and the page as one file."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC

import pytest

from tachograph.report.html.assets import SCRIPTS, static_files, style_names
from tachograph.report.html.render import render_page, render_standalone
from tachograph.report.html.shell import MenuItem, Shell
from tachograph.report.view import Banner, Card, Cards, Cell, Column, Field, Filters, Grid, Note, Section, View

from . import gallery
from .tree import parse

MENU = [MenuItem("Overview", "/", True), MenuItem("Sessions", "/sessions"), MenuItem("Suggestions", "/suggestions")]
SHELL = Shell(
    MENU,
    "/?range=7d",
    Filters([Field("project", "Project", "x")], "/", {"sort": "cost"}),
    [Banner("2 alerts.", "bad", "/suggestions", "See")],
    "As of 14:05:12, times in Europe/Berlin",
    live=True,
    watches="agent:1",
)


@pytest.fixture
def page():
    return parse(render_page(View("Overview", [Note("x")], "What it cost."), SHELL, UTC))


def test_the_page_begins_with_its_title_and_its_sentence(page):
    assert page.one("title").text == "Overview · Tachograph"
    assert page.one("main").one("h1").text == "Overview"
    assert page.one("main").one("p", "lead").text == "What it cost."
    assert page.one("html")["lang"] == "en"


def test_one_can_skip_the_menu(page):
    first = next(node for node in page.one("body").walk() if node.tag == "a")
    assert (first["href"], page.one("main")["id"]) == ("#content", "content")


def test_the_menu_marks_where_one_is_and_names_its_keys(page):
    links = page.one("nav", "menu").all("a")
    assert [one.get("aria-current") for one in links] == ["page", "", ""]
    assert [(one.text, one["data-key"]) for one in links] == [
        ("Overview", "o"),
        ("Sessions", "s"),
        ("Suggestions", "u"),
    ]
    keys = page.one("dialog").all("dt")
    assert [one.text for one in keys] == ["/", "j k", "Enter", "?", "g o", "g s", "g u"]


def test_range_banners_and_status_stand_above_the_content(page):
    assert page.one("form", "scope").one("input", name="project")["value"] == "x"
    assert page.one("section", "banners").one("a")["href"] == "/suggestions"
    assert page.one("p", "status").text == "As of 14:05:12, times in Europe/Berlin"


def test_the_footer_leads_to_how_we_count_and_to_the_interface(page):
    assert [one["href"] for one in page.one("footer").all("a")] == ["/how-we-count", "/api/v1/openapi.json"]


def test_what_is_live_says_which_session_it_watches(page):
    assert page.one("body")["data-watches"] == "agent:1"
    assert "data-live" in page.one("body").attributes
    quiet = parse(render_page(View("Doctor"), Shell(MENU, "/doctor"), UTC)).one("body")
    assert quiet.attributes == {}
    assert quiet.all("form", "scope") == []


def test_every_file_is_asked_for_by_its_content(page):
    asked = [one["src"] for one in page.all("script")] + [one["href"] for one in page.all("link")]
    assert len(asked) == len(SCRIPTS) + len(style_names()) + 1
    for address in asked:
        name, _, version = address.removeprefix("/static/").partition("?v=")
        assert hashlib.sha256(static_files()[name][0]).hexdigest().startswith(version)
        assert len(version) == 12


def test_htmx_evaluates_nothing_keeps_nothing_and_asks_nobody_else(page):
    assert json.loads(page.one("meta", name="htmx-config")["content"]) == {
        "allowEval": False,
        "includeIndicatorStyles": False,
        "historyEnabled": False,
        "historyCacheSize": 0,
        "selfRequestsOnly": True,
    }


def violations(root) -> list[str]:
    """What the dashboard's policy would block, or what would leave the machine."""
    found = []
    for node in root.walk():
        found += [f"{node.tag} {name}" for name in node.attributes if name == "style" or name.startswith("on")]
        found += [f"<{node.tag}>" for _ in [0] if node.tag in ("style", "iframe", "object", "embed", "base")]
        if node.tag == "script" and not node.get("src") and node.get("type") != "application/json":
            found.append("a script inside")
        addresses = [node.attributes[name] for name in ("href", "src", "action") if name in node.attributes]
        found += [address for address in addresses if not address.startswith(("/", "#")) or address.startswith("//")]
    return found


def test_the_page_with_every_block_keeps_its_policy():
    assert violations(parse(render_page(gallery.gallery(), gallery.shell(), UTC))) == []


def test_ids_are_unique():
    root = parse(render_page(gallery.gallery(), gallery.shell(), UTC))
    ids = [node["id"] for node in root.walk() if node.get("id")]
    assert len(ids) == len(set(ids))


def test_whatever_names_or_describes_something_by_id_finds_it():
    root = parse(render_page(gallery.gallery(), gallery.shell(), UTC))
    ids = {node.get("id") for node in root.walk()}
    named = [id for node in root.walk() for id in node.get("aria-labelledby").split()]
    assert named
    assert set(named) <= ids


# ------------------------------------------------------------------------------------------------------ one file


def test_a_file_by_itself_holds_its_styles_and_allows_nothing_else():
    root = parse(render_standalone(gallery.gallery(), zone=UTC, footer="Made on 2026-11-21."))
    style = root.one("style").raw
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = root.one("meta", http_equiv="Content-Security-Policy")["content"]
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert root.all("script") == root.all("link") == root.all("button", "js") == []
    assert root.one("footer").text == "Made on 2026-11-21."
    assert violations(root) == ["<style>"]


def test_a_file_by_itself_leads_nowhere_else():
    root = parse(render_standalone(gallery.gallery(), zone=UTC))
    assert {one["href"] for one in root.all("a") if not one["href"].startswith("#")} == set()


def test_a_file_by_itself_explains_its_numbers_where_it_can():
    card = Cards([Card("Spend", Cell(1.0), "usd", how="spend"), Card("Tokens", Cell(1), how="tokens")])
    grid = Grid("g", "G", [Column("a", "A", sort="a")], [[Cell("x", href="/session?id=1")]], how="spend")
    root = parse(render_standalone(View("Report", [card, grid, Section("Spend", [Note("So.")], "spend")]), zone=UTC))
    assert [one["href"] for one in root.all("a")] == ["#spend", "#spend"]
    assert root.one("section", id="spend").one("p", "note").text == "So."


def test_a_file_by_itself_holds_no_style_of_the_script():
    assert "uplot" not in render_standalone(View("Report"), zone=UTC).replace(".uplot", "")
