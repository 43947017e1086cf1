"""What holds for every page: tables and charts that fit together, words for everything, unknown that is no zero."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tachograph.app.dashboard.desk import Desk
from tachograph.app.dashboard.page import Page, load_pages
from tachograph.app.scope import Scope
from tachograph.report.view import Cell, Chart, Column, Grid, Kind, Section, View, chart_grid
from tests.dashboard.walking import SCOPES, scope_of, walk

PAGES = load_pages()
KEY = re.compile(r"[a-z][a-z0-9_.-]*")
ANCHOR = re.compile(r"[a-z][a-z0-9_-]*")


def views_of(desk: Desk, page: Page, scope: Scope) -> Iterator[View]:
    """The page as it is, and once with each value that a parameter may have."""
    base = params_of(desk, page)
    for params in [base, *({**base, one.name: value} for one in page.params for value in one.choices if value)]:
        data = page.gather(desk, scope, params)
        yield page.show(data, scope, params)


def params_of(desk: Desk, page: Page) -> dict[str, str]:
    """What the page needs at least: pages of one session the one with most calls."""
    names = {one.name for one in page.params}
    if "id" not in names:
        return {}
    query = "SELECT r.id FROM roll.roots r ORDER BY tool_calls DESC, r.id LIMIT 1"
    return {"id": desk.connection.execute(query).fetchone()[0]} | ({"n": "1"} if "n" in names else {})


def grids_of(view: View) -> list[Grid]:
    """Tables, and charts as the tables below them."""
    blocks = list(walk(view.blocks))
    return [one for one in blocks if isinstance(one, Grid)] + [chart_grid(o) for o in blocks if isinstance(o, Chart)]


every_page = pytest.mark.parametrize("slug", PAGES)


@every_page
@pytest.mark.parametrize("params", SCOPES, ids=str)
def test_tables_and_charts_fit_together_whatever_is_asked_for(desk: Desk, slug: str, params: dict[str, str]) -> None:
    for view in views_of(desk, PAGES[slug], scope_of(**params)):
        names = [grid.id for grid in grids_of(view)]
        assert len(names) == len(set(names)), "the name of a download means one table"
        for grid in grids_of(view):
            assert_is_whole(grid)
        for chart in charts_of(view):
            assert_is_drawable(chart)


def assert_is_whole(grid: Grid) -> None:
    """Every row has a cell for each column, and holds what the column says."""
    keys = [column.key for column in grid.columns]
    assert len(keys) == len(set(keys)), grid.id
    for row in [*grid.rows, *([grid.footer] if grid.footer else [])]:
        assert len(row) == len(keys), grid.id
        for column, cell in zip(grid.columns, row, strict=True):
            assert fits(column, cell), (grid.id, column.key, cell)


def fits(column: Column, cell: Cell) -> bool:
    """Whether a cell holds what is written as its column says; a text may stand in for a number that there is not."""
    value = cell.value
    if value is None or isinstance(value, str):
        return not cell.at_least
    if cell.at_least and cell.about:
        return False
    if column.kind == "count":
        return isinstance(value, int | float) and value == int(value)
    return column.kind != "percent" or (isinstance(value, int | float) and 0 <= value <= 1 + 1e-9)


@pytest.mark.parametrize(
    ("kind", "cell", "right"),
    [
        ("count", Cell(3), True), ("count", Cell(2.5), False), ("count", Cell(None), True),
        ("count", Cell(None, at_least=True), False), ("percent", Cell(0.25), True), ("percent", Cell(25.0), False),
        ("usd", Cell(1.5, at_least=True), True), ("usd", Cell(1.5, at_least=True, about=True), False),
    ],
)  # fmt: skip
def test_a_cell_that_does_not_fit_is_found(kind: Kind, cell: Cell, right: bool) -> None:
    assert fits(Column("a", "A", kind), cell) is right


def assert_is_drawable(chart: Chart) -> None:
    """There is a value or a gap at each place of the axis, and nothing beyond it."""
    length = len(chart.axis)
    assert {len(one.values) for one in chart.series} <= {length}, chart.id
    assert len(chart.hrefs) in (0, length), chart.id
    assert len(chart.moments) in (0, length), chart.id
    assert all(0 <= mark.at < length for mark in chart.marks), chart.id
    names = [one.name for one in chart.series]
    assert len(names) == len(set(names)), chart.id
    assert chart.band is None or (chart.band[0] <= chart.band[1] and chart.band_name), chart.id


def charts_of(view: View) -> list[Chart]:
    """All charts."""
    return [block for block in walk(view.blocks) if isinstance(block, Chart)]


@every_page
def test_everything_is_told_in_words(desk: Desk, scope: Scope, slug: str) -> None:
    for view in views_of(desk, PAGES[slug], scope):
        assert view.title
        for chart in charts_of(view):
            assert chart.title
            assert chart.description.endswith((".", ".)")), chart.id
        for grid in grids_of(view):
            assert grid.empty.endswith("."), grid.id
            if grid.id not in {one.id for one in charts_of(view)}:
                assert grid.title, grid.id
                assert all(column.title for column in grid.columns), grid.id
                assert all(KEY.fullmatch(column.key) for column in grid.columns), grid.id
        sections = [block.id for block in walk(view.blocks) if isinstance(block, Section) and block.id]
        assert len(sections) == len(set(sections))
        assert all(ANCHOR.fullmatch(anchor) for anchor in sections)


@every_page
def test_pages_are_there_without_a_single_session(empty_desk: Desk, slug: str) -> None:
    page = PAGES[slug]
    if any(one.name == "id" for one in page.params):
        pytest.skip("about one session")
    for view in views_of(empty_desk, page, scope_of(range="all")):
        assert view.title
        for grid in grids_of(view):
            for row in grid.rows:
                assert not any(isinstance(cell.value, float) and cell.value != cell.value for cell in row), grid.id


def test_menu_and_addresses_are_in_order() -> None:
    orders = [page.order for page in PAGES.values() if page.order]
    assert orders == sorted(set(orders)), "two pages at one place of the menu"
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", slug) for slug in PAGES)
    for page in PAGES.values():
        names = [one.name for one in page.params]
        assert len(names) == len(set(names))
        assert not set(names) & {"range", "from", "to", "project", "agent", "code"}, page.slug
        assert all(one.doc.endswith(".") for one in page.params), page.slug
        assert page.doc.endswith("."), page.slug
