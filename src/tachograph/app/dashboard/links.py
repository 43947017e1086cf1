"""Addresses of pages. Ids and names of projects stand in the query, never in the path."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from tachograph.app.scope import Scope

HOW = "/how-we-count"


def link(slug: str, scope: Scope | None = None, anchor: str = "", **params: str | int | None) -> str:
    """The address of a page with the range, project and agent of ``scope``; parameters that are None are left out."""
    query: dict[str, str] = dict(scope.query) if scope is not None else {}
    query.update({name: str(value) for name, value in params.items() if value is not None})
    path = "/" if slug == "overview" else f"/{slug}"
    return path + (f"?{urlencode(query)}" if query else "") + (f"#{anchor}" if anchor else "")


def change(slug: str, scope: Scope, held: Mapping[str, str], **params: str | int | None) -> str:
    """The address of the same page with some of its parameters changed; None takes one away."""
    kept: dict[str, str | int | None] = dict(held)
    return link(slug, scope, "", **(kept | params))


def session_link(id: str, anchor: str = "") -> str:
    """The page of one session."""
    return link("session", anchor=anchor, id=id)
