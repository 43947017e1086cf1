"""Every page in both widths and both colour schemes: nothing is cut off, and axe-core finds nothing serious."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import SHOTS, Server, Watched
from tests.browser.pages import OPEN_ALL, addresses

OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
AXE = "(rules) => axe.run(document, {resultTypes: ['violations'], ...rules})"
ALL: dict[str, object] = {}
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""The rules that look at colours: all that another colour scheme can change."""


@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_fits_the_window_and_has_no_serious_faults(
    demo: Server, visit: Callable[..., Watched], width: int
) -> None:
    watched = visit(demo, width=width, bypass_csp=True)
    faults = {}
    for name, path in addresses(watched).items():
        watched.page.emulate_media(color_scheme="light")
        watched.go(path)
        found = [("wider than the window", "light")] if watched.page.evaluate(OVERFLOW) > 0 else []
        keep_picture(watched, f"{name}-{width}-light.png")
        watched.page.emulate_media(color_scheme="dark")
        found += [("wider than the window", "dark")] if watched.page.evaluate(OVERFLOW) > 0 else []
        keep_picture(watched, f"{name}-{width}-dark.png")
        watched.page.evaluate(OPEN_ALL)
        found += serious_faults(watched, CONTRAST)
        watched.page.emulate_media(color_scheme="light")
        found += serious_faults(watched, ALL)
        faults.update({name: found} if found else {})
    assert not faults, json.dumps(faults, indent=1)


def test_the_harness_sees_faults_of_either_scheme(demo: Server, visit: Callable[..., Watched]) -> None:
    watched = visit(demo, bypass_csp=True)
    watched.go("/how-we-count")
    dim = "<style>@media (prefers-color-scheme: dark) { main * { color: #333 !important } }</style>"
    add = "(text) => document.querySelector('main').insertAdjacentHTML('beforeend', text)"
    watched.page.evaluate(add, dim + "<img src='/static/icon.svg'>")
    assert "image-alt" in {fault[0] for fault in serious_faults(watched, ALL)}
    watched.page.emulate_media(color_scheme="dark")
    assert {fault[0] for fault in serious_faults(watched, CONTRAST)} == {"color-contrast"}


def serious_faults(watched: Watched, rules: dict[str, object]) -> list[tuple[str, ...]]:
    """What axe-core finds serious or critical in the page as it is, at most three places of each."""
    if not watched.page.evaluate("() => 'axe' in window"):
        watched.page.add_script_tag(path=str(axe_file()))
    return [
        (fault["id"], fault["impact"], node["html"][:200], node["failureSummary"][:300])
        for fault in watched.page.evaluate(AXE, rules)["violations"]
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"][:3]
    ]


def keep_picture(watched: Watched, name: str) -> None:
    """A picture of the whole page, where pictures are wanted."""
    if SHOTS is not None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        watched.page.screenshot(path=SHOTS / name, full_page=True)


def axe_file() -> Path:
    """Where axe-core lies."""
    import axe_playwright_python

    return Path(axe_playwright_python.__file__).with_name("axe.min.js")
