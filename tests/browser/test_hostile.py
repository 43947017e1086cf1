"""Whatever a log says stays text: 320 hostile texts in every field of a session, on every page that shows it."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from unittest import mock
from urllib.parse import quote, urlencode

import pytest

from tachograph.app.dashboard.open_desk import open_desk
from tachograph.app.dashboard.page import load_pages
from tachograph.app.scope import parse_scope
from tachograph.app.workspace import Workspace
from tests.browser.conftest import Server, Sink, Watched, environment_of
from tests.browser.hostile import SPARED, UNREAD, unpoisoned, write_hostile_history
from tests.browser.pages import addresses, wait_until
from tests.browser.payloads import payloads

PARTS = 2
NINTH = 9
"""Every ninth session is looked at with the policy in force, which tells what it forbids; the others without it."""
TABS = 3
"""Windows that one test opens: each with connections of its own, so that none waits for another's."""
LOOK = (Path(__file__).parent / "look.js").read_text()
"""Does all that a reader can do to a page; tells what is there that no page of ours has."""
MARK = re.compile(r"(?:hit\(|invalid/)(\d+)")
"""What is left of a text wherever it is shown: its number."""
UNESCAPED = (
    "from tachograph.report.html import render; render.environment().autoescape = False;"
    "from tachograph.cli import main; main()"
)
"""tacho with its first defence taken down."""


class Poisoned:
    """A dashboard of hostile sessions."""

    def __init__(self, folder: Path, server: Server, ids: list[str]) -> None:
        self.folder = folder
        self.server = server
        self.ids = ids


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory, serve: Callable[..., Server]) -> Poisoned:
    folder = tmp_path_factory.mktemp("hostile")
    assert len(set(payloads())) >= 300
    ids = write_hostile_history(folder, environment_of(folder), payloads())
    return Poisoned(folder, serve(environment_of(folder), "--no-watch"), ids)


@pytest.fixture
def tabs(poisoned: Poisoned, visit: Callable[..., Watched]) -> Callable[..., list[Watched]]:
    """Some windows, let in; ``bypass_csp`` takes the second defence down: what gets into a page then runs."""
    return lambda bypass_csp=True: [visit(poisoned.server, bypass_csp=bypass_csp) for _ in range(TABS)]


def walk(tabs: Sequence[Watched], paths: Iterable[tuple[str, str]]) -> list[str]:
    """Look at every page, several at a time; returns what was wrong. With each path goes a text that must be seen."""
    wrong, left = [], list(paths)
    while left:
        turn, left = left[: len(tabs)], left[len(tabs) :]
        at_work = list(zip(tabs, turn, strict=False))
        statuses = [tab.go(path, wait_until="commit").status for tab, (path, _) in at_work]
        for (tab, (path, mark)), status in zip(at_work, statuses, strict=True):
            tab.page.bring_to_front()  # what is behind is not painted, and nothing comes into sight there
            tab.page.wait_for_load_state("load")
            found = tab.page.evaluate(LOOK, mark)
            wrong += [f"{path}: {one}" for one in (*found, *([] if status == 200 else [f"status {status}"]))]
            if not tab.page.url.startswith(tab.origin + path.split("?")[0]):
                wrong.append(f"{path} leads to {tab.page.url}")
    return wrong


def assert_harmless(tabs: Sequence[Watched], paths: Iterable[tuple[str, str]]) -> None:
    """Nothing was wrong, and nothing ran, went out or was forbidden."""
    assert walk(tabs, paths) == []
    assert_nothing_ran(tabs)


def assert_nothing_ran(tabs: Sequence[Watched]) -> None:
    """What any of the windows begins of its own accord is waited for once."""
    assert all(tab.is_clean(settle=0 if number else 300) for number, tab in enumerate(tabs))


def without_defence(poisoned: Poisoned) -> list[str]:
    """The sessions that are looked at with nothing that would stop what got into a page."""
    return [id for number, id in enumerate(poisoned.ids) if number % NINTH]


def mark_of(text: str) -> str:
    """What tells that this text is shown; empty for a text that names nothing."""
    found = MARK.search(text)
    return found[0] if found else ""


def session_path(id: str, slug: str = "session", **more: object) -> str:
    return f"/{slug}?" + urlencode({"id": id, **more})


# ------------------------------------------------------------------------------------------------ what is tested


def test_every_column_with_text_is_hostile_or_spared_for_a_reason(poisoned: Poisoned) -> None:
    assert unpoisoned(poisoned.folder / "data", payloads()) == []


