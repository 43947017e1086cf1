"""A registry behind a web address: real servers on loopback, honest ones and others."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tachograph.app.ml.offers import Registry
from tachograph.app.ml.registry import PullReport, publish, pull
from tachograph.app.workspace import Workspace
from tachograph.errors import TachographError
from tachograph.webhook.download import Undownloadable, Unreachable, download, is_safe_address
from tests.ml.registry_models import keep
from tests.unit.judge.fake_server import FakeServer, chunked, raw, serving, silent, status, trickle

MARK = b'{"schema": "tachograph.models/1"}\n'


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with serving() as running:
        yield running


def url(server: FakeServer, path: str = "") -> str:
    return f"http://127.0.0.1:{server.server_port}{path}"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Be silent."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Its address, as any web server of static files would have it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Asked(Exception):
    """MLflow was."""


def mlflow(uri: str) -> Registry:
    raise Asked(uri)


def get(workspace: Workspace, uri: str) -> PullReport:
    return pull(workspace, uri, open_mlflow=mlflow)


# ------------------------------------------------------------------------------------------------- a registry


@pytest.fixture
def published(tmp_path: Path) -> Path:
    folder = tmp_path / "www" / "models"
    here = Workspace(tmp_path / "here")
    publish(here, keep(here), str(folder), open_mlflow=mlflow)
    return folder


def test_a_served_folder_gives_what_it_holds(tmp_path: Path, published: Path) -> None:
    with served(published.parent) as address:
        report = get(Workspace(tmp_path / "there"), f"{address}/models/")
        assert (report.kind, report.registry) == ("url", f"{address}/models")
        assert [one.outcome for one in report.models] == ["added"]
        pinned = f"{address}/models#sha256={report.models[0].sha256}"
        assert [one.outcome for one in get(Workspace(tmp_path / "there"), pinned).models] == ["unchanged"]
        with pytest.raises(TachographError) as caught:
            publish(Workspace(tmp_path / "here"), report.models[0].name, f"{address}/models", open_mlflow=mlflow)
        assert (caught.value.slug, caught.value.exit_code) == ("usage", 2)


def test_a_tampered_or_cut_file_changes_nothing(tmp_path: Path, published: Path) -> None:
    (model,) = published.rglob("model.json")
    whole = model.read_bytes()
    with served(published) as address:
        for content in (whole[:-1], whole.replace(b"1", b"2", 1), b""):
            model.write_bytes(content)
            with pytest.raises(TachographError) as caught:
                get(Workspace(tmp_path / "there"), address)
            assert caught.value.slug == "model_refused"
        model.unlink()
        with pytest.raises(TachographError) as caught:
            get(Workspace(tmp_path / "there"), address)
        assert caught.value.slug == "registry_damaged"
    assert not (tmp_path / "there").exists()


def test_a_registry_that_is_down(tmp_path: Path, published: Path) -> None:
    with served(published) as address:
        pass
    with pytest.raises(TachographError) as caught:
        get(Workspace(tmp_path / "there"), address)
    assert caught.value.slug == "registry_unreachable"
    assert caught.value.message == (
        f"The registry {address} cannot be read: The server at http://127.0.0.1 cannot be reached, or broke off."
    )


@pytest.mark.parametrize("mark", [status(404), status(200, b"<html>"), status(302, Location="/login"), status(401)])
def test_what_is_no_such_folder_is_mlflows(tmp_path: Path, server: FakeServer, mark) -> None:
    server.on("/tachograph-models.json", mark)
    with pytest.raises(Asked, match=f"^{url(server)}$"):
        get(Workspace(tmp_path / "there"), url(server))
    assert server.paths() == ["/tachograph-models.json"]


@pytest.mark.parametrize(
    "uri", ["databricks", "sqlite:///mlflow.db", "postgresql://u@db/m", "http://mlflow.example:5000"]
)
def test_what_only_mlflow_can_take_is_its_own(tmp_path: Path, uri: str) -> None:
    with pytest.raises(Asked, match=f"^{uri}$"):
        get(Workspace(tmp_path / "there"), uri)


def test_a_server_that_fails_on_the_way(tmp_path: Path, server: FakeServer) -> None:
    server.on("/tachograph-models.json", status(200, MARK)).on("/productivity/champion.json", status(500))
    with pytest.raises(TachographError) as caught:
        get(Workspace(tmp_path / "there"), url(server))
    assert caught.value.message == (
        f"The registry {url(server)} cannot be read: The server at http://127.0.0.1 answered with HTTP status 500."
    )


# ------------------------------------------------------------------------------------------------- a download


def fail(address: str, largest: int = 100, limit: float = 2) -> Undownloadable:
    with pytest.raises(Undownloadable) as caught:
        download(address, largest, limit=limit)
    return caught.value


def test_a_file_comes_whole(server: FakeServer) -> None:
    server.on("/a%20b?x=1", status(200, b"x" * 100)).on("/c", chunked(b"y" * 100))
    assert download(url(server, "/a%20b?x=1"), 100) == b"x" * 100
    assert download(url(server, "/c"), 100) == b"y" * 100
    (method, _, headers, body), _ = server.seen
    assert (method, body, headers["Accept-Encoding"], headers["Connection"]) == ("GET", None, "identity", "close")
    assert set(headers) == {"Host", "Accept-Encoding", "Connection", "User-Agent"}


@pytest.mark.parametrize("code", [404, 410])
def test_a_file_that_is_not_there(server: FakeServer, code: int) -> None:
    server.on("/", status(code, b"sorry"))
    assert download(url(server, "/"), 100) is None


@pytest.mark.parametrize(
    "play", [status(200, b"x" * 101), chunked(b"x" * 101), trickle(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 101)]
)
def test_more_than_it_may_be(server: FakeServer, play) -> None:
    server.on("/", play)
    assert str(fail(url(server, "/"))) == "The server at http://127.0.0.1 sends more than 100 bytes."


@pytest.mark.parametrize(
    "play",
    [
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nhalf"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFFFF\r\nx"),
        raw(b"nonsense\r\n\r\n"),
        raw(b""),
    ],
)
def test_one_that_breaks_off(server: FakeServer, play) -> None:
    server.on("/", play)
    fault = fail(url(server, "/"))
    assert isinstance(fault, Unreachable)
    assert str(fault) == "The server at http://127.0.0.1 cannot be reached, or broke off."


@pytest.mark.parametrize("play", [silent(), trickle(b"HTTP/1.0 200 OK\r\n\r\n"), trickle(b"HTTP/1.0 200 OK\r\nX: ")])
def test_one_that_takes_too_long(server: FakeServer, play) -> None:
    server.on("/", play)
    fault = fail(url(server, "/"), largest=1 << 20, limit=0.2)
    assert isinstance(fault, Unreachable)
    assert str(fault) == "The server at http://127.0.0.1 did not deliver within 0.2 seconds."


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(server: FakeServer, code: int) -> None:
    with serving() as other:
        server.on("/", status(code, Location=url(other, "/")))
        assert "redirects to another address, which is not followed" in str(fail(url(server, "/")))
        assert other.seen == []


@pytest.mark.parametrize("proxy", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_no_proxy_of_the_environment_is_asked(server: FakeServer, monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv(proxy, "http://127.0.0.1:9")
    server.on("/", status(200, b"x"))
    assert download(url(server, "/"), 100) == b"x"


@pytest.mark.parametrize(
    "address",
    [
        "http://models.example/", "http://10.0.0.7/", "http://127.0.0.1.example/", "ftp://127.0.0.1/", "https://",
        "https://ada:pw@models.example/", "https://models.example/a b", "https://models.example/\r\nX: y",
        "https://[::1", "https://models.example:x/", "file:///etc/passwd", "http://localhost.example/",
    ],
)  # fmt: skip
def test_addresses_that_are_not_asked(address: str) -> None:
    assert not is_safe_address(address)
    fail(address)


@pytest.mark.parametrize(
    "address", ["https://models.example/x", "http://127.0.0.1:1/", "http://[::1]/", "http://localhost/"]
)
def test_addresses_that_are(address: str) -> None:
    assert is_safe_address(address)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate with")
def test_a_certificate_is_looked_at(tmp_path: Path, server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.on("/", status(200, b"x"))
    safe = url(server, "/").replace("http:", "https:")
    assert str(fail(safe)) == (
        "The server at https://127.0.0.1 cannot be reached safely: its certificate or protocol is refused."
    )
    assert server.seen == []
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert download(safe, 100) == b"x"
