"""Every route there is, with and without the cookie, as it should be and not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.routing import Router

from tachograph.app.dashboard.page import load_pages
from tachograph.app.workspace import Workspace
from tachograph.report.html.assets import static_files
from tachograph.web.access import COOKIE_SECONDS, make_address, make_entry, serve_folder
from tachograph.web.feed import MAX_STREAMS, Feed
from tachograph.web.guard import Guard, own_hosts
from tests.web.calling import COOKIE, PORT, call
from tests.web.conftest import Bell, Still, guarded
from tests.web.test_guard import REQUIRED, assert_headers

VALUES = {
    "slug": [*load_pages(), "nothing"],
    "name": [*static_files(), "nothing.css"],
    "table": ["nothing.csv", "nothing.json", "nothing"],
}
NO_ROUTE = [
    "/nothing/at/all", "/static/", "/static/../guard.py", "/static/%2e%2e%2fguard.py", "/api", "/api/", "/api/v2",
    "/download/sessions", "/favicon.ico", "/robots.txt", "/.git/config", "//", "/%00", "/" + "a" * 3000,
]  # fmt: skip


def every_target(guard: Guard) -> Iterator[str]:
    """An address for each route of the application and each value of its parts, and some that are no route's."""
    app = guard._app
    assert isinstance(app, Router)
    for route in app.routes:
        path = route.path  # type: ignore[attr-defined]
        found = [path]
        for part, values in VALUES.items():
            found = [one.replace(f"{{{part}}}", value) for one in found for value in values]
        yield from dict.fromkeys(found)
    yield from NO_ROUTE


def test_there_is_a_route_for_everything(dashboard: Guard) -> None:
    targets = list(every_target(dashboard))
    assert not any("{" in target for target in targets)
    assert {"/", "/api/v1", "/api/v1/openapi.json", "/api/v1/sessions", "/events", "/sessions"} <= set(targets)
    assert "/static/app.css" in targets
    assert "/download/sessions/nothing.csv" in targets


@pytest.mark.parametrize("cookie", [None, "tacho_4747=forged", "tacho_4748=valid", f"{COOKIE}0"])
def test_without_the_cookie_no_route_tells_a_byte(dashboard: Guard, cookie: str | None) -> None:
    told = set()
    for target in every_target(dashboard):
        answer = call(dashboard, target, cookie=cookie)
        assert answer.status == 403, target
        assert_headers(answer)
        told.add(answer.body)
    assert len(told) == 1, "and all say the same"


