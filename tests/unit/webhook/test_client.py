"""Posting to a real server on loopback: what it gets, what is refused, when it is given up."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tachograph.webhook.client import Undelivered, post_json
from tests.unit.judge.fake_server import FakeServer, raw, serving, silent, status, trickle


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with serving() as running:
        yield running


def url(server: FakeServer, path: str = "/hook/s3cret?to=me") -> str:
    return f"http://127.0.0.1:{server.server_port}{path}"


def fail(address: str, limit: float = 2) -> str:
    with pytest.raises(Undelivered) as caught:
        post_json(address, b"{}", limit=limit)
    return str(caught.value)


@pytest.mark.parametrize("code", [200, 202, 204])
def test_the_message_arrives_whole(server: FakeServer, code: int) -> None:
    server.on("/hook/s3cret?to=me", status(code))
    post_json(url(server), '{"a": "ü"}'.encode())
    ((method, path, headers, body),) = server.seen
    assert (method, path, body) == ("POST", "/hook/s3cret?to=me", {"a": "ü"})
    assert (headers["Content-Type"], headers["Host"]) == ("application/json", f"127.0.0.1:{server.server_port}")
    assert set(headers) == {"Host", "Accept-Encoding", "Content-Length", "Content-Type", "User-Agent", "Connection"}


def test_an_address_without_a_path_is_the_root(server: FakeServer) -> None:
    server.on("/", status(200))
    post_json(url(server, ""), b"{}")
    assert server.paths() == ["/"]


@pytest.mark.parametrize("proxy", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_no_proxy_of_the_environment_is_asked(server: FakeServer, monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv(proxy, "http://127.0.0.1:9")
    server.on("/", status(200))
    post_json(url(server, "/"), b"{}")
    assert server.paths() == ["/"]


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(server: FakeServer, code: int) -> None:
    with serving() as other:
        server.on("/", status(code, Location=url(other, "/elsewhere")))
        assert (
            fail(url(server, "/"))
            == "The server at http://127.0.0.1 redirects to another address, which is not followed."
        )
        assert other.seen == []


@pytest.mark.parametrize(
    ("play", "said"),
    [
        (status(500, b"out of memory"), "answered with HTTP status 500."),
        (status(404), "answered with HTTP status 404."),
        (raw(b""), "cannot be reached, or broke off."),
        (raw(b"nonsense\r\n\r\n"), "cannot be reached, or broke off."),
        (raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"), "cannot be reached, or broke off."),
    ],
)
def test_a_server_that_does_not_take_it_is_named_without_the_path(server: FakeServer, play, said: str) -> None:
    server.on("/hook/s3cret?to=me", play)
    assert fail(url(server)) == f"The server at http://127.0.0.1 {said}"


@pytest.mark.parametrize("play", [silent(), trickle(b"HTTP/1.1 200 OK\r\nX: ")])
def test_a_server_that_takes_its_time_is_given_up(server: FakeServer, play) -> None:
    server.on("/", play)
    before = threading.active_count()
    start = time.monotonic()
    assert fail(url(server, "/"), 0.2) == "The server at http://127.0.0.1 did not answer within 0.2 seconds."
    assert time.monotonic() - start < 10
    assert threading.active_count() <= before + 2  # the request's own ends soon, the server's with the test


def test_nobody_there_is_told(server: FakeServer) -> None:
    port = server.server_port
    server.server_close()
    assert fail(f"http://127.0.0.1:{port}/") == "The server at http://127.0.0.1 cannot be reached, or broke off."


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd", "ftp://127.0.0.1/", "127.0.0.1:80", "", "http://", "http:///x", "http://a b/",
        "http://127.0.0.1:x/", "http://127.0.0.1:99999/", "http://me:pw@127.0.0.1/", "http://[::1/",
        "http://127.0.0.1/\r\nX: y", "http://ü.example/",
    ],
)  # fmt: skip
def test_what_is_no_plain_address_of_a_server_is_refused_and_not_repeated(address: str) -> None:
    said = fail(address)
    assert said.startswith("alerts.url ")
    assert "pw" not in said
    assert "etc" not in said


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate with")
def test_a_certificate_that_nobody_vouches_for_is_refused(server: FakeServer, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
         "-subj", "/CN=127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    assert "its certificate or protocol is refused" in fail(f"https://127.0.0.1:{server.server_port}/")
    assert server.seen == []
