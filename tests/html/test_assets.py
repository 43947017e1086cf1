"""Files that pages ask for: what they are, and that the vendored ones are what they were."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
import tomllib
from pathlib import Path

import pytest

from tachograph.report.html.assets import SCRIPTS, static_files, static_href, style_names
from tachograph.report.html.render import HTMX_CONFIG

VENDORED = tomllib.loads(static_files()["vendor.toml"][0].decode())["package"]
OURS = ["app.js", "charts.js", "format.js"]
_EVALUATES = re.compile(r"\beval\(|\bFunction\(")


def source(name: str) -> str:
    return static_files()[name][0].decode()


def test_vendored_files_are_what_was_fetched():
    assert {(one["name"], one["version"], one["licence"]) for one in VENDORED} == {
        ("htmx.org", "2.0.11", "0BSD"),
        ("idiomorph", "0.8.0", "0BSD"),
        ("uplot", "1.6.32", "MIT"),
    }
    for one in VENDORED:
        for name, digest in one["files"].items():
            assert hashlib.sha256(static_files()[name][0]).hexdigest() == digest, name


def test_what_would_be_fetched_again_is_what_is_there():
    spec = importlib.util.spec_from_file_location("vendor", Path(__file__).parents[2] / "tools" / "vendor.py")
    vendor = importlib.util.module_from_spec(spec)
    sys.modules["vendor"] = vendor  # dataclasses look there for the module
    spec.loader.exec_module(vendor)
    told = {(one.name, one.version, one.licence): set(one.files.values()) for one in vendor.PARCELS}
    assert told == {(one["name"], one["version"], one["licence"]): set(one["files"]) for one in VENDORED}


def test_every_vendored_file_is_listed_and_comes_with_its_licence():
    listed = {name for one in VENDORED for name in one["files"]}
    ours = {"app.css", "app.js", "charts.js", "format.js", "icon.svg", "vendor.toml"}
    assert {name for name in static_files() if ".min." in name or "LICENSE" in name} == listed
    assert ours <= set(static_files()) - listed
    for one in VENDORED:
        assert any(name.endswith(".LICENSE.txt") for name in one["files"])


def test_media_types_and_places():
    assert {name.rpartition(".")[2]: kind for name, (_, kind) in static_files().items()} == {
        "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml",
        "txt": "text/plain; charset=utf-8",
        "toml": "text/plain; charset=utf-8",
    }
    assert re.fullmatch(r"/static/app\.css\?v=[0-9a-f]{12}", static_href("app.css"))
    with pytest.raises(KeyError):
        static_href("../values.py")


def test_pages_load_what_is_there_in_an_order_that_works():
    assert set(SCRIPTS) == {name for name in static_files() if name.endswith(".js")}
    assert SCRIPTS.index("app.js") == len(SCRIPTS) - 1
    assert style_names()[:2] == ["uPlot.min.css", "app.css"]


@pytest.mark.parametrize(("name", "places"), [("htmx.min.js", 5), ("idiomorph.min.js", 0), ("uPlot.iife.min.js", 0)])
def test_places_that_could_evaluate_text_are_known(name, places):
    """Those of htmx run only where ``allowEval`` allows it; the policy of the pages forbids them besides."""
    assert len(_EVALUATES.findall(source(name))) == places
    assert HTMX_CONFIG["allowEval"] is False


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize(
    "pattern",
    [
        r"\.(inner|outer)HTML",
        r"insertAdjacentHTML|createContextualFragment|document\.write",
        _EVALUATES.pattern,
        r"localStorage|\.setItem|indexedDB|document\.cookie",
        r"https?://",
        r"setTimeout\(\s*[\"'`]",
        r"setAttribute\(\s*[\"'](style|on)",
    ],
)
def test_our_scripts_make_no_markup_of_text_and_keep_nothing(name, pattern):
    assert re.findall(pattern, source(name)) == []


def test_no_file_of_ours_asks_for_anything_elsewhere():
    for name in [*OURS, *style_names(), "icon.svg"]:
        text = source(name).replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert not re.search(r"https?:|@import|url\((?!#)|//[a-z]+\.[a-z]", text), name
