"""A real server on loopback: what it says to what is no browser, how it starts and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from tachograph.cli._frame import run
from tests.builders.claude import ClaudeHome
from tests.web.test_guard import REQUIRED

GUARD = """
import os, sys
def _note(event, args):
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        descriptor = os.open(os.environ["TACHO_TEST_REPORT"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(descriptor, f"{event} {args[1:]!r}\\n".encode())
        os.close(descriptor)
sys.addaudithook(_note)
"""
END = b"Connection: close\r\n\r\n"
SRC = Path(__file__).parents[2] / "src"


class Server:
    """``tacho serve`` in a process of its own."""

    def __init__(self, folder: Path, *arguments: str, report: Path | None = None) -> None:
        environment = {**os.environ, "TACHO_DATA_DIR": str(folder), "PYTHONUNBUFFERED": ""}
        if report is not None:
            hook = folder.parent / "hook"
            hook.mkdir()
            (hook / "sitecustomize.py").write_text(GUARD)
            environment |= {"PYTHONPATH": f"{hook}{os.pathsep}{SRC}", "TACHO_TEST_REPORT": str(report)}
        command = [sys.executable, "-m", "tachograph", "serve", "--port", "0", "--json", *arguments]
        self.folder = folder
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        lines = []
        while not lines or lines[-1] != "}\n":
            lines.append(self.process.stdout.readline())
            assert lines[-1], self.process.communicate()[1]
        self.told: dict[str, Any] = json.loads("".join(lines))
        self.port: int = self.told["port"]
        self.cookie = self.let_in(self.told["url"])

    def ask(self, target: str, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
        """One request as a browser would make it."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, target, headers=headers)
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def let_in(self, url: str) -> str:
        answer, _ = self.ask(url.partition(str(self.port))[2])
        return (answer.headers["Set-Cookie"] or "").partition(";")[0]

    def get(self, target: str) -> tuple[HTTPResponse, bytes]:
        return self.ask(target, Cookie=self.cookie)

    def raw(self, request: bytes, seconds: float = 5.0) -> bytes:
        """All that comes back for some bytes until the server ends the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as connection:
            connection.sendall(request)
            found = b""
            while part := connection.recv(65536):
                found += part
            return found

    def end(self, how: int = signal.SIGTERM) -> float:
        """Stop it; the seconds that it took."""
        started = time.monotonic()
        self.process.send_signal(how)
        self.process.wait(20)
        return time.monotonic() - started

    def close(self) -> str:
        """Stop it if it still runs; what it has said on stderr."""
        if self.process.poll() is None:
            self.end(signal.SIGKILL)
        return self.process.communicate()[1]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all requests that leave it as it is."""
    home = tmp_path_factory.mktemp("served")
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("HOME", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME"):
            patch.setenv(variable, str(home / variable.lower()))
        claude = ClaudeHome(home / "claude_config_dir")
        claude.project("/home/ada/orchard").session().prompt("Prune the trees.").response()
        claude.write()
        found = Server(home / "data", "--no-watch", report=home / "report.txt")
        deadline = time.monotonic() + 20
        while found.get("/sessions")[0].status == 503 and time.monotonic() < deadline:
            time.sleep(0.1)
        yield found
        assert found.close() == ""


def heads_of(answer: bytes) -> list[tuple[int, dict[str, str]]]:
    """Status and headers of each answer in a stream."""
    found = []
    while answer:
        head, _, rest = answer.partition(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (field.partition(": ") for field in fields)}
        found.append((int(line.split()[1]), headers))
        answer = rest[int(headers.get("content-length", len(rest))) :]
    return found


def assert_all_refused(answer: bytes, *statuses: int) -> None:
    found = heads_of(answer)
    assert tuple(status for status, _ in found) == statuses, answer
    assert b"orchard" not in answer
    assert b"Prune" not in answer
    for _, headers in found:
        assert {name: headers.get(name) for name in REQUIRED} == REQUIRED
        assert "server" not in headers
        assert headers["cache-control"] == "no-store"


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
            (403, 403, 403),
        ),
        (
            b"GET / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 30\r\n\r\nGET /sessions HTTP/1.1\r\nHost: "
            b"\r\n\r\nGET / HTTP/1.0\r\n\r\n",
            (403, 400),
        ),
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


def test_there_is_an_end_to_connections(server: Server) -> None:
    held = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(128)]
    try:
        one_more = socket.create_connection(("127.0.0.1", server.port), timeout=5)
        held.append(one_more)
        with suppress(ConnectionResetError):
            assert one_more.recv(1) == b""
    finally:
        for connection in held:
            connection.close()
    time.sleep(0.2)
    assert server.get("/api/v1")[0].status == 200


def test_it_listens_on_loopback_alone_and_connects_to_nothing(server: Server) -> None:
    server.get("/sessions")
    noted = (server.folder.parent / "report.txt").read_text().splitlines()
    assert noted == ["socket.bind (('127.0.0.1', 0),)"]


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
            socket.create_connection(("127.0.0.1", server.port), timeout=5) as stream,
            socket.create_connection(("127.0.0.1", server.port), timeout=5),
        ):
            stream.sendall(request.encode())
            found, part = b"", b"."
            while part and b"event: hello" not in found:
                part = stream.recv(65536)
                found += part
            seconds = server.end(how)
        assert server.process.returncode == 0
        assert seconds < 1.5
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
        deadline = time.monotonic() + 20
        while server.get("/sessions?range=all")[0].status != 200 and time.monotonic() < deadline:
            time.sleep(0.1)
        request = f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nCookie: {server.cookie}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", server.port), timeout=15) as stream:
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
