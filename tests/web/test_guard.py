"""Who is answered, and what every answer says to the browser."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from tachograph.web.guard import (
    CONTENT_POLICY,
    MAX_HEADERS,
    MAX_TARGET,
    Entry,
    Guard,
    Message,
    Receive,
    Scope,
    Send,
    own_hosts,
)
from tests.web.calling import COOKIE, HOST, PORT, STRANGER, Answer, call, entry

DATA = b"what the sessions are about"
REQUIRED = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}


async def page(scope: Scope, receive: Receive, send: Send) -> None:
    """Stands for all that is behind the guard, and does what it should not: it lets everybody read it."""
    headers = [(b"content-type", b"text/html"), (b"Access-Control-Allow-Origin", b"*"), (b"server", b"x 1.0")]
    headers += [(b"Content-Security-Policy", b"default-src *")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": DATA})


GUARD = Guard(page, own_hosts(PORT), entry())


def assert_headers(answer: Answer) -> None:
    assert {name: answer.header(name) for name in REQUIRED} == REQUIRED
    assert "camera=()" in (answer.header("permissions-policy") or "")
    assert answer.header("cache-control") is not None
    names = {name.lower() for name, _ in answer.headers}
    assert not {name for name in names if name.startswith("access-control-")}
    assert "server" not in names


def assert_refused(answer: Answer, status: int = 403) -> None:
    assert answer.status == status
    assert answer.header("connection") == "close"
    assert DATA not in answer.body
    assert answer.header("content-type") == "text/plain; charset=utf-8"
    assert len(answer.body) < 150
    assert_headers(answer)


@pytest.mark.parametrize("host", [HOST, "localhost:4747", "[::1]:4747", "LocalHost:4747", "LOCALHOST:4747"])
def test_its_own_hosts_are_answered(host: str) -> None:
    answer = call(GUARD, host=host)
    assert (answer.status, answer.body) == (200, DATA)
    assert_headers(answer)


@pytest.mark.parametrize(
    "host",
    [
        None, "", " ", ":", ":4747", "127.0.0.1", "localhost", "[::1]", "127.0.0.1:80", "127.0.0.1:4748",
        "127.0.0.1:47470",
        "127.0.0.1:04747", "127.0.0.1:4747 ", " 127.0.0.1:4747", "127.0.0.1:+4747", "127.0.0.1:", "127.0.0.1.:4747",
        "localhost.:4747", "127.1:4747", "127.0.0.2:4747", "0.0.0.0:4747", "2130706433:4747", "0x7f000001:4747",
        "0177.0.0.1:4747", "::1:4747", "[::]:4747", "[::ffff:127.0.0.1]:4747", "[0:0:0:0:0:0:0:1]:4747",
        "[::1%25lo]:4747", "user@127.0.0.1:4747", "127.0.0.1:4747@attacker.example", "attacker.example",
        "attacker.example:4747", "127.0.0.1.attacker.example:4747", "localhost.attacker.example:4747",
        "127.0.0.1:4747.attacker.example", "127.0.0.1:4747, attacker.example", "localhost:4747/", "//localhost:4747",
        "http://localhost:4747", "localhost:4747\\@attacker.example", "localhost:4747#", "localhost\u00e9:4747",
        "1ocalhost:4747", "127.0.0.1\t:4747", "localhost:4747\x00",
    ],
)  # fmt: skip
def test_no_other_host_is(host: str | None) -> None:
    assert_refused(call(GUARD, host=host))


def test_two_hosts_are_none() -> None:
    assert_refused(call(GUARD, headers=[("host", "attacker.example")]))
    assert_refused(call(GUARD, headers=[("host", HOST)]))


def test_on_port_80_browsers_leave_the_port_out() -> None:
    guard = Guard(page, own_hosts(80), entry())
    assert [call(guard, host=host).status for host in ("127.0.0.1", "localhost", "[::1]", "localhost:80")] == [200] * 4
    assert [call(guard, host=host).status for host in ("127.0.0.1:4747", "attacker.example")] == [403] * 2


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@pytest.mark.parametrize(
    "headers",
    [
        [("origin", "null")],
        [("origin", "")],
        [("origin", "https://127.0.0.1:4747")],
        [("origin", "http://127.0.0.1")],
        [("origin", "http://127.0.0.1:4748")],
        [("origin", "http://127.0.0.1:4747/")],
        [("origin", "http://127.0.0.1:4747.attacker.example")],
        [("origin", "http://attacker.example")],
        [("origin", "http://attacker.example:4747")],
        [("origin", "file://")],
        [("origin", "http://127.0.0.1:4747"), ("origin", "http://attacker.example")],
        [("origin", "http://127.0.0.1:4747 http://attacker.example")],
        [("sec-fetch-site", "cross-site")],
        [("sec-fetch-site", "same-site")],
        [("sec-fetch-site", "")],
        [("sec-fetch-site", "None")],
        [("sec-fetch-site", "same-origin, cross-site")],
        [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
        [("origin", "http://127.0.0.1:4747"), ("sec-fetch-site", "cross-site")],
        [("origin", "http://attacker.example"), ("sec-fetch-site", "same-origin")],
    ],
)
def test_what_another_site_causes_is_refused(headers: list[tuple[str, str]], method: str) -> None:
    assert_refused(call(GUARD, "/", method, headers))
    assert_refused(call(GUARD, "/open?code=right", method, headers, cookie=None))


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("origin", "http://127.0.0.1:4747")],
        [("origin", "http://localhost:4747")],
        [("origin", "http://[::1]:4747")],
        [("sec-fetch-site", "same-origin")],
        [("sec-fetch-site", "none")],
        [("origin", "http://localhost:4747"), ("sec-fetch-site", "same-origin")],
    ],
)
def test_what_the_person_or_our_own_page_causes_is_answered(headers: list[tuple[str, str]]) -> None:
    assert call(GUARD, headers=headers).status == 200


@pytest.mark.parametrize("cookie", [None, "", "tacho_4747=", "tacho_4747=other", "other=valid", f"{COOKIE}x"])
@pytest.mark.parametrize(
    "target", ["/", "/nothing", "/static/app.css", "/api/v1", "/events", "/open/", "//open", "/OPEN"]
)
def test_without_the_cookie_nothing_is_told(target: str, cookie: str | None) -> None:
    answer = call(GUARD, target, cookie=cookie)
    assert_refused(answer)
    assert "tacho serve --url" in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get"])
@pytest.mark.parametrize("target", ["/", "/nothing", "/open?code=right"])
def test_one_can_only_read(method: str, target: str) -> None:
    answer = call(GUARD, target, method)
    assert_refused(answer, 405)
    assert answer.header("allow") == "GET, HEAD"


def test_head_says_the_same_without_the_body() -> None:
    answer = call(GUARD, method="HEAD")
    assert (answer.status, answer.body, answer.header("content-type")) == (200, b"", "text/html")
    assert_headers(answer)
    assert call(GUARD, method="HEAD", host="attacker.example").body == b""


def test_the_right_code_becomes_a_cookie() -> None:
    answer = call(GUARD, "/open?code=right", cookie=None)
    assert (answer.status, answer.header("location"), answer.header("set-cookie")) == (303, "/", COOKIE)
    assert answer.body == b""
    assert_headers(answer)


@pytest.mark.parametrize("target", ["/open", "/open?code=", "/open?code=wrong", "/open?code=right&code=wrong"])
def test_a_wrong_code_does_not(target: str) -> None:
    answer = call(GUARD, target, cookie=COOKIE)
    assert_refused(answer)
    assert answer.header("set-cookie") is None


def test_another_user_of_the_machine_is_not_let_in_with_the_right_code() -> None:
    answer = call(GUARD, "/open?code=right", cookie=None, client=STRANGER)
    assert_refused(answer)
    assert answer.header("set-cookie") is None
    assert call(GUARD, "/open?code=right", cookie=None).status == 303


def test_looking_at_an_address_does_not_use_its_code_up() -> None:
    answer = call(GUARD, "/open?code=right", "HEAD", cookie=None)
    assert (answer.status, answer.header("set-cookie")) == (405, None)


@pytest.mark.parametrize("target", ["http://127.0.0.1:4747/", "http://attacker.example/", "*", "", "open"])
def test_a_target_that_is_no_path_is_refused(target: str) -> None:
    assert_refused(call(GUARD, target), 400)


def test_what_is_too_long_is_refused() -> None:
    assert call(GUARD, "/" + "a" * (MAX_TARGET - 1)).status == 200
    assert_refused(call(GUARD, "/" + "a" * MAX_TARGET), 414)
    assert_refused(call(GUARD, "/?q=" + "a" * MAX_TARGET), 414)
    assert_refused(call(GUARD, headers=[("x", "a" * MAX_HEADERS)]), 431)
    assert_refused(call(GUARD, headers=[("x", "a")] * MAX_HEADERS), 431)


def test_a_bug_is_told_to_the_terminal_alone(capsys: pytest.CaptureFixture[str]) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError(DATA.decode())

    assert_refused(call(Guard(broken, own_hosts(PORT), entry())), 500)
    assert f"LookupError: {DATA.decode()}" in capsys.readouterr().err


def test_a_bug_of_the_guard_itself_opens_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    def broken(_: bytes) -> bool:
        raise OSError("the disk")

    guard = Guard(page, own_hosts(PORT), Entry(broken, lambda _: broken(b"") and None, lambda client, server: False))
    assert_refused(call(guard), 500)
    assert_refused(call(guard, "/open?code=right"), 500)
    assert capsys.readouterr().err.count("OSError: the disk") == 2


def test_a_bug_after_the_answer_has_begun_breaks_it_off(capsys: pytest.CaptureFixture[str]) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await page(scope, receive, send)
        raise LookupError("late")

    with pytest.raises(LookupError, match="late"):
        call(Guard(broken, own_hosts(PORT), entry()))
    capsys.readouterr()


@pytest.mark.parametrize("ending", [asyncio.CancelledError, KeyboardInterrupt])
def test_an_answer_that_the_end_of_the_server_cuts_off_has_the_headers(ending: type[BaseException]) -> None:
    async def ended(scope: Scope, receive: Receive, send: Send) -> None:
        raise ending

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def ask() -> None:
        scope = {"type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b""}
        headers = [(b"host", HOST.encode()), (b"cookie", COOKIE.encode())]
        with suppress(ending):
            await Guard(ended, own_hosts(PORT), entry())({**scope, "headers": headers}, _nothing, send)

    asyncio.run(ask())
    told = [(name.decode(), value.decode()) for name, value in sent[0]["headers"]]
    assert_refused(Answer(sent[0]["status"], told, sent[1]["body"]), 503)


async def _nothing() -> Message:
    raise AssertionError


def test_files_with_a_hash_in_their_address_may_be_kept() -> None:
    async def kept(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"cache-control", b"private, immutable")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    assert call(Guard(kept, own_hosts(PORT), entry())).header("cache-control") == "private, immutable"
    assert call(GUARD).header("cache-control") == "no-store"


def test_the_policy_lets_in_nothing_from_elsewhere() -> None:
    rules = dict(rule.split(" ", 1) for rule in CONTENT_POLICY.split("; "))
    assert rules.pop("img-src") == "'self' data:"
    assert {rules[name] for name in ("default-src", "base-uri", "frame-ancestors")} == {"'none'"}
    assert {rules[name] for name in ("script-src", "style-src", "connect-src", "font-src", "form-action")} == {"'self'"}
    assert len(rules) == 8
