"""A real server on loopback: what it says to what is no browser, how it starts and how it ends."""

from __future__ import annotations

import json
import signal
import socket
import stat
import time
from pathlib import Path

import pytest

from tachograph.cli._frame import run
from tests.builders.claude import ClaudeHome
from tests.web.running_server import Server, assert_all_refused, heads_of
from tests.web.test_guard import REQUIRED

END = b"Connection: close\r\n\r\n"


def test_a_browser_that_was_let_in_sees_the_sessions(server: Server) -> None:
    answer, body = server.get("/sessions?range=all")
    assert answer.status == 200
    assert b"orchard" in body
    assert {name: answer.headers[name] for name in REQUIRED} == REQUIRED
    assert answer.headers["Server"] is None
    assert answer.headers["Date"] is None
    api, data = server.get("/api/v1/sessions?range=all")
    assert (api.status, json.loads(data)["schema"]) == (200, "tachograph.page_sessions/1")


def test_the_code_worked_once(server: Server) -> None:
    answer, body = server.ask(server.told["url"].partition(str(server.port))[2])
    assert (answer.status, answer.headers["Set-Cookie"]) == (403, None)
    assert b"tacho serve --url" in body


@pytest.mark.parametrize(
    ("request_bytes", "statuses"),
    [
        (b"GET / HTTP/1.1\r\nHost: {host}\r\n{end}", (403,)),
        (b"GET / HTTP/1.0\r\n\r\n", (403,)),
        (b"GET / HTTP/1.0\r\nCookie: {cookie}\r\n\r\n", (403,)),
        (b"GET / HTTP/1.1\r\nCookie: {cookie}\r\n\r\n", (400,)),
        (b"GET / HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n", (400,)),
        (b"GET / HTTP/1.1\r\nHost: attacker.example\r\n{let in}", (403,)),
        (b"GET http://attacker.example/ HTTP/1.1\r\nHost: {host}\r\n{let in}", (400,)),
        (b"GET http://{host}/ HTTP/1.1\r\nHost: attacker.example\r\n{let in}", (403,)),
        (b"OPTIONS * HTTP/1.1\r\nHost: {host}\r\n{let in}", (405,)),
        (b"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n{let in}", (405,)),
        (b"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 3\r\n{let in}a=b", (405,)),
        (b"GET /sessions HTTP/1.1\r\nHost: {host}\r\nOrigin: null\r\n{let in}", (403,)),
        (b"GET / HTTP/1.1\r\n Host: {host}\r\n\r\n", (400,)),
        (b"GET / HTTP/1.1\r\nHost : {host}\r\n\r\n", (400,)),
        (b"GET /\xff HTTP/1.1\r\nHost: {host}\r\n\r\n", (400,)),
        (b"GET /a b HTTP/1.1\r\nHost: {host}\r\n\r\n", (400,)),
        (b"GET / HTTP/9.9\r\nHost: {host}\r\n{end}", (403,)),
        (b"GET /\r\n\r\n", (400,)),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", (400,)),
        (b"nonsense\r\n\r\n", (400,)),
        (b"GET / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", (400,)),
        (b"GET / HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: x, chunked\r\n\r\n", (501,)),
        (b"GET / HTTP/1.1\r\nHost: {host}\r\nX: " + b"a" * 60_000, (431,)),
        (b"GET / HTTP/1.1\r\nHost: {host}\r\nX: " + b"a" * 20_000 + b"\r\nConnection: close\r\n\r\n", (431,)),
        (b"GET /?" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: {host}\r\n{end}", (414,)),
        (b"GET / HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n", (403,)),
        (b"GET / HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n", (403,)),
        (
            b"GET / HTTP/1.1\r\nHost: {host}\r\n\r\nGET /sessions HTTP/1.1\r\nHost: attacker.example\r\n"
            b"Cookie: {cookie}\r\n\r\nGET / HTTP/1.1\r\nHost: {host}\r\n{end}",
            (403,),
        ),
        (
            b"GET / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 30\r\n\r\nGET /sessions HTTP/1.1\r\nHost: "
            b"\r\n\r\nGET / HTTP/1.0\r\n\r\n",
            (403,),
        ),
        (
            b"GET / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            b"GET /sessions HTTP/1.1\r\nHost: {host}\r\n{let in}",
            (403,),
        ),
        (b"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100000\r\n\r\nabc", (405,)),
        (b"POST / HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n", (405,)),
        (b"GET /events HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", (403,)),
        (b"GET / HTTP/1.1\r\nHost: attacker.example\r\n {host}\r\n{let in}", (403,)),
        (b"GET / HTTP/1.1\r\nHost: {host}\r\nX: a\0b\r\n\r\n", (400,)),
        (b"GET / HTTP/1.1\r\nHost: {host}\r\nContent-Length: -1\r\n\r\n", (400,)),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (403,)),
        (b"GET / HTTP/1.1\r\nHost: {host}\r\n" + b"a:b\r\n" * 9000 + b"\r\n", (431,)),
    ],
)  # fmt: skip
def test_what_no_browser_sends_is_refused(server: Server, request_bytes: bytes, statuses: tuple[int, ...]) -> None:
    host = f"127.0.0.1:{server.port}".encode()
    request = request_bytes.replace(b"{let in}", b"Cookie: {cookie}\r\n{end}").replace(b"{end}", END)
    request = request.replace(b"{host}", host).replace(b"{cookie}", server.cookie.encode())
    assert_all_refused(server.raw(request), *statuses)