def test_no_page_reads_the_tables_that_are_spared_for_that(poisoned: Poisoned) -> None:
    read: set[str] = set()
    with mock.patch.dict(os.environ, poisoned.server.environment), open_desk(Workspace(), update=True) as desk:
        desk.connection.set_authorizer(lambda _action, table, *_: read.add(table or "") or sqlite3.SQLITE_OK)
        scope = parse_scope({"range": "all"}, desk.zone, desk.zone_name, desk.now_ms)
        for page in load_pages().values():
            params = {"id": poisoned.ids[0]} if any(one.name == "id" for one in page.params) else {}
            page.show(page.gather(desk, scope, params | ({"n": "1"} if page.slug == "turn" else {})), scope, params)
        desk.connection.set_authorizer(None)
    assert {"sessions", "tool_calls", "loop_records", "alerts"} <= read
    assert read & {table for table, reason in SPARED.items() if reason == UNREAD} == set()


@pytest.mark.parametrize("part", range(PARTS))
def test_the_page_of_every_hostile_session_is_harmless(
    poisoned: Poisoned, tabs: Callable[..., list[Watched]], part: int
) -> None:
    assert_harmless(tabs(), [(session_path(id), mark_of(id)) for id in without_defence(poisoned)[part::PARTS]])


@pytest.mark.parametrize("part", range(PARTS))
def test_the_calls_of_every_hostile_turn_are_harmless(
    poisoned: Poisoned, tabs: Callable[..., list[Watched]], part: int
) -> None:
    assert_harmless(
        tabs(), [(session_path(id, "turn", n=1), mark_of(id)) for id in without_defence(poisoned)[part::PARTS]]
    )


def test_nothing_is_left_to_the_content_security_policy(poisoned: Poisoned, tabs: Callable[..., list[Watched]]) -> None:
    """With it in force there is nothing that it has to forbid: that would stand in the console."""
    ids = poisoned.ids[::NINTH]
    subagents = [f"{id}/a{0xF00001 + number:06x}" for number, id in enumerate(poisoned.ids)][::19]
    assert_harmless(
        tabs(bypass_csp=False),
        [(session_path(id), mark_of(id)) for id in [*ids, *subagents]]
        + [(session_path(id, "turn", n=1), mark_of(id)) for id in ids]
        + [(session_path(id, "metrics"), mark_of(id)) for id in poisoned.ids[::27]],
    )


@pytest.mark.parametrize("bypass_csp", [True, False])
def test_every_other_page_is_harmless_whatever_it_sorts_by(
    poisoned: Poisoned, tabs: Callable[..., list[Watched]], bypass_csp: bool
) -> None:
    opened = tabs(bypass_csp)
    paths = {name: path for name, path in addresses(opened[0]).items() if name not in ("wrong", "unknown", "nowhere")}
    paths |= {f"page {n}": f"/sessions?range=all&page={n}&sort=cost" for n in range(1, 9)}
    slugs = ("waste", "tools", "models", "trends", "suggestions", "sessions")
    shown = {f"all {name}": f"/{name}?range=all" for name in slugs} | {"everything": paths.pop("everything")}
    assert_harmless(
        opened, [(path, "") for path in paths.values()] + [(path, "evil.invalid") for path in shown.values()]
    )


def test_hostile_texts_in_the_address_are_harmless(poisoned: Poisoned, tabs: Callable[..., list[Watched]]) -> None:
    opened = tabs()
    names = ("q", "project", "agent", "sort", "id", "model", "call", "kpi")
    pages = {"id": "session", "call": "turn", "kpi": "trends"}
    paths = [
        (f"/{pages.get(names[n % 8], 'sessions')}?range=all&{names[n % 8]}={quote(text)}", "")
        for n, text in enumerate(payloads())
    ]
    assert [one for one in walk(opened, paths) if not one.endswith(("status 404", "status 400"))] == []
    for tab in opened:
        tab.errors = [error for error in tab.errors if "404" not in error and "400" not in error]
    assert_nothing_ran(opened)


def test_a_hostile_project_can_be_chosen_and_left_again(poisoned: Poisoned, tabs: Callable[..., list[Watched]]) -> None:
    paths = [("/?" + urlencode({"range": "all", "project": text}), mark_of(text)) for text in payloads()[::8]]
    assert_harmless(tabs(), paths)


@pytest.mark.parametrize("path", ["/?range=all", "/models?range=all", "/trends?range=all"])
def test_what_charts_tell_at_pointing_is_text(poisoned: Poisoned, visit: Callable[..., Watched], path: str) -> None:
    watched = visit(poisoned.server, bypass_csp=True)
    watched.go(path)
    told = ""
    plots = watched.page.locator(".plot.taken .u-over")
    for number in range(min(plots.count(), 6)):
        plot = plots.nth(number)
        plot.scroll_into_view_if_needed()
        box = plot.bounding_box()
        for step in range(12):
            watched.page.mouse.move(box["x"] + box["width"] * (step + 0.5) / 12, box["y"] + 90)
            told += " ".join(watched.page.locator(".tip:visible").all_inner_texts())
    assert MARK.search(told)
    assert watched.is_clean()