def test_nor_with_one_that_was_valid_once_or_elsewhere(
    demo_workspace: Workspace, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = serve_folder(home / "data")
    real = make_entry(folder, PORT)
    query = make_address(folder, PORT).partition("?")[2].encode()
    cookie = (real.redeem(query) or "").partition(";")[0]
    other = make_entry(serve_folder(home / "other"), PORT)
    app = guarded(demo_workspace)._app
    assert call(Guard(app, own_hosts(PORT), real), "/sessions", cookie=cookie).status == 200
    now = time.time()
    for entry, passed in ((other, 0), (real, COOKIE_SECONDS + 60)):
        monkeypatch.setattr(time, "time", lambda passed=passed: now + passed)
        guard = Guard(app, own_hosts(PORT), entry)
        told = {
            (found.status, found.body) for found in (call(guard, one, cookie=cookie) for one in every_target(guard))
        }
        assert len(told) == 1
        assert told.pop()[0] == 403


@pytest.mark.parametrize(
    ("host", "headers"),
    [
        ("attacker.example:4747", []),
        ("127.0.0.1:4747", [("origin", "http://attacker.example")]),
        ("127.0.0.1:4747", [("sec-fetch-site", "cross-site")]),
    ],
)
def test_nor_to_another_site_with_it(dashboard: Guard, host: str, headers: list[tuple[str, str]]) -> None:
    told = {call(dashboard, target, host=host, headers=headers).body for target in every_target(dashboard)}
    assert len(told) == 1
    assert all(len(body) < 100 for body in told)


def test_every_answer_has_the_headers(dashboard: Guard) -> None:
    statuses = set()
    for target in every_target(dashboard):
        for method in ("GET", "HEAD", "POST", "OPTIONS"):
            if target == "/events" and method == "GET":
                continue
            answer = call(dashboard, target, method)
            statuses.add(answer.status)
            assert_headers(answer)
            assert method != "HEAD" or answer.body == b"", target
    assert statuses == {200, 400, 404, 405}


def test_head_is_as_long_as_get(dashboard: Guard) -> None:
    for target in ("/sessions?range=all", "/static/app.css", "/api/v1/sessions", "/nothing"):
        head, get = call(dashboard, target, "HEAD"), call(dashboard, target)
        assert head.status == get.status
        assert head.header("content-type") == get.header("content-type")
    assert call(dashboard, "/static/app.css", "HEAD").header("content-length") == str(len(static_files()["app.css"][0]))


@pytest.mark.parametrize("name", sorted(static_files()))
def test_static_files_are_sent_as_they_are(dashboard: Guard, name: str) -> None:
    answer = call(dashboard, f"/static/{name}?v=1")
    content, media_type = static_files()[name]
    assert (answer.status, answer.body, answer.header("content-type")) == (200, content, media_type)
    assert answer.header("cache-control") == "private, max-age=31536000, immutable"
    assert_headers(answer)


@pytest.mark.parametrize("target", NO_ROUTE)
def test_what_is_not_there_is_not_found(dashboard: Guard, target: str) -> None:
    answer = call(dashboard, target)
    assert answer.status == 404
    assert "no such page" in answer.text
    assert ("application/json" if target.startswith("/api/") else "text/html; charset=utf-8") == answer.header(
        "content-type"
    )


def test_a_slash_too_many_is_not_redirected(dashboard: Guard) -> None:
    for target in ("/sessions/", "//attacker.example/", "/sessions//"):
        answer = call(dashboard, target)
        assert (answer.status, answer.header("location")) == (404, None)


def test_while_nothing_is_there_all_pages_say_so(nothing_yet: Workspace) -> None:
    guard = guarded(nothing_yet, keeper=Still("Your logs are being read for the first time. 3 of 70 are done."))
    for slug in load_pages():
        answer = call(guard, f"/{slug}")
        assert answer.status == 503
        assert "Your logs are being read for the first time. 3 of 70 are done." in answer.text
        assert answer.header("refresh") == "2"
        assert_headers(answer)
        api = call(guard, f"/api/v1/{slug}")
        assert (api.status, api.json()["error"]["slug"], api.header("retry-after")) == (503, "not_ready", "2")
    assert call(guard, "/static/app.css").status == 200


def test_a_data_folder_that_stays_empty_is_an_error_with_a_hint(nothing_yet: Workspace) -> None:
    guard = guarded(nothing_yet)
    answer = call(guard, "/sessions")
    assert answer.status == 500
    assert "There is no warehouse yet." in answer.text
    assert "tacho ingest" in answer.text
    assert answer.header("refresh") is None
    assert call(guard, "/api/v1/sessions").json()["error"]["slug"] == "no_warehouse"


def test_a_bug_in_a_page_is_told_to_the_terminal_alone(
    dashboard: Guard, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise LookupError("a prompt")

    monkeypatch.setattr("tachograph.web.answers.parse_scope", broken)
    for target in ("/sessions", "/api/v1/sessions", "/download/sessions/sessions.csv"):
        answer = call(dashboard, target)
        assert (answer.status, "bug in tacho" in answer.text, "a prompt" in answer.text) == (500, True, False)
        assert_headers(answer)
        assert "LookupError: a prompt" in capsys.readouterr().err


def test_a_broken_renderer_still_gives_the_headers(
    dashboard: Guard, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tachograph.web.answers.render_page", lambda *_: 1 / 0)
    answer = call(dashboard, "/sessions")
    assert (answer.status, answer.header("content-type")) == (500, "text/plain; charset=utf-8")
    assert_headers(answer)
    capsys.readouterr()


def test_open_pages_are_told_that_they_may_listen(demo_workspace: Workspace) -> None:
    feed = Feed(Bell)
    feed.publish(7, [])
    answer = call(guarded(demo_workspace, feed), "/events")
    assert (answer.status, answer.header("content-type")) == (200, "text/event-stream; charset=utf-8")
    assert answer.text == 'event: hello\ndata: {"revision":7,"sessions":[]}\n\n'
    assert answer.header("cache-control") == "no-store"
    assert_headers(answer)
    assert not feed._streams, "a stream ends with its connection"


def test_looking_at_the_stream_opens_none(demo_workspace: Workspace) -> None:
    answer = call(guarded(demo_workspace), "/events", "HEAD")
    assert (answer.status, answer.body) == (200, b"")


def test_there_is_an_end_to_open_pages(demo_workspace: Workspace) -> None:
    feed = Feed(Bell)
    feed._streams.update(object() for _ in range(MAX_STREAMS))  # type: ignore[misc]
    answer = call(guarded(demo_workspace, feed), "/events")
    assert (answer.status, answer.text) == (503, "There are too many open pages.\n")
    assert {name: answer.header(name) for name in REQUIRED} == REQUIRED
