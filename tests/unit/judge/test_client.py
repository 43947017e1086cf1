"""The client against a real server on loopback: what it sends, what it refuses, when it gives up."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tachograph.judge import JudgeConfig, JudgeUnavailable
from tachograph.judge.client import LARGEST_ANSWER, ask, probe
from tests.effort import takes_at_most
from tests.unit.judge.fake_server import (
    MODEL,
    FakeServer,
    Play,
    chat,
    chunked,
    completion,
    models,
    raw,
    reply,
    serving,
    silent,
    status,
    tags,
    trickle,
)

SCHEMA: dict[str, Any] = {"type": "object"}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with serving() as running:
        yield running


def fail_probe(config: JudgeConfig) -> JudgeUnavailable:
    with pytest.raises(JudgeUnavailable) as caught:
        probe(config)
    return caught.value


def fail_ask(config: JudgeConfig) -> JudgeUnavailable:
    with pytest.raises(JudgeUnavailable) as caught:
        ask(config, "Judge.", "This.", SCHEMA)
    return caught.value


# ------------------------------------------------------------------------------------------------- good answers


def test_ollama_is_found_and_answers(server: FakeServer) -> None:
    server.on("/api/tags", tags(MODEL)).on("/api/chat", chat('{"a": "ü"}'))
    probe(server.config())
    assert ask(server.config(), "Judge.", "This.", SCHEMA) == '{"a": "ü"}'
    (listing, path, headers, nothing), (method, chat_path, _, question) = server.seen
    assert (listing, path, nothing) == ("GET", "/api/tags", None)
    assert (method, chat_path) == ("POST", "/api/chat")
    assert headers["Host"] == f"127.0.0.1:{server.server_port}"
    assert "Authorization" not in headers
    assert question["messages"][1] == {"role": "user", "content": "This."}
    assert (question["think"], question["format"], question["options"]["temperature"]) == (False, SCHEMA, 0)


def test_an_openai_compatible_server_is_found_and_answers(server: FakeServer) -> None:
    server.on("/v1/models", models("whatever.gguf")).on("/v1/chat/completions", completion("{}", read=40))
    config = server.config(protocol="openai", api_key="sesame")
    probe(config)
    assert ask(config, "Judge.", "This.", SCHEMA) == "{}"
    assert [headers["Authorization"] for _, _, headers, _ in server.seen] == ["Bearer sesame"] * 2
    assert server.seen[1][3]["response_format"]["type"] == "json_schema"


def test_an_answer_of_unknown_length_is_read(server: FakeServer) -> None:
    server.on("/api/chat", chunked(json.dumps({"message": {"content": "{}"}}).encode()))
    assert ask(server.config(), "Judge.", "This.", SCHEMA) == "{}"


def test_an_answer_that_takes_its_time_is_waited_for(server: FakeServer) -> None:
    def late(handler: Any) -> None:
        time.sleep(0.3)
        chat("{}")(handler)

    server.on("/api/chat", late)
    assert ask(server.config(probe_timeout=0.05), "Judge.", "This.", SCHEMA) == "{}"


def test_a_path_before_the_apis_own_is_kept(server: FakeServer) -> None:
    server.on("/inner/v1/models", models(MODEL))
    probe(server.config(protocol="openai", endpoint=f"http://127.0.0.1:{server.server_port}/inner/v1"))
    assert server.paths() == ["/inner/v1/models"]


@pytest.mark.parametrize("code", [400, 422, 500])
def test_a_server_that_refuses_the_schema_is_asked_once_without(server: FakeServer, code: int) -> None:
    server.on("/v1/chat/completions", status(code, b"unknown response_format"), completion("{}"))
    assert ask(server.config(protocol="openai"), "Judge.", "This.", SCHEMA) == "{}"
    assert [body["response_format"]["type"] for _, _, _, body in server.seen] == ["json_schema", "json_object"]


def test_a_server_that_fails_for_another_reason_is_not_asked_again(server: FakeServer) -> None:
    server.on("/v1/chat/completions", status(500, b"out of memory"), completion("{}"))
    assert fail_ask(server.config(protocol="openai")).slug == "server_refused"
    assert len(server.seen) == 1


def test_a_server_that_refuses_the_thinking_switch_is_asked_once_without(server: FakeServer) -> None:
    server.on("/api/chat", status(400, b'{"error": "does not support thinking"}'), chat("{}"))
    assert ask(server.config(), "Judge.", "This.", SCHEMA) == "{}"
    assert ["think" in body for _, _, _, body in server.seen] == [True, False]


def test_a_server_that_refuses_both_is_not_asked_again(server: FakeServer) -> None:
    server.on("/api/chat", status(400, b'{"error": "the prompt is too long"}'))
    assert fail_ask(server.config()).reason == (
        'The server answered with HTTP status 400: {"error": "the prompt is too long"}.'
    )
    assert len(server.seen) == 2


# ---------------------------------------------------------------------------------------------------- failures


@pytest.mark.parametrize(
    ("play", "slug"),
    [
        (status(500, b"out of memory"), "server_refused"),
        (status(503), "server_refused"),
        (status(401, b"no key"), "server_refused"),
        (status(404, b'{"error": "model not found"}'), "model_missing"),
        (status(204), "server_refused"),
        (reply({"error": "something"}), "malformed_answer"),
        (status(200, b'{"message": '), "malformed_answer"),
        (status(200, b""), "malformed_answer"),
        (raw(b""), "server_died"),
        (raw(b"nonsense\r\n\r\n"), "server_died"),
        (raw(HEAD + b'{"message"'), "server_died"),
        (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"), "server_died"),
        (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc"), "server_died"),
        (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabc\r\n0\r\n\r\n"), "server_died"),
        (raw(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500 + b"\r\n"), "server_died"),
        (raw(b"HTTP/1.1 200 OK\r\nA: " + b"b" * 100_000), "server_died"),
        (status(200, b" " * (LARGEST_ANSWER + 1)), "answer_too_large"),
        (chunked(b" " * (LARGEST_ANSWER // 4)), "malformed_answer"),
        (silent(), "timed_out"),
        (trickle(b""), "timed_out"),
        (trickle(b"HTTP/1.1 200 OK\r\nA: "), "timed_out"),
        (trickle(HEAD), "timed_out"),
    ],
)
def test_every_failure_has_its_reason(server: FakeServer, play: Play, slug: str) -> None:
    server.on("/api/chat", play)
    began = time.monotonic()
    fault = fail_ask(server.config(inference_timeout=0.25 if slug == "timed_out" else 60.0))
    assert fault.slug == slug
    assert fault.reason.endswith(".")
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(server: FakeServer, code: int) -> None:
    server.on("/api/chat", status(code, Location="/elsewhere")).on("/elsewhere", chat("{}"))
    assert fail_ask(server.config()).slug == "redirected"
    assert server.paths() == ["/api/chat"]


def test_a_probe_has_a_limit_of_its_own(server: FakeServer) -> None:
    server.on("/api/tags", silent())
    began = time.monotonic()
    fault = fail_probe(server.config(probe_timeout=0.2, inference_timeout=60.0))
    assert (fault.slug, 0.2 <= time.monotonic() - began < 10) == ("timed_out", True)
    assert fault.reason.endswith("did not answer within 0.2 seconds.")


def test_both_questions_share_one_limit(server: FakeServer) -> None:
    def refuse_late(handler: Any) -> None:
        time.sleep(0.8)
        status(400)(handler)

    def slug_of_failure() -> str:
        server.on("/api/chat", refuse_late, silent())
        return fail_ask(server.config(inference_timeout=1.0)).slug

    # With a limit each it would be 1.8 s.
    assert takes_at_most(1.6, slug_of_failure, clock=time.monotonic) == "timed_out"


def test_a_server_of_the_other_kind_is_told_apart(server: FakeServer) -> None:
    server.on("/v1/models", models(MODEL))
    fault = fail_probe(server.config())
    assert (fault.slug, fault.reason) == ("protocol_wrong", "The server has no /api/tags; see judge.protocol.")


def test_where_nobody_listens_is_told_with_what_helps(server: FakeServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    fault = fail_probe(JudgeConfig(endpoint=f"http://127.0.0.1:{port}"))
    assert fault.slug == "no_server"
    assert fault.reason == (
        f"No server answers at http://127.0.0.1:{port}. Start it (`ollama serve`), or set judge.endpoint."
    )


def test_a_key_is_never_repeated(server: FakeServer) -> None:
    server.on("/api/chat", status(401, b"wrong key: sesame-street"))
    assert fail_ask(server.config(api_key="sesame")).reason == (
        "The server answered with HTTP status 401: wrong key: …-street."
    )


@pytest.mark.parametrize("key", ["a\r\nX-Evil: 1", "schlüssel", "a\x00"])
def test_a_key_that_fits_no_header_is_refused(server: FakeServer, key: str) -> None:
    fault = fail_probe(server.config(api_key=key))
    assert fault.slug == "key_wrong"
    assert key not in fault.reason
    assert server.seen == []


# --------------------------------------------------------------------------------------------------- addresses


class Names:
    """A resolver that knows what the test tells it, and counts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.known: dict[str, list[str]] = {}
        self.asked: list[str] = []
        monkeypatch.setattr(socket, "getaddrinfo", self.look_up)

    def look_up(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        self.asked.append(host)
        if host not in self.known:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        families = [(socket.AF_INET6 if ":" in address else socket.AF_INET, address) for address in self.known[host]]
        return [(family, socket.SOCK_STREAM, 6, "", (address, port)) for family, address in families]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    return Names(monkeypatch)


def test_a_name_is_resolved_once_and_its_address_is_the_one_connected_to(server: FakeServer, names: Names) -> None:
    names.known["box.example"] = ["127.0.0.1"]
    server.on("/api/tags", tags(MODEL))
    probe(server.config(endpoint=f"http://box.example:{server.server_port}", allow_hosts=("box.example",)))
    assert names.asked == ["box.example"]
    assert server.seen[0][2]["Host"] == f"box.example:{server.server_port}"


def test_of_several_addresses_the_first_that_accepts_is_taken(server: FakeServer, names: Names) -> None:
    names.known["localhost"] = ["127.0.0.2", "127.0.0.1"]
    server.on("/api/tags", tags(MODEL))
    probe(server.config(endpoint=f"http://localhost:{server.server_port}"))
    assert server.paths() == ["/api/tags"]


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Addresses that were connected to; nobody answers there."""
    connected: list[Any] = []

    def connect(_: socket.socket, address: Any) -> None:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    return connected


@pytest.mark.parametrize("host", ["box.example", "localhost.example", "127.0.0.1.example"])
def test_a_name_that_is_not_allowed_is_not_even_resolved(names: Names, connected: list[Any], host: str) -> None:
    names.known[host] = ["127.0.0.1"]
    assert fail_probe(JudgeConfig(endpoint=f"http://{host}:8080")).slug == "host_not_allowed"
    assert (names.asked, connected) == ([], [])


@pytest.mark.parametrize("addresses", [["192.0.2.7"], ["127.0.0.1", "192.0.2.7"], ["169.254.169.254"]])
def test_a_localhost_that_leads_outside_is_refused_before_anything_is_sent(
    names: Names, connected: list[Any], addresses: list[str]
) -> None:
    names.known["localhost"] = addresses
    assert fail_probe(JudgeConfig(endpoint="http://localhost:8080")).slug == "host_not_allowed"
    assert (names.asked, connected) == (["localhost"], [])


def test_an_address_outside_is_refused(names: Names, connected: list[Any]) -> None:
    names.known["192.0.2.7"] = ["192.0.2.7"]
    fault = fail_probe(JudgeConfig(endpoint="http://192.0.2.7:8080"))
    assert (fault.slug, connected) == ("host_not_allowed", [])
    assert fault.reason.startswith("judge.endpoint leads to 192.0.2.7, which is not this machine")


def test_a_host_that_is_allowed_is_connected_to(names: Names, connected: list[Any]) -> None:
    names.known["box.example"] = ["192.0.2.7"]
    fault = fail_probe(JudgeConfig(endpoint="http://box.example:8080", allow_hosts=("box.example",)))
    assert (fault.slug, connected) == ("no_server", [("192.0.2.7", 8080)])


def test_a_name_that_nobody_knows_is_told(names: Names) -> None:
    fault = fail_probe(JudgeConfig(endpoint="http://box.example", allow_hosts=("box.example",)))
    assert (fault.slug, fault.reason) == ("no_server", "The host box.example of judge.endpoint is not known.")


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def hang(*_: Any, **__: Any) -> list[Any]:
        over.wait(60)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    began = time.monotonic()
    try:
        assert fail_probe(JudgeConfig(endpoint="http://localhost", probe_timeout=0.1)).slug == "timed_out"
        assert time.monotonic() - began < 10
    finally:
        over.set()


@pytest.mark.parametrize("endpoint", ["file:///etc/hosts", "http://ada:sesame@127.0.0.1:1", "http://10.1.2.3:1"])
def test_a_wrong_endpoint_is_no_exception_of_another_kind(endpoint: str) -> None:
    assert fail_probe(JudgeConfig(endpoint=endpoint)).slug in ("endpoint_wrong", "host_not_allowed")


def test_proxies_of_the_environment_are_ignored(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as proxy:
        for variable in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.server_port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        server.on("/api/tags", tags(MODEL))
        probe(server.config())
        assert (len(server.seen), proxy.seen) == (1, [])


def test_ipv6_loopback_is_asked() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with serving("::1") as server:
        server.on("/api/tags", tags(MODEL))
        probe(server.config(endpoint=f"http://[::1]:{server.server_port}"))
        assert server.seen[0][2]["Host"] == f"[::1]:{server.server_port}"


# --------------------------------------------------------------------------------------------------------- TLS


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A file with a key and a certificate for the name localhost, signed by itself."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    made = tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", made, "-out", tmp_path / "public.pem", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    with open(made, "a") as both:
        both.write((tmp_path / "public.pem").read_text())
    return made


@pytest.mark.parametrize(
    ("host", "is_trusted", "slug"),
    [("localhost", True, None), ("127.0.0.1", True, "tls_failed"), ("localhost", False, "tls_failed")],
)
def test_https_verifies_certificate_and_name(
    server: FakeServer,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    is_trusted: bool,
    slug: str | None,
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server.on("/api/tags", tags(MODEL))
    config = server.config(endpoint=f"https://{host}:{server.server_port}")
    if slug is None:
        probe(config)
        assert server.seen[0][2]["Host"] == f"{host}:{server.server_port}"
    else:
        assert fail_probe(config).slug == slug
        assert server.seen == []


def test_https_to_a_server_without_it_fails(server: FakeServer) -> None:
    fault = fail_probe(server.config(endpoint=f"https://127.0.0.1:{server.server_port}"))
    assert fault.slug in ("tls_failed", "server_died")
