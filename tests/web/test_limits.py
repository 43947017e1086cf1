"""What one who takes up time and room can do to a real server: nothing that others notice."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.web.running_server import Server, assert_all_refused, heads_of


def test_of_many_that_ask_nothing_the_oldest_makes_room(server: Server) -> None:
    with ExitStack() as held:
        idle = [held.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=9)) for _ in range(140)]
        assert server.get("/api/v1")[0].status == 200
        with suppress(ConnectionResetError):
            assert idle[0].recv(1) == b""
        idle[-1].sendall(b"nonsense\r\n\r\n")
        assert idle[-1].recv(100).startswith(b"HTTP/1.1 400")


IMPATIENT = "import tachograph.web.server as s; s._HEAD_SECONDS = s._KEEP_SECONDS = s._STALL_SECONDS = 0.5"


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that waits for nobody longer than half a second."""
    found = Server(tmp_path_factory.mktemp("impatient") / "data", "--no-watch", prelude=IMPATIENT)
    yield found
    assert found.close() == ""


@pytest.mark.parametrize(
    "begin", [b"", b"GET / HTTP/1.1\r\nHost:", b"{asked}", b"{asked}GET /", b"{asked with body}abc"]
)
def test_who_asks_too_slowly_is_let_go(impatient: Server, begin: bytes) -> None:
    """A letter now and then does not help."""
    head = f"GET /api/v1 HTTP/1.1\r\nHost: 127.0.0.1:{impatient.port}\r\nCookie: {impatient.cookie}\r\n".encode()
    begin = begin.replace(b"{asked}", head + b"\r\n").replace(
        b"{asked with body}", head + b"Content-Length: 99999\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=0.1) as slow:
        slow.sendall(begin)
        started = time.monotonic()
        with suppress(ConnectionError):
            while time.monotonic() < started + 60:
                with suppress(TimeoutError):
                    if not slow.recv(65536):
                        break
                slow.sendall(b"a" if begin else b"")
        assert time.monotonic() - started < 20


def test_who_fetches_nothing_is_let_go(impatient: Server) -> None:
    head = f"GET /static/app.css HTTP/1.1\r\nHost: 127.0.0.1:{impatient.port}\r\nCookie: {impatient.cookie}\r\n\r\n"
    size = len(impatient.get("/static/app.css")[1])
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=1) as reader:
        asked = 0
        with suppress(TimeoutError, ConnectionError):
            while asked < 100_000:  # until nothing more fits between the two
                asked += reader.send(head.encode() * 20) // len(head)
        time.sleep(1.5)
        found = 0
        with suppress(ConnectionError):
            while part := reader.recv(1 << 20):
                found += len(part)
    assert 200 * size < asked * size
    assert found < asked * size / 2
    assert impatient.get("/api/v1")[0].status == 200


def test_who_fetches_slowly_gets_all(impatient: Server) -> None:
    head = f"GET /static/app.css HTTP/1.1\r\nHost: 127.0.0.1:{impatient.port}\r\nCookie: {impatient.cookie}\r\n"
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=3) as reader:
        reader.sendall((head + "\r\n").encode() * 50 + (head + "Connection: close\r\n\r\n").encode())
        found = b""
        while part := reader.recv(50_000):
            found += part
            time.sleep(0.03)
    assert [status for status, _ in heads_of(found)] == [200] * 51


SLOW = "import time, tachograph.web.answers as a; a.Answers.page = lambda *asked: time.sleep(60)"


def test_it_ends_at_once_although_a_page_is_being_made(home: Path) -> None:
    """And answers whoever waits for it as it answers everybody."""
    server = Server(home / "data", "--no-watch", prelude=SLOW)
    try:
        request = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nCookie: {server.cookie}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as waiting:
            waiting.sendall(request.encode())
            time.sleep(0.3)
            assert server.end() < 20
            answer = waiting.recv(65536)
        assert_all_refused(answer, 503)
        assert server.process.returncode == 0
    finally:
        assert "Traceback" not in server.close()


def test_who_asks_too_much_is_told_so(home: Path) -> None:
    server = Server(home / "data", "--no-watch", prelude=SLOW)
    try:
        request = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nCookie: {server.cookie}\r\n\r\n".encode()
        for _ in range(64):  # as when a key is held down that loads a page again
            with socket.create_connection(("127.0.0.1", server.port), timeout=30) as gone:
                gone.sendall(request)
        answer, body = server.get("/sessions")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
        assert body.startswith(b"Too much is being asked at once.")
        assert server.get("/api/v1")[0].status == 200, "what needs no thread is answered"
    finally:
        server.close()
