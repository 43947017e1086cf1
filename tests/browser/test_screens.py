"""Every page in both widths and both colour schemes: nothing is cut off sideways, and pictures to look at."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import SHOTS, Server, Watched
from tests.browser.pages import addresses

OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_is_wider_than_the_window(demo: Server, visit: Callable[..., Watched], width: int, scheme: str) -> None:
    watched = visit(demo, width=width, scheme=scheme)
    wide = {}
    for name, path in addresses(watched).items():
        watched.go(path)
        watched.page.wait_for_load_state("load")
        if SHOTS is not None:
            SHOTS.mkdir(parents=True, exist_ok=True)
            watched.page.screenshot(path=SHOTS / f"{name}-{width}-{scheme}.png", full_page=True)
        if watched.page.evaluate(OVERFLOW) > 0:
            wide[name] = watched.page.evaluate(OVERFLOW)
    assert not wide
