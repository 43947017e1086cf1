"""Answering requests from the warehouse: pages, the same as data, their tables as files. No HTTP here."""

from __future__ import annotations

import sqlite3
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import msgspec

from tachograph.app.dashboard.desk import Desk, Live
from tachograph.app.dashboard.open_desk import open_desk
from tachograph.app.dashboard.page import Page
from tachograph.app.scope import Scope, parse_scope
from tachograph.app.workspace import Workspace
from tachograph.errors import Busy, NotFound, TachographError
from tachograph.report.html.render import render_page
from tachograph.report.record_json import encode_json, encode_record
from tachograph.report.view import Banner, Note, View, find_grid
from tachograph.web.frame import bare_shell, make_shell
from tachograph.web.query import own_params, read_query, scope_params
from tachograph.web.reply import CSV, HTML, JSON, NotReady, Reply, encode_error, file_headers, status_of
from tachograph.web.tables import grid_csv, grid_record

_BUG = TachographError("This is a bug in tacho. What went wrong stands where tacho serve runs.", slug="bug")
_CUSTOM_DAYS = 30
_LOST = ("malformed", "disk", "full", "not a database", "readonly", "unable to open")
"""What SQLite says when the file or its disk gave way; a mistake in our SQL is a bug like any other."""


class Keeper(Protocol):
    """Who keeps the warehouse up to date while pages are shown."""

    @property
    def live(self) -> Live:
        """What is known of sessions that are going on."""

    def reading(self) -> str:
        """What there is to wait for, in one sentence; empty: nothing."""


class _Asked(msgspec.Struct, frozen=True):
    """One page with its data, within one transaction."""

    desk: Desk
    page: Page
    scope: Scope
    params: dict[str, str]
    data: Any


class Answers:
    """All answers that need the warehouse. Every method may be called from any thread."""

    def __init__(self, workspace: Workspace, pages: Mapping[str, Page], keeper: Keeper) -> None:
        self._workspace = workspace
        self.pages = pages
        self._keeper = keeper

    def warm_up(self) -> None:
        """Make each page once for nobody: modules are loaded and templates compiled before somebody waits for them."""
        for slug, page in self.pages.items():
            if page.order:
                self.page(slug, "")

    def page(self, slug: str, query: str) -> Reply:
        """A page for people."""

        def answer() -> Reply:
            with self._ask(slug, query) as asked:
                view = asked.page.show(asked.data, asked.scope, asked.params)
                watches = _session_of(asked)
                shell = make_shell(asked.desk, asked.page, self.pages, asked.scope, asked.params, watches)
                zone = asked.desk.zone
            return Reply(render_page(view, shell, zone).encode("utf-8", "replace"), HTML)

        return _try(answer, self.explain)

    def data(self, slug: str, query: str) -> Reply:
        """The same for programs."""

        def answer() -> Reply:
            with self._ask(slug, query) as asked:
                return Reply(encode_record(schema_name(slug), asked.data), JSON)

        return _try(answer, _explain_to_program)

    def table(self, slug: str, name: str, query: str) -> Reply:
        """A table of a page as a file: ``name`` is ``<grid>.csv`` or ``<grid>.json``."""

        def answer() -> Reply:
            grid_id, _, ending = name.rpartition(".")
            with self._ask(slug, query) as asked:
                grid = find_grid(asked.page.show(asked.data, asked.scope, asked.params).blocks, grid_id)
            if grid is None or ending not in ("csv", "json"):
                raise NotFound("There is no such table.", slug="no_table")
            headers = file_headers(f"tachograph-{slug}-{grid_id}.{ending}")
            if ending == "csv":
                return Reply(grid_csv(grid), CSV, headers=headers)
            return Reply(encode_json(grid_record(slug, grid)), JSON, headers=headers)

        return _try(answer, self.explain)

    def explain(self, error: TachographError) -> Reply:
        """A page that says why there is none."""
        waiting = isinstance(error, NotReady)
        blocks: list[Any] = [Banner(error.message, "" if waiting else "bad")]
        if error.hint:
            blocks.append(Note(error.hint))
        titles = {404: "Not found", 400: "This makes no sense", 503: "Not now"}
        status = status_of(error)
        title = "Reading your logs" if waiting else titles.get(status, "Something failed")
        text = render_page(View(title, blocks), bare_shell(self.pages), UTC)
        return Reply(text.encode("utf-8", "replace"), HTML, status, {"Refresh": "2"} if waiting else {})

    @contextmanager
    def _ask(self, slug: str, query: str) -> Iterator[_Asked]:
        page = self.pages.get(slug)
        if page is None:
            raise NotFound("There is no such page.", slug="no_page")
        told = read_query(query)
        params = own_params(page, told)
        with self._desk() as desk:
            scope = _scope(desk, scope_params(page, told))
            yield _Asked(desk, page, scope, params, page.gather(desk, scope, params))

    @contextmanager
    def _desk(self) -> Iterator[Desk]:
        reason = self._keeper.reading()
        with ExitStack() as stack:
            try:
                opened = open_desk(self._workspace, update=False, live=self._keeper.live, make_missing=not reason)
                desk = stack.enter_context(opened)
            except TachographError as error:
                if not reason:
                    raise
                hint = "This page is shown as soon as there is something to show."
                raise NotReady(reason, slug="not_ready", hint=hint) from error
            yield desk


def schema_name(slug: str) -> str:
    """Name of the schema of a page's data."""
    return f"page_{slug.replace('-', '_')}"


def _scope(desk: Desk, params: dict[str, str]) -> Scope:
    if params.get("range") == "custom" and not (params.get("from") or params.get("to")):
        today = datetime.fromtimestamp(desk.now_ms / 1000, desk.zone).date()
        params = {**params, "from": str(today - timedelta(days=_CUSTOM_DAYS - 1)), "to": str(today)}
    return parse_scope(params, desk.zone, desk.zone_name, desk.now_ms)


def _session_of(asked: _Asked) -> str:
    """Id of the session at the top that the page is about; empty: it is about more than one."""
    return str(getattr(asked.data, "watches", "")) if asked.page.live else ""


def _try(answer: Callable[[], Reply], explain: Callable[[TachographError], Reply]) -> Reply:
    try:
        return answer()
    except TachographError as error:
        return explain(error)
    except sqlite3.Error as error:
        return explain(_store_error(error))
    except Exception:  # noqa: BLE001 (a bug: told where the server runs, not to the browser)
        traceback.print_exc(file=sys.stderr)
        return explain(_BUG)


def _store_error(error: sqlite3.Error) -> TachographError:
    text = str(error)
    if "locked" in text or "busy" in text:
        return Busy("Another tacho process is changing the warehouse.", hint="Try again in a moment.")
    if isinstance(error, sqlite3.DatabaseError) and any(word in text for word in _LOST):
        return TachographError(
            f"The warehouse failed: {text}.",
            slug="store_failed",
            hint="Run tacho doctor; look at the disk's free space.",
        )
    traceback.print_exception(error, file=sys.stderr)
    return _BUG


def _explain_to_program(error: TachographError) -> Reply:
    headers = {"Retry-After": "2"} if isinstance(error, Busy) else {}
    return Reply(encode_error(error), JSON, status_of(error), headers)
