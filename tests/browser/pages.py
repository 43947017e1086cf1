"""The pages that there are, with an example of each that needs more than its name."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import urlencode

from tests.browser.conftest import Watched

OPEN_ALL = "() => document.querySelectorAll('details').forEach(one => { one.open = true })"
"""Opens all that is folded away."""
OF_A_SESSION = ("session", "metrics")
"""Pages that need to be told which one."""


def addresses(watched: Watched) -> dict[str, str]:
    """By name: the address of every page, as the API lists them, with a session that has subagents and findings."""
    slugs = [one["slug"] for one in json.loads(read(watched, "/api/v1"))["pages"]]
    found = {slug: "/" if slug == "overview" else f"/{slug}" for slug in slugs}
    sessions = json.loads(read(watched, "/api/v1/sessions?range=all&sort=subagents"))["sessions"]
    id = urlencode({"id": sessions[0]["id"]})
    return {
        **found,
        **{name: f"/{name}?{id}" for name in OF_A_SESSION if name in found},
        "turn": f"/turn?{id}&n=1",
        "everything": "/?range=all",
        "nothing": "/sessions?range=all&q=no-session-says-this",
        "wrong": "/sessions?range=never",
        "unknown": "/session?id=claude_code:nobody",
        "nowhere": "/no-such-page",
    }


def read(watched: Watched, path: str) -> str:
    """The body of an address, with the browser's cookie."""
    return str(watched.page.request.get(watched.origin + path).text())


def wait_until(watched: Watched, is_so: Callable[[], bool], seconds: float) -> bool:
    """Whether ``is_so`` became true in so many seconds, the page living on meanwhile."""
    for _ in range(round(seconds * 20)):
        if is_so():
            return True
        watched.page.wait_for_timeout(50)
    return is_so()
