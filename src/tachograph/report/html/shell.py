"""What surrounds a page of the dashboard."""

from __future__ import annotations

import msgspec

from tachograph.report.view import Banner, Filters


class MenuItem(msgspec.Struct, frozen=True):
    """One entry of the menu."""

    title: str
    href: str
    current: bool = False


class Shell(msgspec.Struct, frozen=True):
    """The menu, the fields of the range, what is to be seen first, and what the numbers are as of."""

    menu: list[MenuItem]
    address: str
    """Path and query of this page: what live updates and the menu's form go back to."""
    scope: Filters | None = None
    """Range, project and agent; None: the page has none."""
    banners: list[Banner] = []
    status: str = ""
    """``As of 14:05:12, times in Europe/Berlin``."""
    live: bool = False
    """The page is made anew as sessions grow."""
    watches: str = ""
    """Id of the one session whose growth matters to this page; empty: any."""
    downloads: str = ""
    """Address of the page's tables, to be followed by ``/<grid>.csv``; empty: none can be downloaded."""
    query: str = ""
    """The query of a download, without its question mark."""
