"""What a page of the dashboard is, and finding all of them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from tachograph.app.dashboard.desk import Desk, Params
from tachograph.app.scope import Scope
from tachograph.report.view import View


class Param(msgspec.Struct, frozen=True):
    """A parameter of a page's address, beside those of the scope."""

    name: str
    doc: str
    """One sentence."""
    choices: tuple[str, ...] = ()
    """The values it may have; empty: any text."""
    default: str = ""


class Page(msgspec.Struct, frozen=True):
    """One page: at ``/<slug>`` for people, at ``/api/v1/<slug>`` for programs."""

    slug: str
    """Small letters and dashes; ``overview`` is also at ``/``."""
    title: str
    gather: Callable[[Desk, Scope, Params], Any]
    """The page's data, a msgspec Struct. Raises NotFound (404) and UsageError (400)."""
    show: Callable[[Any, Scope, Params], View]
    """The page for people, from what ``gather`` gave; no I/O."""
    doc: str
    """One sentence for the description of the API."""
    order: int = 0
    """Place in the menu; 0: not in the menu."""
    params: tuple[Param, ...] = ()
    scoped: bool = True
    """Whether range, project and agent matter; false: the page has no such fields."""
    needs: Callable[[Desk], bool] | None = None
    """Whether the menu shows it; None: always."""
    live: bool = False
    """Made anew in the browser as sessions grow."""


@cache
def load_pages() -> dict[str, Page]:
    """All pages by slug, in the order of the menu."""
    home = importlib.import_module("tachograph.app.dashboard.pages")
    modules = [importlib.import_module(f"{home.__name__}.{info.name}") for info in pkgutil.iter_modules(home.__path__)]
    pages = [module.PAGE for module in modules if hasattr(module, "PAGE")]
    return {page.slug: page for page in sorted(pages, key=lambda page: (page.order or 1000, page.slug))}