def test_requests_can_follow_each_other(server: Server) -> None:
    one = f"GET /api/v1 HTTP/1.1\r\nHost: localhost:{server.port}\r\nCookie: {server.cookie}\r\n"
    answer = server.raw((one + "\r\n" + one + "Connection: close\r\n\r\n").encode())
    assert [status for status, _ in heads_of(answer)] == [200, 200]


def test_it_listens_on_loopback_alone_and_connects_to_nothing(server: Server) -> None:
    server.get("/sessions")
    noted = (server.folder.parent / "report.txt").read_text().splitlines()
    assert noted == [f"process {server.process.pid}", "socket.bind (('127.0.0.1', 0),)"]


def test_its_files_are_private(server: Server) -> None:
    files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in server.folder.rglob("*") if path.is_file()}
    assert {"lock", "secret", "server.json"} <= files.keys()
    assert set(files.values()) == {0o600}
    assert {stat.S_IMODE(p.stat().st_mode) for p in (server.folder, *server.folder.rglob("*")) if p.is_dir()} == {0o700}


def test_another_address_for_the_server_that_runs(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TACHO_DATA_DIR", str(server.folder))
    assert run(["serve", "--url"]) == 0
    url = capsys.readouterr().out.strip()
    assert url.startswith(f"http://127.0.0.1:{server.port}/open?code=")
    assert url != server.told["url"]
    assert run(["serve", "--url", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["port"], told["pid"]) == ("tachograph.serve/1", server.port, server.process.pid)
    assert server.let_in(url).startswith(f"tacho_{server.port}=")
    assert server.let_in(url) == "", "once"
    assert server.let_in(told["url"]) != ""


def test_the_second_says_where_the_first_is(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TACHO_DATA_DIR", str(server.folder))
    assert run(["serve", "--port", "0"]) == 5
    told = capsys.readouterr()
    assert told.out == ""
    assert f"http://127.0.0.1:{server.port}/ " in told.err
    assert "code=" not in told.err


def test_a_port_that_is_taken_is_told(server: Server, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "--port", str(server.port)]) == 5
    told = capsys.readouterr()
    assert told.out == ""
    assert f"Another program uses port {server.port}." in told.err
    assert "--port 0" in told.err
    assert run(["serve", "--url"]) == 3, "and nothing runs"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_although_pages_are_open(home: Path, how: int) -> None:
    server = Server(home / "data", "--no-watch")
    try:
        request = f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nCookie: {server.cookie}\r\n\r\n"
        with (
            socket.create_connection(("127.0.0.1", server.port), timeout=30) as stream,
            socket.create_connection(("127.0.0.1", server.port), timeout=30),
        ):
            stream.sendall(request.encode())
            found, part = b"", b"."
            while part and b"event: hello" not in found:
                part = stream.recv(65536)
                found += part
            seconds = server.end(how)
        assert server.process.returncode == 0
        assert seconds < 15
        assert not (home / "data" / "serve" / "server.json").exists()
    finally:
        assert "Traceback" not in server.close()


def test_the_next_start_works_at_once_after_a_kill(home: Path) -> None:
    first = Server(home / "data", "--no-watch")
    first.end(signal.SIGKILL)
    first.close()
    assert (home / "data" / "serve" / "server.json").exists()
    second = Server(home / "data", "--no-watch", "--port", str(first.port))
    try:
        assert second.port == first.port
        assert second.ask("/api/v1", Cookie=first.cookie)[0].status == 200, "an open browser stays let in"
    finally:
        second.close()


def test_growth_is_told_to_open_pages(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project("/home/ada/orchard").session().prompt("Prune the trees.").response()
    claude.write()
    server = Server(home / "data")
    try:
        deadline = time.monotonic() + 30
        while server.get("/sessions?range=all")[0].status != 200 and time.monotonic() < deadline:
            time.sleep(0.1)
        request = f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nCookie: {server.cookie}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as stream:
            stream.sendall(request.encode())
            log.prompt("More.").response().write()
            found, part = b"", b"."
            while part and (b"event: change" not in found or log.session_id.encode() not in found):
                part = stream.recv(65536)
                found += part
        assert b'"sessions":["claude_code:' in found
        told = json.loads(server.get("/api/v1/sessions?range=all")[1])
        assert [one["turns"] for one in told["sessions"]] == [2]
        assert server.end() < 2.5
    finally:
        assert "Traceback" not in server.close()