def test_keys_and_copying_on_a_hostile_list_are_harmless(poisoned: Poisoned, visit: Callable[..., Watched]) -> None:
    watched = visit(poisoned.server, bypass_csp=True)
    watched.go("/sessions?range=all")
    watched.page.locator("[data-copy-table]").first.click()
    watched.page.locator("thead a").first.click()
    watched.page.wait_for_url("**sort=**")
    watched.page.wait_for_load_state("load")
    watched.page.keyboard.press("j")
    watched.page.keyboard.press("Enter")
    watched.page.wait_for_url(f"{watched.origin}/session?id=**")
    watched.page.locator("[data-copy]").first.click()
    assert watched.is_clean()


def test_downloads_of_hostile_tables_have_names_of_ours(poisoned: Poisoned, visit: Callable[..., Watched]) -> None:
    watched = visit(poisoned.server)
    found = 0
    for path in ("/sessions?range=all", session_path(poisoned.ids[40]), "/tools?range=all"):
        watched.go(path)
        watched.page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true })")
        for link in watched.page.locator("a[download]").all()[:6]:
            with watched.page.expect_download() as kept:
                link.click()
            assert re.fullmatch(r"tachograph-[a-z_-]+\.(csv|json)", kept.value.suggested_filename)
            assert kept.value.url.startswith(f"{watched.origin}/download/")
            found += 1
    assert found >= 8


@pytest.mark.parametrize("options", [[], ["--share-safe"]])
def test_the_offline_report_of_hostile_sessions_is_harmless(
    poisoned: Poisoned, opened: Callable[..., object], sink: Sink, tmp_path: Path, options: list[str]
) -> None:
    file = tmp_path / "report.html"
    command = [sys.executable, "-m", "tachograph", "report", "html", "--days", "3650", "--no-ingest", "-o", str(file)]
    subprocess.run([*command, *options], env=poisoned.server.environment, check=True, capture_output=True)
    text = file.read_text()
    assert MARK.search(text)  # with --share-safe in what are our own words elsewhere, kinds of work
    watched = Watched(opened(viewport={"width": 1280, "height": 900}).new_page(), file.as_uri(), sink)
    for bypass in ("", text.replace("Content-Security-Policy", "x-none")):  # and once more without its policy
        if bypass:
            file.write_text(bypass)
        watched.go(file.as_uri())
        assert [one for one in watched.page.evaluate(LOOK, "") if one != "element style"] == []
    assert watched.is_clean()


# ------------------------------------------------------------------------------------ that it would have been seen


@pytest.mark.parametrize(
    ("markup", "shows"),
    [
        ("<img src=x onerror=window.hit(1)>", "hits"),
        ("<img src=http://evil.invalid/1.png>", "outside"),
        ("<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>", "hits"),
        ("<a href='http://evil.invalid/' ping='http://evil.invalid/'>x</a>", ""),
        ("<div hx-get='http://evil.invalid/1' hx-trigger='load'>x</div>", ""),
    ],
)
def test_the_harness_sees_what_runs_and_what_goes_out(
    poisoned: Poisoned, visit: Callable[..., Watched], markup: str, shows: str
) -> None:
    watched = visit(poisoned.server, bypass_csp=True)
    watched.go("/how-we-count")
    watched.page.evaluate("(text) => document.querySelector('main').insertAdjacentHTML('beforeend', text)", markup)
    assert watched.page.evaluate(LOOK, "") != []
    if shows:
        assert wait_until(watched, lambda: bool(getattr(watched, shows)), 10)
        with pytest.raises(AssertionError):
            watched.is_clean()


def test_the_harness_sees_what_the_policy_forbids(poisoned: Poisoned, visit: Callable[..., Watched]) -> None:
    watched = visit(poisoned.server)
    watched.go("/how-we-count")
    markup = "<img src=http://evil.invalid/1.png><p onclick=hit(1)>"
    watched.page.evaluate("(text) => document.querySelector('main').insertAdjacentHTML('beforeend', text)", markup)
    with pytest.raises(AssertionError):
        watched.is_clean()
    assert watched.hits == []
    assert any("Content Security Policy" in error for error in watched.errors)


def test_without_escaping_the_same_walk_finds_executions(
    poisoned: Poisoned, serve: Callable[..., Server], visit: Callable[..., Watched], tmp_path: Path
) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    environment = environment_of(tmp_path)
    ids = write_hostile_history(tmp_path, environment, payloads()[:9])
    server = serve(environment, "--no-watch", program=("-c", UNESCAPED))
    watched = visit(server, bypass_csp=True)
    for id in ids[:6]:
        with contextlib.suppress(playwright.Error):  # some lead the page away while it loads
            watched.go(session_path(id))
    assert watched.hits
    assert watched.outside
    assert any(b"evil.invalid" in one for one in watched.sink.seen)
