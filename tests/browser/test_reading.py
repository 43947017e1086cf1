"""What can be read without scripts, and without a server: the pages as they are sent, and the report as a file."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import Server, Sink, Watched
from tests.browser.pages import addresses


def test_every_page_can_be_read_without_scripts(demo: Server, visit: Callable[..., Watched]) -> None:
    plain, full = visit(demo, java_script_enabled=False), visit(demo)
    for name, path in addresses(full).items():
        plain.go(path)
        full.go(path)
        charts = "figure.chartbox svg[role=img], figure.chartbox .plot svg"
        told = [
            (one.page.locator("h1").inner_text(), one.page.locator("table").count(), one.page.locator(charts).count())
            for one in (plain, full)
        ]
        assert told[0] == told[1], name
        assert plain.page.locator("main a").count() == full.page.locator("main a").count(), name
        if "range=all" in path and "q=" not in path:
            assert plain.page.locator(".plot svg").first.is_visible()


def test_forms_and_turns_work_without_scripts(demo: Server, visit: Callable[..., Watched]) -> None:
    page = (watched := visit(demo, java_script_enabled=False)).page
    watched.go("/")
    page.select_option("select[name=range]", "90d")
    page.locator(".scope button[type=submit]").click()
    assert "range=90d" in page.url
    watched.go("/sessions?range=all")
    page.locator("main tbody th a").first.click()
    page.locator("details.turn-open summary").first.click()
    page.locator(".turn-slot a").first.click()
    assert "/turn?" in page.url
    assert page.locator("tr.step").count() > 0


@pytest.fixture(scope="module")
def report(demo: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("report") / "report.html"
    command = [sys.executable, "-m", "tachograph", "report", "html", "--no-ingest", "-o", str(file)]
    subprocess.run(command, env=demo.environment, check=True, capture_output=True)
    return file


@pytest.mark.parametrize(("scheme", "is_dark"), [("light", False), ("dark", True)])
def test_the_report_opens_from_disk_offline(
    report: Path, opened: Callable[..., object], sink: Sink, scheme: str, is_dark: bool
) -> None:
    page = opened(offline=True, color_scheme=scheme, viewport={"width": 1280, "height": 900}).new_page()
    requests, said = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    watched = Watched(page, report.as_uri(), sink)
    watched.go(report.as_uri())
    assert watched.is_clean()
    assert (requests, said) == ([report.as_uri()], [])
    assert page.locator("svg").count() >= 4
    assert page.locator("table").count() >= 4
    ground = page.evaluate("() => getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).slice(0, 3)")
    assert (sum(map(float, ground)) < 300) is is_dark
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_no_script_runs_in_the_report(report: Path, opened: Callable[..., object], sink: Sink, tmp_path: Path) -> None:
    changed = tmp_path / "changed.html"
    injected = "<script>window.hit(1)</script><img src=x onerror=window.hit(2)><script src=x.js></script></main>"
    changed.write_text(report.read_text().replace("</main>", injected))
    (tmp_path / "x.js").write_text("window.hit(3)")
    watched = Watched(opened().new_page(), changed.as_uri(), sink)
    watched.go(changed.as_uri())
    with pytest.raises(AssertionError):
        watched.is_clean()
    assert watched.hits == []
    assert sum("Content Security Policy" in error for error in watched.errors) >= 3
    assert watched.page.evaluate("() => typeof window.hit") == "function"  # it was there to be called


def test_the_report_prints(report: Path, opened: Callable[..., object]) -> None:
    page = opened(color_scheme="dark").new_page()
    page.goto(report.as_uri())
    pdf = page.pdf(format="A4")
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    assert 2 <= pages <= 30
    page.emulate_media(media="print")
    ground = page.evaluate("() => getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).map(Number)")
    assert sum(ground[:3]) > 700 or ground[3:] == [0]  # on white, whatever the scheme
