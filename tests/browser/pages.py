"""The pages that there are, with an example of each that needs more than its name."""

from __future__ import annotations

import json

from tests.browser.conftest import Watched


def addresses(watched: Watched) -> dict[str, str]:
    """By name: the address of every page, as the API lists them, with a session that has subagents and findings."""
    slugs = [one["slug"] for one in json.loads(read(watched, "/api/v1"))["pages"]]
    found = {slug: "/" if slug == "overview" else f"/{slug}" for slug in slugs}
    sessions = json.loads(read(watched, "/api/v1/sessions?range=all&sort=subagents"))["sessions"]
    watched.go(f"/session?id={sessions[0]['id']}")
    return {
        **found,
        "session": f"/session?id={sessions[0]['id']}",
        "turn": f"/turn?id={sessions[0]['id']}&n=1",
        "everything": "/?range=all",
        "nothing": "/sessions?range=all&q=no-session-says-this",
        "wrong": "/sessions?range=never",
        "unknown": "/session?id=claude_code:nobody",
        "nowhere": "/no-such-page",
    }


def read(watched: Watched, path: str) -> str:
    """The body of an address, with the browser's cookie."""
    return str(watched.page.request.get(watched.origin + path).text())
