"""A page changes while its session's log grows, without a reload, and says so when it cannot."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.browser.conftest import Server, Watched, environment_of
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.watch.watching import append, moment

HOSTILE = "x\"'><img src=x onerror=window.hit(1)><img src=http:evil.invalid>\n\ndata: {}"


class Growing:
    """A server over a history in which one session is going on."""

    def __init__(self, folder: Path, serve: Callable[..., Server], *options: str, id: str | None = None) -> None:
        self.folder = folder
        self.environment = environment_of(folder)
        home = ClaudeHome(folder / "claude")
        self.log: ClaudeLog = home.project("/home/ada/orchard").session(moment(120), id=id)
        for number in range(12):
            self.log.at(moment(100 - number)).prompt(f"Step {number}.").shell("make", "ok").response("Done.", output=50)
        append(self.log)
        self.server = serve(self.environment, "--scan-interval", "5", *options)

    @property
    def path(self) -> str:
        return f"/session?id={quote('claude_code:' + self.log.session_id)}"

    def grow(self, text: str) -> float:
        """Another turn, written now; returns when."""
        self.log.at(moment()).prompt(text).shell("make test", "ok").response("Done.", output=70)
        append(self.log)
        return time.monotonic()

    def end(self) -> None:
        """What a SessionEnd hook writes down."""
        line = {"session": f"claude_code:{self.log.session_id}", "at": time.time_ns() // 1_000_000}
        with (self.folder / "data" / "hooks" / "ended.ndjson").open("ab") as file:
            file.write(json.dumps(line).encode() + b"\n")


@pytest.fixture
def growing(tmp_path: Path, serve: Callable[..., Server]) -> Iterator[Growing]:
    given = Growing(tmp_path, serve)
    yield given
    if given.server.process.poll() is None:
        given.server.stop()


def test_a_turn_appears_within_five_seconds_and_nothing_else_moves(
    growing: Growing, visit: Callable[..., Watched], expect
) -> None:
    watched = visit(growing.server)
    watched.go(growing.path)
    page = watched.page
    expect(page.locator("#live")).to_have_text("updates live")
    kept = page.locator("details.turn-open").nth(2)
    kept.locator("summary").first.click()
    expect(kept.locator("tr.step").first).to_be_visible()
    page.evaluate("() => { window.stayed = true; scrollTo(0, 700) }")
    place = page.evaluate("() => scrollY")
    assert place > 100
    began = growing.grow("One more step, please.")
    expect(page.get_by_text("One more step, please.").first).to_be_attached(timeout=15_000)
    assert time.monotonic() - began < 5
    told = "(one) => [one.open, one.querySelectorAll('tr.step').length > 0]"
    assert page.evaluate("() => [window.stayed, scrollY]") == [True, place]
    assert kept.evaluate(told) == [True, True]
    assert page.locator(".uplot").count() == page.locator("script[data-chart]").count()
    assert watched.is_clean()


def test_the_list_says_live_until_the_session_has_ended(
    growing: Growing, visit: Callable[..., Watched], expect
) -> None:
    watched = visit(growing.server)
    growing.grow("Begin.")
    watched.go("/sessions?range=all")
    row = watched.page.locator("main tbody tr").first
    expect(row).to_contain_text(re.compile(r"\blive\b"))
    watched.page.evaluate("() => { window.stayed = true }")
    growing.end()
    expect(row).not_to_contain_text(re.compile(r"\blive\b"), timeout=30_000)  # the hook's last lines are waited for
    assert watched.page.evaluate("() => window.stayed")
    watched.go(growing.path)
    expect(watched.page.locator("main")).to_contain_text("finished")
    assert watched.is_clean()


def test_a_session_is_finished_when_its_log_was_still_for_the_window(
    tmp_path: Path, serve: Callable[..., Server], visit: Callable[..., Watched], expect
) -> None:
    growing = Growing(tmp_path, serve, "--stability-window", "8")
    watched = visit(growing.server)
    watched.go(growing.path)
    growing.grow("Begin.")
    expect(watched.page.locator("main")).to_contain_text("live: it is going on")
    expect(watched.page.locator("main")).not_to_contain_text("live: it is going on", timeout=30_000)
    expect(watched.page.locator("main")).to_contain_text("finished")
    assert watched.is_clean()


def test_a_lost_connection_is_told_and_comes_back(
    growing: Growing, serve: Callable[..., Server], visit: Callable[..., Watched], expect
) -> None:
    watched = visit(growing.server)
    watched.go(growing.path)
    expect(watched.page.locator("#live")).to_have_text("updates live")
    growing.server.stop()
    expect(watched.page.locator("#live")).to_have_text("connection lost, trying again")
    growing.grow("Written while nobody looked.")
    port = int(growing.server.origin.rpartition(":")[2])
    growing.server = serve(growing.environment, "--scan-interval", "5", port=port)
    expect(watched.page.locator("#live")).to_have_text("updates live", timeout=30_000)
    expect(watched.page.get_by_text("Written while nobody looked.").first).to_be_attached()
    assert all("ERR_" in error for error in watched.errors)  # what the browser says of a server that is gone
    watched.errors.clear()
    assert watched.is_clean()


def test_a_growing_session_with_hostile_texts_is_harmless(
    tmp_path: Path, serve: Callable[..., Server], visit: Callable[..., Watched], expect
) -> None:
    growing = Growing(tmp_path, serve, id="x'\"><img src=x onerror=window.hit(1)>")
    watched = visit(growing.server, bypass_csp=True)
    watched.go(growing.path)
    watched.page.evaluate(
        "() => { window.told = []; const all = new EventSource('/events');"
        " all.addEventListener('change', (event) => window.told.push(JSON.parse(event.data).sessions)) }"
    )
    growing.log.custom_title(HOSTILE)
    growing.log.tool(HOSTILE, {"command": HOSTILE}, result=HOSTILE, error=True)
    growing.grow(HOSTILE + " and so on")
    expect(watched.page.get_by_text("and so on").first).to_be_attached()
    told = {one for sessions in watched.page.evaluate("() => window.told") for one in sessions}
    assert told <= {"claude_code:" + growing.log.session_id}
    assert watched.is_clean()
