"""What is drawn can be looked at closer; what stands in tables can be taken along."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import Server, Watched

MARKS = """() => [...document.querySelectorAll("script[data-chart]")]
  .map((one) => [one.dataset.chart, JSON.parse(one.text)])
  .filter(([, chart]) => chart.marks.length)
  .map(([id, chart]) => [id, chart.labels.length, chart.marks[0]])"""
"""Charts on which something is marked: id, number of places, the first mark."""


@pytest.fixture
def told(demo: Server, visit: Callable[..., Watched]) -> Iterator[Watched]:
    """A window on the demo's dashboard; whatever the test did there, nothing complained and nothing went out."""
    watched = visit(demo)
    yield watched
    assert watched.is_clean()


def test_pointing_at_a_chart_tells_the_numbers_of_its_table(told: Watched, expect) -> None:
    told.go("/?range=all")
    expect(told.page.locator(".plot.taken")).to_have_count(told.page.locator("script[data-chart]").count())
    figure = told.page.locator("figure:has(.plot.taken)").first
    box = figure.locator(".u-over").bounding_box()
    told.page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 100)
    tip = figure.locator(".tip")
    expect(tip).to_be_visible()
    head, *lines = [line for line in tip.inner_text().split("\n") if line]
    figure.locator("details.numbers summary").click()
    row = figure.locator("details.numbers tbody tr").filter(has_text=head).first.inner_text()
    amounts = [line for line in lines if line.startswith("$")]
    assert len(amounts) >= 1
    assert all(amount in row for amount in amounts if amount != amounts[-1])  # the last one is their sum


def test_dragging_looks_closer_and_a_button_shows_all_again(told: Watched, expect) -> None:
    told.go("/?range=all")
    figure = told.page.locator("figure:has(.plot.taken)").first
    box = figure.locator(".u-over").bounding_box()
    whole = figure.locator("button.whole")
    expect(whole).not_to_be_visible()
    told.page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 100)
    told.page.mouse.down()
    told.page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 110, steps=4)
    told.page.mouse.up()
    expect(whole).to_be_visible()
    whole.click()
    expect(whole).not_to_be_visible()


def test_a_mark_is_told_by_its_name_and_has_no_number(told: Watched, expect) -> None:
    told.go("/trends?range=all")
    marks = told.page.evaluate(MARKS)
    if not marks:
        pytest.skip("the demo has no alert or trial within a chart today")
    id, labels, mark = marks[0]
    plot = told.page.locator(f"figure[id='{id}'] .u-over")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    told.page.mouse.move(box["x"] + box["width"] * mark["at"] / max(1, labels - 1), box["y"] + 80)
    assert re.search(rf"^{re.escape(mark['label'])}$", told.page.locator(f"figure[id='{id}'] .tip").inner_text(), re.M)


def test_copying_gives_the_table_as_it_is_shown(told: Watched, expect) -> None:
    told.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=told.origin)
    told.go("/tools?range=all")
    button = told.page.locator("[data-copy-table]").first
    table = told.page.locator(f"#table-{button.get_attribute('data-copy-table')}")
    button.click()
    expect(button).to_have_text("Copied")
    lines = [line.split("\t") for line in told.page.evaluate("() => navigator.clipboard.readText()").split("\n")]
    assert len(lines) == table.locator("tr").count()
    assert lines[1][0] == " ".join(table.locator("tbody th").first.inner_text().split())
    expect(button).to_have_text("Copy")


def test_a_command_is_copied_whole(told: Watched, expect) -> None:
    told.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=told.origin)
    told.go("/sessions?range=all")
    told.page.locator("main tbody th a").first.click()
    button = told.page.locator("[data-copy]:visible").first
    button.click()
    expect(button).to_have_text("Copied")
    assert told.page.evaluate("() => navigator.clipboard.readText()") == button.get_attribute("data-copy")


@pytest.mark.parametrize("path", ["/tools?range=all", "/models?range=all", "/sessions?range=all&sort=cost"])
def test_files_hold_the_numbers_of_the_page(told: Watched, tmp_path: Path, path: str) -> None:
    told.go(path)
    section = told.page.locator("section.grid:has(a[download])").first
    files = {}
    for ending in ("csv", "json"):
        with told.page.expect_download() as kept:
            section.locator(f"a[download][href*='.{ending}']").click()
        assert kept.value.suggested_filename.endswith(f".{ending}")
        kept.value.save_as(tmp_path / ending)
        files[ending] = (tmp_path / ending).read_bytes().decode()
    record = json.loads(files["json"])
    lines = list(csv.DictReader(io.StringIO(files["csv"])))
    rows = section.locator("tbody tr")
    assert rows.count() == len(record["rows"]) == len(lines) > 0
    counts = [(n, one["key"]) for n, one in enumerate(record["columns"]) if one["kind"] in ("count", "usd")]
    assert counts
    for number, row in enumerate(record["rows"][:20]):
        cells = rows.nth(number).locator("th, td").all_inner_texts()
        for place, key in counts:
            assert lines[number][key] == ("" if row[key] is None else str(row[key]))
            shown = re.search(r"[\d,]+(\.\d+)?", cells[place].split("\n")[0])
            if row[key] and shown and "<" not in cells[place]:
                assert float(shown[0].replace(",", "")) == pytest.approx(row[key], abs=0.0051), (key, cells)
