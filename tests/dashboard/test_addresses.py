"""Addresses of pages: what is chosen stays, ids and names stand in the query."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tachograph.app.dashboard.links import change, link, session_link
from tachograph.app.dashboard.session_paging import page_through
from tachograph.app.dashboard.session_story import Piece
from tests.dashboard.walking import scope_of

HOSTILE = "x\"'><a&b=c#d/../é ☃%00"


@pytest.mark.parametrize(
    ("slug", "scope", "address"),
    [
        ("overview", {}, "/"),
        ("overview", {"range": "7d"}, "/?range=7d"),
        ("sessions", {"range": "30d"}, "/sessions"),
        ("sessions", {"range": "all", "agent": "codex"}, "/sessions?range=all&agent=codex"),
        ("waste", {"from": "2026-10-20", "to": "2026-11-05"}, "/waste?from=2026-10-20&to=2026-11-05"),
        ("waste", {"from": "2026-10-20"}, "/waste?from=2026-10-20"),
    ],
)
def test_a_link_keeps_the_scope_and_leaves_out_what_is_usual(slug: str, scope: dict[str, str], address: str) -> None:
    assert link(slug, scope_of(**scope)) == address


@pytest.mark.parametrize("text", [HOSTILE, "/home/ada/a b", "ünï"])
def test_names_are_in_the_query_and_come_back_as_they_were(text: str) -> None:
    parts = urlsplit(link("sessions", scope_of(range="all", project=text), "list", q=text))
    assert (parts.path, parts.fragment) == ("/sessions", "list")
    assert parse_qs(parts.query) == {"range": ["all"], "project": [text], "q": [text]}
    session = urlsplit(session_link(text, "turn-1"))
    assert (session.path, parse_qs(session.query), session.fragment) == ("/session", {"id": [text]}, "turn-1")


def test_a_change_keeps_the_rest_and_none_takes_away() -> None:
    scope, held = scope_of(range="7d"), {"sort": "cost", "page": "3", "q": "login"}
    assert change("sessions", scope, held, page=4) == "/sessions?range=7d&sort=cost&page=4&q=login"
    assert change("sessions", scope, held, page=None, sort="recent") == "/sessions?range=7d&sort=recent&q=login"
    assert held == {"sort": "cost", "page": "3", "q": "login"}


@pytest.mark.parametrize(
    ("piece", "first", "size", "previous", "following"),
    [
        (Piece(1, 3, 50, 120), 1, 50, "", "2"),
        (Piece(2, 3, 50, 120), 51, 50, "1", "3"),
        (Piece(3, 3, 50, 120), 101, 20, "2", ""),
    ],
)
def test_parts_of_a_list_lead_to_their_neighbours(
    piece: Piece, first: int, size: int, previous: str, following: str
) -> None:
    found = page_through("codex:a", scope_of(), "part", piece, "turns")
    assert found is not None
    assert (found.first, found.size, found.matching) == (first, size, 120)
    for href, part in ((found.previous, previous), (found.next, following)):
        assert href == (f"/session?id=codex%3Aa&part={part}#turns" if part else "")


def test_a_list_of_one_part_needs_no_links() -> None:
    assert page_through("codex:a", scope_of(), "part", Piece(1, 1, 50, 50), "turns") is None
