"""Nothing on any page keeps a person with a disability out: axe-core finds nothing serious."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import Server, Watched
from tests.browser.pages import addresses

AXE = "() => axe.run(document, {resultTypes: ['violations']})"


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")])
def test_no_page_has_serious_faults(demo: Server, visit: Callable[..., Watched], width: int, scheme: str) -> None:
    watched = visit(demo, width=width, scheme=scheme, bypass_csp=True)
    found = {}
    for name, path in addresses(watched).items():
        watched.go(path)
        watched.page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true })")
        watched.page.add_script_tag(path=str(axe_file()))
        faults = [
            (fault["id"], fault["impact"], node["html"][:200], node["failureSummary"][:300])
            for fault in watched.page.evaluate(AXE)["violations"]
            if fault["impact"] in ("serious", "critical")
            for node in fault["nodes"][:3]
        ]
        found.update({name: faults} if faults else {})
    assert not found, json.dumps(found, indent=1)


def axe_file() -> Path:
    """Where axe-core lies."""
    import axe_playwright_python

    return Path(axe_playwright_python.__file__).with_name("axe.min.js")
